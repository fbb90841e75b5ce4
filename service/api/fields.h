/* SPDX-License-Identifier: GPL-2.0-only */
/* fields.h - fields of a body that a client sent
 *
 * A body's fields are in a table: a name that is not there is an error, and so is another type.
 */
#ifndef SERVICE_API_FIELDS_H
#define SERVICE_API_FIELDS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include "service/fault.h"

enum field_type { FIELD_TEXT, FIELD_NAME, FIELD_NUMBER, FIELD_BOOL, FIELD_TEXTS, FIELD_MAP };

/**
 * struct field - one field
 * @min, @max: of a number; of a text, a list or a map @max is its length
 * @into:      const char *, int64_t, bool or const json_t *, by type; untouched when it is missing
 */
struct field {
	const char *name;
	enum field_type type;
	int64_t min, max;
	void *into;
	bool needed;
};

/**
 * fields_take() - Take an object apart
 *
 * FIELD_NAME is a text that order_name_valid() takes; FIELD_TEXTS a list of texts, FIELD_MAP an
 * object of texts.
 */
int fields_take(const json_t *body, const struct field *fields, size_t count, struct fault *fault);

/** fields_environment() - A map of strings as a list of NAME=VALUE, or NULL of NULL; the caller's
 */
json_t *fields_environment(const json_t *map);

/** fields_arguments() - With @args, @cmd is a program; without, a line for the shell; the caller's
 */
json_t *fields_arguments(const char *cmd, const json_t *args);

#endif
