/* SPDX-License-Identifier: GPL-2.0-only */
/* rundir.h - the directory in which running sandboxes are found by name */
#ifndef ENGINE_CONTROL_RUNDIR_H
#define ENGINE_CONTROL_RUNDIR_H

#include <stdbool.h>
#include <stddef.h>
#include "vitrine/error.h"

#define RUNDIR_NAME_MAX 64
#define RUNDIR_SUFFIX ".sock"
#define RUNDIR_CONFIG ".config" /* how it was started: config.h */

/**
 * rundir_open() - Open the run directory, making it when it is missing
 * @err: filled on failure
 *
 * $XDG_RUNTIME_DIR/vitrine, or /tmp/vitrine-UID/vitrine without that variable. It has to be ours
 * alone: anybody who could write there could answer in the name of a sandbox.
 *
 * Return: a descriptor that the caller closes, or -1.
 */
int rundir_open(struct error *err);

/**
 * rundir_name_valid() - May a sandbox have this name?
 */
bool rundir_name_valid(const char *name);

/**
 * rundir_listen() - Claim a name
 * @dir:  from rundir_open()
 * @name: of the sandbox
 * @err:  filled on failure, also when a sandbox of that name runs
 *
 * A socket that nobody serves any more is replaced.
 *
 * Return: a listening socket (SOCK_SEQPACKET) that the caller closes, or -1.
 */
int rundir_listen(int dir, const char *name, struct error *err);

/**
 * rundir_connect() - Connect to a running sandbox
 * @dir:  from rundir_open()
 * @name: of the sandbox
 * @err:  filled on failure
 *
 * The socket of a sandbox that has died is removed.
 *
 * Return: a connected socket that the caller closes, or -1.
 */
int rundir_connect(int dir, const char *name, struct error *err);

/**
 * rundir_find() - Connect to a running sandbox by what a person calls it
 * @word: its name, or the host process id of its supervisor
 * @name: RUNDIR_NAME_MAX + 1 bytes, set to its name
 * @err:  filled on failure
 *
 * A name that consists of digits comes before a process id. Root finds the sandboxes of other
 * users by process id.
 *
 * Return: a connected socket that the caller closes, or -1.
 */
int rundir_find(const char *word, char *name, struct error *err);

/**
 * rundir_remove() - Take a name back
 */
void rundir_remove(int dir, const char *name);

#endif
