// SPDX-License-Identifier: GPL-2.0-only
/* attributes.c - whose a guest file is, and its extended attributes, for the supervisor
 *
 * As files.c: each is an errand, by root, in the root of pid 1. A symbolic link at the end of a
 * path is not followed. Attributes are those of users ("user."): the others are the file system's
 * and the kernel's own business.
 */
#include <linux/fs.h>
#include <linux/mount.h>
#include <linux/namei.h>
#include <linux/slab.h>
#include <linux/xattr.h>
#include "../../../fs/internal.h"
#include "job.h"

#define NAMES_MAX (16 * 1024)
#define REPLY_MAX (64 * 1024)

long vt_chown_errand(struct vt_errand *errand)
{
	const struct vt_chown *ask = vt_request_head(&errand->req, sizeof(*ask));
	const char *name = ask ? vt_errand_path(errand, sizeof(*ask)) : NULL;
	struct path path;
	long ret;

	if (!name)
		return -EINVAL;
	ret = kern_path(name, 0, &path);
	if (ret)
		return ret;
	ret = mnt_want_write(path.mnt);
	if (!ret) {
		ret = chown_common(&path, ask->uid, ask->gid);
		mnt_drop_write(path.mnt);
	}
	path_put(&path);
	return ret;
}

static bool of_users(const char *name)
{
	return strncmp(name, XATTR_USER_PREFIX, XATTR_USER_PREFIX_LEN) == 0 &&
	       name[XATTR_USER_PREFIX_LEN];
}

static long attribute_put(const struct path *path, const char *name, const void *value, size_t len)
{
	struct mnt_idmap *idmap = mnt_idmap(path->mnt);
	long ret = mnt_want_write(path->mnt);

	if (ret)
		return ret;
	if (len)
		ret = vfs_setxattr(idmap, path->dentry, name, value, len, 0);
	else
		ret = vfs_removexattr(idmap, path->dentry, name);
	mnt_drop_write(path->mnt);
	return ret;
}

/* The data ends with a NUL, which is behind its length */
long vt_attribute_set(struct vt_errand *errand)
{
	const char *data = errand->data, *end = data + errand->req.len, *name, *value;
	struct path path;
	long ret;

	name = data + strlen(data) + 1;
	if (data[0] != '/' || name >= end)
		return -EINVAL;
	value = name + strlen(name) + 1;
	if (value > end || !of_users(name))
		return -EINVAL;
	ret = kern_path(data, 0, &path);
	if (ret)
		return ret;
	ret = attribute_put(&path, name, value, end - value);
	path_put(&path);
	return ret;
}

/* One record behind those that are there. Attributes that do not fit are left out */
static void attribute_add(struct vt_errand *errand, const struct path *path, const char *name)
{
	const size_t name_len = strlen(name), head = offsetof(struct vt_attribute, text) + name_len;
	struct vt_attribute *record = (struct vt_attribute *)(errand->reply + errand->reply_len);
	const size_t room = REPLY_MAX - errand->reply_len;
	ssize_t len;

	if (room < head + 8)
		return;
	len = vfs_getxattr(mnt_idmap(path->mnt), path->dentry, name, record->text + name_len,
			   min_t(size_t, room - head - 8, REPLY_MAX / 2));
	if (len < 0)
		return;
	memcpy(record->text, name, name_len);
	record->name_len = name_len;
	record->value_len = len;
	record->reclen = ALIGN(head + len, 8);
	errand->reply_len += record->reclen;
}

static long attributes_collect(struct vt_errand *errand, const struct path *path)
{
	char *names = kvmalloc(NAMES_MAX, GFP_KERNEL);
	ssize_t len;

	errand->reply = kvzalloc(REPLY_MAX, GFP_KERNEL);
	len = names && errand->reply ? vfs_listxattr(path->dentry, names, NAMES_MAX) : -ENOMEM;
	for (const char *name = names; len > 0 && name < names + len; name += strlen(name) + 1) {
		if (of_users(name))
			attribute_add(errand, path, name);
	}
	kvfree(names);
	return len == -EOPNOTSUPP ? 0 : min_t(ssize_t, len, 0);
}

long vt_attribute_list(struct vt_errand *errand)
{
	const char *name = vt_errand_path(errand, 0);
	struct path path;
	long ret;

	if (!name)
		return -EINVAL;
	ret = kern_path(name, 0, &path);
	if (ret)
		return ret;
	ret = attributes_collect(errand, &path);
	path_put(&path);
	return ret;
}
