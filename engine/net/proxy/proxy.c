// SPDX-License-Identifier: GPL-2.0-only
/* proxy.c - requests of the guest's are read, judged, and get their secrets
 *
 * Theory of operation
 * A third process beside the stack and the gate, which exists only when there are rules about
 * requests or secrets. The gate has decided that the guest may connect to a host, has dialled, and
 * gives both ends of the connection to this process. So it makes no socket and names no address:
 * taken over by a guest or a peer, it has the connections that it was given, and the secrets and
 * the authority's key, which are in no other process.
 *
 * Host system calls: epoll_*, recvmsg, close, clock_gettime.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/err.h>

#include "engine/net/confine.h"
#include "engine/net/roles.h"
#include "lib/clock.h"
#include "lib/lazy/lazy.h"
#include "proxy.h"
#include "vitrine/util.h"

#define EVENTS 64
#define FILES (2 * RELAYS_MAX + 64)

extern char **environ;

static void take_descriptors(struct msghdr *header, int fds[2])
{
	struct cmsghdr *c = CMSG_FIRSTHDR(header);

	fds[0] = fds[1] = -1;
	if (c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS &&
	    c->cmsg_len == CMSG_LEN(2 * sizeof(int)))
		memcpy(fds, CMSG_DATA(c), 2 * sizeof(int));
}

static void connections(struct proxy *proxy)
{
	for (;;) {
		union {
			char space[CMSG_SPACE(2 * sizeof(int))];
			struct cmsghdr align;
		} control;
		static struct wire_governed what;
		struct iovec iov = { &what, sizeof(what) };
		struct msghdr header = { .msg_iov = &iov,
					 .msg_iovlen = 1,
					 .msg_control = control.space,
					 .msg_controllen = sizeof(control.space) };
		const ssize_t len = recvmsg(proxy->gate, &header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
		int fds[2];

		if (len == 0)
			proxy->over = true;
		if (len <= 0)
			return;
		take_descriptors(&header, fds);
		if (fds[0] < 0)
			continue;
		relay_new(proxy, &what, fds[0], fds[1]);
	}
}

static int patience(const struct proxy *proxy)
{
	uint64_t first = UINT64_MAX;

	for (const struct relay *relay = proxy->relays; relay; relay = relay->next) {
		if (relay->state == RELAY_OVER)
			return 0;
		if (relay->deadline && relay->deadline < first)
			first = relay->deadline;
	}
	if (first == UINT64_MAX)
		return -1;
	return first > proxy->now ? (int)(first - proxy->now) + 1 : 0;
}

void proxy_round(struct proxy *proxy)
{
	struct epoll_event events[EVENTS];
	const int count = epoll_wait(proxy->epoll, events, EVENTS, patience(proxy));

	proxy->now = clock_now_ns() / NS_PER_MS;
	for (int i = 0; i < count; i++) {
		if (!events[i].data.ptr)
			connections(proxy);
		else
			relay_run(proxy, events[i].data.ptr);
	}
	for (struct relay *relay = proxy->relays, *next; relay; relay = next) {
		next = relay->next;
		if (relay->deadline && relay->deadline <= proxy->now)
			relay_deadline(proxy, relay);
		if (relay->state == RELAY_OVER)
			relay_free(proxy, relay);
	}
}

/* Does anything want TLS? */
static bool wants_tls(const struct proxy *proxy)
{
	for (size_t i = 0; i < proxy->policy.nhttp; i++) {
		if (!proxy->policy.http[i].plain)
			return true;
	}
	for (unsigned i = 0; i < proxy->nsecrets; i++) {
		if (!proxy->secrets[i].what.plain)
			return true;
	}
	return false;
}

/* What came with the environment is needed no more, and is in nobody's way */
static void forget_environment(void)
{
	for (char **at = environ; at && *at; at++)
		explicit_bzero(*at, strlen(*at));
	environ = NULL;
}

static int prepare(struct proxy *proxy, const struct sandbox_net *net, char **authority,
		   struct error *err)
{
	struct epoll_event event = { .events = EPOLLIN };

	lazy_load("libssl");
	lazy_load("libcrypto");
	/* What the host has set up for OpenSSL may name programs and engines: none of it */
	OPENSSL_init_ssl(OPENSSL_INIT_NO_LOAD_CONFIG, NULL);
	OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_LOAD_CRYPTO_STRINGS, NULL);
	for (const char *const *line = net->policy; line && *line; line++) {
		if (policy_line(&proxy->policy, *line, err))
			return -1;
	}
	for (size_t i = 0; net->secrets && net->secrets[i]; i++) {
		if (secret_begin(proxy, net->secrets[i], net->placeholders[i], err))
			return -1;
	}
	if (peer_begin(wants_tls(proxy), err) || authority_begin(net->authority, authority, err))
		return -1;
	forget_environment();
	proxy->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (proxy->epoll < 0 || epoll_ctl(proxy->epoll, EPOLL_CTL_ADD, proxy->gate, &event))
		return error_set(err, errno, "cannot make an epoll descriptor");
	return net_confine(NET_PROXY, NULL, FILES, err);
}

void proxy_run(const struct sandbox_config *config, int gate, int supervisor)
{
	static struct proxy proxy;
	struct error err = { 0 };
	char *authority = NULL, text[ERROR_TEXT_MAX + 1];

	proxy.gate = gate;
	proxy.now = clock_now_ns() / NS_PER_MS;
	proxy.handshake_ms = HANDSHAKE_MS;
	if (prepare(&proxy, &config->net, &authority, &err)) {
		snprintf(text, sizeof(text), "-%s", err.text);
		(void)!write(supervisor, text, strlen(text));
		_exit(1);
	}
	(void)!write(supervisor, authority, strlen(authority));
	close(supervisor);
	explicit_bzero(authority, strlen(authority));
	free(authority);
	while (!proxy.over)
		proxy_round(&proxy);
	while (proxy.relays)
		relay_free(&proxy, proxy.relays);
	_exit(0);
}
