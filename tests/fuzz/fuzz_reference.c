// SPDX-License-Identifier: GPL-2.0-only
/* fuzz_reference.c - names of images, and the files that are named like them */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "images/oci/reference.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct reference ref, again;
	struct error err = { 0 };
	char text[1024], twice[256];

	if (size >= sizeof(text))
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	if (!reference_familiar(text, twice, sizeof(twice), &err)) {
		/* It becomes a file's name, with '+' for '/' */
		if (!*twice || *twice == '.' || *twice == '/' || strchr(twice, '+') ||
		    strstr(twice, "/../") || strlen(twice) > 200)
			abort();
	}
	if (reference_parse(text, &ref, &err))
		return 0;
	if (!ref.registry[0] || !ref.repository[0] || (!ref.tag[0] && !ref.digest[0]))
		abort();
	/* Its shortest form means the same */
	reference_text(&ref, text, sizeof(text));
	if (reference_parse(text, &again, &err) || strcmp(ref.registry, again.registry) ||
	    strcmp(ref.repository, again.repository) || (ref.tag[0] && strcmp(ref.tag, again.tag)))
		abort();
	return 0;
}
