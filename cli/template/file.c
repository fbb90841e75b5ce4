// SPDX-License-Identifier: GPL-2.0-only
/* file.c - the file that says how a template is made
 *
 * One instruction a line, with the words that users of Dockerfiles know. A line that ends in a
 * backslash goes on in the next one; one that begins with # is a comment.
 *
 *   FROM image            RUN command       COPY file /where    ENV NAME=VALUE     WORKDIR /dir
 *   START command         READY command     UNIQUE machine-id
 *
 * Commands are a shell's. All of it is looked at before anything is done.
 */
#include "file.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/plain.h"
#include "vitrine/util.h"

struct line {
	char *argument;
	unsigned number;
};

static int wrong(const struct line *line, struct error *err, const char *what)
{
	return error_set(err, 0, "line %u: %s", line->number, what);
}

static int add_step(struct template_file *file, const struct line *line, enum step_kind kind,
		    const char *to, struct error *err)
{
	if (file->nsteps == TEMPLATE_STEPS_MAX)
		return error_set(err, 0, "line %u: more than %d steps", line->number,
				 TEMPLATE_STEPS_MAX);
	file->steps[file->nsteps++] = (struct template_step){ kind, line->argument, to };
	return 0;
}

static int set_once(const char **word, const struct line *line, struct error *err)
{
	if (*word)
		return wrong(line, err, "there was one already");
	*word = line->argument;
	return 0;
}

static int take_from(struct template_file *file, const struct line *line, struct error *err)
{
	if (line->argument[0] == '-' || line->argument[strcspn(line->argument, " \t")])
		return wrong(line, err, "FROM needs the name of an image");
	return set_once(&file->from, line, err);
}

static int take_run(struct template_file *file, const struct line *line, struct error *err)
{
	return add_step(file, line, STEP_RUN, NULL, err);
}

static int take_env(struct template_file *file, const struct line *line, struct error *err)
{
	const char *end = strchr(line->argument, '=');

	if (!end || end == line->argument || isdigit((unsigned char)line->argument[0]))
		return wrong(line, err, "ENV needs NAME=VALUE");
	for (const char *c = line->argument; c < end; c++) {
		if (!isalnum((unsigned char)*c) && *c != '_')
			return wrong(line, err, "ENV needs NAME=VALUE");
	}
	return add_step(file, line, STEP_ENV, NULL, err);
}

static int take_workdir(struct template_file *file, const struct line *line, struct error *err)
{
	if (line->argument[0] != '/')
		return wrong(line, err, "WORKDIR needs an absolute path");
	return add_step(file, line, STEP_WORKDIR, NULL, err);
}

/* A file beside this one or below, never above: who builds a stranger's template gives it no more
 */
static bool is_below(const char *path)
{
	if (path[0] == '/' || path[0] == '-')
		return false;
	for (const char *part = path; part; part = strchr(part, '/')) {
		part += *part == '/';
		if (!strncmp(part, "..", 2) && (!part[2] || part[2] == '/'))
			return false;
	}
	return true;
}

static int take_copy(struct template_file *file, const struct line *line, struct error *err)
{
	char *to = line->argument + strcspn(line->argument, " \t");

	if (*to) {
		*to++ = '\0';
		to += strspn(to, " \t");
	}
	if (to[0] != '/' || to[strcspn(to, " \t")])
		return wrong(line, err, "COPY needs a file and an absolute path");
	if (!is_below(line->argument))
		return wrong(line, err, "COPY takes only what is in the directory of this file");
	return add_step(file, line, STEP_COPY, to, err);
}

static int take_start(struct template_file *file, const struct line *line, struct error *err)
{
	return set_once(&file->start, line, err);
}

static int take_ready(struct template_file *file, const struct line *line, struct error *err)
{
	return set_once(&file->ready, line, err);
}

static int take_unique(struct template_file *file, const struct line *line, struct error *err)
{
	if (strcmp(line->argument, "machine-id") != 0)
		return wrong(line, err, "UNIQUE knows machine-id only");
	file->machine_id = true;
	return 0;
}

static const struct {
	const char *word;
	int (*take)(struct template_file *file, const struct line *line, struct error *err);
} instructions[] = {
	{ "FROM", take_from },	     { "RUN", take_run },	{ "ENV", take_env },
	{ "WORKDIR", take_workdir }, { "COPY", take_copy },	{ "START", take_start },
	{ "READY", take_ready },     { "UNIQUE", take_unique },
};

static int take_line(struct template_file *file, char *text, unsigned number, struct error *err)
{
	struct line line = { .number = number };
	char shown[64];
	size_t len;

	text += strspn(text, " \t");
	if (!*text || *text == '#')
		return 0;
	len = strcspn(text, " \t");
	line.argument = text + len;
	if (*line.argument) {
		*line.argument++ = '\0';
		line.argument += strspn(line.argument, " \t");
	}
	for (size_t i = 0; i < ARRAY_SIZE(instructions); i++) {
		if (strcmp(instructions[i].word, text) != 0)
			continue;
		if (!*line.argument)
			return wrong(&line, err, "something is missing");
		if (!file->from && instructions[i].take != take_from)
			return wrong(&line, err, "FROM comes first");
		return instructions[i].take(file, &line, err);
	}
	plain_copy(shown, sizeof(shown), text, strnlen(text, 12));
	return error_set(err, 0,
			 "line %u: '%s' is none of FROM, RUN, COPY, ENV, WORKDIR, START, "
			 "READY, UNIQUE",
			 number, shown);
}

/* The end of a line, which becomes a NUL; those that go on become spaces. Return: the next one */
static char *cut_line(char *text, unsigned *lines)
{
	char *end = text;

	for (*lines = 1;; (*lines)++) {
		char *last;

		end += strcspn(end, "\n");
		if (!*end)
			return NULL;
		last = end - 1;
		if (last >= text && *last == '\r')
			*last-- = ' ';
		if (last < text || *last != '\\')
			break;
		*last = *end = ' ';
	}
	*end = '\0';
	return end + 1;
}

int template_parse(struct template_file *file, const char *text, size_t len, struct error *err)
{
	unsigned number = 1, lines;
	char *next;

	*file = (struct template_file){ 0 };
	if (len > TEMPLATE_FILE_MAX || memchr(text, 0, len))
		return error_set(err, 0, "this is no file of instructions");
	file->text = strndup(text, len);
	if (!file->text)
		return error_set(err, ENOMEM, "cannot read it");
	for (char *line = file->text; line; line = next, number += lines) {
		next = cut_line(line, &lines);
		if (take_line(file, line, number, err))
			return -1;
	}
	return file->from ? 0 : error_set(err, 0, "there is no FROM");
}

void template_free(struct template_file *file)
{
	free(file->text);
	*file = (struct template_file){ 0 };
}
