/* SPDX-License-Identifier: GPL-2.0-only */
/* logring.h - the last part of what a sandbox said, for `vitrine logs` */
#ifndef ENGINE_LOG_LOGRING_H
#define ENGINE_LOG_LOGRING_H

#include <stddef.h>
#include <stdint.h>

enum logring { LOGRING_KERNEL, LOGRING_MAIN, LOGRING_COUNT };

/**
 * logring_append() - Add text; never blocks for long, any thread
 */
void logring_append(enum logring which, const void *text, size_t len);

/**
 * logring_read() - Copy text from a position on
 * @which:  log
 * @offset: position since the beginning of the log; moved to the oldest byte kept when it is older,
 *          then behind what was copied
 * @buf, @size: destination
 *
 * Return: bytes copied, 0 when there is nothing new.
 */
size_t logring_read(enum logring which, uint64_t *offset, void *buf, size_t size);

/**
 * logring_tail() - Position from which there are so many lines up to the end
 */
uint64_t logring_tail(enum logring which, uint64_t lines);

/**
 * logring_wait() - Wait until there is something behind a position
 * @timeout: milliseconds
 */
void logring_wait(enum logring which, uint64_t offset, int timeout);

#endif
