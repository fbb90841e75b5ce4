/* SPDX-License-Identifier: GPL-2.0-only */
/* paused.h - the directories in which paused sandboxes are kept
 *
 * $XDG_STATE_HOME/vitrine/paused/NAME; engine/snapshot/snapshot.h has what is in one. One whose
 * state was not finished is none: whoever made it was killed, or the sandbox went on.
 */
#ifndef CLI_COMMON_PAUSED_H
#define CLI_COMMON_PAUSED_H

#include <stdbool.h>
#include <jansson.h>
#include "vitrine/error.h"

/**
 * paused_path() - The directory of a sandbox, whether there is one or not
 *
 * Return: a string that the caller frees, or NULL.
 */
char *paused_path(const char *name, struct error *err);

/** paused_exists() - Is there a paused sandbox of this name? */
bool paused_exists(const char *name);

/**
 * paused_refuse() - A name that a paused sandbox has is taken
 *
 * Return: 0, or -1 with @err when it is.
 */
int paused_refuse(const char *name, struct error *err);

/**
 * paused_make() - Make the directory for a sandbox that is going to be paused
 * @path: set; the caller frees it
 *
 * What is left of an attempt that failed is replaced.
 *
 * Return: a descriptor of the directory, which the caller closes, or -1.
 */
int paused_make(const char *name, char **path, struct error *err);

/**
 * paused_remove() - Remove a directory of a paused sandbox, and all that is in it
 * @path: from paused_path(), or what a resumed one has become
 *
 * Return: whether there was one.
 */
bool paused_remove(const char *path);

/**
 * paused_config() - How it was started
 *
 * Return: an object that the caller releases, or NULL with @err.
 */
json_t *paused_config(const char *name, struct error *err);

/**
 * paused_list() - All of them
 *
 * Return: an array of their configs with "paused", the moment, that the caller releases, or NULL.
 */
json_t *paused_list(struct error *err);

#endif
