/* SPDX-License-Identifier: GPL-2.0-only */
/* kept.h - what stays of a detached sandbox when it has ended
 *
 * Nobody waits for a sandbox that was started with --detach. Its exit status and the last of what
 * it wrote stay in the run directory, until `vitrine rm` or the next sandbox of that name.
 */
#ifndef CLI_COMMON_KEPT_H
#define CLI_COMMON_KEPT_H

#include <stdbool.h>
#include <stddef.h>
#include <jansson.h>
#include "engine/sandbox.h"

/**
 * struct kept - the files of a sandbox that starts
 * @record, @log: descriptors, which the supervisor inherits: it may open none later
 * @name:         of the sandbox
 */
struct kept {
	int record, log;
	const char *name;
};

/**
 * kept_begin() - Make the files, under names that nobody finds yet
 * @config: of the sandbox; outlives @kept
 *
 * Return: 0 or -1.
 */
int kept_begin(struct kept *kept, const struct sandbox_config *config, struct error *err);

/**
 * kept_publish() - The sandbox has its name: the files get it, too
 * @keep: false to forget them instead, and those of an earlier sandbox of that name
 */
void kept_publish(const struct kept *kept, bool keep);

/**
 * kept_discard() - There is no such sandbox: the files go
 */
void kept_discard(const struct kept *kept);

/**
 * kept_end() - In the supervisor: the sandbox has ended
 * @status: exit status
 */
void kept_end(const struct kept *kept, int status);

/**
 * kept_read() - What is known of a sandbox that has ended
 *
 * Return: an object (name, image, command, pid, started and, unless it was killed from outside,
 * status and ended) that the caller releases, or NULL.
 */
json_t *kept_read(const char *name);

/**
 * kept_list() - The same for all of them, those of running ones included
 *
 * Return: an array that the caller releases, or NULL with @err filled.
 */
json_t *kept_list(struct error *err);

/**
 * kept_log() - The last of what it wrote
 * @len: set to its length
 *
 * Return: text that the caller frees, or NULL.
 */
char *kept_log(const char *name, size_t *len);

/**
 * kept_remove() - Forget it
 *
 * Return: whether there was something.
 */
bool kept_remove(const char *name);

#endif
