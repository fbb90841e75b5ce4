/* SPDX-License-Identifier: GPL-2.0-only */
/* layout.h - the part of the boot ABI that is in every corner of the kernel: addresses, registers
 *
 * Apart from abi.h because nearly every kernel object includes it, so that a change here compiles
 * everything again.
 */
#ifndef VITRINE_LAYOUT_H
#define VITRINE_LAYOUT_H

/* Address space of the supervisor */
#define VT_PAGE_OFFSET 0x600000000000UL /* physical memory, mapped linearly */
#define VT_KERNEL_PHYS 0x100000UL	/* where the image starts in it */
#define VT_VMALLOC_START 0x610000000000UL
#define VT_VMALLOC_END 0x611000000000UL

/*
 * Address space of a guest process: everything from here up belongs to the stub and the host, 1.5
 * GiB of x86-64's 128 TiB
 */
#define VT_TASK_SIZE 0x7fffa0000000UL

#ifndef __ASSEMBLY__

typedef unsigned char vt_u8;
typedef unsigned short vt_u16;
typedef unsigned int vt_u32;
typedef int vt_s32;
#ifdef __LP64__
typedef unsigned long vt_u64; /* which %lu prints */
typedef long vt_s64;
#else
typedef unsigned long long vt_u64;
typedef long long vt_s64;
#endif

/* ---- user registers: the order of x86-64's struct pt_regs ---- */
struct vt_regs {
	vt_u64 r15, r14, r13, r12, bp, bx, r11, r10, r9, r8;
	vt_u64 ax, cx, dx, si, di, orig_ax, ip, cs, flags, sp, ss;
};

/**
 * struct vt_frame - user state that is not in the general registers
 * @fs_base, @gs_base: segment bases
 * @fault_addr: address of the last page fault (CR2)
 * @error_code, @trap_nr: as the CPU reports them in an exception
 * @full: the registers are complete; otherwise the thread stopped at a plain system call and only
 *        its number, arguments and instruction pointer are known
 * @reset_fpu: resume with the FPU in its initial state (exec, signal handlers)
 * @no_tsc: reading the time stamp counter is a fault: prctl(PR_SET_TSC); looked at when a host
 * thread is made
 * @spare: it is what the sandbox's user started: it may have what is kept for whoever is to end a
 *        fork bomb; looked at when a host thread is made
 * @ds, @es, @fs, @gs: segment selectors
 * @xstate, @xstate_size: the thread's XSAVE image in signal frame layout, inside memory that the
 *        guest can write: the thread's own until it is freed, and valid while @full is set. NULL
 *        when the thread has none yet.
 */
struct vt_frame {
	vt_u64 fs_base, gs_base;
	vt_u64 fault_addr;
	vt_u32 error_code, trap_nr;
	vt_u8 full, reset_fpu, no_tsc, spare;
	vt_u32 xstate_size;
	vt_u16 ds, es, fs, gs;
	void *xstate;
};

#endif /* __ASSEMBLY__ */
#endif /* VITRINE_LAYOUT_H */
