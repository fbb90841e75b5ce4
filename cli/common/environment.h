/* SPDX-License-Identifier: GPL-2.0-only */
/* environment.h - the environment of a guest command */
#ifndef CLI_COMMON_ENVIRONMENT_H
#define CLI_COMMON_ENVIRONMENT_H

#include <stddef.h>
#include "options.h"
#include "vitrine/error.h"

/**
 * struct environment - "K=V" strings, at most one for each K
 * @items: NULL terminated, owned, as are the strings; NULL while empty
 */
struct environment {
	char **items;
	size_t count;
};

/**
 * environment_set() - Set a variable, replacing its former value
 * @env:   environment
 * @entry: "K=V", or "K" to take the host's value (nothing happens when the host has none)
 */
int environment_set(struct environment *env, const char *entry, struct error *err);

/** option_variable() - struct string_list: entries for environment_set(), checked */
option_setter option_variable;

/** environment_put() - Set variable @name to @value */
int environment_put(struct environment *env, const char *name, const char *value,
		    struct error *err);

/**
 * environment_read() - Set variables from a file
 * @path: one entry as in environment_set() a line; empty lines and lines that start with '#' are
 *        skipped, and nothing is unquoted (the format of docker's --env-file)
 */
int environment_read(struct environment *env, const char *path, struct error *err);

void environment_free(struct environment *env);

#endif
