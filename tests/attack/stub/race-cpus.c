// SPDX-License-Identifier: GPL-2.0-only
/* race-cpus - what is looked at on one CPU is changed on another
 *
 * Threads on all CPUs but one stop in every way that there is, and keep their process's service
 * thread busy; one on a CPU of its own rewrites, forges and claims what the supervisor reads then.
 */
#include "tests/attack/attack.h"

#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <sys/uio.h>
#include <time.h>

#define SLOTS 8
#define VICTIMS_MAX 3

static uint64_t slots[SLOTS];
static unsigned nslots;
static atomic_uint ready;
static _Atomic uint64_t noise = 1;

static uint64_t chance(void)
{
	return noise = noise * 6364136223846793005 + 1442695040888963407;
}

static void be_on(unsigned cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu % (unsigned)sysconf(_SC_NPROCESSORS_ONLN), &set);
	sched_setaffinity(0, sizeof(set), &set);
}

static bool lasts(const struct timespec *start)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec - start->tv_sec < 1 || now.tv_nsec < start->tv_nsec;
}

static void *nothing(void *arg)
{
	return arg;
}

static void *victim(void *arg)
{
	pthread_t thread;

	be_on(1 + (uintptr_t)arg);
	ready++;
	for (unsigned i = 0;; i++) {
		char *page = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE,
				  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		page[0] = page[2 * PAGE] = 1;
		mprotect(page, 2 * PAGE, PROT_READ);
		mremap(page + 2 * PAGE, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, page);
		munmap(page, 4 * PAGE);
		raw(SYS_rt_sigprocmask, 0, 0, 0, 8, 0, STUB_MAGIC);
		kill(getpid(), SIGUSR1);
		if (i % 16 == 0 && raw(SYS_clone, SIGCHLD, 0, 0, 0, 0, 0) == 0)
			_exit(0);
		if (i % 8 == 0 && !pthread_create(&thread, NULL, nothing, NULL))
			pthread_join(thread, NULL);
		waitpid(-1, NULL, WNOHANG);
	}
	return NULL;
}

/* ---- the racers ---- */

static void words(void)
{
	volatile uint64_t *slot = (uint64_t *)slots[chance() % nslots];
	unsigned low = (slot_low((uint64_t)slot) - (uint64_t)slot) / 8;

	for (unsigned i = 0; i < 100; i++)
		slot[low + (chance() >> 20) % (SLOT_SIZE / 8 - low)] =
		    chance() & 4 ? chance() : slots[0] + (chance() >> 40) % SLOT_SIZE;
}

/* Only where a stop's frame says that its parts are */
static void pointers(void)
{
	static const uint64_t values[] = { 0, 8, ~0UL, STUB_CODE, STUB_CONTROL, STUB_SLOTS };
	char *slot = (char *)slots[chance() % nslots];

	for (unsigned at = SLOT_HEADER - 2048; at < SLOT_SIZE; at += 8) {
		volatile uint64_t *word = (uint64_t *)(slot + at);

		if (*word >= slots[0] && *word < STUB_END)
			*word = (chance() & 8 ? *word ^ 1UL << (chance() >> 60)
					      : values[(chance() >> 20) % COUNT(values)]);
	}
}

static void anothers(void)
{
	uint64_t from = slots[chance() % nslots] + SLOT_HEADER - PAGE,
		 to = slots[(chance() >> 30) % nslots] + SLOT_HEADER - PAGE;

	memcpy((void *)to, (void *)from, PAGE + SLOT_SIZE - SLOT_HEADER);
}

static void notifications(void)
{
	static const long subjects[] = { 0,	     SIGSYS,	  SIGSEGV,   SIGUSR1,
					 STUB_READY, STUB_THREAD, STUB_CLEAN };

	raw(STUB_NR, subjects[chance() % COUNT(subjects)],
	    slots[(chance() >> 20) % nslots] + SLOT_SIZE - 8 * ((chance() >> 40) % 300), 0, 0, 0,
	    STUB_MAGIC);
}

static void claims(void)
{
	if (!fork()) {
		be_on((unsigned)(chance() >> 50));
		claim_stop(SIGSYS, slots[0] + SLOT_HEADER - 8 * ((chance() >> 40) % 300), slots[0]);
	}
	waitpid(-1, NULL, WNOHANG);
}

static unsigned written;

/* The commands of the process, while its service thread executes them */
static void commands(void)
{
	static char forged[COMMAND_SIZE];
	const struct iovec ours = { forged, sizeof(forged) }, its = {
		(void *)(STUB_CONTROL + CONTROL_FIRST + COMMAND_SIZE * (chance() % 8)),
		sizeof(forged)
	};
	static int file = -1;

	if (file < 0)
		file = open("/dev/zero", O_RDONLY);
	written += process_vm_writev(getpid(), &ours, 1, &its, 1, 0) > 0;
	written += read(file, its.iov_base, its.iov_len) > 0;
	written += raw(SYS_mmap, STUB_CONTROL, PAGE, PROT_READ | PROT_WRITE,
		       MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS | STUB_MAP_MARK, -1,
		       0) == (long)STUB_CONTROL;
}

static void (*const racers[])(void) = {
	words, pointers, anothers, notifications, claims, commands
};

static void race(long which)
{
	unsigned victims = (unsigned)sysconf(_SC_NPROCESSORS_ONLN) - 1;
	struct timespec start;
	pthread_t thread;
	uint64_t slot;

	/* Victims signal themselves, and with the registers that they get, their whole group */
	setpgid(0, 0);
	be_on(0);
	victims = victims < 1 ? 1 : victims > VICTIMS_MAX ? VICTIMS_MAX : victims;
	for (uintptr_t i = 0; i < victims; i++)
		pthread_create(&thread, NULL, victim, (void *)i);
	while (ready < victims)
		sched_yield();
	while (nslots < SLOTS && (slot = slot_find(nslots)))
		slots[nslots++] = slot;
	noise = (uint64_t)which * 0x9e3779b97f4a7c15 + 1;
	clock_gettime(CLOCK_MONOTONIC, &start);
	while (lasts(&start))
		racers[(unsigned long)which % COUNT(racers)]();
	_exit(written ? 1 : 0);
}

int main(void)
{
	unsigned bad = 0, taken = 0;

	catch_faults();
	signal(SIGUSR1, SIG_IGN);
	for (long i = 0; i < (long)COUNT(racers); i++) {
		const char *got = outcome_of(race, i);

		bad += !strcmp(got, "unkillable");
		taken += !strcmp(got, "exit 1");
	}
	printf("%u races did harm, commands were written in %u\n", bad, taken);
	return over();
}
