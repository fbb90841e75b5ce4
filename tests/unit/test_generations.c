// SPDX-License-Identifier: GPL-2.0-only
/* test_generations.c - physical memory as layers: what has changed is written, all of it comes back
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/memory/base.h"
#include "engine/memory/memory.h"
#include "engine/snapshot/collapse.h"
#include "engine/snapshot/layers.h"
#include "engine/snapshot/snapshot.h"
#include "engine/snapshot/sums.h"
#include "engine/vcpu/vcpu.h"

#define CHUNK ((size_t)SNAPSHOT_CHUNK)
#define MEMORY (4UL << 20)
#define ALL (MEMORY / CHUNK)

/* ---- what memory.c asks of vCPUs ---- */

unsigned vcpu_index(void)
{
	return 0;
}

void vcpu_take_pause(void)
{
}

void vcpu_pause_others(void (*act)(void))
{
	act();
}

static bool (*heed)(uint64_t addr);

static void on_fault(int sig, siginfo_t *info, void *context)
{
	if (!heed || !heed((uint64_t)info->si_addr))
		_exit(99);
}

void vcpu_on_write(bool (*handler)(uint64_t addr))
{
	const struct sigaction action = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO };

	heed = handler;
	sigaction(SIGSEGV, &action, NULL);
}

/* ---- */

static char place[] = "/var/tmp/generations-XXXXXX";
static int dir = -1;

static uint8_t *chunk(unsigned n)
{
	return (uint8_t *)phys_ptr(n * CHUNK, CHUNK);
}

static void begin_memory(void)
{
	struct error err;

	assert_int_equal(memory_init(MEMORY, &err), 0);
	base_reserve();
	assert_true(base_reserved());
}

static int make(const char *name)
{
	int fd = openat(dir, name, O_RDWR | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	return fd;
}

static int make_layer(unsigned generation)
{
	char name[32];

	snprintf(name, sizeof(name), LAYERS_FILE, generation, generation);
	return make(name);
}

/* Return: bytes that the new layer takes */
static long save(unsigned generation, const char *const *names, bool goes_on)
{
	const struct snapshot_machine machine = { .memory = MEMORY };
	const struct layers_wish wish = { generation, names };
	int fd = make_layer(generation), state = make("state");
	struct snapshot_writer writer;
	struct error err;
	struct stat st;

	snapshot_begin(&writer);
	snapshot_add(&writer, SNAPSHOT_MACHINE, &machine, sizeof(machine));
	snapshot_add(&writer, SNAPSHOT_DISK_LAYERS, NULL, 0);
	assert_int_equal(layers_save(&writer, &wish, fd, &err), 0);
	assert_int_equal(snapshot_write(&writer, state, &err), 0);
	snapshot_end(&writer);
	layers_end(fd, goes_on);
	fstat(fd, &st);
	close(fd);
	close(state);
	return st.st_blocks * 512L;
}

static char *name_of(unsigned generation)
{
	char file[32], *name = malloc(LAYERS_NAME_MAX);
	struct stat st;

	snprintf(file, sizeof(file), LAYERS_FILE, generation, generation);
	assert_int_equal(fstatat(dir, file, &st, 0), 0);
	layers_name(name, file, &st);
	return name;
}

static void parse(struct snapshot_file *file)
{
	struct error err;
	int fd = openat(dir, "state", O_RDONLY);
	size_t len = lseek(fd, 0, SEEK_END);
	void *data = malloc(len);

	assert_int_equal(pread(fd, data, len, 0), len);
	assert_int_equal(snapshot_parse(data, len, file, &err), 0);
	close(fd);
}

static size_t layers_of_state(void)
{
	struct snapshot_file file;
	struct error err;
	size_t count;

	parse(&file);
	assert_non_null(snapshot_layers(&file, &count, &err));
	free((void *)file.data);
	return count;
}

static struct hot hot;

static void go_on(void)
{
	struct snapshot_file file;
	struct error err;

	begin_memory();
	parse(&file);
	if (layers_load(&file, dir, -1, 0, &hot, &err))
		fail_msg("%s", err.text);
	free((void *)file.data);
}

/* Each test has the memory of a process of its own, and each sandbox that goes on in it, too */
static void in_process(void (*act)(void))
{
	pid_t pid = fork();
	int status;

	if (!pid) {
		act();
		_exit(7);
	}
	waitpid(pid, &status, 0);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 7);
}

static void expect(unsigned n, uint8_t value)
{
	assert_int_equal(chunk(n)[0], value);
	assert_int_equal(chunk(n)[CHUNK - 1], value);
}

static void write_first(void)
{
	begin_memory();
	for (unsigned n = 0; n < 100; n++)
		memset(chunk(n), (int)n + 1, CHUNK);
	chunk(120)[5] = 1; /* three pages of zeros with it */
	memset(chunk(121), 0, CHUNK);
	assert_in_range(save(1, NULL, false), 100 * CHUNK, 102 * CHUNK);
}

static void read_first(void)
{
	go_on();
	expect(0, 1);
	expect(99, 100);
	expect(121, 0);
	assert_int_equal(chunk(120)[5], 1);
	chunk(3)[0] = 77;
	base_own(4 * CHUNK, CHUNK); /* for somebody who only reads */
	base_zero(5 * CHUNK, CHUNK);
	memset(chunk(200), 200, CHUNK);
	assert_in_range(save(2, (const char *[]){ name_of(1), NULL }, false), 2 * CHUNK, 3 * CHUNK);
	assert_int_equal(layers_of_state(), 2);
}

static void read_second(void)
{
	go_on();
	assert_int_equal(chunk(3)[0], 77);
	assert_int_equal(chunk(3)[1], 4);
	expect(4, 5);
	expect(5, 0);
	expect(200, 200);
	expect(99, 100);
	/* one that has lost its name is written again, with what is in the other */
	assert_in_range(save(3, (const char *[]){ name_of(2), NULL }, false), 98 * CHUNK,
			101 * CHUNK);
	assert_int_equal(unlinkat(dir, "memory.1-1", 0), 0);
}

static void read_third(void)
{
	go_on();
	assert_int_equal(chunk(3)[0], 77);
	expect(200, 200);
	expect(99, 100);
	expect(5, 0);
}

static void what_has_changed_is_written(void **state)
{
	in_process(write_first);
	in_process(read_first);
	in_process(read_second);
	in_process(read_third);
}

static void another_file_of_that_name(void)
{
	char *name = name_of(1);

	go_on();
	unlinkat(dir, "memory.1-1", 0);
	close(make_layer(1));
	free(name);
	assert_in_range(save(2, (const char *[]){ name_of(1), NULL }, false), 100 * CHUNK,
			102 * CHUNK);
	assert_int_equal(layers_of_state(), 1);
}

static void a_layer_is_a_file_not_a_name(void **state)
{
	in_process(write_first);
	in_process(another_file_of_that_name);
}

/* Snapshots of a sandbox that goes on: more than there can be layers */
static void take_many(void)
{
	const char *names[64] = { NULL };
	long bytes;

	begin_memory();
	for (unsigned n = 0; n < 100; n++)
		memset(chunk(n), (int)n + 1, CHUNK);
	for (unsigned generation = 1; generation < 40; generation++) {
		chunk(generation)[0] = (uint8_t)(100 + generation);
		bytes = save(generation, names, true);
		names[generation - 1] = name_of(generation);
		if (generation > 1) /* the newest ones are merged, never all */
			assert_in_range(bytes, 1, 40 * CHUNK);
		assert_true(layers_of_state() <= SNAPSHOT_LAYERS_MAX);
		expect(99, 100);
	}
	chunk(50)[7] = 9; /* after the last of them */
}

static void read_many(void)
{
	go_on();
	for (unsigned n = 1; n < 40; n++) {
		assert_int_equal(chunk(n)[0], 100 + n);
		assert_int_equal(chunk(n)[1], n + 1);
	}
	expect(50, 51);
	expect(0, 1);
}

/* In background, with the reader's lock and without */
static void a_chain_is_collapsed(void)
{
	const int reader = openat(dir, ".", O_RDONLY | O_DIRECTORY);
	const int other = openat(dir, SNAPSHOT_CONFIG, O_RDONLY | O_CREAT, 0600);
	const size_t before = layers_of_state();
	struct error err;

	assert_true(before > COLLAPSE_ABOVE);
	assert_int_equal(flock(reader, LOCK_SH), 0);
	assert_int_equal(snapshot_tidy(dir, &err), -1);
	assert_int_equal(layers_of_state(), before);
	close(reader);
	/* Nor while somebody else merges */
	assert_int_equal(flock(other, LOCK_EX), 0);
	assert_int_equal(snapshot_tidy(dir, &err), -1);
	assert_int_equal(layers_of_state(), before);
	close(other);
	if (snapshot_tidy(dir, &err))
		fail_msg("%s", err.text);
	assert_true(layers_of_state() < before / 2 + 2);
	assert_int_equal(faccessat(dir, "memory.2-2", F_OK, 0), -1);
	assert_int_equal(faccessat(dir, ".state", F_OK, 0), -1);
	assert_int_equal(snapshot_tidy(dir, &err), 0);
}

static void a_chain_has_an_end(void **state)
{
	in_process(take_many);
	in_process(read_many);
	a_chain_is_collapsed();
	in_process(read_many);
}

/* A copy of the sandbox that goes on over the same memory, in a process of its own */
static int frozen[SNAPSHOT_LAYERS_MAX];
static unsigned nfrozen;
#define COPIED_FD 200

static void go_on_frozen(void)
{
	struct snapshot_file file;
	struct error err;

	munmap((void *)phys_ptr(0, MEMORY), MEMORY);
	for (unsigned i = 0; i < nfrozen; i++)
		assert_true(dup2(frozen[i], COPIED_FD + (int)i) >= 0);
	begin_memory();
	parse(&file);
	if (layers_load(&file, dir, COPIED_FD, nfrozen, &hot, &err))
		fail_msg("%s", err.text);
	for (unsigned n = 1; n < 40; n++)
		assert_int_equal(chunk(n)[0], n == 39 ? 139 : 100 + n);
	expect(50, 51);
	memset(chunk(50), 0, CHUNK);
	/* what nobody has ever used takes no room */
	assert_in_range(save(50, NULL, false), 99 * CHUNK, 102 * CHUNK);
}

static void freeze(unsigned generation)
{
	const struct layers_wish wish = { generation, NULL };
	int fd = memfd_create("memory", 0), state = make("state");
	struct snapshot_writer writer;
	struct error err;

	assert_int_equal(ftruncate(fd, MEMORY), 0);
	snapshot_begin(&writer);
	nfrozen = layers_freeze(&writer, &wish, fd, frozen);
	assert_in_range(nfrozen, 1, SNAPSHOT_LAYERS_MAX);
	assert_int_equal(snapshot_write(&writer, state, &err), 0);
	snapshot_end(&writer);
	close(fd);
	close(state);
}

static void freeze_many(void)
{
	begin_memory();
	for (unsigned n = 0; n < 100; n++)
		memset(chunk(n), (int)n + 1, CHUNK);
	for (unsigned generation = 1; generation < 40; generation++) {
		chunk(generation)[0] = (uint8_t)(100 + generation);
		freeze(1);
		expect(99, 100);
	}
	chunk(1)[0] = 1; /* not in what is frozen */
	chunk(50)[7] = 9;
	in_process(go_on_frozen);
	assert_int_equal(chunk(50)[7], 9);
	assert_int_equal(chunk(50)[8], 51);
	assert_int_equal(chunk(1)[0], 1);
}

static void frozen_memory_stays(void **state)
{
	in_process(freeze_many);
}

static void read_hot(void)
{
	go_on();
	for (unsigned n = 0; n < 100; n++)
		expect(n, (uint8_t)(n + 1));
	for (unsigned n = 0; n < 100; n++)
		assert_int_equal(base_of(n * CHUNK), n >= 10 && n < 20 ? 0 : 1);
	assert_int_equal(base_was(10 * CHUNK), 1);
	chunk(10)[0] = 99; /* so now: what was copied, and no more */
	chunk(50)[0] = 99;
	hot_list(&hot);
	assert_true(hot_is_good(&hot, (int64_t)hot_list(&hot)));
	assert_false(hot_is_good(&hot, (int64_t)hot_list(&hot) - 1));
	assert_int_equal(hot.count, 2);
	assert_int_equal(hot.runs[0].first, 10);
	assert_int_equal(hot.runs[0].count, 10);
	assert_int_equal(hot.runs[1].first, 50);
	/* what was copied and has not changed is the layer's */
	assert_in_range(save(2, (const char *[]){ name_of(1), NULL }, false), 2 * CHUNK, 3 * CHUNK);
}

static void what_is_hot_is_copied_first(void **state)
{
	in_process(write_first);
	hot = (struct hot){ .count = 6,
			    .runs = { { 10, 10 },
				      { 10, 1 },	 /* twice */
				      { 130, 4 },	 /* of no layer */
				      { 0, UINT32_MAX }, /* more than there is */
				      { UINT32_MAX, 1 }, /* elsewhere */
				      { UINT32_MAX, UINT32_MAX } } };
	in_process(read_hot);
	hot = (struct hot){ 0 };
}

static void *write_on(void *stop)
{
	while (!__atomic_load_n((int *)stop, __ATOMIC_RELAXED)) {
		for (unsigned n = 0; n < 100; n++)
			chunk(n)[1] = (uint8_t)n;
	}
	return NULL;
}

static void save_under_writes(void)
{
	pthread_t writer;
	int stop = 0;

	begin_memory();
	for (unsigned n = 0; n < 100; n++)
		memset(chunk(n), (int)n + 1, CHUNK);
	assert_int_equal(pthread_create(&writer, NULL, write_on, &stop), 0);
	for (unsigned generation = 1; generation < 20; generation++) {
		if (generation % 3)
			save(generation, NULL, true);
		else
			freeze(generation);
	}
	__atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
	pthread_join(writer, NULL);
	for (unsigned n = 0; n < 100; n++) {
		assert_int_equal(chunk(n)[0], n + 1);
		assert_int_equal(chunk(n)[CHUNK - 1], n + 1);
	}
}

/* As another thread of the supervisor does it: while the guest stands still, for the first time,
 * too */
static void somebody_may_write_meanwhile(void **state)
{
	in_process(save_under_writes);
}

static void checksums_find_what_has_changed(void **state)
{
	struct error err;
	int fd;

	in_process(write_first);
	assert_int_equal(sums_check(dir, "memory.1-1", &err), SUMS_MISSING);
	assert_int_equal(sums_make(dir, "memory.1-1", &err), 0);
	assert_int_equal(sums_make(dir, "memory.1-1", &err), 0);
	assert_int_equal(sums_check(dir, "memory.1-1", &err), SUMS_GOOD);
	fd = openat(dir, "memory.1-1", O_RDWR);
	assert_int_equal(pwrite(fd, "x", 1, 5 * CHUNK + 1), 1);
	assert_int_equal(sums_check(dir, "memory.1-1", &err), SUMS_BAD);
	assert_string_equal(err.text, "memory.1-1 is damaged at offset 65536");
	assert_int_equal(pwrite(fd, "\6", 1, 5 * CHUNK + 1), 1);
	assert_int_equal(sums_check(dir, "memory.1-1", &err), SUMS_GOOD);
	assert_int_equal(pwrite(fd, "x", 1, MEMORY - 1), 1); /* in a hole */
	assert_int_equal(sums_check(dir, "memory.1-1", &err), SUMS_BAD);
	assert_int_equal(ftruncate(fd, MEMORY - CHUNK), 0);
	assert_int_equal(sums_check(dir, "memory.1-1", &err), SUMS_BAD);
	assert_string_equal(err.text, "memory.1-1.sums is damaged");
	close(fd);
}

static int make_place(void **state)
{
	dir = open(mkdtemp(place), O_RDONLY | O_DIRECTORY);
	return dir < 0;
}

static int remove_place(void **state)
{
	char command[64];

	snprintf(command, sizeof(command), "rm -r %s", place);
	return system(command);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_has_changed_is_written),
		cmocka_unit_test(a_layer_is_a_file_not_a_name),
		cmocka_unit_test(a_chain_has_an_end),
		cmocka_unit_test(frozen_memory_stays),
		cmocka_unit_test(what_is_hot_is_copied_first),
		cmocka_unit_test(somebody_may_write_meanwhile),
		cmocka_unit_test(checksums_find_what_has_changed),
	};

	return cmocka_run_group_tests(tests, make_place, remove_place);
}
