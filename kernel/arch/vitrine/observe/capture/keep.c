// SPDX-License-Identifier: GPL-2.0-only
/* keep.c - records of a guest's memory: bytes, strings, vectors, paths of descriptors
 *
 * Theory of operation
 * Memory is read only where it is present: to fault it in would sleep, and could be noticed. What a
 * record has no room for is cut; "full" says how much there was.
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
#include <linux/kernel.h>
#include <linux/path.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <linux/uio.h>
#include "capture.h"

#define STRINGS_COUNTED 512
#define ROOM_MIN 32 /* for one more of them */
#define RECORD_HEAD sizeof(struct vt_event_data)

bool vt_fetch(void *to, u64 from, size_t len)
{
	return !len || !copy_from_user_nofault(to, (const void __user *)from, len);
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

/* @len bytes have been written to next_bytes(): make them a record. Return: it, or NULL */
static const struct vt_event_data *add(struct vt_captured *captured, unsigned int arg,
				       unsigned int index, size_t len, u64 full)
{
	struct vt_event_data *data = (struct vt_event_data *)(captured->data + captured->len);
	size_t padded = ALIGN(len, 8);

	if (VT_CAPTURED_SIZE - captured->len < RECORD_HEAD + padded)
		return NULL;
	*data = (struct vt_event_data){
		.arg = arg, .index = index, .len = len, .full = min_t(u64, full, U32_MAX)
	};
	memset((u8 *)(data + 1) + len, 0, padded - len);
	captured->len += RECORD_HEAD + padded;
	return data;
}

const struct vt_event_data *vt_keep_bytes(struct vt_captured *captured, unsigned int arg,
					  unsigned int index, u64 from, u64 full, u64 limit)
{
	size_t len = min3(full, limit, (u64)room(captured));

	if (!vt_fetch(next_bytes(captured), from, len))
		return NULL;
	return add(captured, arg, index, len, full);
}

bool vt_keep_string(struct vt_captured *captured, unsigned int arg, unsigned int index, u64 from,
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
		/* It may have become shorter meanwhile, but so much of it is here */
		full = max(full, len - 1);
	}
	add(captured, arg, index, len - 1, full);
	return true;
}

bool vt_keep_strings(struct vt_captured *captured, unsigned int arg, u64 from, u64 limit,
		     unsigned int most)
{
	unsigned int count = 0, kept = 0;
	u64 string;

	for (; count < STRINGS_COUNTED; count++) {
		if (!vt_fetch(&string, from + count * sizeof(string), sizeof(string)))
			return count > 0;
		if (!string)
			break;
		if (kept == count && kept < most && room(captured) >= ROOM_MIN &&
		    vt_keep_string(captured, arg, count, string, limit))
			kept++;
	}
	if (kept != count || !most)
		add(captured, arg, VT_DATA_COUNT, 0, count);
	return true;
}

bool vt_keep_vector(struct vt_captured *captured, unsigned int arg, unsigned int index,
		    unsigned int counter, u64 from, u64 count, u64 total, u64 limit)
{
	unsigned int i;

	for (i = 0; i < count && i < VT_VECTORS_MAX && room(captured) >= ROOM_MIN; i++) {
		struct iovec iov;

		if (!vt_fetch(&iov, from + i * sizeof(iov), sizeof(iov))) {
			if (!i)
				return false;
			break;
		}
		if (!iov.iov_base)
			continue;
		if (!vt_keep_bytes(captured, arg, index + i, (u64)iov.iov_base, iov.iov_len,
				   min(total, limit)))
			break;
		total -= min_t(u64, iov.iov_len, total);
	}
	if (i < count)
		add(captured, arg, counter, 0, count);
	return true;
}

static void add_path(struct vt_captured *captured, unsigned int arg, unsigned int index,
		     const struct path *path)
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
	add(captured, arg, index, min_t(size_t, len, VT_CAPTURE_PATH), len);
}

void vt_keep_descriptor(struct vt_captured *captured, unsigned int arg, unsigned int index, int fd)
{
	struct file *file;
	struct path cwd;

	if (!vt_wishes.paths)
		return;
	if (fd == AT_FDCWD) {
		get_fs_pwd(current->fs, &cwd);
		add_path(captured, arg, index, &cwd);
		path_put(&cwd);
		return;
	}
	file = fd >= 0 ? fget_raw(fd) : NULL;
	if (!file)
		return;
	add_path(captured, arg, index, &file->f_path);
	fput(file);
}
