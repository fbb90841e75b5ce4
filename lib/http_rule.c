// SPDX-License-Identifier: GPL-2.0-only
/* http_rule.c - what rules say about a request
 *
 * Theory of operation
 * Servers differ in what they make of a path. So a path is read twice: as it is written, with
 * nothing undone but escapes that mean the same everywhere (%41 is 'A'); and as the most eager
 * server would read it, with every escape undone, '\' taken for '/', slashes merged, and what
 * follows a ';' in a segment cut off. Where the eager reading has a segment '.' or '..', or still
 * has escapes of those, the two may be in different places altogether, and the request is refused.
 */
#include "lib/http_rule.h"

#include <string.h>
#include <strings.h>

#include "vitrine/util.h"

/**
 * struct readings - of a path, both NUL terminated
 */
struct readings {
	char written[HTTP_TARGET_MAX + 1], eager[HTTP_TARGET_MAX + 1];
};

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The value of the escape at @at, or -1 */
static int escape(const char *at, size_t left)
{
	if (left < 3 || *at != '%' || digit(at[1]) < 0 || digit(at[2]) < 0)
		return -1;
	return digit(at[1]) << 4 | digit(at[2]);
}

static bool unreserved(int c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c > 0 && strchr("-._~", c));
}

bool http_target_valid(struct http_text target, struct http_fault *fault)
{
	size_t i = 0;

	if (!target.len || *target.at != '/') {
		*fault = (struct http_fault){ 400, "the target is not a path" };
		return false;
	}
	for (; i < target.len; i++) {
		const char c = target.at[i];

		if (c <= ' ' || c >= 0x7f || c == '#' || c == '\\' ||
		    (c == '%' && escape(target.at + i, target.len - i) < 0)) {
			*fault = (struct http_fault){ 400, "the path has characters that it may "
							   "not have" };
			return false;
		}
	}
	return true;
}

static void read_written(const char *path, size_t len, char *out)
{
	size_t used = 0;

	for (size_t i = 0; i < len; i++) {
		const int c = escape(path + i, len - i);

		if (unreserved(c)) {
			out[used++] = (char)c;
			i += 2;
		} else {
			out[used++] = path[i];
		}
	}
	out[used] = '\0';
}

/* Undo every escape once. Return: the length, 0 when that gives a NUL */
static size_t undo(const char *path, size_t len, char *out)
{
	size_t used = 0;

	for (size_t i = 0; i < len; i++) {
		const int c = escape(path + i, len - i);

		if (!c)
			return 0;
		out[used++] = c > 0 ? (char)c : path[i];
		i += c > 0 ? 2 : 0;
	}
	return used;
}

/* Would undoing it a second time give what changes the place? */
static bool escaped_twice(const char *path, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		const int c = escape(path + i, len - i);

		if (c == '.' || c == '/' || c == '\\' || c == ';' || c == '%' || c == 0)
			return true;
	}
	return false;
}

/* Merge slashes, cut parameters off. Return: false for '.' and '..' */
static bool read_eager(const char *path, size_t len, char *out)
{
	static char plain[HTTP_TARGET_MAX + 1];
	size_t used = 0, segment = 0;
	bool cut = false;

	len = undo(path, len, plain);
	if (!len || escaped_twice(plain, len))
		return false;
	for (size_t i = 0; i <= len; i++) {
		const char c = i == len ? '/' : plain[i] == '\\' ? '/' : plain[i];

		if (c != '/') {
			cut = cut || c == ';';
			if (!cut)
				out[used++] = c;
			continue;
		}
		if ((used - segment == 1 && out[segment] == '.') ||
		    (used - segment == 2 && !memcmp(out + segment, "..", 2)))
			return false;
		cut = false;
		if (i < len && (!used || out[used - 1] != '/'))
			out[used++] = '/';
		segment = used;
	}
	out[used] = '\0';
	return true;
}

static bool same(char a, char b, bool any_case)
{
	return any_case ? !strncasecmp(&a, &b, 1) : a == b;
}

/* Does the pattern, up to a '/' or its end, match all of @text? '*' stands for anything */
static bool segment_matches(const char *pattern, size_t plen, const char *text, size_t len,
			    bool any_case)
{
	size_t p = 0, t = 0, star = SIZE_MAX, from = 0;

	while (t < len) {
		if (p < plen && pattern[p] == '*') {
			star = p++;
			from = t;
		} else if (p < plen && same(pattern[p], text[t], any_case)) {
			p++;
			t++;
		} else if (star != SIZE_MAX) {
			p = star + 1;
			t = ++from;
		} else {
			return false;
		}
	}
	while (p < plen && pattern[p] == '*')
		p++;
	return p == plen;
}

static bool path_matches(const char *pattern, const char *path, bool any_case)
{
	for (;;) {
		const size_t plen = strcspn(pattern, "/"), len = strcspn(path, "/");

		/* The last star takes whatever follows */
		if (!pattern[plen] && plen && pattern[plen - 1] == '*' && path[len])
			return segment_matches(pattern, plen, path, len, any_case);
		if (!segment_matches(pattern, plen, path, len, any_case))
			return false;
		if (!pattern[plen] || !path[len])
			return pattern[plen] == path[len];
		pattern += plen + 1;
		path += len + 1;
	}
}

static bool method_matches(const struct http_rule *rule, struct http_text method)
{
	const char *word = rule->methods;

	if (!strcmp(word, "*"))
		return !http_is(method, "WEBSOCKET");
	for (;; word++) {
		const size_t len = strcspn(word, ",");

		if (len == method.len && !(rule->allow ? strncmp(word, method.at, len)
						       : strncasecmp(word, method.at, len)))
			return true;
		word += len;
		if (!*word)
			return false;
	}
}

bool http_rule_concerns(const struct http_rule *rule, const char *host, uint16_t port)
{
	const size_t len = strlen(host), tail = strlen(rule->host);

	if (port != rule->port)
		return false;
	if (!rule->below)
		return !strcmp(host, rule->host);
	return len > tail + 1 && host[len - tail - 1] == '.' &&
	       !strcmp(host + len - tail, rule->host);
}

static bool rule_matches(const struct http_rule *rule, const struct readings *readings)
{
	const bool written = path_matches(rule->path, readings->written, !rule->allow);
	const bool eager = path_matches(rule->path, readings->eager, !rule->allow);

	return rule->allow ? written && eager : written || eager;
}

bool http_decide(const struct http_rule *rules, size_t count, const char *host, uint16_t port,
		 bool plain, struct http_text method, struct http_text target, const char **why)
{
	static struct readings readings;
	const char *query = memchr(target.at, '?', target.len);
	const size_t len = query ? (size_t)(query - target.at) : target.len;

	*why = "no rule allows it";
	if (len > HTTP_TARGET_MAX)
		return false;
	read_written(target.at, len, readings.written);
	if (!read_eager(target.at, len, readings.eager)) {
		*why = "the path can be read in two ways";
		return false;
	}
	for (size_t i = 0; i < count; i++) {
		const struct http_rule *rule = &rules[i];

		if (rule->plain != plain || !http_rule_concerns(rule, host, port) ||
		    !method_matches(rule, method) || !rule_matches(rule, &readings))
			continue;
		*why = rule->text;
		return rule->allow;
	}
	return false;
}
