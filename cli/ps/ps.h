/* SPDX-License-Identifier: GPL-2.0-only */
/* ps.h - the two lists of vitrine ps, and one process */
#ifndef CLI_PS_PS_H
#define CLI_PS_PS_H

#include <stdbool.h>
#include <jansson.h>
#include "cli/common/format.h"
#include "vitrine/error.h"

#define PS_LINE_MAX 65536
#define PS_DURATION_MAX 24

/**
 * struct ps_options - the command line
 * @format: template, or NULL for the usual table
 * @columns: of the terminal that a line may fill; 0: all of it is printed
 */
struct ps_options {
	bool all, json, quiet, wide;
	const char *format;
	unsigned columns;
};

extern const struct format_set ps_sandbox_fields, ps_process_fields;

/**
 * ps_sandboxes() - List sandboxes
 */
int ps_sandboxes(const struct ps_options *options, struct error *err);

/**
 * ps_processes() - List the processes of one
 */
int ps_processes(const char *name, const struct ps_options *options, struct error *err);

/**
 * ps_process() - Show what the kernel knows of one process
 * @pid: its number in the sandbox
 */
int ps_process(const char *name, unsigned pid, const struct ps_options *options, struct error *err);

/**
 * ps_text() - A member of an object as text, "?" when there is none
 */
const char *ps_text(const json_t *object, const char *key);

/**
 * ps_number() - A member of an object as a number
 */
long long ps_number(const json_t *object, const char *key);

/**
 * ps_duration() - "12s", "3m", "5h", "2d": the largest unit that fits
 */
const char *ps_duration(long long seconds, char text[PS_DURATION_MAX]);

/**
 * ps_line() - Print a line of a table, cut to the terminal
 */
void ps_line(const struct ps_options *options, const char *text);

#endif
