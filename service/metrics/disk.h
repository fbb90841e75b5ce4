/* SPDX-License-Identifier: GPL-2.0-only */
/* disk.h - how much of a sandbox's disk is used */
#ifndef SERVICE_METRICS_DISK_H
#define SERVICE_METRICS_DISK_H

#include "cli/common/client.h"

/**
 * disk_used() - Bytes that are used of the file system of "/"
 * @used: left alone when it cannot be known: the kernel was built without the observatory
 *
 * Return: 0, or -1 when the sandbox does not answer.
 */
int disk_used(struct client *client, uint64_t *used);

/** disk_used_of() - The same of what the kernel says of its mounts; -1 when it says nothing of it
 */
int64_t disk_used_of(const char *text, size_t len);

#endif
