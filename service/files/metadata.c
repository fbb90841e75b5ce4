// SPDX-License-Identifier: GPL-2.0-only
/* metadata.c - what clients have said of a file: extended attributes of it
 *
 * They are the file's: it keeps them when it is moved, a program in the sandbox sees and changes
 * them, and one that is written over has those of the new one.
 */
#include <string.h>

#include "cli/cp/guestfs.h"
#include "guest.h"
#include "vitrine/util.h"

#define PREFIX "user.e2b."
#define PREFIX_LEN (sizeof(PREFIX) - 1)

static void take(void *context, const char *name, size_t name_len, const char *value,
		 size_t value_len)
{
	json_t **found = context, *text;
	char key[256];

	if (name_len <= PREFIX_LEN || name_len - PREFIX_LEN >= sizeof(key) ||
	    strncmp(name, PREFIX, PREFIX_LEN) != 0)
		return;
	snprintf(key, sizeof(key), "%.*s", (int)(name_len - PREFIX_LEN), name + PREFIX_LEN);
	text = json_stringn(value, value_len);
	if (!*found)
		*found = json_object();
	if (text)
		json_object_set_new(*found, key, text);
}

json_t *guest_metadata(struct guest *guest, const char *path)
{
	json_t *found = NULL;

	guestfs_attributes(guest->client, path, take, &found, NULL);
	return found;
}

int guest_metadata_set(struct guest *guest, const char *path, const json_t *metadata,
		       struct fault *fault)
{
	char attribute[256 + PREFIX_LEN];
	struct error err = { 0 };
	const char *name;
	json_t *value;

	json_object_foreach((json_t *)metadata, name, value)
	{
		if (!json_string_length(value))
			continue; /* that is to remove it */
		snprintf(attribute, sizeof(attribute), PREFIX "%.255s", name);
		if (guestfs_attribute(guest->client, path, attribute, json_string_value(value),
				      &err))
			return guest_fault(fault, &err, path);
	}
	return 0;
}
