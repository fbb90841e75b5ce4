/* SPDX-License-Identifier: GPL-2.0-only */
/* frame.h - registers in a slot's signal frame */
#ifndef ENGINE_TIER_SECCOMP_FRAME_H
#define ENGINE_TIER_SECCOMP_FRAME_H

#include <signal.h>
#include <stdint.h>
#include "stub.h"
#include "vitrine/abi.h"

#define FRAME_SIZE 1024 /* below the slot's header, of frames without an FPU image */

/**
 * frame_locate() - Find the frame that a stopped thread reports
 * @thread: thread; its uc is set
 * @va:     address of the ucontext, from the guest
 *
 * Return: 0, or -1 when it does not lie in the thread's slot.
 */
int frame_locate(struct stub_thread *thread, uint64_t va);

/* The thread's signal stack on the host: its slot */
stack_t frame_stack(const struct stub_thread *thread);

/* The si_code of the signal that stopped the thread */
int frame_signal_code(const struct stub_thread *thread);

/* Copy the frame's registers out; returns the signal's trap number in @frame */
void frame_load(struct stub_thread *thread, struct vt_regs *regs, struct vt_frame *frame);

/* Write registers into the frame; returns the address that the stub resumes from */
uint64_t frame_store(struct stub_thread *thread, const struct vt_regs *regs,
		     const struct vt_frame *frame);

/* Write a frame that brings the thread to STUB_CLEAN_CODE, with nothing left of what it was */
uint64_t frame_clean(struct stub_thread *thread);

/* Give @thread, which @frame belongs to, the initial FPU state, and room for a small image of it */
void frame_initial_fpu(struct stub_thread *thread, struct vt_frame *frame);

/*
 * Give @to, which @frame belongs to, the FPU state that @frame has the image of, in memory of the
 * kernel's
 */
void frame_kept_fpu(struct stub_thread *to, struct vt_frame *frame);

/* Give @to, which @frame belongs to, the FPU state of @from; both are stopped in the stub */
void frame_copy_fpu(struct stub_thread *to, struct stub_thread *from, struct vt_frame *frame);

#endif
