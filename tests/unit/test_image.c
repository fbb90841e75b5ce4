// SPDX-License-Identifier: GPL-2.0-only
/* test_image.c - the ext4 writer and what a hostile archive can do to it: nothing */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <archive.h>
#include <archive_entry.h>
#include <ext2fs/ext2fs.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>
#include "cli/image/store.h"
#include "images/process.h"
#include "images/tar.h"
#include "vitrine/util.h"

#define SIZE (16ULL << 20)

static char path[] = "/tmp/vitrine-image-XXXXXX";

static struct ext4 *create(void)
{
	struct error err = { 0 };
	struct ext4 *fs = ext4_create(path, SIZE, "label", &err);

	if (!fs)
		fail_msg("%s", err.text);
	return fs;
}

static int add(struct ext4 *fs, const char *name, mode_t mode, const char *target,
	       struct error *err)
{
	return ext4_add(fs,
			&(struct ext4_node){ .path = name,
					     .mode = mode,
					     .uid = 70000,
					     .gid = 80000,
					     .mtime = 1000000000,
					     .device = makedev(300, 5),
					     .target = target },
			err);
}

static void check_inode(ext2_filsys fs, const char *name, unsigned mode, unsigned links)
{
	struct ext2_inode inode;
	ext2_ino_t ino;

	assert_int_equal(ext2fs_namei(fs, EXT2_ROOT_INO, EXT2_ROOT_INO, name, &ino), 0);
	assert_int_equal(ext2fs_read_inode(fs, ino, &inode), 0);
	assert_int_equal(inode.i_mode, mode);
	assert_int_equal(inode.i_links_count, links);
	assert_int_equal(inode_uid(inode), 70000);
	assert_int_equal(inode_gid(inode), 80000);
	assert_int_equal(inode.i_mtime, 1000000000);
}

static void test_kinds(void **state)
{
	char big[100000], name[64];
	struct error err = { 0 };
	struct ext4 *fs = create();
	ext2_filsys check;

	memset(big, 'x', sizeof(big));
	assert_int_equal(add(fs, "/a/./b/", S_IFDIR | 0750, NULL, &err), 0);
	assert_int_equal(add(fs, "a", S_IFDIR | 01777, NULL, &err), 0);
	assert_int_equal(add(fs, "a/b/file", S_IFREG | 04755, NULL, &err), 0);
	assert_int_equal(ext4_write(fs, big, sizeof(big), &err), 0);
	assert_int_equal(ext4_set_xattr(fs, "user.x", "1", 1, &err), 0);
	assert_int_equal(ext4_link(fs, "hard", "./a/b/file", &err), 0);
	assert_int_equal(add(fs, "soft", S_IFLNK | 0777, "a/b", &err), 0);
	assert_int_equal(add(fs, "long", S_IFLNK | 0777,
			     "0123456789012345678901234567890123456789012345678901234567890123",
			     &err),
			 0);
	assert_int_equal(add(fs, "fifo", S_IFIFO | 0600, NULL, &err), 0);
	assert_int_equal(add(fs, "char", S_IFCHR | 0600, NULL, &err), 0);
	for (int i = 0; i < 500; i++) {
		snprintf(name, sizeof(name), "many/a-rather-long-name-number-%d", i);
		assert_int_equal(add(fs, name, S_IFREG | 0644, NULL, &err), 0);
	}
	assert_int_equal(ext4_close(fs, &err), 0);

	assert_int_equal(ext2fs_open(path, 0, 0, 0, unix_io_manager, &check), 0);
	check_inode(check, "/a", S_IFDIR | 01777, 3);
	check_inode(check, "/a/b", S_IFDIR | 0750, 2);
	check_inode(check, "/hard", S_IFREG | 04755, 2);
	check_inode(check, "/fifo", S_IFIFO | 0600, 1);
	check_inode(check, "/char", S_IFCHR | 0600, 1);
	check_inode(check, "/many/a-rather-long-name-number-499", S_IFREG | 0644, 1);
	ext2fs_close_free(&check);
}

static void test_refused(void **state)
{
	struct error err = { 0 };
	struct ext4 *fs = create();
	char deep[300];

	memset(deep, 'n', sizeof(deep) - 1);
	deep[sizeof(deep) - 1] = '\0';
	assert_int_equal(add(fs, "file", S_IFREG | 0644, NULL, &err), 0);
	assert_int_equal(add(fs, "link", S_IFLNK | 0777, "/etc", &err), 0);
	assert_int_equal(add(fs, "../x", S_IFREG | 0644, NULL, &err), -1);
	assert_int_equal(add(fs, "a/../../x", S_IFREG | 0644, NULL, &err), -1);
	assert_int_equal(add(fs, "file/x", S_IFREG | 0644, NULL, &err), -1);
	assert_int_equal(add(fs, "link/passwd", S_IFREG | 0644, NULL, &err), -1);
	assert_int_equal(add(fs, "file", S_IFDIR | 0755, NULL, &err), -1);
	assert_int_equal(add(fs, "file", S_IFREG | 0644, NULL, &err), -1);
	assert_int_equal(add(fs, "link", S_IFLNK | 0777, "x", &err), -1);
	assert_int_equal(ext4_link(fs, "link", "file", &err), -1);
	assert_int_equal(add(fs, "dir", S_IFDIR | 0755, NULL, &err), 0);
	assert_int_equal(ext4_link(fs, "dir2", "dir", &err), -1);
	assert_int_equal(add(fs, deep, S_IFREG | 0644, NULL, &err), -1);
	assert_int_equal(add(fs, "/", S_IFREG | 0644, NULL, &err), -1);
	assert_int_equal(ext4_link(fs, "x", "nothing", &err), -1);
	assert_int_equal(ext4_link(fs, "x", "../../etc/passwd", &err), -1);
	ext4_abandon(fs);
}

static void test_full(void **state)
{
	static char data[1 << 20];
	struct error err = { 0 };
	struct ext4 *fs = create();
	int ret = 0;

	memset(data, 'x', sizeof(data));
	assert_int_equal(add(fs, "file", S_IFREG | 0644, NULL, &err), 0);
	for (int i = 0; i < 17 && !ret; i++)
		ret = ext4_write(fs, data, sizeof(data), &err);
	assert_int_equal(ret, -1);
	assert_non_null(strstr(err.text, "full"));
	ext4_abandon(fs);
}

static void test_tar(void **state)
{
	int fd = memfd_create("tar", MFD_CLOEXEC);
	struct archive *a = archive_write_new();
	struct archive_entry *e = archive_entry_new();
	struct error err = { 0 };
	struct ext4 *fs = create();
	ext2_filsys check;

	archive_write_set_format_pax(a);
	assert_int_equal(archive_write_open_fd(a, fd), ARCHIVE_OK);
	archive_entry_set_pathname(e, "./dir/file");
	archive_entry_set_mode(e, S_IFREG | 0640);
	archive_entry_set_uid(e, 70000);
	archive_entry_set_gid(e, 80000);
	archive_entry_set_mtime(e, 1000000000, 0);
	archive_entry_set_size(e, 5);
	assert_int_equal(archive_write_header(a, e), ARCHIVE_OK);
	assert_int_equal(archive_write_data(a, "hello", 5), 5);
	archive_entry_free(e);
	archive_write_free(a);

	lseek(fd, 0, SEEK_SET);
	assert_int_equal(tar_unpack(fs, fd, &(struct tar_rules){ 0 }, &err), 0);
	assert_int_equal(ext4_close(fs, &err), 0);
	assert_int_equal(ext2fs_open(path, 0, 0, 0, unix_io_manager, &check), 0);
	check_inode(check, "/dir/file", S_IFREG | 0640, 1);
	ext2fs_close_free(&check);

	/* The same stream, cut short */
	assert_int_equal(ftruncate(fd, 700), 0);
	lseek(fd, 0, SEEK_SET);
	fs = create();
	assert_int_equal(tar_unpack(fs, fd, &(struct tar_rules){ 0 }, &err), -1);
	ext4_abandon(fs);
	close(fd);
}

static void test_names(void **state)
{
	static const char *const good[] = { "mini", "a", "A.b_c-9", "0" };
	static const char *const bad[] = { "", ".", "..", "-a", "a/b", "a b", "a\n", "\xc3\xa4" };

	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		assert_true(image_name_valid(good[i]));
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_false(image_name_valid(bad[i]));
}

static void test_process(void **state)
{
	char dir[] = "/tmp/vitrine-closed-XXXXXX", search[8192], *old;
	struct error err = { 0 };

	assert_int_equal(process_run((char *[]){ "true", NULL }, 0, &err), 0);
	assert_int_equal(process_run((char *[]){ "sh", "-c", "exit 3", NULL }, 3, &err), 0);
	assert_int_equal(
	    process_run((char *[]){ "sh", "-c", "echo why >&2; exit 1", NULL }, 0, &err), -1);
	assert_string_equal(err.text, "sh failed: why");
	assert_int_equal(process_run((char *[]){ "vitrine-no-such-program", NULL }, 0, &err), -1);
	assert_non_null(strstr(err.text, "is not installed"));
	/* Directories that we may not look into do not make it a program that we may not run */
	old = strdup(getenv("PATH"));
	assert_int_equal(mkdtemp(dir) ? chmod(dir, 0) : -1, 0);
	snprintf(search, sizeof(search), "%s:%s", dir, old);
	setenv("PATH", search, 1);
	assert_int_equal(process_run((char *[]){ "vitrine-no-such-program", NULL }, 0, &err), -1);
	assert_non_null(strstr(err.text, "is not installed"));
	setenv("PATH", old, 1);
	rmdir(dir);
	free(old);
	assert_int_equal(process_run((char *[]){ "/no/such/program", NULL }, 0, &err), -1);
	assert_non_null(strstr(err.text, "No such file"));
}

static int set_up(void **state)
{
	int fd = mkstemp(path);

	return fd < 0 ? -1 : close(fd);
}

static int tear_down(void **state)
{
	return unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kinds), cmocka_unit_test(test_refused),
		cmocka_unit_test(test_full),  cmocka_unit_test(test_tar),
		cmocka_unit_test(test_names), cmocka_unit_test(test_process),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
