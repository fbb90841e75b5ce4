// SPDX-License-Identifier: GPL-2.0-only
/* paths.c - what both directions of vitrine cp need */

#include "paths.h"

#include <errno.h>
#include <string.h>
#include "lib/say.h"
#include "vitrine/util.h"

char *cp_join(const char *directory, const char *name, struct error *err)
{
	size_t len = strlen(directory);
	char *path = NULL;

	if (asprintf(&path, "%s%s%s", directory, len && directory[len - 1] == '/' ? "" : "/",
		     name) < 0) {
		error_set(err, ENOMEM, "path");
		return NULL;
	}
	return path;
}

char *cp_base(const char *path)
{
	size_t end = strlen(path);
	size_t start;

	while (end && path[end - 1] == '/')
		end--;
	start = end;
	while (start && path[start - 1] != '/')
		start--;
	if (end == start || (end - start == 1 && path[start] == '.') ||
	    (end - start == 2 && !strncmp(path + start, "..", 2)))
		return NULL;
	return strndup(path + start, end - start);
}

void cp_fail(struct cp_failures *failures, const struct error *err)
{
	if (failures->any)
		say_error(err);
	else
		*failures->first = *err;
	failures->any = true;
}
