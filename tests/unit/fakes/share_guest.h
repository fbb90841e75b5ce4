/* SPDX-License-Identifier: GPL-2.0-only */
/* share_guest.h - a guest that talks to the file server, without a sandbox
 *
 * Physical memory is an array; a request is one call of message_serve(). There is no Landlock and
 * no filter, so that what they would stop has to be stopped by the server itself.
 */
#ifndef TESTS_SHARE_GUEST_H
#define TESTS_SHARE_GUEST_H

#include <linux/fuse.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SHARE_MEMORY (1UL << 20)

/* Whose answer does not fit was answered with so many bytes */
#define SHARE_NO_ANSWER (-100000)

/**
 * share_guest_start() - Serve folders; once in a process
 * @paths: @count of them; the second one is read-only
 * @open_files, @known_files: budgets
 */
void share_guest_start(const char *const *paths, unsigned count, unsigned open_files,
		       unsigned known_files);

/**
 * share_ask() - One request
 * @arg, @tail: what follows the header
 * @out:  filled with at most @room bytes of the answer, and zeros
 *
 * Return: bytes of the answer behind its header, a negative errno, or SHARE_NO_ANSWER.
 */
int share_ask(uint32_t operation, uint64_t node, const void *arg, size_t len, const void *tail,
	      size_t tail_len, void *out, size_t room);

/* The same with buffers of one's own making: bytes that the server says it wrote */
struct channel_slot;
uint32_t share_ask_raw(struct channel_slot *slot);
void *share_memory(void);

/* Find a name. Return: 0 or a negative errno */
int share_find(uint64_t parent, const char *name, struct fuse_entry_out *entry);

/* The number of folder @i */
uint64_t share_folder(unsigned i);

/* Open. Return: 0 or a negative errno */
int share_open_file(uint64_t node, uint32_t flags, uint64_t *handle);

#endif
