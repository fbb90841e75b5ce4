/* SPDX-License-Identifier: GPL-2.0-only */
/* base.h - physical memory that begins as a file, and is copied as it is written
 *
 * Parts of physical memory can be those of a file that others use, too: a snapshot's. They are
 * mapped read-only, chunk by chunk, until somebody writes, or a guest process is to have a page.
 */
#ifndef ENGINE_MEMORY_BASE_H
#define ENGINE_MEMORY_BASE_H

#include <stdbool.h>
#include <stdint.h>
#include "vitrine/abi.h"
#include "vitrine/error.h"

/**
 * base_begin() - Physical memory begins as a file
 * @fd: readable, as long as physical memory, and nobody changes it; taken over on success
 *
 * Before the kernel is entered. Return: 0, or -1 when the host does not map it as code, or has no
 * memory: copy it.
 */
int base_begin(int fd);

/** base_add() - These bytes of the file count, whole pages; all others are zeros */
void base_add(uint64_t offset, uint64_t length);

/**
 * base_map() - Map all that was added
 *
 * Return: 0 or -1 with @err.
 */
int base_map(struct error *err);

/**
 * base_own() - Give a range of physical memory pages of its own
 *
 * For what the host writes to or maps elsewhere: a system call that meets a read-only page fails,
 * without a fault that we could heed. Any thread; costs nothing when there is no base.
 */
void base_own(uint64_t pa, uint64_t len);

/** base_own_all() - The same for all of it */
void base_own_all(void);

/** base_zero() - A range of physical memory that nobody uses is zeros from now on, where it was a
 * base's */
void base_zero(uint64_t pa, uint64_t len);

/**
 * base_alias() - Map physical memory once more, at @va, where the base stays one, too
 *
 * Return: 0 or a negative errno.
 */
int base_alias(uint64_t va, uint64_t pa, uint64_t len);

/**
 * base_fault() - Somebody wrote to @addr, and faulted
 *
 * Context: a signal handler with all signals blocked.
 *
 * Return: whether the write can be made again.
 */
bool base_fault(uint64_t addr);

#endif
