/* SPDX-License-Identifier: GPL-2.0-only */
/* install.h - put an image, whose documents have been read, into the store */
#ifndef VITRINE_IMAGES_OCI_INSTALL_H
#define VITRINE_IMAGES_OCI_INSTALL_H

#include <jansson.h>
#include "images/digest.h"
#include "images/oci/source.h"
#include "images/store/store.h"

/**
 * struct install - an image on its way
 * @source:   where its layers are, by the names in @parts
 * @parts:    array of strings, from the lowest layer up
 * @digests:  array of strings beside them, empty ones when they are not known
 * @diffs:    array of the digests of what is in them; NULL when there is one layer of which nothing
 *            is known
 * @whiteouts: the layers are those of a container image
 * @run:      how it is run, as document_config() says; owned
 * @manifest: digest of the manifest; empty when there is none
 * @origin:   for people: where it came from
 * @name:     of the image in the store
 * @size:     of its disk; 0: the usual
 */
struct install {
	struct source source;
	json_t *parts, *digests, *diffs, *run;
	bool whiteouts;
	char manifest[DIGEST_SIZE], origin[512], name[256];
	uint64_t size;
};

/** install_missing() - Array of the indexes of layers that the store does not have */
json_t *install_missing(const struct store *store, const struct install *in, struct error *err);

/** install_layers() - Unpack the layers that are missing; an array for the record, or NULL */
json_t *install_layers(struct store *store, struct install *in, struct error *err);

/** install_record() - Write the record; takes @layers */
int install_record(struct store *store, struct install *in, json_t *layers, struct error *err);

/** install_image() - Unpack the layers that are missing and write the record */
int install_image(struct store *store, struct install *in, struct error *err);

void install_free(struct install *in);

#endif
