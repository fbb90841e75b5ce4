// SPDX-License-Identifier: GPL-2.0-only
/* registers.c - a sample's registers, numbered as on x86-64 (uapi/asm/perf_regs.h) */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/perf_event.h>
#include <linux/perf_regs.h>
#include <linux/ptrace.h>
#include <linux/stddef.h>

#define REGISTER(nr, name) [PERF_REG_X86_##nr] = 1 + offsetof(struct pt_regs, name)

/* Offsets and 1; zero is what an event has not */
static const u8 places[] = {
	REGISTER(AX, ax),   REGISTER(BX, bx),	    REGISTER(CX, cx),	REGISTER(DX, dx),
	REGISTER(SI, si),   REGISTER(DI, di),	    REGISTER(BP, bp),	REGISTER(SP, sp),
	REGISTER(IP, ip),   REGISTER(FLAGS, flags), REGISTER(CS, cs),	REGISTER(SS, ss),
	REGISTER(R8, r8),   REGISTER(R9, r9),	    REGISTER(R10, r10), REGISTER(R11, r11),
	REGISTER(R12, r12), REGISTER(R13, r13),	    REGISTER(R14, r14), REGISTER(R15, r15),
};

static bool is_there(unsigned int nr)
{
	return nr < ARRAY_SIZE(places) && places[nr];
}

u64 perf_reg_value(struct pt_regs *regs, int nr)
{
	return is_there(nr) ? *(u64 *)((char *)regs + places[nr] - 1) : 0;
}

int perf_reg_validate(u64 mask)
{
	if (!mask)
		return -EINVAL;
	for (unsigned int nr = 0; nr < 64; nr++) {
		if (mask >> nr & 1 && !is_there(nr))
			return -EINVAL;
	}
	return 0;
}

u64 perf_reg_abi(struct task_struct *task)
{
	return PERF_SAMPLE_REGS_ABI_64;
}

/* A program that is in a plain call has its registers on the host, unless they were fetched */
void perf_get_regs_user(struct perf_regs *user, struct pt_regs *regs)
{
	bool known = current->thread.frame.full;

	user->regs = known ? task_pt_regs(current) : NULL;
	user->abi = known ? perf_reg_abi(current) : PERF_SAMPLE_REGS_ABI_NONE;
}
