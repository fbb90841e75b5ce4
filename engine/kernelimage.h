/* SPDX-License-Identifier: GPL-2.0-only */
/* kernelimage.h - the guest kernel's image */
#ifndef ENGINE_KERNELIMAGE_H
#define ENGINE_KERNELIMAGE_H

#include <stdint.h>
#include "vitrine/error.h"

/**
 * kernelimage_load() - Copy the kernel into physical memory
 * @path:  ELF file; NULL for the one that belongs to this program: kernel/vmlinux beside it, or
 *         vmlinux in the installed library directory
 * @entry: receives its entry point
 * @err:   filled on failure
 *
 * Return: 0 or -1.
 */
int kernelimage_load(const char *path, uint64_t *entry, struct error *err);

#endif
