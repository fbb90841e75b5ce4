/* SPDX-License-Identifier: GPL-2.0-only */
/* saved.h - the directories in which sandboxes are kept that were written down
 *
 * $XDG_STATE_HOME/vitrine/paused/NAME is a sandbox that goes on from there, once;
 * vitrine/snapshots/NAME a snapshot, which stays; engine/snapshot/snapshot.h has what is in one.
 * vitrine/live/NAME.PID has the layers that a running sandbox lies on (cli/snapshot/live.h).
 * One whose state was not finished is none: whoever made it was killed, or the sandbox went on.
 */
#ifndef CLI_COMMON_SAVED_H
#define CLI_COMMON_SAVED_H

#include <stdbool.h>
#include <jansson.h>
#include "vitrine/error.h"

enum saved { SAVED_PAUSED, SAVED_SNAPSHOT, SAVED_LIVE, SAVED_NKINDS };

/*
 * What a fork goes on from has this and the number of the fork's process as its name: nobody sees
 * it in a list, and whoever comes by removes it once there is no such process.
 */
#define SAVED_FORK ".fork."

/**
 * saved_path() - The directory of one, whether there is one or not
 *
 * Return: a string that the caller frees, or NULL.
 */
char *saved_path(enum saved kind, const char *name, struct error *err);

/** saved_exists() - Is there one of this name? */
bool saved_exists(enum saved kind, const char *name);

/**
 * paused_refuse() - A name that a paused sandbox has is taken
 *
 * Return: 0, or -1 with @err when it is.
 */
int paused_refuse(const char *name, struct error *err);

/**
 * paused_forget() - A paused sandbox is no more; nor is what a pause has left that was killed
 *
 * Return: whether there was one.
 */
bool paused_forget(const char *name);

/**
 * saved_make() - Make the directory for a sandbox that is going to be written down
 * @path: set; the caller frees it
 *
 * What is left of an attempt that failed is replaced. The directory is locked as long as the
 * descriptor is open; whoever else writes to it has to lock its state file, so that nobody takes
 * it for abandoned.
 *
 * Return: a descriptor of the directory, which the caller closes, or -1; EBUSY: somebody else
 * makes one of this name.
 */
int saved_make(enum saved kind, const char *name, char **path, struct error *err);

/**
 * saved_sync() - Make it durable that a directory is there, and what names it has
 * @dir: from saved_make()
 *
 * Return: 0 or -1 with @err.
 */
int saved_sync(enum saved kind, int dir, struct error *err);

/**
 * saved_lock() - Nobody else lets one of them go on
 *
 * Return: a descriptor, whose end is the lock's, or -1 with @err.
 */
int saved_lock(enum saved kind, struct error *err);

/**
 * saved_remove() - Remove a directory, and all that is in it
 * @path: from saved_path(), or what a resumed one has become
 *
 * Return: whether there was one.
 */
bool saved_remove(const char *path);

/**
 * saved_config() - How it was started
 *
 * Return: an object that the caller releases, or NULL with @err.
 */
json_t *saved_config(enum saved kind, const char *name, struct error *err);

/**
 * saved_root() - The directory of a kind, which there may not be yet
 *
 * Return: a string that the caller frees, or NULL.
 */
char *saved_root(enum saved kind, struct error *err);

/**
 * saved_sweep() - Remove directories whose names end in the number of a process that is no more
 * @hidden: only of names that begin with a dot
 */
void saved_sweep(const char *root, bool hidden);

#define SAVED_TEMPLATE "template" /* the file that makes a snapshot one */

/**
 * saved_template() - What a snapshot was built from
 *
 * Return: an object that the caller releases, or NULL when it is no template.
 */
json_t *saved_template(const char *name);

/**
 * saved_sweep_abandoned() - Remove what those have left who were killed while they wrote
 */
void saved_sweep_abandoned(enum saved kind);

/**
 * saved_list() - All of them
 *
 * Return: an array of their configs with "saved", the moment, and "directory", its name, that the
 * caller releases, or NULL.
 */
json_t *saved_list(enum saved kind, struct error *err);

#endif
