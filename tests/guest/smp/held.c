// SPDX-License-Identifier: GPL-2.0-only
/* held.c - what a call takes away is gone when its work is done, not when it returns
 *
 * Whoever takes a page away looks at what his host process has mapped before he runs again. So he
 * never sees that another thread still had it. Here he does not return: a tracer holds him at the
 * end of his call, and watches by another mapping whether the page stands still.
 */
#include <setjmp.h>
#include <signal.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "smp.h"

#define ROUNDS 10
#define LOOKS 200
#define SYSCALL_STOP (SIGTRAP | 0x80)

/* Shared with the process that is held */
static struct {
	volatile unsigned long traced, taking;
} * shared;
static volatile unsigned long *page, *same; /* two mappings of one page */
static int file;
static char *elsewhere;
static __thread sigjmp_buf back;

static void on_fault(int sig)
{
	siglongjmp(back, 1);
}

static void *count(void *arg)
{
	sigsetjmp(back, 1);
	for (;;)
		page[1] = page[1] + 1;
	return NULL;
}

static void *map_at(volatile void *at, int prot, int flags)
{
	return mmap((void *)at, PAGE, prot, flags | (at ? MAP_FIXED : 0),
		    flags & MAP_ANONYMOUS ? -1 : file, 0);
}

static void protect(void)
{
	need(!mprotect((void *)page, PAGE, PROT_READ));
}

static void unprotect(void)
{
	need(!mprotect((void *)page, PAGE, PROT_READ | PROT_WRITE));
}

static void protect_all(void)
{
	need(!mprotect((void *)page, PAGE, PROT_NONE));
}

static void unmap(void)
{
	need(!munmap((void *)page, PAGE));
}

static void map(void)
{
	need(map_at(page, PROT_READ | PROT_WRITE, MAP_SHARED) == page);
}

static void replace(void)
{
	need(map_at(page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS) == page);
}

static void move(void)
{
	need(mremap((void *)page, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, elsewhere) ==
	     elsewhere);
}

static void move_back(void)
{
	need(mremap(elsewhere, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, page) == page);
}

static void be_held(void (*take)(void), void (*give)(void))
{
	signal(SIGSEGV, on_fault);
	start(count, NULL);
	while (!shared->traced)
		;
	for (unsigned round = 0; round < ROUNDS; round++) {
		await_more(&same[1], load(&same[1]) + 10);
		shared->taking = 1;
		take();
		shared->taking = 0;
		give();
	}
	_exit(0);
}

static void stands_still(void)
{
	const unsigned long value = load(&same[1]);

	for (unsigned i = 0; i < LOOKS; i++) {
		spin_for(100);
		need(load(&same[1]) == value);
	}
}

/* How often the call was seen to end; from its end on nobody writes */
static unsigned watch(pid_t pid, unsigned long number)
{
	unsigned long entered = 0;
	unsigned seen = 0;
	int status;

	for (;;) {
		struct __ptrace_syscall_info info;

		need(waitpid(pid, &status, 0) == pid);
		if (!WIFSTOPPED(status))
			break;
		if (WSTOPSIG(status) == SYSCALL_STOP) {
			need(ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof(info), &info) > 0);
			if (info.op == PTRACE_SYSCALL_INFO_ENTRY)
				entered = info.entry.nr;
			else if (entered == number && shared->taking && ++seen)
				stands_still();
		}
		need(!ptrace(PTRACE_SYSCALL, pid, 0, 0));
		shared->traced = 1;
	}
	need(WIFEXITED(status) && !WEXITSTATUS(status));
	return seen;
}

static void hold(void (*take)(void), void (*give)(void), unsigned long number)
{
	pid_t pid;

	file = memfd_create("page", 0);
	need(file >= 0 && !ftruncate(file, PAGE));
	page = map_at(NULL, PROT_READ | PROT_WRITE, MAP_SHARED);
	same = map_at(NULL, PROT_READ | PROT_WRITE, MAP_SHARED);
	elsewhere = map_at(NULL, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS);
	shared = map_at(NULL, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS);
	pid = fork();
	if (!pid)
		be_held(take, give);
	need(!ptrace(PTRACE_SEIZE, pid, 0, PTRACE_O_TRACESYSGOOD));
	need(!ptrace(PTRACE_INTERRUPT, pid, 0, 0));
	need(watch(pid, number) == ROUNDS);
	close(file);
}

static void protecting(void)
{
	hold(protect, unprotect, SYS_mprotect);
	hold(protect_all, unprotect, SYS_mprotect);
}

static void unmapping(void)
{
	hold(unmap, map, SYS_munmap);
	hold(replace, map, SYS_mmap);
}

static void moving(void)
{
	hold(move, move_back, SYS_mremap);
}

int main(int argc, char **argv)
{
	static const struct test tests[] = {
		{ "protecting", protecting },
		{ "unmapping", unmapping },
		{ "moving", moving },
		{ NULL, NULL },
	};

	return run_tests(tests, argc, argv);
}
