// SPDX-License-Identifier: GPL-2.0-only
/* format.c - lists as the user wants them: docker's templates
 *
 * Theory of operation
 * One function takes a template apart, piece by piece. The check goes through all pieces and prints
 * nothing; printing goes through them for each row, and cannot fail any more.
 */

#include <stdbool.h>
#include <string.h>
#include "format.h"
#include "lib/plain.h"
#include "observe/text/guest_text.h"
#include "vitrine/util.h"

#define NAME_MAX_ 64

/**
 * struct piece - a part of a template
 * @field: to be printed, NULL for text or for all of the row
 * @json:  as JSON
 * @text:  @len bytes as they are
 */
struct piece {
	const struct format_field *field;
	bool json;
	const char *text;
	size_t len;
};

static const struct format_field *find(const struct format_set *set, const char *name)
{
	for (size_t i = 0; i < set->count; i++) {
		if (!strcasecmp(set->fields[i].name, name))
			return &set->fields[i];
	}
	return NULL;
}

static int unknown_field(const struct format_set *set, const char *name, struct error *err)
{
	char list[256] = "";

	for (size_t i = 0; i < set->count; i++) {
		strncat(list, " .", sizeof(list) - strlen(list) - 1);
		strncat(list, set->fields[i].name, sizeof(list) - strlen(list) - 1);
	}
	return error_set(err, 0, "there is no field '%s'; there are%s", name, list);
}

/* What stands between {{ and }} */
static int parse_field(const struct format_set *set, const char *text, size_t len,
		       struct piece *piece, struct error *err)
{
	char word[NAME_MAX_] = "", name[NAME_MAX_] = "", inside[NAME_MAX_], rest;
	int words;

	*piece = (struct piece){ 0 };
	if (len >= sizeof(inside))
		return error_set(err, 0, "'%.*s' is no field", NAME_MAX_, text);
	snprintf(inside, sizeof(inside), "%.*s", (int)len, text);
	words = sscanf(inside, " %63s %63s %c", word, name, &rest);
	if (words == 2 && !strcmp(word, "json"))
		piece->json = true;
	else if (words == 1)
		strcpy(name, word);
	else
		return error_set(err, 0, "'{{%s}}' is neither {{.Field}} nor {{json .}}", inside);
	if (name[0] != '.')
		return error_set(err, 0, "'{{%s}}': write {{.Field}}", inside);
	if (piece->json && !name[1])
		return 0;
	piece->field = find(set, name + 1);
	return piece->field ? 0 : unknown_field(set, name + 1, err);
}

/* The next piece of @format; NULL at its end, or with @err filled */
static const char *next(const struct format_set *set, const char *format, struct piece *piece,
			struct error *err)
{
	const char *end;

	if (!*format)
		return NULL;
	if (strncmp(format, "{{", 2)) {
		end = strstr(format, "{{");
		*piece = (struct piece){ .text = format,
					 .len = end ? (size_t)(end - format) : strlen(format) };
		return format + piece->len;
	}
	end = strstr(format, "}}");
	if (!end) {
		error_set(err, 0, "'%s' has no }}", format);
		return NULL;
	}
	return parse_field(set, format + 2, end - format - 2, piece, err) < 0 ? NULL : end + 2;
}

static const char *without_table(const char *format, bool *table)
{
	*table = !strncmp(format, "table ", 6);
	return *table ? format + 6 : format;
}

int format_check(const struct format_set *set, const char *format, struct error *err)
{
	struct error why = { 0 };
	struct piece piece;
	bool table;

	for (format = without_table(format, &table); format;)
		format = next(set, format, &piece, &why);
	return why.text[0] ? error_set(err, 0, "%.400s", why.text) : 0;
}

/* Text of the user's own, with \t and \n */
static void print_text(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (text[i] == '\\' && i + 1 < len && (text[i + 1] == 't' || text[i + 1] == 'n'))
			putchar(text[++i] == 't' ? '\t' : '\n');
		else
			putchar(text[i]);
	}
}

static void print_json(json_t *value)
{
	cleanup_free char *text = guest_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);

	fputs(text ? text : "null", stdout);
}

static void print_piece(const struct piece *piece, json_t *row)
{
	char text[FORMAT_TEXT_MAX] = "";

	if (piece->text) {
		print_text(piece->text, piece->len);
		return;
	}
	if (!piece->field) {
		print_json(row);
		return;
	}
	piece->field->print(text, row);
	if (piece->json) {
		json_t *string = guest_json(text, strlen(text));

		print_json(string);
		json_decref(string);
	} else {
		plain_print(stdout, text);
	}
}

static void print_heading(const struct piece *piece)
{
	if (piece->text)
		print_text(piece->text, piece->len);
	for (const char *c = piece->field ? piece->field->name : ""; *c; c++)
		putchar(*c >= 'a' && *c <= 'z' ? *c - 'a' + 'A' : *c);
}

void format_rows(const struct format_set *set, const char *format, const json_t *rows)
{
	struct piece piece;
	const char *at;
	json_t *row;
	bool table = false;
	size_t i;

	format = strcmp(format, "json") ? without_table(format, &table) : "{{json .}}";
	if (table) {
		for (at = format; (at = next(set, at, &piece, NULL));)
			print_heading(&piece);
		putchar('\n');
	}
	json_array_foreach(rows, i, row)
	{
		for (at = format; (at = next(set, at, &piece, NULL));)
			print_piece(&piece, row);
		putchar('\n');
	}
}
