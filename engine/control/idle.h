/* SPDX-License-Identifier: GPL-2.0-only */
/* idle.h - when a sandbox is to be paused by itself; private to engine/control */
#ifndef ENGINE_CONTROL_IDLE_H
#define ENGINE_CONTROL_IDLE_H

#include "connection.h"
#include "engine/sandbox.h"
#include "vitrine/error.h"

/**
 * idle_init() - Begin to look, when the sandbox was started so
 * @sandbox: outlives it
 *
 * Call it before the supervisor gives up its rights.
 *
 * Return: 0 or -1.
 */
int idle_init(const struct sandbox_config *sandbox, struct error *err);

/**
 * idle_enter() - A client has asked for something that a sandbox without anything to do would not
 * be asked for
 *
 * Waits while the sandbox is being paused.
 *
 * Return: whether it goes on here. Otherwise the connection is to be closed with nothing begun: the
 * client can ask the one that goes on.
 */
bool idle_enter(void);
void idle_leave(void);

/**
 * idle_close() - The sandbox is about to be paused
 * @unless_busy: not when somebody has asked for something since it was found idle
 *
 * Return: whether nobody comes in now. If so, call idle_open() when the sandbox goes on after all.
 */
bool idle_close(bool unless_busy);
void idle_open(void);

/** idle_over() - It is paused: nobody comes in any more */
void idle_over(void);

/** idle_forget() - A connection that may have waited to hear when to pause goes */
void idle_forget(const struct connection *conn);

#endif
