/* SPDX-License-Identifier: GPL-2.0-only */
/* capture.h - what the files that keep a call's memory share
 *
 * Each function adds records (struct vt_event_data) of one argument behind those that are there, as
 * far as there is room. Context: current's, nothing locked; none of them sleeps.
 */
#ifndef VITRINE_OBSERVE_CAPTURE_H
#define VITRINE_OBSERVE_CAPTURE_H

#include <asm/vitrine-syscalls.h>
#include "../observe.h"

/**
 * vt_fetch() - Read guest memory, if all of it is present: nothing sleeps or changes
 */
bool vt_fetch(void *to, u64 from, size_t len);

/**
 * vt_keep_bytes() - Keep up to @limit of the @full bytes that there are
 *
 * Return: what was kept; NULL when the memory was not there, or there was no room for a record.
 */
const struct vt_event_data *vt_keep_bytes(struct vt_captured *captured, unsigned int arg,
					  unsigned int index, u64 from, u64 full, u64 limit);

/**
 * vt_keep_string() - Keep a string without its NUL
 *
 * Return: false when its memory was not there.
 */
bool vt_keep_string(struct vt_captured *captured, unsigned int arg, unsigned int index, u64 from,
		    u64 limit);

/**
 * vt_keep_strings() - Keep up to @most strings of an array that ends with NULL, and how many there
 *		       are when some are not kept
 */
bool vt_keep_strings(struct vt_captured *captured, unsigned int arg, u64 from, u64 limit,
		     unsigned int most);

/**
 * vt_keep_vector() - Keep what the buffers of an array of struct iovec hold
 * @index:    of the first buffer
 * @counter:  index of the record that says that not all of them are kept
 * @total:    bytes in all of them together
 */
bool vt_keep_vector(struct vt_captured *captured, unsigned int arg, unsigned int index,
		    unsigned int counter, u64 from, u64 count, u64 total, u64 limit);

/**
 * vt_keep_descriptor() - Keep the path of a descriptor's file, if paths are wished for
 */
void vt_keep_descriptor(struct vt_captured *captured, unsigned int arg, unsigned int index, int fd);

/* message.c: see enum vt_message_part */
bool vt_keep_message(struct vt_captured *captured, unsigned int arg, unsigned int message, u64 from,
		     size_t size, u64 total);
bool vt_keep_messages(struct vt_captured *captured, unsigned int arg, u64 from, u64 count,
		      bool received);
bool vt_keep_name_length(struct vt_captured *captured, unsigned int arg, unsigned int message,
			 u64 from);
void vt_keep_name_lengths(struct vt_captured *captured, unsigned int arg, u64 from, u64 count);
void vt_keep_message_lengths(struct vt_captured *captured, unsigned int arg, u64 from, u64 count);

#endif
