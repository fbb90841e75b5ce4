/* SPDX-License-Identifier: GPL-2.0-only */
/* observer.h - the sandbox's own observer: a child process that serves what it sees */
#ifndef ENGINE_CONTROL_OBSERVER_H
#define ENGINE_CONTROL_OBSERVER_H

#include "engine/sandbox.h"
#include "vitrine/error.h"

/**
 * observer_start() - Start the observer, if @config wants one
 * @config: struct sandbox_config.web
 * @err:    filled on failure, also when the address is in use
 *
 * Call it when the control socket exists, and before the supervisor gives up its rights.
 *
 * Return: 0 or -1.
 */
int observer_start(const struct sandbox_config *config, struct error *err);

/**
 * observer_finish() - Give the observer a moment to tell its clients that the sandbox has ended
 *
 * Call it when the control socket is closed; does nothing without an observer, and nothing with one
 * that lingers.
 */
void observer_finish(const struct sandbox_config *config);

/**
 * observer_linger() - Wait for an observer that goes on when the sandbox has ended
 *
 * Until a key is pressed (web.key), the observer's time is over, or a signal ends us. Call it when
 * nothing else is left to do, and the terminal is the host's again.
 */
void observer_linger(const struct sandbox_config *config);

#endif
