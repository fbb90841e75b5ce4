// SPDX-License-Identifier: GPL-2.0-only
/* node.c - files that the guest's kernel knows
 *
 * Theory of operation
 * A file is known by device, number and time of birth. A node normally has an O_PATH descriptor,
 * which keeps its file from being anything else; so a number that a host's file system gives to
 * another file is another node. Descriptors are bounded: beyond the budget the one that was used
 * the longest ago is closed, and opened again when it is wanted, by parent and name. What is found
 * there must be the same file, or the node is stale, which makes the guest's kernel look anew.
 *
 * Every step is one name below an open directory, with openat2() where something is opened. No step
 * follows a link or goes up. Names are checked by whoever has them from the guest (message.c).
 *
 * A number is an index and, above it, how often the index was used before. The guest may make up
 * numbers and forget what it was never told: it then has no node, or loses its own.
 *
 * One lock guards all tables and counts; no system call is made under it. A node that is used has a
 * descriptor, which nobody takes away meanwhile.
 *
 * Host system calls: openat2, statx, close; futex.
 */
#include "node_table.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "foreign.h"
#include "lib/clock.h"
#include "owner.h"
#include "vitrine/util.h"

#define CHAIN_MAX 100	 /* ancestors that are opened again for one node */
#define EVICT_LOOKS 256U /* at nodes that may not lose their descriptor */

#define STAT_MASK (STATX_BASIC_STATS | STATX_BTIME)

/* ---- descriptors ---- */

static void close_all(const struct node_closing *closing)
{
	for (unsigned i = 0; i < closing->count; i++)
		close(closing->fds[i]);
}

struct node_link node_link(const struct node *node)
{
	struct node_link link;

	snprintf(link.name, sizeof(link.name), "%d", node->fd);
	return link;
}

static int open_path(int dir, const char *name)
{
	struct open_how how = { .flags = O_PATH | O_NOFOLLOW | O_CLOEXEC,
				.resolve =
				    RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS };
	int fd = syscall(SYS_openat2, dir, name, &how, sizeof(how));

	return fd < 0 ? -errno : fd;
}

static int stat_at(int dir, const char *name, struct statx *st)
{
	const int flags = AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | (*name ? 0 : AT_EMPTY_PATH);

	return statx(dir, name, flags, STAT_MASK, st) ? -errno : 0;
}

int node_stat(struct node *node, struct statx *st)
{
	return stat_at(node->fd, "", st);
}

/* Take the descriptor of who has not been used for long. Return: it, or -1. With the lock held */
static int evict(void)
{
	struct node *node = nodes.lru.newer;

	for (unsigned looks = 0; node != &nodes.lru && looks < EVICT_LOOKS; looks++) {
		struct node *next = node->newer;

		if (node->fd >= 0 && !node->users && !node->handles && node->name) {
			nodes.pinned--;
			return steal_fd(node->fd);
		}
		/* It will not be asked again so soon */
		node_touch(node);
		node = next;
	}
	return -1;
}

int nodes_make_room(void)
{
	int fd = -1, ret = 0;

	pthread_mutex_lock(&nodes.lock);
	if (nodes.pinned >= nodes.budget) {
		fd = evict();
		ret = fd < 0 ? -ENFILE : 0;
	}
	pthread_mutex_unlock(&nodes.lock);
	if (fd >= 0)
		close(fd);
	return ret;
}

static int pin(struct node *node, unsigned depth);

/* Hold its parent and copy its name; what is there now, if it is the same file */
static int reopen(struct node *node, unsigned depth)
{
	cleanup_free char *name = NULL;
	struct node *parent = NULL;
	struct statx st;
	int fd, ret;

	pthread_mutex_lock(&nodes.lock);
	if (node->name)
		name = strdup(node->name);
	if (name) {
		parent = node->parent;
		parent->users++;
	}
	pthread_mutex_unlock(&nodes.lock);
	if (!name || depth == CHAIN_MAX) {
		ret = -ESTALE;
		goto out;
	}
	ret = pin(parent, depth + 1);
	if (!ret)
		ret = nodes_make_room();
	if (ret)
		goto out;
	ret = fd = open_path(parent->fd, name);
	if (fd < 0) {
		ret = ret == -ENOENT || ret == -ENOTDIR || ret == -ELOOP ? -ESTALE : ret;
		goto out;
	}
	ret = stat_at(fd, "", &st);
	if (!ret && !node_is(node, &st))
		ret = -ESTALE;
	if (!ret) {
		pthread_mutex_lock(&nodes.lock);
		if (node->fd < 0) {
			node->fd = steal_fd(fd);
			nodes.pinned++;
		}
		pthread_mutex_unlock(&nodes.lock);
	}
	if (fd >= 0)
		close(fd);
out:
	if (parent)
		node_put(parent);
	return ret;
}

/* The caller uses the node, so what it finds stays */
static int pin(struct node *node, unsigned depth)
{
	return __atomic_load_n(&node->fd, __ATOMIC_ACQUIRE) >= 0 || node == &nodes.root
		   ? 0
		   : reopen(node, depth);
}

/* ---- what requests do ---- */

int node_get(uint64_t id, struct node **node)
{
	const uint32_t index = (uint32_t)id;
	struct node *found = NULL;
	int ret;

	pthread_mutex_lock(&nodes.lock);
	if (index < nodes.top)
		found = nodes.by_id[index];
	if (found && found->id != id)
		found = NULL;
	if (found) {
		found->users++;
		node_touch(found);
	}
	pthread_mutex_unlock(&nodes.lock);
	if (!found)
		return -ESTALE;
	ret = pin(found, 0);
	if (ret)
		node_put(found);
	else
		*node = found;
	return ret;
}

void node_put(struct node *node)
{
	struct node_closing closing = { .count = 0 };

	pthread_mutex_lock(&nodes.lock);
	node->users--;
	node_release(node, &closing);
	pthread_mutex_unlock(&nodes.lock);
	close_all(&closing);
}

static void drop(struct node *node, uint64_t lookups)
{
	struct node_closing closing = { .count = 0 };

	node->lookups -= lookups < node->lookups ? lookups : node->lookups;
	node_release(node, &closing);
	pthread_mutex_unlock(&nodes.lock);
	close_all(&closing);
}

void node_forget(uint64_t id, uint64_t lookups)
{
	const uint32_t index = (uint32_t)id;

	pthread_mutex_lock(&nodes.lock);
	if (index < nodes.top && nodes.by_id[index] && nodes.by_id[index]->id == id &&
	    nodes.by_id[index] != &nodes.root)
		drop(nodes.by_id[index], lookups); /* unlocks */
	else
		pthread_mutex_unlock(&nodes.lock);
}

void node_tell(struct node *node)
{
	pthread_mutex_lock(&nodes.lock);
	node->lookups++;
	pthread_mutex_unlock(&nodes.lock);
}

void node_untell(struct node *node)
{
	pthread_mutex_lock(&nodes.lock);
	drop(node, 1);
}

/* A file that is known already is used and told once more */
static bool tell_known(struct node *parent, const char *name, const struct statx *st,
		       struct node **node)
{
	struct node_closing closing = { .count = 0 };
	struct node *known;

	pthread_mutex_lock(&nodes.lock);
	known = node_by_file(st, parent->folder);
	if (known) {
		known->users++;
		known->lookups++;
		if (name && known->parent) /* a folder itself has no other place */
			node_place(known, parent, name, &closing);
		node_touch(known);
	}
	pthread_mutex_unlock(&nodes.lock);
	close_all(&closing);
	*node = known;
	return known;
}

/* A node for a file; @fd is taken over, or -1 */
static struct node *node_new(const struct statx *st, const struct folder *folder, int fd)
{
	struct node *node = calloc(1, sizeof(*node));

	if (!node)
		return NULL;
	node->fd = fd;
	node->folder = folder;
	node->type = st->stx_mode & S_IFMT;
	node->dev = node_device(st);
	node->ino = st->stx_ino;
	node->born = node_birth(st);
	return node;
}

int node_adopt(struct node *parent, const char *name, int fd, struct node **node, struct statx *st)
{
	struct node_closing closing = { .count = 0 };
	int ret = stat_at(fd, "", st);
	struct node *new;

	if (!ret && parent->dev != node_device(st))
		ret = foreign_check(fd, node_device(st));
	if (ret || tell_known(parent, name, st, node)) {
		close(fd);
		return ret;
	}
	new = node_new(st, parent->folder, fd);
	if (!new) {
		close(fd);
		return -ENOMEM;
	}
	/* Asked when it is held: so it was inside of the folder at a moment when it was ours */
	new->parent = parent;
	ret = folder_inside(new, true);
	new->parent = NULL;
	pthread_mutex_lock(&nodes.lock);
	ret = ret ?: node_enter(new);
	if (!ret) {
		new->users = new->lookups = 1;
		if (name) {
			node_place(new, parent, name, &closing);
		} else {
			new->parent = parent;
			parent->children++;
		}
	}
	pthread_mutex_unlock(&nodes.lock);
	close_all(&closing);
	if (ret) {
		close(fd);
		free(new);
		return ret;
	}
	*node = new;
	return 0;
}

static bool known_name(const struct node *parent, const char *name)
{
	bool known;

	pthread_mutex_lock(&nodes.lock);
	known = node_by_name(parent, name);
	pthread_mutex_unlock(&nodes.lock);
	return known;
}

int node_find(struct node *parent, const char *name, struct node **node, struct statx *st)
{
	int fd, ret;

	/* What was known by this name mostly still is: then one call is enough */
	if (known_name(parent, name)) {
		ret = stat_at(parent->fd, name, st);
		if (ret)
			return ret;
		if (tell_known(parent, name, st, node))
			return 0;
	}
	ret = nodes_make_room();
	if (ret)
		return ret;
	fd = open_path(parent->fd, name);
	if (fd < 0)
		return fd;
	return node_adopt(parent, name, fd, node, st);
}

int node_still(struct node *parent, uint64_t id, struct node **node, struct statx *st)
{
	const uint32_t index = (uint32_t)id;
	char name[NAME_MAX + 1];
	struct node *found = NULL;
	int ret;

	pthread_mutex_lock(&nodes.lock);
	if (index < nodes.top)
		found = nodes.by_id[index];
	if (found && found->id == id && found->parent == parent && found->name) {
		snprintf(name, sizeof(name), "%s", found->name);
		found->users++;
	} else {
		found = NULL;
	}
	pthread_mutex_unlock(&nodes.lock);
	if (!found)
		return -ESTALE;
	ret = stat_at(parent->fd, name, st);
	if (!ret && !node_is(found, st))
		ret = -ESTALE;
	/* What is not said by the host's attributes takes a descriptor */
	if (!ret && !owner_remembered(found, st))
		ret = pin(found, 0);
	if (ret)
		node_put(found);
	else
		*node = found;
	return ret;
}

void node_moved(struct node *from, const char *old_name, struct node *to, const char *new_name)
{
	struct node_closing closing = { .count = 0 };
	struct node *node, *over;

	pthread_mutex_lock(&nodes.lock);
	node = node_by_name(from, old_name);
	over = node_by_name(to, new_name);
	if (over && over != node)
		node_displace(over); /* or at its old name, which the guest will look for */
	if (node)
		node_place(node, to, new_name, &closing);
	pthread_mutex_unlock(&nodes.lock);
	close_all(&closing);
}

void node_let_go(struct node *parent, const char *name, uint64_t id)
{
	struct node *node;
	int fd = -1;

	pthread_mutex_lock(&nodes.lock);
	node = node_by_name(parent, name);
	if (node && node->id == id && node->fd >= 0 && !node->users && !node->handles) {
		fd = steal_fd(node->fd);
		nodes.pinned--;
	}
	pthread_mutex_unlock(&nodes.lock);
	if (fd >= 0)
		close(fd);
}

void node_unlinked(struct node *parent, const char *name)
{
	struct node *node;

	pthread_mutex_lock(&nodes.lock);
	node = node_by_name(parent, name);
	if (node)
		node_displace(node);
	pthread_mutex_unlock(&nodes.lock);
}

void node_opened(struct node *node)
{
	pthread_mutex_lock(&nodes.lock);
	node->handles++;
	pthread_mutex_unlock(&nodes.lock);
}

void node_closed(struct node *node)
{
	struct node_closing closing = { .count = 0 };

	pthread_mutex_lock(&nodes.lock);
	node->handles--;
	node_release(node, &closing);
	pthread_mutex_unlock(&nodes.lock);
	close_all(&closing);
}

/* ---- beginning ---- */

static int add_folder(unsigned i)
{
	struct statx st;
	struct node *node;
	int ret = stat_at(folders.folder[i].fd, "", &st);

	if (!ret)
		ret = foreign_check(folders.folder[i].fd, node_device(&st));

	if (ret)
		return ret;
	node = node_new(&st, &folders.folder[i], folders.folder[i].fd);
	if (!node)
		return -ENOMEM;
	node->users = 1; /* for ever */
	node->name = NULL;
	nodes.roots[i] = node;
	return node_enter(node);
}

struct node *node_folder(unsigned i)
{
	return i < folders.count ? nodes.roots[i] : NULL;
}

int nodes_init(unsigned budget)
{
	int ret;

	nodes.budget = budget;
	nodes.root = (struct node){ .fd = -1, .type = S_IFDIR, .users = 1 };
	ret = node_table_init();
	for (unsigned i = 0; i < folders.count && !ret; i++)
		ret = add_folder(i);
	return ret;
}

void nodes_forget_all(void)
{
	for (unsigned i = NODE_ROOT + 1; i < nodes.top; i++) {
		struct node *node;

		pthread_mutex_lock(&nodes.lock);
		node = i < nodes.top ? nodes.by_id[i] : NULL;
		if (node)
			drop(node, UINT64_MAX); /* unlocks */
		else
			pthread_mutex_unlock(&nodes.lock);
	}
}
