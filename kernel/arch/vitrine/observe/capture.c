// SPDX-License-Identifier: GPL-2.0-only
/* capture.c - the memory behind a system call's arguments, kept for its event
 *
 * Theory of operation
 * vitrine-syscalls.h says what each argument of each call is, and so what is kept. What goes in is
 * read when the call begins, because it may be gone at the end (exec), what comes out at the end.
 * Memory is read only where it is present: to fault it in would sleep, and could be noticed. A
 * string constant that the program has never touched is read at the end instead, when the call
 * itself has brought it in. What a record has no room for is cut.
 *
 * A descriptor is said as the path of its file, as the program's own /proc/self/fd says it
 * (sockets, pipes and anonymous files have names of their kind there), if that is wished for.
 */
#include <linux/dcache.h>
#include <linux/err.h>
#include <linux/fcntl.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/fs_struct.h>
#include <linux/gfp.h>
#include <linux/kernel.h>
#include <linux/path.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <linux/uio.h>
#include <asm/unistd.h>
#include <asm/vitrine-syscalls.h>
#include "observe.h"

#define VECTORS_MAX 16 /* of an array of struct iovec */
#define STRINGS_MAX 32 /* of an array of strings; more are only counted */
#define STRINGS_COUNTED 512
#define ROOM_MIN 32 /* for one more of them */
#define RECORD_HEAD sizeof(struct vt_event_data)

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

/* One place to read guest memory: present pages only, so that nothing sleeps or changes */
static bool fetch(void *to, u64 from, size_t len)
{
	return !copy_from_user_nofault(to, (const void __user *)from, len);
}

/* Most bytes that the next record can have; the number of what is left out fits behind it */
static size_t room(const struct vt_captured *captured)
{
	size_t left = VT_CAPTURED_SIZE - captured->len;

	return left > 2 * RECORD_HEAD ? ALIGN_DOWN(left - 2 * RECORD_HEAD, 8) : 0;
}

/* The next record's bytes; room() says how many there may be */
static u8 *next_bytes(struct vt_captured *captured)
{
	return captured->data + captured->len + RECORD_HEAD;
}

/* @len bytes have been written to next_bytes(): make them a record */
static void add(struct vt_captured *captured, unsigned int arg, unsigned int index, size_t len,
		u64 full)
{
	struct vt_event_data *data = (struct vt_event_data *)(captured->data + captured->len);
	size_t padded = ALIGN(len, 8);

	if (VT_CAPTURED_SIZE - captured->len < RECORD_HEAD + padded)
		return;
	*data = (struct vt_event_data){
		.arg = arg, .index = index, .len = len, .full = min_t(u64, full, U32_MAX)
	};
	memset((u8 *)(data + 1) + len, 0, padded - len);
	captured->len += RECORD_HEAD + padded;
}

static u64 limit_of(unsigned int kind)
{
	return kinds[kind].size ?: vt_wishes.capture;
}

static bool add_bytes(struct vt_captured *captured, unsigned int arg, unsigned int index, u64 from,
		      u64 full, u64 limit)
{
	size_t len = min3(full, limit, (u64)room(captured));

	if (!fetch(next_bytes(captured), from, len))
		return false;
	add(captured, arg, index, len, full);
	return true;
}

static bool add_string(struct vt_captured *captured, unsigned int arg, unsigned int index, u64 from,
		       u64 limit)
{
	long most = min_t(u64, limit + 1, room(captured)), len, full;

	if (most < 2)
		return true;
	/* with its NUL, or cut and then with a NUL in the last byte */
	len = strncpy_from_user_nofault(next_bytes(captured), (const void __user *)from, most);
	if (len < 0)
		return false;
	if (!len) /* it counts the NUL, but not that of an empty string */
		len = 1;
	full = len - 1;
	if (len == most) {
		full = strnlen_user_nofault((const void __user *)from, PATH_MAX);
		full = full > 0 ? full - 1 : len;
	}
	add(captured, arg, index, len - 1, full);
	return true;
}

/* Strings of an array that ends with NULL, and their number when some are not kept */
static bool add_strings(struct vt_captured *captured, unsigned int arg, u64 from, u64 limit,
			unsigned int most)
{
	unsigned int count = 0, kept = 0;
	u64 string;

	for (; count < STRINGS_COUNTED; count++) {
		if (!fetch(&string, from + count * sizeof(string), sizeof(string)))
			return count > 0;
		if (!string)
			break;
		if (kept == count && kept < most && room(captured) >= ROOM_MIN &&
		    add_string(captured, arg, count, string, limit))
			kept++;
	}
	if (kept != count || !most)
		add(captured, arg, VT_DATA_COUNT, 0, count);
	return true;
}

/* What the buffers of an array of struct iovec hold, @total bytes of them together */
static bool add_vector(struct vt_captured *captured, unsigned int arg, u64 from, u64 count,
		       u64 total, u64 limit)
{
	unsigned int i;

	for (i = 0; i < count && i < VECTORS_MAX && total; i++) {
		struct iovec iov;
		u64 len;

		if (room(captured) < ROOM_MIN)
			break;
		if (!fetch(&iov, from + i * sizeof(iov), sizeof(iov)))
			return i > 0;
		len = min_t(u64, iov.iov_len, total);
		if (!add_bytes(captured, arg, i, (u64)iov.iov_base, len, limit))
			break;
		total -= len;
	}
	if (i < count && total)
		add(captured, arg, VT_DATA_COUNT, 0, count);
	return true;
}

static void add_path(struct vt_captured *captured, unsigned int arg, const struct path *path)
{
	size_t size = room(captured), len;
	u8 *bytes = next_bytes(captured);
	char *text;

	if (size < ROOM_MIN)
		return;
	text = d_path(path, bytes, size);
	if (IS_ERR(text))
		return;
	len = strlen(text);
	memmove(bytes, text, min_t(size_t, len, VT_CAPTURE_PATH));
	add(captured, arg, 0, min_t(size_t, len, VT_CAPTURE_PATH), len);
}

static void add_descriptor(struct vt_captured *captured, unsigned int arg, int fd)
{
	struct file *file;
	struct path cwd;

	if (!vt_wishes.paths)
		return;
	if (fd == AT_FDCWD) {
		get_fs_pwd(current->fs, &cwd);
		add_path(captured, arg, &cwd);
		path_put(&cwd);
		return;
	}
	file = fd >= 0 ? fget_raw(fd) : NULL;
	if (!file)
		return;
	add_path(captured, arg, &file->f_path);
	fput(file);
}

/* An argument that goes in. Return: false when its memory was not there */
static bool take_in(struct vt_captured *captured, const u64 *args, unsigned int arg,
		    unsigned int kind)
{
	u64 value = args[arg], next = arg < 5 ? args[arg + 1] : 0, limit = limit_of(kind);

	if (!value && kinds[kind].capture != VT_CAPTURE_FD)
		return true;
	switch (kinds[kind].capture) {
	case VT_CAPTURE_FD:
		add_descriptor(captured, arg, value);
		return true;
	case VT_CAPTURE_STRING:
		return add_string(captured, arg, 0, value, limit);
	case VT_CAPTURE_STRINGS:
		return add_strings(captured, arg, value, limit, STRINGS_MAX);
	case VT_CAPTURE_COUNT:
		return add_strings(captured, arg, value, limit, 0);
	case VT_CAPTURE_BYTES:
	case VT_CAPTURE_BOTH_BYTES:
		return add_bytes(captured, arg, 0, value, limit, limit);
	case VT_CAPTURE_BUFFER:
		return add_bytes(captured, arg, 0, value, next, limit);
	case VT_CAPTURE_ARRAY:
	case VT_CAPTURE_BOTH_ARRAY:
		return add_bytes(captured, arg, 0, value, (u32)next * limit, VT_CAPTURED_SIZE);
	case VT_CAPTURE_VECTOR:
		return add_vector(captured, arg, value, next, U64_MAX, limit);
	}
	return true;
}

/* An argument that comes out of a call that succeeded */
static void take_out(struct vt_captured *captured, const u64 *args, unsigned int arg,
		     unsigned int kind, long result)
{
	u64 value = args[arg], next = arg < 5 ? args[arg + 1] : 0, limit = limit_of(kind);
	u32 length;

	if (!value)
		return;
	switch (kinds[kind].capture) {
	case VT_CAPTURE_OUT_BYTES:
		add_bytes(captured, arg, 0, value, limit, limit);
		break;
	case VT_CAPTURE_OUT_BUFFER:
		add_bytes(captured, arg, 0, value, result, limit);
		break;
	case VT_CAPTURE_OUT_ARRAY:
		add_bytes(captured, arg, 0, value, (u32)result * limit, VT_CAPTURED_SIZE);
		break;
	case VT_CAPTURE_OUT_VECTOR:
		add_vector(captured, arg, value, next, result, limit);
		break;
	case VT_CAPTURE_OUT_LENGTH:
		if (next && fetch(&length, next, sizeof(length)))
			add_bytes(captured, arg, 0, value, length, limit);
		break;
	case VT_CAPTURE_BOTH_BYTES:
		add_bytes(captured, arg, 1, value, limit, limit);
		break;
	case VT_CAPTURE_BOTH_ARRAY:
		add_bytes(captured, arg, 1, value, (u32)next * limit, VT_CAPTURED_SIZE);
		break;
	}
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
		unsigned int kind = arguments[call->nr][arg];

		if (kinds[kind].capture == VT_CAPTURE_NOTHING)
			continue;
		if (!has_page(observed))
			return;
		if (!take_in(observed->captured, call->args, arg, kind))
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
	for (unsigned int arg = 0; captured && arg < 6; arg++) {
		unsigned int kind = arguments[call->nr][arg];

		if (kinds[kind].capture == VT_CAPTURE_NOTHING)
			continue;
		if (captured->missed >> arg & 1)
			take_in(captured, call->args, arg, kind);
		if (result >= 0)
			take_out(captured, call->args, arg, kind, result);
	}
	if (result >= 0 && vt_wishes.paths && makes_a_descriptor(call) && has_page(observed))
		add_descriptor(observed->captured, VT_DATA_RESULT, result);
}
