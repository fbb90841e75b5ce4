// SPDX-License-Identifier: GPL-2.0-only
/* pages.c - what one thread takes away no other has any more when the call returns
 *
 * One thread counts in a page all the time, and is thrown back to its beginning by a signal when it
 * may not. The other takes the page away, looks at it by another mapping, and sees that it stands
 * still. Harder is what another process takes away, or what is used by another before the call
 * returns: a kernel could forget that threads run meanwhile.
 */
#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include "smp.h"

#define ROUNDS 30
#define LOOKS 200

static volatile unsigned long *page, *same; /* two mappings of one page */
static volatile unsigned long faults, stop, progress;
static int file;
static __thread sigjmp_buf back;

static void on_fault(int sig)
{
	__atomic_fetch_add(&faults, 1, __ATOMIC_SEQ_CST);
	siglongjmp(back, 1);
}

static void *count(void *arg)
{
	sigsetjmp(back, 1);
	while (!stop) {
		page[1] = page[1] + 1;
		progress++;
	}
	return NULL;
}

static void *map_at(volatile void *at, int prot)
{
	return mmap((void *)at, PAGE, prot, MAP_SHARED | (at ? MAP_FIXED : 0), file, 0);
}

static void set_up(void)
{
	signal(SIGSEGV, on_fault);
	signal(SIGBUS, on_fault);
	file = memfd_create("page", 0);
	need(file >= 0 && !ftruncate(file, PAGE));
	page = map_at(NULL, PROT_READ | PROT_WRITE);
	same = map_at(NULL, PROT_READ | PROT_WRITE);
	need(page != MAP_FAILED && same != MAP_FAILED);
	stop = 0;
}

/* @take has returned: from here on nobody writes */
static void with_counter(void (*take)(void), void (*give)(void))
{
	pthread_t thread;

	set_up();
	thread = start(count, NULL);
	for (unsigned round = 0; round < ROUNDS; round++) {
		unsigned long value;

		await_more(&same[1], load(&same[1]) + 10);
		take();
		value = load(&same[1]);
		for (unsigned i = 0; i < LOOKS; i++) {
			spin_for(20);
			need(load(&same[1]) == value);
		}
		give();
	}
	stop = 1;
	pthread_join(thread, NULL);
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
	need(map_at(page, PROT_READ | PROT_WRITE) == page);
}

static void replace(void)
{
	need(mmap((void *)page, PAGE, PROT_READ | PROT_WRITE,
		  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == page);
}

static void *elsewhere;

static void move(void)
{
	elsewhere = mmap(NULL, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	need(mremap((void *)page, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, elsewhere) ==
	     elsewhere);
}

static void move_back(void)
{
	need(mremap(elsewhere, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, page) == page);
}

static void protecting(void)
{
	with_counter(protect, unprotect);
	with_counter(protect_all, unprotect);
}

static void unmapping(void)
{
	with_counter(unmap, map);
	with_counter(replace, map);
}

static void moving(void)
{
	with_counter(move, move_back);
}

/* ---- a frame that was given back belongs to somebody else ---- */

static char *area;
#define AREA (64 * PAGE)
#define LARGE (32UL << 20)

static void *scribble(void *arg)
{
	const unsigned long size = (unsigned long)arg;

	sigsetjmp(back, 1);
	while (!stop) {
		for (unsigned long at = 0; at < size; at += PAGE)
			area[at + 8] = 'x';
		progress++;
	}
	return NULL;
}

/* Fill fresh memory, and find it as it was left */
static void own_some(unsigned long size)
{
	char *mine = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	need(mine != MAP_FAILED);
	for (unsigned long at = 0; at < size; at += PAGE)
		memset(mine + at, 'm', 64);
	for (unsigned i = 0; i < 20; i++) {
		for (unsigned long at = 0; at < size; at += PAGE)
			need(mine[at + 8] == 'm');
	}
	munmap(mine, size);
}

static int drop_pages(void)
{
	return madvise(area, AREA, MADV_DONTNEED);
}

static int map_again(void)
{
	return mmap(area, AREA, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1,
		    0) != area;
}

static int drop_many(void)
{
	return munmap(area, LARGE) || mmap(area, LARGE, PROT_READ | PROT_WRITE,
					   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != area;
}

static void reuse_after(int (*drop)(void), unsigned long size, unsigned rounds)
{
	pthread_t thread;
	pid_t other;
	int status;

	signal(SIGSEGV, on_fault);
	stop = 0;
	area = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	other = fork(); /* uses what is given back while it is given back */
	if (!other) {
		for (;;)
			own_some(size);
	}
	thread = start(scribble, (void *)size);
	for (unsigned round = 0; round < rounds; round++) {
		await_more(&progress, progress);
		need(!drop());
		own_some(AREA);
	}
	stop = 1;
	pthread_join(thread, NULL);
	need(!waitpid(other, &status, WNOHANG));
	kill(other, SIGKILL);
	waitpid(other, &status, 0);
	munmap(area, size);
}

static void reusing(void)
{
	reuse_after(drop_pages, AREA, ROUNDS);
	reuse_after(map_again, AREA, ROUNDS);
	reuse_after(drop_many, LARGE, 4);
}

#define NEXT 64 /* pages */

/* The last page of a file, which another process makes shorter; all others are of the next use */
static void truncating(void)
{
	volatile unsigned long *shared =
	    mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	const unsigned long words = PAGE / sizeof(*shared);
	pid_t other;
	int status;

	set_up();
	page = mmap(NULL, (NEXT + 1) * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	other = fork();
	if (!other) {
		sigsetjmp(back, 1);
		for (;;) {
			page[NEXT * words + 1]++;
			shared[0]++;
		}
	}
	for (unsigned round = 0; round < ROUNDS; round++) {
		need(!ftruncate(file, (NEXT + 1) * PAGE));
		await_more(&shared[0], load(&shared[0]) + 10);
		need(!ftruncate(file, 0));
		need(!ftruncate(file, NEXT * PAGE));
		for (unsigned long at = 0; at < NEXT * words; at += words)
			page[at] = 1;
		for (unsigned i = 0; i < 10; i++) {
			for (unsigned long at = 0; at < NEXT * words; at += words)
				need(page[at] == 1 && !page[at + 1]);
		}
	}
	kill(other, SIGKILL);
	need(waitpid(other, &status, 0) == other && WIFSIGNALED(status));
}

/* ---- fork ---- */

/*
 * What the parent's threads write from then on is not the child's, while the one that forked is
 * still in its call
 */
static void forking(void)
{
	pthread_t threads[2];

	signal(SIGSEGV, on_fault);
	stop = 0;
	page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	for (unsigned i = 0; i < 2; i++)
		threads[i] = start(count, NULL);
	for (unsigned round = 0; round < ROUNDS; round++) {
		pid_t child;
		int status;

		await_more(&progress, progress + 10);
		child = syscall(SYS_clone, CLONE_VFORK | SIGCHLD, NULL, NULL, NULL, NULL);
		need(child >= 0);
		if (!child) {
			unsigned long value = page[1];

			for (unsigned i = 0; i < LOOKS; i++) {
				spin_for(100);
				if (page[1] != value)
					_exit(1);
			}
			page[1] = 0;
			_exit(page[1] != 0);
		}
		need(waitpid(child, &status, 0) == child && !status);
		need(page[1]);
	}
	stop = 1;
	for (unsigned i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
}

/* ---- the kernel as a user of what goes away ---- */

static void *flicker(void *arg)
{
	while (!stop) {
		char *at = mmap(area, AREA, PROT_READ | PROT_WRITE,
				MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_POPULATE, -1, 0);

		need(at == area);
		for (unsigned long offset = 0; offset < AREA; offset += 8)
			*(volatile unsigned long *)(area + offset) = 0x5a5a5a5a5a5a5a5a;
		munmap(area, AREA);
		progress++;
	}
	return NULL;
}

/* What is read of another's memory is what was there, or nothing; never somebody else's */
static void reading_from_outside(void)
{
	static unsigned long words[AREA / 8];
	unsigned long all, first;
	pthread_t thread;
	pid_t child, me = getpid();
	int status;

	stop = 0;
	area = mmap(NULL, AREA, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	thread = start(flicker, NULL);
	child = fork();
	if (!child) {
		for (unsigned i = 0; i < 2000; i++) {
			struct iovec to = { words, AREA }, from = { area, AREA };
			ssize_t n = process_vm_readv(me, &to, 1, &from, 1, 0);

			if (n < 0 && errno != EFAULT)
				_exit(2);
			for (ssize_t at = 0; at < n / 8; at++) {
				if (words[at] && words[at] != 0x5a5a5a5a5a5a5a5a)
					_exit(1);
			}
		}
		_exit(0);
	}
	/* and pipes, whose pages are filled by a copy of the kernel's */
	first = progress;
	need(waitpid(child, &status, 0) == child && !status);
	stop = 1;
	pthread_join(thread, NULL);
	all = progress;
	need(all >= first);
}

int main(int argc, char **argv)
{
	static const struct test tests[] = {
		{ "protecting", protecting },
		{ "unmapping", unmapping },
		{ "moving", moving },
		{ "reusing", reusing },
		{ "truncating", truncating },
		{ "forking", forking },
		{ "reading from outside", reading_from_outside },
		{ NULL, NULL },
	};

	return run_tests(tests, argc, argv);
}
