// SPDX-License-Identifier: GPL-2.0-only
/* environment.c - the environment of a guest command
 *
 * Host variables do not leak into the guest: only what is named on the command line is passed.
 */

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include "environment.h"
#include "vitrine/util.h"

static int check_name(const char *entry, size_t len, struct error *err)
{
	if (len == 0)
		return error_set(err, 0, "'%s' has no variable name", entry);
	if (memchr(entry, ' ', len) || memchr(entry, '\t', len))
		return error_set(err, 0, "variable name '%.*s' contains white space", (int)len,
				 entry);
	return 0;
}

int option_variable(void *field, const char *value, struct error *err)
{
	return check_name(value, strcspn(value, "="), err) ? -1 : option_list(field, value, err);
}

/* Takes ownership of @entry */
static int insert(struct environment *env, char *entry, struct error *err)
{
	size_t name = strcspn(entry, "=") + 1;
	char **items;

	for (size_t i = 0; i < env->count; i++) {
		if (!strncmp(env->items[i], entry, name)) {
			free(env->items[i]);
			env->items[i] = entry;
			return 0;
		}
	}
	items = reallocarray(env->items, env->count + 2, sizeof(*items));
	if (!items) {
		free(entry);
		return error_set(err, ENOMEM, "environment");
	}
	items[env->count++] = entry;
	items[env->count] = NULL;
	env->items = items;
	return 0;
}

int environment_put(struct environment *env, const char *name, const char *value, struct error *err)
{
	char *entry = NULL;

	if (asprintf(&entry, "%s=%s", name, value) < 0)
		return error_set(err, ENOMEM, "environment");
	return insert(env, entry, err);
}

int environment_set(struct environment *env, const char *entry, struct error *err)
{
	size_t name = strcspn(entry, "=");
	const char *value;
	char *copy;

	if (check_name(entry, name, err))
		return -1;
	if (entry[name] == '\0') {
		value = getenv(entry);
		return value ? environment_put(env, entry, value, err) : 0;
	}
	copy = strdup(entry);
	if (!copy)
		return error_set(err, ENOMEM, "environment");
	return insert(env, copy, err);
}

int environment_read(struct environment *env, const char *path, struct error *err)
{
	cleanup_fclose FILE *file = fopen(path, "re");
	cleanup_free char *line = NULL;
	struct error why = { 0 };
	size_t size = 0;
	ssize_t len;

	if (!file)
		return error_set(err, errno, "%s", path);
	for (unsigned number = 1; (len = getline(&line, &size, file)) >= 0; number++) {
		line[strcspn(line, "\r\n")] = '\0';
		if (line[0] == '\0' || line[0] == '#')
			continue;
		if (environment_set(env, line, &why))
			return error_set(err, 0, "%s, line %u: %.300s", path, number, why.text);
	}
	if (ferror(file))
		return error_set(err, errno, "%s", path);
	return 0;
}

void environment_free(struct environment *env)
{
	for (size_t i = 0; i < env->count; i++)
		free(env->items[i]);
	free(env->items);
	env->items = NULL;
	env->count = 0;
}
