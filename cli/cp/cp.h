/* SPDX-License-Identifier: GPL-2.0-only */
/* cp.h - the two directions of vitrine cp */
#ifndef CLI_CP_CP_H
#define CLI_CP_CP_H

#include "cli/common/client.h"

/**
 * cp_out() - Copy a file or directory from a sandbox
 * @source: absolute path in the guest
 * @target: host path; an existing directory gets the copy inside
 * @err:    the first failure; the rest is copied all the same
 *
 * Return: 0 or -1.
 */
int cp_out(struct client *client, const char *source, const char *target, struct error *err);

/**
 * cp_in() - Copy a file or directory into a sandbox
 * @source: host path
 * @target: absolute path in the guest; an existing directory gets the copy inside
 */
int cp_in(struct client *client, const char *source, const char *target, struct error *err);

#endif
