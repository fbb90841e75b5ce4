/* SPDX-License-Identifier: GPL-2.0-only */
/* live.h - names for the layers that a running sandbox lies on */
#ifndef CLI_SNAPSHOT_LIVE_H
#define CLI_SNAPSHOT_LIVE_H

#include <jansson.h>
#include <stdbool.h>
#include <sys/types.h>
#include "vitrine/error.h"

/** live_layer() - Is that the name of a layer, and of which generation is it the last? 0: no */
unsigned live_layer(const char *file);

/**
 * live_begin() - A sandbox goes on: its layers get names of its own
 * @from: the directory that it was started from, which stays as it is
 *
 * Without them its next generation has everything, so nothing is said when it fails.
 */
void live_begin(const char *name, pid_t pid, const char *from);

/**
 * live_become() - The same, of a directory that is not needed any more
 */
void live_become(const char *name, pid_t pid, const char *from);

/**
 * live_link() - Give its layers names in a directory of a next generation
 * @to: of that
 * @generation: set to its number
 *
 * Return: an array of what they are called (engine/snapshot/layers.h), which the caller releases.
 */
json_t *live_link(const char *name, pid_t pid, int to, unsigned *generation);

/**
 * live_add() - The sandbox goes on, over the layers of a directory
 * @generation: those that this one has written
 */
void live_add(const char *name, pid_t pid, int from, unsigned generation);

/** live_sweep() - Forget those of sandboxes that have ended */
void live_sweep(void);

#endif
