// SPDX-License-Identifier: GPL-2.0-only
/* lists.c - E2B's lists: sandboxes, snapshots, templates */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "control.h"
#include "e2b.h"
#include "service/life/find.h"
#include "service/service.h"
#include "service/starter/order.h"
#include "service/store/store.h"
#include "vitrine/util.h"

static int digit(char c)
{
	return isdigit((unsigned char)c)    ? c - '0'
	       : isxdigit((unsigned char)c) ? tolower(c) - 'a' + 10
					    : -1;
}

/* %XX and '+', which stand in a text that was encoded twice */
static int decode(const char *from, size_t len, char *to, size_t size)
{
	size_t used = 0;

	for (size_t i = 0; i < len; i++) {
		char c = from[i];

		if (used == size - 1)
			return -1;
		if (c == '%' && i + 2 < len && digit(from[i + 1]) >= 0 && digit(from[i + 2]) >= 0) {
			c = (char)(digit(from[i + 1]) * 16 + digit(from[i + 2]));
			i += 2;
		} else if (c == '+') {
			c = ' ';
		}
		if (!c)
			return -1;
		to[used++] = c;
	}
	to[used] = '\0';
	return 0;
}

/* The SDK encodes each name and value, then all of it, then its URL */
static int take_pairs(const char *encoded, struct find *find)
{
	char whole[4096], *text = whole;

	if (!encoded)
		return 0;
	if (decode(encoded, strlen(encoded), whole, sizeof(whole)))
		return -1;
	while (*text) {
		const size_t len = strcspn(text, "&"), name = strcspn(text, "=");

		if (find->npairs == FIND_PAIRS || name >= len ||
		    decode(text, name, find->pairs[find->npairs][0], FIND_TEXT) ||
		    decode(text + name + 1, len - name - 1, find->pairs[find->npairs][1],
			   FIND_TEXT))
			return -1;
		find->npairs++;
		text += len + (text[len] != '\0');
	}
	return 0;
}

static int take_states(const char *text, struct find *find)
{
	static const unsigned running =
	    1U << STATE_RUNNING | 1U << STATE_PAUSING | 1U << STATE_ROLLING;
	static const unsigned paused = 1U << STATE_PAUSED | 1U << STATE_RESUMING;

	if (!text || !*text) {
		find->states = running | paused;
		return 0;
	}
	while (*text) {
		const size_t len = strcspn(text, ",");

		if (len == 7 && !strncmp(text, "running", len))
			find->states |= running;
		else if (len == 6 && !strncmp(text, "paused", len))
			find->states |= paused;
		else
			return -1;
		text += len + (text[len] != '\0');
	}
	return 0;
}

static int64_t moment_of(const char *text)
{
	struct tm tm = { 0 };

	if (!text || !strptime(text, "%Y-%m-%dT%H:%M:%S", &tm))
		return 0;
	return (int64_t)timegm(&tm) * 1000;
}

static int take_find(const struct request *request, struct find *find, struct fault *fault)
{
	const char *limit = request_query(request, "limit"),
		   *next = request_query(request, "nextToken");
	const char *order = request_query(request, "order");
	const char *template = request_query(request, "template");

	find->limit = limit ? strtoll(limit, NULL, 10) : FIND_MAX;
	find->rising = order && !strcmp(order, "asc");
	find->after_ms = moment_of(request_query(request, "startedAfter"));
	snprintf(find->template, sizeof(find->template), "%s", template ? template : "");
	if (find->limit < 1 || find->limit > FIND_MAX)
		return fault_set(fault, FAULT_BAD_REQUEST, "limit: from 1 to %d", FIND_MAX);
	if (next && *next && find_cursor(find, next))
		return fault_set(fault, FAULT_BAD_REQUEST, "nextToken: not one of this service");
	if (take_states(request_query(request, "state"), find))
		return fault_set(fault, FAULT_BAD_REQUEST, "state: running, paused");
	if (take_pairs(request_query(request, "metadata"), find))
		return fault_set(fault, FAULT_BAD_REQUEST, "metadata: up to %d of name=value",
				 FIND_PAIRS);
	return 0;
}

void e2b_list(struct request *request)
{
	struct rows rows cleanup_rows = { 0 };
	struct find find = { 0 };
	char cursor[FIND_TEXT] = "";
	struct fault fault;
	json_t *list;

	if (take_find(request, &find, &fault) ||
	    find_run(request->service, request->caller.owner, &find, &rows, &fault)) {
		answer_fault(request, &fault);
		return;
	}
	list = json_array();
	for (size_t i = 0; i < rows.count && (int64_t)i < find.limit; i++) {
		struct sandbox s cleanup_sandbox = { 0 };

		if (sandbox_take(&rows, i, &s))
			continue;
		json_array_append_new(list, e2b_detail(request, &s));
		find_cursor_text(&s, cursor);
	}
	if ((int64_t)rows.count > find.limit)
		answer_header(request, "x-next-token", cursor);
	answer_json(request, 200, list);
}

void e2b_snapshots(struct request *request)
{
	const char *sandbox = request_query(request, "sandboxID");
	struct rows rows cleanup_rows = { 0 };
	json_t *list = json_array();
	struct fault fault;
	struct error err;

	if (store_run(request->service->store, &rows, &err,
		      "SELECT id, name FROM snapshot WHERE owner = $1 AND state = 'ready' AND "
		      "sandbox_id <> '' AND ($2 = '' OR sandbox_id = $2) ORDER BY created_ms DESC "
		      "LIMIT 100",
		      "ss", request->caller.owner, sandbox ? sandbox : "")) {
		json_decref(list);
		fault_error(&fault, FAULT_INTERNAL, &err);
		answer_fault(request, &fault);
		return;
	}
	for (size_t i = 0; i < rows.count; i++)
		json_array_append_new(list, json_pack("{s:s, s:[s]}", "snapshotID",
						      rows_text(&rows, i, 0), "names",
						      rows_text(&rows, i, 1)));
	answer_json(request, 200, list);
}

void e2b_logs(struct request *request)
{
	answer_json(request, 200, json_pack("{s:[], s:[]}", "logs", "logEntries"));
}
