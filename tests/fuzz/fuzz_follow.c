// SPDX-License-Identifier: GPL-2.0-only
/* fuzz_follow.c - any JSON in place of a followed call, printed
 *
 * Whatever members are missing, of another type or out of any range: it ends, and no byte reaches
 * the terminal that could mean something to it.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <jansson.h>
#include "cli/follow/follow.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	json_t *view = json_loadb((const char *)data, size, JSON_ALLOW_NUL, NULL);
	struct error err = { 0 };
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	assert(out);
	follow_print(out, view, 1000, &err);
	fclose(out);
	for (size_t i = 0; i < len; i++)
		assert(text[i] == '\n' || (unsigned char)text[i] >= ' ');
	free(text);
	json_decref(view);
	return 0;
}
