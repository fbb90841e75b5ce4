// SPDX-License-Identifier: GPL-2.0-only
/* sigreturn-registers - flags, segments and addresses that no program may have, by every sigreturn
 *
 * By the guest kernel's sigreturn (a handler that edits its frame), by one that the host executes,
 * by ptrace, and by the segment base instructions.
 */
#include "tests/attack/attack.h"

#include <sys/ptrace.h>
#include <sys/user.h>

static char stack[65536] __attribute__((aligned(16)));

static const struct {
	const char *name;
	int reg;
	uint64_t value;
} values[] = {
	{ "TF", REG_EFL, 0x302 },
	{ "AC", REG_EFL, 0x40202 },
	{ "NT", REG_EFL, 0x4202 },
	{ "IOPL", REG_EFL, 0x3202 },
	{ "no IF", REG_EFL, 0x2 },
	{ "VM", REG_EFL, 0x20202 },
	{ "VIF, VIP, ID", REG_EFL, 0x380202 },
	{ "DF and RF", REG_EFL, 0x10602 },
	{ "all flags", REG_EFL, ~0UL },
	{ "rip not canonical", REG_RIP, 1UL << 47 },
	{ "rip in the middle", REG_RIP, 0x8000000000000000 },
	{ "rip in the host kernel", REG_RIP, 0xffffffff81000000 },
	{ "rip in the guest kernel", REG_RIP, VT_PAGE_OFFSET + VT_KERNEL_PHYS },
	{ "rip in the stub", REG_RIP, STUB_CODE },
	{ "rip at the end", REG_RIP, 0x7ffffffff000 - 1 },
	{ "rsp not canonical", REG_RSP, 1UL << 47 },
	{ "rsp in the host kernel", REG_RSP, 0xffffffff81000000 },
	{ "32-bit code", REG_CSGSFS, 0x002b000000000023 },
	{ "kernel code", REG_CSGSFS, 0x0018000000000010 },
	{ "no segments", REG_CSGSFS, 0 },
	{ "wild segments", REG_CSGSFS, 0xffffffffffffffff },
	{ "LDT segments", REG_CSGSFS, 0x000f000f000f0007 },
};

static void landed(void)
{
	for (volatile int i = 0; i < 1000; i++)
		;
	raw(SYS_getpid, 0, 0, 0, 0, 0, 0);
	raw(SYS_exit_group, 0, 0, 0, 0, 0, 0);
}

static volatile long choice;

static void edit(int sig, siginfo_t *info, void *context)
{
	greg_t *g = ((ucontext_t *)context)->uc_mcontext.gregs;

	g[REG_RIP] = (greg_t)landed;
	g[REG_RSP] = (greg_t)(stack + sizeof(stack) - 8);
	g[values[choice].reg] = values[choice].value;
}

static void by_guest(long which)
{
	struct sigaction sa = { .sa_sigaction = edit, .sa_flags = SA_SIGINFO };

	choice = which;
	alarm(1);
	sigaction(SIGUSR2, &sa, NULL);
	raise(SIGUSR2);
}

static void by_host(long which)
{
	struct native_frame frame;

	alarm(1);
	native_frame_init(&frame, (void *)landed, stack + sizeof(stack) - 8);
	frame.gregs[values[which].reg] = values[which].value;
	native_sigreturn(&frame);
}

static void by_ptrace(long which)
{
	static const size_t fields[] = {
		[REG_EFL] = offsetof(struct user_regs_struct, eflags),
		[REG_RIP] = offsetof(struct user_regs_struct, rip),
		[REG_RSP] = offsetof(struct user_regs_struct, rsp),
		[REG_CSGSFS] = offsetof(struct user_regs_struct, cs),
	};
	struct user_regs_struct regs;
	pid_t pid = fork();
	int status;

	if (!pid) {
		ptrace(PTRACE_TRACEME, 0, 0, 0);
		raise(SIGSTOP);
		landed();
	}
	waitpid(pid, &status, 0);
	ptrace(PTRACE_GETREGS, pid, 0, &regs);
	*(uint64_t *)((char *)&regs + fields[values[which].reg]) = values[which].value;
	ptrace(PTRACE_SETREGS, pid, 0, &regs);
	ptrace(PTRACE_POKEUSER, pid, offsetof(struct user, regs.fs_base), 1UL << 63);
	ptrace(PTRACE_POKEUSER, pid, offsetof(struct user, regs.gs_base), 0xffffffff81000000);
	ptrace(PTRACE_POKEUSER, pid, offsetof(struct user, u_debugreg), 0xffffffff81000000);
	ptrace(PTRACE_POKEUSER, pid, offsetof(struct user, u_debugreg[7]), ~0UL);
	ptrace(PTRACE_DETACH, pid, 0, 0);
	usleep(20000);
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
}

/* The stub could not load them: whoever asks must be refused */
static void bases(long which)
{
	long set, clone;

	alarm(1);
	set = raw(SYS_arch_prctl, which & 1 ? 0x1001 : 0x1002, which & 2 ? 1UL << 63 : 1UL << 47, 0,
		  0, 0, 0);
	clone = raw(SYS_clone, 0x80000 | SIGCHLD, 0, 0, 0, 1UL << 47, 0); /* CLONE_SETTLS */
	if (set != -EPERM || clone != -EPERM)
		abort();
	raw(SYS_exit_group, 0, 0, 0, 0, 0, 0);
}

static void slot_bases(long which)
{
	uint64_t *header = (uint64_t *)(slot_find(0) + SLOT_HEADER);

	header[0] = header[1] = which & 1 ? 1UL << 63 : 1UL << 47;
	asm volatile("mov $57, %%eax\n syscall\n mov $231, %%eax\n syscall" ::: "memory");
}

static unsigned refused(const char *what, void (*attack)(long), unsigned count)
{
	unsigned bad = 0;

	for (unsigned i = 0; i < count; i++) {
		const char *got = outcome_of(attack, i);

		if (strcmp(got, "exit 0"))
			printf("%s: %s\n", what, got), bad++;
	}
	return bad;
}

static unsigned try(const char *what, void (*attack)(long), unsigned count)
{
	unsigned bad = 0;

	for (unsigned i = 0; i < count; i++) {
		const char *got = outcome_of(attack, i);

		if (!strcmp(got, "hung") || !strcmp(got, "unkillable"))
			printf("%s: %s: %s\n", what, values[i].name, got), bad++;
	}
	return bad;
}

int main(void)
{
	unsigned bad;

	catch_faults();
	for (int i = 0; i < 5; i++)
		signal((int[]){ SIGSEGV, SIGBUS, SIGILL, SIGTRAP, SIGFPE }[i], SIG_DFL);
	bad = try("guest", by_guest, COUNT(values)) + try("host", by_host, COUNT(values)) +
	      try("ptrace", by_ptrace, COUNT(values)) + refused("bases", bases, 4);
	catch_faults();
	bad += try("slot", slot_bases, 2);
	printf("%u sets of registers did harm\n", bad);
	return over();
}
