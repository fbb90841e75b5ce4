// SPDX-License-Identifier: GPL-2.0-only
/* audit.c - a line for each connection: who, whom, how much, and why not
 *
 * Theory of operation
 * A line is one JSON object, written in one piece at the end of the file. Tokens, what is carried,
 * and paths of pages are in none of them. A client's address says who somebody is: unless it is
 * asked for whole, its network is what is written (a /24, or a /48).
 *
 * Host system calls: openat (before the process is confined), write.
 */
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "internal.h"
#include "lib/clock.h"
#include "vitrine/util.h"

#define KEPT4 15 /* bytes of an address: of IPv4 these are three of its own */
#define KEPT6 6

int audit_begin(struct relay *relay, struct error *err)
{
	const char *path = relay->options->log;

	tzset(); /* now: it reads a file */
	if (!path)
		return 0;
	relay->log = strcmp(path, "-")
			 ? open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0600)
			 : STDOUT_FILENO;
	return relay->log < 0 ? error_set(err, errno, "cannot write the log %s", path) : 0;
}

static json_t *time_json(void)
{
	char text[CLOCK_UTC_MAX];

	return clock_utc(text) ? json_string(text) : json_null();
}

static json_t *who(const struct client *client)
{
	struct address address = client->address;
	const size_t kept = address_is_v4(&address) ? KEPT4 : KEPT6;
	char text[ADDRESS_TEXT_MAX];

	if (!client->relay->options->whole)
		memset(address.byte + kept, 0, sizeof(address.byte) - kept);
	return json_string(address_format(&address, text));
}

static json_t *begin_line(const struct client *client)
{
	json_t *line = json_pack("{s:o, s:o}", "time", time_json(), "client", who(client));

	if (line && *client->token)
		json_object_set_new(line, "token", json_string(client->token));
	return line;
}

/* Consumes @line */
static void put_line(const struct relay *relay, json_t *line)
{
	char *text = line ? json_dumps(line, JSON_COMPACT) : NULL, *whole = NULL;
	const int len = text ? asprintf(&whole, "%s\n", text) : -1;

	json_decref(line);
	free(text);
	if (len < 0)
		return;
	(void)!write(relay->log, whole, (size_t)len);
	free(whole);
}

void audit_stream(struct stream *stream, const char *verdict, unsigned reason, int code)
{
	const struct relay *relay = stream->client->relay;
	static const struct address nowhere;
	char text[ADDRESS_TEXT_MAX];
	json_t *line;

	if (relay->log < 0)
		return;
	line = begin_line(stream->client);
	json_object_set_new(line, "protocol",
			    json_string(stream->asked.kind == WISP_TCP ? "tcp" : "udp"));
	json_object_set_new(line, "host", json_string(stream->asked.host));
	if (!address_equal(&stream->address, &nowhere))
		json_object_set_new(line, "address",
				    json_string(address_format(&stream->address, text)));
	json_object_set_new(line, "port", json_integer(stream->asked.port));
	json_object_set_new(line, "verdict", json_string(verdict));
	if (*stream->rule)
		json_object_set_new(line, "rule", json_string(stream->rule));
	if (reason)
		json_object_set_new(line, "end", json_string(wisp_reason_text(reason)));
	if (code)
		json_object_set_new(line, "error", json_string(strerrordesc_np(code) ?: "?"));
	json_object_set_new(line, "ms", json_integer((json_int_t)(relay->now - stream->since)));
	json_object_set_new(line, "sent", json_integer((json_int_t)stream->sent));
	json_object_set_new(line, "received", json_integer((json_int_t)stream->received));
	put_line(relay, line);
}

void audit_client(struct client *client, const char *event)
{
	const struct relay *relay = client->relay;
	json_t *line;

	if (relay->log < 0)
		return;
	line = begin_line(client);
	json_object_set_new(line, "event", json_string(event));
	if (*client->origin)
		json_object_set_new(line, "origin", json_string(client->origin));
	json_object_set_new(line, "version", json_integer(client->v2 ? 2 : 1));
	if (*event == 'c') {
		json_object_set_new(line, "connections", json_integer((json_int_t)client->opened));
		json_object_set_new(line, "ms",
				    json_integer((json_int_t)(relay->now - client->since)));
	}
	put_line(relay, line);
}
