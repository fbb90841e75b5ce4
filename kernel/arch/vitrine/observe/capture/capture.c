// SPDX-License-Identifier: GPL-2.0-only
/* capture.c - the memory behind a system call's arguments, kept for its event
 *
 * Theory of operation
 * vitrine-syscalls.h says what each argument of each call is, and so what is kept. What goes in is
 * read when the call begins, because it may be gone at the end (exec), what comes out at the end.
 * Memory is read only where it is present: to fault it in would sleep, and could be noticed. A
 * string constant that the program has never touched is read at the end instead, when the call
 * itself has brought it in. How things are kept is keep.c's.
 */
#include <linux/bitops.h>
#include <linux/fcntl.h>
#include <linux/gfp.h>
#include <linux/kernel.h>
#include <linux/poll.h>
#include <asm/unistd.h>
#include "capture.h"

#define STRINGS_MAX 32 /* of an array of strings; more are only counted */
#define FD_SETSIZE 1024

#define KIND(name, capture, size) [VT_ARG_##name] = { VT_CAPTURE_##capture, size },
static const struct {
	u8 capture;
	u16 size;
} kinds[VT_NR_ARG_KINDS] = { VT_ARG_KINDS(KIND) };

#define ARGUMENTS(nr, name, family, a, b, c, d, e, f)                                              \
	[nr] = { VT_ARG_##a, VT_ARG_##b, VT_ARG_##c, VT_ARG_##d, VT_ARG_##e, VT_ARG_##f },
static const u8 arguments[NR_syscalls][6] = { VT_SYSCALLS(ARGUMENTS) };
static_assert(VT_NR_ARG_KINDS < 256, "arguments[] holds kinds as bytes");

#define NEW_DESCRIPTOR(name) [VT_SYS_##name] = true,
static const bool makes_descriptor[NR_syscalls] = { VT_SYSCALLS_NEW_FD(NEW_DESCRIPTOR) };

static bool makes_a_descriptor(const struct vt_call *call)
{
	if (call->nr == __NR_fcntl)
		return call->args[1] == F_DUPFD || call->args[1] == F_DUPFD_CLOEXEC;
	return makes_descriptor[call->nr];
}

static u64 limit_of(unsigned int kind)
{
	return kinds[kind].size ?: vt_wishes.capture;
}

/*
 * An argument whose memory is kept: @value of it, and of the @next one; @limit of its kind; @result
 * of the call, once there is one
 */
struct taken {
	struct vt_captured *captured;
	const u64 *args;
	unsigned int arg;
	u64 value, next, limit;
	long result;
};

static bool keep(const struct taken *t, unsigned int index, u64 full, u64 limit)
{
	return vt_keep_bytes(t->captured, t->arg, index, t->value, full, limit);
}

static bool take_bytes(const struct taken *t)
{
	return keep(t, 0, t->limit, t->limit);
}

static bool take_later_bytes(const struct taken *t)
{
	return keep(t, 1, t->limit, t->limit);
}

static bool take_descriptor(const struct taken *t)
{
	vt_keep_descriptor(t->captured, t->arg, 0, t->value);
	return true;
}

static bool take_string(const struct taken *t)
{
	return vt_keep_string(t->captured, t->arg, 0, t->value, t->limit);
}

static bool take_later_string(const struct taken *t)
{
	return vt_keep_string(t->captured, t->arg, 1, t->value, t->limit);
}

static bool take_strings(const struct taken *t)
{
	return vt_keep_strings(t->captured, t->arg, t->value, t->limit, STRINGS_MAX);
}

static bool take_count(const struct taken *t)
{
	return vt_keep_strings(t->captured, t->arg, t->value, t->limit, 0);
}

static bool take_buffer(const struct taken *t)
{
	return keep(t, 0, t->next, t->limit);
}

static bool take_array(const struct taken *t)
{
	return keep(t, 0, (u32)t->next * t->limit, VT_CAPTURED_SIZE);
}

static bool take_vector(const struct taken *t)
{
	return vt_keep_vector(t->captured, t->arg, 0, VT_DATA_COUNT, t->value, t->next, U64_MAX,
			      t->limit);
}

static bool take_message(const struct taken *t)
{
	return vt_keep_message(t->captured, t->arg, 0, t->value, t->limit, U64_MAX);
}

static bool take_name_length(const struct taken *t)
{
	return vt_keep_name_length(t->captured, t->arg, 0, t->value);
}

static bool take_messages(const struct taken *t)
{
	return vt_keep_messages(t->captured, t->arg, t->value, (u32)t->next, false);
}

static bool take_name_lengths(const struct taken *t)
{
	vt_keep_name_lengths(t->captured, t->arg, t->value, (u32)t->next);
	return true;
}

static void path_of(const struct taken *t, unsigned int n, int fd)
{
	vt_keep_descriptor(t->captured, t->arg, VT_DATA_PATH + n, fd);
}

static bool take_pollfds(const struct taken *t)
{
	struct pollfd one;

	if (!take_array(t))
		return false;
	for (unsigned int i = 0; vt_wishes.paths && i < (u32)t->next && i < VT_PATHS_MAX; i++) {
		if (vt_fetch(&one, t->value + i * sizeof(one), sizeof(one)))
			path_of(t, i, one.fd);
	}
	return true;
}

static bool take_later_pollfds(const struct taken *t)
{
	return keep(t, 1, (u32)t->next * t->limit, VT_CAPTURED_SIZE);
}

/* A set of so many descriptors as the first argument says */
static bool take_fdset(const struct taken *t)
{
	unsigned long set[FD_SETSIZE / BITS_PER_LONG];
	unsigned int n = 0, fd;

	if (!take_bytes(t))
		return false;
	if (!vt_wishes.paths || !vt_fetch(set, t->value, sizeof(set)))
		return true;
	for_each_set_bit(fd, set, min_t(u64, t->args[0], FD_SETSIZE))
	{
		if (n == VT_PATHS_MAX)
			break;
		path_of(t, n++, fd);
	}
	return true;
}

static bool take_new_descriptors(const struct taken *t)
{
	int fds[2];

	if (take_bytes(t) && vt_fetch(fds, t->value, sizeof(fds))) {
		path_of(t, 0, fds[0]);
		path_of(t, 1, fds[1]);
	}
	return true;
}

static bool take_result_buffer(const struct taken *t)
{
	return keep(t, 0, t->result, t->limit);
}

static bool take_result_array(const struct taken *t)
{
	return keep(t, 0, (u32)t->result * t->limit, VT_CAPTURED_SIZE);
}

static bool take_result_vector(const struct taken *t)
{
	return vt_keep_vector(t->captured, t->arg, 0, VT_DATA_COUNT, t->value, t->next, t->result,
			      t->limit);
}

static bool take_length(const struct taken *t)
{
	u32 length;

	return t->next && vt_fetch(&length, t->next, sizeof(length)) &&
	       keep(t, 0, length, t->limit);
}

static bool take_result_message(const struct taken *t)
{
	return vt_keep_message(t->captured, t->arg, 0, t->value, t->limit, t->result);
}

static bool take_result_messages(const struct taken *t)
{
	return vt_keep_messages(t->captured, t->arg, t->value, t->result, true);
}

static bool take_message_lengths(const struct taken *t)
{
	vt_keep_message_lengths(t->captured, t->arg, t->value, t->result);
	return true;
}

/* What is taken when a call begins, and what when it has succeeded; false: it was not there */
typedef bool taker(const struct taken *t);

static const struct {
	taker *in, *out;
} takers[VT_NR_CAPTURES] = {
	[VT_CAPTURE_FD] = { take_descriptor },
	[VT_CAPTURE_STRING] = { take_string },
	[VT_CAPTURE_STRINGS] = { take_strings },
	[VT_CAPTURE_COUNT] = { take_count },
	[VT_CAPTURE_BYTES] = { take_bytes },
	[VT_CAPTURE_BUFFER] = { take_buffer },
	[VT_CAPTURE_ARRAY] = { take_array },
	[VT_CAPTURE_VECTOR] = { take_vector },
	[VT_CAPTURE_MESSAGE] = { take_message },
	[VT_CAPTURE_MESSAGES] = { take_messages, take_message_lengths },
	[VT_CAPTURE_OUT_BYTES] = { NULL, take_bytes },
	[VT_CAPTURE_OUT_BUFFER] = { NULL, take_result_buffer },
	[VT_CAPTURE_OUT_ARRAY] = { NULL, take_result_array },
	[VT_CAPTURE_OUT_VECTOR] = { NULL, take_result_vector },
	[VT_CAPTURE_OUT_LENGTH] = { NULL, take_length },
	[VT_CAPTURE_OUT_FDS] = { NULL, take_new_descriptors },
	[VT_CAPTURE_OUT_MESSAGE] = { take_name_length, take_result_message },
	[VT_CAPTURE_OUT_MESSAGES] = { take_name_lengths, take_result_messages },
	[VT_CAPTURE_BOTH_BYTES] = { take_bytes, take_later_bytes },
	[VT_CAPTURE_BOTH_STRING] = { take_string, take_later_string },
	[VT_CAPTURE_POLLFDS] = { take_pollfds, take_later_pollfds },
	[VT_CAPTURE_FDSET] = { take_fdset, take_later_bytes },
};

/* Return: false when the memory of an argument was not there */
static bool take(const struct vt_observed *observed, unsigned int arg, taker *taker, long result)
{
	const struct vt_call *call = &observed->call;

	if (!taker || (!call->args[arg] && taker != take_descriptor))
		return true;
	return taker(&(struct taken){
	    .captured = observed->captured,
	    .args = call->args,
	    .arg = arg,
	    .value = call->args[arg],
	    .next = arg < 5 ? call->args[arg + 1] : 0,
	    .limit = limit_of(arguments[call->nr][arg]),
	    .result = result,
	});
}

static bool has_page(struct vt_observed *observed)
{
	BUILD_BUG_ON(sizeof(struct vt_captured) > PAGE_SIZE);
	if (!observed->captured)
		observed->captured = (void *)get_zeroed_page(GFP_NOWAIT | __GFP_NOWARN);
	return observed->captured;
}

/**
 * vt_capture_begin() - Keep what goes into the call that begins
 *
 * Context: current's, nothing locked; does not sleep.
 */
void vt_capture_begin(struct vt_observed *observed)
{
	const struct vt_call *call = &observed->call;

	if (observed->captured) {
		observed->captured->len = 0;
		observed->captured->missed = 0;
	}
	if (call->nr < 0 || call->nr >= NR_syscalls)
		return;
	for (unsigned int arg = 0; arg < 6 && arguments[call->nr][arg] != VT_ARG_NONE; arg++) {
		unsigned int capture = kinds[arguments[call->nr][arg]].capture;

		if (capture == VT_CAPTURE_NOTHING)
			continue;
		if (!has_page(observed))
			return;
		if (!take(observed, arg, takers[capture].in, 0))
			observed->captured->missed |= 1 << arg;
	}
}

/**
 * vt_capture_end() - Keep what came out of a call
 * @result: of it; negative: nothing did
 *
 * Context: as vt_capture_begin().
 */
void vt_capture_end(struct vt_observed *observed, long result)
{
	const struct vt_call *call = &observed->call;
	struct vt_captured *captured = observed->captured;

	if (call->nr < 0 || call->nr >= NR_syscalls)
		return;
	for (unsigned int arg = 0; captured && arg < 6 && arguments[call->nr][arg] != VT_ARG_NONE;
	     arg++) {
		unsigned int capture = kinds[arguments[call->nr][arg]].capture;

		if (captured->missed >> arg & 1)
			take(observed, arg, takers[capture].in, 0);
		if (result >= 0)
			take(observed, arg, takers[capture].out, result);
	}
	if (result >= 0 && vt_wishes.paths && makes_a_descriptor(call) && has_page(observed))
		vt_keep_descriptor(observed->captured, VT_DATA_RESULT, 0, result);
}
