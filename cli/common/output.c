// SPDX-License-Identifier: GPL-2.0-only
/* output.c - standard output: what was not written was not done
 *
 * A full disk makes a stream bad at some printf() among hundreds. The stream remembers that, and
 * main() asks it once, when the verb is over.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include "cli.h"
#include "observe/text/guest_text.h"
#include "output.h"
#include "vitrine/util.h"

static int lost; /* errno value */

/* What is longer than the stream's buffer is written at once, and its reason is not told again */
void output_text(const char *text)
{
	errno = 0;
	if (puts(text) < 0 && !lost)
		lost = errno;
}

void output_json(const json_t *json)
{
	cleanup_free char *text = guest_dumps(json, JSON_INDENT(2));

	if (text)
		output_text(text);
}

int output_finish(int status)
{
	struct error err = { 0 };
	int code;

	errno = 0;
	code = fflush(stdout) ? errno : 0;
	code = lost ? lost : code;
	if (!code && !ferror(stdout))
		return status;
	error_set(&err, code, "standard output%s", code ? "" : " could not be written");
	return cli_fail(status ? status : EXIT_VITRINE, &err);
}
