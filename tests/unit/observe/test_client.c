// SPDX-License-Identifier: GPL-2.0-only
/* test_client.c - an observer of a sandbox that is there and says nothing */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "engine/control/rundir.h"
#include "observe/client/client.h"
#include "scratch.h"
#include "vitrine/util.h"

static int listener = -1;

static int run_directory(void **state)
{
	struct error err;

	if (scratch_setup(state))
		return -1;
	mkdir(scratch_path("run"), 0700);
	setenv("XDG_RUNTIME_DIR", scratch_path("run"), 1);
	cleanup_close int dir = rundir_open(&err);
	listener = dir < 0 ? -1 : rundir_listen(dir, "stopped", &err);
	return listener < 0 ? -1 : 0;
}

static int no_run_directory(void **state)
{
	close(listener);
	return scratch_teardown(state);
}

static void expect_silence(const struct error *err)
{
	assert_string_equal(err->text, "the sandbox stopped does not answer");
}

static void questions_have_an_end(void **state)
{
	const struct observe_wishes wishes = { .counters = true };
	struct error err = { 0 };
	struct observer *observer;
	size_t len;

	observer = observer_connect("stopped", &err);
	assert_non_null(observer);
	observer_patience(observer, 1);
	assert_null(observer_view(observer, VT_VIEW_MEMORY, 0, 0, NULL, &len, &err));
	expect_silence(&err);
	assert_true(observer_ended(observer));
	observer_close(observer);

	observer = observer_connect("stopped", &err);
	assert_non_null(observer);
	observer_patience(observer, 1);
	err = (struct error){ 0 };
	assert_int_equal(observer_wish(observer, &wishes, &err), -1);
	expect_silence(&err);
	observer_close(observer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(questions_have_an_end),
	};

	return cmocka_run_group_tests(tests, run_directory, no_run_directory);
}
