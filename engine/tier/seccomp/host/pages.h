/* SPDX-License-Identifier: GPL-2.0-only */
/* pages.h - control pages: what the stub's service threads and the zygote are told to do */
#ifndef ENGINE_TIER_SECCOMP_HOST_PAGES_H
#define ENGINE_TIER_SECCOMP_HOST_PAGES_H

#include <stdint.h>
#include "engine/tier/seccomp/stub/layout.h"
#include "vitrine/error.h"

#define PAGES_MAX 16384
#define PAGES_ZYGOTE 0 /* its page is there from the beginning */

/* Create them; @fd receives the memory file, which the caller owns. Return: 0 or -1. */
int pages_init(int *fd, struct error *err);

/* The zygote's lifeline: CONTROL_ALIVE in its page */
void *pages_alive(void);

/* Get a page that nobody uses, with the filters in it, and a serial number of its own; -1: none */
int pages_get(void);

/* Give a page back, whose process is dead; its memory goes back to the host */
void pages_put(unsigned page);

/* The number that the messages of whoever has this page begin with */
uint64_t pages_serial(unsigned page);

/* Write the command that is executed as number @at, below CONTROL_COMMANDS */
void pages_command(unsigned page, unsigned at, const struct stub_command *command);

/* Addresses in commands are a guest's: nothing of one is there for the next to read */
void pages_forget(unsigned page);

#endif
