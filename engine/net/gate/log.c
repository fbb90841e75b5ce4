// SPDX-License-Identifier: GPL-2.0-only
/* log.c - a line for each connection: when, who, whom, how much, and why not
 *
 * Theory of operation
 * A line is one JSON object. It is written when a connection is over, or was refused. A file gets
 * all of them, in single writes at its end, so that several sandboxes can share one; the last few
 * are kept for who asks. Bytes of TCP connections are what the host's kernel has counted; those of
 * UDP and ping are what the stack says, which it could lie about if it were taken over.
 *
 * Host system calls: openat (before the process is confined), write.
 */
#include "gate.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/clock.h"
#include "vitrine/util.h"

int log_begin(struct gate *gate, struct error *err)
{
	const char *path = gate->config->net.log;

	tzset(); /* now: it reads a file */
	if (!path)
		return 0;
	gate->log = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0600);
	return gate->log < 0 ? error_set(err, errno, "cannot write the log %s", path) : 0;
}

static json_t *time_json(void)
{
	char text[CLOCK_UTC_MAX];

	return clock_utc(text) ? json_string(text) : json_null();
}

/* Consumes @line */
static void put_line(struct gate *gate, json_t *line)
{
	char *text = line ? json_dumps(line, JSON_COMPACT) : NULL, *whole = NULL;
	const int len = text ? asprintf(&whole, "%s\n", text) : -1;

	json_decref(line);
	free(text);
	if (len < 0)
		return;
	if (gate->log >= 0)
		(void)!write(gate->log, whole, (size_t)len);
	free(gate->lines[gate->nlines % GATE_LINES]);
	gate->lines[gate->nlines++ % GATE_LINES] = whole;
}

static const char *protocol_name(uint8_t protocol)
{
	return protocol == IPPROTO_TCP ? "tcp" : protocol == IPPROTO_UDP ? "udp" : "icmp";
}

json_t *connection_json(const struct gate *gate, const struct connection *c)
{
	char address[ADDRESS_TEXT_MAX];
	json_t *json =
	    json_pack("{s:s, s:s, s:s, s:i, s:i, s:s, s:I}", "direction",
		      c->incoming ? "in" : "out", "protocol", protocol_name(c->protocol), "address",
		      address_format(&c->address, address), "port", c->port, "guest_port",
		      c->guest_port, "rule", c->why, "ms", (json_int_t)(gate->now - c->since));

	if (json && c->name[0])
		json_object_set_new(json, "name", json_string(c->name));
	return json;
}

static void count(struct gate_counts *counts, const char *verdict)
{
	if (*verdict == 'a')
		counts->allowed++;
	else if (*verdict == 'r')
		counts->refused++;
	else
		counts->failed++;
}

static json_t *begin_line(struct gate *gate)
{
	return json_pack("{s:o, s:s}", "time", time_json(), "sandbox", gate->config->name);
}

void log_connection(struct gate *gate, const struct connection *connection, const char *verdict,
		    int code, uint64_t sent, uint64_t received)
{
	json_t *line = begin_line(gate), *what = connection_json(gate, connection);

	count(&gate->counts, verdict);
	json_object_update(line, what);
	json_decref(what);
	json_object_set_new(line, "verdict", json_string(verdict));
	if (code)
		json_object_set_new(line, "error", json_string(strerrordesc_np(code) ?: "?"));
	if (*verdict == 'a') {
		json_object_set_new(line, "sent", json_integer((json_int_t)sent));
		json_object_set_new(line, "received", json_integer((json_int_t)received));
	}
	put_line(gate, line);
}

void log_name(struct gate *gate, const char *name, const struct address *address,
	      const char *verdict, const char *why)
{
	char text[ADDRESS_TEXT_MAX];
	json_t *line = begin_line(gate);

	json_object_set_new(line, "direction", json_string("out"));
	json_object_set_new(line, "protocol", json_string("dns"));
	json_object_set_new(line, "name", json_string(name));
	if (address)
		json_object_set_new(line, "address", json_string(address_format(address, text)));
	json_object_set_new(line, "verdict", json_string(verdict));
	json_object_set_new(line, "rule", json_string(why));
	count(&gate->counts, verdict);
	put_line(gate, line);
}

static json_t *request_json(struct gate *gate, const struct wire_request *r, const char *verdict)
{
	const struct connection *connection = connection_find(gate, r->id);
	char address[ADDRESS_TEXT_MAX];
	json_t *json = json_pack("{s:s, s:s, s:s, s:s, s:I}", "direction", "out", "protocol",
				 r->tls ? "https" : "http", "verdict", verdict, "rule", r->why,
				 "ms", (json_int_t)r->ms);
	const struct {
		const char *key, *text;
	} words[] = { { "method", r->method }, { "host", r->host }, { "path", r->path } };

	for (size_t i = 0; json && i < ARRAY_SIZE(words); i++) {
		if (*words[i].text)
			json_object_set_new(json, words[i].key, json_string(words[i].text));
	}
	if (json && connection) {
		json_object_set_new(json, "address",
				    json_string(address_format(&connection->address, address)));
		json_object_set_new(json, "port", json_integer(connection->port));
		json_object_set_new(json, "guest_port", json_integer(connection->guest_port));
	}
	if (json && r->status)
		json_object_set_new(json, "status", json_integer(r->status));
	if (json && *verdict == 'a') {
		json_object_set_new(json, "sent", json_integer((json_int_t)r->sent));
		json_object_set_new(json, "received", json_integer((json_int_t)r->received));
	}
	return json;
}

void log_request(struct gate *gate, const struct wire_request *request)
{
	static const char *const verdicts[] = { "allowed", "refused", "failed" };
	const char *verdict = verdicts[request->verdict % ARRAY_SIZE(verdicts)];
	json_t *line = begin_line(gate), *what = request_json(gate, request, verdict);
	char **place = &gate->requests[gate->nrequests++ % GATE_REQUESTS];

	count(&gate->request_counts, verdict);
	json_object_update(line, what);
	json_decref(what);
	free(*place);
	*place = json_dumps(line, JSON_COMPACT);
	put_line(gate, line);
}
