/* SPDX-License-Identifier: GPL-2.0-only */
/* layer.h - turn one layer's archive into a layer of the store */
#ifndef VITRINE_IMAGES_OCI_LAYER_H
#define VITRINE_IMAGES_OCI_LAYER_H

#include <stdbool.h>
#include "images/digest.h"
#include "images/oci/source.h"
#include "images/store/store.h"

/**
 * struct layer - one layer to be made
 * @below:     the disk that it lies on: base and the layers so far
 * @part:      its archive, compressed or not
 * @whiteouts: names that begin with ".wh." hide what is below
 * @trusted:   the user has said how large the disk may be: no limit on the ratio of compression
 * @digest:    of the archive; empty, or what it has to be
 * @diff:      of the archive without compression; empty, or what it has to be
 */
struct layer {
	struct store_disk *below;
	struct source_part part;
	bool whiteouts, trusted;
	char digest[DIGEST_SIZE], diff[DIGEST_SIZE];
};

/**
 * layer_make() - Unpack the archive to a new file beside the store's layers
 * @layer:     digest and diff are filled in where they were empty
 * @temporary: set to the path of the file, which the caller frees
 *
 * Done in a sealed process. On failure nothing is left.
 *
 * Return: the locked file, or -1.
 */
int layer_make(const struct store *store, struct layer *layer, char **temporary, struct error *err);

/**
 * layer_prepare() - What opens files before a sealed process reads a disk: disk, locale, digests
 * @paths:   its base and layers
 * @overlay: the file on top, NULL for none
 */
struct disk;
int layer_prepare(const struct store_disk *paths, const char *overlay, bool read_only,
		  struct disk **disk, struct error *err);

/** layer_unpack() - What layer_make() does, without the store: for tests of hostile archives */
struct ext4;
int layer_unpack(struct ext4 *fs, struct layer *layer, struct error *err);

#endif
