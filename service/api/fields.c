// SPDX-License-Identifier: GPL-2.0-only
/* fields.c - fields of a body that a client sent */
#include "fields.h"

#include <inttypes.h>
#include <string.h>

#include "service/starter/order.h"

#define TEXT_MAX (32 * 1024)

static int bad(struct fault *fault, const struct field *field, const char *what)
{
	return fault_set(fault, FAULT_BAD_REQUEST, "%s: %s", field->name, what);
}

static int take_text(const struct field *field, const json_t *value, struct fault *fault)
{
	const int64_t max = field->max ? field->max : TEXT_MAX;

	if (!json_is_string(value))
		return bad(fault, field, "has to be a text");
	if ((int64_t)json_string_length(value) > max)
		return fault_set(fault, FAULT_BAD_REQUEST, "%s: at most %" PRId64 " bytes",
				 field->name, max);
	if (field->type == FIELD_NAME && !order_name_valid(json_string_value(value)))
		return bad(fault, field,
			   "has to be 1 to 64 letters, digits, '.', '_' or '-', the first one a "
			   "letter or a digit");
	*(const char **)field->into = json_string_value(value);
	return 0;
}

static int take_number(const struct field *field, const json_t *value, struct fault *fault)
{
	if (!json_is_integer(value))
		return bad(fault, field, "has to be a whole number");
	if (json_integer_value(value) < field->min || json_integer_value(value) > field->max)
		return fault_set(fault, FAULT_BAD_REQUEST, "%s: from %" PRId64 " to %" PRId64,
				 field->name, field->min, field->max);
	*(int64_t *)field->into = json_integer_value(value);
	return 0;
}

static int take_texts(const struct field *field, const json_t *value, struct fault *fault)
{
	const json_t *item;
	size_t i;

	if (!json_is_array(value))
		return bad(fault, field, "has to be a list of texts");
	if ((int64_t)json_array_size(value) > field->max)
		return bad(fault, field, "has too many entries");
	json_array_foreach(value, i, item)
	{
		if (!json_is_string(item) || json_string_length(item) > TEXT_MAX)
			return bad(fault, field, "has to be a list of texts");
	}
	*(const json_t **)field->into = value;
	return 0;
}

static int take_map(const struct field *field, const json_t *value, struct fault *fault)
{
	const char *name;
	json_t *item;

	if (!json_is_object(value))
		return bad(fault, field, "has to be an object of texts");
	if ((int64_t)json_object_size(value) > field->max)
		return bad(fault, field, "has too many entries");
	json_object_foreach((json_t *)value, name, item)
	{
		if (!*name || strlen(name) > 256 || !json_is_string(item) ||
		    json_string_length(item) > TEXT_MAX)
			return bad(fault, field, "has to be an object of texts");
	}
	*(const json_t **)field->into = value;
	return 0;
}

static int take(const struct field *field, const json_t *value, struct fault *fault)
{
	switch (field->type) {
	case FIELD_TEXT:
	case FIELD_NAME:
		return take_text(field, value, fault);
	case FIELD_NUMBER:
		return take_number(field, value, fault);
	case FIELD_TEXTS:
		return take_texts(field, value, fault);
	case FIELD_MAP:
		return take_map(field, value, fault);
	case FIELD_BOOL:
		if (!json_is_boolean(value))
			return bad(fault, field, "has to be true or false");
		*(bool *)field->into = json_is_true(value);
	}
	return 0;
}

int fields_take(const json_t *body, const struct field *fields, size_t count, struct fault *fault)
{
	const char *name;
	json_t *value;

	for (size_t i = 0; i < count; i++) {
		if (fields[i].needed && !json_object_get(body, fields[i].name))
			return bad(fault, &fields[i], "is missing");
	}
	json_object_foreach((json_t *)body, name, value)
	{
		size_t i = 0;

		while (i < count && strcmp(fields[i].name, name) != 0)
			i++;
		if (i == count)
			return fault_set(fault, FAULT_BAD_REQUEST,
					 "'%.64s': there is no such field", name);
		if (!json_is_null(value) && take(&fields[i], value, fault))
			return -1;
	}
	return 0;
}

json_t *fields_environment(const json_t *map)
{
	json_t *list = map ? json_array() : NULL, *value;
	const char *name;

	json_object_foreach((json_t *)map, name, value)
	    json_array_append_new(list, json_sprintf("%s=%s", name, json_string_value(value)));
	return list;
}

json_t *fields_arguments(const char *cmd, const json_t *args)
{
	json_t *argv;

	if (!args)
		return json_pack("[s, s, s]", "/bin/sh", "-c", cmd);
	argv = json_pack("[s]", cmd);
	json_array_extend(argv, (json_t *)args);
	return argv;
}
