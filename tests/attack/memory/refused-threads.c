// SPDX-License-Identifier: GPL-2.0-only
/* refused-threads - have the host refuse threads, and look for slots that are still mapped
 *
 * Each would be the signal stack of whoever gets it next. Run by tests/guest/faults.t, as a user
 * who has few processes on the host.
 */
#include "tests/attack/attack.h"

#include <pthread.h>

#define MOST 300

static void *idle(void *arg)
{
	pause();
	return NULL;
}

int main(void)
{
	unsigned made = 0, refused = 0, slots = 0;
	pthread_attr_t attr;
	pthread_t thread;

	catch_faults();
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 32768);
	for (unsigned i = 0; i < MOST && refused < 8; i++) {
		if (pthread_create(&thread, &attr, idle, NULL))
			refused++;
		else
			made++;
	}
	for (unsigned i = 0; i < MOST + 100; i++)
		slots += !touch(STUB_SLOTS + (uint64_t)i * SLOT_SIZE + SLOT_HEADER, false);
	printf("%s, %u slots too many\n", refused ? "some were refused" : "none was refused",
	       slots - made - 1);
	return 0;
}
