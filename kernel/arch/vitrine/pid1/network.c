// SPDX-License-Identifier: GPL-2.0-only
/* network.c - the network card has its addresses before the first program runs
 *
 * Theory of operation
 * The supervisor says on the command line what the guest's network looks like, once for each
 * family. What a program would tell the kernel with iproute2 is told here, with the same messages
 * (rtnetlink), so that images need no tools for it. The file of resolvers is ours, in a file system
 * in memory, and mounted over the image's: no image is changed, a read-only one works, and so does
 * one whose file is a link to somewhere that is not there yet, since it is the link that is mounted
 * over.
 */
#include <linux/fs.h>
#include <linux/fs_struct.h>
#include <linux/inet.h>
#include <linux/init.h>
#include <linux/mount.h>
#include <linux/namei.h>
#include <linux/net.h>
#include <linux/netdevice.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/string.h>
#include <net/net_namespace.h>
#include <net/sock.h>
#include <uapi/linux/mount.h>
#include "../../../fs/internal.h"
#include "job.h"

#define CARD "eth0"
#define RESOLV_CONF "/etc/resolv.conf"

/**
 * struct network - of one family
 * @len: bytes of an address; 0: none was given
 */
static struct network {
	u8 family, len, bits;
	u8 address[16], gateway[16], resolver[16];
} networks[2] = { { AF_INET }, { AF_INET6 } };

/* An address up to one of @ends. Return: behind that, or NULL */
static const char *address_parse(const struct network *net, const char *text, u8 *address, char end)
{
	const char *behind;
	int ok = net->family == AF_INET ? in4_pton(text, -1, address, end, &behind)
					: in6_pton(text, -1, address, end, &behind);

	if (!ok)
		return NULL;
	return *behind ? behind + 1 : behind;
}

/* ADDRESS/BITS,GATEWAY,RESOLVER */
static int network_parse(struct network *net, char *text)
{
	const char *at = address_parse(net, text, net->address, '/');
	unsigned int bits = 0;

	while (at && *at >= '0' && *at <= '9')
		bits = bits * 10 + (*at++ - '0');
	if (!at || *at++ != ',' || !bits || bits > 128)
		return 1;
	at = address_parse(net, at, net->gateway, ',');
	if (!at || !address_parse(net, at, net->resolver, '\0'))
		return 1;
	net->bits = bits;
	net->len = net->family == AF_INET ? 4 : 16;
	return 1;
}

static int __init network_setup4(char *text)
{
	return network_parse(&networks[0], text);
}
__setup("vitrine.net=", network_setup4);

static int __init network_setup6(char *text)
{
	return network_parse(&networks[1], text);
}
__setup("vitrine.net6=", network_setup6);

/* A message of rtnetlink, as far as it has been written */
struct message {
	struct nlmsghdr head;
	u8 body[128];
};

static void *message_begin(struct message *m, u16 type, u16 flags, size_t len)
{
	memset(m, 0, sizeof(*m));
	m->head = (struct nlmsghdr){ .nlmsg_len = NLMSG_LENGTH(len),
				     .nlmsg_type = type,
				     .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags };
	return NLMSG_DATA(&m->head);
}

static void message_add(struct message *m, u16 type, const void *value, size_t len)
{
	struct rtattr *attr = (void *)m + NLMSG_ALIGN(m->head.nlmsg_len);

	attr->rta_type = type;
	attr->rta_len = RTA_LENGTH(len);
	memcpy(RTA_DATA(attr), value, len);
	m->head.nlmsg_len = NLMSG_ALIGN(m->head.nlmsg_len) + RTA_ALIGN(attr->rta_len);
}

static int message_send(struct socket *sock, struct message *m)
{
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	struct msghdr msg = { .msg_name = &kernel, .msg_namelen = sizeof(kernel) };
	struct kvec part = { m, m->head.nlmsg_len };
	const struct nlmsgerr *answer = NLMSG_DATA(&m->head);
	int ret = kernel_sendmsg(sock, &msg, &part, 1, part.iov_len);

	if (ret < 0)
		return ret;
	msg = (struct msghdr){ .msg_flags = MSG_DONTWAIT };
	part = (struct kvec){ m, sizeof(*m) };
	ret = kernel_recvmsg(sock, &msg, &part, 1, sizeof(*m), MSG_DONTWAIT);
	if (ret < (int)NLMSG_LENGTH(sizeof(answer->error)) || m->head.nlmsg_type != NLMSG_ERROR)
		return ret < 0 ? ret : -EIO;
	return answer->error;
}

static int link_up(struct socket *sock, int index)
{
	struct message m;
	struct ifinfomsg *link = message_begin(&m, RTM_NEWLINK, 0, sizeof(*link));

	link->ifi_index = index;
	link->ifi_flags = link->ifi_change = IFF_UP;
	return message_send(sock, &m);
}

static int add_address(struct socket *sock, int index, const struct network *net)
{
	struct message m;
	struct ifaddrmsg *addr =
	    message_begin(&m, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, sizeof(*addr));

	addr->ifa_family = net->family;
	addr->ifa_prefixlen = net->bits;
	addr->ifa_index = index;
	/* Nobody else can have it */
	addr->ifa_flags = net->family == AF_INET6 ? IFA_F_NODAD : 0;
	message_add(&m, IFA_LOCAL, net->address, net->len);
	message_add(&m, IFA_ADDRESS, net->address, net->len);
	return message_send(sock, &m);
}

static int add_route(struct socket *sock, int index, const struct network *net)
{
	struct message m;
	struct rtmsg *route =
	    message_begin(&m, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, sizeof(*route));

	route->rtm_family = net->family;
	route->rtm_table = RT_TABLE_MAIN;
	route->rtm_protocol = RTPROT_STATIC;
	route->rtm_scope = RT_SCOPE_UNIVERSE;
	route->rtm_type = RTN_UNICAST;
	message_add(&m, RTA_GATEWAY, net->gateway, net->len);
	message_add(&m, RTA_OIF, &index, sizeof(index));
	return message_send(sock, &m);
}

static int card_index(void)
{
	struct net_device *dev = dev_get_by_name(&init_net, CARD);
	int index = dev ? dev->ifindex : -ENODEV;

	dev_put(dev);
	return index;
}

static int card_setup(void)
{
	struct socket *sock;
	int index = card_index(), ret;

	if (index < 0)
		return index;
	ret = sock_create_kern(&init_net, AF_NETLINK, SOCK_RAW, NETLINK_ROUTE, &sock);
	if (ret)
		return ret;
	ret = link_up(sock, index);
	for (int i = 0; i < ARRAY_SIZE(networks) && !ret; i++) {
		if (networks[i].len)
			ret = add_address(sock, index, &networks[i])
				  ?: add_route(sock, index, &networks[i]);
	}
	sock_release(sock);
	return ret;
}

static int write_resolvers(const char *name)
{
	char line[64];
	loff_t at = 0;
	struct file *file = filp_open(name, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	ssize_t ret = 0;

	if (IS_ERR(file))
		return PTR_ERR(file);
	for (int i = 0; i < ARRAY_SIZE(networks) && ret >= 0; i++) {
		int len = 0;

		if (networks[i].len)
			len = scnprintf(line, sizeof(line),
					networks[i].family == AF_INET ? "nameserver %pI4\n"
								      : "nameserver %pI6c\n",
					networks[i].resolver);
		ret = len ? kernel_write(file, line, len, &at) : 0;
	}
	filp_close(file, NULL);
	return ret < 0 ? ret : 0;
}

/**
 * vt_memory_directory() - A directory in memory: /run, or /dev where there is nothing else
 *
 * Return: NULL when none is.
 */
const char *vt_memory_directory(void)
{
	static const char *const names[] = { "/run", "/dev" };

	for (int i = 0; i < ARRAY_SIZE(names); i++) {
		struct path path;
		bool other;

		if (kern_path(names[i], LOOKUP_FOLLOW | LOOKUP_DIRECTORY, &path))
			continue;
		other = path.mnt->mnt_sb != current->fs->root.mnt->mnt_sb;
		path_put(&path);
		if (other)
			return names[i];
	}
	return NULL;
}

/* The file that is mounted over, or the link: not what that points to */
static int resolv_conf_path(struct path *path)
{
	int ret = kern_path(RESOLV_CONF, 0, path);
	struct file *file;

	if (ret != -ENOENT)
		return ret;
	file = filp_open(RESOLV_CONF, O_WRONLY | O_CREAT, 0644);
	if (IS_ERR(file))
		return PTR_ERR(file);
	filp_close(file, NULL);
	return kern_path(RESOLV_CONF, 0, path);
}

static int resolver_setup(void)
{
	const char *directory = vt_memory_directory();
	char name[32];
	struct path path;
	int ret;

	if (!directory)
		return -ENOENT;
	snprintf(name, sizeof(name), "%s/vitrine", directory);
	vt_mkdir(name, 0755);
	snprintf(name, sizeof(name), "%s/vitrine/resolv.conf", directory);
	ret = write_resolvers(name);
	if (!ret)
		ret = resolv_conf_path(&path);
	if (ret)
		return ret;
	ret = path_mount(name, &path, NULL, MS_BIND, NULL);
	path_put(&path);
	return ret;
}

/**
 * vt_network_setup() - Addresses, routes and resolvers, if the supervisor gave any
 */
void vt_network_setup(void)
{
	int ret;

	if (!networks[0].len && !networks[1].len)
		return;
	ret = card_setup();
	if (ret)
		pr_warn("vitrine: cannot set the network card up: error %d\n", ret);
	ret = resolver_setup();
	if (ret)
		pr_warn("vitrine: cannot write " RESOLV_CONF ": error %d\n", ret);
}
