// SPDX-License-Identifier: GPL-2.0-only
/* options.c - command line options from a table
 *
 * Theory of operation
 * getopt_long() does the parsing. Its two descriptions of the options (a string of letters and an
 * array of names) are generated from the verb's table, so the table is the only place where an
 * option exists. Long options return their index plus LONG_BASE.
 */

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <limits.h>
#include <string.h>
#include "cli.h"
#include "options.h"
#include "vitrine/util.h"

#define LONG_BASE 256
#define SPECS_MAX 64
#define HELP_COLUMN 30
#define HELP_WIDTH 80

void (*options_hook)(const struct option_set *set, int argc, char **argv);

int option_flag(void *field, const char *value, struct error *err)
{
	*(bool *)field = true;
	return 0;
}

int option_string(void *field, const char *value, struct error *err)
{
	*(const char **)field = value;
	return 0;
}

static int parse_number(const char *text, const char **end, uint64_t *value, struct error *err)
{
	char *stop;

	if (!isdigit((unsigned char)text[0]))
		return error_set(err, 0, "'%s' is not a number", text);
	errno = 0;
	*value = strtoull(text, &stop, 10);
	if (errno)
		return error_set(err, 0, "'%s' is too large", text);
	*end = stop;
	return 0;
}

int option_unsigned(void *field, const char *value, struct error *err)
{
	const char *end;
	uint64_t n;

	if (parse_number(value, &end, &n, err))
		return -1;
	if (*end)
		return error_set(err, 0, "'%s' is not a number", value);
	if (n > UINT_MAX)
		return error_set(err, 0, "'%s' is too large", value);
	*(unsigned *)field = n;
	return 0;
}

struct unit {
	const char *suffix;
	uint64_t factor;
};

static const struct unit size_units[] = {
	{ "", 1 },	     { "B", 1 },	  { "K", 1ULL << 10 },
	{ "M", 1ULL << 20 }, { "G", 1ULL << 30 }, { "T", 1ULL << 40 },
};

static const struct unit time_units[] = {
	{ "", 1 }, { "s", 1 }, { "m", 60 }, { "h", 3600 }, { "d", 86400 },
};

static int parse_quantity(const char *text, const struct unit *units, size_t count,
			  const char *examples, uint64_t *value, struct error *err)
{
	const char *end;
	uint64_t n;

	if (parse_number(text, &end, &n, err))
		return -1;
	for (size_t i = 0; i < count; i++) {
		if (strcasecmp(end, units[i].suffix))
			continue;
		if (__builtin_mul_overflow(n, units[i].factor, value))
			return error_set(err, 0, "'%s' is too large", text);
		return 0;
	}
	return error_set(err, 0, "'%s' has an unknown unit; write for example %s", text, examples);
}

int option_size(void *field, const char *value, struct error *err)
{
	return parse_quantity(value, size_units, ARRAY_SIZE(size_units), "512M or 4G", field, err);
}

int option_seconds(void *field, const char *value, struct error *err)
{
	uint64_t n;

	if (parse_quantity(value, time_units, ARRAY_SIZE(time_units), "90, 5m or 2h", &n, err))
		return -1;
	if (n > UINT_MAX)
		return error_set(err, 0, "'%s' is too large", value);
	*(unsigned *)field = n;
	return 0;
}

int option_list(void *field, const char *value, struct error *err)
{
	struct string_list *list = field;
	const char **items = reallocarray(list->items, list->count + 2, sizeof(*items));

	if (!items)
		return error_set(err, ENOMEM, "no room for another value");
	items[list->count++] = value;
	items[list->count] = NULL;
	list->items = items;
	return 0;
}

static int argument_of(const struct option_spec *spec)
{
	return !spec->arg	     ? no_argument
	       : spec->arg[0] == '[' ? optional_argument
				     : required_argument;
}

void options_print_filled(const char *text, int indent, int width)
{
	int column = indent;

	while (*text) {
		int word = (int)strcspn(text, " ");

		if (width && column > indent && column + 1 + word > width) {
			printf("\n%*s", indent, "");
			column = indent;
		}
		column += printf("%s%.*s", column > indent ? " " : "", word, text);
		text += word + strspn(text + word, " ");
	}
	putchar('\n');
}

static void print_option(const struct option_spec *spec)
{
	char head[64];

	if (!spec->help)
		return;
	snprintf(head, sizeof(head), "  %c%c%s%s%s%s%s", spec->letter ? '-' : ' ',
		 spec->letter ? spec->letter : ' ',
		 !spec->name	? ""
		 : spec->letter ? ", "
				: "  ",
		 spec->name ? "--" : "", spec->name ? spec->name : "",
		 argument_of(spec) == required_argument ? " " : "", spec->arg ? spec->arg : "");
	if (strlen(head) >= HELP_COLUMN)
		printf("%s\n%*s", head, HELP_COLUMN, "");
	else
		printf("%-*s", HELP_COLUMN, head);
	options_print_filled(spec->help, HELP_COLUMN, HELP_WIDTH);
}

/* Paragraphs have an empty line between them */
static void print_about(const char *about)
{
	char paragraph[1024];

	while (*about) {
		const char *end = strstr(about, "\n\n");
		size_t len = end ? (size_t)(end - about) : strlen(about);

		snprintf(paragraph, sizeof(paragraph), "%.*s", (int)len, about);
		options_print_filled(paragraph, 0, HELP_WIDTH);
		putchar('\n');
		about += end ? len + 2 : len;
	}
}

static void print_help(const struct option_set *set)
{
	static const struct option_spec help = { 'h', "help", NULL, NULL, 0, "show this help" };

	printf("Usage: %s %s\n\n", set->program ? set->program : "vitrine", set->synopsis);
	print_about(set->about);
	puts("Options:");
	for (size_t i = 0; i < set->count; i++)
		print_option(&set->specs[i]);
	print_option(&help);
}

struct getopt_tables {
	char letters[2 + 2 * SPECS_MAX + 2];
	struct option names[SPECS_MAX + 2];
};

static void fill_tables(const struct option_set *set, struct getopt_tables *t)
{
	size_t letters = 0, names = 0;

	assert(set->count <= SPECS_MAX);
	memset(t, 0, sizeof(*t));
	if (!set->anywhere)
		t->letters[letters++] = '+'; /* stop at the first operand */
	t->letters[letters++] = ':';	     /* tell a missing argument from an unknown option */
	for (size_t i = 0; i < set->count; i++) {
		const struct option_spec *s = &set->specs[i];

		if (s->letter) {
			t->letters[letters++] = s->letter;
			if (s->arg)
				t->letters[letters++] = ':';
		}
		if (s->name)
			t->names[names++] =
			    (struct option){ s->name, argument_of(s), NULL, LONG_BASE + i };
	}
	t->letters[letters++] = 'h';
	t->names[names++] = (struct option){ "help", no_argument, NULL, 'h' };
}

static const struct option_spec *find_spec(const struct option_set *set, int code)
{
	if (code >= LONG_BASE)
		return &set->specs[code - LONG_BASE];
	for (size_t i = 0; i < set->count; i++) {
		if (set->specs[i].letter == code)
			return &set->specs[i];
	}
	return NULL;
}

static int unknown_option(const struct option_set *set, const char *verb, const char *word,
			  struct error *err)
{
	char name[64];
	const char *near;

	/* A letter that is not ASCII has a negative optopt, and its word may not be read to its end
	 */
	if (optopt < 0)
		return error_set(err, 0, "unknown option; see vitrine %s --help", verb);
	if (optopt > 0 && optopt < LONG_BASE)
		return error_set(err, 0, "unknown option -%c; see vitrine %s --help", optopt, verb);
	if (optopt >= LONG_BASE)
		return error_set(err, 0, "--%s takes no value", find_spec(set, optopt)->name);

	snprintf(name, sizeof(name), "%.*s", (int)strcspn(word + 2, "="), word + 2);
	near = cli_suggest(name, &set->specs[0].name, set->count, sizeof(set->specs[0]));
	if (near)
		return error_set(err, 0, "unknown option --%s; did you mean --%s?", name, near);
	return error_set(err, 0, "unknown option --%s; see vitrine %s --help", name, verb);
}

static void spec_name(const struct option_spec *spec, char *buf, size_t size)
{
	if (spec->name)
		snprintf(buf, size, "--%s", spec->name);
	else
		snprintf(buf, size, "-%c", spec->letter);
}

static int set_field(const struct option_spec *spec, void *target, struct error *err)
{
	struct error why = { 0 };
	char name[64];

	if (!spec->set((char *)target + spec->offset, optarg, &why))
		return 0;
	spec_name(spec, name, sizeof(name));
	error_set(err, 0, "%s: %.400s", name, why.text);
	return -1;
}

int options_parse(const struct option_set *set, void *target, int argc, char **argv,
		  struct error *err)
{
	struct getopt_tables tables;
	char name[64];
	int code;

	if (options_hook) {
		options_hook(set, argc, argv);
		return OPTIONS_HELP;
	}
	fill_tables(set, &tables);
	optind = 0; /* glibc: start over */
	opterr = 0;
	for (;;) {
		code = getopt_long(argc, argv, tables.letters, tables.names, NULL);
		switch (code) {
		case -1:
			return optind;
		case 'h':
			print_help(set);
			return OPTIONS_HELP;
		case '?':
			return unknown_option(set, argv[0], argv[optind - 1], err);
		case ':':
			spec_name(find_spec(set, optopt), name, sizeof(name));
			return error_set(err, 0, "%s needs a value", name);
		default:
			if (set_field(find_spec(set, code), target, err))
				return -1;
		}
	}
}
