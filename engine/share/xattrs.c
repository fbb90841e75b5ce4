// SPDX-License-Identifier: GPL-2.0-only
/* xattrs.c - extended attributes
 *
 * Theory of operation
 * The guest has those of the user's name space, but for our own (owner.c). Others mean something to
 * a kernel: capabilities and labels of the guest's are not the host's, and access lists would name
 * its users.
 *
 * Host system calls: getxattr, setxattr, listxattr, removexattr.
 */
#include <errno.h>
#include <limits.h>
#include <linux/limits.h>
#include <stdbool.h>
#include <string.h>
#include <sys/xattr.h>

#include "folder.h"
#include "operations.h"
#include "owner.h"

#define USER "user."

static bool allowed(const char *name)
{
	return !strncmp(name, USER, strlen(USER)) &&
	       strncmp(name, OWNER_XATTR_PREFIX, strlen(OWNER_XATTR_PREFIX));
}

/* The name at the beginning of what follows the structure. Return: 0 or a negative errno */
static int name_of(struct message *m, const char **name)
{
	const size_t len = strnlen((const char *)m->rest, m->rest_len);

	if (len == m->rest_len)
		return -EINVAL;
	if (!len || len > XATTR_NAME_MAX)
		return -ERANGE;
	*name = (const char *)m->rest;
	m->rest += len + 1;
	m->rest_len -= len + 1;
	if (m->node->type != S_IFREG && m->node->type != S_IFDIR)
		return -EOPNOTSUPP;
	if (!m->node->folder || !allowed(*name))
		return -EOPNOTSUPP;
	return folder_inside(m->node, true);
}

/* Whoever asks with no room wants to know how much it takes */
static int answer_size(struct message *m, ssize_t size)
{
	struct fuse_getxattr_out *out = message_answer(m, sizeof(*out));

	if (!out)
		return -EINVAL;
	out->size = size;
	return 0;
}

int op_getxattr(struct message *m)
{
	const struct fuse_getxattr_in *in = m->arg;
	const char *name;
	ssize_t len;
	int ret = name_of(m, &name);

	if (ret)
		return ret;
	if (in->size > ANSWER_MAX || in->size > m->room_len)
		return -ERANGE;
	len = getxattr(node_link(m->node).name, name, in->size ? m->answer : NULL, in->size);
	if (len < 0)
		return -errno;
	if (!in->size)
		return answer_size(m, len);
	m->answer_len = len;
	return 0;
}

int op_setxattr(struct message *m)
{
	const struct fuse_setxattr_in *in = m->arg;
	const char *name;
	int ret = name_of(m, &name);

	if (ret)
		return ret;
	if (in->size != m->rest_len)
		return -EINVAL;
	return setxattr(node_link(m->node).name, name, m->rest, in->size, (int)in->flags) ? -errno
											  : 0;
}

int op_removexattr(struct message *m)
{
	const char *name;
	int ret = name_of(m, &name);

	if (ret)
		return ret;
	return removexattr(node_link(m->node).name, name) ? -errno : 0;
}

/* Leave out what the guest does not have. Return: what is left of @len bytes */
static size_t filter(char *names, size_t len)
{
	size_t kept = 0;

	for (size_t at = 0, size; at < len; at += size) {
		size = strnlen(names + at, len - at) + 1;
		if (size > len - at)
			break;
		if (allowed(names + at)) {
			memmove(names + kept, names + at, size);
			kept += size;
		}
	}
	return kept;
}

int op_listxattr(struct message *m)
{
	const struct fuse_getxattr_in *in = m->arg;
	ssize_t len = 0;

	if (m->node->folder && (m->node->type == S_IFREG || m->node->type == S_IFDIR)) {
		if (folder_inside(m->node, true))
			return -ESTALE;
		len = listxattr(node_link(m->node).name, (char *)m->answer, ANSWER_MAX);
	}
	if (len < 0)
		return -errno;
	len = filter((char *)m->answer, len);
	if (!in->size)
		return answer_size(m, len);
	if ((size_t)len > in->size || (size_t)len > m->room_len)
		return -ERANGE;
	m->answer_len = len;
	return 0;
}
