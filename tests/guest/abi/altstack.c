/* SPDX-License-Identifier: GPL-2.0-only */
/* altstack.c - sigaltstack(2): what is asked from a signal stack, and one that is too small */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef SS_AUTODISARM
#define SS_AUTODISARM (1U << 31)
#endif

static char memory[256 * 1024] __attribute__((aligned(64)));

static const char *flags_of(const stack_t *stack)
{
	return stack->ss_flags & SS_ONSTACK   ? "in use"
	       : stack->ss_flags & SS_DISABLE ? "disabled"
					      : "set";
}

static void on_signal(int sig)
{
	stack_t old, new = { .ss_sp = memory, .ss_size = 128 * 1024 };
	int ret;

	sigaltstack(NULL, &old);
	ret = sigaltstack(&new, NULL);
	printf("%s: handler: stack %s, change %s\n", sig == SIGUSR1 ? "plain" : "autodisarm",
	       flags_of(&old), ret ? strerrorname_np(errno) : "ok");
}

static void set_stack(size_t size, unsigned flags)
{
	stack_t stack = { .ss_sp = memory, .ss_size = size, .ss_flags = (int)flags };

	if (sigaltstack(&stack, NULL))
		perror("sigaltstack");
}

static void handle(int sig, int flags)
{
	struct sigaction sa = { .sa_handler = on_signal, .sa_flags = flags };

	sigaction(sig, &sa, NULL);
}

int main(void)
{
	stack_t now;
	int status;

	setvbuf(stdout, NULL, _IONBF, 0);
	handle(SIGUSR1, SA_ONSTACK);
	handle(SIGUSR2, SA_ONSTACK);
	set_stack(sizeof(memory), 0);
	raise(SIGUSR1);
	sigaltstack(NULL, &now);
	printf("plain: back: stack %s\n", flags_of(&now));
	set_stack(sizeof(memory), SS_AUTODISARM);
	raise(SIGUSR2);
	sigaltstack(NULL, &now);
	printf("autodisarm: back: stack %s, size %zu\n", flags_of(&now), now.ss_size);

	/* less than a frame with this CPU's registers: no frame below it, but SIGSEGV */
	if (fork() == 0) {
		signal(SIGSEGV, SIG_DFL);
		set_stack(MINSIGSTKSZ < 2048 ? MINSIGSTKSZ : 2048, 0);
		if (getauxval(AT_MINSIGSTKSZ) <= 2048)
			raise(SIGSEGV);
		raise(SIGUSR1);
		_exit(0);
	}
	wait(&status);
	printf("too small: %s\n", WIFSIGNALED(status) ? strsignal(WTERMSIG(status)) : "delivered");
	return 0;
}
