/* SPDX-License-Identifier: GPL-2.0-only */
/* proc.h - texts of a guest's /proc, which are the guest's: any bytes */
#ifndef SERVICE_METRICS_PROC_H
#define SERVICE_METRICS_PROC_H

#include <stdint.h>

/** proc_busy() - Ticks that CPUs were busy, of /proc/stat; 0 when there is no such line */
uint64_t proc_busy(const char *text);

/** proc_memory() - Bytes in use, of /proc/meminfo */
uint64_t proc_memory(const char *text);

/** proc_network() - Bytes in and out of all cards but the loop, of /proc/net/dev */
uint64_t proc_network(const char *text);

#endif
