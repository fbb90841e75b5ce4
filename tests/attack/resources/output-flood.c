// SPDX-License-Identifier: GPL-2.0-only
/* output-flood - the streams and the console, with more than they hold and nobody who reads */
#include "tests/attack/attack.h"

#include <fcntl.h>

int main(void)
{
	static char junk[1 << 16];
	int console = open("/dev/console", O_WRONLY | O_NONBLOCK),
	    kmsg = open("/dev/kmsg", O_WRONLY);

	for (unsigned i = 0; i < sizeof(junk); i++)
		junk[i] = i * 31;
	for (unsigned i = 0; i < 64; i++) {
		if (console >= 0)
			(void)!write(console, junk, sizeof(junk));
		if (kmsg >= 0)
			(void)!write(kmsg, junk, 900);
		(void)!write(2, junk, sizeof(junk));
	}
	return over();
}
