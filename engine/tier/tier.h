/* SPDX-License-Identifier: GPL-2.0-only */
/* tier.h - an interception tier: how guest threads run on host threads
 *
 * A tier fills the mm_ and thread_ operations of the boot ABI, and idle.
 */
#ifndef ENGINE_TIER_TIER_H
#define ENGINE_TIER_TIER_H

#include "vitrine/abi.h"
#include "vitrine/error.h"

/**
 * tier_seccomp_init() - Start the seccomp tier
 * @boot: receives the address of the host's vDSO clock in guest processes
 * @ops:  the tier's operations are filled in
 * @err:  filled on failure
 *
 * Called on the vCPU thread, whose death ends every guest process.
 * Return: 0 or -1.
 */
int tier_seccomp_init(struct vt_boot *boot, struct vt_host_ops *ops, struct error *err);

/* End every guest process and wait for it */
void tier_seccomp_stop(void);

#endif
