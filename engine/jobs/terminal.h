/* SPDX-License-Identifier: GPL-2.0-only */
/* terminal.h - the host terminal in raw mode */
#ifndef ENGINE_JOBS_TERMINAL_H
#define ENGINE_JOBS_TERMINAL_H

#include <stdbool.h>
#include <stdint.h>
#include "vitrine/error.h"

/**
 * terminal_raw() - Put a terminal in raw mode until the process ends
 * @fd:  a terminal; anything else is left alone
 * @err: filled on failure
 *
 * The first call registers the restoration with atexit().
 *
 * Return: 0 or -1.
 */
int terminal_raw(int fd, struct error *err);

/**
 * terminal_keys() - Whose are the keys that send signals, in raw mode
 * @ours: as long as there is no guest program to take them
 */
void terminal_keys(bool ours);

/**
 * terminal_restore() - Give the terminal back as it was; async-signal-safe, may be called twice
 */
void terminal_restore(void);

/**
 * terminal_resumed() - The process was stopped and goes on: enter raw mode again
 */
void terminal_resumed(void);

/**
 * terminal_reserve_stdio() - Fill closed descriptors 0 to 2 with /dev/null
 *
 * Otherwise the next file that is opened would become a stream of the guest. Call it first.
 */
void terminal_reserve_stdio(void);

/**
 * terminal_size() - Window size of the first of descriptors 0 to 2 that is a terminal
 * @rows, @columns: set to 0 when none is
 */
void terminal_size(uint16_t *rows, uint16_t *columns);

#endif
