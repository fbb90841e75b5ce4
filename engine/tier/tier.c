/* SPDX-License-Identifier: GPL-2.0-only */
/* tier.c - which interception tiers there are */
#include "tier.h"

#include "vitrine/util.h"

static const struct tier *const tiers[] = {
	[SANDBOX_TIER_AUTO] = &tier_seccomp,
	[SANDBOX_TIER_SECCOMP] = &tier_seccomp,
};
static_assert(ARRAY_SIZE(tiers) == SANDBOX_NTIERS, "tiers[]");

const struct tier *tier_find(enum sandbox_tier which)
{
	return tiers[which];
}

void tier_ops_fill(const struct tier *tier, struct vt_host_ops *ops)
{
	ops->mm_new = tier->mm_new;
	ops->mm_free = tier->mm_free;
	ops->mm_sync = tier->mm_sync;
	ops->mm_barrier = tier->mm_barrier;
	ops->thread_new = tier->thread_new;
	ops->thread_free = tier->thread_free;
	ops->thread_run = tier->thread_run;
	ops->thread_kick = tier->thread_kick;
	ops->thread_capture = tier->thread_capture;
	ops->idle = tier->idle;
}
