// SPDX-License-Identifier: GPL-2.0-only
/* socket.c - one socket's figures: read, and written
 *
 * Theory of operation
 * Reading does not sleep and takes no lock that is held across a sleep; queues are read as
 * /proc/net/tcp and ss read them.
 */
#include <linux/in6.h>
#include <linux/net.h>
#include <linux/netlink.h>
#include <linux/socket.h>
#include <linux/un.h>
#include <net/af_unix.h>
#include <net/inet_timewait_sock.h>
#include <net/net_namespace.h>
#include <net/request_sock.h>
#include <net/sock.h>
#include <net/tcp.h>
#include <net/tcp_states.h>
#include <net/udp.h>
#include "socket.h"

static const char *const family_names[AF_MAX] = {
	[AF_UNIX] = "unix",	  [AF_INET] = "inet",	  [AF_INET6] = "inet6", [AF_ALG] = "alg",
	[AF_NETLINK] = "netlink", [AF_PACKET] = "packet", [AF_XDP] = "xdp",
};

static const char *const type_names[SOCK_MAX] = {
	[SOCK_STREAM] = "stream", [SOCK_DGRAM] = "dgram",	  [SOCK_RAW] = "raw",
	[SOCK_RDM] = "rdm",	  [SOCK_SEQPACKET] = "seqpacket", [SOCK_PACKET] = "packet",
};

static const struct {
	u8 protocol;
	const char *name;
} protocol_names[] = {
	{ IPPROTO_TCP, "tcp" },	      { IPPROTO_UDP, "udp" },	      { IPPROTO_ICMP, "icmp" },
	{ IPPROTO_ICMPV6, "icmpv6" }, { IPPROTO_UDPLITE, "udplite" },
};

static const char *const state_names[TCP_MAX_STATES] = {
	[TCP_ESTABLISHED] = "established",
	[TCP_SYN_SENT] = "syn sent",
	[TCP_SYN_RECV] = "syn received",
	[TCP_FIN_WAIT1] = "fin wait 1",
	[TCP_FIN_WAIT2] = "fin wait 2",
	[TCP_TIME_WAIT] = "time wait",
	[TCP_CLOSE] = "closed",
	[TCP_CLOSE_WAIT] = "close wait",
	[TCP_LAST_ACK] = "last ack",
	[TCP_LISTEN] = "listen",
	[TCP_CLOSING] = "closing",
	[TCP_NEW_SYN_RECV] = "syn received",
};

static bool is_inet(u16 family)
{
	return family == AF_INET || family == AF_INET6;
}

static u8 address_print(char *to, u16 family, const struct in6_addr *v6, __be32 v4, __be16 port)
{
	if (family == AF_INET6)
		return scnprintf(to, VT_SOCKET_ADDRESS, "[%pI6c]:%u", v6, ntohs(port));
	return scnprintf(to, VT_SOCKET_ADDRESS, "%pI4:%u", &v4, ntohs(port));
}

static void inet_addresses(struct vt_socket *to, const struct sock *sk)
{
	u16 family = sk->sk_family;

	/* the common part has them for full, time wait and request sockets alike */
	to->local_len = address_print(to->local, family, &sk->sk_v6_rcv_saddr, sk->sk_rcv_saddr,
				      htons(sk->sk_num));
	if (sk->sk_dport)
		to->remote_len =
		    address_print(to->remote, family, &sk->sk_v6_daddr, sk->sk_daddr, sk->sk_dport);
}

/* An abstract name begins with a NUL and may hold more; it is shown with @ in their place */
static u8 unix_name(char *to, struct sock *sk)
{
	const struct unix_address *addr = smp_load_acquire(&unix_sk(sk)->addr);
	u8 len;

	if (!addr || addr->len <= offsetof(struct sockaddr_un, sun_path))
		return 0;
	len = min_t(int, addr->len - offsetof(struct sockaddr_un, sun_path), VT_SOCKET_ADDRESS);
	memcpy(to, addr->name->sun_path, len);
	if (to[0])
		return strnlen(to, len);
	for (u8 i = 0; i < len; i++) {
		if (!to[i])
			to[i] = '@';
	}
	return len;
}

static void unix_read(struct vt_socket *to, struct sock *sk)
{
	struct sock *peer;

	to->local_len = unix_name(to->local, sk);
	unix_state_lock(sk);
	peer = unix_peer(sk);
	if (peer)
		to->remote_len = unix_name(to->remote, peer);
	unix_state_unlock(sk);
	if (to->state == TCP_LISTEN) {
		to->backlog = skb_queue_len_lockless(&sk->sk_receive_queue);
	} else {
		to->receive_queue = unix_inq_len(sk);
		to->send_queue = unix_outq_len(sk);
	}
}

static void tcp_read(struct vt_socket *to, const struct sock *sk)
{
	const struct tcp_sock *tp = tcp_sk(sk);

	if (to->state == TCP_LISTEN)
		return;
	to->receive_queue = max_t(int, READ_ONCE(tp->rcv_nxt) - READ_ONCE(tp->copied_seq), 0);
	to->send_queue = max_t(int, READ_ONCE(tp->write_seq) - READ_ONCE(tp->snd_una), 0);
}

/**
 * vt_socket_read() - Figures of a socket that a file stands for
 * @to:     zeroed
 * @socket: the file's reference is the caller's
 */
void vt_socket_read(struct vt_socket *to, struct socket *socket)
{
	struct sock *sk = socket->sk;

	*to = (struct vt_socket){ .inode = SOCK_INODE(socket)->i_ino, .type = socket->type };
	to->backlog = to->backlog_limit = -1;
	if (!sk)
		return;
	to->family = sk->sk_family;
	to->protocol = sk->sk_protocol;
	to->state = sk->sk_state;
	to->uid = from_kuid_munged(&init_user_ns, sock_i_uid(sk));
	to->net = sock_net(sk)->ns.inum;
	to->receive_queue = sk_rmem_alloc_get(sk);
	to->send_queue = sk_wmem_alloc_get(sk);
	if (to->state == TCP_LISTEN) {
		to->receive_queue = to->send_queue = 0;
		to->backlog = READ_ONCE(sk->sk_ack_backlog);
		to->backlog_limit = READ_ONCE(sk->sk_max_ack_backlog);
	}
	if (is_inet(to->family))
		inet_addresses(to, sk);
	if (to->family == AF_UNIX)
		unix_read(to, sk);
	else if (is_inet(to->family) && to->protocol == IPPROTO_TCP && to->type == SOCK_STREAM)
		tcp_read(to, sk);
	else if (is_inet(to->family) && to->protocol == IPPROTO_UDP)
		to->receive_queue = udp_rqueue_get(sk);
}

/**
 * vt_socket_read_tcp() - Figures of an element of TCP's table, which may be no full socket
 * @to: anything
 *
 * Context: RCU read side.
 */
void vt_socket_read_tcp(struct vt_socket *to, struct sock *sk)
{
	*to = (struct vt_socket){
		.family = sk->sk_family,
		.type = SOCK_STREAM,
		.protocol = IPPROTO_TCP,
		.state = sk->sk_state,
		.net = sock_net(sk)->ns.inum,
		.backlog = -1,
		.backlog_limit = -1,
	};
	inet_addresses(to, sk);
	if (sk_fullsock(sk)) {
		to->uid = from_kuid_munged(&init_user_ns, sk->sk_uid);
		tcp_read(to, sk);
	}
}

static const char *protocol_name(const struct vt_socket *socket)
{
	for (unsigned int i = 0; is_inet(socket->family) && i < ARRAY_SIZE(protocol_names); i++) {
		if (protocol_names[i].protocol == socket->protocol)
			return protocol_names[i].name;
	}
	return NULL;
}

/* Others use the field as they like */
static const char *state_name(const struct vt_socket *socket)
{
	if ((!is_inet(socket->family) && socket->family != AF_UNIX) ||
	    socket->state >= ARRAY_SIZE(state_names))
		return NULL;
	return state_names[socket->state];
}

static void json_named(struct vt_json *json, const char *key, const char *const *names,
		       unsigned int count, unsigned int value)
{
	char number[16];

	snprintf(number, sizeof(number), "%u", value);
	vt_json_string(json, key, value < count && names[value] ? names[value] : number);
}

static void json_address(struct vt_json *json, const char *key, const char *text, u8 len)
{
	if (len)
		vt_json_bytes(json, key, text, len);
	else
		vt_json_null(json, key);
}

static void json_count(struct vt_json *json, const char *key, s64 count)
{
	if (count < 0)
		vt_json_null(json, key);
	else
		vt_json_int(json, key, count);
}

/**
 * vt_json_socket() - An element for a socket
 */
void vt_json_socket(struct vt_json *json, const struct vt_socket *socket)
{
	vt_json_object(json, NULL);
	vt_json_u64(json, "inode", socket->inode);
	json_named(json, "family", family_names, ARRAY_SIZE(family_names), socket->family);
	json_named(json, "type", type_names, ARRAY_SIZE(type_names), socket->type);
	vt_json_string(json, "protocol", protocol_name(socket));
	vt_json_string(json, "state", state_name(socket));
	json_address(json, "local", socket->local, socket->local_len);
	json_address(json, "remote", socket->remote, socket->remote_len);
	vt_json_int(json, "receive_queue_bytes", socket->receive_queue);
	vt_json_int(json, "send_queue_bytes", socket->send_queue);
	json_count(json, "backlog", socket->backlog);
	json_count(json, "backlog_limit", socket->backlog_limit);
	vt_json_int(json, "uid", socket->uid);
	vt_json_int(json, "namespace", socket->net);
	vt_json_array(json, "owners");
	for (unsigned int i = 0; i < socket->nowners; i++) {
		vt_json_object(json, NULL);
		vt_json_int(json, "pid", socket->owners[i].pid);
		vt_json_int(json, "fd", socket->owners[i].fd);
		vt_json_string(json, "comm", socket->owners[i].comm);
		vt_json_end(json);
	}
	vt_json_end(json);
	vt_json_end(json);
}
