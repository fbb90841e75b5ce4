// SPDX-License-Identifier: GPL-2.0-only
/* result.c - what stands behind a call's equals sign, the way strace writes it
 *
 * Most results are a number, an address, or a descriptor with what it stands for; a table has the
 * calls whose result means something else, or is told together with what the call has filled in.
 */

#include <fcntl.h>
#include <poll.h>
#include "parts.h"
#include "observe/region/names.h"
#include "vitrine/util.h"

static bool is_address(int64_t nr)
{
	return nr == VT_SYS_mmap || nr == VT_SYS_brk || nr == VT_SYS_mremap || nr == VT_SYS_shmat;
}

static void descriptor_result(struct text *t, const struct call *call)
{
	const struct event_data *path =
	    call->options->paths ? call_data(call, VT_DATA_RESULT, 0) : NULL;

	text_signed(t, call->result);
	if (path)
		path_text(t, path);
}

static void fcntl_result(struct text *t, const struct call *call)
{
	switch (call->args[1]) {
	case F_GETFD:
		text_hex(t, (uint64_t)call->result);
		text_put(t, call->result & FD_CLOEXEC ? " (flags FD_CLOEXEC)" : "");
		return;
	case F_GETFL:
		text_hex(t, (uint64_t)call->result);
		text_put(t, " (flags ");
		names_text(t, &names_open, (uint64_t)call->result);
		text_char(t, ')');
		return;
	default:
		descriptor_result(t, call);
	}
}

/* What is left of a time that the call has written back */
static void left_text(struct text *t, const struct call *call, unsigned arg, const char *before)
{
	const struct event_data *left = call_data(call, arg, 1);

	if (!left || left->len < 16)
		return;
	text_put(t, before);
	text_put(t, "left ");
	if (call->nr == VT_SYS_select)
		timeval_text(t, left, 0);
	else
		timespec_text(t, left, 0);
}

/* Descriptors that have something: in what the kernel gave back */
static void poll_result(struct text *t, const struct call *call)
{
	const struct event_data *after = call_data(call, 0, 1);
	bool any = false;

	text_signed(t, call->result);
	if (call->result == 0)
		text_put(t, " (Timeout)");
	if (call->result <= 0 || !after)
		return;
	text_put(t, " ([");
	for (size_t at = 0; at + 8 <= after->len; at += 8) {
		if (!data_u16(after, at + 6))
			continue;
		text_format(t, "%s{fd=%d, revents=", any ? ", " : "", (int32_t)data_u32(after, at));
		names_text(t, &names_poll, data_u16(after, at + 6));
		text_char(t, '}');
		any = true;
	}
	text_char(t, ']');
	if (call->nr == VT_SYS_ppoll)
		left_text(t, call, 2, ", ");
	text_char(t, ')');
}

static void select_result(struct text *t, const struct call *call)
{
	static const char *const names[] = { "in", "out", "except" };
	uint64_t most = call->args[0] < 1024 ? call->args[0] : 1024;
	bool any = false;

	text_signed(t, call->result);
	if (call->result == 0)
		text_put(t, " (Timeout)");
	for (unsigned set = 0; call->result > 0 && set < ARRAY_SIZE(names); set++) {
		const struct event_data *after = call_data(call, 1 + set, 1);
		bool first = true;

		for (unsigned fd = 0; after && fd < most && fd / 8 < after->len; fd++) {
			if (!(after->bytes[fd / 8] >> fd % 8 & 1))
				continue;
			if (first)
				text_format(t, "%s%s [", any ? ", " : " (", names[set]);
			text_format(t, "%s%u", first ? "" : " ", fd);
			first = false;
			any = true;
		}
		if (!first)
			text_char(t, ']');
	}
	if (any)
		left_text(t, call, 4, ", ");
	if (any)
		text_char(t, ')');
}

static void recvmmsg_result(struct text *t, const struct call *call)
{
	text_signed(t, call->result);
	if (call->result == 0)
		text_put(t, " (Timeout)");
	if (call->result <= 0 || !call_data(call, 4, 1))
		return;
	left_text(t, call, 4, " (");
	text_char(t, ')');
}

static void policy_result(struct text *t, const struct call *call)
{
	text_unsigned(t, (uint64_t)call->result);
	text_put(t, " (");
	names_text(t, &names_sched, (uint64_t)call->result);
	text_char(t, ')');
}

static void personality_result(struct text *t, const struct call *call)
{
	text_hex(t, (uint64_t)call->result);
	text_put(t, " (");
	names_text(t, &names_personality, (uint64_t)call->result);
	text_char(t, ')');
}

static void octal_result(struct text *t, const struct call *call)
{
	text_octal(t, (uint64_t)call->result);
}

static const struct {
	int nr;
	void (*print)(struct text *t, const struct call *call);
} results[] = {
	{ VT_SYS_fcntl, fcntl_result },
	{ VT_SYS_poll, poll_result },
	{ VT_SYS_ppoll, poll_result },
	{ VT_SYS_recvmmsg, recvmmsg_result },
	{ VT_SYS_select, select_result },
	{ VT_SYS_pselect6, select_result },
	{ VT_SYS_umask, octal_result },
	{ VT_SYS_personality, personality_result },
	{ VT_SYS_sched_getscheduler, policy_result },
};

void call_result_text(struct text *t, const struct call *call)
{
	if (call->no_return) {
		/* A successful exec is told as strace tells it */
		text_char(t, call->nr == VT_SYS_execve || call->nr == VT_SYS_execveat ? '0' : '?');
		return;
	}
	if (call_failed(call)) {
		text_put(t, "-1 ");
		errno_text(t, (int)-call->result);
		return;
	}
	for (unsigned i = 0; i < ARRAY_SIZE(results); i++) {
		if (results[i].nr == call->nr) {
			results[i].print(t, call);
			return;
		}
	}
	if (is_address(call->nr))
		text_hex(t, (uint64_t)call->result);
	else if (call_makes_fd(call->nr))
		descriptor_result(t, call);
	else
		text_signed(t, call->result);
}
