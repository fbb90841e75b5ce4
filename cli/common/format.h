/* SPDX-License-Identifier: GPL-2.0-only */
/* format.h - lists as the user wants them: docker's templates
 *
 * A template is text with {{.Field}} in it, and {{json .}} or {{json .Field}} for JSON; \t and \n
 * mean what they do in C. "table TEMPLATE" prints a heading first, "json" is one object a line.
 */
#ifndef CLI_COMMON_FORMAT_H
#define CLI_COMMON_FORMAT_H

#include <stddef.h>
#include <stdio.h>
#include <jansson.h>
#include "vitrine/error.h"

#define FORMAT_TEXT_MAX 4096

/**
 * struct format_field - one thing that can be asked for
 * @name:  as it stands in a template, without the dot
 * @print: writes it as text; the text may be a guest's, see plain.h
 */
struct format_field {
	const char *name;
	void (*print)(char text[FORMAT_TEXT_MAX], const json_t *row);
};

/**
 * struct format_set - what one kind of list offers
 */
struct format_set {
	const struct format_field *fields;
	size_t count;
};

/**
 * format_check() - Can a template be printed?
 *
 * Return: 0, or -1 with @err filled.
 */
int format_check(const struct format_set *set, const char *format, struct error *err);

/**
 * format_rows() - Print an array of objects, each on its line
 * @format: was checked
 */
void format_rows(const struct format_set *set, const char *format, const json_t *rows);

#endif
