// SPDX-License-Identifier: GPL-2.0-only
/* test_options.c - options, sizes, times, suggestions: what is accepted and what each error says */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdbool.h>
#include <string.h>
#include "cli/common/cli.h"
#include "cli/common/options.h"
#include "vitrine/util.h"

struct target {
	bool flag;
	const char *text;
	unsigned number, seconds;
	uint64_t size;
	struct string_list list;
};

#define FIELD(member) offsetof(struct target, member)

static const struct option_spec specs[] = {
	{ 'f', "flag", NULL, option_flag, FIELD(flag), "a flag" },
	{ 't', "text", "T", option_string, FIELD(text), "a text" },
	{ 'n', "number", "N", option_unsigned, FIELD(number), "a number" },
	{ 0, "seconds", "S", option_seconds, FIELD(seconds), "a time" },
	{ 's', "size", "S", option_size, FIELD(size), "a size" },
	{ 'l', "list", "L", option_list, FIELD(list), "a list" },
	{ 'x', NULL, "X", option_unsigned, FIELD(number), NULL },
};

static const struct option_set set = { "test", "About.", specs, ARRAY_SIZE(specs) };

static int parse(struct target *t, struct error *err, const char *const *words)
{
	char *argv[16] = { "verb" };
	int argc = 1;

	memset(t, 0, sizeof(*t));
	memset(err, 0, sizeof(*err));
	for (; *words; words++)
		argv[argc++] = (char *)*words;
	argv[argc] = NULL;
	return options_parse(&set, t, argc, argv, err);
}

#define PARSE(t, err, ...) parse(t, err, (const char *const[]){ __VA_ARGS__, NULL })

static void test_accepts(void **state)
{
	struct target t;
	struct error err;

	assert_int_equal(PARSE(&t, &err, "-ft", "a", "--number=7", "--size", "2G", "rest"), 6);
	assert_true(t.flag);
	assert_string_equal(t.text, "a");
	assert_int_equal(t.number, 7);
	assert_true(t.size == 2ULL << 30);

	assert_int_equal(PARSE(&t, &err, "-n7", "--", "-f"), 3);
	assert_false(t.flag);
	assert_int_equal(PARSE(&t, &err, "operand", "-f"), 1);
	assert_false(t.flag);

	assert_int_equal(PARSE(&t, &err, "-l", "a", "--list=b"), 4);
	assert_int_equal(t.list.count, 2);
	assert_string_equal(t.list.items[1], "b");
	assert_null(t.list.items[2]);
	free(t.list.items);
}

static void test_anywhere(void **state)
{
	struct option_set anywhere = set;
	char *argv[] = { "verb", "operand", "-n", "7", "--", "-f", NULL };
	struct target t = { 0 };
	struct error err = { 0 };

	anywhere.anywhere = true;
	assert_int_equal(options_parse(&anywhere, &t, 6, argv, &err), 4);
	assert_int_equal(t.number, 7);
	assert_string_equal(argv[4], "operand");
	assert_string_equal(argv[5], "-f");
}

static void test_units(void **state)
{
	static const struct {
		const char *text;
		uint64_t bytes;
	} sizes[] = {
		{ "0", 0 },	   { "512", 512 },	 { "512M", 512ULL << 20 },
		{ "1k", 1024 },	   { "1g", 1ULL << 30 }, { "3T", 3ULL << 40 },
		{ "4096B", 4096 },
	};
	struct target t;
	struct error err;

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		assert_int_equal(PARSE(&t, &err, "--size", sizes[i].text), 3);
		assert_true(t.size == sizes[i].bytes);
	}
	assert_int_equal(PARSE(&t, &err, "--seconds", "5m"), 3);
	assert_int_equal(t.seconds, 300);
}

static void test_errors(void **state)
{
	static const struct {
		const char *words[3], *text;
	} cases[] = {
		{ { "-Z" }, "unknown option -Z" },
		{ { "-fZ" }, "unknown option -Z" },
		{ { "--txet" }, "did you mean --text?" },
		{ { "--nothing-like-it=3" }, "unknown option --nothing-like-it;" },
		{ { "--text" }, "--text needs a value" },
		{ { "-t" }, "--text needs a value" },
		{ { "-x" }, "-x needs a value" },
		{ { "--flag=1" }, "--flag takes no value" },
		{ { "-n", "x" }, "--number: 'x' is not a number" },
		{ { "-n", "1x" }, "is not a number" },
		{ { "-n", "-1" }, "is not a number" },
		{ { "-n", "" }, "is not a number" },
		{ { "-n", "4294967296" }, "is too large" },
		{ { "-s", "5X" }, "has an unknown unit" },
		{ { "-s", "99999999999999999999" }, "is too large" },
		{ { "-s", "17179869184G" }, "is too large" },
		{ { "--seconds", "50000000d" }, "is too large" },
	};
	struct target t;
	struct error err;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(parse(&t, &err, cases[i].words), -1);
		if (!strstr(err.text, cases[i].text))
			fail_msg("'%s' does not say '%s'", err.text, cases[i].text);
	}
}

static void test_suggest(void **state)
{
	static const char *const verbs[] = { "run", "exec", "image", "version" };

	assert_string_equal(cli_suggest("rnu", verbs, 4, sizeof(verbs[0])), "run");
	assert_string_equal(cli_suggest("imgae", verbs, 4, sizeof(verbs[0])), "image");
	assert_string_equal(cli_suggest("verison", verbs, 4, sizeof(verbs[0])), "version");
	assert_null(cli_suggest("zzz", verbs, 4, sizeof(verbs[0])));
	assert_null(cli_suggest("", verbs, 4, sizeof(verbs[0])));
	assert_null(cli_suggest("a-word-that-is-longer-than-any-name-could-be", verbs, 4,
				sizeof(verbs[0])));
}

static void test_error_text(void **state)
{
	struct error err = { 0 };
	char longer[2 * ERROR_TEXT_MAX];

	assert_int_equal(error_set(&err, 2, "file %s", "x"), -1);
	assert_string_equal(err.text, "file x: No such file or directory");
	assert_int_equal(err.code, 2);
	assert_int_equal(error_set(NULL, 2, "nobody cares"), -1);
	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	error_set(&err, 2, "%s", longer);
	assert_int_equal(strlen(err.text), ERROR_TEXT_MAX - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_accepts), cmocka_unit_test(test_anywhere),
		cmocka_unit_test(test_units),	cmocka_unit_test(test_errors),
		cmocka_unit_test(test_suggest), cmocka_unit_test(test_error_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
