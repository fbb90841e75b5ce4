// SPDX-License-Identifier: GPL-2.0-only
/* install.c - put an image, whose documents have been read, into the store
 *
 * Theory of operation
 * A layer in the store is named by a digest of everything that makes it what it is: the layer
 * below, the digest of its content, and the digest of its archive. The last is not in the OCI
 * specification's chain ID. It is here so that a layer of one image is used for another only when
 * both were made from the very same archive: the archive's digest is compared before a stranger's
 * bytes are interpreted, and an archive that found a fault in what unpacks it could lie about the
 * other one, and so about what a well-known layer contains.
 */

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <time.h>
#include "images/oci/install.h"
#include "images/oci/layer.h"
#include "images/progress.h"
#include "vitrine/util.h"

/* Another one when an archive is unpacked to something else than before: old layers stay what they
 * are */
#define UNPACKED_AS "1"

static const char *text_at(json_t *array, size_t i)
{
	const char *text = json_string_value(json_array_get(array, i));

	return text ? text : "";
}

/* The name of a layer over @below ("" for the first) */
static void chain_of(const char *below, const char *diff, const char *digest, char *chain)
{
	char text[4 * DIGEST_SIZE];

	snprintf(text, sizeof(text), UNPACKED_AS " %s %s %s", below, diff, digest);
	digest_of(text, strlen(text), chain);
}

static uint64_t size_of(const struct install *in)
{
	return in->size ? in->size : STORE_SIZE_DEFAULT;
}

json_t *install_missing(const struct store *store, const struct install *in, struct error *err)
{
	char chain[DIGEST_SIZE] = "", below[DIGEST_SIZE];
	json_t *missing = json_array();

	for (size_t i = 0; i < json_array_size(in->parts); i++) {
		cleanup_free char *path = NULL;

		strcpy(below, chain);
		chain_of(below, text_at(in->diffs, i), text_at(in->digests, i), chain);
		path = store_layer(store, size_of(in), chain, err);
		if (!path) {
			json_decref(missing);
			return NULL;
		}
		if (access(path, R_OK))
			json_array_append_new(missing, json_integer(i));
	}
	return missing;
}

static int append_layer(struct store_disk *disk, const char *path)
{
	disk->layers[disk->count] = strdup(path);
	return disk->layers[disk->count++] ? 0 : -1;
}

/* Unpack layer @i over what is there, and give it its name */
static int make_layer(struct store *store, struct install *in, size_t i, const char *below,
		      struct store_disk *disk, struct layer *layer, char *chain, struct error *err)
{
	cleanup_free char *temporary = NULL, *path = NULL;
	cleanup_close int fd = -1;
	struct error why = { 0 };
	char phase[48];
	int ret;

	layer->below = disk;
	layer->whiteouts = in->whiteouts;
	layer->trusted = in->size;
	snprintf(phase, sizeof(phase), "unpack layer %zu of %zu", i + 1,
		 json_array_size(in->parts));
	progress_phase(phase);
	if (source_part(&in->source, text_at(in->parts, i), &layer->part, err))
		return -1;
	fd = layer_make(store, layer, &temporary, &why);
	if (layer->part.fd != in->source.fd)
		close(layer->part.fd);
	if (fd < 0)
		return error_set(err, 0, "layer %zu: %.400s", i + 1, why.text);
	chain_of(below, layer->diff, text_at(in->digests, i), chain);
	path = store_layer(store, disk->size, chain, err);
	ret = path ? store_publish(temporary, path, false, err) : -1;
	if (ret)
		unlink(temporary);
	return ret;
}

static int add_layer(struct store *store, struct install *in, size_t i, struct store_disk *disk,
		     char *chain, json_t *layers, struct error *err)
{
	struct layer layer = { .below = disk };
	cleanup_free char *path = NULL;
	char below[DIGEST_SIZE];

	strcpy(below, chain);
	snprintf(layer.digest, sizeof(layer.digest), "%s", text_at(in->digests, i));
	snprintf(layer.diff, sizeof(layer.diff), "%s", text_at(in->diffs, i));
	chain_of(below, layer.diff, layer.digest, chain);
	path = store_layer(store, disk->size, chain, err);
	if (!path)
		return -1;
	/* What has no digest yet is looked for when it has */
	if (!layer.diff[0] || access(path, R_OK)) {
		if (make_layer(store, in, i, below, disk, &layer, chain, err))
			return -1;
		free(steal_ptr(path));
		path = store_layer(store, disk->size, chain, err);
	}
	if (!path || append_layer(disk, path))
		return error_set(err, ENOMEM, "layer");
	json_array_append_new(layers, json_pack("{ss ss ss}", "chain", chain, "diff", layer.diff,
						"digest", layer.digest));
	return 0;
}

json_t *install_layers(struct store *store, struct install *in, struct error *err)
{
	size_t count = json_array_size(in->parts);
	struct store_disk disk = { .size = size_of(in) };
	char chain[DIGEST_SIZE] = "";
	json_t *layers = json_array();
	int ret = 0;

	disk.base = store_base(store, disk.size, err);
	disk.layers = calloc(count + 1, sizeof(*disk.layers));
	if (!disk.base || !disk.layers)
		ret = -1;
	for (size_t i = 0; i < count && !ret; i++)
		ret = add_layer(store, in, i, &disk, chain, layers, err);
	store_disk_free(&disk);
	if (!ret)
		return layers;
	json_decref(layers);
	return NULL;
}

int install_record(struct store *store, struct install *in, json_t *layers, struct error *err)
{
	json_t *record =
	    json_pack("{ss ss ss sI sI so sO}", "name", in->name, "origin", in->origin, "manifest",
		      in->manifest, "created", (json_int_t)time(NULL), "size",
		      (json_int_t)size_of(in), "layers", layers, "config", in->run);
	json_t *old = store_record(store, "images", in->name, NULL);
	const char *had = json_string_value(json_object_get(old, "manifest"));
	bool locked = json_is_true(json_object_get(old, "locked"));
	bool same = had && *had && !strcmp(had, in->manifest);
	int ret;

	json_decref(old);
	if (locked && !same) {
		json_decref(record);
		return error_set(
		    err, 0,
		    "%s is locked to what it is; vitrine image lock --remove %s lets it "
		    "change",
		    in->name, in->name);
	}
	if (!record)
		return error_set(err, 0, "the image's name or origin is not text");
	if (locked)
		json_object_set_new(record, "locked", json_true());
	ret = store_save(store, "images", in->name, record, err);
	json_decref(record);
	return ret;
}

int install_image(struct store *store, struct install *in, struct error *err)
{
	json_t *layers = install_layers(store, in, err);

	return layers ? install_record(store, in, layers, err) : -1;
}

void install_free(struct install *in)
{
	if (in->source.fd >= 0)
		close(in->source.fd);
	json_decref(in->parts);
	json_decref(in->digests);
	json_decref(in->diffs);
	json_decref(in->run);
}
