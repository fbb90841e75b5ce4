// SPDX-License-Identifier: GPL-2.0-only
/* name.c - is this a name of a host?
 *
 * Portable C: a machine in a tab asks, too.
 */
#include <ctype.h>
#include <string.h>

#include "lib/policy.h"

bool policy_name_valid(const char *name)
{
	size_t label = 0;

	if (!*name || strlen(name) > POLICY_NAME_MAX)
		return false;
	for (; *name; name++) {
		if (*name == '.') {
			if (!label)
				return false;
			label = 0;
		} else if (!isalnum((unsigned char)*name) && *name != '-' && *name != '_') {
			return false;
		} else if (++label > 63) {
			return false;
		}
	}
	return label > 0;
}
