/* SPDX-License-Identifier: GPL-2.0-only */
/* folder.h - a folder, or a file, that is shared; private to the file server */
#ifndef ENGINE_SHARE_FOLDER_H
#define ENGINE_SHARE_FOLDER_H

#include <limits.h>
#include <stdbool.h>
#include "engine/sandbox.h"

struct node;

/**
 * struct folder - what is shared
 * @fd:        O_PATH
 * @single:    a regular file and nothing else
 * @remote:    a file system that says only when a file is closed whether it is full
 * @path:      where it was when the server started
 */
struct folder {
	int fd;
	bool read_only, single, remote;
	char path[PATH_MAX];
};

struct folders {
	unsigned count;
	struct folder folder[SANDBOX_SHARES_MAX];
};

/* Those of this server */
extern struct folders folders;

/**
 * folder_inside() - Is a node still below its folder?
 * @node:    held
 * @exactly: now; otherwise it may have been a moment ago
 *
 * A directory that somebody moves out of the folder takes along the descriptors that we have of it.
 *
 * Return: 0, or -ESTALE.
 */
int folder_inside(struct node *node, bool exactly);

#endif
