/* SPDX-License-Identifier: GPL-2.0-only */
/* zygote.h - the first stub process, of which all others are copies */
#ifndef ENGINE_ZYGOTE_H
#define ENGINE_ZYGOTE_H

#include <sys/types.h>
#include "vitrine/error.h"

/* Open until the stub has introduced itself: the new process takes them from a shared table */
struct zygote_files {
	int phys, control, slots;
	int image; /* the program, made by zygote_start() */
};

/**
 * zygote_start() - Start the stub program under its filter
 * @files:    memory files that it is to have as STUB_FD_*
 * @listener: receives the seccomp listener
 * @err:      filled on failure
 *
 * Every system call of the new process is a notification; the caller answers them.
 * Return: its pid or -1.
 */
pid_t zygote_start(struct zygote_files *files, int *listener, struct error *err);

#endif
