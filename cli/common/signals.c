// SPDX-License-Identifier: GPL-2.0-only
/* signals.c - signals by name on the command line */

#include <ctype.h>
#include <signal.h>
#include <string.h>
#include "cli.h"
#include "signals.h"

#define SIGNALS 64

static int unknown_signal(const char *value, const char *name, struct error *err)
{
	const char *names[SIGNALS], *near;
	size_t count = 0;

	for (int sig = 1; sig <= SIGNALS; sig++) {
		if (sigabbrev_np(sig))
			names[count++] = sigabbrev_np(sig);
	}
	near = cli_suggest(name, names, count, sizeof(names[0]));
	if (near)
		return error_set(err, 0, "'%s' is not a signal; did you mean '%s'?", value, near);
	return error_set(err, 0, "'%s' is not a signal", value);
}

int option_signal(void *field, const char *value, struct error *err)
{
	const char *name = strncasecmp(value, "SIG", 3) ? value : value + 3;

	if (isdigit((unsigned char)value[0])) {
		if (option_unsigned(field, value, err))
			return -1;
		if (*(unsigned *)field < 1 || *(unsigned *)field > SIGNALS)
			return error_set(err, 0, "signals are numbered from 1 to %d", SIGNALS);
		return 0;
	}
	for (int sig = 1; sig <= SIGNALS; sig++) {
		const char *abbreviation = sigabbrev_np(sig);

		if (abbreviation && !strcasecmp(abbreviation, name)) {
			*(unsigned *)field = sig;
			return 0;
		}
	}
	return unknown_signal(value, name, err);
}
