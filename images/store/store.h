/* SPDX-License-Identifier: GPL-2.0-only */
/* store.h - where images in layers are kept, and what they share
 *
 *   STORE/lock                        see store_open()
 *   STORE/images/NAME.json            an image: its layers and how it is run; '/' is written '+'
 *   STORE/sandboxes/NAME.json         a sandbox that keeps its disk, and the image that it began as
 *   STORE/sandboxes/NAME.disk         what it has written
 *   STORE/layers/SIZE/empty.ext4      an empty file system of SIZE MiB, under all layers
 *   STORE/layers/SIZE/HEX.layer       what one layer changes (engine/disk/overlay.h); HEX names it
 *                                     and all layers below it
 *   STORE/blobs/                      what is being downloaded
 *
 * Names that begin with '.' are being made. Everything appears under its name at once and complete.
 */
#ifndef VITRINE_IMAGES_STORE_STORE_H
#define VITRINE_IMAGES_STORE_STORE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include "vitrine/error.h"

#define STORE_SIZE_DEFAULT (16ULL << 30)

/**
 * struct store - an open store
 * @lock: shared while things are added or looked at, exclusive while things are collected
 */
struct store {
	char *path;
	int lock;
};

/**
 * store_open() - Open the store at @path, and make it when it is not there
 *
 * Until store_close() no other process removes a layer. Removes what interrupted processes left.
 */
int store_open(struct store *store, const char *path, struct error *err);

void store_close(struct store *store);

/** store_path() - A path in the store, which the caller frees */
char *store_path(const struct store *store, struct error *err, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/**
 * store_base() - The empty file system of @size bytes, made when it is not there
 *
 * Return: its path, which the caller frees.
 */
char *store_base(const struct store *store, uint64_t size, struct error *err);

/** store_layer() - Where the layer @chain (a digest) of disks of @size is; the caller frees it */
char *store_layer(const struct store *store, uint64_t size, const char *chain, struct error *err);

/**
 * store_temporary() - A new empty file beside @path, recognised as nobody's when this process ends
 * @temporary: set, freed by the caller
 *
 * Return: a locked descriptor, or -1.
 */
int store_temporary(const char *path, char **temporary, struct error *err);

/**
 * store_publish() - Give a complete file its name
 * @replace: else one that is there already stays, and @temporary is removed
 */
int store_publish(const char *temporary, const char *path, bool replace, struct error *err);

/* Records: what = "images" or "sandboxes" */

/** store_record() - Read a record; NULL, with @err filled when it is there and cannot be read */
json_t *store_record(const struct store *store, const char *what, const char *name,
		     struct error *err);

int store_save(const struct store *store, const char *what, const char *name, json_t *record,
	       struct error *err);

/** store_forget() - Remove a record; -1 with errno ENOENT in @err->code when there is none */
int store_forget(const struct store *store, const char *what, const char *name, struct error *err);

/** store_names() - Array of all names, sorted; the caller's */
json_t *store_names(const struct store *store, const char *what, struct error *err);

/**
 * struct store_collected - what was taken away
 * @busy: another process is at work here, so that nothing was
 */
struct store_collected {
	unsigned layers, blobs;
	uint64_t bytes;
	bool busy;
};

/**
 * store_collect() - Remove every layer that no image and no sandbox has
 * @blobs: and downloads that were not completed
 */
int store_collect(struct store *store, bool blobs, struct store_collected *collected,
		  struct error *err);

/**
 * struct store_disk - the paths of a record's disk, in the form of struct sandbox_disk
 * @layers: NULL terminated
 */
struct store_disk {
	uint64_t size;
	char *base;
	char **layers;
	unsigned count;
};

/**
 * store_disk() - Where the parts of a record's disk are
 * @record: has "size" (bytes) and "layers" (array of objects with "chain")
 */
int store_disk(const struct store *store, json_t *record, struct store_disk *disk,
	       struct error *err);

void store_disk_free(struct store_disk *disk);

#endif
