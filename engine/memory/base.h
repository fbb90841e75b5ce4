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

#define BASE_LAYERS_MAX 16

/**
 * base_reserve() - Set descriptors aside that layers will have
 *
 * Before the supervisor gives up its rights, which is when it is said which descriptors may be
 * mapped as code. Without them (ulimit -n) no layer comes in later.
 */
void base_reserve(void);

/* The first of BASE_LAYERS_MAX descriptors that are set aside, a multiple of that; 0: none */
int base_reserved(void);

/**
 * base_layer() - A file that parts of physical memory can be those of
 * @fd: readable, as long as physical memory, and nobody changes it; stays the caller's
 *
 * Return: its number, from 1 on, or 0: the host does not map it as code, or there are too many.
 */
unsigned base_layer(int fd);

/** base_layer_fd() - Its descriptor; -1 when there is no such layer, or none any more */
int base_layer_fd(unsigned layer);

/**
 * base_add() - These bytes of a layer are physical memory, whole chunks
 *
 * Before the kernel is entered. All that is never added is zeros.
 */
void base_add(unsigned layer, uint64_t offset, uint64_t length);

/**
 * base_copy_early() - Give a part of what was added pages of its own, before base_map()
 * @pa, @len: whole chunks of physical memory
 *
 * Return: 0 or -1, with errno; then less of it was done.
 */
int base_copy_early(uint64_t pa, uint64_t len);

/**
 * base_map() - Map all that was added
 *
 * Return: 0 or -1 with @err.
 */
int base_map(struct error *err);

/* Bytes of what belongs to one layer */
#define BASE_CHUNK 16384UL

/** base_of() - The layer that the chunk at @pa is of; 0: it is our own */
unsigned base_of(uint64_t pa);

/** base_was() - The layer that our own chunk at @pa was copied from; 0: from none */
unsigned base_was(uint64_t pa);

/**
 * base_adopt() - All of physical memory is that of layers from now on
 * @layers: of each chunk the layer that has the same bytes, or 0 for one that is zeros
 *
 * While the kernel stands still. What is our own is given back to the host; layers that nothing is
 * of any more are closed. What could not be done is left as it was.
 */
void base_adopt(const uint8_t *layers);

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

/**
 * base_freeze() - All that is our own becomes a layer, and we go on with a new memory file
 * @fd: that file, empty, as long as physical memory; stays the caller's
 *
 * While the kernel stands still; whatever was made from memory_fd() has to be made anew. Takes as
 * long whatever is in use.
 *
 * Return: the number of the layer, or 0: there is no room for one, and all is as it was.
 */
unsigned base_freeze(int fd);

/** base_let_go() - Everything that maps our own memory does so anew when it is next used
 *
 * Any time: what is not mapped need not be unmapped while the kernel stands still.
 */
void base_let_go(void);

#endif
