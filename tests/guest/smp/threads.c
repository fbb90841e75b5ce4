// SPDX-License-Identifier: GPL-2.0-only
/* threads.c - threads that run, and who does something to them: CPUs, signals, tracers, exec, death
 */
#include <linux/rseq.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/rseq.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <elf.h>

#include "smp.h"

static volatile unsigned long progress[16];
static volatile unsigned long stop;

static void *spin(void *arg)
{
	volatile unsigned long *mine = arg;

	while (!stop)
		++*mine;
	return NULL;
}

/* ---- which CPU it is ---- */

static int rseq_cpu(void)
{
	const struct rseq *area = (void *)((char *)__builtin_thread_pointer() + __rseq_offset);

	return __rseq_size ? (int)*(volatile unsigned *)&area->cpu_id : -1;
}

static void numbers(void)
{
	cpu_set_t all, one;
	long count = sysconf(_SC_NPROCESSORS_ONLN);

	need(!sched_getaffinity(0, sizeof(all), &all) && CPU_COUNT(&all) == count);
	for (int cpu = 0; cpu < count; cpu++) {
		unsigned got = ~0U, node = ~0U;

		CPU_ZERO(&one);
		CPU_SET(cpu, &one);
		need(!sched_setaffinity(0, sizeof(one), &one));
		need(sched_getcpu() == cpu);
		need(!syscall(SYS_getcpu, &got, &node, NULL) && got == (unsigned)cpu && !node);
		need(rseq_cpu() == -1 || rseq_cpu() == cpu);
	}
	need(!sched_setaffinity(0, sizeof(all), &all));
	CPU_ZERO(&one);
	CPU_SET(count, &one);
	need(sched_setaffinity(0, sizeof(one), &one) && errno == EINVAL);
}

/* Two that wait for each other without a call: on one CPU each turn would take a time slice */
static volatile unsigned long ball[2];

#define TURNS 20000

static void *player(void *arg)
{
	for (unsigned long turn = 1; turn <= TURNS; turn++) {
		while (load(&ball[0]) < turn)
			;
		store(&ball[1], turn);
	}
	return NULL;
}

static void at_the_same_time(void)
{
	pthread_t thread = start(player, NULL);

	for (unsigned long turn = 1; turn <= TURNS; turn++) {
		store(&ball[0], turn);
		while (load(&ball[1]) < turn)
			;
	}
	pthread_join(thread, NULL);
}

/* ---- signals ---- */

static volatile unsigned long handled;

static void on_signal(int sig)
{
	__atomic_fetch_add(&handled, 1, __ATOMIC_SEQ_CST);
}

static void signals_to_who_runs(void)
{
	pthread_t threads[3];

	signal(SIGUSR1, on_signal);
	stop = 0;
	for (unsigned i = 0; i < 3; i++)
		threads[i] = start(spin, (void *)&progress[i]);
	for (unsigned long round = 0; round < 60; round++) {
		need(!pthread_kill(threads[round % 3], SIGUSR1));
		await_more(&handled, round);
	}
	stop = 1;
	for (unsigned i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
}

/* ---- processes of many threads that end, and begin anew ---- */

static pid_t many_threads(void (*then)(void))
{
	pid_t pid = fork();

	if (pid)
		return pid;
	stop = 0;
	for (unsigned i = 0; i < 6; i++)
		start(spin, (void *)&progress[i]);
	for (unsigned i = 0; i < 6; i++)
		await_more(&progress[i], 100);
	then();
	_exit(99);
}

static void exec_here(void)
{
	execl("/proc/self/exe", "threads", "a child", NULL);
}

static void *exec_in_thread(void *arg)
{
	exec_here();
	return NULL;
}

static void exec_elsewhere(void)
{
	start(exec_in_thread, NULL);
	for (;;)
		pause();
}

static void leave(void)
{
	exit(7);
}

static void wait_for_ever(void)
{
	for (;;)
		pause();
}

static void ending(void)
{
	int status;

	for (unsigned round = 0; round < 4; round++) {
		need(waitpid(many_threads(exec_here), &status, 0) > 0);
		need(WIFEXITED(status) && WEXITSTATUS(status) == 33);
		need(waitpid(many_threads(exec_elsewhere), &status, 0) > 0);
		need(WIFEXITED(status) && WEXITSTATUS(status) == 33);
		need(waitpid(many_threads(leave), &status, 0) > 0);
		need(WIFEXITED(status) && WEXITSTATUS(status) == 7);
	}
	for (unsigned round = 0; round < 4; round++) {
		pid_t pid = many_threads(wait_for_ever);

		usleep(round * 500);
		kill(pid, SIGKILL);
		need(waitpid(pid, &status, 0) == pid && WIFSIGNALED(status));
	}
}

static void crash(void)
{
	const struct rlimit no_limit = { RLIM_INFINITY, RLIM_INFINITY };

	setrlimit(RLIMIT_CORE, &no_limit);
	abort();
}

/* As many notes on registers as there were threads */
static unsigned notes_in(const char *path)
{
	static char core[1 << 22];
	FILE *file = fopen(path, "re");
	size_t size;
	Elf64_Ehdr *header = (void *)core;
	Elf64_Phdr *segment;
	unsigned count = 0;

	need(file);
	size = fread(core, 1, sizeof(core), file);
	fclose(file);
	need(size > sizeof(*header) && !memcmp(core, ELFMAG, SELFMAG));
	segment = (void *)(core + header->e_phoff);
	need(segment->p_type == PT_NOTE && segment->p_offset + segment->p_filesz <= size);
	for (size_t at = segment->p_offset; at < segment->p_offset + segment->p_filesz;) {
		Elf64_Nhdr *note = (void *)(core + at);

		count += note->n_type == NT_PRSTATUS;
		at += sizeof(*note) + ((note->n_namesz + 3) & ~3U) + ((note->n_descsz + 3) & ~3U);
	}
	return count;
}

static void core_of_many(void)
{
	FILE *pattern = fopen("/proc/sys/kernel/core_pattern", "we");
	int status;

	need(pattern && fputs("/tmp/core.smp", pattern) > 0 && !fclose(pattern));
	for (unsigned round = 0; round < 3; round++) {
		unlink("/tmp/core.smp");
		need(waitpid(many_threads(crash), &status, 0) > 0);
		need(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT && WCOREDUMP(status));
		need(notes_in("/tmp/core.smp") == 7);
	}
	unlink("/tmp/core.smp");
}

/* ---- a tracer ---- */

static void tracing(void)
{
	pid_t pid;
	int status;

	stop = 0;
	pid = fork();
	if (!pid) {
		spin((void *)&progress[0]);
		_exit(0);
	}
	need(!ptrace(PTRACE_SEIZE, pid, 0, 0));
	for (unsigned round = 0; round < 200; round++) {
		struct user_regs_struct regs;
		unsigned long before, after;

		need(!ptrace(PTRACE_INTERRUPT, pid, 0, 0));
		need(waitpid(pid, &status, 0) == pid && WIFSTOPPED(status));
		need(!ptrace(PTRACE_GETREGS, pid, 0, &regs));
		errno = 0;
		before = ptrace(PTRACE_PEEKDATA, pid, &progress[0], 0);
		need(!errno);
		spin_for(2000);
		after = ptrace(PTRACE_PEEKDATA, pid, &progress[0], 0);
		need(before == after); /* it is stopped */
		need(!ptrace(PTRACE_POKEDATA, pid, &progress[0], 1UL << 60 | round));
		need(!ptrace(PTRACE_CONT, pid, 0, 0));
	}
	kill(pid, SIGKILL);
	need(waitpid(pid, &status, 0) == pid);
}

/* ---- many that come and go ---- */

static void *nothing(void *arg)
{
	return NULL;
}

static void *parent(void *arg)
{
	for (unsigned i = 0; i < 40; i++) {
		pthread_t thread = start(nothing, NULL);
		pid_t pid = fork();
		int status;

		if (!pid)
			_exit(5);
		need(pid > 0 && waitpid(pid, &status, 0) == pid && WEXITSTATUS(status) == 5);
		pthread_join(thread, NULL);
	}
	return NULL;
}

static void coming_and_going(void)
{
	pthread_t threads[4];

	for (unsigned i = 0; i < 4; i++)
		threads[i] = start(parent, NULL);
	for (unsigned i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
}

int main(int argc, char **argv)
{
	static const struct test tests[] = {
		{ "numbers", numbers },
		{ "at the same time", at_the_same_time },
		{ "signals to who runs", signals_to_who_runs },
		{ "ending", ending },
		{ "core of many", core_of_many },
		{ "tracing", tracing },
		{ "coming and going", coming_and_going },
		{ NULL, NULL },
	};

	if (argc > 1 && !strcmp(argv[1], "a child"))
		return 33;
	return run_tests(tests, argc, argv);
}
