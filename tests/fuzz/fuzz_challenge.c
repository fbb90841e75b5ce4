// SPDX-License-Identifier: GPL-2.0-only
/* fuzz_challenge.c - WWW-Authenticate headers of a hostile registry */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "images/oci/challenge.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct challenge challenge;
	char text[4096];

	if (size >= sizeof(text))
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	if (challenge_parse(text, &challenge) && challenge.bearer &&
	    strncmp(challenge.realm, "http", 4))
		abort();
	return 0;
}
