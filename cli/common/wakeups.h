/* SPDX-License-Identifier: GPL-2.0-only */
/* wakeups.h - what it takes to wake a thread */
#ifndef CLI_COMMON_WAKEUPS_H
#define CLI_COMMON_WAKEUPS_H

#include <sched.h>
#include <stdint.h>

/**
 * wakeups_measure() - How long until a thread that sleeps runs when another one wakes it?
 * @usable: CPUs to measure on
 * @here:   filled with what it takes on one CPU, ns
 * @there:  filled with what it takes from one CPU to another, ns; 0: there is one only
 *
 * Medians. Takes some milliseconds.
 *
 * Return: 0 or an errno value.
 */
int wakeups_measure(const cpu_set_t *usable, uint64_t *here, uint64_t *there);

#endif
