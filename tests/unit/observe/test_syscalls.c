// SPDX-License-Identifier: GPL-2.0-only
/* test_syscalls.c - the table of system calls is x86-64's, and its captures can be carried out */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "observe/decode/calls.h"
#include "observe/region/names.h"
#include "vitrine/util.h"

#define HEADER "/usr/include/x86_64-linux-gnu/asm/unistd_64.h"
#define NEWEST 462 /* mseal, Linux 6.12 */

static void numbers_are_those_of_the_host_header(void **state)
{
	cleanup_fclose FILE *file = fopen(HEADER, "r");
	char line[256], name[64];
	int nr, known = 0;

	if (!file)
		fail_msg("no %s: scripts/setup test installs linux-libc-dev", HEADER);
	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, "#define __NR_%63s %d", name, &nr) != 2 || nr > NEWEST)
			continue;
		if (!call_name(nr) || strcmp(call_name(nr), name))
			fail_msg("%d is %s, not %s", nr, name, call_name(nr));
		assert_int_equal(call_find(name), nr);
		known++;
	}
	assert_true(known > 300);
}

static void numbers_outside_are_no_call(void **state)
{
	static const int64_t none[] = {
		-1, INT64_MIN, INT64_MAX, 336, 423, NEWEST + 1, VT_TELEMETRY_CALLS,
	};

	for (size_t i = 0; i < ARRAY_SIZE(none); i++) {
		assert_null(call_name(none[i]));
		assert_false(call_makes_fd(none[i]));
	}
	assert_non_null(call_name(NEWEST));
	assert_int_equal(call_find("no_such_call"), -1);
	assert_true(call_makes_fd(call_find("openat")));
	assert_false(call_makes_fd(call_find("close")));
}

static bool is_number(unsigned kind)
{
	return kind == VT_ARG_SIZE || kind == VT_ARG_INT || kind == VT_ARG_UINT ||
	       kind == VT_ARG_ULONG;
}

/* What says how much memory an argument has must be where the capture looks for it */
static bool length_is_there(unsigned capture, unsigned next)
{
	switch (capture) {
	case VT_CAPTURE_BUFFER:
	case VT_CAPTURE_ARRAY:
	case VT_CAPTURE_VECTOR:
	case VT_CAPTURE_OUT_VECTOR:
	case VT_CAPTURE_POLLFDS:
	case VT_CAPTURE_MESSAGES:
	case VT_CAPTURE_OUT_MESSAGES:
		return is_number(next);
	case VT_CAPTURE_OUT_LENGTH:
		return next == VT_ARG_LENGTH_POINTER;
	default:
		return true;
	}
}

static void captures_find_their_length(void **state)
{
	for (int nr = 0; nr <= NEWEST; nr++) {
		bool ended = false;

		for (unsigned i = 0; call_name(nr) && i < CALL_ARGS; i++) {
			unsigned kind = call_argument(nr, i), next = call_argument(nr, i + 1);

			assert_true(kind < VT_NR_ARG_KINDS);
			assert_false(ended && kind != VT_ARG_NONE);
			ended = kind == VT_ARG_NONE;
			if (!length_is_there(arg_capture[kind].capture, next))
				fail_msg("%s: argument %u has no length", call_name(nr), i);
		}
	}
}

/* All that is kept of one call must fit into a record */
static void captures_fit_into_an_event(void **state)
{
	for (int nr = 0; nr <= NEWEST; nr++) {
		size_t most = sizeof(struct vt_event) + sizeof(struct vt_event_syscall);

		for (unsigned i = 0; call_name(nr) && i < CALL_ARGS; i++) {
			const struct arg_capture *kind = &arg_capture[call_argument(nr, i)];
			bool both = kind->capture == VT_CAPTURE_BOTH_BYTES ||
				    kind->capture == VT_CAPTURE_BOTH_STRING ||
				    kind->capture == VT_CAPTURE_FDSET;

			most += (1 + both) * (sizeof(struct vt_event_data) + kind->size);
		}
		assert_true(most < VT_EVENT_MAX);
	}
}

static void every_family_has_a_name_and_a_call(void **state)
{
	unsigned calls[VT_NR_FAMILIES] = { 0 };

	for (int nr = 0; nr <= NEWEST; nr++)
		calls[call_family(nr)] += call_name(nr) != NULL;
	for (unsigned i = 0; i < VT_NR_FAMILIES; i++) {
		assert_string_not_equal(name_of(NAMES_FAMILY, i), "?");
		assert_true(calls[i] > 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_are_those_of_the_host_header),
		cmocka_unit_test(numbers_outside_are_no_call),
		cmocka_unit_test(captures_find_their_length),
		cmocka_unit_test(captures_fit_into_an_event),
		cmocka_unit_test(every_family_has_a_name_and_a_call),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
