// SPDX-License-Identifier: GPL-2.0-only
/* test_share.c - the file server, asked by a guest that keeps no rule, and by a host that moves
 * things
 *
 * Without Landlock and without a filter: what is refused here the server refuses by itself.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "engine/share/channel.h"
#include "scratch.h"
#include "share_guest.h"

#define KNOWN 16
#define OPEN 8

static struct fuse_entry_out entry;
static uint64_t folder, read_only;

static void put(const char *name, const char *text)
{
	int fd = open(scratch_path(name), O_WRONLY | O_CREAT | O_TRUNC, 0644);

	assert_true(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	close(fd);
}

static int setup(void **state)
{
	const char *paths[3];

	if (scratch_setup(state) || mkdir(scratch_path("folder"), 0755) ||
	    mkdir(scratch_path("ro"), 0755) || mkdir(scratch_path("outside"), 0755) ||
	    mkdir(scratch_path("ro/dir"), 0755))
		return -1;
	paths[0] = scratch_path("folder");
	paths[1] = scratch_path("ro");
	put("folder/file", "text");
	put("ro/file", "text");
	put("outside/secret", "canary");
	share_guest_start(paths, 2, OPEN, KNOWN);
	folder = share_folder(0);
	read_only = share_folder(1);
	return 0;
}

/* What is in a file, by way of the guest: 0 or a negative errno */
static int read_file(uint64_t node, char *text, size_t size)
{
	struct fuse_read_in in = { .size = size };
	struct fuse_release_in release = { 0 };
	int ret = share_open_file(node, O_RDONLY, &in.fh);

	memset(text, 0, size);
	if (ret)
		return ret;
	ret = share_ask(FUSE_READ, node, &in, sizeof(in), NULL, 0, text, size - 1);
	release.fh = in.fh;
	assert_int_equal(share_ask(FUSE_RELEASE, node, &release, sizeof(release), NULL, 0, NULL, 0),
			 0);
	return ret < 0 ? ret : 0;
}

static unsigned descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	unsigned count = 0;

	while (readdir(dir))
		count++;
	closedir(dir);
	return count;
}

static void test_reading(void **state)
{
	char text[16];

	assert_int_equal(share_find(folder, "file", &entry), 0);
	assert_int_equal(entry.attr.size, 4);
	assert_int_equal(read_file(entry.nodeid, text, sizeof(text)), 0);
	assert_string_equal(text, "text");
	assert_int_equal(share_find(folder, "missing", &entry), -ENOENT);
	assert_int_equal(share_find(FUSE_ROOT_ID, "2", &entry), -ENOENT);
	assert_int_equal(share_find(FUSE_ROOT_ID, "00", &entry), -ENOENT);
	assert_int_equal(share_find(FUSE_ROOT_ID, "-1", &entry), -ENOENT);
}

static void test_names(void **state)
{
	static const struct {
		const char *name;
		size_t len;
		int error;
	} names[] = {
		{ "..", 3, -EINVAL },	{ ".", 2, -EINVAL },  { "", 1, -EINVAL },
		{ "a/b", 4, -EINVAL },	{ "/", 2, -EINVAL },  { "../outside/secret", 18, -EINVAL },
		{ "file", 4, -EINVAL }, { NULL, 0, -EINVAL },
	};
	char name[300];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		assert_int_equal(share_ask(FUSE_LOOKUP, folder, NULL, 0, names[i].name,
					   names[i].len, &entry, sizeof(entry)),
				 names[i].error);
	memset(name, 'x', sizeof(name));
	name[256] = '\0';
	assert_int_equal(share_find(folder, name, &entry), -ENAMETOOLONG);
	/* Each of two names is looked at */
	assert_int_equal(share_ask(FUSE_RENAME, folder, &folder, 8, "file\0../x", 10, NULL, 0),
			 -EINVAL);
	assert_int_equal(share_ask(FUSE_RENAME, folder, &folder, 8, "file\0x", 6, NULL, 0),
			 -EINVAL);
}

static void test_numbers(void **state)
{
	const uint64_t wrong[] = {
		0, 1000, UINT64_MAX, 1ULL << 32 | 1, 1ULL << 32 | folder, folder | 1ULL << 63
	};
	struct fuse_forget_in forget = { UINT64_MAX };
	struct fuse_getattr_in get = { 0 };
	struct fuse_attr_out attr;
	uint64_t node, handle;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		assert_int_equal(share_find(wrong[i], "file", &entry), -ESTALE);
		share_ask(FUSE_FORGET, wrong[i], &forget, sizeof(forget), NULL, 0, NULL, 0);
	}
	/* Who forgets more than it was told loses its own number, and nothing else */
	assert_int_equal(share_find(folder, "file", &entry), 0);
	node = entry.nodeid;
	share_ask(FUSE_FORGET, node, &forget, sizeof(forget), NULL, 0, NULL, 0);
	share_ask(FUSE_FORGET, node, &forget, sizeof(forget), NULL, 0, NULL, 0);
	assert_int_equal(
	    share_ask(FUSE_GETATTR, node, &get, sizeof(get), NULL, 0, &attr, sizeof(attr)),
	    -ESTALE);
	assert_int_equal(share_find(folder, "file", &entry), 0);
	assert_int_not_equal(entry.nodeid, node);
	/* The root and the folders cannot be forgotten */
	share_ask(FUSE_FORGET, FUSE_ROOT_ID, &forget, sizeof(forget), NULL, 0, NULL, 0);
	share_ask(FUSE_FORGET, folder, &forget, sizeof(forget), NULL, 0, NULL, 0);
	assert_int_equal(share_find(folder, "file", &entry), 0);
	/* A file is open until it is closed, once */
	assert_int_equal(share_open_file(entry.nodeid, O_RDWR, &handle), 0);
	share_ask(FUSE_FORGET, entry.nodeid, &forget, sizeof(forget), NULL, 0, NULL, 0);
	for (int i = 0; i < 3; i++) {
		struct fuse_read_in in = { .fh = handle, .size = 4 };
		struct fuse_release_in release = { .fh = handle };

		assert_int_equal(share_ask(FUSE_READ, 0, &in, sizeof(in), NULL, 0, NULL, 4),
				 i ? -EBADF : 4);
		assert_int_equal(share_ask(FUSE_READDIR, folder, &in, sizeof(in), NULL, 0, NULL, 4),
				 -EBADF);
		assert_int_equal(
		    share_ask(FUSE_RELEASE, 0, &release, sizeof(release), NULL, 0, NULL, 0),
		    i ? -EBADF : 0);
	}
}

static void test_lengths(void **state)
{
	struct fuse_in_header *header = share_memory();
	struct channel_slot slot;
	struct fuse_open_in in = { 0 };
	struct fuse_write_in write = { .size = 100 };

	/* Less than its structure, and than what it says */
	for (size_t len = 0; len < sizeof(in); len++)
		assert_int_equal(share_ask(FUSE_OPEN, folder, &in, len, NULL, 0, NULL, 16),
				 -EINVAL);
	assert_int_equal(share_open_file(entry.nodeid, O_RDWR, &write.fh), -ESTALE);
	assert_int_equal(share_find(folder, "file", &entry), 0);
	assert_int_equal(share_open_file(entry.nodeid, O_RDWR, &write.fh), 0);
	assert_int_equal(
	    share_ask(FUSE_WRITE, entry.nodeid, &write, sizeof(write), "1234", 4, NULL, 8),
	    -EINVAL);
	/* No room for the answer */
	for (size_t room = 0; room < sizeof(entry); room += 8)
		assert_int_equal(share_ask(FUSE_LOOKUP, folder, NULL, 0, "file", 5, NULL, room),
				 -EINVAL);
	/* A header that lies about its length, and buffers that lie about where they are */
	*header = (struct fuse_in_header){ .len = 40, .opcode = FUSE_STATFS, .nodeid = folder };
	for (uint32_t len = 0; len < 200; len++) {
		slot = (struct channel_slot){ .nout = 1, .nin = 1 };
		header->len = len;
		slot.buffers[0].len = 40;
		slot.buffers[1].address = 4096;
		slot.buffers[1].len = 4096;
		assert_int_equal(share_ask_raw(&slot),
				 len == 40 ? 16 + sizeof(struct fuse_statfs_out) : 16);
	}
	header->len = 40;
	for (int i = 0; i < 6; i++) {
		slot = (struct channel_slot){ .nout = 1, .nin = 1 };
		slot.buffers[0].len = i == 0 ? 39 : 40;
		slot.buffers[0].address = i == 1 ? SHARE_MEMORY - 39 : i == 2 ? UINT64_MAX - 20 : 0;
		slot.buffers[1].address = i == 3 ? SHARE_MEMORY : 4096;
		slot.buffers[1].len = i == 4 ? 15 : 4096;
		if (i == 5)
			slot.nout = CHANNEL_BUFFERS;
		assert_int_equal(share_ask_raw(&slot), 0);
	}
}

/* A request in pieces of one byte is the same request */
static void test_pieces(void **state)
{
	struct fuse_in_header header = { .opcode = FUSE_LOOKUP, .nodeid = folder, .unique = 3 };
	struct channel_slot slot = { .nout = 45, .nin = 2 };
	unsigned char *memory = share_memory();
	struct fuse_out_header answer;

	header.len = 45;
	memcpy(memory, &header, sizeof(header));
	memcpy(memory + 40, "file", 5);
	for (unsigned i = 0; i < 45; i++)
		slot.buffers[i] = (struct channel_buffer){ i, 1, 0 };
	slot.buffers[45] = (struct channel_buffer){ 4096, 20, 0 };
	slot.buffers[46] = (struct channel_buffer){ 8192, 200, 0 };
	assert_int_equal(share_ask_raw(&slot), 16 + sizeof(entry));
	memcpy(&answer, memory + 4096, sizeof(answer));
	assert_int_equal(answer.error, 0);
	memcpy(&entry, memory + 4096 + 16, 4);
	memcpy((char *)&entry + 4, memory + 8192, sizeof(entry) - 4);
	assert_int_equal(entry.attr.size, 4);
}

static void test_read_only(void **state)
{
	struct fuse_setattr_in set = { .valid = FATTR_MODE };
	struct fuse_create_in create = { .flags = O_CREAT | O_RDWR, .mode = 0644 };
	struct fuse_mkdir_in make = { .mode = 0755 };
	struct fuse_mknod_in node = { .mode = S_IFREG | 0644 };
	struct fuse_setxattr_in attribute = { .size = 1 };
	uint64_t file, handle, old;

	assert_int_equal(share_find(folder, "file", &entry), 0);
	old = entry.nodeid;
	assert_int_equal(share_find(read_only, "file", &entry), 0);
	file = entry.nodeid;
	assert_int_equal(share_open_file(file, O_RDONLY, &handle), 0);
	assert_int_equal(share_open_file(file, O_RDWR, &handle), -EROFS);
	assert_int_equal(share_open_file(file, O_WRONLY, &handle), -EROFS);
	assert_int_equal(share_open_file(file, O_RDONLY | O_TRUNC, &handle), -EROFS);
#define REFUSED(op, node, arg, tail)                                                               \
	assert_int_equal(share_ask(op, node, arg, sizeof(*(arg)), tail, sizeof(tail), NULL, 200),  \
			 -EROFS)
	REFUSED(FUSE_SETATTR, file, &set, "");
	REFUSED(FUSE_CREATE, read_only, &create, "new");
	REFUSED(FUSE_CREATE, read_only, &create, "file");
	REFUSED(FUSE_TMPFILE, read_only, &create, "");
	REFUSED(FUSE_MKDIR, read_only, &make, "new");
	REFUSED(FUSE_MKNOD, read_only, &node, "new");
	REFUSED(FUSE_RENAME, read_only, &read_only, "file\0new");
	REFUSED(FUSE_LINK, read_only, &file, "new");
	REFUSED(FUSE_SETXATTR, file, &attribute, "user.x\0v");
	assert_int_equal(share_ask(FUSE_SYMLINK, read_only, NULL, 0, "new\0to", 7, NULL, 200),
			 -EROFS);
	assert_int_equal(share_ask(FUSE_UNLINK, read_only, NULL, 0, "file", 5, NULL, 0), -EROFS);
	assert_int_equal(share_ask(FUSE_RMDIR, read_only, NULL, 0, "dir", 4, NULL, 0), -EROFS);
	assert_int_equal(share_ask(FUSE_REMOVEXATTR, file, NULL, 0, "user.x", 7, NULL, 0), -EROFS);
	/* Nor by way of another folder */
	assert_int_equal(share_ask(FUSE_RENAME, folder, &read_only, 8, "file\0new", 9, NULL, 0),
			 -EXDEV);
	assert_int_equal(share_ask(FUSE_LINK, folder, &file, 8, "new", 4, NULL, 200), -EXDEV);
	assert_int_equal(share_ask(FUSE_LINK, read_only, &old, 8, "new", 4, NULL, 200), -EROFS);
	/* Above the folders nothing can be made */
	assert_int_equal(
	    share_ask(FUSE_MKDIR, FUSE_ROOT_ID, &make, sizeof(make), "9", 2, NULL, 200), -EROFS);
}

/* A directory that the host moves away is nothing of the folder's any more */
static void test_moved_away(void **state)
{
	struct fuse_mkdir_in make = { .mode = 0755 };
	struct fuse_create_in create = { .flags = O_CREAT | O_RDWR, .mode = 0644 };
	struct fuse_open_in open_in = { 0 };
	struct fuse_setattr_in set = { .valid = FATTR_MODE, .mode = 0777 };
	uint64_t dir, file, handle;
	char text[16];

	assert_int_equal(mkdir(scratch_path("folder/moving"), 0755), 0);
	put("folder/moving/own", "own");
	assert_int_equal(share_find(folder, "moving", &entry), 0);
	dir = entry.nodeid;
	assert_int_equal(share_find(dir, "own", &entry), 0);
	file = entry.nodeid;
	assert_int_equal(rename(scratch_path("folder/moving"), scratch_path("outside/moving")), 0);
	put("outside/moving/secret", "canary");

	assert_int_equal(share_open_file(file, O_RDONLY, &handle), -ESTALE);
	assert_int_equal(share_ask(FUSE_OPENDIR, dir, &open_in, 8, NULL, 0, NULL, 16), -ESTALE);
	assert_int_equal(share_ask(FUSE_MKDIR, dir, &make, sizeof(make), "x", 2, NULL, 200),
			 -ESTALE);
	assert_int_equal(share_ask(FUSE_CREATE, dir, &create, sizeof(create), "x", 2, NULL, 200),
			 -ESTALE);
	assert_int_equal(share_ask(FUSE_UNLINK, dir, NULL, 0, "secret", 7, NULL, 0), -ESTALE);
	assert_int_equal(share_ask(FUSE_RENAME, dir, &folder, 8, "secret\0s", 9, NULL, 0), -ESTALE);
	assert_int_equal(share_ask(FUSE_RENAME, folder, &dir, 8, "file\0planted", 13, NULL, 0),
			 -ESTALE);
	assert_int_equal(share_ask(FUSE_LINK, folder, &file, 8, "kept", 5, NULL, 200), -ESTALE);
	assert_int_equal(share_ask(FUSE_SETATTR, file, &set, sizeof(set), NULL, 0, NULL, 104),
			 -ESTALE);
	usleep(60000); /* of what was looked at a moment ago, names may still be looked for */
	assert_int_equal(share_find(dir, "secret", &entry), -ESTALE);
	assert_int_equal(share_find(folder, "moving", &entry), -ENOENT);

	unlink(scratch_path("outside/moving/secret"));
	assert_int_equal(rename(scratch_path("outside/moving"), scratch_path("folder/moving")), 0);
	assert_int_equal(share_find(dir, "own", &entry), 0);
	assert_int_equal(read_file(entry.nodeid, text, sizeof(text)), 0);
	assert_string_equal(text, "own");
}

/* The folder itself may be moved, with what is in it */
static void test_moved_folder(void **state)
{
	char text[16];

	assert_int_equal(rename(scratch_path("folder"), scratch_path("renamed")), 0);
	usleep(60000);
	assert_int_equal(share_find(folder, "file", &entry), 0);
	assert_int_equal(read_file(entry.nodeid, text, sizeof(text)), 0);
	assert_int_equal(rename(scratch_path("renamed"), scratch_path("folder")), 0);
}

/* Links are text, whatever stood in their place before */
static void test_links(void **state)
{
	struct fuse_create_in create = { .flags = O_CREAT | O_RDWR | O_TRUNC, .mode = 0644 };
	uint64_t dir, handle, link;

	assert_int_equal(mkdir(scratch_path("folder/swapped"), 0755), 0);
	assert_int_equal(share_find(folder, "swapped", &entry), 0);
	dir = entry.nodeid;
	assert_int_equal(rmdir(scratch_path("folder/swapped")), 0);
	assert_int_equal(symlink("../outside", scratch_path("folder/swapped")), 0);
	assert_int_equal(share_find(dir, "secret", &entry), -ENOENT); /* of what is deleted */
	assert_int_equal(share_find(folder, "swapped", &entry), 0);
	link = entry.nodeid;
	assert_int_equal(entry.attr.mode & S_IFMT, S_IFLNK);
	assert_int_equal(share_find(link, "secret", &entry), -ENOTDIR);
	assert_int_equal(share_open_file(link, O_RDONLY, &handle), -ENXIO);
	assert_int_equal(symlink("../outside/secret", scratch_path("folder/link")), 0);
	assert_int_equal(
	    share_ask(FUSE_CREATE, folder, &create, sizeof(create), "link", 5, NULL, 200), -ENXIO);
	create.flags |= O_EXCL;
	assert_int_equal(
	    share_ask(FUSE_CREATE, folder, &create, sizeof(create), "link", 5, NULL, 200), -EEXIST);
	/* A link to a link is one to the link */
	assert_int_equal(share_ask(FUSE_LINK, folder, &link, 8, "second", 7, &entry, sizeof(entry)),
			 sizeof(entry));
	assert_int_equal(entry.attr.mode & S_IFMT, S_IFLNK);
}

static void test_special_files(void **state)
{
	struct fuse_create_in create = { .flags = O_CREAT | O_RDWR, .mode = 0644 };
	struct fuse_mknod_in make = { .mode = S_IFCHR | 0666, .rdev = 0x103 };
	uint64_t handle;

	assert_int_equal(mkfifo(scratch_path("folder/fifo"), 0666), 0);
	assert_int_equal(share_find(folder, "fifo", &entry), 0);
	assert_int_equal(share_open_file(entry.nodeid, O_RDONLY, &handle), -ENXIO);
	assert_int_equal(share_open_file(entry.nodeid, O_WRONLY, &handle), -ENXIO);
	assert_int_equal(
	    share_ask(FUSE_CREATE, folder, &create, sizeof(create), "fifo", 5, NULL, 200), -ENXIO);
	assert_int_equal(share_ask(FUSE_MKNOD, folder, &make, sizeof(make), "null", 5, NULL, 200),
			 -EPERM);
	make.mode = S_IFBLK | 0666;
	assert_int_equal(share_ask(FUSE_MKNOD, folder, &make, sizeof(make), "null", 5, NULL, 200),
			 -EPERM);
	if (!mknod(scratch_path("folder/zero"), S_IFCHR | 0666, makedev(1, 5))) { /* for root */
		assert_int_equal(share_find(folder, "zero", &entry), 0);
		assert_int_equal(share_open_file(entry.nodeid, O_RDONLY, &handle), -ENXIO);
	}
}

/* Many files, few descriptors */
static void test_budget(void **state)
{
	const unsigned before = descriptors();
	uint64_t nodes[200], handles[OPEN + 1];
	char name[32], text[16];
	unsigned opened = 0;

	for (unsigned i = 0; i < 200; i++) {
		snprintf(name, sizeof(name), "folder/f%u", i);
		put(name, name);
		assert_int_equal(share_find(folder, name + 7, &entry), 0);
		nodes[i] = entry.nodeid;
	}
	assert_true(descriptors() <= before + KNOWN);
	for (unsigned i = 0; i < 200; i++) {
		snprintf(name, sizeof(name), "folder/f%u", i);
		assert_int_equal(read_file(nodes[i], text, sizeof(text)), 0);
		assert_string_equal(text, name);
	}
	/* What is at its place now is another file */
	unlink(scratch_path("folder/f0"));
	put("folder/f0", "another");
	assert_int_equal(read_file(nodes[0], text, sizeof(text)), -ESTALE);
	assert_int_equal(rename(scratch_path("folder/f1"), scratch_path("folder/g1")), 0);
	assert_int_equal(read_file(nodes[1], text, sizeof(text)), -ESTALE);
	assert_int_equal(share_find(folder, "g1", &entry), 0);
	assert_int_equal(entry.nodeid, nodes[1]);
	assert_int_equal(read_file(nodes[1], text, sizeof(text)), 0);
	/* Open files have a budget of their own */
	while (opened <= OPEN && !share_open_file(nodes[10 + opened], O_RDONLY, &handles[opened]))
		opened++;
	assert_in_range(opened, 1, OPEN);
	while (opened--) {
		struct fuse_release_in release = { .fh = handles[opened] };

		assert_int_equal(
		    share_ask(FUSE_RELEASE, 0, &release, sizeof(release), NULL, 0, NULL, 0), 0);
	}
	assert_int_equal(read_file(nodes[10], text, sizeof(text)), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reading),	   cmocka_unit_test(test_names),
		cmocka_unit_test(test_numbers),	   cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_pieces),	   cmocka_unit_test(test_read_only),
		cmocka_unit_test(test_moved_away), cmocka_unit_test(test_moved_folder),
		cmocka_unit_test(test_links),	   cmocka_unit_test(test_special_files),
		cmocka_unit_test(test_budget),
	};

	return cmocka_run_group_tests(tests, setup, scratch_teardown);
}
