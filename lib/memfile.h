/* SPDX-License-Identifier: GPL-2.0-only */
/* memfile.h - files that are only memory */
#ifndef LIB_MEMFILE_H
#define LIB_MEMFILE_H

#include <stddef.h>
#include <stdint.h>
#include "vitrine/error.h"

/**
 * memfile_create() - Create a memory file
 * @name: what /proc shows; also what an error calls it
 * @size: in bytes; the file takes memory only where it is written
 * @err:  filled on failure
 *
 * It can be sealed and be mapped executable, but not be executed, and is closed on exec.
 *
 * Return: a descriptor, which is the caller's, or -1.
 */
int memfile_create(const char *name, uint64_t size, struct error *err);

/**
 * memfile_shared() - Create a memory file and map all of it, to read and to write
 * @name, @size, @err: as above
 * @fd: filled with its descriptor, or -1; it is the caller's
 *
 * Return: the mapping, which lasts as long as the process, or NULL.
 */
void *memfile_shared(const char *name, uint64_t size, int *fd, struct error *err);

/**
 * memfile_program() - Create a memory file that can be executed, or what comes closest
 * @name:       as above
 * @text, @len: what is in it
 * @err:        filled on failure; a host may refuse all that can be executed
 *
 * Return: a descriptor, which is the caller's, or -1.
 */
int memfile_program(const char *name, const void *text, size_t len, struct error *err);

#endif
