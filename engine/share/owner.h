/* SPDX-License-Identifier: GPL-2.0-only */
/* owner.h - whom files belong to in the guest; private to the file server */
#ifndef ENGINE_SHARE_OWNER_H
#define ENGINE_SHARE_OWNER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include "node.h"

#define OWNER_SPECIAL (S_ISUID | S_ISGID)
#define OWNER_XATTR_PREFIX "user.vitrine."

struct owner {
	uint32_t uid, gid;
	uint32_t special; /* of OWNER_SPECIAL */
};

/* Before anything else: who the user is, here and in the guest */
void owner_init(_Atomic uint32_t *uid, _Atomic uint32_t *gid);

/**
 * owner_of() - Whom a file belongs to
 * @node: held, with its descriptor
 * @st:   what node_stat() says
 */
struct owner owner_of(struct node *node, const struct statx *st);

/* Would owner_of() know without the descriptor? */
bool owner_remembered(struct node *node, const struct statx *st);

/**
 * owner_keep() - Have a file belong to somebody
 * @st: what node_stat() says
 *
 * Return: 0 or a negative errno; -EPERM when it cannot be kept.
 */
int owner_keep(struct node *node, const struct statx *st, const struct owner *owner);

/**
 * owner_born() - Whom a file that the guest makes is to belong to
 * @dir: where
 *
 * Return: whether that has to be kept.
 */
bool owner_born(const struct node *dir, uint32_t uid, uint32_t gid, bool is_dir,
		struct owner *owner);

/* Somebody has written to it: it runs as nobody else from now on */
void owner_written(struct node *node);

#endif
