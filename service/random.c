// SPDX-License-Identifier: GPL-2.0-only
/* random.c - names that nobody guesses */
#include <sys/random.h>

#include "lib/say.h"
#include "service.h"
#include "vitrine/util.h"

static void fill(unsigned char *bytes, size_t len)
{
	/* Up to 256 bytes come at once, or the host is not one that we can serve on */
	if (getrandom(bytes, len, 0) != (ssize_t)len) {
		say("there are no random numbers");
		_exit(125);
	}
}

void random_name(char *text, unsigned len)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789";
	unsigned char bytes[256];
	unsigned used = sizeof(bytes);

	for (unsigned i = 0; i < len;) {
		/* What is left of 256 would make some letters likelier */
		const unsigned choices = i ? 36 : 26, most = 256 / choices * choices;

		if (used == sizeof(bytes)) {
			fill(bytes, sizeof(bytes));
			used = 0;
		}
		if (bytes[used] < most)
			text[i++] = letters[bytes[used] % choices];
		used++;
	}
	text[len] = '\0';
}

void random_hex(char *text, unsigned len)
{
	unsigned char bytes[128];

	fill(bytes, len / 2);
	for (unsigned i = 0; i < len / 2; i++)
		snprintf(text + 2 * (size_t)i, 3, "%02x", bytes[i]);
}
