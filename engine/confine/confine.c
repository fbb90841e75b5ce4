/* SPDX-License-Identifier: GPL-2.0-only */
/* confine.c - the supervisor's own seccomp filter
 *
 * Theory of operation
 * The guest kernel runs in this process. Should a guest break its kernel, it has this process, and
 * what is left to it is what the table below allows: the descriptors that are open, memory, time,
 * its own threads, and the death of its children. No program can be started, no file opened, no
 * socket made, no process traced.
 *
 * A call that is not on the list is an oversight or an attack. Those that nothing in the supervisor
 * or its libraries could want (`never`) kill the process on the spot, without a second try. The
 * others are not executed either, but raise SIGSYS, whose handler names the call and ends the
 * sandbox: a mistake in the table is then one line to read, not a riddle. An intruder who replaced
 * the handler would have gained a refused call.
 *
 * Calls with constant answers come from a bitmap in the host kernel. ioctl, which each notification
 * needs twice, is not constant and stands first.
 *
 * Host system calls: prctl, setrlimit, close_range, rt_sigaction, seccomp.
 */
#include "confine.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <malloc.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "engine/tier/seccomp/notify.h"
#include "lib/callfilter.h"
#include "vitrine/util.h"

#define VALUES_MAX 6
#define STATUS_FAILED 125
#define EVERY_BIT 0xffffffffU

/* What the masked argument is compared with */
enum compare {
	COMPARE_NOTHING,
	COMPARE_VALUES,
	COMPARE_PID,
	COMPARE_MEMORY,
	COMPARE_LAYERS, /* the numbers that layers of memory have; nothing where there are none */
};

/**
 * struct rule - one way in which a call is allowed; a number may have several
 * @arg:    which argument is looked at; the lower half, all that the host looks at too
 * @values: as many as are not zero, but at least one
 * @note:   for people
 */
struct rule {
	int nr;
	const char *name;
	enum compare compare;
	unsigned arg;
	uint32_t mask;
	uint32_t values[VALUES_MAX];
	const char *note;
};

/* clang-format off */
#define CALL(name) { SYS_##name, #name }
#define WITH(name, arg, mask, note, ...) \
	{ SYS_##name, #name, COMPARE_VALUES, arg, mask, { __VA_ARGS__ }, note }

static const struct rule rules[] = {
	WITH(ioctl, 1, EVERY_BIT, "notifications", SECCOMP_IOCTL_NOTIF_RECV, SECCOMP_IOCTL_NOTIF_SEND,
	     SECCOMP_IOCTL_NOTIF_SET_FLAGS),
	WITH(ioctl, 1, EVERY_BIT, "the terminal's mode and size",
	     TCGETS, TCSETS, TCSETSW, TCSETSF, TIOCGWINSZ),

	/* open descriptors */
	CALL(read), CALL(write), CALL(readv), CALL(writev), CALL(pread64), CALL(pwrite64),
	CALL(preadv), CALL(pwritev), CALL(preadv2), CALL(pwritev2), CALL(lseek), CALL(close),
	CALL(poll), CALL(ppoll), CALL(fstat), CALL(fstatfs), CALL(fsync), CALL(fdatasync),
	CALL(ftruncate), CALL(fallocate), CALL(flock), CALL(eventfd2),
	WITH(newfstatat, 3, AT_EMPTY_PATH, "of a descriptor", AT_EMPTY_PATH),
	{ SYS_dup3, "dup3", COMPARE_LAYERS, 1, 0, { 0 }, "to a layer of memory" },
	{ SYS_dup3, "dup3", COMPARE_MEMORY, 1, EVERY_BIT, { 0 }, "to the guest's memory" },
	WITH(fcntl, 1, EVERY_BIT, "flags and locks", F_GETFD, F_SETFD, F_GETFL, F_SETFL, F_OFD_SETLK),

	/* the control socket, and its removal from the run directory */
	CALL(accept4), CALL(sendmsg), CALL(recvmsg), CALL(getsockopt), CALL(shutdown),
	CALL(unlinkat), CALL(geteuid),

	/* memory */
	CALL(munmap), CALL(brk), CALL(madvise),
	WITH(mmap, 2, PROT_EXEC, "not executable", 0),
	{ SYS_mmap, "mmap", COMPARE_MEMORY, 4, EVERY_BIT, { 0 }, "of the guest's memory" },
	{ SYS_mmap, "mmap", COMPARE_LAYERS, 4, 0, { 0 }, "of its layers" },
	WITH(mprotect, 2, PROT_EXEC, "not executable", 0),

	/* threads, signals, time */
	WITH(clone, 0, CLONE_VM | CLONE_THREAD, "a thread", CLONE_VM | CLONE_THREAD),
	CALL(futex), CALL(set_robust_list), CALL(rseq), CALL(exit), CALL(exit_group),
	CALL(pause), CALL(sched_yield), CALL(sched_getaffinity), CALL(sched_setaffinity), CALL(getpid), CALL(gettid),
	CALL(rt_sigaction), CALL(rt_sigprocmask), CALL(rt_sigreturn), CALL(rt_sigtimedwait),
	CALL(sigaltstack), CALL(restart_syscall), CALL(wait4),
	WITH(kill, 1, EVERY_BIT, "SIGKILL", SIGKILL),
	{ SYS_kill, "kill", COMPARE_PID, 0, EVERY_BIT, { 0 }, "itself" },
	WITH(tgkill, 2, EVERY_BIT, "SIGUSR1", SIGUSR1),
	{ SYS_tgkill, "tgkill", COMPARE_PID, 0, EVERY_BIT, { 0 }, "itself" },
	CALL(timer_settime), CALL(clock_gettime), CALL(gettimeofday), CALL(time), CALL(nanosleep),
	CALL(clock_nanosleep), CALL(getrandom),
};

/* What a new version of a library might call: refused, but by name */
static const struct rule likely[] = {
	CALL(openat), CALL(access), CALL(readlink), CALL(getdents64), CALL(dup), CALL(dup2), CALL(pipe2),
	CALL(mremap), CALL(memfd_create), CALL(sendto), CALL(recvfrom), CALL(prctl), CALL(uname),
	CALL(sysinfo), CALL(getrusage), CALL(epoll_create1), CALL(timer_create), CALL(membarrier),
};

/* New programs, tracing, new powers and the kernel's larger interfaces */
static const unsigned short never[] = {
	SYS_execve, SYS_execveat, SYS_fork, SYS_vfork, SYS_ptrace, SYS_process_vm_readv,
	SYS_process_vm_writev, SYS_bpf, SYS_perf_event_open, SYS_userfaultfd, SYS_io_uring_setup,
	SYS_keyctl, SYS_add_key, SYS_request_key, SYS_mount, SYS_umount2, SYS_pivot_root, SYS_chroot,
	SYS_unshare, SYS_setns, SYS_init_module, SYS_finit_module, SYS_kexec_load, SYS_setuid,
	SYS_setresuid, SYS_capset, SYS_personality, SYS_modify_ldt, SYS_name_to_handle_at,
	SYS_open_by_handle_at, SYS_pidfd_getfd, SYS_prlimit64, SYS_socket, SYS_connect, SYS_bind,
};
/* clang-format on */

static unsigned value_count(const struct rule *rule)
{
	unsigned n = 1;

	while (n < VALUES_MAX && rule->values[n])
		n++;
	return n;
}

static void allow(struct callfilter *filter, const struct rule *rule,
		  const struct confine_memory *memory)
{
	const unsigned short nr = (unsigned short)rule->nr;
	const uint32_t pid = (uint32_t)getpid();

	switch (rule->compare) {
	case COMPARE_NOTHING:
		callfilter_calls(filter, &nr, 1, SECCOMP_RET_ALLOW);
		break;
	case COMPARE_VALUES:
		callfilter_values(filter, nr, rule->arg, rule->mask, rule->values,
				  value_count(rule));
		break;
	case COMPARE_PID:
		callfilter_value(filter, nr, rule->arg, rule->mask, pid);
		break;
	case COMPARE_MEMORY:
		callfilter_value(filter, nr, rule->arg, rule->mask, (uint32_t)memory->fd);
		break;
	case COMPARE_LAYERS:
		if (memory->layers)
			callfilter_value(filter, nr, rule->arg, ~(memory->count - 1U),
					 (uint32_t)memory->layers);
		break;
	}
}

static int enter_filter(const struct confine_memory *memory, struct error *err)
{
	static const unsigned short clone3[] = { SYS_clone3 };
	struct callfilter filter;

	callfilter_begin(&filter);
	for (size_t i = 0; i < ARRAY_SIZE(rules); i++)
		allow(&filter, &rules[i], memory);
	/* libc falls back to clone, whose flags can be looked at */
	callfilter_calls(&filter, clone3, 1, SECCOMP_RET_ERRNO | ENOSYS);
	callfilter_calls(&filter, never, ARRAY_SIZE(never), SECCOMP_RET_KILL_PROCESS);
	return callfilter_enter(&filter, SECCOMP_RET_TRAP, SECCOMP_FILTER_FLAG_TSYNC, err);
}

/* Runs with whatever is left of the process: nothing of libc that has state */
static void on_refused(int sig, siginfo_t *info, void *context)
{
	static const char before[] = "vitrine: the supervisor's own filter refused system call ";
	static const char after[] = "; this is a bug\n";
	char text[sizeof(before) + sizeof(after) + 32], *at = text, *digits;
	const char *name = NULL;
	unsigned nr = info->si_syscall;

	for (size_t i = 0; i < ARRAY_SIZE(rules) + ARRAY_SIZE(likely); i++) {
		const struct rule *rule =
		    i < ARRAY_SIZE(rules) ? &rules[i] : &likely[i - ARRAY_SIZE(rules)];

		if (rule->nr == info->si_syscall)
			name = rule->name; /* on the list, but with other arguments */
	}
	at = stpcpy(at, before);
	digits = at + (nr >= 100) + (nr >= 10) + 1;
	for (char *d = digits; d > at; nr /= 10)
		*--d = (char)('0' + nr % 10);
	at = digits;
	if (name)
		at = stpcpy(stpcpy(stpcpy(at, " ("), name), ")");
	at = stpcpy(at, after);
	(void)!write(STDERR_FILENO, text, at - text);
	syscall(SYS_exit_group, STATUS_FAILED);
}

int confine_begin(unsigned inherited, struct error *err)
{
	const struct rlimit none = { 0, 0 };

	/* Before we have any of our own: what our parent forgot to close is no business of ours */
	close_range(STDERR_FILENO + 1 + inherited, ~0U, 0);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return error_set(err, errno, "cannot give up new privileges");
	if (!VITRINE_DEBUGGER && setrlimit(RLIMIT_CORE, &none))
		return error_set(err, errno, "cannot turn core dumps off");
	/* With several, malloc() asks /sys for the host's CPUs and /proc for its overcommitment */
	mallopt(M_ARENA_MAX, 1);
	return confine_landlock_begin(err);
}

/* The same user's other programs cannot read the guest's memory, nor ours: that is a debugger's
 * job, so a build for one is open to it (docs/debugging.md)
 */
static int hide_memory(void)
{
	if (!VITRINE_DEBUGGER)
		return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY, 0, 0, 0); /* of use only where Yama is */
	return 0;
}

int confine_enter(const struct confine_memory *memory, struct error *err)
{
	struct sigaction action = { .sa_sigaction = on_refused,
				    .sa_flags = SA_SIGINFO | SA_ONSTACK };

	if (confine_landlock_enter(err) || hide_memory() || sigaction(SIGSYS, &action, NULL))
		return -1;
	return enter_filter(memory, err);
}

void confine_print(FILE *out)
{
	unsigned column = 0;

	for (size_t i = 0; i < ARRAY_SIZE(rules); i++) {
		const struct rule *rule = &rules[i];
		char text[80];
		int len = snprintf(text, sizeof(text), "%s%s%s%s%s", rule->name,
				   rule->note ? " (" : "", rule->note ? rule->note : "",
				   rule->note ? ")" : "", i + 1 < ARRAY_SIZE(rules) ? "," : "");

		if (column + len + 1 > 78) {
			fputc('\n', out);
			column = 0;
		}
		column += fprintf(out, " %s", text);
	}
	fputc('\n', out);
}
