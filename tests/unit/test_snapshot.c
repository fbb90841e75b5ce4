// SPDX-License-Identifier: GPL-2.0-only
/* test_snapshot.c - the files of a paused sandbox: what is written is read, and nothing else */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "engine/control/config.h"
#include "engine/snapshot/extents.h"
#include "engine/snapshot/format.h"
#include "engine/snapshot/machine.h"
#include "lib/memfile.h"

#define PAGE 4096UL
#define MEMORY (64 * PAGE)

static int empty_file(void)
{
	struct error err;
	int fd = memfile_create("test", 0, &err);

	assert_true(fd >= 0);
	return fd;
}

static uint8_t *read_all(int fd, size_t *len)
{
	uint8_t *data;

	*len = lseek(fd, 0, SEEK_END);
	data = malloc(*len + 1);
	assert_int_equal(pread(fd, data, *len, 0), *len);
	return data;
}

static void write_some(int fd, bool commit)
{
	struct snapshot_writer writer;
	struct error err;

	snapshot_begin(&writer);
	snapshot_add(&writer, SNAPSHOT_MACHINE, "machine", 7);
	snapshot_add(&writer, SNAPSHOT_LOG, NULL, 0);
	snapshot_add(&writer, SNAPSHOT_JOBS, "one", 3);
	snapshot_append(&writer, "two", 3);
	assert_int_equal(snapshot_write(&writer, fd, &err), 0);
	if (commit)
		assert_int_equal(snapshot_commit(&writer, fd, &err), 0);
	snapshot_end(&writer);
}

static void what_is_written_is_read(void **state)
{
	int fd = empty_file();
	struct snapshot_file file;
	struct error err;
	const void *at;
	size_t len;
	uint8_t *data;

	write_some(fd, true);
	data = read_all(fd, &len);
	assert_int_equal(snapshot_parse(data, len, &file, &err), 0);
	at = snapshot_section(&file, SNAPSHOT_JOBS, &len);
	assert_int_equal(len, 6);
	assert_memory_equal(at, "onetwo", 6);
	assert_int_equal((uintptr_t)at % 8, 0);
	assert_non_null(snapshot_section(&file, SNAPSHOT_LOG, &len));
	assert_int_equal(len, 0);
	assert_null(snapshot_section(&file, SNAPSHOT_MEMORY, &len));
	free(data);
	close(fd);
}

static void without_a_head_it_is_none(void **state)
{
	int fd = empty_file();
	struct snapshot_file file;
	struct error err;
	size_t len;
	uint8_t *data;

	write_some(fd, false);
	data = read_all(fd, &len);
	assert_int_equal(snapshot_parse(data, len, &file, &err), -1);
	assert_string_equal(err.text, "this is no state of a sandbox, or was never finished");
	free(data);
	close(fd);
}

/* Every byte of the head and of the sections counts */
static void a_changed_byte_is_noticed(void **state)
{
	int fd = empty_file();
	struct snapshot_file file;
	struct error err;
	size_t len;
	uint8_t *data;

	write_some(fd, true);
	data = read_all(fd, &len);
	for (size_t i = 0; i < len; i++) {
		const bool pad = (i >= offsetof(struct snapshot_head, crc) + 4 && i < PAGE) ||
				 (i >= PAGE + 7 && i < PAGE + 8);

		data[i] ^= 1;
		assert_int_equal(snapshot_parse(data, len, &file, &err), pad ? 0 : -1);
		data[i] ^= 1;
	}
	for (size_t i = 0; i < len; i++)
		assert_int_equal(snapshot_parse(data, i, &file, &err), -1);
	free(data);
	close(fd);
}

static bool third_page(uint64_t offset)
{
	return offset == 3 * PAGE;
}

static void memory_comes_back(void **state)
{
	struct error err;
	int memory = empty_file(), out = empty_file(), fd = empty_file(), back = empty_file();
	struct snapshot_writer writer;
	struct snapshot_file file;
	uint8_t *at, *again, *data;
	const struct snapshot_extent *extents;
	size_t len, count;

	assert_int_equal(ftruncate(memory, MEMORY) | ftruncate(back, MEMORY), 0);
	at = mmap(NULL, MEMORY, PROT_READ | PROT_WRITE, MAP_SHARED, memory, 0);
	again = mmap(NULL, MEMORY, PROT_READ | PROT_WRITE, MAP_SHARED, back, 0);
	at[0] = 1; /* the first page, and its neighbour */
	at[PAGE + 17] = 2;
	at[2 * PAGE] = 0;   /* there, but zero */
	at[3 * PAGE] = 3;   /* of no interest */
	at[MEMORY - 1] = 4; /* the last byte */

	snapshot_begin(&writer);
	assert_int_equal(extents_save(&(struct extents_source){ memory, at, MEMORY, third_page },
				      &writer, SNAPSHOT_MEMORY, out, &err),
			 0);
	assert_int_equal(snapshot_write(&writer, fd, &err), 0);
	assert_int_equal(snapshot_commit(&writer, fd, &err), 0);
	snapshot_end(&writer);

	data = read_all(fd, &len);
	assert_int_equal(snapshot_parse(data, len, &file, &err), 0);
	extents = snapshot_extents(&file, SNAPSHOT_MEMORY, MEMORY, &count, &err);
	assert_int_equal(count, 2);
	assert_true(extents[0].offset == 0 && extents[0].length == 2 * PAGE);
	assert_true(extents[1].offset == MEMORY - PAGE && extents[1].length == PAGE);
	assert_null(snapshot_extents(&file, SNAPSHOT_MEMORY, MEMORY - PAGE, &count, &err));

	assert_int_equal(extents_load(&file, SNAPSHOT_MEMORY, out, back, NULL, MEMORY, &err), 0);
	at[3 * PAGE] = 0;
	assert_memory_equal(at, again, MEMORY);
	memset(again, 0, MEMORY);
	assert_int_equal(extents_load(&file, SNAPSHOT_MEMORY, out, -1, again, MEMORY, &err), 0);
	assert_memory_equal(at, again, MEMORY);

	assert_int_equal(ftruncate(out, MEMORY - PAGE), 0);
	assert_int_equal(extents_load(&file, SNAPSHOT_MEMORY, out, -1, again, MEMORY, &err), -1);
	free(data);
	munmap(at, MEMORY);
	munmap(again, MEMORY);
	close(memory);
	close(out);
	close(fd);
	close(back);
}

static void what_the_cpu_lacks_is_named(void **state)
{
	struct snapshot_cpu here, was;
	struct error err;

	snapshot_cpu_here(&here);
	was = here;
	assert_int_equal(snapshot_cpu_fits(&was, &here, &err), 0);
	was.words[2] |= 1U << 5;
	here.words[2] &= ~(1U << 5);
	assert_int_equal(snapshot_cpu_fits(&was, &here, &err), -1);
	assert_string_equal(err.text, "this machine's CPU lacks avx2, which the sandbox may use");
	was = here;
	here.words[0] |= 1U << 23; /* more is fine */
	assert_int_equal(snapshot_cpu_fits(&was, &here, &err), 0);
	was.xcr0 ^= 1UL << 5;
	assert_int_equal(snapshot_cpu_fits(&was, &here, &err), -1);
	assert_non_null(strstr(err.text, "other registers"));
	was = here;
	was.vdso ^= 1;
	assert_int_equal(snapshot_cpu_fits(&was, &here, &err), -1);
	assert_non_null(strstr(err.text, "another vDSO"));
}

static void a_config_comes_back(void **state)
{
	char *argv[] = { "sh", "-c", "exit 3", NULL }, *env[] = { "A=b", NULL };
	const char *const layers[] = { "/one", "/two", NULL };
	struct sandbox_config config = {
		.name = "box",
		.argv = argv,
		.env = env,
		.memory = 256UL << 20,
		.cpus = 1,
		.cwd = "/tmp",
		.uid = 5,
		.ndisks = 2,
		.disks = { { .path = "/base", .layers = layers, .ephemeral = true },
			   { .path = "/other", .read_only = true, .partition = 2 } },
		.tty = true,
	};
	struct stored_config stored;
	struct error err;

	assert_int_equal(config_parse(config_pack(&config), &stored, &err), 0);
	assert_string_equal(stored.config.name, "box");
	assert_string_equal(stored.config.argv[2], "exit 3");
	assert_null(stored.config.argv[3]);
	assert_string_equal(stored.config.env[0], "A=b");
	assert_string_equal(stored.config.disks[0].layers[1], "/two");
	assert_true(stored.config.disks[0].ephemeral && stored.config.disks[1].read_only);
	assert_int_equal(stored.config.disks[1].partition, 2);
	assert_true(stored.config.tty && stored.config.uid == 5);
	assert_null(stored.config.user);
	config_release(&stored);

	argv[1] = "\xff"; /* not told as text */
	assert_null(config_pack(&config));
}

static void a_config_that_is_none(void **state)
{
	static const char *const texts[] = {
		"{}",
		"[]",
		"{\"name\": 1}",
		"{\"name\": \"a\", \"command\": [\"b\"], \"memory\": 1, \"cpus\": 1, \"disks\": 1}",
		"{\"name\": \"a\", \"command\": [1], \"memory\": 1, \"cpus\": 1, \"disks\": 1, "
		"\"disk\": [{\"path\": \"/x\"}]}",
		"{\"name\": \"a\", \"command\": [\"b\"], \"memory\": -1, \"cpus\": 1, \"disks\": "
		"1, "
		"\"disk\": [{\"path\": \"/x\"}]}",
		"{\"name\": \"a\", \"command\": [\"b\"], \"memory\": 1, \"cpus\": 1, \"disks\": "
		"17, "
		"\"disk\": [{\"path\": \"/x\"}]}",
		"{\"name\": \"a\", \"command\": [\"b\"], \"memory\": 1, \"cpus\": 1, \"disks\": 1, "
		"\"tier\": 99, \"disk\": [{\"path\": \"/x\"}]}",
	};
	struct stored_config stored;
	struct error err;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		assert_int_equal(config_parse(json_loads(texts[i], 0, NULL), &stored, &err), -1);
		config_release(&stored);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_is_read),
		cmocka_unit_test(without_a_head_it_is_none),
		cmocka_unit_test(a_changed_byte_is_noticed),
		cmocka_unit_test(memory_comes_back),
		cmocka_unit_test(what_the_cpu_lacks_is_named),
		cmocka_unit_test(a_config_comes_back),
		cmocka_unit_test(a_config_that_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
