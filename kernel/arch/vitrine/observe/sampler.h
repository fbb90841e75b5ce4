/* SPDX-License-Identifier: GPL-2.0-only */
/* sampler.h - the kernel thread that copies the kernel's own files into the region */
#ifndef VITRINE_OBSERVE_SAMPLER_H
#define VITRINE_OBSERVE_SAMPLER_H

#include <linux/types.h>

int vt_sampler_start(u64 interval_ns);
void vt_sampler_stop(void);

#endif
