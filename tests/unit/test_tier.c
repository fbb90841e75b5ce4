// SPDX-License-Identifier: GPL-2.0-only
/* test_tier.c - what a sandbox takes of the host has an end and is given back; threads do one thing
 *		 after the other
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <linux/futex.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "engine/tier/seccomp/areas.h"
#include "engine/tier/seccomp/host/indices.h"
#include "engine/tier/seccomp/host/lifeline.h"
#include "engine/tier/seccomp/host/limits.h"
#include "engine/tier/seccomp/host/pages.h"
#include "engine/tier/seccomp/host/slots.h"
#include "engine/tier/seccomp/state.h"

#define MIB (1UL << 20)
#define SLOTS 100

static void the_lowest_index_is_given_out_first(void **state)
{
	uint64_t words[INDICES_WORDS(130)] = { 0 };
	struct indices set = { .words = words, .count = 130 };

	for (int i = 0; i < 130; i++)
		assert_int_equal(indices_take(&set), i);
	assert_int_equal(indices_take(&set), -1);
	indices_give(&set, 129);
	indices_give(&set, 7);
	assert_int_equal(indices_take(&set), 7);
	assert_int_equal(indices_take(&set), 129);
	assert_int_equal(indices_take(&set), -1);
}

static size_t bytes_of(int fd)
{
	struct stat st;

	assert_int_equal(fstat(fd, &st), 0);
	return st.st_blocks * 512UL;
}

/* A guest writes to all that it has of its slots, again and again */
static void slots_take_no_more_than_their_budget(void **state)
{
	struct error err;
	int fd;

	assert_int_equal(slots_init(SLOTS, &fd, &err), 0);
	for (unsigned round = 0; round < 5; round++) {
		int slots[SLOTS];

		for (unsigned i = 0; i < SLOTS; i++) {
			size_t offset = slots_mapped();
			uint8_t *guest;

			slots[i] = slots_get();
			assert_true(slots[i] >= 0 && slots[i] < SLOTS);
			guest = mmap(NULL, offset, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
				     (off_t)slots[i] * SLOT_SIZE + SLOT_SIZE - offset);
			assert_true(guest != MAP_FAILED);
			for (size_t at = 0; at < offset; at++)
				assert_int_equal(guest[at], 0); /* nobody's leavings */
			memset(guest, 0x41, offset);
			munmap(guest, offset);
		}
		assert_int_equal(slots_get(), -1);
		assert_true(bytes_of(fd) <= SLOTS * slots_mapped());
		for (unsigned i = 0; i < SLOTS; i++)
			slots_put(slots[i]);
		assert_int_equal(bytes_of(fd), 0);
	}
	close(fd);
}

static void a_slot_is_cleared(void **state)
{
	struct error err;
	uint8_t *memory;
	int fd, slot;

	assert_int_equal(slots_init(SLOTS, &fd, &err), 0);
	slot = slots_get();
	memory = slots_memory(slot) + SLOT_SIZE - slots_mapped();
	memset(memory, 0x41, slots_mapped());
	slots_clear(slot);
	for (size_t at = 0; at < slots_mapped(); at++)
		assert_int_equal(memory[at], 0);
	close(fd);
}

static void no_two_pages_have_one_serial(void **state)
{
	struct error err;
	uint64_t last;
	int fd, page;

	assert_int_equal(pages_init(&fd, &err), 0);
	last = pages_serial(PAGES_ZYGOTE);
	for (unsigned i = 0; i < 100; i++) {
		page = pages_get();
		assert_int_equal(page, 1);
		assert_true(pages_serial(page) > last);
		last = pages_serial(page);
		pages_put(page);
	}
	assert_true(bytes_of(fd) <= CONTROL_SIZE);
	close(fd);
}

static void budgets_follow_from_what_the_host_has(void **state)
{
	struct rlimit files = { 64, 1024 };
	struct limits limits;

	assert_int_equal(setrlimit(RLIMIT_NOFILE, &files), 0);
	limits_find(128 * MIB, &limits);
	assert_int_equal(limits.descriptors, 1024);
	assert_int_equal(limits.reserved, 256);
	assert_true(limits.processes <= 192);
	assert_true((uint64_t)limits.threads * limits.slot_bytes <= 16 * MIB);
	assert_true(limits.tasks <= limits.pid_max / 3);
	limits_find(4096 * MIB, &limits);
	assert_true((uint64_t)limits.threads * limits.slot_bytes <= 512 * MIB);

	files.rlim_max = 20; /* few are still some */
	files.rlim_cur = 20;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &files), 0);
	limits_find(128 * MIB, &limits);
	assert_true(limits.processes * 4 + limits.reserved <= 20 && limits.processes >= 3);
	assert_true(limits.reserved >= 5);
}

static void budgets_end(void **state)
{
	unsigned processes, threads;

	limits_init(64 * MIB);
	for (processes = 0; limits_take_process(false); processes++)
		;
	assert_true(processes > 0 && processes < limits_used()->processes);
	for (; limits_take_process(true); processes++) /* those that are kept */
		;
	assert_int_equal(processes, limits_used()->processes);
	limits_give_process();
	assert_false(limits_take_process(false));
	assert_true(limits_take_process(true));
	assert_false(limits_take_process(true));
	for (threads = 0; limits_take_thread(false); threads++)
		;
	assert_true(threads > 0);
	assert_true(limits_take_thread(true));
	while (limits_take_thread(true))
		threads++;
	assert_true(threads < limits_used()->threads);
	limits_give_thread();
	assert_false(limits_take_thread(false));
	assert_true(limits_take_thread(true));
	assert_false(limits_take_thread(true));
}

/* Whoever has most is unmapped first, however much the others have */
static void areas_have_a_budget(void **state)
{
	static struct stub_process processes[3] = { { .page = 1 }, { .page = 2 }, { .page = 3 } };
	struct stub_process *asked;
	unsigned budget, sum = 0;

	limits_init(128 * MIB);
	budget = limits_used()->areas;
	assert_true((uint64_t)budget * limits_used()->area_bytes <= 16 * MIB);
	for (unsigned i = 0; i < 3; i++)
		assert_null(areas_add(&processes[i], budget / 8 * (i + 1)));
	assert_null(areas_add(&processes[0], budget / 8));
	for (unsigned round = 0; round < 1000; round++) {
		while ((asked = areas_add(&processes[0], 100))) {
			for (unsigned i = 0; i < 3; i++)
				assert_true(processes[i].areas <= asked->areas);
			areas_forget(asked);
			assert_int_equal(asked->areas, 0);
		}
		sum = processes[0].areas + processes[1].areas + processes[2].areas;
		assert_true(sum <= budget);
	}
	assert_int_equal(processes[2].areas, 0); /* the largest at first */
	/* one that needs more than there is gets it, alone */
	for (unsigned i = 0; i < 3; i++)
		areas_forget(&processes[i]);
	assert_null(areas_add(&processes[1], budget));
	assert_ptr_equal(areas_add(&processes[0], 1), &processes[1]);
}

static void a_thread_does_one_thing_after_the_other(void **state)
{
	static const enum thread_state steps[] = {
		THREAD_REPORTED, THREAD_STOPPED, THREAD_RUNNING,  THREAD_REPORTED,
		THREAD_CALL,	 THREAD_KICKED,	 THREAD_REPORTED, THREAD_MOVED,
		THREAD_RUNNING,	 THREAD_KICKED,	 THREAD_REPORTED, THREAD_STOPPED,
	};
	struct stub_process process = { .socket = -1 };
	struct stub_thread thread = { .process = &process };

	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		thread_becomes(&thread, steps[i]);
		assert_int_equal(thread.state, steps[i]);
		assert_true(thread_runs(&thread) != thread_waits(&thread));
	}
	assert_true(thread_in_stub(&thread));
	assert_false(thread_is_dead(&thread));
	process_gone(&process);
	assert_true(thread_is_dead(&thread));
	process_gone(&process); /* told twice */
}

/* From one step to one that cannot follow it: whatever it is that we believe, it is not true */
static void an_impossible_step_costs_the_process_its_life(void **state)
{
	struct stub_process process = { .socket = -1 };
	struct stub_thread thread = { .process = &process };
	int status;

	process.pid = fork();
	if (!process.pid) {
		for (;;)
			pause();
	}
	thread_becomes(&thread, THREAD_REPORTED);
	assert_int_equal(waitpid(process.pid, &status, WNOHANG), 0);
	thread_becomes(&thread, THREAD_KICKED);
	assert_int_equal(waitpid(process.pid, &status, 0), process.pid);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

/* As the stub does it: with a mapping that can only be read, and for ever if need be */
static void watch(const uint32_t *word)
{
	uint32_t value;

	alarm(60);
	while (!((value = __atomic_load_n(word, __ATOMIC_SEQ_CST)) & FUTEX_OWNER_DIED))
		syscall(SYS_futex, word, FUTEX_WAIT, value, NULL, NULL, 0);
	_exit(7);
}

static void the_lifeline_ends_with_who_holds_it(void **state)
{
	int fd = memfd_create("line", MFD_CLOEXEC), status;
	struct error err;
	pid_t holder, watcher;
	uint32_t *word;
	void *line;

	assert_int_equal(ftruncate(fd, 4096), 0);
	line = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	word = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
	assert_true(line != MAP_FAILED && word != MAP_FAILED);
	holder = fork();
	if (!holder) {
		if (!lifeline_hold(line, &err))
			pause();
		_exit(1);
	}
	while (!(__atomic_load_n(word, __ATOMIC_SEQ_CST) & FUTEX_WAITERS))
		usleep(1000);
	watcher = fork();
	if (!watcher)
		watch(word);
	usleep(10000);
	assert_int_equal(waitpid(watcher, &status, WNOHANG), 0);
	kill(holder, SIGKILL);
	waitpid(watcher, &status, 0);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 7);
	waitpid(holder, &status, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_lowest_index_is_given_out_first),
		cmocka_unit_test(slots_take_no_more_than_their_budget),
		cmocka_unit_test(a_slot_is_cleared),
		cmocka_unit_test(no_two_pages_have_one_serial),
		cmocka_unit_test(budgets_end),
		/* lowers the limit of descriptors for good */
		cmocka_unit_test(budgets_follow_from_what_the_host_has),
		cmocka_unit_test(areas_have_a_budget),
		cmocka_unit_test(a_thread_does_one_thing_after_the_other),
		cmocka_unit_test(an_impossible_step_costs_the_process_its_life),
		cmocka_unit_test(the_lifeline_ends_with_who_holds_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
