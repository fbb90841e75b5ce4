/* SPDX-License-Identifier: GPL-2.0-only */
/* native.c - instructions on the processor itself
 *
 * A signal's frame is a complete processor state: the handler of one that we send ourselves
 * replaces it, and that of the trap which ends the instructions takes it.
 */
#include "machine.h"

#include <asm/prctl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#define XSAVE_HEADER 512

static struct state *current;
static ucontext_t before;
static struct fx fx_before;
static uint64_t features_before;

static const int order[16] = { REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP,
			       REG_RSI, REG_RDI, REG_R8,  REG_R9,  REG_R10, REG_R11,
			       REG_R12, REG_R13, REG_R14, REG_R15 };

static uint64_t *features(ucontext_t *uc)
{
	return (uint64_t *)((uint8_t *)uc->uc_mcontext.fpregs + XSAVE_HEADER);
}

static void on_start(int sig, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;
	greg_t *g = uc->uc_mcontext.gregs;
	uint8_t *fx = (uint8_t *)uc->uc_mcontext.fpregs;

	before = *uc;
	memcpy(&fx_before, fx, sizeof(fx_before));
	features_before = *features(uc);
	for (int n = 0; n < 16; n++)
		g[order[n]] = (greg_t)current->r[n];
	g[REG_RIP] = (greg_t)current->ip;
	g[REG_EFL] = (greg_t)current->flags;
	memcpy(fx, &current->fx, 464); /* the kernel's words lie behind */
	*features(uc) |= 3;
}

static void on_trap(int sig, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;
	greg_t *g = uc->uc_mcontext.gregs;
	uint8_t *fx = (uint8_t *)uc->uc_mcontext.fpregs;

	asm volatile("pushq $0x202\n	popfq" ::: "cc", "memory"); /* AC stays on in handlers */
	if (!current) {
		static const char message[] = "a fault of the test itself\n";

		(void)!write(2, message, sizeof(message) - 1);
		signal(sig, SIG_DFL);
		return;
	}
	for (int n = 0; n < 16; n++)
		current->r[n] = (uint64_t)g[order[n]];
	current->ip = (uint64_t)g[REG_RIP];
	current->flags = (uint64_t)g[REG_EFL] & ~(1UL << 16);
	current->trap = (int)g[REG_TRAPNO];
	current->error = (uint32_t)g[REG_ERR];
	current->address = (uint64_t)g[REG_CR2];
	if (sig == SIGSEGV && info->si_code == SI_KERNEL)
		current->trap = 13;
	memset(&current->fx, 0, sizeof(current->fx));
	memcpy(&current->fx, fx, 416);
	if (!(*features(uc) & 1)) { /* initial, and not written */
		memset(&current->fx, 0, 24);
		memset(current->fx.st, 0, sizeof(current->fx.st));
		current->fx.fcw = 0x37f;
	}
	if (!(*features(uc) & 2))
		memset(current->fx.xmm, 0, sizeof(current->fx.xmm));
	current = NULL;
	memcpy(g, before.uc_mcontext.gregs, sizeof(before.uc_mcontext.gregs));
	memcpy(fx, &fx_before, 464);
	*features(uc) |= 3;
}

void native_run(struct state *state)
{
	current = state;
	/* a signal's frame does not bring back all flags */
	asm volatile("pushq $0x202\n	popfq" ::: "cc", "memory");
	syscall(SYS_arch_prctl, ARCH_SET_GS, state->gs_base);
	raise(SIGUSR1);
}

static void map(uint64_t at, uint64_t pages, int protection)
{
	void *p = mmap((void *)at, pages * PAGE, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE | MAP_POPULATE, -1, 0);

	if (p != (void *)at || mprotect(p, pages * PAGE, protection)) {
		perror("mmap");
		exit(1);
	}
}

void native_start(void)
{
	static const int traps[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP };
	static uint8_t stack[256 * 1024];
	struct sigaction sa = { .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER };

	sigaltstack(&(stack_t){ .ss_sp = stack, .ss_size = sizeof(stack) }, NULL);
	sa.sa_sigaction = on_trap;
	for (unsigned n = 0; n < sizeof(traps) / sizeof(traps[0]); n++)
		sigaction(traps[n], &sa, NULL);
	sa.sa_sigaction = on_start;
	sigaction(SIGUSR1, &sa, NULL);
	map(CODE, CODE_PAGES, PROT_READ | PROT_WRITE | PROT_EXEC);
	map(DATA, 1, PROT_READ);
	map(DATA + PAGE, DATA_PAGES - 1, PROT_READ | PROT_WRITE);
}
