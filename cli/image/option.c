// SPDX-License-Identifier: GPL-2.0-only
/* option.c - options that several commands of vitrine image have */

#include <string.h>
#include "images/digest.h"
#include "option.h"
#include "vitrine/util.h"

#define SIZE_MIN (64ULL << 20)
#define SIZE_MAX_ (16ULL << 40)
#define SIZE_UNIT (1ULL << 20)

int image_option_size(void *field, const char *value, struct error *err)
{
	uint64_t size;

	if (option_size(&size, value, err))
		return -1;
	if (size < SIZE_MIN || size > SIZE_MAX_)
		return error_set(err, 0, "'%s' is not between 64M and 16T", value);
	*(uint64_t *)field = (size + SIZE_UNIT - 1) & ~(SIZE_UNIT - 1);
	return 0;
}

int image_option_digest(void *field, const char *value, struct error *err)
{
	if (!digest_valid(value))
		return error_set(err, 0, "'%s' is not sha256: and 64 hexadecimal digits", value);
	return option_string(field, value, err);
}

int image_option_platform(void *field, const char *value, struct error *err)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789_./-";

	if (value[strspn(value, allowed)] || !strchr(value, '/') || *value == '/' ||
	    strlen(value) > 100)
		return error_set(err, 0, "'%s' is not like linux/amd64", value);
	return option_string(field, value, err);
}
