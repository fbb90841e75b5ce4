// SPDX-License-Identifier: GPL-2.0-only
/* passwd.c - who is --user NAME in the guest
 *
 * Theory of operation
 * Names belong to the guest, so the guest's own /etc/passwd and /etc/group say what they mean, as
 * for `docker run --user`: NAME or UID, optionally with :GROUP or :GID. The files are the guest's
 * and so are hostile: they are read up to a limit into one buffer, split in place, and a line that
 * is not exactly in the form of passwd(5) or group(5) is skipped. Nothing but the result leaves
 * this file, and the result has fixed sizes.
 */
#include <linux/ctype.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/slab.h>
#include "job.h"

#define TABLE_MAX (1024 * 1024)

/* Fields of passwd(5) and group(5) */
enum { PW_NAME, PW_PASSWORD, PW_UID, PW_GID, PW_GECOS, PW_HOME, PW_SHELL, PW_FIELDS };
enum { GR_NAME, GR_PASSWORD, GR_GID, GR_MEMBERS, GR_FIELDS };

/*
 * The whole file with a NUL at its end, or NULL. Its size is asked once: the guest may change it at
 * any time.
 */
static char *table_read(const char *name)
{
	struct file *file = filp_open(name, O_RDONLY | O_NONBLOCK, 0);
	char *text = NULL;
	loff_t size, pos = 0;

	if (IS_ERR(file))
		return NULL;
	size = i_size_read(file_inode(file));
	if (S_ISREG(file_inode(file)->i_mode) && size >= 0 && size <= TABLE_MAX)
		text = kvmalloc(size + 1, GFP_KERNEL);
	if (text) {
		ssize_t n = kernel_read(file, text, size, &pos);

		text[n > 0 ? n : 0] = 0;
	}
	fput(file);
	return text;
}

/* Split a line at its colons; true when it has exactly @count fields */
static bool line_split(char *line, char **field, int count)
{
	for (int i = 0; i < count; i++) {
		field[i] = strsep(&line, ":");
		if (!field[i])
			return false;
	}
	return !line;
}

static bool number_parse(const char *text, u32 *value)
{
	/* All ones means "no change" to the kernel and is nobody's id */
	return isdigit(text[0]) && !kstrtou32(text, 10, value) && *value != (u32)-1;
}

static bool passwd_lookup(const char *name, char *text, struct vt_user *user)
{
	bool numeric = number_parse(name, &user->uid);
	char *field[PW_FIELDS];
	char *line;

	while ((line = strsep(&text, "\n"))) {
		u32 uid, gid;

		if (!line_split(line, field, PW_FIELDS) || !number_parse(field[PW_UID], &uid) ||
		    !number_parse(field[PW_GID], &gid))
			continue;
		if (strcmp(field[PW_NAME], name) && !(numeric && uid == user->uid))
			continue;
		user->uid = uid;
		user->gid = gid;
		if (field[PW_HOME][0] == '/')
			strscpy(user->home, field[PW_HOME]);
		return true;
	}
	/* A number needs no entry */
	return numeric;
}

static bool list_has(char *list, const char *name)
{
	char *member;

	while ((member = strsep(&list, ","))) {
		if (!strcmp(member, name))
			return true;
	}
	return false;
}

/* @group: set the group to it; otherwise collect the groups that @name is a member of */
static bool group_lookup(const char *name, const char *group, char *text, struct vt_user *user)
{
	char *field[GR_FIELDS];
	char *line;
	u32 gid;

	if (group && number_parse(group, &user->gid))
		return true;
	if (!group)
		user->groups[user->ngroups++] = user->gid;
	while ((line = strsep(&text, "\n"))) {
		if (!line_split(line, field, GR_FIELDS) || !number_parse(field[GR_GID], &gid))
			continue;
		if (group) {
			if (strcmp(field[GR_NAME], group))
				continue;
			user->gid = gid;
			return true;
		}
		if (list_has(field[GR_MEMBERS], name) && user->ngroups < ARRAY_SIZE(user->groups))
			user->groups[user->ngroups++] = gid;
	}
	return !group;
}

/**
 * vt_user_resolve() - Look up a user in the guest
 * @spec: USER[:GROUP], each a name or a number
 * @user: filled; ids that @spec does not give keep their values
 *
 * Return: 0, or -ESRCH when the guest has no such user or group.
 */
int vt_user_resolve(const char *spec, struct vt_user *user)
{
	char *name = kstrdup(spec, GFP_KERNEL);
	char *passwd = table_read("/etc/passwd");
	char *groups = table_read("/etc/group");
	char *group = name ? strchr(name, ':') : NULL;
	char empty[1] = "";
	int ret = -ESRCH;

	if (!name)
		goto out;
	if (group)
		*group++ = 0;
	if (!*name || !passwd_lookup(name, passwd ?: empty, user))
		goto out;
	if (group_lookup(name, group && *group ? group : NULL, groups ?: empty, user))
		ret = 0;
out:
	kvfree(groups);
	kvfree(passwd);
	kfree(name);
	return ret;
}

/**
 * vt_user_request() - Serve VT_REQ_USER
 *
 * Return: uid and gid, or a negative errno.
 */
long vt_user_request(const struct vt_request *req)
{
	char *spec = kstrndup(req->data, req->len, GFP_KERNEL);
	struct vt_user *user = kzalloc(sizeof(*user), GFP_KERNEL);
	long ret = -ENOMEM;

	if (spec && user)
		ret = vt_user_resolve(spec, user);
	if (!ret)
		ret = (long)((u64)user->gid << 32 | user->uid);
	kfree(user);
	kfree(spec);
	return ret;
}
