// SPDX-License-Identifier: GPL-2.0-only
/* ask.c - questions that the supervisor passes on for its clients
 *
 * Theory of operation
 * A question is a word and perhaps another. An answer is '+' and JSON, or '-' and what is wrong. It
 * is one packet, so of long lists the end is left out, and "left_out" says how much.
 *
 * Host system calls: none.
 */
#include "gate.h"

#include <stdlib.h>
#include <string.h>

#include "engine/net/net.h"
#include "vitrine/util.h"

#define LIST_MAX 300

static json_t *published_json(const struct gate *gate)
{
	json_t *list = json_array();
	char text[PUBLISH_TEXT_MAX];

	for (const struct published *at = gate->published; at; at = at->next)
		json_array_insert_new(list, 0, json_string(publish_format(&at->what, text)));
	return list;
}

/* A connection that is open, or about to be */
static json_t *live_json(const struct gate *gate, const struct connection *c)
{
	uint64_t sent = 0, received = 0;
	json_t *json = connection_json(gate, c);

	json_object_set_new(json, "verdict",
			    json_string(c->state == CONNECTION_DIALLED ? "dialled" : "allowed"));
	if (c->protocol != IPPROTO_TCP || c->kept < 0)
		return json;
	connection_bytes(c, &sent, &received);
	json_object_set_new(json, "sent", json_integer((json_int_t)sent));
	json_object_set_new(json, "received", json_integer((json_int_t)received));
	if (c->governed)
		json_object_set_new(json, "governed", json_true());
	return json;
}

/* The newest first */
static json_t *requests_json(const struct gate *gate)
{
	json_t *list = json_array();

	for (uint64_t i = gate->nrequests; i && gate->nrequests - i < GATE_REQUESTS; i--) {
		const char *text = gate->requests[(i - 1) % GATE_REQUESTS];

		if (text)
			json_array_append_new(list, json_loads(text, 0, NULL));
	}
	return list;
}

static json_t *counts_json(const struct gate_counts *counts)
{
	return json_pack("{s:I, s:I, s:I}", "allowed", (json_int_t)counts->allowed, "refused",
			 (json_int_t)counts->refused, "failed", (json_int_t)counts->failed);
}

static json_t *connections_json(const struct gate *gate, unsigned *left_out)
{
	json_t *list = json_array();
	unsigned count = 0;

	for (unsigned i = 0; i < GATE_BUCKETS; i++) {
		for (const struct connection *c = gate->buckets[i]; c; c = c->next) {
			if (c->served)
				continue;
			if (count++ < LIST_MAX)
				json_array_append_new(list, live_json(gate, c));
		}
	}
	*left_out = count > LIST_MAX ? count - LIST_MAX : 0;
	return list;
}

static json_t *ask_list(struct gate *gate, const char *operand, struct error *err)
{
	unsigned left_out;
	json_t *connections = connections_json(gate, &left_out), *resolvers = json_array();
	char text[ADDRESS_TEXT_MAX];
	json_t *answer;

	for (unsigned i = 0; i < gate->nresolvers; i++)
		json_array_append_new(
		    resolvers, json_string(address_format(&gate->resolvers[i].address, text)));
	answer = json_pack(
	    "{s:s, s:s, s:o, s:o, s:o, s:i, s:I, s:I, s:I}", "address", NET_GUEST4, "address6",
	    NET_GUEST6, "published", published_json(gate), "resolvers", resolvers, "connections",
	    connections, "left_out", (int)left_out, "allowed", (json_int_t)gate->counts.allowed,
	    "refused", (json_int_t)gate->counts.refused, "failed", (json_int_t)gate->counts.failed);
	if (answer && gate->config->net.requests) {
		json_object_set_new(answer, "requests", requests_json(gate));
		json_object_set_new(answer, "request_counts", counts_json(&gate->request_counts));
	}
	return answer;
}

static json_t *ask_log(struct gate *gate, const char *operand, struct error *err)
{
	const uint64_t first = gate->nlines > GATE_LINES ? gate->nlines - GATE_LINES : 0;
	json_t *list = json_array();
	size_t size = 0;

	/* From the last to the first, as many as an answer holds */
	for (uint64_t i = gate->nlines; i > first; i--) {
		const char *line = gate->lines[(i - 1) % GATE_LINES];

		size += strlen(line) + 8;
		if (size > NET_ANSWER_MAX - 1024)
			break;
		json_array_insert_new(list, 0, json_loads(line, 0, NULL));
	}
	return json_pack("{s:o}", "lines", list);
}

static json_t *ask_publish(struct gate *gate, const char *operand, struct error *err)
{
	char text[PUBLISH_TEXT_MAX];

	if (listen_start(gate, operand, err))
		return NULL;
	return json_pack("{s:s}", "published", publish_format(&gate->published->what, text));
}

static json_t *ask_unpublish(struct gate *gate, const char *operand, struct error *err)
{
	return listen_stop(gate, operand, err) ? NULL : json_object();
}

static const struct {
	const char *word;
	json_t *(*answer)(struct gate *gate, const char *operand, struct error *err);
} questions[] = {
	{ "list", ask_list },
	{ "log", ask_log },
	{ "publish", ask_publish },
	{ "unpublish", ask_unpublish },
};

static json_t *find_and_answer(struct gate *gate, const char *command, struct error *err)
{
	const size_t len = strcspn(command, " ");

	for (size_t i = 0; i < ARRAY_SIZE(questions); i++) {
		if (strlen(questions[i].word) == len && !strncmp(command, questions[i].word, len))
			return questions[i].answer(gate, command + len + (command[len] == ' '),
						   err);
	}
	error_set(err, 0, "no such question");
	return NULL;
}

char *ask_answer(struct gate *gate, const char *command)
{
	struct error err = { .text = "no memory" };
	json_t *json = find_and_answer(gate, command, &err);
	char *text = json ? json_dumps(json, JSON_COMPACT) : NULL, *whole = NULL;

	json_decref(json);
	if (asprintf(&whole, "%s%s", text ? "+" : "-", text ?: err.text) < 0)
		whole = NULL;
	free(text);
	return whole;
}
