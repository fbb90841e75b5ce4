/* SPDX-License-Identifier: GPL-2.0-only */
/* kernellog.h - what the guest kernel prints */
#ifndef ENGINE_LOG_KERNELLOG_H
#define ENGINE_LOG_KERNELLOG_H

#include <stdbool.h>
#include "vitrine/abi.h"

/**
 * kernellog_ops_fill() - Set the console operation
 * @echo: print to standard error as well
 */
void kernellog_ops_fill(struct vt_host_ops *ops, bool echo);

/* The kernel died: print the end of its log to standard error, unless that was echoed anyway */
void kernellog_show_panic(void);

#endif
