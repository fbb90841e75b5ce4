/* SPDX-License-Identifier: GPL-2.0-only */
/* filter.h - the seccomp filters of stub processes */
#ifndef ENGINE_TIER_SECCOMP_FILTER_H
#define ENGINE_TIER_SECCOMP_FILTER_H

#include <linux/filter.h>

#define FILTER_MAX 96

/* Build the filter of every stub thread; returns its length */
unsigned short filter_service(struct sock_filter program[FILTER_MAX]);
/* Build the second filter of guest threads; returns its length */
unsigned short filter_guest(struct sock_filter program[FILTER_MAX]);

#endif
