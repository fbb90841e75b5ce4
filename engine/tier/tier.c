/* SPDX-License-Identifier: GPL-2.0-only */
/* tier.c - which interception tiers there are, and which one a sandbox gets */
#include "tier.h"

#include <sched.h>
#include <stdio.h>
#include <string.h>

#include "vitrine/util.h"

static const struct {
	const char *name;
	const struct tier *tier;
} tiers[] = {
	[SANDBOX_TIER_AUTO] = { "auto", NULL },
	[SANDBOX_TIER_SECCOMP] = { "seccomp", &tier_seccomp },
	[SANDBOX_TIER_EMULATE] = { "emulate", &tier_emulate },
};
static_assert(ARRAY_SIZE(tiers) == SANDBOX_NTIERS, "tiers[]");

static enum sandbox_tier started;
static char why[sizeof(((struct error *)0)->text)];

static void ops_fill(const struct tier *tier, struct vt_host_ops *ops)
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

/* A host with more CPUs than the set has bits for does not fill it */
unsigned sandbox_cpus(void)
{
	unsigned count = SANDBOX_CPUS_USUAL;
	cpu_set_t usable;

	if (!sched_getaffinity(0, sizeof(usable), &usable))
		count = (unsigned)CPU_COUNT(&usable);
	return count < SANDBOX_CPUS_USUAL ? count : SANDBOX_CPUS_USUAL;
}

static int start(enum sandbox_tier which, unsigned cpus, struct vt_boot *boot, struct error *err)
{
	const struct tier *tier = tiers[which].tier;
	int failed;

	boot->cpus = cpus ?: sandbox_cpus();
	if (!cpus && boot->cpus > tier->cpus)
		boot->cpus = tier->cpus;
	failed = tier->start(boot, err);

	if (!failed)
		started = which;
	return failed;
}

/*
 * A host that is only out of something gets an error: it may have it again in a moment. The
 * emulator has one CPU, so who wants several hears why the host cannot give them.
 */
static int start_any(unsigned cpus, struct vt_boot *boot, struct error *err)
{
	int failed = start(SANDBOX_TIER_SECCOMP, cpus, boot, err);

	if (failed != TIER_UNSUPPORTED || cpus > 1)
		return failed;
	tier_seccomp.stop();
	snprintf(why, sizeof(why), "%s", err->text);
	failed = start(SANDBOX_TIER_EMULATE, cpus, boot, err);
	if (failed)
		return failed;
	fprintf(stderr, "vitrine: %s: programs are emulated, many times slower\n", why);
	return 0;
}

const struct tier *tier_start(enum sandbox_tier which, unsigned cpus, struct vt_boot *boot,
			      struct vt_host_ops *ops, struct error *err)
{
	if (which == SANDBOX_TIER_AUTO ? start_any(cpus, boot, err) : start(which, cpus, boot, err))
		return NULL;
	ops_fill(tiers[started].tier, ops);
	return tiers[started].tier;
}

int tier_memory_changed(void)
{
	const struct tier *tier = tiers[started].tier;

	return tier->memory_changed ? tier->memory_changed() : 0;
}

enum sandbox_tier tier_started(void)
{
	return started;
}

const char *tier_name(void)
{
	return tiers[started].name;
}

const char *tier_why(void)
{
	return why;
}
