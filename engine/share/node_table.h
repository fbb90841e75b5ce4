/* SPDX-License-Identifier: GPL-2.0-only */
/* node_table.h - where nodes are found; private to node.c
 *
 * All of it with the lock held.
 */
#ifndef ENGINE_SHARE_NODE_TABLE_H
#define ENGINE_SHARE_NODE_TABLE_H

#include <pthread.h>
#include "node.h"

#define NODE_BUCKETS 65536
#define NODE_CLOSING 16 /* descriptors that one call may leave to be closed */

/**
 * struct node_table - all nodes
 * @by_id: by index; @uses: how often each index was one's; @spare: indexes that are free
 * @lru:   a ring, in which what is newer than it was used the longest ago
 * @roots: the folders
 * @pinned, @budget: descriptors
 */
struct node_table {
	pthread_mutex_t lock;
	struct node **by_id;
	uint32_t *uses; /* of each index */
	uint32_t *spare;
	unsigned size, nspare, top;
	struct node *by_file[NODE_BUCKETS], *by_name[NODE_BUCKETS];
	struct node lru; /* a ring: newer is what was used last */
	struct node root;
	struct node *roots[SANDBOX_SHARES_MAX];
	unsigned pinned, budget;
};

extern struct node_table nodes;

/* Descriptors that are to be closed when the lock has been let go */
struct node_closing {
	int fds[NODE_CLOSING];
	unsigned count;
};

/* What makes a file */
uint64_t node_device(const struct statx *st);
uint64_t node_birth(const struct statx *st);
bool node_is(const struct node *node, const struct statx *st);

/* It is used now */
void node_touch(struct node *node);

/* By parent and name, by file; NULL when it is not known */
struct node *node_by_name(const struct node *parent, const char *name);
struct node *node_by_file(const struct statx *st, const struct folder *folder);

/* It is seen at this place. Without memory it has none, and cannot be opened again */
void node_place(struct node *node, struct node *parent, const char *name,
		struct node_closing *closing);

/* It has no name any more */
void node_displace(struct node *node);

/* A new node is known from now on. Return: 0, or -ENOMEM or -ENFILE and nothing has happened */
int node_enter(struct node *node);

/* Begin, with nothing but the root. Return: 0 or -ENOMEM */
int node_table_init(void);

/* It goes when nothing holds it, and so do its parents */
void node_release(struct node *node, struct node_closing *closing);

#endif
