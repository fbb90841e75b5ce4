// SPDX-License-Identifier: GPL-2.0-only
/* test_run_options.c - vitrine run: from words to a sandbox_config, and the guest's environment */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>
#include "cli/common/environment.h"
#include "cli/run/options.h"
#include "vitrine/util.h"

static int parse(struct run_options *o, struct error *err, const char *const *words)
{
	static char *argv[32];
	int argc = 1;

	argv[0] = "run";
	memset(err, 0, sizeof(*err));
	for (; *words; words++)
		argv[argc++] = (char *)*words;
	argv[argc] = NULL;
	return run_options_parse(o, argc, argv, err);
}

#define PARSE(o, err, ...) parse(o, err, (const char *const[]){ __VA_ARGS__, NULL })

static void test_operands(void **state)
{
	static const struct {
		const char *words[6], *image, *command;
	} cases[] = {
		{ { "mini" }, "mini", NULL },
		{ { "mini", "ls" }, "mini", "ls" },
		{ { "mini", "--", "ls" }, "mini", "ls" },
		{ { "--", "mini", "--", "ls" }, "mini", "ls" },
		{ { "-i", "mini", "-i" }, "mini", "-i" },
		{ { "mini", "--", "--" }, "mini", "--" },
		{ { "-S", "a.img", "--", "ls" }, "a.img", "ls" },
		{ { "-r", "a.img", "ls" }, "a.img", "ls" },
		{ { "-R", "a.img", "--", "--" }, "a.img", "--" },
	};
	struct run_options o;
	struct error err;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(parse(&o, &err, cases[i].words), 1);
		assert_string_equal(o.image, cases[i].image);
		if (cases[i].command)
			assert_string_equal(o.command[0], cases[i].command);
		else
			assert_null(o.command[0]);
		run_options_free(&o);
	}
}

static void test_cmdline(void **state)
{
	struct run_options o;
	struct error err;

	assert_int_equal(PARSE(&o, &err, "-k", "a=1", "--cmdline", "b c", "mini"), 1);
	assert_int_equal(o.cmdline.count, 2);
	assert_string_equal(o.cmdline.items[0], "a=1");
	assert_string_equal(o.cmdline.items[1], "b c");
	run_options_free(&o);
}

static void test_disks(void **state)
{
	struct run_options o;
	struct error err;

	assert_int_equal(
	    PARSE(&o, &err, "--disk", "a", "--disk", "b,ro", "--disk", "c,overlay=d", "mini"), 1);
	assert_int_equal(o.config.ndisks, 4);
	assert_string_equal(o.config.disks[1].path, "a");
	assert_false(o.config.disks[1].read_only);
	assert_true(o.config.disks[2].read_only);
	assert_string_equal(o.config.disks[3].overlay, "d");
	run_options_free(&o);
}

static void test_users(void **state)
{
	struct run_options o;
	struct error err;

	assert_int_equal(PARSE(&o, &err, "--user", "7", "mini"), 1);
	assert_int_equal(o.config.uid, 7);
	assert_int_equal(o.config.gid, 7);
	assert_int_equal(PARSE(&o, &err, "--user", "7:8", "mini"), 1);
	assert_int_equal(o.config.gid, 8);
	assert_int_equal(PARSE(&o, &err, "--user", "www-data", "mini"), 1);
	assert_string_equal(o.config.user, "www-data");
	assert_int_equal(PARSE(&o, &err, "--user", "www-data", "-0", "mini"), 1);
	assert_null(o.config.user);
	assert_int_equal(o.config.uid, 0);
}

static void test_errors(void **state)
{
	static const struct {
		const char *words[6], *text;
	} cases[] = {
		{ { NULL }, "which image?" },
		{ { "--disk", ",ro", "m" }, "has no file name" },
		{ { "--disk", "a,rw", "m" }, "'rw' is not one of" },
		{ { "--disk", "a,overlay=", "m" }, "is not one of" },
		{ { "--disk", "a,ro,overlay=b", "m" }, "exclude each other" },
		{ { "--user", "1:", "m" }, "neither" },
		{ { "--user", "4294967295", "m" }, "neither" },
		{ { "--user", "1x", "m" }, "neither" },
		{ { "--user", "a:b:c", "m" }, "neither" },
		{ { "--user", "", "m" }, "neither" },
		{ { "-w", "tmp", "m" }, "absolute" },
		{ { "--memory", "1M", "m" }, "at least 64M" },
		{ { "--memory", "2T", "m" }, "at most 1T" },
		{ { "--hostname", "a b", "m" }, "not a host name" },
		{ { "--name", "../x", "m" }, "cannot be a name" },
		{ { "--syscall-mode", "fast", "m" }, "auto, seccomp" },
		{ { "--mount-profile", "none", "m" }, "full, minimal" },
		{ { "--ephemeral", "--read-only", "m" }, "exclude each other" },
	};
	struct run_options o;
	struct error err;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(parse(&o, &err, cases[i].words), -1);
		if (!strstr(err.text, cases[i].text))
			fail_msg("'%s' does not say '%s'", err.text, cases[i].text);
		run_options_free(&o);
	}
}

static void test_too_many_disks(void **state)
{
	char *argv[2 * SANDBOX_DISKS_MAX + 4] = { "run" };
	struct run_options o;
	struct error err = { 0 };
	int argc = 1;

	for (int i = 0; i < SANDBOX_DISKS_MAX; i++) {
		argv[argc++] = "--disk";
		argv[argc++] = "a";
	}
	argv[argc++] = "mini";
	assert_int_equal(run_options_parse(&o, argc, argv, &err), -1);
	assert_non_null(strstr(err.text, "at most"));
	run_options_free(&o);
}

static void test_environment(void **state)
{
	struct environment env = { 0 };
	struct error err = { 0 };

	setenv("VITRINE_TEST", "host", 1);
	unsetenv("VITRINE_NONE");
	assert_int_equal(environment_set(&env, "A=1", &err), 0);
	assert_int_equal(environment_set(&env, "AB=2", &err), 0);
	assert_int_equal(environment_set(&env, "A=", &err), 0);
	assert_int_equal(environment_set(&env, "VITRINE_TEST", &err), 0);
	assert_int_equal(environment_set(&env, "VITRINE_NONE", &err), 0);
	assert_int_equal(env.count, 3);
	assert_string_equal(env.items[0], "A=");
	assert_string_equal(env.items[1], "AB=2");
	assert_string_equal(env.items[2], "VITRINE_TEST=host");
	assert_null(env.items[3]);

	assert_int_equal(environment_set(&env, "=x", &err), -1);
	assert_int_equal(environment_set(&env, "a b=x", &err), -1);
	environment_free(&env);
}

static void test_environment_file(void **state)
{
	char path[] = "/tmp/vitrine-env-XXXXXX";
	struct environment env = { 0 };
	struct error err = { 0 };
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_true(dprintf(fd, "# comment\n\nA=1 2 \"3\"\r\nB=#\n") > 0);
	assert_int_equal(environment_read(&env, path, &err), 0);
	assert_int_equal(env.count, 2);
	assert_string_equal(env.items[0], "A=1 2 \"3\"");
	assert_string_equal(env.items[1], "B=#");

	assert_true(dprintf(fd, "=bad\n") > 0);
	assert_int_equal(environment_read(&env, path, &err), -1);
	assert_non_null(strstr(err.text, "line 5"));
	unlink(path);
	close(fd);
	assert_int_equal(environment_read(&env, path, &err), -1);
	environment_free(&env);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_operands),    cmocka_unit_test(test_disks),
		cmocka_unit_test(test_cmdline),	    cmocka_unit_test(test_users),
		cmocka_unit_test(test_errors),	    cmocka_unit_test(test_too_many_disks),
		cmocka_unit_test(test_environment), cmocka_unit_test(test_environment_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
