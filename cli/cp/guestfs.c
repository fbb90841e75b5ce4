// SPDX-License-Identifier: GPL-2.0-only
/* guestfs.c - files of a running sandbox, as system calls over its control socket
 *
 * Names from the guest are checked here and nowhere else: a name that could lead out of the
 * directory that it was found in does not leave guestfs_list().
 */

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "guestfs.h"
#include "vitrine/util.h"

/* Send, and put the path in front of what went wrong */
static int call(struct client *client, json_t *json, const char *path, const void *payload,
		size_t len, struct answer *answer, struct error *err)
{
	struct error why = { 0 };

	if (client_call(client, json, payload, len, answer, &why) == 0)
		return 0;
	error_set(err, 0, "%s:%.200s: %.200s", client->name, path,
		  why.text[0] ? why.text : strerror(why.code));
	if (err)
		err->code = why.code;
	return -1;
}

/* An operation that takes a path and answers with a number */
static int64_t call_path(struct client *client, json_t *json, const char *path, struct error *err)
{
	struct answer answer;
	int64_t value;

	if (call(client, json, path, path, strlen(path), &answer, err) < 0)
		return -1;
	value = json_integer_value(json_object_get(answer.json, "value"));
	json_decref(answer.json);
	return value;
}

int guestfs_stat(struct client *client, const char *path, struct guest_stat *st, struct error *err)
{
	struct answer answer;

	if (call(client, json_pack("{s:s}", "op", "stat"), path, path, strlen(path), &answer, err) <
	    0)
		return -1;
	st->mode = json_integer_value(json_object_get(answer.json, "mode"));
	st->size = json_integer_value(json_object_get(answer.json, "size"));
	st->mtime = json_integer_value(json_object_get(answer.json, "mtime"));
	st->mtime_ns = json_integer_value(json_object_get(answer.json, "mtime_ns"));
	json_decref(answer.json);
	return 0;
}

int64_t guestfs_open(struct client *client, const char *path, int flags, unsigned mode,
		     struct error *err)
{
	return call_path(
	    client, json_pack("{s:s, s:i, s:i}", "op", "open", "flags", flags, "mode", (int)mode),
	    path, err);
}

int guestfs_close(struct client *client, int64_t handle, struct error *err)
{
	struct answer answer;

	if (client_call(client,
			json_pack("{s:s, s:I}", "op", "close", "handle", (json_int_t)handle), NULL,
			0, &answer, err) < 0)
		return -1;
	json_decref(answer.json);
	return 0;
}

int guestfs_read_ask(struct client *client, int64_t handle, uint64_t offset, struct error *err)
{
	return client_send(client,
			   json_pack("{s:s, s:I, s:I, s:i}", "op", "read", "handle",
				     (json_int_t)handle, "offset", (json_int_t)offset, "length",
				     GUESTFS_CHUNK),
			   NULL, 0, err);
}

static int receive(struct client *client, struct answer *answer, struct error *err)
{
	const int ret = client_receive(client, answer, err);

	if (ret == 0)
		return error_set(err, 0, "the sandbox %s has ended", client->name);
	return ret < 0 ? -1 : 0;
}

ssize_t guestfs_read_answer(struct client *client, const uint8_t **data, struct error *err)
{
	struct answer answer;

	if (receive(client, &answer, err))
		return -1;
	json_decref(answer.json);
	*data = answer.payload;
	return answer.len;
}

ssize_t guestfs_read(struct client *client, int64_t handle, uint64_t offset, const uint8_t **data,
		     struct error *err)
{
	if (guestfs_read_ask(client, handle, offset, err))
		return -1;
	return guestfs_read_answer(client, data, err);
}

int guestfs_write_ask(struct client *client, int64_t handle, uint64_t offset, const void *data,
		      size_t len, struct error *err)
{
	return client_send(client,
			   json_pack("{s:s, s:I, s:I}", "op", "write", "handle", (json_int_t)handle,
				     "offset", (json_int_t)offset),
			   data, len, err);
}

int guestfs_write_answer(struct client *client, size_t len, struct error *err)
{
	struct answer answer;
	int64_t done;

	if (receive(client, &answer, err))
		return -1;
	done = json_integer_value(json_object_get(answer.json, "value"));
	json_decref(answer.json);
	if (done == (int64_t)len)
		return 0;
	error_set(err, 0, "the sandbox %s: no space is left", client->name);
	if (err)
		err->code = ENOSPC;
	return -1;
}

int guestfs_write(struct client *client, int64_t handle, uint64_t offset, const void *data,
		  size_t len, struct error *err)
{
	while (len) {
		struct answer answer;
		int64_t done;

		if (client_call(client,
				json_pack("{s:s, s:I, s:I}", "op", "write", "handle",
					  (json_int_t)handle, "offset", (json_int_t)offset),
				data, len, &answer, err) < 0)
			return -1;
		done = json_integer_value(json_object_get(answer.json, "value"));
		json_decref(answer.json);
		if (done <= 0 || (uint64_t)done > len)
			return error_set(err, 0, "the sandbox %s sent a malformed answer",
					 client->name);
		offset += done;
		data = (const char *)data + done;
		len -= done;
	}
	return 0;
}

static bool name_safe(const char *name, size_t len)
{
	return len && len <= 255 && !memchr(name, '/', len) && strcmp(name, ".") &&
	       strcmp(name, "..");
}

static int name_add(char ***names, size_t *count, const char *name, struct error *err)
{
	char **list = reallocarray(*names, *count + 2, sizeof(*list));

	if (!list)
		return error_set(err, ENOMEM, "list of names");
	*names = list;
	list[*count] = strdup(name);
	list[*count + 1] = NULL;
	if (!list[*count])
		return error_set(err, ENOMEM, "list of names");
	(*count)++;
	return 0;
}

/* Records of struct vt_dirent */
static int names_parse(const struct answer *answer, char ***names, size_t *count, struct error *err)
{
	size_t header = offsetof(struct vt_dirent, name);

	for (size_t at = 0; at + header < answer->len;) {
		const char *name = (const char *)answer->payload + at + header;
		struct vt_dirent entry;
		size_t len;

		memcpy(&entry, answer->payload + at, header);
		if (entry.reclen <= header || entry.reclen > answer->len - at)
			return error_set(err, 0, "the sandbox sent a bad directory");
		len = strnlen(name, entry.reclen - header);
		at += entry.reclen;
		if (len == entry.reclen - header || !name_safe(name, len))
			continue;
		if (name_add(names, count, name, err) < 0)
			return -1;
	}
	return 0;
}

static int names_read(struct client *client, int64_t handle, char ***names, struct error *err)
{
	size_t count = 0;

	for (;;) {
		struct answer answer;
		bool end;
		int ret;

		if (client_call(client,
				json_pack("{s:s, s:I}", "op", "list", "handle", (json_int_t)handle),
				NULL, 0, &answer, err) < 0)
			return -1;
		end = !answer.len;
		ret = names_parse(&answer, names, &count, err);
		json_decref(answer.json);
		if (ret < 0 || end)
			return ret;
	}
}

int guestfs_list(struct client *client, const char *path, char ***names, struct error *err)
{
	int64_t handle = guestfs_open(client, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0, err);
	int ret;

	if (handle < 0)
		return -1;
	*names = calloc(1, sizeof(**names));
	ret = *names ? names_read(client, handle, names, err)
		     : error_set(err, ENOMEM, "list of names");
	if (ret < 0)
		guestfs_list_free(steal_ptr(*names));
	guestfs_close(client, handle, ret < 0 ? NULL : err);
	return ret;
}

void guestfs_list_free(char **names)
{
	for (size_t i = 0; names && names[i]; i++)
		free(names[i]);
	free(names);
}

int guestfs_mkdir(struct client *client, const char *path, unsigned mode, struct error *err)
{
	return call_path(client, json_pack("{s:s, s:i}", "op", "mkdir", "mode", (int)mode), path,
			 err);
}

int guestfs_unlink(struct client *client, const char *path, struct error *err)
{
	return call_path(client, json_pack("{s:s}", "op", "unlink"), path, err);
}

int guestfs_rmdir(struct client *client, const char *path, struct error *err)
{
	return call_path(client, json_pack("{s:s}", "op", "rmdir"), path, err);
}

int guestfs_chown(struct client *client, const char *path, uint32_t uid, uint32_t gid,
		  struct error *err)
{
	return call_path(client,
			 json_pack("{s:s, s:I, s:I}", "op", "chown", "uid", (json_int_t)uid, "gid",
				   (json_int_t)gid),
			 path, err);
}

/* An operation on two texts, of which @path is the one to complain about */
static int call_two(struct client *client, const char *op, const char *first, const char *second,
		    const char *path, struct error *err)
{
	size_t first_len = strlen(first) + 1, second_len = strlen(second);
	cleanup_free char *both = malloc(first_len + second_len + 1);
	struct answer answer;

	if (!both)
		return error_set(err, ENOMEM, "%s", op);
	memcpy(both, first, first_len);
	memcpy(both + first_len, second, second_len + 1);
	if (call(client, json_pack("{s:s}", "op", op), path, both, first_len + second_len, &answer,
		 err) < 0)
		return -1;
	json_decref(answer.json);
	return 0;
}

int guestfs_symlink(struct client *client, const char *target, const char *path, struct error *err)
{
	return call_two(client, "symlink", target, path, path, err);
}

int guestfs_rename(struct client *client, const char *from, const char *to, struct error *err)
{
	return call_two(client, "rename", from, to, from, err);
}

int guestfs_attribute(struct client *client, const char *path, const char *name, const char *value,
		      struct error *err)
{
	cleanup_free char *data = NULL;
	struct answer answer;
	int len = asprintf(&data, "%s%c%s%c%s", path, 0, name, 0, value ? value : "");

	if (len < 0) {
		data = NULL;
		return error_set(err, ENOMEM, "attribute");
	}
	if (call(client, json_pack("{s:s}", "op", "attribute"), path, data, (size_t)len, &answer,
		 err) < 0)
		return -1;
	json_decref(answer.json);
	return 0;
}

int guestfs_attributes(struct client *client, const char *path, guestfs_attribute_visit *each,
		       void *context, struct error *err)
{
	const size_t head = offsetof(struct vt_attribute, text);
	struct answer answer;

	if (call(client, json_pack("{s:s}", "op", "attributes"), path, path, strlen(path), &answer,
		 err) < 0)
		return -1;
	json_decref(answer.json);
	for (size_t at = 0; at + head <= answer.len;) {
		struct vt_attribute record;
		const char *text = (const char *)answer.payload + at + head;

		memcpy(&record, answer.payload + at, head);
		if (record.reclen < head + record.name_len + record.value_len ||
		    record.reclen > answer.len - at)
			return error_set(err, 0, "the sandbox %s sent a malformed list",
					 client->name);
		each(context, text, record.name_len, text + record.name_len, record.value_len);
		at += record.reclen;
	}
	return 0;
}

char *guestfs_readlink(struct client *client, const char *path, struct error *err)
{
	struct answer answer;
	char *target;

	if (call(client, json_pack("{s:s}", "op", "readlink"), path, path, strlen(path), &answer,
		 err) < 0)
		return NULL;
	json_decref(answer.json);
	target = strndup((const char *)answer.payload, answer.len);
	if (!target)
		error_set(err, ENOMEM, "symbolic link");
	return target;
}
