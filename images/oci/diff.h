/* SPDX-License-Identifier: GPL-2.0-only */
/* diff.h - what has changed between a disk and the one that it began as */
#ifndef VITRINE_IMAGES_OCI_DIFF_H
#define VITRINE_IMAGES_OCI_DIFF_H

#include "images/store/store.h"

/**
 * diff_disks() - List the paths that @top adds, changes and deletes
 * @below: image
 * @top:   what was written over it
 * @text:  set to lines "A /path", "C /path", "D /path"; in a path, a backslash and a newline are
 * escaped with a backslash. The caller frees it
 */
int diff_disks(const struct store_disk *below, const char *top, char **text, struct error *err);

#endif
