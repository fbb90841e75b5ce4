/* SPDX-License-Identifier: GPL-2.0-only */
/* fault.h - host faults of the threads of this process; private to engine/vcpu */
#ifndef ENGINE_VCPU_FAULT_H
#define ENGINE_VCPU_FAULT_H

#include <signal.h>
#include "vitrine/abi.h"

/** fault_init() - Whose kernel is told */
void fault_init(struct vt_boot *boot);

/** fault_handle() - The signal handler, with all signals blocked but SIGSEGV */
void fault_handle(int sig, siginfo_t *info, void *context);

#endif
