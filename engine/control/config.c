// SPDX-License-Identifier: GPL-2.0-only
/* config.c - how a sandbox was started, as a file
 *
 * Theory of operation
 * A table says which fields of struct sandbox_config are kept and of what kind each is; disks have
 * one of their own. What only matters when a sandbox boots (the kernel's command line, mounts) is
 * not kept: memory has it.
 *
 * The file goes with the sandbox's name (rundir.c), by whoever notices when the sandbox was killed.
 *
 * Host system calls: openat, and those of realpath(3).
 */
#include "config.h"

#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rundir.h"
#include "vitrine/util.h"

enum field_kind { FIELD_TEXT, FIELD_WORDS, FIELD_BOOL, FIELD_UNSIGNED, FIELD_SIZE };

struct field {
	const char *name;
	enum field_kind kind;
	size_t at;
};

#define OF(member) offsetof(struct sandbox_config, member)

static const struct field fields[] = {
	{ "name", FIELD_TEXT, OF(name) },
	{ "hostname", FIELD_TEXT, OF(hostname) },
	{ "fs_type", FIELD_TEXT, OF(fs_type) },
	{ "cwd", FIELD_TEXT, OF(cwd) },
	{ "user", FIELD_TEXT, OF(user) },
	{ "command", FIELD_WORDS, OF(argv) },
	{ "environment", FIELD_WORDS, OF(env) },
	{ "memory", FIELD_SIZE, OF(memory) },
	{ "cpus", FIELD_UNSIGNED, OF(cpus) },
	{ "tier", FIELD_UNSIGNED, OF(tier) },
	{ "uid", FIELD_UNSIGNED, OF(uid) },
	{ "gid", FIELD_UNSIGNED, OF(gid) },
	{ "timeout", FIELD_UNSIGNED, OF(timeout) },
	{ "pause_on_timeout", FIELD_BOOL, OF(pause_on_timeout) },
	{ "idle_pause", FIELD_UNSIGNED, OF(idle_pause) },
	{ "started", FIELD_SIZE, OF(started) },
	{ "disks", FIELD_UNSIGNED, OF(ndisks) },
	{ "shares", FIELD_UNSIGNED, OF(nshares) },
	{ "network", FIELD_BOOL, OF(net.enabled) },
	{ "net_policy", FIELD_WORDS, OF(net.policy) },
	{ "net_publish", FIELD_WORDS, OF(net.publish) },
	{ "net_resolvers", FIELD_WORDS, OF(net.resolvers) },
	{ "net_log", FIELD_TEXT, OF(net.log) },
	{ "net_requests", FIELD_BOOL, OF(net.requests) },
	{ "net_secrets", FIELD_WORDS, OF(net.secrets) },
	{ "net_placeholders", FIELD_WORDS, OF(net.placeholders) },
	{ "net_trust", FIELD_BOOL, OF(net.trust) },
	{ "net_authority", FIELD_TEXT, OF(net.authority) },
	{ "read_only", FIELD_BOOL, OF(read_only) },
	{ "init", FIELD_BOOL, OF(init) },
	{ "tty", FIELD_BOOL, OF(tty) },
	{ "verbose", FIELD_BOOL, OF(verbose) },
};
static_assert(sizeof(enum sandbox_tier) == sizeof(unsigned), "tier is read as a number");

#define OF_DISK(member) offsetof(struct sandbox_disk, member)

static const struct field disk_fields[] = {
	{ "path", FIELD_TEXT, OF_DISK(path) },
	{ "label", FIELD_TEXT, OF_DISK(label) },
	{ "overlay", FIELD_TEXT, OF_DISK(overlay) },
	{ "layers", FIELD_WORDS, OF_DISK(layers) },
	{ "partition", FIELD_UNSIGNED, OF_DISK(partition) },
	{ "read_only", FIELD_BOOL, OF_DISK(read_only) },
	{ "ephemeral", FIELD_BOOL, OF_DISK(ephemeral) },
};

/* ---- the file ---- */

#define FILE_MAX (RUNDIR_NAME_MAX + sizeof(RUNDIR_CONFIG))

static void file_name(const char *name, char file[FILE_MAX])
{
	snprintf(file, FILE_MAX, "%.*s%s", RUNDIR_NAME_MAX, name, RUNDIR_CONFIG);
}

int config_open(int dir, const char *name, int flags)
{
	char file[FILE_MAX];

	file_name(name, file);
	return openat(dir, file, flags | O_NOFOLLOW | O_CLOEXEC, 0600);
}

#define SECRET_FILE ",file="

/* ---- from the structure ---- */

/* NULL when one of them is not UTF-8 */
static json_t *words_pack(char *const *words)
{
	json_t *array = json_array();

	for (size_t i = 0; words && words[i]; i++) {
		if (json_array_append_new(array, json_string(words[i]))) {
			json_decref(array);
			return NULL;
		}
	}
	return array;
}

static json_t *field_pack(const struct field *field, const void *at)
{
	switch (field->kind) {
	case FIELD_TEXT:
		return json_string(*(const char *const *)at);
	case FIELD_WORDS:
		return words_pack(*(char *const *const *)at);
	case FIELD_BOOL:
		return json_boolean(*(const bool *)at);
	case FIELD_UNSIGNED:
		return json_integer(*(const unsigned *)at);
	case FIELD_SIZE:
		return json_integer((json_int_t) * (const uint64_t *)at);
	}
	return NULL;
}

static bool is_absent(const struct field *field, const void *at)
{
	return (field->kind == FIELD_TEXT || field->kind == FIELD_WORDS) &&
	       !*(const void *const *)at;
}

static json_t *struct_pack(const struct field *table, size_t count, const void *from)
{
	json_t *object = json_object();

	for (size_t i = 0; i < count; i++) {
		const void *at = (const char *)from + table[i].at;

		if (is_absent(&table[i], at))
			continue;
		if (json_object_set_new(object, table[i].name, field_pack(&table[i], at))) {
			json_decref(object);
			return NULL;
		}
	}
	return object;
}

/* Whoever reads it may be in another directory */
static void make_absolute(json_t *object, const char *name)
{
	const char *path = json_string_value(json_object_get(object, name));
	char absolute[PATH_MAX];

	if (path && *path != '/' && realpath(path, absolute))
		json_object_set_new(object, name, json_string(absolute));
}

/* Where secrets are (lib/http_rule.h): a file is what stands last */
static void make_secrets_absolute(json_t *secrets)
{
	json_t *secret;
	size_t i;

	json_array_foreach(secrets, i, secret)
	{
		const char *text = json_string_value(secret), *file = strstr(text, SECRET_FILE);
		char absolute[PATH_MAX];

		if (!file || file[sizeof(SECRET_FILE) - 1] == '/' ||
		    !realpath(file + sizeof(SECRET_FILE) - 1, absolute))
			continue;
		json_array_set_new(secrets, i,
				   json_sprintf("%.*s%s",
						(int)(file - text + sizeof(SECRET_FILE) - 1), text,
						absolute));
	}
}

json_t *config_pack(const struct sandbox_config *config)
{
	json_t *object = struct_pack(fields, ARRAY_SIZE(fields), config), *disks = json_array();

	make_absolute(object, "net_log");
	make_secrets_absolute(json_object_get(object, "net_secrets"));
	for (unsigned i = 0; i < config->ndisks; i++) {
		json_t *disk = struct_pack(disk_fields, ARRAY_SIZE(disk_fields), &config->disks[i]);

		make_absolute(disk, "path");
		make_absolute(disk, "overlay");
		json_array_append_new(disks, disk);
	}
	if (!object || json_array_size(disks) != config->ndisks ||
	    json_object_set(object, "disk", disks)) {
		json_decref(object);
		object = NULL;
	}
	json_decref(disks);
	return object;
}

/* ---- and back ---- */

static char **words_parse(const json_t *array, struct stored_config *stored)
{
	const size_t count = json_array_size(array);
	char **words;

	if (!json_is_array(array) || stored->nlists == ARRAY_SIZE(stored->lists))
		return NULL;
	words = calloc(count + 1, sizeof(*words));
	for (size_t i = 0; words && i < count; i++) {
		words[i] = (char *)json_string_value(json_array_get(array, i));
		if (!words[i]) {
			free(words);
			return NULL;
		}
	}
	if (words)
		stored->lists[stored->nlists++] = words;
	return words;
}

static bool number_parse(const json_t *value, uint64_t max, uint64_t *number)
{
	const json_int_t given = json_integer_value(value);

	if (!json_is_integer(value) || given < 0 || (uint64_t)given > max)
		return false;
	*number = (uint64_t)given;
	return true;
}

static bool field_parse(const struct field *field, const json_t *value, void *at,
			struct stored_config *stored)
{
	uint64_t number;

	switch (field->kind) {
	case FIELD_TEXT:
		*(const char **)at = json_string_value(value);
		return *(const char **)at;
	case FIELD_WORDS:
		*(char ***)at = words_parse(value, stored);
		return *(char ***)at;
	case FIELD_BOOL:
		*(bool *)at = json_is_true(value);
		return json_is_boolean(value);
	case FIELD_UNSIGNED:
		if (!number_parse(value, UINT_MAX, &number))
			return false;
		*(unsigned *)at = (unsigned)number;
		return true;
	case FIELD_SIZE:
		return number_parse(value, INT64_MAX, at);
	}
	return false;
}

static bool struct_parse(const struct field *table, size_t count, const json_t *object, void *to,
			 struct stored_config *stored)
{
	for (size_t i = 0; i < count; i++) {
		const json_t *value = json_object_get(object, table[i].name);

		if (value && !field_parse(&table[i], value, (char *)to + table[i].at, stored))
			return false;
	}
	return true;
}

static bool is_complete(const struct sandbox_config *config)
{
	return config->name && config->argv && config->argv[0] && config->ndisks &&
	       config->ndisks <= SANDBOX_DISKS_MAX && config->memory && config->cpus &&
	       config->tier < SANDBOX_NTIERS;
}

int config_parse(json_t *json, struct stored_config *stored, struct error *err)
{
	struct sandbox_config *config = &stored->config;
	const json_t *disks = json_object_get(json, "disk");
	bool good;

	*stored = (struct stored_config){ .json = json };
	good = struct_parse(fields, ARRAY_SIZE(fields), json, config, stored) &&
	       is_complete(config) && json_array_size(disks) == config->ndisks;
	for (unsigned i = 0; good && i < config->ndisks; i++)
		good = struct_parse(disk_fields, ARRAY_SIZE(disk_fields), json_array_get(disks, i),
				    &config->disks[i], stored) &&
		       config->disks[i].path;
	return good ? 0 : error_set(err, 0, "the paused sandbox's config is damaged");
}

void config_release(struct stored_config *stored)
{
	while (stored->nlists)
		free(stored->lists[--stored->nlists]);
	json_decref(steal_ptr(stored->json));
}
