// SPDX-License-Identifier: GPL-2.0-only
/* test_share_answers.c - what the file server says beyond FUSE, and what the host says through it
 *
 * A host that fails is played by the functions below, which stand in front of the C library's.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "engine/share/channel.h"
#include "scratch.h"
#include "share_guest.h"
#include "vitrine/share.h"

#define KNOWN 64
#define OPEN 8

static uint64_t folder;
static int host_error;

static int fails(void)
{
	errno = host_error;
	return host_error ? -1 : 0;
}

ssize_t pwritev2(int fd, const struct iovec *iov, int count, off_t offset, int flags)
{
	return fails() ?: syscall(SYS_pwritev2, fd, iov, count, offset, 0, flags);
}

int mkdirat(int dir, const char *name, mode_t mode)
{
	return fails() ?: (int)syscall(SYS_mkdirat, dir, name, mode);
}

int symlinkat(const char *target, int dir, const char *name)
{
	return fails() ?: (int)syscall(SYS_symlinkat, target, dir, name);
}

int ftruncate(int fd, off_t size)
{
	return fails() ?: (int)syscall(SYS_ftruncate, fd, size);
}

int fallocate(int fd, int mode, off_t offset, off_t len)
{
	return fails() ?: (int)syscall(SYS_fallocate, fd, mode, offset, len);
}

int fsync(int fd)
{
	return fails() ?: (int)syscall(SYS_fsync, fd);
}

int setxattr(const char *path, const char *name, const void *value, size_t size, int flags)
{
	return fails() ?: (int)syscall(SYS_setxattr, path, name, value, size, flags);
}

static int setup(void **state)
{
	const char *paths[1];

	if (scratch_setup(state) || mkdir(scratch_path("folder"), 0755))
		return -1;
	paths[0] = scratch_path("folder");
	share_guest_start(paths, 1, OPEN, KNOWN);
	folder = share_folder(0);
	return 0;
}

static void put(const char *name, const char *text)
{
	int fd = open(scratch_path(name), O_WRONLY | O_CREAT | O_TRUNC, 0644);

	assert_true(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	close(fd);
}

static uint64_t find(uint64_t parent, const char *name)
{
	struct fuse_entry_out entry;

	assert_int_equal(share_find(parent, name, &entry), 0);
	return entry.nodeid;
}

static int getattr(uint64_t node, struct fuse_attr_out *attr)
{
	const struct fuse_getattr_in in = { 0 };

	return share_ask(FUSE_GETATTR, node, &in, sizeof(in), NULL, 0, attr, sizeof(*attr));
}

static void close_file(uint64_t handle)
{
	const struct fuse_release_in in = { .fh = handle };

	assert_int_equal(share_ask(FUSE_RELEASE, 0, &in, sizeof(in), NULL, 0, NULL, 0), 0);
}

/* Who makes room is told what the directory is like; who makes none is told what FUSE says */
static void test_directories(void **state)
{
	const struct fuse_mkdir_in make = { .mode = 0755 };
	struct {
		struct fuse_entry_out entry;
		struct fuse_attr_out dir;
	} made;
	struct fuse_attr_out dir, now;

	assert_int_equal(share_ask(FUSE_MKDIR, folder, &make, sizeof(make), "a", 2, &made.entry,
				   sizeof(made.entry)),
			 sizeof(made.entry));
	assert_int_equal(
	    share_ask(FUSE_MKDIR, folder, &make, sizeof(make), "b", 2, &made, sizeof(made)),
	    sizeof(made));
	assert_int_equal(getattr(folder, &now), sizeof(now));
	assert_memory_equal(&made.dir, &now, sizeof(now));
	assert_int_equal(made.dir.attr.nlink, 4);
	assert_int_equal(share_ask(FUSE_RMDIR, folder, NULL, 0, "a", 2, &dir, sizeof(dir) - 1), 0);
	assert_int_equal(share_ask(FUSE_RMDIR, folder, NULL, 0, "b", 2, &dir, sizeof(dir)),
			 sizeof(dir));
	assert_int_equal(dir.attr.nlink, 2);
	/* What failed says nothing */
	assert_int_equal(share_ask(FUSE_RMDIR, folder, NULL, 0, "b", 2, &dir, sizeof(dir)),
			 -ENOENT);
}

static int remove_with(const char *name, uint64_t node, uint64_t lookups)
{
	struct {
		char name[8];
		struct vt_share_removed removed;
	} tail = { .removed = { node, lookups } };

	snprintf(tail.name, sizeof(tail.name), "%s", name);
	assert_int_equal(strlen(name), sizeof(tail.name) - 1);
	return share_ask(FUSE_UNLINK, folder, NULL, 0, &tail, sizeof(tail), NULL, 0);
}

/* A name may go together with what is known of its file, which is nobody else's */
static void test_removed(void **state)
{
	struct fuse_attr_out attr;
	uint64_t one, other, handle;

	put("folder/removed", "x");
	one = find(folder, "removed");
	assert_int_equal(remove_with("removed", one, 1), 0);
	assert_int_equal(getattr(one, &attr), -ESTALE);
	/* The name of one and the number of another: that one is where it was */
	put("folder/removed", "x");
	put("folder/another", "y");
	one = find(folder, "removed");
	other = find(folder, "another");
	assert_int_equal(remove_with("removed", folder, 1), 0);
	assert_int_equal(find(folder, "another"), other);
	assert_int_equal(getattr(one, &attr), sizeof(attr));
	assert_int_equal(attr.attr.nlink, 0);
	/* What is open is open; and what cannot be removed is there */
	assert_int_equal(share_open_file(other, O_RDWR, &handle), 0);
	assert_int_equal(remove_with("another", other, UINT64_MAX), 0);
	close_file(handle);
	assert_int_equal(mkdir(scratch_path("folder/stubborn"), 0755), 0);
	put("folder/stubbor", "x");
	one = find(folder, "stubbor");
	assert_int_equal(rename(scratch_path("folder/stubbor"), scratch_path("folder/stubbo")), 0);
	assert_int_equal(remove_with("stubbor", one, 1), -ENOENT);
	assert_int_equal(rename(scratch_path("folder/stubbo"), scratch_path("folder/stubbor")), 0);
	assert_int_equal(getattr(one, &attr), sizeof(attr));
}

/* Files beside one that is looked for are told of when they are where they were, and only then */
static void test_beside(void **state)
{
	struct {
		char name[6];
		uint64_t nodes[5];
	} __attribute__((packed)) tail = { .name = "first" };
	struct {
		struct fuse_entry_out entry;
		struct vt_share_beside beside[5];
	} answer;
	const int all = sizeof(answer);
	struct fuse_attr_out attr;

	put("folder/first", "1");
	put("folder/second", "22");
	put("folder/third", "333");
	assert_int_equal(mkdir(scratch_path("folder/deeper"), 0755), 0);
	put("folder/deeper/fourth", "4");
	find(folder, "first");
	tail.nodes[0] = find(folder, "second");
	tail.nodes[1] = find(folder, "third");
	tail.nodes[2] = find(find(folder, "deeper"), "fourth");
	tail.nodes[3] = 12345678;
	tail.nodes[4] = folder;
	/* by the host: another file of that name */
	assert_int_equal(unlink(scratch_path("folder/third")), 0);
	put("folder/third", "of the host's");
	put("folder/second", "grown");
	assert_int_equal(share_ask(FUSE_LOOKUP, folder, NULL, 0, &tail, sizeof(tail), &answer, all),
			 all);
	assert_int_equal(answer.entry.attr.size, 1);
	assert_int_equal(answer.beside[0].node, tail.nodes[0]);
	assert_int_equal(answer.beside[0].attr.size, 5);
	for (int i = 1; i < 5; i++)
		assert_int_equal(answer.beside[i].node, 0);
	/* Nobody was told of it once more: one "forget" is enough */
	share_ask(FUSE_FORGET, tail.nodes[0], &(struct fuse_forget_in){ 1 },
		  sizeof(struct fuse_forget_in), NULL, 0, NULL, 0);
	assert_int_equal(getattr(tail.nodes[0], &attr), -ESTALE);
	/* Without the room, or with half a number, it is a look-up like any other */
	assert_int_equal(
	    share_ask(FUSE_LOOKUP, folder, NULL, 0, &tail, sizeof(tail), &answer, all - 1),
	    sizeof(answer.entry));
	assert_int_equal(
	    share_ask(FUSE_LOOKUP, folder, NULL, 0, &tail, sizeof(tail) - 1, &answer, all),
	    sizeof(answer.entry));
}

/* Behind the last entry stands that it is, when there is room */
static void test_end(void **state)
{
	const struct fuse_open_in open_in = { 0 };
	struct fuse_open_out opened;
	struct fuse_read_in in = { 0 };
	char entries[1024];
	uint64_t end;
	int len;

	assert_int_equal(share_ask(FUSE_OPENDIR, folder, &open_in, sizeof(open_in), NULL, 0,
				   &opened, sizeof(opened)),
			 sizeof(opened));
	in.fh = opened.fh;
	in.size = sizeof(entries);
	len = share_ask(FUSE_READDIR, folder, &in, sizeof(in), NULL, 0, entries, sizeof(entries));
	assert_true(len > (int)sizeof(end));
	memcpy(&end, entries + len - sizeof(end), sizeof(end));
	assert_true(end == VT_SHARE_END);
	/* Less room than for all of them, by one byte: no end */
	in.size = len - sizeof(end);
	len = share_ask(FUSE_READDIR, folder, &in, sizeof(in), NULL, 0, entries, sizeof(entries));
	assert_int_equal(len, in.size);
	memcpy(&end, entries + len - sizeof(end), sizeof(end));
	assert_true(end != VT_SHARE_END);
}

static int write_at(uint64_t node, uint64_t handle, uint64_t offset, const char *text,
		    struct vt_share_written *written)
{
	const struct fuse_write_in in = { .fh = handle, .offset = offset, .size = strlen(text) };
	struct {
		struct fuse_write_out out;
		struct vt_share_written written;
	} answer;
	const int ret =
	    share_ask(FUSE_WRITE, node, &in, sizeof(in), text, in.size, &answer, sizeof(answer));

	*written = answer.written;
	return ret < 0 ? ret : (int)answer.out.size;
}

static uint32_t open_flags(uint64_t node)
{
	const struct fuse_open_in in = { .flags = O_RDONLY };
	struct fuse_open_out out;

	assert_int_equal(share_ask(FUSE_OPEN, node, &in, sizeof(in), NULL, 0, &out, sizeof(out)),
			 sizeof(out));
	close_file(out.fh);
	return out.open_flags;
}

/* What the guest has of a file holds across its own writes, and not across the host's */
static void test_written(void **state)
{
	struct vt_share_written first, second;
	uint64_t node, handle;

	put("folder/written", "");
	node = find(folder, "written");
	assert_int_equal(share_open_file(node, O_RDWR, &handle), 0);
	usleep(20000);
	assert_int_equal(write_at(node, handle, 0, "text", &first), 4);
	assert_int_equal(first.size, 4);
	usleep(20000);
	assert_int_equal(write_at(node, handle, 4, "more", &second), 4);
	assert_int_equal(second.size, 8);
	assert_int_equal(second.was_mtime, first.mtime);
	assert_int_equal(second.was_mtimensec, first.mtimensec);
	assert_true(second.mtime != first.mtime || second.mtimensec != first.mtimensec);
	assert_true(open_flags(node) & FOPEN_KEEP_CACHE);
	usleep(20000);
	put("folder/written", "of the host's");
	usleep(20000);
	assert_int_equal(write_at(node, handle, 0, "text", &first), 4);
	assert_true(first.was_mtime != second.mtime || first.was_mtimensec != second.mtimensec);
	assert_false(open_flags(node) & FOPEN_KEEP_CACHE);
	close_file(handle);
}

/* What the host says is what the guest hears */
static void test_errors(void **state)
{
	static const int errors[] = { EDQUOT, ENOSPC, EIO, EROFS, EFBIG, EMLINK, ETXTBSY };
	const struct fuse_mkdir_in make = { .mode = 0755 };
	const struct fuse_setattr_in set = { .valid = FATTR_SIZE, .size = 5 };
	const struct fuse_setxattr_in attribute = { .size = 1 };
	struct fuse_fallocate_in allocate = { .length = 4096 };
	struct fuse_fsync_in sync = { 0 };
	struct vt_share_written written;
	uint64_t node, handle;

	put("folder/failing", "text");
	node = find(folder, "failing");
	assert_int_equal(share_open_file(node, O_RDWR, &handle), 0);
	allocate.fh = sync.fh = handle;
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		host_error = errors[i];
		assert_int_equal(write_at(node, handle, 0, "x", &written), -host_error);
		assert_int_equal(
		    share_ask(FUSE_MKDIR, folder, &make, sizeof(make), "d", 2, NULL, 200),
		    -host_error);
		assert_int_equal(share_ask(FUSE_SYMLINK, folder, NULL, 0, "l\0to", 5, NULL, 200),
				 -host_error);
		assert_int_equal(share_ask(FUSE_SETATTR, node, &set, sizeof(set), NULL, 0, NULL,
					   sizeof(struct fuse_attr_out)),
				 -host_error);
		assert_int_equal(
		    share_ask(FUSE_FALLOCATE, node, &allocate, sizeof(allocate), NULL, 0, NULL, 0),
		    -host_error);
		assert_int_equal(share_ask(FUSE_FSYNC, node, &sync, sizeof(sync), NULL, 0, NULL, 0),
				 -host_error);
		assert_int_equal(share_ask(FUSE_SETXATTR, node, &attribute,
					   FUSE_COMPAT_SETXATTR_IN_SIZE, "user.x\0v", 8, NULL, 0),
				 -host_error);
	}
	host_error = 0;
	assert_int_equal(write_at(node, handle, 0, "x", &written), 1);
	close_file(handle);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_directories), cmocka_unit_test(test_removed),
		cmocka_unit_test(test_beside),	    cmocka_unit_test(test_end),
		cmocka_unit_test(test_written),	    cmocka_unit_test(test_errors),
	};

	return cmocka_run_group_tests(tests, setup, scratch_teardown);
}
