/* SPDX-License-Identifier: GPL-2.0-only */
/* kernellog.c - what the guest kernel prints: kept for `vitrine logs`, shown when it dies
 *
 * Host system calls: write, ioctl (TCGETS).
 */
#include "kernellog.h"

#include <string.h>
#include <unistd.h>

#include "lib/plain.h"
#include "lib/say.h"
#include "logring.h"

#define TAIL 4096

static bool echo_log;
static char tail[TAIL]; /* the last bytes, as a ring */
static unsigned long written;

static void console_write(const char *text, vt_u32 len)
{
	if (echo_log)
		plain_write(STDERR_FILENO, text, len); /* names of tasks are in it */
	logring_append(LOGRING_KERNEL, text, len);
	for (vt_u32 i = 0; i < len; i++)
		tail[written++ % TAIL] = text[i];
}

void kernellog_ops_fill(struct vt_host_ops *ops, bool echo)
{
	echo_log = echo;
	ops->console_write = console_write;
}

/* From the line where the trouble began */
void kernellog_show_panic(void)
{
	char copy[TAIL + 1];
	size_t len = written < TAIL ? written : TAIL;
	const char *from;

	if (echo_log)
		return;
	for (size_t i = 0; i < len; i++)
		copy[i] = tail[(written - len + i) % TAIL];
	copy[len] = '\0';
	from = strstr(copy, "BUG: ");
	if (!from)
		from = strstr(copy, "Kernel panic");
	if (!from)
		from = copy;
	while (from > copy && from[-1] != '\n')
		from--;
	say("the guest kernel died");
	plain_write(STDERR_FILENO, from, copy + len - from);
}
