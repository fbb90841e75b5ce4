/* SPDX-License-Identifier: GPL-2.0-only */
/* sealed.h - do work on a stranger's data in a process that can do nothing else */
#ifndef VITRINE_IMAGES_SEALED_H
#define VITRINE_IMAGES_SEALED_H

#include <stdbool.h>
#include <stddef.h>
#include "vitrine/error.h"

/**
 * struct sealed - work to be done in a process of its own
 * @what:    who failed, for messages, such as "unpacking"
 * @prepare: opens what the work needs; runs in the new process before it is sealed. May be NULL
 * @work:    what is to be done; its answer goes to @answer
 * @context: for both
 * @network: the work is a conversation with servers: it may make connections and read (where the
 *           host has Landlock: only) what resolving names needs
 * @memory:  most address space, in MiB
 */
struct sealed {
	const char *what;
	int (*prepare)(void *context, struct error *err);
	int (*work)(void *context, int answer, struct error *err);
	void *context;
	bool network;
	unsigned memory;
};

/**
 * sealed_run() - Do the work and wait for its end
 * @answer: what the work wrote to its answer, with a NUL behind it; the caller frees it. NULL when
 *          nobody wants to know
 *
 * The process has a copy of this one's memory and shares its open files. An interrupt (see
 * images/process.h) ends it.
 *
 * Return: 0, or -1 with @err as the work filled it.
 */
int sealed_run(const struct sealed *job, char **answer, struct error *err);

#endif
