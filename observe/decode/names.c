// SPDX-License-Identifier: GPL-2.0-only
/* names.c - numbers by name, from tables */

#include "names.h"

/* A number without a name, and what it might have been */
static void unknown_text(struct text *t, const struct names *names, uint64_t number)
{
	text_hex(t, number);
	text_put(t, " /* ");
	text_put(t, names->unknown);
	text_put(t, " */");
}

const char *names_find(const struct names *names, uint64_t number)
{
	for (size_t i = 0; i < names->count; i++) {
		if (names->items[i].value == number)
			return names->items[i].name;
	}
	return NULL;
}

uint64_t names_some(struct text *t, const struct names *names, uint64_t number, bool *any)
{
	for (size_t i = 0; i < names->count; i++) {
		const struct name *item = &names->items[i];

		/* A name for "nothing" matches in its bits only */
		if ((number & item->mask) != item->value || item->mask == ~0ULL)
			continue;
		if (*any)
			text_char(t, '|');
		text_put(t, item->name);
		*any = true;
		number &= ~item->mask;
	}
	return number;
}

static void flags_text(struct text *t, const struct names *names, uint64_t number)
{
	const char *nothing = number ? NULL : names_find(names, 0);
	bool any = false;
	uint64_t rest;

	if (nothing) {
		text_put(t, nothing);
		return;
	}
	rest = names_some(t, names, number, &any);
	if (rest && !any) {
		unknown_text(t, names, rest);
	} else if (rest) {
		text_char(t, '|');
		text_hex(t, rest);
	} else if (!any) {
		text_char(t, '0');
	}
}

void names_text(struct text *t, const struct names *names, uint64_t number)
{
	const char *name;

	if (names->flags) {
		flags_text(t, names, number);
		return;
	}
	name = names_find(names, number);
	if (name)
		text_put(t, name);
	else
		unknown_text(t, names, number);
}
