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
#include <unistd.h>

#include "engine/control/config.h"
#include "engine/snapshot/format.h"
#include "engine/snapshot/machine.h"
#include "lib/memfile.h"

#define PAGE 4096UL
#define CHUNK ((uint64_t)SNAPSHOT_CHUNK)
#define MEMORY (16 * CHUNK)

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

static void write_some(int fd, bool whole)
{
	static const char zeros[PAGE];
	struct snapshot_writer writer;
	struct error err;

	snapshot_begin(&writer);
	snapshot_add(&writer, SNAPSHOT_MACHINE, "machine", 7);
	snapshot_add(&writer, SNAPSHOT_LOG, NULL, 0);
	snapshot_add(&writer, SNAPSHOT_JOBS, "one", 3);
	snapshot_append(&writer, "two", 3);
	assert_int_equal(snapshot_write(&writer, fd, &err), 0);
	if (!whole)
		assert_int_equal(pwrite(fd, zeros, PAGE, 0), PAGE);
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

static uint8_t *write_sections(const struct snapshot_layer *layers, size_t nlayers,
			       const struct snapshot_extent *extents, size_t count, size_t *len)
{
	struct snapshot_writer writer;
	struct error err;
	int fd = empty_file();
	uint8_t *data;

	snapshot_begin(&writer);
	snapshot_add(&writer, SNAPSHOT_LAYERS, layers, nlayers * sizeof(*layers));
	snapshot_add(&writer, SNAPSHOT_MEMORY, extents, count * sizeof(*extents));
	assert_int_equal(snapshot_write(&writer, fd, &err), 0);
	snapshot_end(&writer);
	data = read_all(fd, len);
	close(fd);
	return data;
}

static void extents_are_chunks_of_layers_that_there_are(void **state)
{
	static const struct snapshot_layer layers[] = { { 1, 3 }, { 4, 4 } },
					   mixed[] = { { 2, 2 }, { 1, 1 } };
	static const struct {
		struct snapshot_extent extents[2];
		bool good;
	} cases[] = {
		{ { { 0, CHUNK, 0 }, { CHUNK, MEMORY - CHUNK, 1 } }, true },
		{ { { 0, CHUNK, 0 }, { CHUNK, CHUNK, 2 } }, false },
		{ { { 0, CHUNK, 0 }, { CHUNK, MEMORY, 1 } }, false },
		{ { { CHUNK, CHUNK, 0 }, { CHUNK, CHUNK, 1 } }, false },
		{ { { 0, CHUNK, 0 }, { CHUNK, PAGE, 1 } }, false },
		{ { { 0, CHUNK, 0 }, { CHUNK + PAGE, CHUNK, 1 } }, false },
		{ { { 0, CHUNK, 0 }, { CHUNK, 0, 1 } }, false },
		{ { { 0, CHUNK, 0 }, { CHUNK, CHUNK, 1, 1 } }, false },
	};
	struct snapshot_file file;
	struct error err;
	size_t len, count;
	uint8_t *data;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		data = write_sections(layers, 2, cases[i].extents, 2, &len);
		assert_int_equal(snapshot_parse(data, len, &file, &err), 0);
		assert_int_equal(!!snapshot_extents(&file, MEMORY, &count, &err), cases[i].good);
		free(data);
	}
	data = write_sections(mixed, 2, cases[0].extents, 2, &len);
	assert_int_equal(snapshot_parse(data, len, &file, &err), 0);
	assert_null(snapshot_extents(&file, MEMORY, &count, &err));
	assert_string_equal(err.text, "the state is damaged");
	free(data);
}

static void a_region_comes_back(void **state)
{
	static const struct snapshot_range ranges[] = { { PAGE, PAGE }, { 3 * PAGE, PAGE }, { 0 } };
	uint8_t bytes[2 * PAGE], region[4 * PAGE] = { 0 };
	struct snapshot_writer writer;
	struct snapshot_file file;
	int fd = empty_file();
	struct error err;
	uint8_t *data;
	size_t len;

	memset(bytes, 1, PAGE);
	memset(bytes + PAGE, 2, PAGE);
	snapshot_begin(&writer);
	snapshot_add(&writer, SNAPSHOT_TELEMETRY, ranges, sizeof(ranges));
	snapshot_append(&writer, bytes, sizeof(bytes));
	assert_int_equal(snapshot_write(&writer, fd, &err), 0);
	snapshot_end(&writer);
	data = read_all(fd, &len);
	assert_int_equal(snapshot_parse(data, len, &file, &err), 0);
	assert_int_equal(snapshot_region(&file, region, sizeof(region), &err), 0);
	assert_true(!region[0] && region[PAGE] == 1 && !region[2 * PAGE] &&
		    region[4 * PAGE - 1] == 2);
	assert_int_equal(snapshot_region(&file, region, 3 * PAGE, &err), -1);
	free(data);
	close(fd);
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
		cmocka_unit_test(extents_are_chunks_of_layers_that_there_are),
		cmocka_unit_test(a_region_comes_back),
		cmocka_unit_test(what_the_cpu_lacks_is_named),
		cmocka_unit_test(a_config_comes_back),
		cmocka_unit_test(a_config_that_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
