/* SPDX-License-Identifier: GPL-2.0-only */
/* processes.c - processes and their signals */
#include "states.h"
#include <sys/ptrace.h>
#include <sys/user.h>

void fork_part(struct part *part)
{
	for (int i = 0;; i++) {
		pid_t pid = fork();
		int status;

		if (!pid) {
			sleep_ms(i % 3);
			_exit(i & 0x7f);
		}
		round_of(part, pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) &&
				   WEXITSTATUS(status) == (i & 0x7f));
	}
}

/* Stops at every call, with the registers that it must have */
void ptrace_part(struct part *part)
{
	pid_t pid = fork();
	int status;

	if (!pid) {
		ptrace(PTRACE_TRACEME, 0, 0, 0);
		raise(SIGSTOP);
		for (;;)
			getppid();
	}
	waitpid(pid, &status, 0);
	ptrace(PTRACE_SETOPTIONS, pid, 0, PTRACE_O_TRACESYSGOOD);
	for (;;) {
		struct user_regs_struct regs;
		struct user_fpregs_struct fp;

		ptrace(PTRACE_SYSCALL, pid, 0, 0);
		if (waitpid(pid, &status, 0) != pid)
			return;
		sleep_ms(2);
		round_of(part, WIFSTOPPED(status) && WSTOPSIG(status) == (SIGTRAP | 0x80) &&
				   !ptrace(PTRACE_GETREGS, pid, 0, &regs) && regs.orig_rax == 110 &&
				   !ptrace(PTRACE_GETFPREGS, pid, 0, &fp) && fp.cwd == 0x37f);
	}
}

/* A child that stays stopped, and goes on when it is told to */
void stopped_part(struct part *part)
{
	for (;;) {
		pid_t pid = fork();
		siginfo_t info = { 0 };
		int good, status;

		if (!pid) {
			raise(SIGSTOP);
			_exit(5);
		}
		good = waitpid(pid, &status, WUNTRACED) == pid && WIFSTOPPED(status);
		sleep_ms(20);
		good &= !waitid(P_PID, pid, &info, WEXITED | WNOHANG) && !info.si_pid;
		kill(pid, SIGCONT);
		good &= waitpid(pid, &status, 0) == pid && WIFEXITED(status) &&
			WEXITSTATUS(status) == 5;
		round_of(part, good);
	}
}

void zombie_part(struct part *part)
{
	for (;;) {
		pid_t pid = fork();
		int status;

		if (!pid)
			_exit(42);
		sleep_ms(20);
		round_of(part, waitpid(pid, &status, 0) == pid && WEXITSTATUS(status) == 42);
	}
}

/* A signal that is blocked stays pending, with what was sent along */
void pending_part(struct part *part)
{
	sigset_t set, seen;

	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN + 3);
	sigprocmask(SIG_BLOCK, &set, NULL);
	for (int i = 0;; i++) {
		siginfo_t info;

		sigqueue(getpid(), SIGRTMIN + 3, (union sigval){ .sival_int = i });
		sleep_ms(20);
		round_of(part, !sigpending(&seen) && sigismember(&seen, SIGRTMIN + 3) &&
				   sigwaitinfo(&set, &info) == SIGRTMIN + 3 &&
				   info.si_value.sival_int == i);
	}
}

static volatile int depth;

static void in_handler(int sig)
{
	depth++;
	for (volatile int i = 0; i < 5000000; i++)
		;
	sleep_ms(5);
	depth--;
}

/* In a handler, on a stack of its own; what it interrupted has registers that must be right */
void handler_part(struct part *part)
{
	struct sigaction action = { .sa_handler = in_handler, .sa_flags = SA_ONSTACK };
	stack_t stack = { .ss_sp = malloc(65536), .ss_size = 65536 };

	sigaltstack(&stack, NULL);
	sigaction(SIGUSR2, &action, NULL);
	for (;;) {
		volatile double before = 1.5, after;

		raise(SIGUSR2);
		after = before * 2;
		round_of(part, after == 3.0 && !depth);
	}
}
