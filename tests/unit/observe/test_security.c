// SPDX-License-Identifier: GPL-2.0-only
/* test_security.c - which requests the observatory's server answers, case by case */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>
#include "observe/http/security.h"
#include "vitrine/util.h"

static struct security rules(const char *address)
{
	struct security security;
	struct error err;

	assert_int_equal(security_init(&security, address, 8080, &err), 0);
	return security;
}

static enum verdict host(const char *address, const char *name)
{
	const struct security security = rules(address);
	const struct request_head head = { .host = name, .open = true };

	return security_judge(&security, &head);
}

static void test_host(void **state)
{
	static const char *const good[] = { "localhost",  "LocalHost:1",  "127.0.0.1:8080",
					    "[::1]:8080", "[0:0:0:0::1]", "127.0.0.1" };
	static const char *const bad[] = { "",
					   "evil",
					   "localhost.",
					   "localhost:x",
					   "127.0.0.1:8 0",
					   "[::1",
					   "[::1]x",
					   ":80",
					   "[]",
					   "127.1",
					   "127.0.0.2",
					   "0177.0.0.1",
					   "localhost:80:80",
					   "::1",
					   "localhost/" };

	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		assert_int_equal(host("127.0.0.1", good[i]), VERDICT_ALLOWED);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(host("127.0.0.1", bad[i]), VERDICT_HOST);
	assert_int_equal(host("127.0.0.1", NULL), VERDICT_HOST);
	/* Bound to one address: that one; to all: any literal one, which nobody can rebind */
	assert_int_equal(host("10.1.2.3", "10.1.2.3:80"), VERDICT_ALLOWED);
	assert_int_equal(host("10.1.2.3", "localhost"), VERDICT_HOST);
	assert_int_equal(host("0.0.0.0", "192.0.2.7"), VERDICT_ALLOWED);
	assert_int_equal(host("::", "[2001:db8::1]:8080"), VERDICT_ALLOWED);
	assert_int_equal(host("0.0.0.0", "evil.example"), VERDICT_HOST);
}

static void test_names(void **state)
{
	struct security security = rules("0.0.0.0");
	struct request_head head = { .host = "Box.Example:8080", .open = true };
	struct error err;

	assert_int_equal(security_judge(&security, &head), VERDICT_HOST);
	assert_int_equal(security_name(&security, "box.example", &err), 0);
	assert_int_equal(security_judge(&security, &head), VERDICT_ALLOWED);
	assert_int_equal(security_name(&security, "a b", &err), -1);
	assert_int_equal(security_name(&security, "", &err), -1);
	for (size_t i = 1; i < SECURITY_NAMES_MAX; i++)
		assert_int_equal(security_name(&security, "x", &err), 0);
	assert_int_equal(security_name(&security, "x", &err), -1);
	assert_int_equal(security_init(&security, "localhost", 1, &err), -1);
}

static void test_site(void **state)
{
	static const struct {
		struct request_head head;
		enum verdict verdict;
	} cases[] = {
		{ { .origin = "http://localhost:8080" }, VERDICT_ALLOWED },
		{ { .origin = "HTTPS://localhost:8080" }, VERDICT_ALLOWED },
		{ { .origin = "http://localhost:8081" }, VERDICT_SITE },
		{ { .origin = "http://localhost:80800" }, VERDICT_SITE },
		{ { .origin = "null" }, VERDICT_SITE },
		{ { .origin = "" }, VERDICT_SITE },
		{ { .fetch_site = "same-origin" }, VERDICT_ALLOWED },
		{ { .fetch_site = "none" }, VERDICT_ALLOWED },
		{ { .fetch_site = "same-site" }, VERDICT_SITE },
		{ { .fetch_site = "" }, VERDICT_SITE },
		{ { .fetch_site = "cross-site", .fetch_mode = "navigate" }, VERDICT_SITE },
		{ { .fetch_site = "cross-site", .fetch_mode = "navigate", .page = true },
		  VERDICT_ALLOWED },
		{ { .fetch_site = "cross-site", .fetch_mode = "cors", .page = true },
		  VERDICT_SITE },
		{ { .fetch_site = "cross-site", .page = true }, VERDICT_SITE },
		{ { .post = true, .content_type = "application/json" }, VERDICT_ALLOWED },
		{ { .post = true, .content_type = "Application/JSON; charset=utf-8" },
		  VERDICT_ALLOWED },
		{ { .post = true, .content_type = "application/jsonp" }, VERDICT_TYPE },
		{ { .post = true, .content_type = "text/plain" }, VERDICT_TYPE },
		{ { .post = true }, VERDICT_TYPE },
	};
	const struct security security = rules("127.0.0.1");

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct request_head head = cases[i].head;

		head.host = "localhost:8080";
		assert_int_equal(security_judge(&security, &head), cases[i].verdict);
	}
}

static void test_token(void **state)
{
	struct security security = rules("10.0.0.1");
	char bearer[80], wrong[SECURITY_TOKEN_MAX + 1];
	struct request_head head = { .host = "10.0.0.1" };

	assert_int_equal(strlen(security.token), SECURITY_TOKEN_MAX - 1);
	assert_string_not_equal(security.token, security.session);
	assert_int_equal(security_judge(&security, &head), VERDICT_TOKEN);
	snprintf(bearer, sizeof(bearer), "bearer %s", security.token);
	head.authorization = bearer;
	assert_int_equal(security_judge(&security, &head), VERDICT_ALLOWED);
	head.authorization = security.token;
	assert_int_equal(security_judge(&security, &head), VERDICT_TOKEN);
	head.authorization = NULL;
	head.cookie = security.session;
	assert_int_equal(security_judge(&security, &head), VERDICT_ALLOWED);
	head.cookie = security.token;
	assert_int_equal(security_judge(&security, &head), VERDICT_TOKEN);
	head.cookie = "";
	assert_int_equal(security_judge(&security, &head), VERDICT_TOKEN);
	snprintf(wrong, sizeof(wrong), "%sx", security.token);
	head.token = wrong;
	assert_int_equal(security_judge(&security, &head), VERDICT_TOKEN);
	wrong[SECURITY_TOKEN_MAX - 2] = 0;
	assert_int_equal(security_judge(&security, &head), VERDICT_TOKEN);
	head.token = security.token;
	assert_int_equal(security_judge(&security, &head), VERDICT_EXCHANGE);
	head.post = true;
	head.content_type = "application/json";
	assert_int_equal(security_judge(&security, &head), VERDICT_TOKEN);
	head = (struct request_head){ .host = "10.0.0.1", .open = true };
	assert_int_equal(security_judge(&security, &head), VERDICT_ALLOWED);
	/* Loopback has one as well, for those who demand it */
	security = rules("127.0.0.1");
	head = (struct request_head){ .host = "127.0.0.1" };
	assert_int_equal(security_judge(&security, &head), VERDICT_ALLOWED);
	security.closed = true;
	assert_int_equal(security_judge(&security, &head), VERDICT_TOKEN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_host),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_site),
		cmocka_unit_test(test_token),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
