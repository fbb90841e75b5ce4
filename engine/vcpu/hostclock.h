/* SPDX-License-Identifier: GPL-2.0-only */
/* hostclock.h - the host's clock, as far as guest processes can read it without a system call */
#ifndef ENGINE_VCPU_HOSTCLOCK_H
#define ENGINE_VCPU_HOSTCLOCK_H

#include <stdint.h>
#include "vitrine/abi.h"

/* Offset of clock_gettime in the host's vDSO; 0 when there is none, or it makes a system call */
uint64_t hostclock_offset(void);

/* Fill the clocks of the boot ABI */
void hostclock_ops_fill(struct vt_host_ops *ops);

#endif
