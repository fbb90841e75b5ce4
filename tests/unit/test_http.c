// SPDX-License-Identifier: GPL-2.0-only
/* test_http.c - requests: how they are read, and which of them rules allow */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "lib/hello.h"
#include "lib/http.h"
#include "lib/http_rule.h"
#include "vitrine/util.h"

#define HOST "Host: a.example\r\n"
#define GET "GET / HTTP/1.1\r\n"

/* What becomes of a head: NULL, or why it is not taken */
static const char *request(const char *text, struct http_head *head)
{
	struct http_fault fault = { 0 };
	const long size = http_head_size(text, strlen(text), &fault);

	if (size < 0)
		return fault.why;
	if (!size)
		return "more";
	return http_request_parse(text, (size_t)size, head, &fault) ? NULL : fault.why;
}

static void what_can_be_read_in_two_ways_is_not_read(void **state)
{
	static const struct {
		const char *text, *why;
	} bad[] = {
		{ GET HOST "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", "both" },
		{ GET HOST "Content-Length: 1\r\nContent-Length: 1\r\n\r\n", "two Content-Length" },
		{ GET HOST "Content-Length: 1, 1\r\n\r\n", "no number" },
		{ GET HOST "Content-Length: +1\r\n\r\n", "no number" },
		{ GET HOST "Content-Length: \r\n\r\n", "no number" },
		{ GET HOST "Content-Length: 0x10\r\n\r\n", "no number" },
		{ GET HOST "Content-Length: 99999999999999999999\r\n\r\n", "no number" },
		{ GET HOST "Transfer-Encoding: gzip, chunked\r\n\r\n", "not just" },
		{ GET HOST "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
		  "not just" },
		{ GET HOST "Transfer-Encoding: xchunked\r\n\r\n", "not just" },
		{ GET HOST "Transfer-Encoding:\x0b"
			   "chunked\r\n\r\n",
		  "control" },
		{ GET HOST "Transfer-Encoding : chunked\r\n\r\n", "no field" },
		{ GET HOST " Transfer-Encoding: chunked\r\n\r\n", "continues" },
		{ GET HOST "X: a\r\n\tb\r\n\r\n", "continues" },
		{ GET HOST "Transfer_Encoding: chunked\r\n\r\n", "misspelled" },
		{ GET HOST "Content_Length: 1\r\n\r\n", "misspelled" },
		{ GET HOST "X: a\nTransfer-Encoding: chunked\r\n\r\n", "without CR" },
		{ GET HOST "X: a\rTransfer-Encoding: chunked\r\n\r\n", "no end" },
		{ GET HOST "X\r\n\r\n", "no field" },
		{ GET HOST ": x\r\n\r\n", "no field" },
		{ GET HOST HOST "\r\n", "two Host" },
		{ GET "X: a\r\n\r\n", "no Host" },
		{ GET HOST "Connection: close, Authorization\r\n\r\n", "names other" },
		{ GET HOST "Upgrade: a\r\nUpgrade: b\r\n\r\n", "two Upgrade" },
		{ "GET / HTTP/1.0\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n", "HTTP/1.0" },
		{ "GET / HTTP/2.0\r\n" HOST "\r\n", "not HTTP/1.1" },
		{ "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "not HTTP/1.1" },
		{ "GET / http/1.1\r\n" HOST "\r\n", "not HTTP/1.1" },
		{ "GET  / HTTP/1.1\r\n" HOST "\r\n", "not HTTP/1.1" },
		{ "GET /a b HTTP/1.1\r\n" HOST "\r\n", "not HTTP/1.1" },
		{ "GET /\tHTTP/1.1\r\n" HOST "\r\n", "not an HTTP request" },
		{ " GET / HTTP/1.1\r\n" HOST "\r\n", "not an HTTP request" },
		{ "GET /\r\n" HOST "\r\n", "not an HTTP request" },
		{ "\r\n" GET HOST "\r\n", "empty line" },
		{ "\x16\x03\x01 hello\r\n\r\n", "not an HTTP request" },
		{ "SSH-2.0-x\r\n\r\n", "not an HTTP request" },
	};
	struct http_head head;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		const char *why = request(bad[i].text, &head);

		if (!why || !strstr(why, bad[i].why))
			fail_msg("%s: %s", bad[i].text, why ?: "taken");
	}
}

static void what_can_be_read_is(void **state)
{
	struct http_head head;

	assert_null(request("POST /a?b HTTP/1.1\r\nhost: a.example\r\ncontent-length: 12\r\n"
			    "X-Empty:\r\nX-Latin: \xe9\r\nConnection: keep-alive\r\n\r\n",
			    &head));
	assert_true(http_is(head.method, "POST"));
	assert_true(http_is(head.host, "a.example"));
	assert_int_equal(head.body, HTTP_LENGTH);
	assert_int_equal(head.length, 12);
	assert_false(head.close);
	assert_int_equal(http_find(&head, "x-empty")->value.len, 0);
	assert_true(http_hop(http_find(&head, "connection")));
	assert_null(
	    request(GET HOST "Transfer-Encoding: Chunked\r\nExpect: 100-continue\r\n\r\n", &head));
	assert_int_equal(head.body, HTTP_CHUNKED);
	assert_true(head.expects);
	assert_null(request(GET HOST "Upgrade: websocket\r\nConnection: Upgrade\r\n\r\n", &head));
	assert_int_equal(head.upgrade, HTTP_WEBSOCKET);
	/* Who does not name it in Connection does not ask for it */
	assert_null(request(GET HOST "Upgrade: websocket\r\n\r\n", &head));
	assert_int_equal(head.upgrade, HTTP_NO_UPGRADE);
	assert_null(request("GET / HTTP/1.0\r\n" HOST "\r\n", &head));
	assert_true(head.old && head.close);
}

static void a_head_has_a_largest_size(void **state)
{
	static char text[HTTP_HEAD_MAX + 100];
	struct http_fault fault = { 0 };
	struct http_head head;
	size_t len;

	memset(text, 'a', sizeof(text));
	assert_int_equal(http_head_size(text, HTTP_HEAD_MAX - 1, &fault), 0);
	assert_int_equal(http_head_size(text, HTTP_HEAD_MAX, &fault), -1);
	assert_int_equal(fault.status, 431);
	len = (size_t)sprintf(text, GET HOST);
	for (unsigned i = 0; i < HTTP_FIELDS_MAX; i++)
		len += (size_t)sprintf(text + len, "X: y\r\n");
	sprintf(text + len, "\r\n");
	assert_string_equal(request(text, &head), "too many fields");
	len = (size_t)sprintf(text, "GET /");
	memset(text + len, 'a', HTTP_TARGET_MAX);
	sprintf(text + len + HTTP_TARGET_MAX, " HTTP/1.1\r\n" HOST "\r\n");
	assert_string_equal(request(text, &head), "the path is too long");
}

static const char *answer(const char *text, bool no_body, struct http_head *head)
{
	struct http_fault fault = { 0 };
	const long size = http_head_size(text, strlen(text), &fault);

	if (size <= 0)
		return "no head";
	return http_answer_parse(text, (size_t)size, no_body, head, &fault) ? NULL : fault.why;
}

static void answers(void **state)
{
	struct http_head head;

	assert_null(answer("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n", false, &head));
	assert_int_equal(head.body, HTTP_LENGTH);
	assert_null(answer("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n", true, &head));
	assert_int_equal(head.body, HTTP_EMPTY);
	assert_true(head.sized);
	assert_null(answer("HTTP/1.1 200 \r\n\r\n", false, &head));
	assert_int_equal(head.body, HTTP_UNTIL_CLOSE);
	assert_null(answer("HTTP/1.1 204\r\n\r\n", false, &head));
	assert_int_equal(head.body, HTTP_EMPTY);
	assert_null(answer("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", false, &head));
	assert_int_equal(head.body, HTTP_EMPTY);
	assert_false(head.close);
	assert_non_null(answer("HTTP/1.1 20 OK\r\n\r\n", false, &head));
	assert_non_null(answer("HTTP/1.1 2000 OK\r\n\r\n", false, &head));
	assert_non_null(answer("ICY 200 OK\r\n\r\n", false, &head));
	assert_non_null(answer("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n"
			       "Transfer-Encoding: chunked\r\n\r\n",
			       false, &head));
}

/* Read a body in chunks, so many bytes at a time. Return: the body, or why it is none */
static const char *chunks(const char *text, size_t step, bool is_answer)
{
	static char body[256];
	struct http_chunks machine = { .answer = is_answer };
	struct http_fault fault = { 0 };
	struct http_text data;
	size_t used, len = strlen(text);

	*body = '\0';
	while (len && machine.state != HTTP_CHUNK_END) {
		if (!http_chunks_take(&machine, text, len < step ? len : step, &used, &data,
				      &fault))
			return fault.why;
		strncat(body, data.at, data.len);
		text += used;
		len -= used;
	}
	return machine.state == HTTP_CHUNK_END ? body : "more";
}

static void bodies_in_chunks(void **state)
{
	static const struct {
		const char *text, *what;
		bool answer;
	} known[] = {
		{ "3\r\nabc\r\n0\r\n\r\n", "abc" },
		{ "3\r\nabc\r\nA\r\n0123456789\r\n000\r\n\r\nrest", "abc0123456789" },
		{ "3;x=y\r\nabc\r\n0\r\n\r\n", "abc", true },
		{ "3 \r\nabc\r\n0\r\nX: y\r\n\r\n", "abc", true },
		{ "3;x=y\r\nabc\r\n0\r\n\r\n", "a chunk's size is not a number" },
		{ "3\r\nabc\r\n0\r\nX: y\r\n\r\n", "fields behind the last chunk" },
		{ "3\r\nabcd\r\n0\r\n\r\n", "a chunk is longer than it says" },
		{ "3\nabc\r\n0\r\n\r\n", "a chunk's size is not a number" },
		{ "\r\nabc", "a chunk has no size" },
		{ "-1\r\n", "a chunk has no size" },
		{ "0x3\r\nabc\r\n", "a chunk's size is not a number" },
		{ "3\rabc", "a chunk's size has no end" },
		{ "1000000000000000\r\n", "a chunk's size is too large" },
		{ "0000000000000003\r\n", "a chunk's size is too large" },
		{ "0\r\n\n", "a line ends without CR" },
		{ "3\r\nab", "more" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		for (size_t step = 1; step < 8; step++)
			assert_string_equal(chunks(known[i].text, step, known[i].answer),
					    known[i].what);
	}
}

static struct http_rule rules[8];
static size_t nrules;

static void rule(bool allow, const char *methods, const char *url)
{
	struct error err = { 0 };

	if (http_rule_parse(&rules[nrules], allow, methods, url, &err))
		fail_msg("%s", err.text);
	nrules++;
}

static void forget(void)
{
	while (nrules)
		http_rule_free(&rules[--nrules]);
}

static bool may(const char *host, const char *method, const char *target)
{
	const char *why = NULL;
	const bool ok = http_decide(rules, nrules, host, 443, false,
				    (struct http_text){ method, strlen(method) },
				    (struct http_text){ target, strlen(target) }, &why);

	assert_non_null(why);
	return ok;
}

static void rules_about_paths(void **state)
{
	static const char *const allowed[] = {
		"/v1/",	       "/v1/a",	    "/v1/a/b",	"/v1/a?x=/../..", "/v1//a",	"/%76%31/a",
		"/v1/a%2Fb",   "/v1/%E4",   "/v1/a..b", "/v1/...",	  "/v1/@s%2fn", "/exact",
		"/r/x/issues", "/v1/a;b=c", "/v1/%20",	"/exact?a=b",
	};
	static const char *const refused[] = {
		"/",
		"/v1",
		"/v2/a",
		"/V1/a",
		"/v1/../admin",
		"/v1/..",
		"/v1/.",
		"/v1/%2e%2e/admin",
		"/v1/%2E./x",
		"/v1/..%2fadmin",
		"/v1/..%5cadmin",
		"/v1/%252e%252e/x",
		"/v1/%25%32%65/",
		"/v1/..;/admin",
		"/v1/%00",
		"/v1/a%252fb",
		"//v1/a",
		"/exact/",
		"/exactly",
		"/r/x/y/issues",
		"/r/x%2fy/issues",
		"/r/issues",
		"/exact;a",
		"/v1;x/a",
		"/v1%2fa",
		"/%2fv1/a",
		"/v1/%2e",
		"/x/../v1/a",
	};

	rule(true, "GET", "https://a.example/v1/*");
	rule(true, "GET", "https://a.example/exact");
	rule(true, "GET", "https://a.example/r/*/issues");
	for (size_t i = 0; i < ARRAY_SIZE(allowed); i++) {
		if (!may("a.example", "GET", allowed[i]))
			fail_msg("%s is refused", allowed[i]);
	}
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		if (may("a.example", "GET", refused[i]))
			fail_msg("%s is allowed", refused[i]);
	}
	forget();
}

static void rules_that_deny_match_in_any_reading(void **state)
{
	static const char *const refused[] = { "/admin/x",   "/%61dmin/x",   "//admin/x",
					       "/ADMIN/x",   "/a/..;/admin", "/x%2f..%2fadmin/",
					       "/admin;a/x", "/admin%2fx",   "/admin/" };

	rule(false, "*", "https://a.example/admin/*");
	rule(false, "DELETE", "https://a.example/*");
	rule(true, "*", "https://a.example/*");
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		if (may("a.example", "GET", refused[i]))
			fail_msg("%s is allowed", refused[i]);
	}
	assert_true(may("a.example", "GET", "/x"));
	assert_false(may("a.example", "DELETE", "/x"));
	assert_false(may("a.example", "delete", "/x"));
	forget();
}

static void rules_about_methods_and_hosts(void **state)
{
	const char *why;

	rule(true, "GET,HEAD", "https://a.example/*");
	rule(true, "*", "https://*.b.example/*");
	rule(true, "WEBSOCKET", "https://c.example/*");
	assert_true(may("a.example", "HEAD", "/"));
	assert_false(may("a.example", "POST", "/"));
	assert_false(may("a.example", "get", "/"));
	assert_false(may("a.example", "GE", "/"));
	assert_false(may("a.example", "GET,HEAD", "/"));
	assert_true(may("x.b.example", "PATCH", "/"));
	assert_false(may("b.example", "GET", "/"));
	assert_false(may("xb.example", "GET", "/"));
	/* Another protocol is none of "all methods" */
	assert_false(may("x.b.example", "WEBSOCKET", "/"));
	assert_true(may("c.example", "WEBSOCKET", "/"));
	assert_false(may("c.example", "GET", "/"));
	assert_false(http_decide(rules, nrules, "a.example", 80, true,
				 (struct http_text){ "GET", 3 }, (struct http_text){ "/", 1 },
				 &why));
	assert_false(http_decide(rules, nrules, "a.example", 8443, false,
				 (struct http_text){ "GET", 3 }, (struct http_text){ "/", 1 },
				 &why));
	forget();
}

static void targets(void **state)
{
	static const char *const bad[] = {
		"*", "http://a.example/", "a.example:443", "/a#b", "/a\\b", "/%4", "/%zz", "/\x80",
		""
	};
	struct http_fault fault;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_false(
		    http_target_valid((struct http_text){ bad[i], strlen(bad[i]) }, &fault));
	assert_true(http_target_valid((struct http_text){ "/a?b=%20|{}", 11 }, &fault));
}

static void mistakes_in_rules(void **state)
{
	static const struct {
		const char *methods, *url;
	} bad[] = {
		{ "GET", "a.example/" },
		{ "GET", "ftp://a.example/" },
		{ "GET", "https://a.example" },
		{ "GET", "https://1.2.3.4/" },
		{ "GET", "https://a.example:0/" },
		{ "GET", "https://a.example:x/" },
		{ "GET", "https://a_b!/" },
		{ "GET", "https://a.example/a?b" },
		{ "GET", "https://a.example/%41" },
		{ "GET", "https://a.example/a/../b" },
		{ "GET", "https://a.example//b" },
		{ "get", "https://a.example/" },
		{ "GET,", "https://a.example/" },
		{ "G*T", "https://a.example/" },
		{ "", "https://a.example/" },
		{ "GET", "https://u@a.example/" },
		{ "GET", "https://*.*.example/" },
		{ "GET", "https://[::1]/" },
	};
	struct http_rule one;
	struct error err;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		if (!http_rule_parse(&one, true, bad[i].methods, bad[i].url, &err))
			fail_msg("%s %s", bad[i].methods, bad[i].url);
	}
}

static void the_text_of_secrets(void **state)
{
	static const char *const bad[] = {
		"TOKEN",
		"TOKEN=value",
		"TOKEN=header:X",
		"=header:X@a.example",
		"1T=header:X@a.example",
		"T-X=header:X@a.example",
		"T=header:@a.example",
		"T=header:Host@a.example",
		"T=header:content-length@a.example",
		"T=header:X Y@a.example",
		"T=header:X@",
		"T=header:X@*.a.example",
		"T=header:X@1.2.3.4",
		"T=header:X@a.example,value=3",
		"T=header:X@a.example,file=",
		"T=header:X@ftp://a.example",
	};
	struct http_secret secret;
	struct error err;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		if (!http_secret_parse(&secret, bad[i], &err))
			fail_msg("%s", bad[i]);
		/* What should not have been written there is not repeated */
		assert_null(strstr(err.text, "TOKEN=value"));
	}
	assert_int_equal(
	    http_secret_parse(&secret, "T=header:X-Key@A.example:8443,file=/a,b", &err), 0);
	assert_string_equal(secret.host, "a.example");
	assert_string_equal(secret.file, "/a,b");
	assert_int_equal(secret.port, 8443);
	assert_false(secret.plain);
	assert_int_equal(http_secret_check(&secret, "good", 4, &err), 0);
	assert_int_equal(http_secret_check(&secret, "a\r\nb", 4, &err), -1);
	assert_int_equal(http_secret_check(&secret, "a\0b", 3, &err), -1);
	assert_int_equal(http_secret_check(&secret, "", 0, &err), -1);
	http_secret_free(&secret);
	assert_int_equal(http_secret_parse(&secret, "T=header:X@http://a.example", &err), 0);
	assert_true(secret.plain);
	assert_int_equal(secret.port, 80);
	assert_string_equal(secret.env, "T");
	http_secret_free(&secret);
}

/* A first message of TLS with one extension */
static size_t hello(uint8_t *out, const char *name)
{
	const size_t len = strlen(name);
	const uint8_t head[] = { 22, 3, 1, 0, 0, 1, 0, 0, 0, 3, 3 };
	uint8_t *at = out + sizeof(head);

	memcpy(out, head, sizeof(head));
	memset(at, 7, 32);
	at += 32;
	memcpy(at, "\0\0\2\x13\x01\1\0", 7);
	at += 7;
	const uint8_t extension[] = { 0, (uint8_t)(len + 9), 0, 0, 0,		(uint8_t)(len + 5),
				      0, (uint8_t)(len + 3), 0, 0, (uint8_t)len };

	memcpy(at, extension, sizeof(extension));
	memcpy(at + sizeof(extension), name, len);
	at += sizeof(extension) + len;
	out[4] = (uint8_t)(at - out - 5);
	out[8] = (uint8_t)(at - out - 9);
	return (size_t)(at - out);
}

static void the_name_in_tls(void **state)
{
	char name[HELLO_NAME_MAX + 1];
	uint8_t bytes[256];
	size_t len = hello(bytes, "A.Example");

	assert_int_equal(hello_parse(bytes, len, name), HELLO_NAMED);
	assert_string_equal(name, "a.example");
	for (size_t i = 0; i < len; i++)
		assert_int_equal(hello_parse(bytes, i, name), HELLO_MORE);
	bytes[8]--; /* says that it is shorter than it is */
	assert_int_equal(hello_parse(bytes, len, name), HELLO_BROKEN);
	len = hello(bytes, "a\x01.example");
	assert_int_equal(hello_parse(bytes, len, name), HELLO_BROKEN);
	assert_int_equal(hello_parse((const uint8_t *)"GET / HTTP", 10, name), HELLO_PLAIN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_can_be_read_in_two_ways_is_not_read),
		cmocka_unit_test(what_can_be_read_is),
		cmocka_unit_test(a_head_has_a_largest_size),
		cmocka_unit_test(answers),
		cmocka_unit_test(bodies_in_chunks),
		cmocka_unit_test(rules_about_paths),
		cmocka_unit_test(rules_that_deny_match_in_any_reading),
		cmocka_unit_test(rules_about_methods_and_hosts),
		cmocka_unit_test(targets),
		cmocka_unit_test(mistakes_in_rules),
		cmocka_unit_test(the_text_of_secrets),
		cmocka_unit_test(the_name_in_tls),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
