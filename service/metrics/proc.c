// SPDX-License-Identifier: GPL-2.0-only
/* proc.c - texts of a guest's /proc, which are the guest's: any bytes */
#include "proc.h"

#include <stdlib.h>
#include <string.h>

/* Numbers of a line, as far as there are any */
static unsigned numbers(const char *at, uint64_t *out, unsigned max)
{
	unsigned count = 0;

	while (count < max) {
		at += strspn(at, " \t");
		if (*at < '0' || *at > '9')
			break;
		out[count++] = strtoull(at, (char **)&at, 10);
	}
	return count;
}

uint64_t proc_busy(const char *text)
{
	uint64_t n[7] = { 0 };

	if (strncmp(text, "cpu ", 4) != 0)
		return 0;
	numbers(text + 4, n, 7);
	/* user, nice, system, idle, iowait, irq, softirq */
	return n[0] + n[1] + n[2] + n[5] + n[6];
}

static uint64_t field(const char *text, const char *name)
{
	const char *at = strstr(text, name);
	uint64_t kib = 0;

	if (at && (at == text || at[-1] == '\n'))
		numbers(at + strlen(name), &kib, 1);
	return kib * 1024;
}

uint64_t proc_memory(const char *text)
{
	const uint64_t total = field(text, "MemTotal:"), available = field(text, "MemAvailable:");

	return total > available ? total - available : 0;
}

uint64_t proc_network(const char *text)
{
	uint64_t sum = 0, n[9];

	for (const char *line = text; *line; line += strcspn(line, "\n"), line += *line == '\n') {
		const char *name = line + strspn(line, " "), *colon = strchr(name, ':');

		if (!colon || memchr(line, '\n', (size_t)(colon - line)) ||
		    !strncmp(name, "lo:", 3))
			continue;
		memset(n, 0, sizeof(n));
		numbers(colon + 1, n, 9);
		sum += n[0] + n[8];
	}
	return sum;
}
