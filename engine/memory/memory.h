/* SPDX-License-Identifier: GPL-2.0-only */
/* memory.h - the guest's physical memory: one memory file, mapped at VT_PAGE_OFFSET */
#ifndef ENGINE_MEMORY_MEMORY_H
#define ENGINE_MEMORY_MEMORY_H

#include <stdbool.h>
#include <stdint.h>
#include "vitrine/abi.h"
#include "vitrine/error.h"

/**
 * memory_init() - Create physical memory and map it
 * @size: bytes, a multiple of 2 MiB; taken from the host page by page as it is touched
 * @err:  filled on failure
 *
 * Return: 0 or -1.
 */
int memory_init(uint64_t size, struct error *err);

/* Host areas that the kernel's own mappings may take before they are dropped and made anew */
unsigned memory_kernel_areas(void);

/* In a copy of this process that runs no guest: nothing in physical memory is executed there */
void memory_no_code(void);

/* The memory file; stays open for as long as the sandbox lives */
int memory_fd(void);

/**
 * phys_ptr() - Where a range of physical memory lies in this process
 * @pa, @len: range, from an untrusted source
 *
 * Return: its address, or NULL when it is not wholly inside physical memory.
 */
void *phys_ptr(uint64_t pa, uint64_t len);

/* Bytes of physical memory */
uint64_t memory_size(void);

/* Has the kernel said, before it paused, that nobody wants to know what the page at @pa holds? */
bool memory_is_unused(uint64_t pa);

/* The kernel stands still: its own mappings go, and come again when it touches them */
void memory_forget_kernel(void);

/* Is anybody going to ask? */
void memory_want_unused(bool yes);

/* The pause is over */
void memory_unused_forget(void);

/* Fill the memory operations of the boot ABI */
void memory_ops_fill(struct vt_host_ops *ops);

#endif
