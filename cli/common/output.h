/* SPDX-License-Identifier: GPL-2.0-only */
/* output.h - standard output: what was not written was not done */
#ifndef CLI_COMMON_OUTPUT_H
#define CLI_COMMON_OUTPUT_H

#include <jansson.h>

/**
 * output_text() - Print a text of any length, and the end of the line
 */
void output_text(const char *text);

/**
 * output_json() - Print a value, with strings of guests among it, and the end of the line
 * @json: a reference is the caller's
 */
void output_json(const json_t *json);

/**
 * output_finish() - Write what is buffered; say it when something could not be written
 * @status: exit status of the verb
 *
 * Every verb's way out leads through here, so none looks at what printf() returns.
 *
 * Return: @status, or EXIT_VITRINE when that was a success and output was lost.
 */
int output_finish(int status);

#endif
