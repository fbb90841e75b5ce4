/* SPDX-License-Identifier: GPL-2.0-only */
/* tier.h - an interception tier: how guest threads run on host threads
 *
 * A tier is a table of operations, of which the kernel gets the second half (the mm_ and thread_
 * operations of the boot ABI, and idle). They run on the host thread that holds the vCPU at the
 * time, and what they need of a vCPU they ask that thread for (engine/vcpu/vcpu.h): its pending
 * word, its waits. A tier keeps no other state of a vCPU.
 *
 * Another tier is a folder beside seccomp/ and emulate/, with such a table, and a line in tier.c.
 */
#ifndef ENGINE_TIER_TIER_H
#define ENGINE_TIER_TIER_H

#include "engine/sandbox.h"
#include "vitrine/abi.h"
#include "vitrine/error.h"

#define TIER_UNSUPPORTED 1

/**
 * struct tier - an interception tier
 * @cpus:  how many vCPUs it can hold
 * @start: start it, before there is a second thread; fills what of @boot depends on it. Called on
 * the thread whose death ends every guest process. Return: 0, or with @err TIER_UNSUPPORTED when
 * the host lacks something that the tier cannot do without, -1 otherwise.
 * @stop:  end every guest process and wait for it
 * @memory_changed: there is no guest process, and memory_fd() stands for another file now; NULL:
 * the tier need not know. Return: 0 or a negative errno, and then nothing of a guest runs any more.
 *
 * For the others see struct vt_host_ops.
 */
struct tier {
	unsigned cpus;
	int (*start)(struct vt_boot *boot, struct error *err);
	void (*stop)(void);
	int (*memory_changed)(void);

	int (*mm_new)(struct vt_mm **mm, int spare);
	void (*mm_free)(struct vt_mm *mm);
	int (*mm_sync)(struct vt_mm *mm, const struct vt_map_op *ops, vt_u32 count);
	void (*mm_barrier)(struct vt_mm *mm);
	int (*thread_new)(struct vt_mm *mm, struct vt_thread *fpu_from, struct vt_frame *frame,
			  struct vt_thread **thread);
	void (*thread_free)(struct vt_thread *thread);
	enum vt_user_event (*thread_run)(struct vt_thread *thread, struct vt_regs *regs,
					 struct vt_frame *frame);
	void (*thread_kick)(struct vt_thread *thread);
	int (*thread_capture)(struct vt_thread *thread, struct vt_regs *regs,
			      struct vt_frame *frame);
	void (*idle)(void);
};

extern const struct tier tier_seccomp, tier_emulate;

/**
 * tier_start() - Start the tier that was asked for
 * @which: SANDBOX_TIER_AUTO takes the fastest that the host allows
 * @cpus:  how many vCPUs it has to hold; 0: as many as the sandbox gains by
 * @boot:  what of it depends on the tier is filled in, and the number of vCPUs
 * @ops:   gets the tier's operations
 * @err:   filled on failure
 *
 * To be called before there is a second thread. Return: the tier, or NULL.
 */
const struct tier *tier_start(enum sandbox_tier which, unsigned cpus, struct vt_boot *boot,
			      struct vt_host_ops *ops, struct error *err);

/* As struct tier.memory_changed, of the tier that was started */
int tier_memory_changed(void);

/* Which one that was */
enum sandbox_tier tier_started(void);

/* The name of the tier that was started, as --syscall-mode has it */
const char *tier_name(void);

/* Why SANDBOX_TIER_AUTO took no faster one; empty when it is the fastest or was asked for */
const char *tier_why(void);

#endif
