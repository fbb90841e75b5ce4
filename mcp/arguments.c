// SPDX-License-Identifier: GPL-2.0-only
/* arguments.c - a tool's arguments, against its schema
 *
 * The schemas are ours, and of a small subset of JSON Schema; the arguments are anybody's.
 */
#include <string.h>

#include "mcp.h"

static int check_text(const char *name, const json_t *rule, const json_t *value, struct error *err)
{
	const json_t *most = json_object_get(rule, "maxLength"),
		     *words = json_object_get(rule, "enum"), *word;
	const char *text = json_string_value(value);
	size_t i;

	/* A NUL would end it early somewhere */
	if (!text || strlen(text) != json_string_length(value))
		return error_set(err, 0, "%s: a string is wanted, without a NUL", name);
	if (most && json_string_length(value) > (size_t)json_integer_value(most))
		return error_set(err, 0, "%s: at most %lld bytes", name,
				 (long long)json_integer_value(most));
	if (!words)
		return 0;
	json_array_foreach(words, i, word)
	{
		if (!strcmp(json_string_value(word), text))
			return 0;
	}
	return error_set(err, 0, "%s: not one of those that there are", name);
}

static int check_number(const char *name, const json_t *rule, const json_t *value,
			struct error *err)
{
	const json_int_t least = json_integer_value(json_object_get(rule, "minimum")),
			 most = json_integer_value(json_object_get(rule, "maximum"));

	if (!json_is_integer(value) || json_integer_value(value) < least ||
	    json_integer_value(value) > most)
		return error_set(err, 0, "%s: a number from %lld to %lld is wanted", name,
				 (long long)least, (long long)most);
	return 0;
}

static int check_texts(const char *name, const json_t *value, struct error *err)
{
	const json_t *none = json_null(), *item;
	size_t i;

	if (!json_is_array(value) || !json_array_size(value))
		return error_set(err, 0, "%s: an array of strings is wanted", name);
	json_array_foreach(value, i, item)
	{
		if (check_text(name, none, item, err))
			return -1;
	}
	return 0;
}

static int check_variables(const char *name, json_t *value, struct error *err)
{
	const json_t *none = json_null();
	const char *key;
	json_t *item;

	if (!json_is_object(value))
		return error_set(err, 0, "%s: an object of strings is wanted", name);
	json_object_foreach(value, key, item)
	{
		if (!*key || strchr(key, '=') || check_text(name, none, item, err))
			return error_set(err, 0, "%s: names and strings are wanted", name);
	}
	return 0;
}

static int check_one(const char *name, const json_t *rule, json_t *value, struct error *err)
{
	const char *type = json_string_value(json_object_get(rule, "type"));

	if (!rule)
		return error_set(err, 0, "%s: there is no such argument", name);
	if (!strcmp(type, "string"))
		return check_text(name, rule, value, err);
	if (!strcmp(type, "integer"))
		return check_number(name, rule, value, err);
	if (!strcmp(type, "array"))
		return check_texts(name, value, err);
	if (!strcmp(type, "object"))
		return check_variables(name, value, err);
	return json_is_boolean(value) ? 0 : error_set(err, 0, "%s: true or false", name);
}

int mcp_arguments(const json_t *schema, const json_t *arguments, struct error *err)
{
	const json_t *rules = json_object_get(schema, "properties"), *name;
	json_t *given = (json_t *)arguments, *value;
	const char *key;
	size_t i;

	if (!json_is_object(arguments))
		return error_set(err, 0, "arguments: an object is wanted");
	json_object_foreach(given, key, value)
	{
		if (check_one(key, json_object_get(rules, key), value, err))
			return -1;
	}
	json_array_foreach(json_object_get(schema, "required"), i, name)
	{
		if (!json_object_get(arguments, json_string_value(name)))
			return error_set(err, 0, "%s: this argument is missing",
					 json_string_value(name));
	}
	return 0;
}
