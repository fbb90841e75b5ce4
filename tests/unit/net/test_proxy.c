// SPDX-License-Identifier: GPL-2.0-only
/* test_proxy.c - guests and peers that begin TLS and then say nothing, and more of them than may be
 *
 * The limits of time are shortened here; what is tested is that there is one for each.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "engine/net/proxy/proxy.h"
#include "lib/clock.h"

#define PATIENCE_MS 100

static struct proxy proxy;
static int reports;

static int setup(void **state)
{
	struct rlimit files;
	struct error err;
	char *authority = NULL;
	int pair[2];

	if (getrlimit(RLIMIT_NOFILE, &files))
		return -1;
	files.rlim_cur = files.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &files) ||
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, pair) ||
	    policy_line(&proxy.policy, "http-allow GET https://api.test/*", &err) ||
	    peer_begin(false, &err) || authority_begin(NULL, &authority, &err))
		return -1;
	free(authority);
	proxy.gate = pair[0];
	reports = pair[1];
	proxy.epoll = epoll_create1(EPOLL_CLOEXEC);
	proxy.handshake_ms = PATIENCE_MS;
	proxy.now = clock_now_ns() / NS_PER_MS;
	return 0;
}

static int teardown(void **state)
{
	while (proxy.relays)
		relay_free(&proxy, proxy.relays);
	policy_free(&proxy.policy);
	return 0;
}

/* A connection to api.test: the ends that guest and peer have */
static void connection(uint32_t id, int *guest, int *peer)
{
	const struct wire_governed what = {
		.id = id, .port = 443, .count = 1, .names = { "api.test" }
	};
	int of_guest[2], of_peer[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, of_guest), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, of_peer), 0);
	relay_new(&proxy, &what, of_guest[0], of_peer[0]);
	*guest = of_guest[1];
	*peer = of_peer[1];
}

/* What the proxy says of a request, once it does */
static struct wire_request report(void)
{
	struct wire_request request;

	while (recv(reports, &request, sizeof(request), MSG_DONTWAIT) != sizeof(request))
		proxy_round(&proxy);
	return request;
}

static SSL *client(SSL_CTX *context, int fd)
{
	SSL *ssl = SSL_new(context);

	assert_non_null(ssl);
	assert_int_equal(SSL_set_fd(ssl, fd), 1);
	SSL_set_tlsext_host_name(ssl, "api.test");
	return ssl;
}

static void test_silent_guest(void **state)
{
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());
	struct wire_request said;
	int guest, peer;
	char byte;
	SSL *ssl;

	connection(1, &guest, &peer);
	ssl = client(context, guest);
	assert_true(SSL_connect(ssl) < 0); /* it has begun, and waits for the other side */
	said = report();
	assert_int_equal(said.id, 1);
	assert_int_equal(said.verdict, WIRE_DENIED);
	assert_string_equal(said.why, "nothing that can be understood came in time");
	assert_int_equal(recv(peer, &byte, 1, 0), 0); /* and the peer is left alone */
	SSL_free(ssl);
	SSL_CTX_free(context);
	close(guest);
	close(peer);
	while (proxy.relays)
		proxy_round(&proxy);
}

static void test_silent_peer(void **state)
{
	static const char request[] = "GET /a HTTP/1.1\r\nHost: api.test\r\n\r\n";
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());
	struct wire_request said;
	int guest, peer;
	SSL *ssl;

	connection(2, &guest, &peer);
	ssl = client(context, guest);
	while (SSL_connect(ssl) != 1)
		proxy_round(&proxy);
	assert_int_equal(SSL_write(ssl, request, sizeof(request) - 1), sizeof(request) - 1);
	said = report();
	assert_int_equal(said.id, 2);
	assert_int_equal(said.verdict, WIRE_FAILED);
	assert_int_equal(said.status, 502);
	assert_string_equal(said.why, "TLS with the peer takes too long");
	assert_string_equal(said.path, "/a");
	SSL_free(ssl);
	SSL_CTX_free(context);
	close(guest);
	close(peer);
	while (proxy.relays)
		proxy_round(&proxy);
}

static void test_crowd(void **state)
{
	int guest[RELAYS_MAX + 1], peer[RELAYS_MAX + 1];
	struct wire_request said;
	char byte;

	for (unsigned i = 0; i <= RELAYS_MAX; i++)
		connection(i, &guest[i], &peer[i]);
	said = report();
	assert_int_equal(said.id, RELAYS_MAX);
	assert_int_equal(said.verdict, WIRE_FAILED);
	assert_string_equal(said.why, "too many connections whose requests are looked at");
	assert_int_equal(recv(guest[RELAYS_MAX], &byte, 1, 0), 0);
	assert_int_equal(recv(peer[RELAYS_MAX], &byte, 1, 0), 0);
	/* One that goes makes room for one */
	close(guest[0]);
	while (proxy.count == RELAYS_MAX)
		proxy_round(&proxy);
	close(peer[0]);
	close(guest[RELAYS_MAX]);
	close(peer[RELAYS_MAX]);
	connection(1000, &guest[0], &peer[0]);
	assert_int_equal(proxy.count, RELAYS_MAX);
	for (unsigned i = 0; i < RELAYS_MAX; i++) {
		close(guest[i]);
		close(peer[i]);
	}
	while (proxy.relays)
		proxy_round(&proxy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_silent_guest),
		cmocka_unit_test(test_silent_peer),
		cmocka_unit_test(test_crowd),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
