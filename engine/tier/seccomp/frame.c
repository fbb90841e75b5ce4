/* SPDX-License-Identifier: GPL-2.0-only */
/* frame.c - registers in a slot's signal frame
 *
 * Theory of operation
 * The host kernel writes a signal frame to the slot when it stops a guest thread, and reads it back
 * in sigreturn. The guest can write its slots at any time, so each value is read once, into memory
 * that it cannot reach; offsets are checked against the slot. A frame that the guest forges gives
 * it the registers that it asked for, which it could have loaded itself.
 *
 * Whatever code in user mode can load is here, and goes through frame_store() before guest code
 * runs in a thread: so a thread has its program's state, and nothing of who had it before.
 *
 *   general registers, rip          frame
 *   rflags                          frame, but for NT and ID: slot header, loaded with popf
 *   cs, ss                          frame; the host takes those of user mode, or faults
 *   ds, es, fs, gs                  slot header
 *   bases of fs and gs              slot header
 *   x87, SSE, AVX, ..., PKRU        the frame's FPU image; without one, the initial state
 *   signal mask and stack           frame; constants, for they are the stub's
 *
 * tests/guest/abi/registers.c goes through the same list. What else there is (debug registers,
 * faults by RDTSC and CPUID, AMX, shadow stacks) takes system calls, which the host does not
 * execute for guests. One of them the supervisor makes: a thread for which RDTSC faults is made
 * like that, and given to nobody else (process.c).
 *
 * Layout: arch/x86/include/uapi/asm/sigcontext.h of Linux; struct _fpx_sw_bytes lies at 464 of the
 * FPU image.
 */
#include "frame.h"

#include <stddef.h>
#include <string.h>
#include <sys/syscall.h>
#include <ucontext.h>

#include "engine/tier/seccomp/host/slots.h"
#include "engine/vcpu/registers.h"
#include "vitrine/fpframe.h"

#define KERNEL_UC_SIZE 304 /* struct ucontext with an 8 byte signal mask */
#define UC_FLAGS 7	   /* UC_FP_XSTATE | UC_SIGCONTEXT_SS | UC_STRICT_RESTORE_SS */
#define RPL_USER 3
#define USER_CS 0x33
#define USER_SS 0x2b
#define BELOW_FPU (KERNEL_UC_SIZE + 128 + 64) /* siginfo, alignment */
#define FPU_ALIGN 64U
#define FP_XSTATE_MAGIC1 0x46505853U

#define KEPT_FLAGS                                                                                 \
	(1UL << 14 | 1UL << 21) /* NT and ID: of all that code can set, not sigreturn's */

static_assert(offsetof(struct slot_header, stack) == HEADER_STACK &&
		  offsetof(struct slot_header, flags) == HEADER_FLAGS &&
		  offsetof(struct slot_header, ds) == HEADER_SELECTORS,
	      "the stub finds them there");

struct fpx_sw {
	uint32_t magic1, extended_size;
};

static uint64_t slot_va(const struct stub_thread *thread)
{
	return slots_address(thread->slot);
}

/* Where what the stub has mapped of a slot begins */
static uint32_t slot_low(void)
{
	return SLOT_SIZE - slots_mapped();
}

static ucontext_t *frame_of(struct stub_thread *thread)
{
	return (ucontext_t *)(thread->memory + thread->uc);
}

/*
 * The FPU image of a frame: its offset in the slot and its size, or 0. The host writes it above the
 * frame's other parts; an image that claims their room too could not be copied (frame_copy_fpu).
 */
static uint32_t fpu_image(struct stub_thread *thread, uint32_t *size)
{
	uint64_t va = (uint64_t) * (void *volatile *)&frame_of(thread)->uc_mcontext.fpregs;
	uint64_t offset = va - slot_va(thread);
	struct fpx_sw sw;

	*size = 0;
	if (!va || offset & 15 || offset < slot_low() + BELOW_FPU || offset > SLOT_HEADER - FX_SIZE)
		return 0;
	memcpy(&sw, thread->memory + offset + FX_SW, sizeof(sw));
	*size = FX_SIZE;
	if (sw.magic1 == FP_XSTATE_MAGIC1 && sw.extended_size >= FX_SIZE &&
	    sw.extended_size <= SLOT_HEADER - offset)
		*size = sw.extended_size;
	return offset;
}

int frame_locate(struct stub_thread *thread, uint64_t va)
{
	uint64_t offset = va - slot_va(thread);

	if (offset & 7 || offset < slot_low() + 8 || offset > SLOT_HEADER - KERNEL_UC_SIZE)
		return -1;
	thread->uc = offset;
	return 0;
}

stack_t frame_stack(const struct stub_thread *thread)
{
	return (stack_t){ .ss_sp = (void *)(slot_va(thread) + slot_low()),
			  .ss_size = SLOT_HEADER - slot_low() };
}

/* The host writes siginfo_t behind the ucontext: struct rt_sigframe,
 * arch/x86/include/asm/sigframe.h */
int frame_signal_code(const struct stub_thread *thread)
{
	const uint8_t *info = thread->memory + thread->uc + KERNEL_UC_SIZE;

	return *(const volatile int *)(info + offsetof(siginfo_t, si_code));
}

void frame_load(struct stub_thread *thread, struct vt_regs *regs, struct vt_frame *frame)
{
	const volatile struct slot_header *header =
	    (struct slot_header *)(thread->memory + SLOT_HEADER);
	const volatile greg_t *g = frame_of(thread)->uc_mcontext.gregs;
	uint32_t offset, size;

	*regs = registers_load(g);
	regs->cs = (g[REG_CSGSFS] & 0xffff) | RPL_USER;
	regs->ss = (g[REG_CSGSFS] >> 48 & 0xffff) | RPL_USER;
	frame->fs_base = header->fs_base;
	frame->gs_base = header->gs_base;
	frame->ds = header->ds;
	frame->es = header->es;
	frame->fs = header->fs;
	frame->gs = header->gs;
	frame->fault_addr = g[REG_CR2];
	frame->error_code = g[REG_ERR];
	frame->trap_nr = g[REG_TRAPNO];
	frame->full = 1;
	frame->reset_fpu = 0;
	offset = fpu_image(thread, &size);
	frame->xstate = size ? thread->memory + offset : NULL;
	frame->xstate_size = size;
}

/*
 * What the host's descriptor tables have for user mode (arch/x86/include/asm/segment.h); others
 * would be a fault in the stub, and are null after a switch of contexts on any Linux.
 */
static uint16_t usable_selector(uint16_t selector)
{
	static const uint16_t usable[] = { 0x23, 0x2b, 0x33, 0x7b };

	for (unsigned i = 0; i < sizeof(usable) / sizeof(usable[0]); i++) {
		if (selector == usable[i])
			return selector;
	}
	return selector <= 3 ? selector : 0;
}

uint64_t frame_store(struct stub_thread *thread, const struct vt_regs *regs,
		     const struct vt_frame *frame)
{
	struct slot_header *header = (struct slot_header *)(thread->memory + SLOT_HEADER);
	ucontext_t *uc = frame_of(thread);
	greg_t *g = uc->uc_mcontext.gregs;

	header->fs_base = frame->fs_base;
	header->gs_base = frame->gs_base;
	header->flags = regs->flags & KEPT_FLAGS;
	header->ds = usable_selector(frame->ds);
	header->es = usable_selector(frame->es);
	header->fs = usable_selector(frame->fs);
	header->gs = usable_selector(frame->gs);
	uc->uc_flags = UC_FLAGS;
	uc->uc_link = NULL;
	uc->uc_stack = frame_stack(thread);
	memset(&uc->uc_sigmask, 0, sizeof(uint64_t));
	g[REG_R15] = regs->r15;
	g[REG_R14] = regs->r14;
	g[REG_R13] = regs->r13;
	g[REG_R12] = regs->r12;
	g[REG_RBP] = regs->bp;
	g[REG_RBX] = regs->bx;
	g[REG_R11] = regs->r11;
	g[REG_R10] = regs->r10;
	g[REG_R9] = regs->r9;
	g[REG_R8] = regs->r8;
	g[REG_RAX] = regs->ax;
	g[REG_RCX] = regs->cx;
	g[REG_RDX] = regs->dx;
	g[REG_RSI] = regs->si;
	g[REG_RDI] = regs->di;
	g[REG_RIP] = regs->ip;
	g[REG_EFL] = regs->flags;
	g[REG_RSP] = regs->sp;
	g[REG_CSGSFS] = (regs->ss & 0xffff) << 48 | (regs->cs & 0xffff) | RPL_USER;
	if (frame->reset_fpu)
		uc->uc_mcontext.fpregs = NULL;
	return slot_va(thread) + thread->uc;
}

/*
 * All signals are blocked, as they are at any stop. With a stack pointer of zero the thread is on
 * no signal stack, whichever the guest has set: so the call there gives it its slot again.
 * Sigreturn may not, for newer hosts look where the thread is before they load the registers, and
 * the guest's stack may be all that there is.
 */
uint64_t frame_clean(struct stub_thread *thread)
{
	struct slot_header *header = (struct slot_header *)(thread->memory + SLOT_HEADER);
	const struct vt_regs regs = { .ip = STUB_CLEAN_CODE,
				      .ax = SYS_sigaltstack,
				      .di = slot_va(thread) + SLOT_HEADER + HEADER_STACK,
				      .r9 = STUB_MAGIC,
				      .flags = 0x202,
				      .cs = USER_CS,
				      .ss = USER_SS };
	const struct vt_frame frame = { .reset_fpu = 1 };
	uint64_t va;

	thread->uc = SLOT_HEADER - FRAME_SIZE;
	header->stack = frame_stack(thread);
	va = frame_store(thread, &regs, &frame);
	memset(&frame_of(thread)->uc_sigmask, 0xff, sizeof(uint64_t));
	return va;
}

/* Make a frame whose FPU image has @size bytes; returns the image's offset in the slot */
static uint32_t new_frame(struct stub_thread *thread, uint32_t size)
{
	/* below the header, where the host's own frames lie too */
	uint32_t at = (SLOT_HEADER - size) & ~(FPU_ALIGN - 1);

	thread->uc = (at - KERNEL_UC_SIZE - 128) & ~15U;
	memset(thread->memory + thread->uc, 0, KERNEL_UC_SIZE);
	frame_of(thread)->uc_mcontext.fpregs = (void *)(slot_va(thread) + at);
	return at;
}

void frame_initial_fpu(struct stub_thread *thread, struct vt_frame *frame)
{
	frame->xstate = thread->memory + new_frame(thread, FX_SIZE);
	frame->xstate_size = FX_SIZE;
	frame->reset_fpu = 1;
}

void frame_kept_fpu(struct stub_thread *to, struct vt_frame *frame)
{
	const void *kept = frame->xstate;
	uint32_t size = frame->xstate_size, at;

	frame_initial_fpu(to, frame);
	/* as much as fpu_image() allows an image of the host's */
	if (size < FX_SIZE || size > SLOT_HEADER - slot_low() - BELOW_FPU - FPU_ALIGN)
		return;
	at = new_frame(to, size);
	memcpy(to->memory + at, kept, size);
	frame->xstate = to->memory + at;
	frame->xstate_size = size;
	frame->reset_fpu = 0;
}

void frame_copy_fpu(struct stub_thread *to, struct stub_thread *from, struct vt_frame *frame)
{
	uint32_t size, offset = fpu_image(from, &size), at;

	if (!size)
		return;
	at = new_frame(to, size);
	memcpy(to->memory + at, from->memory + offset, size);
	frame->xstate = to->memory + at;
	frame->xstate_size = size;
	frame->reset_fpu = 0;
}
