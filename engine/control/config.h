/* SPDX-License-Identifier: GPL-2.0-only */
/* config.h - how a sandbox was started, as a file
 *
 * Written before the supervisor confines itself, into the run directory, and copied from there by
 * whoever pauses the sandbox. Which files of the host a resumed sandbox has is read from here
 * alone, so no supervisor that has run a guest can write to it.
 */
#ifndef ENGINE_CONTROL_CONFIG_H
#define ENGINE_CONTROL_CONFIG_H

#include <jansson.h>
#include "engine/sandbox.h"
#include "vitrine/error.h"

/**
 * struct stored_config - a config that was read
 * @config: its strings belong to @json
 */
struct stored_config {
	struct sandbox_config config;
	json_t *json;
	char **lists[SANDBOX_DISKS_MAX + 7];
	unsigned nlists;
};

/**
 * config_open() - The file NAME.config, beside the socket of a sandbox
 * @dir:   from rundir_open()
 * @name:  valid, and of a sandbox that runs, or that is ours
 * @flags: for open(2)
 *
 * Return: a descriptor that the caller closes, or -1 with errno.
 */
int config_open(int dir, const char *name, int flags);

/**
 * config_pack() - What has to be known to go on
 *
 * Return: an object, or NULL when it cannot be told as text, or there is no memory.
 */
json_t *config_pack(const struct sandbox_config *config);

/**
 * config_parse() - The reverse
 * @json:   consumed, also on failure
 * @stored: filled; config_release() in any case
 *
 * Return: 0 or -1 with @err.
 */
int config_parse(json_t *json, struct stored_config *stored, struct error *err);

void config_release(struct stored_config *stored);

#endif
