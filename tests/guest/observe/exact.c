// SPDX-License-Identifier: GPL-2.0-only
/* exact.c - make exactly N system calls of a kind
 *
 * Usage: exact WHAT N [stay]
 *
 * With "stay" it says its number then, and is there until it is killed.
 *
 * What a run makes besides (libc's start, exit) does not depend on N: the difference between two
 * runs is the calls that were asked for.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void getppids(long n)
{
	while (n--)
		syscall(SYS_getppid);
}

/* No such file: calls that fail */
static void failures(long n)
{
	while (n--)
		syscall(SYS_openat, AT_FDCWD, "/nothing", O_RDONLY);
}

/* Time through libc: the vDSO answers all but CLOCK_PROCESS_CPUTIME_ID */
static void times(long n)
{
	struct timespec now;
	struct timeval day;
	unsigned cpu;

	while (n--) {
		clock_gettime(CLOCK_MONOTONIC, &now);
		clock_gettime(CLOCK_REALTIME_COARSE, &now);
		clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
		gettimeofday(&day, NULL);
		time(NULL);
		clock_getres(CLOCK_REALTIME, &now);
		getcpu(&cpu, NULL);
	}
}

static void clocks(long n)
{
	struct timespec now;

	while (n--)
		clock_gettime(CLOCK_MONOTONIC, &now);
}

/* Counts of a process that forks are not its child's, nor the child's counts its */
static void forked_clocks(long n)
{
	clocks(1);
	while (n--) {
		clocks(1);
		if (fork() == 0) {
			clocks(10);
			_exit(0);
		}
		wait(NULL);
		clocks(100);
	}
}

static void *clock_thread(void *unused)
{
	clocks(3);
	return NULL;
}

static void threaded_clocks(long n)
{
	pthread_t id[2];

	while (n--) {
		pthread_create(&id[0], NULL, clock_thread, NULL);
		pthread_create(&id[1], NULL, clock_thread, NULL);
		pthread_join(id[0], NULL);
		pthread_join(id[1], NULL);
	}
}

/* Counted before the address space goes: by exec, by SIGKILL */
static void execed_clocks(long n)
{
	while (n--) {
		if (fork() == 0) {
			clocks(7);
			execl("/proc/self/exe", "exact", "clocks", "5", NULL);
			_exit(1);
		}
		wait(NULL);
	}
}

static void killed_clocks(long n)
{
	while (n--) {
		if (fork() == 0) {
			clocks(4);
			kill(getpid(), SIGKILL);
		}
		wait(NULL);
	}
}

/* A time namespace's clocks are the vDSO's, too */
static void shifted_clocks(long n)
{
	if (unshare(CLONE_NEWTIME))
		_exit(1);
	while (n--) {
		if (fork() == 0) {
			clocks(6);
			_exit(0);
		}
		wait(NULL);
	}
}

static void unknown(long n)
{
	while (n--)
		syscall(n % 2 ? 500 : -1L);
}

static void forks(long n)
{
	while (n--) {
		if (fork() == 0)
			_exit(0);
		wait(NULL);
	}
}

static void execs(long n)
{
	while (n--) {
		if (vfork() == 0) {
			execl("/proc/self/exe", "exact", "getppid", "0", NULL);
			_exit(1);
		}
		wait(NULL);
	}
}

static void *thread(void *unused)
{
	return NULL;
}

static void threads(long n)
{
	pthread_t id;

	while (n--) {
		pthread_create(&id, NULL, thread, NULL);
		pthread_join(id, NULL);
	}
}

/* A process that is stopped in a call and killed: the call never returns */
static void killed(long n)
{
	while (n--) {
		int fds[2];
		char c;
		pid_t pid;

		if (pipe(fds) || (pid = fork()) < 0)
			exit(1);
		if (pid == 0) {
			write(fds[1], "", 1);
			syscall(SYS_pause);
		}
		read(fds[0], &c, 1);
		usleep(2000);
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		close(fds[0]);
		close(fds[1]);
	}
}

static void handler(int sig)
{
}

/* One call each, of which the program sees that it was interrupted, or does not */
static void interrupted(long n, int flags)
{
	struct sigaction action = { .sa_handler = handler, .sa_flags = flags };
	const struct timespec delay = { .tv_nsec = 3000000 };
	pid_t pid, self = getpid();
	int fds[2];
	char c;

	sigaction(SIGUSR1, &action, NULL);
	while (n--) {
		if (pipe(fds) || (pid = fork()) < 0)
			exit(1);
		if (pid == 0) {
			nanosleep(&delay, NULL);
			kill(self, SIGUSR1);
			nanosleep(&delay, NULL);
			write(fds[1], "", 1);
			_exit(0);
		}
		syscall(SYS_readv, fds[0], &(struct iovec){ &c, 1 }, 1);
		while (waitpid(pid, NULL, 0) < 0)
			;
		close(fds[0]);
		close(fds[1]);
	}
}

static void eintr(long n)
{
	interrupted(n, 0);
}

static void restarted(long n)
{
	interrupted(n, SA_RESTART);
}

/* Stopped and continued while it waits, which goes on by restart_syscall() */
static void stopped(long n)
{
	const struct timespec while_stopped = { .tv_nsec = 5000000 };

	while (n--) {
		pid_t pid = fork();

		if (pid == 0) {
			syscall(SYS_poll, NULL, 0, 20);
			_exit(0);
		}
		usleep(5000);
		kill(pid, SIGSTOP);
		syscall(SYS_nanosleep, &while_stopped, NULL);
		kill(pid, SIGCONT);
		waitpid(pid, NULL, 0);
	}
}

static void filter(unsigned action)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getppid, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, action),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { sizeof(code) / sizeof(code[0]), code };

	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program))
		exit(1);
}

static void denied(long n)
{
	filter(SECCOMP_RET_ERRNO | EPERM);
	while (n--)
		syscall(SYS_getppid);
}

static void filtered_dead(long n, unsigned action)
{
	while (n--) {
		pid_t pid = fork();

		if (pid == 0) {
			filter(action);
			syscall(SYS_getppid);
			_exit(0);
		}
		waitpid(pid, NULL, 0);
	}
}

static void seccomp_killed(long n)
{
	filtered_dead(n, SECCOMP_RET_KILL_PROCESS);
}

static void thread_killed(long n)
{
	filtered_dead(n, SECCOMP_RET_KILL_THREAD);
}

static void trapped(long n)
{
	struct sigaction action = { .sa_handler = handler };

	sigaction(SIGSYS, &action, NULL);
	filter(SECCOMP_RET_TRAP);
	while (n--)
		syscall(SYS_getppid);
}

/* A tracer sees each call twice; the program made it once */
static void traced(long n)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		raise(SIGSTOP);
		getppids(n);
		_exit(0);
	}
	for (;;) {
		waitpid(pid, &status, 0);
		if (WIFEXITED(status))
			return;
		ptrace(PTRACE_SYSCALL, pid, NULL, NULL);
	}
}

static void yields(long n)
{
	while (n--)
		sched_yield();
}

static void stats(long n)
{
	struct stat st;

	while (n--)
		stat("/exact", &st);
}

static void reads(long n)
{
	int fd = open("/exact", O_RDONLY);
	char buffer[512];

	while (n--)
		pread(fd, buffer, sizeof(buffer), 0);
}

/* A byte through a pipe: two calls */
static void pipes(long n)
{
	int fds[2];
	char c = 0;

	if (pipe(fds))
		exit(1);
	while (n--) {
		write(fds[1], &c, 1);
		read(fds[0], &c, 1);
	}
}

/*
 * Faults, one at each page that is looked at. What the kernel brings along ahead of a fault is next
 * to it, so these are far apart.
 */
#define PAGE 4096
#define STEP (1024L * PAGE)

enum touch { READ, WRITE };

static void touch(volatile char *area, long n, enum touch how)
{
	for (long i = 0; i < n; i++) {
		if (how == WRITE)
			area[i * STEP] = 1;
		else
			(void)area[i * STEP];
	}
}

static char *area_of(long n, int flags, int fd)
{
	char *area = mmap(NULL, n * STEP + 1, PROT_READ | PROT_WRITE, flags | MAP_NORESERVE, fd, 0);

	if (area == MAP_FAILED)
		exit(1);
	madvise(area, n * STEP + 1, MADV_NOHUGEPAGE);
	madvise(area, n * STEP + 1, MADV_RANDOM);
	return area;
}

static void minors(long n)
{
	touch(area_of(n, MAP_PRIVATE | MAP_ANONYMOUS, -1), n, WRITE);
}

/* Of the page of zeros that everybody shares, then one's own */
static void zeros(long n)
{
	char *area = area_of(n, MAP_PRIVATE | MAP_ANONYMOUS, -1);

	touch(area, n, READ);
	touch(area, n, WRITE);
}

/* Memory that was forbidden for a while: the host has forgotten it, the kernel has not */
static void refills(long n)
{
	char *area = area_of(n, MAP_PRIVATE | MAP_ANONYMOUS, -1);

	touch(area, n, WRITE);
	mprotect(area, n * STEP, PROT_NONE);
	mprotect(area, n * STEP, PROT_READ | PROT_WRITE);
	touch(area, n, READ);
}

/* Pages that a child has from its parent */
static void copies(long n)
{
	char *area = area_of(n, MAP_PRIVATE | MAP_ANONYMOUS, -1);

	touch(area, n, WRITE);
	if (fork() == 0) {
		touch(area, n, WRITE);
		_exit(0);
	}
	wait(NULL);
}

/* A file of which the pages that are looked at are in the page cache, or not */
static int file_of(const char *path, long n)
{
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);

	for (long i = 0; i < n; i++)
		pwrite(fd, "x", 1, i * STEP);
	fsync(fd);
	return fd;
}

static void files(long n)
{
	touch(area_of(n, MAP_SHARED, file_of("/cached", n)), n, READ);
}

static void majors(long n)
{
	int fd = file_of("/uncached", n);

	posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
	touch(area_of(n, MAP_PRIVATE, fd), n, READ);
}

static sigjmp_buf after_fault;

static void faulted(int sig)
{
	siglongjmp(after_fault, 1);
}

static void bad(long n)
{
	signal(SIGSEGV, faulted);
	while (n--) {
		if (!sigsetjmp(after_fault, 1))
			*(volatile char *)16 = 1;
	}
}

/* A thread that goes to sleep as often */
static void sleeps(long n)
{
	while (n--)
		usleep(1000);
}

static const struct {
	const char *name;
	void (*run)(long n);
} table[] = {
	{ "getppid", getppids },
	{ "failures", failures },
	{ "unknown", unknown },
	{ "times", times },
	{ "clocks", clocks },
	{ "forked_clocks", forked_clocks },
	{ "threaded_clocks", threaded_clocks },
	{ "execed_clocks", execed_clocks },
	{ "killed_clocks", killed_clocks },
	{ "shifted_clocks", shifted_clocks },
	{ "forks", forks },
	{ "execs", execs },
	{ "threads", threads },
	{ "killed", killed },
	{ "eintr", eintr },
	{ "restarted", restarted },
	{ "stopped", stopped },
	{ "denied", denied },
	{ "seccomp_killed", seccomp_killed },
	{ "thread_killed", thread_killed },
	{ "trapped", trapped },
	{ "traced", traced },
	{ "yields", yields },
	{ "stats", stats },
	{ "reads", reads },
	{ "pipes", pipes },
	{ "minors", minors },
	{ "zeros", zeros },
	{ "refills", refills },
	{ "copies", copies },
	{ "files", files },
	{ "majors", majors },
	{ "bad", bad },
	{ "sleeps", sleeps },
};

int main(int argc, char **argv)
{
	for (size_t i = 0; argc >= 3 && i < sizeof(table) / sizeof(table[0]); i++) {
		if (!strcmp(argv[1], table[i].name)) {
			table[i].run(atol(argv[2]));
			if (argc == 4) {
				printf("%d\n", getpid());
				fflush(stdout);
				pause();
			}
			return 0;
		}
	}
	fprintf(stderr, "exact: what?\n");
	return 2;
}
