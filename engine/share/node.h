/* SPDX-License-Identifier: GPL-2.0-only */
/* node.h - files that the guest's kernel knows; private to the file server
 *
 * The guest's kernel names a file by a number that we gave it with an answer to a look-up, and lets
 * go of it with "forget". A node is what stands behind such a number.
 */
#ifndef ENGINE_SHARE_NODE_H
#define ENGINE_SHARE_NODE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include "folder.h"

/**
 * struct node_owner - whom a file belongs to in the guest, as far as it is kept (owner.c)
 * @ctime: of the file when it was read; any other time, and it has to be read again
 * @kept:  there is a record
 */
struct node_owner {
	struct statx_timestamp ctime;
	bool known, kept;
	uint32_t uid, gid, special;
};

/**
 * struct node - one file
 * @id:       what the guest calls it
 * @lookups:  how often the guest was told of it, and has not forgotten it
 * @fd:       O_PATH descriptor, or -1: it is opened again when it is used; see node.c
 * @users:    requests that use it; its descriptor stays while there are any
 * @handles:  open files; its descriptor stays then, too
 * @children: nodes whose parent it is
 * @parent, @name: where it was seen last; no name: it cannot be opened again
 * @dev, @ino, @born: what makes it the same file
 * @seen:     as it was when its contents were given to the guest last, by time of change
 * @inside_until: monotonic nanoseconds: until then it counts as inside of the folder
 */
struct node {
	uint64_t id, lookups;
	int fd;
	unsigned users, handles, children;
	uint16_t type; /* S_IFMT */
	const struct folder *folder;
	struct node *parent;
	char *name;
	uint64_t dev, ino, born;
	struct node_owner owner;
	struct statx_timestamp seen;
	_Atomic uint64_t inside_until;
	struct node *next_file, *next_name;
	struct node *newer, *older;
};

#define NODE_ROOT 1 /* above all folders */

/**
 * nodes_init() - Begin, with nothing but the root and the folders
 * @budget: descriptors to be kept at most
 *
 * Return: 0 or -ENOMEM.
 */
int nodes_init(unsigned budget);

/* The node of folder @i, which stays; NULL when there is none */
struct node *node_folder(unsigned i);

/* The guest is told of a node that the caller has */
void node_tell(struct node *node);

/* Room for the descriptor of one more. Return: 0 or -ENFILE */
int nodes_make_room(void);

/* The guest starts anew: forget everything that it knew */
void nodes_forget_all(void);

/**
 * node_get() - What the guest means by a number
 * @id:   from the guest
 * @node: filled on success; to be given back with node_put()
 *
 * Its descriptor is open until then. Return: 0, or -ESTALE, -ENFILE and what opening it may say.
 */
int node_get(uint64_t id, struct node **node);
void node_put(struct node *node);

/**
 * node_find() - Look for a name in a folder
 * @parent: held by the caller
 * @name:   one component, checked
 * @node:   filled on success; held, and told to the guest once more
 * @st:     what it is
 *
 * Return: 0 or a negative errno.
 */
int node_find(struct node *parent, const char *name, struct node **node, struct statx *st);

/**
 * node_still() - Is a file still where it was?
 * @parent: held by the caller
 * @node:   filled on success; held, and with no descriptor unless message_attr() needs one
 * @st:     what it is
 *
 * Return: 0 or a negative errno.
 */
int node_still(struct node *parent, uint64_t id, struct node **node, struct statx *st);

/**
 * node_adopt() - The node of a file that was opened, and may have no name
 * @fd: O_PATH descriptor; taken over
 */
int node_adopt(struct node *parent, const char *name, int fd, struct node **node, struct statx *st);

/* The guest has forgotten it as often */
void node_forget(uint64_t id, uint64_t lookups);

/* The guest was not told of it after all */
void node_untell(struct node *node);

/* Names have changed by a request */
void node_moved(struct node *from, const char *old_name, struct node *to, const char *new_name);
void node_unlinked(struct node *parent, const char *name);

/* The descriptor of what has this name and number is closed, if nothing needs it */
void node_let_go(struct node *parent, const char *name, uint64_t id);

/* An open file begins and ends */
void node_opened(struct node *node);
void node_closed(struct node *node);

/* statx() with what we want to know */
int node_stat(struct node *node, struct statx *st);

/* The name of its descriptor, in the directory that the server works in (/proc/self/fd) */
struct node_link {
	char name[12];
};
struct node_link node_link(const struct node *node);

#endif
