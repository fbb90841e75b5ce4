/* SPDX-License-Identifier: GPL-2.0-only */
/* detach.h - vitrine run --detach */
#ifndef CLI_RUN_DETACH_H
#define CLI_RUN_DETACH_H

#include <stdbool.h>
#include <sys/types.h>
#include "engine/sandbox.h"

/**
 * struct detached - a sandbox in the background
 * @remove: keep nothing when it has ended
 * @beside: called in the process that the sandbox is going to be, or NULL
 * @quiet:  its name is not printed
 * @says:   it says something when it runs (the address of --web)
 * @layers: descriptors of its memory, config->layers of them
 * @pid:    set: its process
 */
struct detached {
	const struct sandbox_config *config;
	bool remove, quiet, says;
	void (*beside)(const struct sandbox_config *config);
	const int *layers;
	pid_t pid;
};

/**
 * run_detached() - Start a sandbox in the background and print its name
 *
 * Return: 0, the status of a sandbox whose command could not be started, which has been said, or -1
 * with @err filled.
 */
int run_detached(struct detached *detached, struct error *err);

#endif
