/* SPDX-License-Identifier: GPL-2.0-only */
/* kernelimage.h - the guest kernel's image */
#ifndef ENGINE_BOOT_KERNELIMAGE_H
#define ENGINE_BOOT_KERNELIMAGE_H

#include <stdbool.h>
#include <stdint.h>
#include "vitrine/error.h"

/**
 * struct kernelimage - what there is to know of a loaded kernel
 * @entry:      its entry point
 * @observable: it was built with the observatory
 */
struct kernelimage {
	uint64_t entry;
	bool observable;
};

/**
 * kernelimage_load() - Copy the kernel into physical memory
 * @path:  ELF file; NULL for the one that belongs to this program: kernel/vmlinux beside it, or
 *         vmlinux in the installed library directory
 * @image: filled on success
 * @err:   filled on failure
 *
 * Return: 0 or -1.
 */
int kernelimage_load(const char *path, struct kernelimage *image, struct error *err);

#endif
