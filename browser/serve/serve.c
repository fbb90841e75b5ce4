// SPDX-License-Identifier: GPL-2.0-only
/* serve.c - the HTTP server of the browser edition: one page, one image
 *
 * Theory of operation
 * Everything that can be asked for is mapped before the first request (site.c), so the server needs
 * neither files nor other processes: it confines itself as the observatory's server does, and has
 * the same rules about who may ask. It keeps nothing of a client; what a machine writes stays in
 * its tab.
 *
 * Host system calls: socket calls, sigaction, pause, and those of what is called.
 */
#include "serve.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/lazy/lazy.h"
#include "observe/http/confine.h"
#include "observe/http/mhd.h"
#include "observe/http/security.h"
#include "observe/http/server.h"
#include "site.h"
#include "vitrine/util.h"

#define CONNECTIONS_MAX 256
#define PER_ADDRESS_MAX 64
#define PATIENCE 30 /* seconds */

static struct {
	struct site site;
	struct security security;
} server;
static volatile sig_atomic_t over;

static char content_policy[768];

static const struct security_header headers[] = {
	{ "Content-Security-Policy", content_policy },
	{ "X-Content-Type-Options", "nosniff" },
	{ "Referrer-Policy", "no-referrer" },
	/* so that the page may share memory with its workers */
	{ "Cross-Origin-Opener-Policy", "same-origin" },
	{ "Cross-Origin-Embedder-Policy", "require-corp" },
	{ "Cross-Origin-Resource-Policy", "same-origin" },
	{ "Accept-Ranges", "bytes" },
	{ "Cache-Control", "no-cache" },
};

/* The terminal sets styles; a machine is WebAssembly; the relay may be elsewhere */
static void make_policy(const char *relay)
{
	const char *host = relay ? strstr(relay, "://") + 3 : "";
	const int len = relay ? (int)(host - relay) + (int)strcspn(host, "/?") : 0;

	snprintf(content_policy, sizeof(content_policy),
		 "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; "
		 "style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; "
		 "connect-src 'self' %.*s; worker-src 'self'; base-uri 'none'; form-action 'none'; "
		 "frame-ancestors 'none'",
		 len, relay ? relay : "");
}

/* An address of a WebSocket, and nothing that means something in a header or in JSON */
static int check_relay(const char *relay, struct error *err)
{
	static const char letters[] =
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	    ".:/[]-_~?=&%";
	const size_t len = strlen(relay);

	if ((strncmp(relay, "ws://", 5) && strncmp(relay, "wss://", 6)) || len > 256 ||
	    strspn(relay, letters) != len)
		return error_set(err, 0, "'%s' is no address of a relay, such as ws://HOST:PORT/",
				 relay);
	return 0;
}

static enum MHD_Result answer(struct MHD_Connection *connection, unsigned status, const char *type,
			      const void *data, size_t size, const char *name, const char *value)
{
	struct MHD_Response *response =
	    MHD_create_response_from_buffer(size, (void *)data, MHD_RESPMEM_PERSISTENT);
	enum MHD_Result result;

	if (!response)
		return MHD_NO;
	MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
	for (size_t i = 0; i < ARRAY_SIZE(headers); i++)
		MHD_add_response_header(response, headers[i].name, headers[i].value);
	if (name)
		MHD_add_response_header(response, name, value);
	result = MHD_queue_response(connection, status, response);
	MHD_destroy_response(response);
	return result;
}

static enum MHD_Result say_no(struct MHD_Connection *connection, unsigned status, const char *text)
{
	return answer(connection, status, "text/plain; charset=utf-8", text, strlen(text), NULL,
		      NULL);
}

static enum MHD_Result answer_file(struct MHD_Connection *connection, const struct site_file *file)
{
	const char *known =
	    MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_IF_NONE_MATCH);
	const char *range =
	    MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_RANGE);
	const char *etag = file->etag[0] ? MHD_HTTP_HEADER_ETAG : NULL;
	uint64_t from, length;
	char what[80];

	if (etag && known && !strcmp(known, file->etag))
		return answer(connection, MHD_HTTP_NOT_MODIFIED, file->type, "", 0, etag,
			      file->etag);
	switch (site_range(range, file->size, &from, &length)) {
	case 0:
		return answer(connection, MHD_HTTP_OK, file->type, file->data, file->size, etag,
			      file->etag);
	case 1:
		snprintf(what, sizeof(what), "bytes %llu-%llu/%zu", (unsigned long long)from,
			 (unsigned long long)(from + length - 1), file->size);
		return answer(connection, MHD_HTTP_PARTIAL_CONTENT, file->type, file->data + from,
			      length, MHD_HTTP_HEADER_CONTENT_RANGE, what);
	default:
		snprintf(what, sizeof(what), "bytes */%zu", file->size);
		return answer(connection, MHD_HTTP_RANGE_NOT_SATISFIABLE, file->type, "", 0,
			      MHD_HTTP_HEADER_CONTENT_RANGE, what);
	}
}

static enum MHD_Result on_request(void *context, struct MHD_Connection *connection, const char *url,
				  const char *method, const char *version, const char *data,
				  size_t *len, void **slot)
{
	const struct request_head head = {
		.page = !strcmp(url, "/"),
		.host =
		    MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_HOST),
		.origin = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Origin"),
		.fetch_site =
		    MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Sec-Fetch-Site"),
		.fetch_mode =
		    MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Sec-Fetch-Mode"),
		.open = true,
	};
	const enum verdict verdict = security_judge(&server.security, &head);
	const struct site_file *file;

	if (strcmp(method, MHD_HTTP_METHOD_GET) && strcmp(method, MHD_HTTP_METHOD_HEAD))
		return say_no(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "not with this method\n");
	if (verdict != VERDICT_ALLOWED)
		return say_no(connection, verdict_texts[verdict].status,
			      "this server does not answer that site or name\n");
	file = site_find(&server.site, url);
	if (!file)
		return say_no(connection, MHD_HTTP_NOT_FOUND, "there is nothing here\n");
	return answer_file(connection, file);
}

static void on_signal(int sig)
{
	over = 1;
}

/* Until one of them comes; they are blocked everywhere else */
static void await_signal(const sigset_t *before)
{
	const struct sigaction action = { .sa_handler = on_signal };

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	while (!over)
		ppoll(NULL, 0, NULL, before);
}

static void print_address(unsigned port)
{
	const char *address = server.security.any ? "127.0.0.1" : server.security.address;
	const bool six = strchr(address, ':');

	printf("http://%s%s%s:%u/\n", six ? "[" : "", address, six ? "]" : "", port);
	fflush(stdout);
}

static int serve(int fd, const struct serve_options *options, unsigned port, struct error *err)
{
	struct MHD_Daemon *daemon;
	sigset_t ends, before;

	sigemptyset(&ends);
	sigaddset(&ends, SIGINT);
	sigaddset(&ends, SIGTERM);
	sigprocmask(SIG_BLOCK, &ends, &before);
	signal(SIGPIPE, SIG_IGN);
	if (serve_confine_user(err) || serve_confine_enter(err))
		return -1;
	daemon =
	    MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD, 0, NULL, NULL, on_request, NULL,
			     MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_TIMEOUT, PATIENCE,
			     MHD_OPTION_CONNECTION_LIMIT, CONNECTIONS_MAX,
			     MHD_OPTION_PER_IP_CONNECTION_LIMIT, PER_ADDRESS_MAX, MHD_OPTION_END);
	if (!daemon)
		return error_set(err, errno, "cannot start the HTTP server");
	if (!options->quiet)
		print_address(port);
	await_signal(&before);
	MHD_stop_daemon(daemon);
	return 0;
}

int serve_run(const struct serve_options *options, struct error *err)
{
	const struct server_options listen = { .address = options->address, .port = options->port };
	struct sockaddr_storage address;
	char text[INET6_ADDRSTRLEN] = "127.0.0.1";
	int fd;

	lazy_load("libcrypto");
	if (options->relay && check_relay(options->relay, err))
		return -1;
	make_policy(options->relay);
	if (mhd_load(err) || serve_confine_begin(err) ||
	    site_open(&server.site, options->pages, options->image, err) ||
	    site_network(&server.site, options->relay, err))
		return -1;
	fd = listen_on(&listen, &address, err);
	if (fd < 0)
		return -1;
	if (options->address)
		snprintf(text, sizeof(text), "%s", options->address);
	if (security_init(&server.security, text, listen_port(&address), err)) {
		close(fd);
		return -1;
	}
	return serve(fd, options, listen_port(&address), err);
}
