// SPDX-License-Identifier: GPL-2.0-only
/* test_partition.c - partition tables, whole and damaged */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "engine/disk/disk.h"
#include "engine/disk/partition.h"
#include "partition_table.h"
#include "scratch.h"

#define SIZE (16UL << 20)

static struct error err;
static struct partition part;

static int find(const char *path, unsigned number)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), ret;
	off_t size = lseek(fd, 0, SEEK_END);

	memset(&part, 0, sizeof(part));
	err.text[0] = '\0';
	ret = partition_find(fd, path, (uint64_t)size, number, &part, &err);
	close(fd);
	return ret;
}

static void fails(const char *path, unsigned number, const char *message)
{
	assert_int_equal(find(path, number), -1);
	if (!strstr(err.text, message))
		print_error("got: %s\n", err.text);
	assert_non_null(strstr(err.text, message));
}

static const char *gpt_file(unsigned sector)
{
	const char *path = scratch_file("gpt", SIZE);
	unsigned char head[GPT_HEAD_MAX];
	size_t len;

	len = gpt_build(head, sector, 1, SIZE / sector);
	scratch_write(path, sector, head, len);
	len = gpt_build(head, sector, SIZE / sector - 1, SIZE / sector);
	/* The backup's table lies in front of its header */
	scratch_write(path, SIZE - sector, head, sector);
	scratch_write(path, SIZE - sector - (len - sector), head + sector, len - sector);
	return path;
}

static void gpt(void **state)
{
	static const unsigned sectors[] = { 512, 4096 };
	const char *path;
	unsigned i, s;

	for (i = 0; i < 2; i++) {
		s = sectors[i];
		path = gpt_file(s);
		assert_int_equal(find(path, 1), 0);
		assert_int_equal(part.start, GPT_FIRST(1) * s);
		assert_int_equal(part.size, GPT_COUNT * s);
		assert_int_equal(find(path, 3), 0);
		assert_int_equal(part.start, GPT_FIRST(3) * s);
		fails(path, 2, "there is no such partition");
		fails(path, GPT_ENTRIES + 1, "there is no such partition");
		fails(path, 4, "truncated");
		fails(path, 0, "numbered from 1");
	}
}

static void damaged_gpt_has_a_second_copy(void **state)
{
	const char *path = gpt_file(512);

	scratch_write(path, 512 + 20, "damage", 6);
	assert_int_equal(find(path, 1), 0);
	assert_int_equal(part.start, GPT_FIRST(1) * 512);

	path = gpt_file(512);
	scratch_write(path, 1024 + 33, "x", 1); /* in the table: its checksum is wrong */
	assert_int_equal(find(path, 1), 0);

	scratch_write(path, SIZE - 512, "x", 1);
	fails(path, 1, "no partition table");
}

static void mbr(void **state)
{
	const char *path = scratch_file("mbr", SIZE);
	unsigned char sector[512];

	mbr_build(sector, (struct mbr_part[4]){ { 0x83, 2048, 4096 }, { 0x05, 8192, 8192 } });
	scratch_write(path, 0, sector, 512);
	mbr_build(sector, (struct mbr_part[4]){ { 0x83, 64, 1000 }, { 0x05, 2048, 4096 } });
	scratch_write(path, 8192 * 512, sector, 512);
	mbr_build(sector, (struct mbr_part[4]){ { 0x83, 64, 2000 } });
	scratch_write(path, (8192 + 2048) * 512, sector, 512);

	assert_int_equal(find(path, 1), 0);
	assert_int_equal(part.start, 2048 * 512);
	assert_int_equal(part.size, 4096 * 512);
	assert_int_equal(find(path, 5), 0);
	assert_int_equal(part.start, (8192 + 64) * 512);
	assert_int_equal(find(path, 6), 0);
	assert_int_equal(part.start, (8192 + 2048 + 64) * 512);
	assert_int_equal(part.size, 2000 * 512);
	fails(path, 2, "no such partition"); /* the extended one is a container */
	fails(path, 3, "no such partition");
	fails(path, 7, "no such partition");
	fails(path, 4000000000U, "no such partition");
}

static void chain_of_logical_partitions_that_loops(void **state)
{
	const char *path = scratch_file("loop", SIZE);
	unsigned char sector[512];

	mbr_build(sector, (struct mbr_part[4]){ { 0x05, 8192, 8192 } });
	scratch_write(path, 0, sector, 512);
	mbr_build(sector, (struct mbr_part[4]){ { 0x83, 64, 1000 }, { 0x05, 0, 4096 } });
	scratch_write(path, 8192 * 512, sector, 512);
	assert_int_equal(find(path, 9), 0);
	fails(path, 100000, "no such partition");
}

static void partitions_outside_the_image(void **state)
{
	const char *path = scratch_file("outside", SIZE);
	unsigned char sector[512];

	mbr_build(sector, (struct mbr_part[4]){ { 0x83, 2048, SIZE / 512 - 2047 },
						{ 0x83, 0xffffffff, 0xffffffff },
						{ 0x83, 2048, 0 },
						{ 0x83, 0, 1 } });
	scratch_write(path, 0, sector, 512);
	fails(path, 1, "truncated");
	fails(path, 2, "truncated");
	fails(path, 3, "truncated");
	fails(path, 4, "truncated");
}

static void no_table(void **state)
{
	const char *path = scratch_file("none", SIZE);

	fails(path, 1, "no partition table");
	scratch_write(path, 510, "\x55\xaa", 2);
	scratch_write(path, 446, "garbage!", 8);
	fails(path, 1, "no partition table");
	path = scratch_file("tiny", 512);
	fails(path, 1, "no partition table");
}

static void disk_shows_the_partition_alone(void **state)
{
	struct sandbox_disk config = { .path = gpt_file(512), .partition = 1 };
	char buf[512] = "inside", back[512];
	struct iovec iov = { buf, sizeof(buf) };
	struct disk *disk = NULL;

	assert_int_equal(disk_open(&config, NULL, &disk, &err), 0);
	assert_int_equal(disk->size, GPT_COUNT * 512);
	assert_int_equal(disk_write(disk, &iov, 512, 512, 0), 0);
	assert_int_equal(disk_close(disk), 0);
	scratch_read(config.path, (GPT_FIRST(1) + 1) * 512, back, sizeof(back));
	assert_string_equal(back, "inside");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gpt),
		cmocka_unit_test(damaged_gpt_has_a_second_copy),
		cmocka_unit_test(mbr),
		cmocka_unit_test(chain_of_logical_partitions_that_loops),
		cmocka_unit_test(partitions_outside_the_image),
		cmocka_unit_test(no_table),
		cmocka_unit_test(disk_shows_the_partition_alone),
	};

	return cmocka_run_group_tests_name("partition", tests, scratch_setup, scratch_teardown);
}
