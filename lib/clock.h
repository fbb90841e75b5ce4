/* SPDX-License-Identifier: GPL-2.0-only */
/* clock.h - moments and deadlines of host-side code
 *
 * A moment is a number of nanoseconds. Deadlines are of the monotonic clock, so that nobody waits
 * longer, or not at all, because somebody sets the host's time of day: wait for one with
 * pthread_cond_clockwait(..., CLOCK_MONOTONIC, ...).
 */
#ifndef LIB_CLOCK_H
#define LIB_CLOCK_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

#define NS_PER_SECOND 1000000000ULL
#define NS_PER_MS 1000000ULL

/* What @clock shows; 0 when there is no such clock */
static inline uint64_t clock_read_ns(clockid_t clock)
{
	struct timespec now;

	if (clock_gettime(clock, &now))
		return 0;
	return (uint64_t)now.tv_sec * NS_PER_SECOND + (uint64_t)now.tv_nsec;
}

static inline uint64_t clock_now_ns(void)
{
	return clock_read_ns(CLOCK_MONOTONIC);
}

static inline struct timespec clock_timespec(uint64_t ns)
{
	return (struct timespec){ .tv_sec = (time_t)(ns / NS_PER_SECOND),
				  .tv_nsec = (long)(ns % NS_PER_SECOND) };
}

/* The moment @ms milliseconds from now */
static inline struct timespec clock_deadline(uint64_t ms)
{
	return clock_timespec(clock_now_ns() + ms * NS_PER_MS);
}

#define CLOCK_UTC_MAX 40

/**
 * clock_utc() - The time of day as logs have it: 2026-01-31T23:59:59.999Z
 *
 * Return: false when this year has no such text.
 */
static inline bool clock_utc(char text[CLOCK_UTC_MAX])
{
	const uint64_t now = clock_read_ns(CLOCK_REALTIME);
	const time_t seconds = (time_t)(now / NS_PER_SECOND);
	char whole[24];
	struct tm tm;

	if (!gmtime_r(&seconds, &tm) || !strftime(whole, sizeof(whole), "%FT%T", &tm))
		return false;
	snprintf(text, CLOCK_UTC_MAX, "%s.%03uZ", whole,
		 (unsigned)(now % NS_PER_SECOND / NS_PER_MS));
	return true;
}

#endif
