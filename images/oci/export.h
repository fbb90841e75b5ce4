/* SPDX-License-Identifier: GPL-2.0-only */
/* export.h - images as files that other programs read */
#ifndef VITRINE_IMAGES_OCI_EXPORT_H
#define VITRINE_IMAGES_OCI_EXPORT_H

#include "images/store/store.h"

enum export_format { EXPORT_TAR, EXPORT_OCI, EXPORT_RAW, EXPORT_FORMATS };

/**
 * export_image() - Write an image
 * @record: of the image or of a sandbox
 * @top:    what was written over it, or NULL
 * @path:   a file (tar, raw) or a directory that does not exist (oci); "-" for standard output, for
 *          tar only
 *
 * On failure nothing is left.
 */
int export_image(const struct store *store, json_t *record, const char *top,
		 enum export_format format, const char *path, struct error *err);

#endif
