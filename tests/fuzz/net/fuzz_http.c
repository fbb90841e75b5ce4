// SPDX-License-Identifier: GPL-2.0-only
/* fuzz_http.c - requests, answers, bodies in chunks, TLS's first message: the first byte says which
 *
 * What is taken must be what it was taken for: written anew, it is read in the same way; and a path
 * that a rule allows has no way out of the rule's in it.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/hello.h"
#include "lib/http.h"
#include "lib/http_rule.h"
#include "lib/policy.h"
#include "vitrine/util.h"

static void check_path(struct http_text target)
{
	static struct http_rule rule;
	struct http_fault fault;
	struct error err;
	const char *why, *query;

	if (!rule.host && http_rule_parse(&rule, true, "GET", "https://a.example/v1/*", &err))
		abort();
	if (!http_target_valid(target, &fault) ||
	    !http_decide(&rule, 1, "a.example", 443, false, (struct http_text){ "GET", 3 }, target,
			 &why))
		return;
	query = memchr(target.at, '?', target.len);
	if (memmem(target.at, query ? (size_t)(query - target.at) : target.len, "/../", 4))
		abort();
}

static void check_request(const char *data, size_t size)
{
	static struct http_head head, again;
	struct http_fault fault;
	const long len = http_head_size(data, size, &fault);
	char text[1024];
	int n;

	if (len <= 0 || !http_request_parse(data, (size_t)len, &head, &fault))
		return;
	for (unsigned i = 0; i < head.nfields; i++) {
		const struct http_field *field = &head.fields[i];

		if (!field->name.len || memchr(field->value.at, '\n', field->value.len) ||
		    memchr(field->value.at, '\r', field->value.len))
			abort();
	}
	check_path(head.target);
	if (head.target.len + head.host.len > 900)
		return;
	n = snprintf(text, sizeof(text), "%.*s %.*s HTTP/1.1\r\nHost: %.*s\r\n\r\n",
		     (int)head.method.len, head.method.at, (int)head.target.len, head.target.at,
		     (int)head.host.len, head.host.at);
	if (http_head_size(text, (size_t)n, &fault) != n ||
	    !http_request_parse(text, (size_t)n, &again, &fault) ||
	    again.target.len != head.target.len || again.host.len != head.host.len)
		abort();
}

static void check_answer(const char *data, size_t size)
{
	static struct http_head head;
	struct http_fault fault;
	const long len = http_head_size(data, size, &fault);

	if (len <= 0 || !http_answer_parse(data, (size_t)len, size & 1, &head, &fault))
		return;
	if (head.status < 100 || head.status > 999 || ((size & 1) && head.body != HTTP_EMPTY))
		abort();
}

/* However it is cut into pieces, it is the same body */
static void check_chunks(const char *data, size_t size, bool answer)
{
	struct http_chunks whole = { .answer = answer }, bytes = whole;
	struct http_fault fault;
	struct http_text piece;
	size_t used, at, sum = 0, other = 0;
	bool ok = true, also = true;

	for (at = 0; ok && at < size && whole.state != HTTP_CHUNK_END; at += used) {
		ok = http_chunks_take(&whole, data + at, size - at, &used, &piece, &fault);
		sum += piece.len;
		if (piece.len && (piece.at < data || piece.at + piece.len > data + size))
			abort();
	}
	for (at = 0; also && at < size && bytes.state != HTTP_CHUNK_END; at += used) {
		also = http_chunks_take(&bytes, data + at, 1, &used, &piece, &fault);
		other += piece.len;
	}
	if (ok != also || sum != other || whole.state != bytes.state)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char name[HELLO_NAME_MAX + 1];

	if (!size)
		return 0;
	switch (*data++ % 5) {
	case 0:
		check_request((const char *)data, size - 1);
		break;
	case 1:
		check_answer((const char *)data, size - 1);
		break;
	case 2:
	case 3:
		check_chunks((const char *)data, size - 1, data[-1] % 5 == 3);
		break;
	default:
		if (hello_parse(data, size - 1, name) == HELLO_NAMED && !policy_name_valid(name))
			abort();
	}
	return 0;
}
