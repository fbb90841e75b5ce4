// SPDX-License-Identifier: GPL-2.0-only
/* entry.c - a file, as E2B's EntryInfo */
#include "entry.h"

#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

/* "-rw-r--r--" */
static void permissions(uint32_t mode, char text[11])
{
	static const char letters[] = "rwxrwxrwx";

	text[0] = S_ISDIR(mode) ? 'd' : S_ISLNK(mode) ? 'L' : '-';
	for (unsigned i = 0; i < 9; i++)
		text[1 + i] = mode & (0400U >> i) ? letters[i] : '-';
	text[10] = '\0';
}

json_t *entry_info(struct guest *guest, const struct entry *e)
{
	const char *slash = strrchr(e->path, '/');
	const time_t seconds = (time_t)e->mtime;
	char owner[64], group[64], mode[11], when[40] = "", size[24];
	json_t *path = json_string(e->path);
	json_t *name = json_string(slash && slash[1] ? slash + 1 : "/");
	struct tm tm;

	if (!path || !name) {
		json_decref(path);
		json_decref(name);
		return NULL;
	}
	guest_names(guest, e, owner, group);
	permissions(e->mode, mode);
	snprintf(size, sizeof(size), "%" PRIu64, e->size);
	if (gmtime_r(&seconds, &tm)) {
		const size_t n = strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%S", &tm);

		snprintf(when + n, sizeof(when) - n, ".%09dZ", (int)e->mtime_ns);
	}
	return json_pack("{s:o, s:o, s:s, s:s, s:i, s:s, s:s, s:s, s:s, s:o*, s:o*}", "name", name,
			 "path", path, "type",
			 S_ISDIR(e->mode)   ? "FILE_TYPE_DIRECTORY"
			 : S_ISLNK(e->mode) ? "FILE_TYPE_SYMLINK"
					    : "FILE_TYPE_FILE",
			 "size", size, "mode", (int)(e->mode & 07777), "permissions", mode, "owner",
			 owner, "group", group, "modifiedTime", when, "symlinkTarget",
			 e->target[0] ? json_string(e->target) : NULL, "metadata",
			 guest_metadata(guest, e->path));
}
