/* SPDX-License-Identifier: GPL-2.0-only */
/* detach.h - vitrine run --detach */
#ifndef CLI_RUN_DETACH_H
#define CLI_RUN_DETACH_H

#include "options.h"

/**
 * run_detached() - Start a sandbox in the background and print its name
 *
 * Return: 0, the status of a sandbox whose command could not be started, which has been said, or -1
 * with @err filled.
 */
int run_detached(const struct run_options *options, struct error *err);

#endif
