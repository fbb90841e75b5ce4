/* SPDX-License-Identifier: GPL-2.0-only */
/* options.h - command line options from a table
 *
 * A verb describes its options in a table of struct option_spec; each names the field of the
 * verb's own structure that it sets and the function that turns text into that field. Help text
 * comes from the same table, so it cannot disagree with the parser.
 */
#ifndef CLI_COMMON_OPTIONS_H
#define CLI_COMMON_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "vitrine/error.h"

/**
 * typedef option_setter - Turn an option's text into a field
 * @field: the field named by option_spec.offset
 * @value: the option's argument, NULL when it takes none; outlives the parse
 *
 * Return: 0, or -1 with @err filled; the parser prefixes the option's name.
 */
typedef int option_setter(void *field, const char *value, struct error *err);

/**
 * struct option_spec - one option
 * @letter: short form, 0 for none
 * @name:   long form, NULL for none
 * @arg:    name of its argument in the help, NULL when it takes none; "[=NAME]" when it can be
 *          left out, which only long options can
 * @set:    setter
 * @offset: of the field in the structure that is filled
 * @help:   one line; NULL hides the option from the help
 */
struct option_spec {
	char letter;
	const char *name;
	const char *arg;
	option_setter *set;
	size_t offset;
	const char *help;
};

/**
 * struct option_set - all options of a verb
 * @program:  what follows "Usage:" in the help; NULL: "vitrine"
 * @synopsis: what follows that
 * @about:    paragraphs, with "\n\n" between two; the help breaks the lines
 * @specs:    the options, without --help, which every verb has
 * @anywhere: options may also follow operands (not where those are another program's)
 */
struct option_set {
	const char *synopsis, *about;
	const struct option_spec *specs;
	size_t count;
	bool anywhere;
	const char *program;
};

#define OPTIONS_HELP 0

/**
 * options_hook - When it is set, options_parse() gives its arguments to it and returns OPTIONS_HELP
 *
 * For whoever wants a verb's table, not the verb.
 */
extern void (*options_hook)(const struct option_set *set, int argc, char **argv);

/**
 * options_parse() - Parse the options of a verb
 * @set:    the verb's options
 * @target: structure that they fill
 * @argv:   argv[0] is the verb
 *
 * A "--" ends the options and is skipped. With option_set.anywhere, @argv is permuted so that all
 * operands come last.
 *
 * Return: index of the first operand (which may be @argc), OPTIONS_HELP when the help was asked
 * for and printed, or -1 with @err filled.
 */
int options_parse(const struct option_set *set, void *target, int argc, char **argv,
		  struct error *err);

/* Setters and the fields that they fill */
option_setter option_flag;     /* bool: true */
option_setter option_string;   /* const char * */
option_setter option_unsigned; /* unsigned: decimal */
option_setter option_size;     /* uint64_t: bytes, with K, M, G, T for powers of 1024 */
option_setter option_seconds;  /* unsigned: seconds, or with s, m, h, d */
option_setter option_list;     /* struct string_list */

/**
 * struct string_list - what a repeatable option collects; NULL terminated once not empty
 *
 * Zero-initialise. The array is the list's own (free(list.items)), the strings are borrowed.
 */
struct string_list {
	const char **items;
	size_t count;
};

/**
 * options_print_filled() - Print words, and the end of the line, in lines of limited length
 * @indent: column in which the text begins and in which further lines do
 * @width:  columns of a line; 0 for one line of any length
 */
void options_print_filled(const char *text, int indent, int width);

#endif
