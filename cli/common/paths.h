/* SPDX-License-Identifier: GPL-2.0-only */
/* paths.h - where the command line finds things
 *
 * Every function returns a string that the caller frees, or NULL with @err filled.
 */
#ifndef CLI_COMMON_PATHS_H
#define CLI_COMMON_PATHS_H

#include "vitrine/error.h"

/**
 * paths_kernel() - Find the guest kernel that belongs to this program
 *
 * In this order: $VITRINE_KERNEL; kernel/vmlinux beside the program (a build directory);
 * ../lib/vitrine/vmlinux from it (an installation that may have been moved); the library
 * directory that it was configured with.
 */
char *paths_kernel(struct error *err);

/** paths_browser() - The page of the browser edition, which `make browser` has made */
char *paths_browser(struct error *err);

/** paths_images() - The user's directory of images, which may not exist yet */
char *paths_images(struct error *err);

/** paths_store() - Where images in layers are kept (images/store/store.h) */
char *paths_store(struct error *err);

/** paths_state() - Where sandboxes are kept that were written down (common/saved.h) */
char *paths_state(const char *name, struct error *err);

/** paths_boots() - Where kernels are kept that have booted; the directory it is in is made */
char *paths_boots(struct error *err);

/** paths_make() - Create a directory and its parents */
int paths_make(const char *path, struct error *err);

#endif
