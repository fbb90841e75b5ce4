/* SPDX-License-Identifier: GPL-2.0-only */
/* caller.h - who asks, and what he may */
#ifndef SERVICE_CALLER_H
#define SERVICE_CALLER_H

#include <stdint.h>

enum scope { SCOPE_READ = 1, SCOPE_EXEC = 2, SCOPE_ADMIN = 4 };

/**
 * struct caller - who asks, as the key says
 * @key:   its name in the store
 * @owner: whose sandboxes it is about
 * @max_sandboxes, @max_vcpus, @max_memory_mb, @max_disk_mb: at a time, 0 for no limit
 * @max_requests: in a second
 */
struct caller {
	char key[32], owner[64];
	unsigned scopes;
	int64_t max_sandboxes, max_vcpus, max_memory_mb, max_disk_mb, max_requests;
};

#endif
