// SPDX-License-Identifier: GPL-2.0-only
/* test_layers.c - file systems in layers: what replaces, hides and leads where */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <ext2fs/ext2fs.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "engine/disk/crc32.h"
#include "engine/disk/disk.h"
#include "images/ext4.h"
#include "images/ext4_disk.h"
#include "images/flatten.h"
#include "images/process.h"
#include "scratch.h"
#include "vitrine/util.h"

#define SIZE (512ULL << 20)

static const char *layers[8];
static char paths[8][256];
static unsigned count;
static char base[256];
static struct error err;

static struct disk *open_disk(const char *top)
{
	struct sandbox_disk config = { .path = base, .layers = layers, .overlay = top };
	struct disk *disk = NULL;

	config.read_only = !top;
	layers[count] = NULL;
	if (disk_open(&config, NULL, &disk, &err))
		fail_msg("%s", err.text);
	return disk;
}

static struct disk *writing;

/* A writer for one more layer; end() makes it one */
static struct ext4 *begin(void)
{
	char name[16];
	struct ext4 *fs;

	snprintf(name, sizeof(name), "layer%u", count);
	layers[count] = NULL;
	unlink(scratch_path(name));
	snprintf(paths[count], sizeof(paths[count]), "%s", scratch_path(name));
	writing = open_disk(paths[count]);
	layers[count] = paths[count];
	fs = ext4_open(writing, &err);
	if (!fs)
		fail_msg("%s", err.text);
	return fs;
}

static void end(struct ext4 *fs)
{
	if (ext4_close(fs, &err) || disk_close(writing))
		fail_msg("%s", err.text);
	count++;
}

/* What lies in layers is a sound file system */
static void check_sound(void)
{
	char path[256];
	cleanup_close int fd = -1;
	struct disk *disk = open_disk(NULL);

	snprintf(path, sizeof(path), "%s", scratch_path("flat"));
	fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
	if (flatten(disk, fd, &err))
		fail_msg("%s", err.text);
	disk_close(disk);
	if (process_run((char *[]){ "e2fsck", "-fn", path, NULL }, 0, &err))
		fail_msg("%s", err.text);
}

static bool there(const char *name, ext2_ino_t *result, struct ext2_inode *inode)
{
	struct disk *disk = open_disk(NULL);
	ext2_filsys fs;
	ext2_ino_t ino;
	bool found;

	assert_int_equal(ext2fs_open("x", EXT2_FLAG_64BITS, 0, 0, ext4_disk_manager(disk), &fs), 0);
	found = !ext2fs_namei(fs, EXT2_ROOT_INO, EXT2_ROOT_INO, name, &ino);
	if (found && inode)
		assert_int_equal(ext2fs_read_inode(fs, ino, inode), 0);
	if (found && result)
		*result = ino;
	ext2fs_close_free(&fs);
	disk_close(disk);
	return found;
}

static void add(struct ext4 *fs, const char *name, mode_t mode, const char *text)
{
	struct ext4_node node = { .path = name, .mode = mode, .mtime = 1000, .target = text };

	if (ext4_add(fs, &node, &err) ||
	    (S_ISREG(mode) && text && ext4_write(fs, text, strlen(text), &err)))
		fail_msg("%s", err.text);
}

static void refuse(struct ext4 *fs, const char *name, mode_t mode, const char *why)
{
	struct ext4_node node = { .path = name, .mode = mode, .target = "x" };

	assert_int_equal(ext4_add(fs, &node, &err), -1);
	if (!strstr(err.text, why))
		fail_msg("%s", err.text);
}

static int start(void **state)
{
	snprintf(base, sizeof(base), "%s", scratch_file("base", 4096));
	count = 0;
	if (ext4_make(base, SIZE, "test", &err))
		fail_msg("%s", err.text);
	return 0;
}

static void hiding(void **state)
{
	struct ext4 *fs = begin();

	add(fs, "a/old", S_IFREG | 0644, "1");
	add(fs, "a/sub/old", S_IFREG | 0644, "2");
	add(fs, "gone", S_IFREG | 0644, "3");
	add(fs, "tree/x/y/z", S_IFREG | 0644, "4");
	add(fs, "b/old", S_IFREG | 0644, "5");
	end(fs);

	fs = begin();
	/* What the layer brings stays, whatever the order is */
	add(fs, "a/sub/new", S_IFREG | 0644, "6");
	assert_int_equal(ext4_hide(fs, "a", 1, &err), 0);
	assert_int_equal(ext4_hide(fs, "gone", 0, &err), 0);
	add(fs, "gone", S_IFREG | 0644, "7");
	assert_int_equal(ext4_hide(fs, "gone", 0, &err), 0);
	assert_int_equal(ext4_hide(fs, "tree", 0, &err), 0);
	assert_int_equal(ext4_hide(fs, "nothing/here", 0, &err), 0);
	assert_int_equal(ext4_hide(fs, "", 0, &err), -1);
	end(fs);

	assert_false(there("/a/old", NULL, NULL));
	assert_false(there("/a/sub/old", NULL, NULL));
	assert_true(there("/a/sub/new", NULL, NULL));
	assert_true(there("/gone", NULL, NULL));
	assert_false(there("/tree", NULL, NULL));
	assert_true(there("/b/old", NULL, NULL));
	check_sound();
}

static void replacing(void **state)
{
	struct ext2_inode inode;
	ext2_ino_t one, two;
	struct ext4 *fs = begin();

	add(fs, "dir/x", S_IFREG | 0644, "1");
	add(fs, "file", S_IFREG | 0644, "1");
	assert_int_equal(ext4_set_xattr(fs, "user.a", "1", 1, &err), 0);
	assert_int_equal(ext4_link(fs, "second", "file", &err), 0);
	add(fs, "kept", S_IFDIR | 0700, NULL);
	assert_int_equal(ext4_set_xattr(fs, "user.b", "1", 1, &err), 0);
	add(fs, "kept/inside", S_IFREG | 0644, "1");
	end(fs);

	fs = begin();
	add(fs, "dir", S_IFREG | 0600, "now a file");
	refuse(fs, "dir", S_IFREG | 0644, "twice");
	refuse(fs, "dir", S_IFDIR | 0755, "twice");
	add(fs, "file", S_IFDIR | 0755, NULL);
	add(fs, "kept", S_IFDIR | 0711, NULL);
	end(fs);
	assert_true(there("/dir", NULL, &inode));
	assert_int_equal(inode.i_mode, S_IFREG | 0600);
	assert_true(there("/second", NULL, &inode));
	assert_int_equal(inode.i_links_count, 1);
	assert_true(there("/kept/inside", NULL, NULL));
	assert_true(there("/kept", NULL, &inode));
	assert_int_equal(inode.i_mode, S_IFDIR | 0711);

	fs = begin();
	assert_int_equal(ext4_link(fs, "dir", "second", &err), 0);
	end(fs);
	assert_true(there("/dir", &one, NULL));
	assert_true(there("/second", &two, NULL));
	assert_int_equal(one, two);
	check_sound();
}

static void leading(void **state)
{
	struct ext4 *fs = begin();

	add(fs, "usr/bin/sh", S_IFREG | 0755, "1");
	add(fs, "bin", S_IFLNK | 0777, "usr/bin");
	add(fs, "up", S_IFLNK | 0777, "../../../../usr");
	add(fs, "loop", S_IFLNK | 0777, "loop");
	refuse(fs, "bin/tool", S_IFREG | 0755, "same archive");
	refuse(fs, "../x", S_IFREG | 0755, "'..'");
	end(fs);

	fs = begin();
	add(fs, "bin/tool", S_IFREG | 0755, "2");
	add(fs, "up/lib/so", S_IFREG | 0755, "3");
	refuse(fs, "loop/x", S_IFREG | 0755, "symbolic links");
	assert_int_equal(ext4_hide(fs, "bin/sh", 0, &err), 0);
	end(fs);
	assert_true(there("/usr/bin/tool", NULL, NULL));
	assert_true(there("/usr/lib/so", NULL, NULL));
	assert_false(there("/usr/bin/sh", NULL, NULL));
	check_sound();
}

/* Beyond what one index block points to, added to and thinned out by a second layer */
static void many_names(void **state)
{
	struct ext4 *fs = begin();
	char name[128];

	/* 30 names in a block: 507 blocks are 15210 */
	for (unsigned i = 0; i < 20000; i++) {
		snprintf(name, sizeof(name), "d/%0110u", i);
		add(fs, name, S_IFIFO | 0644, NULL);
	}
	end(fs);
	check_sound();

	fs = begin();
	for (unsigned i = 0; i < 20000; i += 2) {
		snprintf(name, sizeof(name), "d/%0110u", i);
		assert_int_equal(ext4_hide(fs, name, 0, &err), 0);
	}
	add(fs, "d/new", S_IFREG | 0644, "x");
	end(fs);
	check_sound();
	snprintf(name, sizeof(name), "/d/%0110u", 4001U);
	assert_true(there(name, NULL, NULL));
	snprintf(name, sizeof(name), "/d/%0110u", 4000U);
	assert_false(there(name, NULL, NULL));
}

static void holes(void **state)
{
	static char block[8192];
	struct ext2_inode inode;
	struct ext4 *fs = begin();

	memset(block, 'x', sizeof(block));
	add(fs, "sparse", S_IFREG | 0644, NULL);
	assert_int_equal(ext4_seek(fs, 100 << 20, &err), 0);
	assert_int_equal(ext4_write(fs, block, sizeof(block), &err), 0);
	assert_int_equal(ext4_seek(fs, (200 << 20) + 5, &err), 0);
	assert_int_equal(ext4_seek(fs, 1ULL << 50, &err), -1);
	add(fs, "zeros", S_IFREG | 0644, NULL);
	memset(block, 0, sizeof(block));
	for (int i = 0; i < 1000; i++)
		assert_int_equal(ext4_write(fs, block, sizeof(block), &err), 0);
	end(fs);
	assert_true(there("/sparse", NULL, &inode));
	assert_int_equal(EXT2_I_SIZE(&inode), (200 << 20) + 5);
	assert_in_range(inode.i_blocks, 16, 32);
	assert_true(there("/zeros", NULL, &inode));
	assert_int_equal(inode.i_blocks, 0);
	check_sound();
}

static void checksums(void **state)
{
	unsigned char data[256 * 40 + 3];

	assert_int_equal(crc32_ieee("123456789", 9), 0xcbf43926);
	for (unsigned i = 0; i < sizeof(data); i++)
		data[i] = i;
	memcpy(data + 256 * 40, "abc", 3);
	assert_int_equal(crc32_ieee(data, sizeof(data)), 0x80816a55U);
}

static void attributes(void **state)
{
	static char value[5000];
	struct ext2_inode inode;
	struct ext4_node node = { .path = "dated",
				  .mode = S_IFREG | 06755,
				  .uid = 4000000000U,
				  .gid = 3000000000U,
				  .mtime = 5000000000LL,
				  .mtime_ns = 7 };
	struct ext4 *fs = begin();

	assert_int_equal(ext4_add(fs, &node, &err), 0);
	assert_int_equal(ext4_set_xattr(fs, "security.capability", "\1\0\0\2\0\4\0\0", 8, &err), 0);
	assert_int_equal(ext4_set_xattr(fs, "user.large", value, 3000, &err), 0);
	assert_int_equal(ext4_set_xattr(fs, "user.larger", value, 5000, &err), -1);
	end(fs);
	assert_true(there("/dated", NULL, &inode));
	assert_int_equal(inode.i_mode, S_IFREG | 06755);
	assert_int_equal(inode_uid(inode), 4000000000U);
	assert_int_equal(inode_gid(inode), 3000000000U);
	assert_int_equal(inode.i_mtime, (uint32_t)5000000000LL);
	check_sound();

	/* A second layer's entry for a directory takes the attributes of the first away */
	fs = begin();
	add(fs, "d", S_IFDIR | 0755, NULL);
	assert_int_equal(ext4_set_xattr(fs, "user.large", value, 3000, &err), 0);
	end(fs);
	fs = begin();
	add(fs, "d", S_IFDIR | 0755, NULL);
	end(fs);
	assert_true(there("/d", NULL, &inode));
	assert_int_equal(inode.i_file_acl, 0);
	check_sound();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(hiding, start),
		cmocka_unit_test_setup(replacing, start),
		cmocka_unit_test_setup(leading, start),
		cmocka_unit_test_setup(many_names, start),
		cmocka_unit_test_setup(holes, start),
		cmocka_unit_test_setup(attributes, start),
		cmocka_unit_test(checksums),
	};

	return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
