/* SPDX-License-Identifier: GPL-2.0-only */
/* file.h - the file that says how a template is made */
#ifndef CLI_TEMPLATE_FILE_H
#define CLI_TEMPLATE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include "vitrine/error.h"

#define TEMPLATE_STEPS_MAX 256
#define TEMPLATE_FILE_MAX (256 * 1024)

enum step_kind { STEP_RUN, STEP_COPY, STEP_ENV, STEP_WORKDIR, STEP_NKINDS };

/* @text: a command, K=V, a directory, or what is copied; @to: where that goes */
struct template_step {
	enum step_kind kind;
	const char *text, *to;
};

/**
 * struct template_file - one that was read
 * @from:  an image
 * @start: the command that goes on in every clone; NULL: one that only waits
 * @ready: a command that succeeds when the template is ready, or NULL
 * @machine_id: each clone gets one of its own
 * @text:  what the strings are in
 */
struct template_file {
	const char *from, *start, *ready;
	bool machine_id;
	struct template_step steps[TEMPLATE_STEPS_MAX];
	size_t nsteps;
	char *text;
};

/**
 * template_parse() - Take one apart, which may be anything
 * @text: @len bytes, which are copied
 *
 * Return: 0, or -1 with @err, which says in which line; template_free() in any case.
 */
int template_parse(struct template_file *file, const char *text, size_t len, struct error *err);

void template_free(struct template_file *file);

#endif
