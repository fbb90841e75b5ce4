/* SPDX-License-Identifier: GPL-2.0-only */
/* layered.h - images of the store, as the command line sees them */
#ifndef CLI_IMAGE_LAYERED_H
#define CLI_IMAGE_LAYERED_H

#include "images/store/store.h"

/** layered_exists() - A user who has none yet gets no directories from looking */
bool layered_exists(void);

/** layered_make - Make an image in a store; sets its name, which the caller frees */
typedef int layered_make(struct store *store, void *how, char **name, struct error *err);

/**
 * layered_obtain() - Make an image in the user's store, and say how to run it
 * @make:  makes it, may be interrupted
 * @how:   for @make
 * @fresh: NULL, or whether it was there already; read afterwards
 */
int layered_obtain(layered_make *make, void *how, const bool *fresh, struct error *err);

/** layered_open() - Open the user's store */
int layered_open(struct store *store, struct error *err);

/**
 * layered_find() - The record of the image that a user's word means
 * @name: set to its name in the store, which the caller frees; may be NULL
 *
 * Return: the record; NULL when there is none, with @err filled only when something went wrong.
 */
json_t *layered_find(const struct store *store, const char *word, char **name, struct error *err);

/**
 * layered_describe() - What is known about an image: the keys of --json
 *
 * Adds to the record: "layers" with the bytes of each, "disk" (bytes on the host), "shared" (bytes
 * of them that other images have as well).
 */
json_t *layered_describe(const struct store *store, const char *name, json_t *record,
			 struct error *err);

/**
 * layered_drop_sandbox() - Remove the disk that a sandbox has kept
 * @dropped: whether there was one
 */
int layered_drop_sandbox(const char *name, bool *dropped, struct error *err);

#endif
