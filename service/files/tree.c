// SPDX-License-Identifier: GPL-2.0-only
/* tree.c - directories of a sandbox, with all that is in them
 *
 * The sandbox may change a directory while it is walked, so nothing is taken for granted: a name
 * that is gone is left out, and depth and number are bounded. Links are never followed.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/cp/guestfs.h"
#include "guest.h"
#include "vitrine/util.h"

/**
 * struct walk - a tree that is walked
 * @left: entries that may still come
 */
struct walk {
	struct guest *guest;
	guest_visit *visit;
	void *context;
	unsigned left;
};

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int names_of(struct guest *guest, const char *path, char ***names, size_t *count,
		    struct fault *fault)
{
	struct error err = { 0 };

	*count = 0;
	if (guestfs_list(guest->client, path, names, &err))
		return guest_fault(fault, &err, path);
	while ((*names)[*count])
		(*count)++;
	qsort(*names, *count, sizeof(**names), compare);
	return 0;
}

static int join(char out[GUEST_PATH_MAX], const char *path, const char *name)
{
	return snprintf(out, GUEST_PATH_MAX, "%s/%s", strcmp(path, "/") ? path : "", name) <
		       GUEST_PATH_MAX
		   ? 0
		   : -1;
}

static int walk(struct walk *w, const char *path, unsigned depth, struct fault *fault)
{
	struct entry *e = malloc(sizeof(*e));
	char **names = NULL;
	size_t count;
	int ret = e ? names_of(w->guest, path, &names, &count, fault)
		    : fault_set(fault, FAULT_BUSY, "no memory");

	for (size_t i = 0; !ret && i < count; i++) {
		char below[GUEST_PATH_MAX];
		struct fault gone;

		if (join(below, path, names[i]) || guest_stat(w->guest, below, e, &gone))
			continue;
		if (!w->left--)
			ret = fault_set(fault, FAULT_TOO_LARGE, "%.300s: more than %d entries",
					path, GUEST_ENTRIES_MAX);
		else if (w->visit(e, w->context))
			ret = fault_set(fault, FAULT_BUSY, "no memory");
		else if (S_ISDIR(e->mode) && depth > 1)
			ret = walk(w, below, depth - 1, fault);
	}
	guestfs_list_free(names);
	free(e);
	return ret;
}

int guest_list(struct guest *guest, const char *path, unsigned depth, guest_visit *visit,
	       void *context, struct fault *fault)
{
	struct walk w = { guest, visit, context, GUEST_ENTRIES_MAX };

	return walk(&w, path, depth < GUEST_DEPTH_MAX ? depth : GUEST_DEPTH_MAX, fault);
}
