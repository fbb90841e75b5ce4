// SPDX-License-Identifier: GPL-2.0-only
/* disk.c - how much of a sandbox's disk is used
 *
 * The guest's kernel counts it (statfs), and tells it with its mounts: one of the observatory's
 * views. It comes in pieces, of a bounded number: a guest can have many mounts.
 */
#include "disk.h"

#include <stdlib.h>
#include <string.h>

#include "vitrine/util.h"

#define TEXT_MAX (1 << 20)

int64_t disk_used_of(const char *text, size_t len)
{
	json_t *json = json_loadb(text, len, 0, NULL), *mount, *used;
	int64_t found = -1;
	size_t i;

	json_array_foreach(json_object_get(json, "mounts"), i, mount)
	{
		const char *target = json_string_value(json_object_get(mount, "target"));

		used = json_object_get(mount, "used_bytes");
		/* The last one lies on top */
		if (target && !strcmp(target, "/") && json_is_integer(used))
			found = json_integer_value(used);
	}
	json_decref(json);
	return found;
}

int disk_used(struct client *client, uint64_t *used)
{
	cleanup_free char *text = NULL;
	struct answer answer;
	struct error err = { 0 };
	size_t len = 0;
	bool more = true;
	int64_t found;

	if (client_send(client, json_pack("{s:s, s:s}", "op", "view", "view", "mounts"), NULL, 0,
			&err))
		return -1;
	while (more) {
		char *larger;

		if (client_receive(client, &answer, &err) <= 0)
			return err.code ? 0 : -1;
		more = json_is_true(json_object_get(answer.json, "more"));
		json_decref(answer.json);
		larger = len + answer.len <= TEXT_MAX ? realloc(text, len + answer.len + 1) : NULL;
		if (!larger)
			continue; /* to the end of it */
		text = larger;
		memcpy(text + len, answer.payload, answer.len);
		len += answer.len;
	}
	found = text ? disk_used_of(text, len) : -1;
	if (found >= 0)
		*used = (uint64_t)found;
	return 0;
}
