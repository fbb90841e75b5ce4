/* SPDX-License-Identifier: GPL-2.0-only */
/* signals.h - signals and the time-out of the supervisor */
#ifndef ENGINE_JOBS_SIGNALS_H
#define ENGINE_JOBS_SIGNALS_H

#include <stdbool.h>
#include <stdint.h>
#include "engine/sandbox.h"
#include "vitrine/error.h"

/**
 * signals_block() - Block what signals_init()'s thread takes; before the first thread is created
 */
void signals_block(void);

/**
 * signals_init() - Start the thread that takes signals
 * @config: for the time-out and the terminal
 * @ran_ms: of the time-out that has passed before a pause
 * @err:    filled on failure
 *
 * Return: 0 or -1.
 */
int signals_init(const struct sandbox_config *config, uint64_t ran_ms, struct error *err);

/**
 * signals_on_timeout() - Do something else than to end the sandbox when its time is over
 * @instead: any thread; false: nobody does, so it ends. If true, it ends a minute later
 *
 * Call it before the first second of the time-out is over.
 */
void signals_on_timeout(bool (*instead)(void));

/**
 * signals_end() - The sandbox is over: a signal ends us from now on, and no time-out does
 */
void signals_end(void);

#endif
