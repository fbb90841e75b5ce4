/* SPDX-License-Identifier: GPL-2.0-only */
/* handle.h - files and directories that the guest has open; private to the file server */
#ifndef ENGINE_SHARE_HANDLE_H
#define ENGINE_SHARE_HANDLE_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include "node.h"

#define LISTING_SIZE (32 * 1024)

/**
 * struct listing - how far a directory has been read
 * @next:  what the guest has to ask for when it reads on
 * @at, @len: of @buffer, what has not been told yet
 */
struct listing {
	pthread_mutex_t lock;
	uint64_t next;
	unsigned at, len;
	char buffer[LISTING_SIZE];
};

/**
 * struct handle - one open file
 * @flags:   as it was opened by the guest
 * @listing: of a directory; NULL for a file
 */
struct handle {
	uint64_t id;
	int fd;
	unsigned users;
	bool closing;
	uint32_t flags;
	struct node *node;
	struct listing *listing;
};

/* @budget: open files at most */
int handles_init(unsigned budget);

/**
 * handle_new() - The guest opens a file
 * @fd: taken over; -1 for the root above the folders
 *
 * Return: 0 with @id filled, or a negative errno.
 */
int handle_new(struct node *node, int fd, uint32_t flags, bool directory, uint64_t *id);

/* Is there no room for another one? */
bool handles_full(void);

/**
 * handle_get() - What the guest means
 * @directory: which kind it has to be
 *
 * Return: it, to be given back with handle_put(), or NULL.
 */
struct handle *handle_get(uint64_t id, bool directory);
void handle_put(struct handle *handle);

/* The guest closes it; it goes when its last user has */
int handle_close(uint64_t id, bool directory);

void handles_close_all(void);

#endif
