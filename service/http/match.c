// SPDX-License-Identifier: GPL-2.0-only
/* match.c - does a path fit a pattern? */
#include "match.h"

#include <string.h>

bool match_path(const char *pattern, const char *path, char params[MATCH_PARAMS][MATCH_PARAM_MAX])
{
	unsigned count = 0;

	while (*pattern) {
		if (*pattern == '{' && count < MATCH_PARAMS) {
			const size_t len = strcspn(path, "/");

			if (!len || len >= MATCH_PARAM_MAX)
				return false;
			memcpy(params[count], path, len);
			params[count++][len] = '\0';
			path += len;
			pattern += strlen("{}");
		} else if (*pattern++ != *path++) {
			return false;
		}
	}
	return !*path;
}
