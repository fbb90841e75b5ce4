// SPDX-License-Identifier: GPL-2.0-only
/* tar_acl.c - access control lists of tar entries
 *
 * tar has them as text, which libarchive reads; Linux wants them as an attribute of 8 bytes an
 * entry behind a version (include/uapi/linux/posix_acl_xattr.h), in the order of their tags.
 */

#include <archive.h>
#include <archive_entry.h>
#include <endian.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include "images/tar_acl.h"
#include "vitrine/util.h"

#define VERSION 2
#define ENTRIES_MAX 500 /* more than ext4 keeps */

struct acl_entry {
	uint16_t tag, perm;
	uint32_t id;
};

static const struct {
	int archive;
	uint16_t linux_tag;
} tags[] = {
	{ ARCHIVE_ENTRY_ACL_USER_OBJ, 0x01 },  { ARCHIVE_ENTRY_ACL_USER, 0x02 },
	{ ARCHIVE_ENTRY_ACL_GROUP_OBJ, 0x04 }, { ARCHIVE_ENTRY_ACL_GROUP, 0x08 },
	{ ARCHIVE_ENTRY_ACL_MASK, 0x10 },      { ARCHIVE_ENTRY_ACL_OTHER, 0x20 },
};

static int by_tag(const void *a, const void *b)
{
	const struct acl_entry *x = a, *y = b;

	if (x->tag != y->tag)
		return le16toh(x->tag) < le16toh(y->tag) ? -1 : 1;
	return le32toh(x->id) < le32toh(y->id) ? -1 : x->id != y->id;
}

static uint16_t tag_of(int archive)
{
	for (size_t i = 0; i < ARRAY_SIZE(tags); i++) {
		if (tags[i].archive == archive)
			return tags[i].linux_tag;
	}
	return 0;
}

/* Names alone are the archive's host's: only numbers mean anything here */
static size_t collect(struct archive_entry *entry, int type, struct acl_entry *list)
{
	int entry_type, permissions, tag, id;
	const char *name;
	size_t count = 0;

	archive_entry_acl_reset(entry, type);
	while (archive_entry_acl_next(entry, type, &entry_type, &permissions, &tag, &id, &name) ==
	       ARCHIVE_OK) {
		bool named = tag == ARCHIVE_ENTRY_ACL_USER || tag == ARCHIVE_ENTRY_ACL_GROUP;

		if (!tag_of(tag) || (named && id < 0) || count == ENTRIES_MAX)
			continue;
		list[count++] = (struct acl_entry){ htole16(tag_of(tag)), htole16(permissions & 7),
						    htole32(named ? (uint32_t)id : UINT32_MAX) };
	}
	qsort(list, count, sizeof(*list), by_tag);
	return count;
}

static int copy(struct ext4 *fs, struct archive_entry *entry, int type, const char *name,
		struct error *err)
{
	uint32_t version = htole32(VERSION);
	cleanup_free char *value = malloc(sizeof(version) + ENTRIES_MAX * sizeof(struct acl_entry));
	size_t count;

	if (!value)
		return error_set(err, ENOMEM, "access control list");
	memcpy(value, &version, sizeof(version));
	count = collect(entry, type, (struct acl_entry *)(value + sizeof(version)));
	/* Three say no more than the mode */
	if (count <= 3 && type == ARCHIVE_ENTRY_ACL_TYPE_ACCESS)
		return 0;
	return ext4_set_xattr(fs, name, value, sizeof(version) + count * sizeof(struct acl_entry),
			      err);
}

int tar_copy_acls(struct ext4 *fs, struct archive_entry *entry, struct error *err)
{
	int types = archive_entry_acl_types(entry);

	if (types & ARCHIVE_ENTRY_ACL_TYPE_ACCESS &&
	    copy(fs, entry, ARCHIVE_ENTRY_ACL_TYPE_ACCESS, "system.posix_acl_access", err))
		return -1;
	if (types & ARCHIVE_ENTRY_ACL_TYPE_DEFAULT &&
	    copy(fs, entry, ARCHIVE_ENTRY_ACL_TYPE_DEFAULT, "system.posix_acl_default", err))
		return -1;
	return 0;
}
