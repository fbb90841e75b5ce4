/* SPDX-License-Identifier: GPL-2.0-only */
/* match.h - does a path fit a pattern? */
#ifndef SERVICE_HTTP_MATCH_H
#define SERVICE_HTTP_MATCH_H

#include <stdbool.h>

#define MATCH_PARAMS 4
#define MATCH_PARAM_MAX 128

/**
 * match_path() - Does a path fit a pattern?
 * @pattern: ours; {} is one segment, which is not empty
 * @path:    a client's
 * @params:  filled with what stood at the {}; without a '/' in it
 */
bool match_path(const char *pattern, const char *path, char params[MATCH_PARAMS][MATCH_PARAM_MAX]);

#endif
