// SPDX-License-Identifier: GPL-2.0-only
/* fuzz_request.c - what the observatory's server parses of a request
 *
 * Lines "NAME VALUE": headers that are judged, parameters of the event stream, and a body for each
 * of the two POSTs ("control", "follow").
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "observe/api/orders.h"
#include "observe/events/filter.h"
#include "observe/http/security.h"
#include "vitrine/util.h"

#define LINES_MAX 32

struct line {
	const char *name, *value;
};

static const char *lookup(const void *context, const char *name)
{
	const struct line *line = context;

	for (; line->name; line++) {
		if (!strcmp(line->name, name))
			return line->value;
	}
	return NULL;
}

static void judge(const struct line *lines, const char *address)
{
	struct request_head head = {
		.post = lookup(lines, "post"),
		.page = lookup(lines, "page"),
		.host = lookup(lines, "host"),
		.origin = lookup(lines, "origin"),
		.fetch_site = lookup(lines, "site"),
		.fetch_mode = lookup(lines, "mode"),
		.authorization = lookup(lines, "authorization"),
		.cookie = lookup(lines, "cookie"),
		.token = lookup(lines, "token"),
		.content_type = lookup(lines, "type"),
	};
	struct security security;
	struct error err = { 0 };
	enum verdict verdict;

	if (security_init(&security, address, 8080, &err) < 0)
		return;
	if (lookup(lines, "name"))
		security_name(&security, lookup(lines, "name"), &err);
	verdict = security_judge(&security, &head);
	assert(verdict < VERDICT_COUNT);
	/* Nobody guesses 128 bits */
	assert(security.loopback || (verdict != VERDICT_ALLOWED && verdict != VERDICT_EXCHANGE));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct line lines[LINES_MAX + 1] = { { 0 } };
	cleanup_free char *text = malloc(size + 1);
	struct follow_request follow;
	struct control control;
	struct filter filter;
	struct error err = { 0 };
	char *rest = text;
	size_t count = 0;

	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = 0;
	while (rest && count < LINES_MAX) {
		char *line = strsep(&rest, "\n"), *space = strchr(line, ' ');

		if (space)
			*space = 0;
		lines[count++] = (struct line){ line, space ? space + 1 : "" };
	}
	judge(lines, "127.0.0.1");
	judge(lines, "0.0.0.0");
	judge(lines, "2001:db8::1");
	if (filter_parse(&filter, lookup, lines, &err) == 0)
		assert(filter.limit <= FILTER_LIMIT_MAX && filter.samples < SAMPLES_COUNT);
	else
		assert(err.text[0]);
	if (lookup(lines, "control"))
		control_parse(lookup(lines, "control"), strlen(lookup(lines, "control")), &control,
			      &err);
	if (lookup(lines, "follow"))
		follow_parse(lookup(lines, "follow"), strlen(lookup(lines, "follow")), &follow,
			     &err);
	return 0;
}
