// SPDX-License-Identifier: GPL-2.0-only
/* node_table.c - where nodes are found
 *
 * Theory of operation
 * By the number that the guest has: an index and, above it, how often the index was used before, so
 * that a number which the guest makes up, or has forgotten, is nobody's. By what makes a file. And
 * by parent and name, which is where it was seen last and no more than that.
 *
 * A node holds its parent, not its parent's descriptor.
 *
 * Host system calls: none.
 */
#include "node_table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/clock.h"
#include "vitrine/util.h"

#define NODES_MAX (1U << 22)

struct node_table nodes = { .lock = PTHREAD_MUTEX_INITIALIZER };

static size_t mix(uint64_t hash)
{
	hash *= 0x9e3779b97f4a7c15;
	return (hash >> 40) % NODE_BUCKETS;
}

static size_t file_bucket(uint64_t dev, uint64_t ino)
{
	return mix(ino + dev * 0x10001);
}

static size_t name_bucket(const struct node *parent, const char *name)
{
	uint64_t hash = (uintptr_t)parent;

	for (; *name; name++)
		hash = hash * 31 + (unsigned char)*name;
	return mix(hash);
}

uint64_t node_device(const struct statx *st)
{
	return (uint64_t)st->stx_dev_major << 32 | st->stx_dev_minor;
}

uint64_t node_birth(const struct statx *st)
{
	if (!(st->stx_mask & STATX_BTIME))
		return 0;
	return (uint64_t)st->stx_btime.tv_sec * NS_PER_SECOND + st->stx_btime.tv_nsec;
}

bool node_is(const struct node *node, const struct statx *st)
{
	return node->ino == st->stx_ino && node->dev == node_device(st) &&
	       node->type == (st->stx_mode & S_IFMT) && node->born == node_birth(st);
}

static void lru_remove(struct node *node)
{
	node->newer->older = node->older;
	node->older->newer = node->newer;
}

static void lru_add(struct node *node)
{
	node->older = nodes.lru.older;
	node->newer = &nodes.lru;
	node->older->newer = node;
	nodes.lru.older = node;
}

void node_displace(struct node *node)
{
	struct node **at;

	if (!node->name)
		return;
	at = &nodes.by_name[name_bucket(node->parent, node->name)];
	while (*at != node)
		at = &(*at)->next_name;
	*at = node->next_name;
	free(steal_ptr(node->name));
}

struct node *node_by_name(const struct node *parent, const char *name)
{
	struct node *node = nodes.by_name[name_bucket(parent, name)];

	while (node && (node->parent != parent || strcmp(node->name, name)))
		node = node->next_name;
	return node;
}

void node_place(struct node *node, struct node *parent, const char *name,
		struct node_closing *closing)
{
	struct node *before = node->parent;
	size_t bucket;

	if (node->name && before == parent && !strcmp(node->name, name))
		return;
	node_displace(node);
	parent->children++;
	node->parent = parent;
	node->name = strdup(name);
	if (node->name) {
		bucket = name_bucket(parent, name);
		node->next_name = nodes.by_name[bucket];
		nodes.by_name[bucket] = node;
	}
	if (before) {
		before->children--;
		node_release(before, closing);
	}
}

struct node *node_by_file(const struct statx *st, const struct folder *folder)
{
	struct node *node = nodes.by_file[file_bucket(node_device(st), st->stx_ino)];

	while (node && (node->folder != folder || !node_is(node, st)))
		node = node->next_file;
	return node;
}

static int grow(void)
{
	unsigned size = nodes.size ? nodes.size * 2 : 4096;
	struct node **by_id = reallocarray(nodes.by_id, size, sizeof(*by_id));
	uint32_t *uses, *spare;

	if (!by_id)
		return -ENOMEM;
	nodes.by_id = by_id;
	uses = reallocarray(nodes.uses, size, sizeof(*uses));
	if (!uses)
		return -ENOMEM;
	nodes.uses = uses;
	spare = reallocarray(nodes.spare, size, sizeof(*spare));
	if (!spare)
		return -ENOMEM;
	nodes.spare = spare;
	memset(by_id + nodes.size, 0, (size - nodes.size) * sizeof(*by_id));
	memset(uses + nodes.size, 0, (size - nodes.size) * sizeof(*uses));
	nodes.size = size;
	return 0;
}

/* Give a new node a number. Return: 0, -ENOMEM, or -ENFILE */
static int number(struct node *node)
{
	unsigned index;

	if (nodes.nspare) {
		index = nodes.spare[--nodes.nspare];
	} else {
		if (nodes.top == NODES_MAX)
			return -ENFILE;
		if (nodes.top == nodes.size && grow())
			return -ENOMEM;
		index = nodes.top++;
	}
	nodes.by_id[index] = node;
	node->id = (uint64_t)nodes.uses[index] << 32 | index;
	return 0;
}

static void unnumber(const struct node *node)
{
	const uint32_t index = (uint32_t)node->id;

	nodes.by_id[index] = NULL;
	/* What the guest calls the root (1) must never be another's number */
	if (++nodes.uses[index])
		nodes.spare[nodes.nspare++] = index;
}

void node_release(struct node *node, struct node_closing *closing)
{
	while (node && !node->lookups && !node->users && !node->children && !node->handles &&
	       node != &nodes.root && closing->count < NODE_CLOSING) {
		struct node *parent = node->parent, **at;

		node_displace(node);
		at = &nodes.by_file[file_bucket(node->dev, node->ino)];
		while (*at != node)
			at = &(*at)->next_file;
		*at = node->next_file;
		lru_remove(node);
		unnumber(node);
		if (node->fd >= 0) {
			closing->fds[closing->count++] = node->fd;
			nodes.pinned--;
		}
		free(node);
		if (parent)
			parent->children--;
		node = parent;
	}
}

/* With the lock held. Return: 0, or a negative errno and nothing has happened */
int node_enter(struct node *node)
{
	const size_t bucket = file_bucket(node->dev, node->ino);
	int ret = number(node);

	if (ret)
		return ret;
	node->next_file = nodes.by_file[bucket];
	nodes.by_file[bucket] = node;
	lru_add(node);
	if (node->fd >= 0)
		nodes.pinned++;
	return 0;
}

void node_touch(struct node *node)
{
	lru_remove(node);
	lru_add(node);
}

int node_table_init(void)
{
	nodes.lru.newer = nodes.lru.older = &nodes.lru;
	if (grow())
		return -ENOMEM;
	nodes.top = NODE_ROOT; /* the first number is that of the root */
	lru_add(&nodes.root);
	return number(&nodes.root);
}
