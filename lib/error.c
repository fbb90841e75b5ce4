// SPDX-License-Identifier: GPL-2.0-only
/* error.c - fill a struct error; see include/vitrine/error.h for the convention */

#include <stdarg.h>
#include <string.h>
#include "vitrine/error.h"
#include "vitrine/util.h"

int(error_set)(struct error *err, int code, const char *format, ...)
{
	va_list args;
	size_t used;

	if (!err)
		return -1;

	va_start(args, format);
	vsnprintf(err->text, sizeof(err->text), format, args);
	va_end(args);

	err->code = code;
	if (code) {
		used = strlen(err->text);
		snprintf(err->text + used, sizeof(err->text) - used, "%s%s", used ? ": " : "",
			 strerror(code));
	}
	return -1;
}
