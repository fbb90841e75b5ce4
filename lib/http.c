// SPDX-License-Identifier: GPL-2.0-only
/* http.c - the heads of HTTP/1 messages (RFC 9112), read strictly
 *
 * Theory of operation
 * A head is looked at line by line, and every byte of it belongs to a rule: a token, a value, or
 * the CR LF behind it. What two readers could take for two things is a fault and not a guess:
 * folded lines, blanks before a colon, single CR or LF, a second length or host, a length beside
 * chunks, a name with '_' that some servers take for '-'.
 */
#include "lib/http.h"

#include <string.h>
#include <strings.h>

#include "vitrine/util.h"

static bool fail(struct http_fault *fault, unsigned status, const char *why)
{
	*fault = (struct http_fault){ status, why };
	return false;
}

static bool is_token(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c && strchr("!#$%&'*+-.^_`|~", c));
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* What a field's value may hold: everything but control characters */
static bool is_value(char c)
{
	return c == '\t' || ((unsigned char)c >= ' ' && c != 0x7f);
}

bool http_is(struct http_text text, const char *word)
{
	return strlen(word) == text.len && !strncasecmp(text.at, word, text.len);
}

static bool is_exactly(struct http_text text, const char *word)
{
	return strlen(word) == text.len && !memcmp(text.at, word, text.len);
}

const struct http_field *http_find(const struct http_head *head, const char *name)
{
	for (unsigned i = 0; i < head->nfields; i++) {
		if (http_is(head->fields[i].name, name))
			return &head->fields[i];
	}
	return NULL;
}

long http_head_size(const char *data, size_t len, struct http_fault *fault)
{
	for (size_t i = 0; i < len && i < HTTP_HEAD_MAX; i++) {
		if (data[i] != '\n')
			continue;
		if (!i || data[i - 1] != '\r') {
			fail(fault, 400, "a line ends without CR");
			return -1;
		}
		if (i == 1) {
			fail(fault, 400, "a message begins with an empty line");
			return -1;
		}
		if (i >= 3 && data[i - 2] == '\n')
			return (long)i + 1;
	}
	if (len < HTTP_HEAD_MAX)
		return 0;
	fail(fault, 431, "the header is too large");
	return -1;
}

/* A comma-separated list. Return: the next element, blanks cut off; false at the end */
static bool next_element(struct http_text *rest, struct http_text *element)
{
	const char *comma;

	if (!rest->at)
		return false;
	comma = memchr(rest->at, ',', rest->len);
	*element = (struct http_text){ rest->at, comma ? (size_t)(comma - rest->at) : rest->len };
	if (comma)
		*rest = (struct http_text){ comma + 1, rest->len - element->len - 1 };
	else
		rest->at = NULL;
	while (element->len && is_blank(*element->at)) {
		element->at++;
		element->len--;
	}
	while (element->len && is_blank(element->at[element->len - 1]))
		element->len--;
	return true;
}

/* What is noticed of the fields while they are read */
struct reading {
	struct http_head *head;
	struct http_fault *fault;
	bool host, length, chunked, asks_upgrade;
	enum http_upgrade upgrade;
};

typedef bool reader(struct reading *reading, struct http_text value);

static bool read_host(struct reading *r, struct http_text value)
{
	if (r->host)
		return fail(r->fault, 400, "two Host fields");
	r->host = true;
	r->head->host = value;
	return true;
}

static bool read_length(struct reading *r, struct http_text value)
{
	if (r->length)
		return fail(r->fault, 400, "two Content-Length fields");
	r->length = true;
	if (!value.len || value.len > 18)
		return fail(r->fault, 400, "Content-Length is no number");
	for (size_t i = 0; i < value.len; i++) {
		if (value.at[i] < '0' || value.at[i] > '9')
			return fail(r->fault, 400, "Content-Length is no number");
		r->head->length = r->head->length * 10 + (uint64_t)(value.at[i] - '0');
	}
	return true;
}

static bool read_transfer(struct reading *r, struct http_text value)
{
	if (r->chunked || !http_is(value, "chunked"))
		return fail(r->fault, r->chunked ? 400 : 501,
			    "Transfer-Encoding is not just 'chunked'");
	r->chunked = true;
	return true;
}

static bool read_connection(struct reading *r, struct http_text value)
{
	struct http_text word;

	while (next_element(&value, &word)) {
		if (http_is(word, "close"))
			r->head->close = true;
		else if (http_is(word, "upgrade"))
			r->asks_upgrade = true;
		else if (word.len && !http_is(word, "keep-alive") && !http_is(word, "te") &&
			 !http_is(word, "http2-settings"))
			return fail(r->fault, 400, "Connection names other fields");
	}
	return true;
}

static bool read_upgrade(struct reading *r, struct http_text value)
{
	if (r->upgrade)
		return fail(r->fault, 400, "two Upgrade fields");
	r->upgrade = http_is(value, "websocket") ? HTTP_WEBSOCKET : HTTP_OTHER_UPGRADE;
	return true;
}

static bool read_expect(struct reading *r, struct http_text value)
{
	if (r->head->expects || !http_is(value, "100-continue"))
		return fail(r->fault, 417, "Expect is not just '100-continue'");
	r->head->expects = true;
	return true;
}

/* @hop: not passed on, but said anew by who passes the message on */
static const struct {
	const char *name;
	bool hop;
	reader *read;
} known[] = {
	{ "Host", true, read_host },
	{ "Content-Length", true, read_length },
	{ "Transfer-Encoding", true, read_transfer },
	{ "Connection", true, read_connection },
	{ "Upgrade", true, read_upgrade },
	{ "Expect", true, read_expect },
	{ "Keep-Alive", true, NULL },
	{ "Proxy-Connection", true, NULL },
	{ "Proxy-Authorization", true, NULL },
	{ "TE", true, NULL },
	{ "Trailer", true, NULL },
	{ "HTTP2-Settings", true, NULL },
};

bool http_hop(const struct http_field *field)
{
	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		if (http_is(field->name, known[i].name))
			return known[i].hop;
	}
	return false;
}

/* Is it a name that matters, spelled so that only some see it? */
static bool is_disguised(struct http_text name)
{
	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		const char *word = known[i].name;
		size_t at = 0;

		if (strlen(word) != name.len || http_is(name, word))
			continue;
		while (at < name.len && (!strncasecmp(name.at + at, word + at, 1) ||
					 (name.at[at] == '_' && word[at] == '-')))
			at++;
		if (at == name.len)
			return true;
	}
	return false;
}

static bool notice(struct reading *r, const struct http_field *field)
{
	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		if (known[i].read && http_is(field->name, known[i].name))
			return known[i].read(r, field->value);
	}
	if (is_disguised(field->name))
		return fail(r->fault, 400, "a field's name is misspelled on purpose");
	return true;
}

/* Take the next line, without its end. Return: false when there is none */
static bool next_line(struct http_text *rest, struct http_text *line)
{
	const char *end = memchr(rest->at, '\r', rest->len);

	if (!end || (size_t)(end - rest->at) + 1 >= rest->len || end[1] != '\n')
		return false;
	*line = (struct http_text){ rest->at, (size_t)(end - rest->at) };
	rest->len -= line->len + 2;
	rest->at = end + 2;
	return true;
}

static bool split_field(struct http_text line, struct http_field *field, struct http_fault *fault)
{
	size_t name = 0, value;

	if (is_blank(line.at[0]))
		return fail(fault, 400, "a line continues the one before");
	while (name < line.len && is_token(line.at[name]))
		name++;
	if (!name || name == line.len || line.at[name] != ':')
		return fail(fault, 400, "a line is no field");
	value = name + 1;
	while (value < line.len && is_blank(line.at[value]))
		value++;
	while (line.len > value && is_blank(line.at[line.len - 1]))
		line.len--;
	for (size_t i = value; i < line.len; i++) {
		if (!is_value(line.at[i]))
			return fail(fault, 400, "a field has control characters");
	}
	field->name = (struct http_text){ line.at, name };
	field->value = (struct http_text){ line.at + value, line.len - value };
	return true;
}

static bool read_fields(struct reading *r, struct http_text rest)
{
	struct http_text line;

	while (next_line(&rest, &line)) {
		struct http_field *field = &r->head->fields[r->head->nfields];

		if (!line.len)
			return !rest.len || fail(r->fault, 400, "an empty line inside");
		if (r->head->nfields == HTTP_FIELDS_MAX)
			return fail(r->fault, 431, "too many fields");
		if (!split_field(line, field, r->fault) || !notice(r, field))
			return false;
		r->head->nfields++;
	}
	return fail(r->fault, 400, "a line has no end");
}

/* What the fields say together */
static bool conclude(struct reading *r)
{
	struct http_head *head = r->head;

	if (r->chunked && r->length)
		return fail(r->fault, 400, "both Content-Length and Transfer-Encoding");
	if (r->chunked && head->old)
		return fail(r->fault, 400, "Transfer-Encoding in HTTP/1.0");
	if (r->chunked)
		head->body = HTTP_CHUNKED;
	else if (r->length && head->length)
		head->body = HTTP_LENGTH;
	head->sized = r->length;
	head->close = head->close || head->old;
	if (r->asks_upgrade && r->upgrade)
		head->upgrade = r->upgrade;
	return true;
}

static bool read_version(struct http_text text, struct http_head *head, struct http_fault *fault)
{
	head->old = is_exactly(text, "HTTP/1.0");
	if (!head->old && !is_exactly(text, "HTTP/1.1"))
		return fail(fault, 505, "not HTTP/1.1");
	return true;
}

static bool read_request_line(struct http_text line, struct http_head *head,
			      struct http_fault *fault)
{
	size_t method = 0, target;

	while (method < line.len && is_token(line.at[method]))
		method++;
	if (!method || method == line.len || line.at[method] != ' ')
		return fail(fault, 400, "not an HTTP request");
	if (method > HTTP_METHOD_MAX)
		return fail(fault, 501, "the method is too long");
	head->method = (struct http_text){ line.at, method };
	target = method + 1;
	while (target < line.len && line.at[target] > ' ' && line.at[target] < 0x7f)
		target++;
	if (target == line.len || line.at[target] != ' ')
		return fail(fault, 400, "not an HTTP request");
	head->target = (struct http_text){ line.at + method + 1, target - method - 1 };
	if (head->target.len > HTTP_TARGET_MAX)
		return fail(fault, 414, "the path is too long");
	return read_version((struct http_text){ line.at + target + 1, line.len - target - 1 }, head,
			    fault);
}

bool http_request_parse(const char *data, size_t len, struct http_head *head,
			struct http_fault *fault)
{
	struct http_text rest = { data, len }, line;
	struct reading reading = { .head = head, .fault = fault };

	memset(head, 0, sizeof(*head));
	if (!next_line(&rest, &line))
		return fail(fault, 400, "not an HTTP request");
	if (!read_request_line(line, head, fault) || !read_fields(&reading, rest) ||
	    !conclude(&reading))
		return false;
	if (!reading.host)
		return fail(fault, 400, "no Host field");
	return true;
}

/* HTTP/1.1 200 and perhaps words */
static bool read_status_line(struct http_text line, struct http_head *head,
			     struct http_fault *fault)
{
	const char *at = line.at + 9;

	if (line.len < 12 || line.at[8] != ' ' ||
	    !read_version((struct http_text){ line.at, 8 }, head, fault))
		return fail(fault, 502, "not an HTTP answer");
	for (unsigned i = 0; i < 3; i++) {
		if (at[i] < '0' || at[i] > '9')
			return fail(fault, 502, "not an HTTP answer");
		head->status = head->status * 10 + (unsigned)(at[i] - '0');
	}
	if (head->status < 100 || (line.len > 12 && at[3] != ' '))
		return fail(fault, 502, "not an HTTP answer");
	for (size_t i = 12; i < line.len; i++) {
		if (!is_value(line.at[i]))
			return fail(fault, 502, "not an HTTP answer");
	}
	return true;
}

bool http_answer_parse(const char *data, size_t len, bool no_body, struct http_head *head,
		       struct http_fault *fault)
{
	struct http_text rest = { data, len }, line;
	struct reading reading = { .head = head, .fault = fault };

	memset(head, 0, sizeof(*head));
	if (!next_line(&rest, &line))
		return fail(fault, 502, "not an HTTP answer");
	if (!read_status_line(line, head, fault) || !read_fields(&reading, rest) ||
	    !conclude(&reading)) {
		fault->status = 502;
		return false;
	}
	if (head->status < 200 || head->status == 204 || head->status == 304 || no_body) {
		head->body = HTTP_EMPTY;
	} else if (head->body == HTTP_EMPTY && !reading.length) {
		head->body = HTTP_UNTIL_CLOSE;
		head->close = true;
	}
	return true;
}
