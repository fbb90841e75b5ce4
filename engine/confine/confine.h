/* SPDX-License-Identifier: GPL-2.0-only */
/* confine.h - what the supervisor takes from itself before it runs a guest */
#ifndef ENGINE_CONFINE_CONFINE_H
#define ENGINE_CONFINE_CONFINE_H

#include <stdio.h>
#include "vitrine/error.h"

/**
 * confine_begin() - First step: before anything of the sandbox is opened or started
 * @inherited: descriptors, behind the three of standard streams, that are for us
 * @err: filled on failure
 *
 * Closes other inherited descriptors, gives up new privileges and core dumps, and bounds whom this
 * process and all that it starts can signal, where the host can do that.
 * Return: 0 or -1.
 */
int confine_begin(unsigned inherited, struct error *err);

/**
 * struct confine_memory - the files that may be mapped executable
 * @fd:     of the guest's memory
 * @layers: the first of @count descriptors, a power of two that it is a multiple of, which may come
 *          to stand for other files and be mapped, too; 0: there are none
 */
struct confine_memory {
	int fd, layers;
	unsigned count;
};

/**
 * confine_enter() - Second step: everything is open and every thread runs
 * @memory: what may be mapped executable
 * @err:    filled on failure
 *
 * All threads lose the file system and every system call that is not on the list.
 * Return: 0 or -1.
 */
int confine_enter(const struct confine_memory *memory, struct error *err);

/* The list, with what is checked of the arguments */
void confine_print(FILE *out);

/* Landlock's part of both steps (landlock.c) */
int confine_landlock_begin(struct error *err);
int confine_landlock_enter(struct error *err);

/* Threads that block signals leave this one alone: it brings Landlock to them */
#define CONFINE_SIGNAL (SIGRTMIN + 2)

#endif
