// SPDX-License-Identifier: GPL-2.0-only
/* test_disk.c - what disk_open() accepts and what it says about the rest */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <linux/capability.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "engine/disk/disk.h"
#include "scratch.h"

#define SIZE (1UL << 20)

static struct error err;

/* The few fields of an ext4 superblock that are looked at; 1 KiB blocks */
static const char *ext4_file(const char *name, uint64_t size, uint32_t blocks, uint32_t incompat)
{
	const char *path = scratch_file(name, size);
	unsigned char sb[1024] = { 0 };
	uint32_t value;

	value = htole32(blocks);
	memcpy(sb + 0x4, &value, 4);
	value = htole32(incompat);
	memcpy(sb + 0x60, &value, 4);
	memcpy(sb + 0x38, "\x53\xef", 2);
	scratch_write(path, 1024, sb, sizeof(sb));
	return path;
}

static struct disk *open_ok(const struct sandbox_disk *config, const char *fs)
{
	struct disk *disk = NULL;

	if (disk_open(config, fs, &disk, &err))
		print_error("%s\n", err.text);
	assert_non_null(disk);
	return disk;
}

static void open_fails(const struct sandbox_disk *config, const char *fs, const char *message)
{
	struct disk *disk = NULL;

	err.text[0] = '\0';
	assert_int_equal(disk_open(config, fs, &disk, &err), -1);
	if (!strstr(err.text, message))
		print_error("got: %s\n", err.text);
	assert_non_null(strstr(err.text, message));
	assert_null(strchr(err.text, '\n'));
}

static void writable_image(void **state)
{
	struct sandbox_disk config = { .path = ext4_file("ok", SIZE, SIZE / 1024, 0) };
	struct disk *disk = open_ok(&config, "ext4");

	assert_int_equal(disk->size, SIZE);
	assert_false(disk->read_only);
	assert_int_equal(disk_close(disk), 0);
	assert_int_equal(disk_close(open_ok(&config, "ext2")), 0);
	assert_int_equal(disk_close(open_ok(&config, NULL)), 0);
	assert_int_equal(disk_close(NULL), 0);
}

static void images_that_cannot_be_used(void **state)
{
	struct sandbox_disk config = { .path = scratch_path("missing") };

	open_fails(&config, NULL, "there is no image");
	config.path = scratch_path(".");
	open_fails(&config, NULL, "is a directory");
	config.read_only = true;
	open_fails(&config, NULL, "is a directory");
	config.path = "/dev/null";
	open_fails(&config, NULL, "neither a file nor a block device");
	config.path = scratch_file("empty", 0);
	open_fails(&config, NULL, "is empty");
	config.path = scratch_file("tiny", 511);
	open_fails(&config, NULL, "too small");
	config.path = scratch_path("fifo");
	assert_int_equal(mkfifo(config.path, 0600), 0);
	open_fails(&config, NULL, "neither a file nor a block device");
}

/* Root may write anyway, until it gives that capability up; nothing after this needs it */
static void obey_permissions(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];

	assert_int_equal(syscall(SYS_capget, &header, data), 0);
	data[0].effective &= ~(1U << CAP_DAC_OVERRIDE);
	data[0].permitted &= ~(1U << CAP_DAC_OVERRIDE);
	assert_int_equal(syscall(SYS_capset, &header, data), 0);
}

static void image_without_write_permission(void **state)
{
	struct sandbox_disk config = { .path = ext4_file("noperm", SIZE, 1024, 0) };

	assert_int_equal(chmod(config.path, 0400), 0);
	obey_permissions();
	assert_int_equal(access(config.path, W_OK), -1);
	open_fails(&config, "ext4", "is not writable; use --ephemeral or --read-only");
	config.ephemeral = true;
	disk_close(open_ok(&config, "ext4"));
}

static void content_is_recognised(void **state)
{
	static const struct {
		uint64_t offset;
		const char *magic;
		unsigned len;
		const char *message;
	} contents[] = {
		{ 0, "QFI\xfb", 4, "is a qcow2 image, not an ext4 file system; convert it" },
		{ 0, "hsqs", 4, "holds squashfs, not ext4; use --fs-type squashfs" },
		{ 0, "XFSB", 4, "holds xfs, not ext4; use --fs-type xfs" },
		{ 0, "\x1f\x8b", 2, "is gzip data" },
		{ 512, "EFI PART", 8, "is a disk with partitions" },
		{ 510, "\x55\xaa", 2, "is a disk with partitions" },
		{ 0x10040, "_BHRfS_M", 8, "holds btrfs" },
		{ 0, "VTOVERL1", 8, "is an overlay" },
		{ 0, "hello", 5, "holds no ext4 file system" },
		{ 0, "", 1, "holds no ext4 file system, only zeros" },
	};
	struct sandbox_disk config = { .read_only = true };
	size_t i;

	for (i = 0; i < sizeof(contents) / sizeof(contents[0]); i++) {
		config.path = scratch_file("content", SIZE);
		scratch_write(config.path, contents[i].offset, contents[i].magic, contents[i].len);
		open_fails(&config, "ext4", contents[i].message);
		/* An image of any content, and of a type that is not known here, is fine */
		disk_close(open_ok(&config, NULL));
		disk_close(open_ok(&config, "bcachefs"));
	}
}

static void truncated_images(void **state)
{
	struct sandbox_disk config = { .path = ext4_file("cut", SIZE, SIZE / 1024 + 1, 0) };

	open_fails(&config, "ext4", "is truncated: it has 1048576 bytes, its file system needs");
	config.path = ext4_file("zero-blocks", SIZE, 0, 0);
	open_fails(&config, "ext4", "damaged ext4 superblock");
	config.path = ext4_file("short", SIZE, 1, 0);
	assert_int_equal(truncate(config.path, 1536), 0);
	open_fails(&config, "ext4", "is truncated");
}

static void journal_that_a_read_only_disk_cannot_replay(void **state)
{
	struct sandbox_disk config = { .path = ext4_file("dirty", SIZE, 1024, 0x4),
				       .read_only = true };

	open_fails(&config, "ext4", "was not unmounted cleanly");
	config.read_only = false;
	disk_close(open_ok(&config, "ext4"));
	config.ephemeral = true;
	disk_close(open_ok(&config, "ext4"));
}

static void locks_exclude_writers(void **state)
{
	struct sandbox_disk rw = { .path = ext4_file("locked", SIZE, 1024, 0) };
	struct sandbox_disk ro = { .path = rw.path, .read_only = true };
	struct sandbox_disk ephemeral = { .path = rw.path, .ephemeral = true };
	struct disk *a, *b;

	a = open_ok(&rw, NULL);
	open_fails(&rw, NULL, "is in use by another sandbox; use --ephemeral or --read-only");
	open_fails(&ro, NULL, "is being written by another sandbox");
	open_fails(&ephemeral, NULL, "is being written by another sandbox");
	disk_close(a);

	a = open_ok(&ro, NULL);
	b = open_ok(&ephemeral, NULL);
	open_fails(&rw, NULL, "is in use by another sandbox");
	disk_close(a);
	disk_close(b);
	disk_close(open_ok(&rw, NULL));
}

/* A flush waits for the host's disk only when there is something to wait for */
static void flush_is_skipped_when_nothing_was_written(void **state)
{
	struct sandbox_disk config = { .path = scratch_file("flush", SIZE) };
	struct disk *disk = open_ok(&config, NULL);
	char buf[512] = { 1 };
	struct iovec iov = { buf, sizeof(buf) };

	/* The first one also answers for the process that had the image before */
	assert_int_equal(disk_flush(disk, IO_NOWAIT), -EAGAIN);
	assert_int_equal(disk_flush(disk, 0), 0);
	assert_int_equal(disk_flush(disk, IO_NOWAIT), 0);
	assert_int_equal(disk_write(disk, &iov, 0, sizeof(buf), 0), 0);
	assert_int_equal(disk_flush(disk, IO_NOWAIT), -EAGAIN);
	assert_int_equal(disk_flush(disk, 0), 0);
	assert_int_equal(disk_flush(disk, IO_NOWAIT), 0);
	disk_close(disk);

	config.ephemeral = true;
	disk = open_ok(&config, NULL);
	assert_int_equal(disk_write(disk, &iov, 0, sizeof(buf), 0), 0);
	assert_int_equal(disk_flush(disk, IO_NOWAIT), 0);
	disk_close(disk);
}

static int failing_flush(struct disk *disk)
{
	return -EIO;
}

/* The host may have dropped the data: no later flush may claim that they are safe */
static void failed_flush_is_remembered(void **state)
{
	struct sandbox_disk config = { .path = scratch_file("sticky", SIZE) };
	struct disk *disk = open_ok(&config, NULL);
	const struct disk_ops *good = disk->ops;
	struct disk_ops bad = *good;
	char buf[512] = { 1 };
	struct iovec iov = { buf, sizeof(buf) };

	bad.flush = failing_flush;
	disk->ops = &bad;
	assert_int_equal(disk_write(disk, &iov, 0, sizeof(buf), 0), 0);
	assert_int_equal(disk_flush(disk, 0), -EIO);
	disk->ops = good;
	assert_int_equal(disk_flush(disk, 0), -EIO);
	assert_int_equal(disk_flush(disk, IO_NOWAIT), -EIO);
	assert_int_equal(disk_close(disk), -EIO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writable_image),
		cmocka_unit_test(images_that_cannot_be_used),
		cmocka_unit_test(image_without_write_permission),
		cmocka_unit_test(content_is_recognised),
		cmocka_unit_test(truncated_images),
		cmocka_unit_test(journal_that_a_read_only_disk_cannot_replay),
		cmocka_unit_test(locks_exclude_writers),
		cmocka_unit_test(flush_is_skipped_when_nothing_was_written),
		cmocka_unit_test(failed_flush_is_remembered),
	};

	return cmocka_run_group_tests_name("disk", tests, scratch_setup, scratch_teardown);
}
