// SPDX-License-Identifier: GPL-2.0-only
/* trace-threadless - registers of tasks that have no host thread: pid 1, kernel threads, io_uring's
 *
 * Root asks for all registers of each, and for them to be set, stepped and dumped. What it gets is
 * an error or the task's own; what counts is that the kernel goes on.
 */
#include "tests/attack/attack.h"

#include <dirent.h>
#include <elf.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/uio.h>
#include <sys/user.h>

static unsigned answered;

static void ask(long ret)
{
	(void)ret;
	answered++;
}

static void all_registers(pid_t pid)
{
	static const int sets[] = { NT_PRSTATUS, NT_PRFPREG, NT_X86_XSTATE, 0x4000, -1 };
	static const int requests[] = { PTRACE_GETREGS, PTRACE_SETREGS, PTRACE_GETFPREGS,
					PTRACE_SETFPREGS };
	static uint64_t room[2048];

	for (unsigned i = 0; i < COUNT(requests); i++)
		ask(ptrace(requests[i], pid, NULL, room));
	for (unsigned i = 0; i < COUNT(sets); i++) {
		struct iovec iov = { room, sizeof(room) };

		ask(ptrace(PTRACE_GETREGSET, pid, sets[i], &iov));
		ask(ptrace(PTRACE_SETREGSET, pid, sets[i], &iov));
	}
	for (unsigned long at = 0; at < sizeof(struct user); at += 8) {
		ask(ptrace(PTRACE_PEEKUSER, pid, at, NULL));
		ask(ptrace(PTRACE_POKEUSER, pid, at, 0x400000));
	}
	for (int option = 0x1001; option < 0x1005; option++)
		ask(ptrace(PTRACE_ARCH_PRCTL, pid, room, option));
	ask(ptrace(PTRACE_PEEKTEXT, pid, 0x400000, NULL));
	ask(ptrace(PTRACE_POKETEXT, pid, 0x400000, NULL));
	ask(ptrace(PTRACE_GETSIGINFO, pid, NULL, room));
}

static void trace(pid_t pid)
{
	static const int goes_on[] = { PTRACE_SINGLESTEP, PTRACE_SINGLEBLOCK, PTRACE_SYSCALL,
				       PTRACE_CONT };
	int status;

	if (ptrace(PTRACE_SEIZE, pid, NULL, NULL))
		return;
	for (unsigned i = 0; i < COUNT(goes_on); i++) {
		ptrace(PTRACE_INTERRUPT, pid, NULL, NULL);
		for (unsigned tries = 0; tries < 20; tries++) {
			if (waitpid(pid, &status, __WALL | WNOHANG) > 0)
				break;
			usleep(5000);
		}
		all_registers(pid);
		ask(ptrace(goes_on[i], pid, NULL, NULL));
	}
	ptrace(PTRACE_DETACH, pid, NULL, NULL);
}

static void read_proc(pid_t pid)
{
	static const char *const names[] = { "syscall", "stat", "stack", "wchan",
					     "auxv",	"maps", "mem",	 "personality" };
	char path[64], buffer[4096];

	for (unsigned i = 0; i < COUNT(names); i++) {
		snprintf(path, sizeof(path), "/proc/%d/%s", pid, names[i]);
		int fd = open(path, O_RDONLY);

		ask(read(fd, buffer, sizeof(buffer)));
		close(fd);
	}
}

/* A request that a worker of io_uring's waits in */
static void start_worker(void)
{
	struct io_uring_params p = { 0 };
	int fd = syscall(SYS_io_uring_setup, 8, &p), pipes[2];
	static char buffer[1];
	char *ring;
	struct io_uring_sqe *sqe;

	if (fd < 0 || pipe(pipes))
		return;
	ring = mmap(NULL, 1 << 16, PROT_READ | PROT_WRITE, MAP_SHARED, fd, IORING_OFF_SQ_RING);
	sqe = mmap(NULL, 1 << 12, PROT_READ | PROT_WRITE, MAP_SHARED, fd, IORING_OFF_SQES);
	*sqe = (struct io_uring_sqe){ .opcode = IORING_OP_READ,
				      .flags = IOSQE_ASYNC,
				      .fd = pipes[0],
				      .addr = (uintptr_t)buffer,
				      .len = 1 };
	((unsigned *)(ring + p.sq_off.array))[0] = 0;
	__atomic_store_n((unsigned *)(ring + p.sq_off.tail), 1, __ATOMIC_RELEASE);
	syscall(SYS_io_uring_enter, fd, 1, 0, 0, NULL, 0);
	usleep(50000);
}

/* Its threads, its worker among them, are traced, then it dumps core */
static void dump_with_worker(long unused)
{
	const struct rlimit limit = { RLIM_INFINITY, RLIM_INFINITY };

	setrlimit(RLIMIT_CORE, &limit);
	if (chdir("/tmp"))
		_exit(1);
	start_worker();
	kill(getpid(), SIGSTOP);
	abort();
}

static unsigned trace_threads(pid_t pid)
{
	char path[64];
	struct dirent *entry;
	unsigned threads = 0;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	DIR *dir = opendir(path);

	while (dir && (entry = readdir(dir))) {
		pid_t tid = atoi(entry->d_name);

		if (!tid)
			continue;
		threads++;
		read_proc(tid);
		if (tid != pid)
			trace(tid);
	}
	if (dir)
		closedir(dir);
	return threads;
}

/* A kernel thread, or pid 1: it has no command line, and others are left alone */
static bool is_threadless(pid_t pid)
{
	char path[64], byte;
	int fd;
	bool empty;

	snprintf(path, sizeof(path), "/proc/%d/cmdline", pid);
	fd = open(path, O_RDONLY);
	empty = fd >= 0 && read(fd, &byte, 1) == 0;
	if (fd >= 0)
		close(fd);
	return pid == 1 || empty;
}

int main(void)
{
	int status;
	pid_t pid;

	for (pid_t task = 1; task < 64; task++) {
		if (!is_threadless(task))
			continue;
		read_proc(task);
		trace(task);
	}
	pid = fork();
	if (!pid)
		dump_with_worker(0);
	waitpid(pid, &status, WUNTRACED);
	printf("a program with a worker: %u threads\n", trace_threads(pid));
	kill(pid, SIGCONT);
	while (waitpid(-1, &status, __WALL) != pid || WIFSTOPPED(status))
		; /* its threads are still ours to wait for */
	printf("dumped core: %s\n", WIFSIGNALED(status) && WCOREDUMP(status) ? "yes" : "no");
	printf("asked: %s\n", answered > 1000 ? "yes" : "no");
	return over();
}
