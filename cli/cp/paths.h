/* SPDX-License-Identifier: GPL-2.0-only */
/* paths.h - what both directions of vitrine cp need */
#ifndef CLI_CP_PATHS_H
#define CLI_CP_PATHS_H

#include <stdbool.h>
#include "vitrine/error.h"

/**
 * cp_join() - "directory/name", which the caller frees, or NULL
 */
char *cp_join(const char *directory, const char *name, struct error *err);

/**
 * cp_base() - Last component of a path, which the caller frees; NULL when there is none ("/", "..")
 */
char *cp_base(const char *path);

/**
 * struct cp_failures - what went wrong in a tree, of which the rest is copied all the same
 * @first: the caller's, filled with the first failure
 */
struct cp_failures {
	struct error *first;
	bool any;
};

/**
 * cp_fail() - Note a failure; all but the first are said at once
 */
void cp_fail(struct cp_failures *failures, const struct error *err);

#endif
