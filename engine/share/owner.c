// SPDX-License-Identifier: GPL-2.0-only
/* owner.c - whom files belong to in the guest
 *
 * Theory of operation
 * On the host every file that the guest makes is the user's. In the guest the user's own files
 * belong to whom the main command runs as, so that programs find what they expect: git its owner,
 * root its own files. What others of the host have belongs to nobody.
 *
 * When the guest wants it otherwise, because its root unpacks an archive or a service has its own
 * user, that is kept in an extended attribute of the file, beside the set-user-id bits, which a
 * file of the host never gets: it would lend the user's identity to whoever can execute it. Links,
 * sockets and FIFOs can have no such attribute, and stay the user's.
 *
 * The attribute counts on the user's own files only. Somebody else who can write to the folder is
 * not to say what the guest takes for its root's program.
 *
 * A node remembers what was read, until the file's time of change says that it may be different.
 *
 * Host system calls: getxattr, setxattr, removexattr, fchmodat.
 */
#include "owner.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "vitrine/util.h"

#define XATTR OWNER_XATTR_PREFIX "owner"
#define NOBODY 65534
#define TEXT_MAX 40

static struct {
	uid_t uid;
	gid_t gid;
	_Atomic uint32_t *guest_uid, *guest_gid;
	pthread_mutex_t lock; /* of what nodes remember */
} user = { .lock = PTHREAD_MUTEX_INITIALIZER };

void owner_init(_Atomic uint32_t *uid, _Atomic uint32_t *gid)
{
	user.uid = geteuid();
	user.gid = getegid();
	user.guest_uid = uid;
	user.guest_gid = gid;
}

static struct owner usual(uint32_t uid, uint32_t gid)
{
	return (struct owner){
		.uid = uid == user.uid ? atomic_load(user.guest_uid) : NOBODY,
		.gid = gid == user.gid ? atomic_load(user.guest_gid) : NOBODY,
	};
}

static bool can_have_record(const struct node *node, const struct statx *st)
{
	return st->stx_uid == user.uid && (node->type == S_IFREG || node->type == S_IFDIR);
}

/* "UID:GID:BITS", exactly as we write it */
static bool parse(char *text, ssize_t len, struct owner *owner)
{
	char again[TEXT_MAX];

	if (len <= 0 || len >= TEXT_MAX)
		return false;
	text[len] = '\0';
	if (sscanf(text, "%u:%u:%o", &owner->uid, &owner->gid, &owner->special) != 3)
		return false;
	snprintf(again, sizeof(again), "%u:%u:%o", owner->uid, owner->gid, owner->special);
	return !strcmp(text, again) && !(owner->special & ~OWNER_SPECIAL) &&
	       owner->uid != UINT32_MAX && owner->gid != UINT32_MAX;
}

static bool same_time(const struct statx_timestamp *a, const struct statx_timestamp *b)
{
	return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

static bool remembered(struct node *node, const struct statx *st, struct node_owner *known)
{
	bool yes;

	pthread_mutex_lock(&user.lock);
	*known = node->owner;
	yes = known->known && same_time(&known->ctime, &st->stx_ctime);
	pthread_mutex_unlock(&user.lock);
	return yes;
}

bool owner_remembered(struct node *node, const struct statx *st)
{
	struct node_owner known;

	return !can_have_record(node, st) || remembered(node, st, &known);
}

struct owner owner_of(struct node *node, const struct statx *st)
{
	struct owner owner = usual(st->stx_uid, st->stx_gid);
	struct node_owner known;
	char text[TEXT_MAX];
	struct owner kept;

	if (!can_have_record(node, st))
		return owner;
	if (!remembered(node, st, &known)) {
		known = (struct node_owner){ .ctime = st->stx_ctime, .known = true };
		if (parse(text, getxattr(node_link(node).name, XATTR, text, sizeof(text) - 1),
			  &kept)) {
			known.kept = true;
			known.uid = kept.uid;
			known.gid = kept.gid;
			known.special = kept.special;
		}
		pthread_mutex_lock(&user.lock);
		node->owner = known;
		pthread_mutex_unlock(&user.lock);
	}
	return known.kept ? (struct owner){ known.uid, known.gid, known.special } : owner;
}

static void forget(struct node *node)
{
	pthread_mutex_lock(&user.lock);
	node->owner.known = false;
	pthread_mutex_unlock(&user.lock);
}

static bool same_owner(const struct owner *a, const struct owner *b)
{
	return a->uid == b->uid && a->gid == b->gid && a->special == b->special;
}

static int write_record(const char *link, const struct owner *owner, bool keep)
{
	char text[TEXT_MAX];
	int len = snprintf(text, sizeof(text), "%u:%u:%o", owner->uid, owner->gid, owner->special);

	if (keep)
		return setxattr(link, XATTR, text, len, 0) ? -errno : 0;
	return removexattr(link, XATTR) && errno != ENODATA ? -errno : 0;
}

int owner_keep(struct node *node, const struct statx *st, const struct owner *owner)
{
	const struct owner now = owner_of(node, st), without = usual(st->stx_uid, st->stx_gid);
	const struct node_link link = node_link(node);
	const bool keep = !same_owner(owner, &without);
	int ret;

	if (same_owner(owner, &now))
		return 0;
	if (node->type != S_IFREG && node->type != S_IFDIR)
		return st->stx_uid == user.uid ? 0 : -EPERM;
	if (!can_have_record(node, st))
		return -EPERM;
	ret = write_record(link.name, owner, keep);
	/* The host asks for the right to write, which who owns a file need not have */
	if (ret == -EACCES && !fchmodat(AT_FDCWD, link.name, (st->stx_mode & 01777) | 0200, 0)) {
		ret = write_record(link.name, owner, keep);
		if (fchmodat(AT_FDCWD, link.name, st->stx_mode & 01777, 0) && !ret)
			ret = -errno;
	}
	forget(node);
	return ret == -ENOTSUP || ret == -EACCES ? -EPERM : ret;
}

bool owner_born(const struct node *dir, uint32_t uid, uint32_t gid, bool is_dir,
		struct owner *owner)
{
	struct node_owner above;

	pthread_mutex_lock(&user.lock);
	above = dir->owner;
	pthread_mutex_unlock(&user.lock);
	*owner = (struct owner){ uid, gid, 0 };
	if (above.known && above.kept && above.special & S_ISGID) {
		owner->gid = above.gid;
		owner->special = is_dir ? S_ISGID : 0;
	}
	return owner->uid != atomic_load(user.guest_uid) ||
	       owner->gid != atomic_load(user.guest_gid) || owner->special;
}

void owner_written(struct node *node)
{
	struct node_owner known;
	struct owner owner;
	struct statx st;

	pthread_mutex_lock(&user.lock);
	known = node->owner;
	pthread_mutex_unlock(&user.lock);
	if ((known.known && !(known.kept && known.special)) || node_stat(node, &st))
		return;
	owner = owner_of(node, &st);
	if (!owner.special)
		return;
	owner.special &= ~(S_ISUID | (st.stx_mode & S_IXGRP ? S_ISGID : 0));
	owner_keep(node, &st, &owner);
}
