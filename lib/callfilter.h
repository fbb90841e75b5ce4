/* SPDX-License-Identifier: GPL-2.0-only */
/* callfilter.h - seccomp programs for our own processes, and what Landlock can take away */
#ifndef LIB_CALLFILTER_H
#define LIB_CALLFILTER_H

#include <stddef.h>
#include <stdint.h>
#include <linux/filter.h>
#include "vitrine/error.h"

#define CALLFILTER_MAX 512

/**
 * struct callfilter - a program that is being written
 * @code:   its instructions; more than CALLFILTER_MAX are a mistake of ours, and an assertion
 * @length: how many there are
 */
struct callfilter {
	struct sock_filter code[CALLFILTER_MAX];
	unsigned short length;
};

/**
 * callfilter_begin() - Begin a program: who calls by another architecture's numbers is killed
 *
 * From here on, and after each of the functions below, the accumulator holds the call's number.
 */
void callfilter_begin(struct callfilter *filter);

/**
 * callfilter_calls() - What happens to some calls, whatever their arguments
 * @action: SECCOMP_RET_*
 */
void callfilter_calls(struct callfilter *filter, const unsigned short *calls, size_t count,
		      uint32_t action);

/**
 * callfilter_values() - Allow a call when an argument is one of some values
 * @nr:    the call
 * @arg:   which of its arguments; its lower half, which is all that the host looks at, too
 * @mask:  bits of it that are compared
 *
 * Any other value is for what comes behind to decide.
 */
void callfilter_values(struct callfilter *filter, unsigned nr, unsigned arg, uint32_t mask,
		       const uint32_t *values, unsigned count);

/* The same with one value */
void callfilter_value(struct callfilter *filter, unsigned nr, unsigned arg, uint32_t mask,
		      uint32_t value);

/**
 * callfilter_enter() - End the program and install it in the calling process
 * @others: SECCOMP_RET_* of all calls that it has not decided
 * @flags:  SECCOMP_FILTER_FLAG_*
 *
 * The caller has no_new_privs.
 *
 * Return: 0, or -1 with @err.
 */
int callfilter_enter(struct callfilter *filter, uint32_t others, unsigned flags, struct error *err);

/**
 * landlock_file_rights() - All rights over files that this host's Landlock can take away
 *
 * Return: LANDLOCK_ACCESS_FS_*; 0 when the host has no Landlock.
 */
uint64_t landlock_file_rights(void);

#endif
