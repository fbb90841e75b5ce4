/* SPDX-License-Identifier: GPL-2.0-only */
/* import.h - images from files of this host */
#ifndef VITRINE_IMAGES_OCI_IMPORT_H
#define VITRINE_IMAGES_OCI_IMPORT_H

#include "images/store/store.h"

/**
 * struct import - what is to be imported
 * @path:     an OCI layout (directory or tar), a docker archive, a tar of files, a directory of
 *            files, or "-" for one of the archives on standard input
 * @name:     in the store; NULL: as the image calls itself
 * @tag:      which image of a layout; filled in from @path, which may end in ":TAG"
 * @platform: see document_index()
 * @digest:   what the manifest's (of a tar: the archive's) digest must be; NULL: anything
 * @size:     of its disk; 0: the usual
 */
struct import {
	const char *path, *name, *platform, *digest, *tag;
	uint64_t size;
};

/**
 * import_image() - Import an image
 * @name: set to its name in the store, which the caller frees
 */
int import_image(struct store *store, struct import *import, char **name, struct error *err);

#endif
