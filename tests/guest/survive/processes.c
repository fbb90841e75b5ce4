/* SPDX-License-Identifier: GPL-2.0-only */
/* processes.c - processes that are stopped, dead, traced or shut in, and signals on their way */
#include "survive.h"
#include <linux/filter.h>
#include <linux/futex.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/user.h>

const char *stopped_case(void)
{
	pid_t pid = fork();
	int status;

	if (!pid) {
		raise(SIGSTOP);
		_exit(5);
	}
	WANT(waitpid(pid, &status, WUNTRACED) == pid && WIFSTOPPED(status));
	kill(pid, SIGTERM); /* waits until it goes on */
	hold();
	WANT(!await_state(pid, 'T'));
	WANT(!waitpid(pid, &status, WNOHANG));
	kill(pid, SIGCONT);
	WANT(waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
	return NULL;
}

const char *zombie_case(void)
{
	struct rusage usage = { 0 };
	pid_t pid = fork();
	int status;

	if (!pid) {
		const uint64_t end = now_of(CLOCK_PROCESS_CPUTIME_ID) + 20 * MS;

		while (now_of(CLOCK_PROCESS_CPUTIME_ID) < end)
			;
		_exit(42);
	}
	WANT(!await_state(pid, 'Z'));
	hold();
	WANT(wait4(pid, &status, 0, &usage) == pid && status == 42 << 8);
	WANT(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec + usage.ru_utime.tv_sec * 1000000 >
	     1000);
	return NULL;
}

static void *outlive(void *arg)
{
	char c;

	_exit(read(*(int *)arg, &c, 1) == 1 ? 9 : 1);
}

/* A process whose first thread is gone, and that lives */
const char *leader_case(void)
{
	int ends[2], status;
	pid_t pid;

	WANT(!pipe(ends));
	pid = fork();
	if (!pid) {
		pthread_t thread;

		pthread_create(&thread, NULL, outlive, &ends[0]);
		pthread_exit(NULL);
	}
	WANT(!await_state(pid, 'Z'));
	hold();
	WANT(!waitpid(pid, &status, WNOHANG));
	WANT(write(ends[1], "x", 1) == 1);
	WANT(waitpid(pid, &status, 0) == pid && status == 9 << 8);
	return NULL;
}

/* At the entry of a call, with registers that the tracer changes only afterwards */
const char *traced_case(void)
{
	struct user_regs_struct regs;
	siginfo_t info;
	int status;
	pid_t pid = fork();

	if (!pid) {
		ptrace(PTRACE_TRACEME, 0, 0, 0);
		raise(SIGSTOP);
		_exit((int)syscall(SYS_getppid) == 1234 ? 3 : 1);
	}
	waitpid(pid, &status, 0);
	ptrace(PTRACE_SETOPTIONS, pid, 0, PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL);
	do {
		ptrace(PTRACE_SYSCALL, pid, 0, 0);
		WANT(waitpid(pid, &status, 0) == pid && WIFSTOPPED(status));
		WANT(!ptrace(PTRACE_GETREGS, pid, 0, &regs));
	} while (regs.orig_rax != SYS_getppid);
	hold();
	WANT(!ptrace(PTRACE_GETREGS, pid, 0, &regs) && regs.orig_rax == SYS_getppid);
	WANT(!ptrace(PTRACE_GETSIGINFO, pid, 0, &info) && info.si_code == (SIGTRAP | 0x80));
	ptrace(PTRACE_SYSCALL, pid, 0, 0);
	WANT(waitpid(pid, &status, 0) == pid && WSTOPSIG(status) == (SIGTRAP | 0x80));
	WANT(!ptrace(PTRACE_GETREGS, pid, 0, &regs));
	WANT(regs.rax == (unsigned long)getpid());
	regs.rax = 1234;
	WANT(!ptrace(PTRACE_SETREGS, pid, 0, &regs) && !ptrace(PTRACE_CONT, pid, 0, 0));
	WANT(waitpid(pid, &status, 0) == pid && status == 3 << 8);
	return NULL;
}

/* Several of one number, each with its value, in order */
const char *queued_case(void)
{
	sigset_t set;
	siginfo_t info;

	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN + 4);
	sigaddset(&set, SIGUSR2);
	sigprocmask(SIG_BLOCK, &set, NULL);
	for (int i = 0; i < 50; i++)
		WANT(!sigqueue(getpid(), SIGRTMIN + 4, (union sigval){ .sival_int = 7 * i }));
	kill(getpid(), SIGUSR2);
	hold();
	WANT(sigwaitinfo(&set, &info) == SIGUSR2 && info.si_code == SI_USER);
	for (int i = 0; i < 50; i++) {
		WANT(sigwaitinfo(&set, &info) == SIGRTMIN + 4);
		WANT(info.si_code == SI_QUEUE && info.si_value.sival_int == 7 * i);
		WANT(info.si_pid == getpid());
	}
	WANT(sigtimedwait(&set, &info, &(struct timespec){ 0 }) < 0);
	return NULL;
}

static volatile int order[4], orders;

static void in_order(int sig)
{
	order[orders++ & 3] = sig;
}

/* To one thread and to the process, with a mask that a handler's end restores */
const char *order_case(void)
{
	struct sigaction action = { .sa_handler = in_order };
	sigset_t set, old;

	sigfillset(&action.sa_mask);
	sigaction(SIGRTMIN + 5, &action, NULL);
	sigaction(SIGRTMIN + 6, &action, NULL);
	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN + 5);
	sigaddset(&set, SIGRTMIN + 6);
	sigprocmask(SIG_BLOCK, &set, &old);
	syscall(SYS_tgkill, getpid(), (pid_t)syscall(SYS_gettid), SIGRTMIN + 6);
	kill(getpid(), SIGRTMIN + 5);
	hold();
	WANT(!orders);
	sigprocmask(SIG_SETMASK, &old, NULL);
	WANT(orders == 2 && order[0] == SIGRTMIN + 6 && order[1] == SIGRTMIN + 5);
	return NULL;
}

#define TOLD 64 /* what a child in namespaces ends with when everything is as it was */

static int mount_own(void)
{
	return mount("none", "/mnt", "tmpfs", 0, NULL) || write_text("/mnt/in-namespace", "seen");
}

static int in_namespaces(int hears, int tells)
{
	struct timespec offset_now;
	char name[64] = "", c;

	if (sethostname("inside", 6) || mount_own() || write(tells, "r", 1) != 1 ||
	    read(hears, &c, 1) != 1)
		return 1;
	clock_gettime(CLOCK_MONOTONIC, &offset_now);
	gethostname(name, sizeof(name));
	if (strcmp(name, "inside"))
		return 2;
	if (getpid() != 1)
		return 3;
	if (strcmp(line_of("/mnt/in-namespace"), "seen"))
		return 4;
	if (offset_now.tv_sec < 100000)
		return 5;
	if (strcmp(line_of("/proc/self/uid_map"), "         0          0          1"))
		return 6;
	return TOLD;
}

/* user, pid, mount, UTS, IPC, network, cgroup and time namespaces, and the first process of them */
const char *namespaces_case(void)
{
	int ready[2], go[2], status;
	pid_t outer;
	char c;

	WANT(!pipe(ready) && !pipe(go));
	outer = fork();
	if (!outer) {
		pid_t pid;

		if (unshare(CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWUTS |
			    CLONE_NEWIPC | CLONE_NEWNET | CLONE_NEWCGROUP |
			    0x80 /* CLONE_NEWTIME */) ||
		    write_text("/proc/self/uid_map", "0 0 1") ||
		    write_text("/proc/self/setgroups", "deny") ||
		    write_text("/proc/self/gid_map", "0 0 1") ||
		    write_text("/proc/self/timens_offsets", "monotonic 100000 0"))
			_exit(20);
		pid = fork();
		if (!pid)
			_exit(in_namespaces(go[0], ready[1]));
		if (waitpid(pid, &status, 0) != pid)
			_exit(21);
		_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 22);
	}
	close(ready[1]);
	if (read(ready[0], &c, 1) != 1) {
		waitpid(outer, &status, 0);
		errno = WEXITSTATUS(status);
		return wrong("namespaces.c: step");
	}
	hold();
	WANT(write(go[1], "x", 1) == 1 && waitpid(outer, &status, 0) == outer);
	errno = WEXITSTATUS(status);
	WANT(status == TOLD << 8);
	return NULL;
}

/* A group with limits, that counts what is in it */
const char *cgroup_case(void)
{
	char path[64], file[128], text[32];
	pid_t pid, more;
	int status;

	(void)!shell("echo +pids +memory >/sys/fs/cgroup/cgroup.subtree_control 2>/dev/null");
	snprintf(path, sizeof(path), "/sys/fs/cgroup/held-%d", getpid());
	WANT(!mkdir(path, 0755));
	pid = fork();
	if (!pid)
		for (;;)
			pause();
	snprintf(file, sizeof(file), "%s/pids.max", path);
	WANT(!write_text(file, "1"));
	snprintf(file, sizeof(file), "%s/cgroup.procs", path);
	snprintf(text, sizeof(text), "%d", pid);
	WANT(!write_text(file, text));
	hold();
	WANT(!strcmp(line_of(file), text));
	snprintf(file, sizeof(file), "%s/pids.max", path);
	WANT(!strcmp(line_of(file), "1"));
	snprintf(file, sizeof(file), "%s/pids.current", path);
	WANT(!strcmp(line_of(file), "1"));
	more = fork();
	if (!more) {
		snprintf(file, sizeof(file), "%s/cgroup.procs", path);
		snprintf(text, sizeof(text), "%d", getpid());
		_exit(!write_text(file, text) && fork() < 0 && errno == EAGAIN ? 8 : 1);
	}
	WANT(waitpid(more, &status, 0) == more && status == 8 << 8);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	WANT(!rmdir(path));
	return NULL;
}

/* Frozen: it does not run, and thaws */
const char *frozen_case(void)
{
	volatile long *count =
	    mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	char path[64], file[128], text[32];
	pid_t pid = fork();
	long before;

	if (!pid)
		for (;;)
			++*count;
	snprintf(path, sizeof(path), "/sys/fs/cgroup/frozen-%d", getpid());
	WANT(!mkdir(path, 0755));
	snprintf(file, sizeof(file), "%s/cgroup.procs", path);
	snprintf(text, sizeof(text), "%d", pid);
	WANT(!write_text(file, text));
	snprintf(file, sizeof(file), "%s/cgroup.freeze", path);
	WANT(!write_text(file, "1"));
	snprintf(file, sizeof(file), "grep -q 'frozen 1' %s/cgroup.events", path);
	while (shell(file))
		sleep_ms(10);
	before = *count;
	hold();
	WANT(*count == before && !shell(file));
	snprintf(file, sizeof(file), "%s/cgroup.freeze", path);
	WANT(!write_text(file, "0"));
	for (int i = 0; i < 3000 && *count == before; i++)
		sleep_ms(10);
	WANT(*count != before);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	WANT(!rmdir(path));
	return NULL;
}

/* A filter stays */
const char *seccomp_case(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getppid, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | 77),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { 4, code };

	WANT(!prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	WANT(!prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program));
	hold();
	WANT(syscall(SYS_getppid) == -1 && errno == 77);
	return NULL;
}

/* What hangs on a process beside its memory */
const char *credentials_case(void)
{
	struct rlimit limit = { 100, 200 }, seen;
	char cwd[64], name[16];
	cpu_set_t cpus;

	WANT(!mkdir("/tmp/cwd", 0700) || errno == EEXIST);
	WANT(!chdir("/tmp/cwd"));
	umask(0123);
	WANT(!setrlimit(RLIMIT_NOFILE, &limit) && nice(5) == 5 && !prctl(PR_SET_NAME, "renamed"));
	CPU_ZERO(&cpus);
	CPU_SET(0, &cpus);
	WANT(!sched_setaffinity(0, sizeof(cpus), &cpus));
	WANT(!setresgid(300, 301, 302) && !setresuid(400, 401, 402));
	hold();
	WANT(getuid() == 400 && geteuid() == 401 && getgid() == 300 && getegid() == 301);
	WANT(umask(0) == 0123);
	WANT(getcwd(cwd, sizeof(cwd)) && !strcmp(cwd, "/tmp/cwd"));
	WANT(!getrlimit(RLIMIT_NOFILE, &seen) && seen.rlim_cur == 100 && seen.rlim_max == 200);
	WANT(getpriority(PRIO_PROCESS, 0) == 5);
	WANT(!prctl(PR_GET_NAME, name) && !strcmp(name, "renamed"));
	CPU_ZERO(&cpus);
	WANT(!sched_getaffinity(0, sizeof(cpus), &cpus) && CPU_COUNT(&cpus) == 1);
	return NULL;
}

static pthread_mutex_t mutex;
static int holds[2];

static void *robust_holder(void *unused)
{
	char c;

	pthread_mutex_lock(&mutex);
	if (write(holds[1], "x", 1) != 1 || read(holds[1], &c, 1) != 1)
		abort();
	return unused;
}

static long do_lock(void *arg)
{
	return pthread_mutex_lock(arg);
}

/* A thread dies after the pause, with a mutex that it has got before */
const char *robust_case(void)
{
	struct caller waiter;
	pthread_mutexattr_t attr;
	pthread_t thread;
	char c;

	WANT(!socketpair(AF_UNIX, SOCK_STREAM, 0, holds));
	pthread_mutexattr_init(&attr);
	pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
	pthread_mutex_init(&mutex, &attr);
	pthread_create(&thread, NULL, robust_holder, NULL);
	WANT(read(holds[0], &c, 1) == 1);
	enter(&waiter, do_lock, &mutex);
	hold();
	WANT(!waiter.done);
	WANT(write(holds[0], "x", 1) == 1);
	WANT(left(&waiter) == EOWNERDEAD);
	return NULL;
}
