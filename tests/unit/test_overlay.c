// SPDX-License-Identifier: GPL-2.0-only
/* test_overlay.c - copy-on-write disks: content, durability, damaged files */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "engine/disk/crc32.h"
#include "engine/disk/overlay.h"
#include "engine/disk/overlay_map.h"
#include "scratch.h"

/* Not a multiple of the cluster size, and more than one page of bitmap would be 128 MiB */
#define SIZE (2UL * 1024 * 1024 + 1536)
#define DATA_OFFSET (4096UL + 4096)
#define CLUSTER 4096UL

static struct error err;
static struct sandbox_disk config;
static uint32_t seed = 1;

static uint32_t rnd(uint32_t below)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 8) % below;
}

/* Byte @off of an image that nobody has written to */
static unsigned char base_byte(uint64_t off)
{
	return (unsigned char)(off / 512 * 7 + off % 512 % 5 + 1);
}

static int start(void **state)
{
	unsigned char *base = malloc(SIZE);
	uint64_t off;

	for (off = 0; off < SIZE; off++)
		base[off] = base_byte(off);
	config = (struct sandbox_disk){ .path = scratch_file("base", SIZE),
					.overlay = scratch_path("overlay") };
	scratch_write(config.path, 0, base, SIZE);
	free(base);
	unlink(config.overlay);
	return 0;
}

static struct disk *open_ok(void)
{
	struct disk *disk = NULL;

	if (disk_open(&config, NULL, &disk, &err))
		print_error("%s\n", err.text);
	assert_non_null(disk);
	return disk;
}

static void open_fails(const char *message)
{
	struct disk *disk = NULL;

	err.text[0] = '\0';
	assert_int_equal(disk_open(&config, NULL, &disk, &err), -1);
	if (!strstr(err.text, message))
		print_error("got: %s\n", err.text);
	assert_non_null(strstr(err.text, message));
}

static int write_at(struct disk *disk, uint64_t off, const void *buf, size_t len)
{
	struct iovec iov = { (void *)buf, len };

	return disk_write(disk, &iov, off, len, 0);
}

static int read_at(struct disk *disk, uint64_t off, void *buf, size_t len)
{
	struct iovec iov[2] = { { buf, len / 2 }, { (char *)buf + len / 2, len - len / 2 } };

	return disk_read(disk, iov, off, len, 0);
}

static unsigned char byte_at(struct disk *disk, uint64_t off)
{
	unsigned char sector[512];

	assert_int_equal(read_at(disk, off / 512 * 512, sector, 512), 0);
	return sector[off % 512];
}

static void small_write_keeps_its_surroundings(void **state)
{
	unsigned char buf[512];
	struct disk *disk = open_ok();

	memset(buf, 0xee, sizeof(buf));
	assert_int_equal(write_at(disk, 3 * CLUSTER + 1024, buf, sizeof(buf)), 0);
	assert_int_equal(byte_at(disk, 3 * CLUSTER + 1023), base_byte(3 * CLUSTER + 1023));
	assert_int_equal(byte_at(disk, 3 * CLUSTER + 1024), 0xee);
	assert_int_equal(byte_at(disk, 3 * CLUSTER + 1536), base_byte(3 * CLUSTER + 1536));
	/* The last cluster is not a whole one */
	assert_int_equal(write_at(disk, SIZE - 512, buf, sizeof(buf)), 0);
	assert_int_equal(byte_at(disk, SIZE - 513), base_byte(SIZE - 513));
	assert_int_equal(byte_at(disk, SIZE - 1), 0xee);
	assert_int_equal(disk_close(disk), 0);

	scratch_read(config.path, 3 * CLUSTER + 1024, buf, sizeof(buf));
	assert_int_equal(buf[0], base_byte(3 * CLUSTER + 1024));
}

/* Random operations beside a plain array that does the same */
static void random_operations(struct disk *disk, unsigned char *model, unsigned count)
{
	static unsigned char buf[64 * 1024];
	uint64_t off, len, i;

	while (count--) {
		off = rnd(SIZE / 512) * 512;
		len = (rnd(rnd(4) ? 16 : 128) + 1) * 512;
		if (len > SIZE - off)
			len = SIZE - off;
		switch (rnd(4)) {
		case 0:
			assert_int_equal(disk_zero(disk, off, len, rnd(2)), 0);
			memset(model + off, 0, len);
			break;
		case 1:
			for (i = 0; i < len; i++)
				buf[i] = model[off + i] = (unsigned char)rnd(256);
			assert_int_equal(write_at(disk, off, buf, len), 0);
			break;
		default:
			assert_int_equal(read_at(disk, off, buf, len), 0);
			assert_memory_equal(buf, model + off, len);
		}
	}
}

static void behaves_like_a_disk(void **state)
{
	unsigned char *model = malloc(SIZE);
	struct disk *disk;
	unsigned round;
	uint64_t off;

	for (off = 0; off < SIZE; off++)
		model[off] = base_byte(off);
	for (round = 0; round < 5; round++) {
		disk = open_ok();
		random_operations(disk, model, 300);
		assert_int_equal(disk_close(disk), 0);
	}
	free(model);
}

static void ephemeral_disk_is_thrown_away(void **state)
{
	unsigned char *model = malloc(SIZE);
	struct disk *disk;
	uint64_t off;

	config.overlay = NULL;
	config.ephemeral = true;
	for (off = 0; off < SIZE; off++)
		model[off] = base_byte(off);
	disk = open_ok();
	assert_false(disk_has_flush(disk));
	random_operations(disk, model, 300);
	assert_int_equal(disk_close(disk), 0);

	disk = open_ok();
	for (off = 0; off < SIZE; off += 509)
		assert_int_equal(byte_at(disk, off), base_byte(off));
	assert_int_equal(disk_close(disk), 0);
	free(model);
}

static void discard_gives_space_back(void **state)
{
	struct stat before, after;
	struct disk *disk = open_ok();
	static unsigned char buf[256 * 1024];

	memset(buf, 1, sizeof(buf));
	assert_int_equal(write_at(disk, 0, buf, sizeof(buf)), 0);
	assert_int_equal(disk_flush(disk, 0), 0);
	stat(config.overlay, &before);
	assert_int_equal(disk_discard(disk, 0, sizeof(buf) * 2), 0);
	stat(config.overlay, &after);
	assert_true(after.st_blocks <= before.st_blocks);
	/* The image never shines through where something was written */
	assert_int_not_equal(byte_at(disk, 4096), base_byte(4096));
	assert_int_equal(byte_at(disk, sizeof(buf)), base_byte(sizeof(buf)));
	assert_int_equal(disk_close(disk), 0);
}

/* The bitmap on the host's disk must not run ahead of the data */
static void bitmap_is_written_by_flush_alone(void **state)
{
	unsigned char bits[8], buf[CLUSTER] = { 1 };
	struct disk *disk = open_ok();

	assert_int_equal(write_at(disk, 9 * CLUSTER, buf, sizeof(buf)), 0);
	scratch_read(config.overlay, 4096, bits, sizeof(bits));
	assert_int_equal(bits[1], 0);
	assert_int_equal(disk_flush(disk, 0), 0);
	scratch_read(config.overlay, 4096, bits, sizeof(bits));
	assert_int_equal(bits[1], 2);
	assert_int_equal(disk_close(disk), 0);
}

static void *write_sectors(void *arg)
{
	struct disk *disk = ((void **)arg)[0];
	unsigned char *mark = ((void **)arg)[1];
	unsigned char buf[512];
	uint64_t off;

	memset(buf, *mark, sizeof(buf));
	for (off = *mark * 512; off + 512 <= SIZE; off += 4 * 512)
		if (write_at(disk, off, buf, sizeof(buf)))
			abort();
	return NULL;
}

/* First writes to one cluster from several threads: no copy-up may undo another's write */
static void threads_share_clusters(void **state)
{
	static unsigned char marks[4] = { 0, 1, 2, 3 };
	struct disk *disk = open_ok();
	void *args[4][2];
	pthread_t threads[4];
	unsigned i;
	uint64_t off;

	for (i = 0; i < 4; i++) {
		args[i][0] = disk;
		args[i][1] = &marks[i];
		pthread_create(&threads[i], NULL, write_sectors, args[i]);
	}
	for (i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	for (off = 0; off < SIZE; off += 512)
		assert_int_equal(byte_at(disk, off), off / 512 % 4);
	assert_int_equal(disk_close(disk), 0);
}

/* Writes sector after sector with its round, and says so once a flush has reported it */
static void write_until_killed(int report)
{
	unsigned char buf[1024];
	struct disk *disk = open_ok();
	unsigned round;

	for (round = 1;; round++) {
		uint64_t off = (round * 37 % 2000) * 1024;

		memset(buf, (unsigned char)round, sizeof(buf));
		if (write_at(disk, off, buf, sizeof(buf)) || disk_flush(disk, 0))
			_exit(1);
		if (write(report, &round, sizeof(round)) < 0)
			_exit(1);
	}
}

static void kill_dash_nine_loses_nothing_that_was_flushed(void **state)
{
	struct timespec pause = { 0 };
	unsigned char expected[2000];
	unsigned round, kills, last;
	int pipe_fd[2];
	struct disk *disk;
	pid_t pid;

	for (kills = 0; kills < 10; kills++) {
		start(state);
		assert_int_equal(pipe(pipe_fd), 0);
		pid = fork();
		if (!pid)
			write_until_killed(pipe_fd[1]);
		close(pipe_fd[1]);
		pause.tv_nsec = (5 + rnd(20)) * 1000000L;
		nanosleep(&pause, NULL);
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);

		memset(expected, 0, sizeof(expected));
		for (last = 0; read(pipe_fd[0], &round, sizeof(round)) == sizeof(round);)
			expected[(last = round) * 37 % 2000] = (unsigned char)round;
		close(pipe_fd[0]);
		disk = open_ok();
		for (round = 0; round < 2000; round++)
			if (expected[round] && round != (last + 1) * 37 % 2000)
				assert_int_equal(byte_at(disk, round * 1024), expected[round]);
		disk_close(disk);
	}
}

static void overlays_that_do_not_fit(void **state)
{
	struct overlay_header header;
	const char *other;

	assert_int_equal(disk_close(open_ok()), 0);
	scratch_read(config.overlay, 0, &header, sizeof(header));

	scratch_write(config.path, 1024, "changed", 7);
	open_fails("belongs to another image, or the image has been written to since");
	config.path = other = scratch_file("other", SIZE * 2);
	open_fails("belongs to a disk of");
	start(state);

	header.bitmap_offset = 0; /* and the checksum is wrong now */
	scratch_file("overlay", SIZE);
	scratch_write(config.overlay, 0, &header, sizeof(header));
	open_fails("is damaged");
	header.crc = crc32_ieee(&header, offsetof(struct overlay_header, crc));
	scratch_write(config.overlay, 0, &header, sizeof(header));
	open_fails("is damaged");
	header.version = 2;
	scratch_write(config.overlay, 0, &header, sizeof(header));
	open_fails("has version 2");
	scratch_write(config.overlay, 0, "something", 9);
	open_fails("is not an overlay; name a new file");
	scratch_file("overlay", 3);
	open_fails("is not an overlay; name a new file");
}

static void overlays_in_the_wrong_place(void **state)
{
	struct disk *disk = open_ok(), *second = NULL;
	struct sandbox_disk again = config;

	assert_int_equal(disk_open(&again, NULL, &second, &err), -1);
	assert_non_null(strstr(err.text, "is in use by another sandbox"));
	disk_close(disk);

	config.overlay = config.path;
	open_fails("is the image itself");
	config.overlay = scratch_path("no/such/directory");
	open_fails("cannot open overlay");
	config.overlay = scratch_path(".");
	open_fails("overlay");
	config.overlay = scratch_path("missing");
	config.read_only = true;
	open_fails("cannot open overlay");
}

/* A crash between making the file and giving it its length */
static void overlay_without_its_length(void **state)
{
	assert_int_equal(disk_close(open_ok()), 0);
	assert_int_equal(truncate(config.overlay, 4096), 0);
	assert_int_equal(disk_close(open_ok()), 0);
	assert_int_equal(truncate(config.overlay, 0), 0);
	assert_int_equal(disk_close(open_ok()), 0);
}

static void read_only_overlay_shows_what_is_there(void **state)
{
	unsigned char buf[512];
	struct disk *disk = open_ok();

	memset(buf, 0x55, sizeof(buf));
	assert_int_equal(write_at(disk, 0, buf, sizeof(buf)), 0);
	assert_int_equal(disk_close(disk), 0);
	config.read_only = true;
	disk = open_ok();
	assert_int_equal(byte_at(disk, 0), 0x55);
	assert_int_not_equal(write_at(disk, 0, buf, sizeof(buf)), 0);
	assert_int_equal(disk_close(disk), 0);
}

static void map_runs(void **state)
{
	static bool model[100000];
	struct overlay_map map;
	uint64_t first, end, run, i;
	unsigned round;
	bool set;

	assert_int_equal(overlay_map_init(&map, 100000, true), 0);
	memset(model, 0, sizeof(model));
	for (round = 0; round < 400; round++) {
		first = rnd(100000);
		end = first + 1 + rnd(rnd(2) ? 10 : 300);
		if (end > 100000)
			end = 100000;
		overlay_map_set(&map, first, end);
		memset(model + first, true, end - first);

		for (first = rnd(1000); first < 100000; first += run) {
			run = overlay_map_run(&map, first, 100000, &set);
			assert_true(run >= 1 && run <= 100000 - first);
			for (i = first; i < first + run; i++)
				assert_int_equal(model[i], set);
			if (first + run < 100000)
				assert_int_not_equal(model[first + run], set);
		}
	}
	overlay_map_free(&map);
}

#define OVERLAY_TEST(f) cmocka_unit_test_setup(f, start)

int main(void)
{
	const struct CMUnitTest tests[] = {
		OVERLAY_TEST(small_write_keeps_its_surroundings),
		OVERLAY_TEST(behaves_like_a_disk),
		OVERLAY_TEST(ephemeral_disk_is_thrown_away),
		OVERLAY_TEST(discard_gives_space_back),
		OVERLAY_TEST(bitmap_is_written_by_flush_alone),
		OVERLAY_TEST(threads_share_clusters),
		OVERLAY_TEST(kill_dash_nine_loses_nothing_that_was_flushed),
		OVERLAY_TEST(overlays_that_do_not_fit),
		OVERLAY_TEST(overlays_in_the_wrong_place),
		OVERLAY_TEST(overlay_without_its_length),
		OVERLAY_TEST(read_only_overlay_shows_what_is_there),
		cmocka_unit_test(map_runs),
	};

	return cmocka_run_group_tests_name("overlay", tests, scratch_setup, scratch_teardown);
}
