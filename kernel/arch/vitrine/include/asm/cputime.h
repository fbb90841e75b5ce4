/* SPDX-License-Identifier: GPL-2.0-only */
/* cputime.h - the two moments at which CPU time changes its owner most often */
#ifndef _ASM_VITRINE_CPUTIME_H
#define _ASM_VITRINE_CPUTIME_H

#include <linux/compiler.h>
#include <linux/math64.h>
#include <linux/percpu.h>
#include <asm/vitrine.h>

/*
 * Ways to user mode and back: [resumed with all registers][stopped with all registers]. Each has
 * a price of its own, see kernel/cputime.c.
 */
#define VITRINE_NR_WAYS 2

/**
 * struct vitrine_cputime - where the time of a CPU goes
 * @stamp:    the counter's value when it was charged last
 * @user, @system, @hardirq, @softirq: ticks of the current task, since its accounts were settled
 * @ask_at:   value of the counter at which the host is asked again what it gave,
 * @ask_long: and ticks of a stretch after which it is asked at once
 * @shortest: trip to user mode and back that was ever seen, ticks
 * @asked_at, @idle, @given: the moment it was asked last, ticks of idling since, its answer
 * @cost:     ticks that it takes to ask
 * @owed:     ns that the host gave to others and that nobody's account has been reduced by yet;
 *	      negative: it gave more than has passed
 * @steal:    ns that it gave to others,
 * @told, @told_at: of these the scheduler has heard, when its clock said that
 * @clock_read: what sched_clock() said last
 */
struct vitrine_cputime {
	u64 stamp;
	u64 user, system;
	u64 ask_at, ask_long;
	u64 shortest[VITRINE_NR_WAYS][VITRINE_NR_WAYS];
	u64 hardirq, softirq;
	u64 asked_at, idle, given, cost;
	s64 owed;
	u64 steal, told, told_at, clock_read;
};

DECLARE_PER_CPU_ALIGNED(struct vitrine_cputime, vitrine_cputime);
extern u64 vitrine_tick_mult; /* ns of a tick of the counter, times 2^32; 0: a tick is a ns */

u64 vitrine_shorter_trip(u64 *shortest, u64 took);
void vitrine_ask_host(struct vitrine_cputime *time, u64 *last, u64 took);

/* The CPU's counter, or the host's clock where that cannot be relied on */
static __always_inline u64 vitrine_ticks(void)
{
	return likely(vitrine_tick_mult) ? __builtin_ia32_rdtsc() : vt_host->clock_monotonic();
}

static __always_inline u64 vitrine_ticks_to_ns(u64 ticks)
{
	return likely(vitrine_tick_mult) ? mul_u64_u64_shr(ticks, vitrine_tick_mult, 32) : ticks;
}

/* The kernel has done what it was asked for; what comes next is the program's */
static __always_inline void vitrine_time_to_user(void)
{
	struct vitrine_cputime *time = this_cpu_ptr(&vitrine_cputime);
	u64 now = vitrine_ticks(), took = now - time->stamp;

	time->system += took;
	time->stamp = now;
	if (unlikely(took >= time->ask_long))
		vitrine_ask_host(time, &time->system, took);
}

/**
 * vitrine_time_from_user() - The program has stopped, or is interrupted
 * @resumed, @stopped: with all registers
 * @whole: it ran already, or runs on: there was no trip to be paid
 */
static __always_inline void vitrine_time_from_user(bool resumed, bool stopped, bool whole)
{
	struct vitrine_cputime *time = this_cpu_ptr(&vitrine_cputime);
	u64 *shortest = &time->shortest[resumed][stopped];
	u64 now = vitrine_ticks(), took = now - time->stamp, trip = whole ? 0 : *shortest;

	time->stamp = now;
	if (unlikely(took < trip)) {
		took = vitrine_shorter_trip(shortest, took);
		trip = took;
	}
	time->user += took - trip;
	time->system += trip;
	if (unlikely(took >= time->ask_long || (s64)(now - time->ask_at) >= 0))
		vitrine_ask_host(time, &time->user, took - trip);
}

#endif
