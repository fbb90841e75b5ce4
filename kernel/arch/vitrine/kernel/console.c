// SPDX-License-Identifier: GPL-2.0-only
/* console.c - the kernel log's way to the supervisor, which keeps it and decides who sees it */
#include <linux/console.h>
#include <linux/init.h>
#include <asm/vitrine.h>

static void log_write(struct console *console, const char *text, unsigned int len)
{
	vt_host->console_write(text, len);
}

static struct console log_console = {
	.name = "vitrine",
	.write = log_write,
	.flags = CON_PRINTBUFFER | CON_ANYTIME | CON_ENABLED,
	.index = -1,
};

static int __init log_init(void)
{
	register_console(&log_console);
	return 0;
}
console_initcall(log_init);
