// SPDX-License-Identifier: GPL-2.0-only
/* import.c - images from files of this host
 *
 * A layout and a docker archive differ in what names their parts: index.json and digests, or
 * manifest.json and file names. A tar of files, and a directory of files which becomes one on its
 * way (tree.c), are images of one layer and no configuration.
 */

#include <errno.h>
#include <string.h>
#include "images/oci/document.h"
#include "images/oci/import.h"
#include "images/oci/install.h"
#include "images/oci/reference.h"
#include "images/oci/tree.h"
#include "images/progress.h"
#include "vitrine/util.h"

#define INDEXES_MAX 4 /* an index of indexes is allowed, a chain of them is not */

static char *blob_name(const char *digest)
{
	char *name = NULL;

	return asprintf(&name, "blobs/sha256/%s", digest_hex(digest)) < 0 ? NULL : name;
}

/* A blob that is what its digest says */
static char *blob_text(const struct source *source, const char *digest, struct error *err)
{
	cleanup_free char *name = blob_name(digest);
	cleanup_free char *text = name ? source_text(source, name, err) : NULL;
	char found[DIGEST_SIZE];

	if (!text)
		return NULL;
	digest_of(text, strlen(text), found);
	if (!strcmp(found, digest))
		return steal_ptr(text);
	error_set(err, 0, "%s of the image is damaged: it is %.19s...", name, found);
	return NULL;
}

static int take_manifest_text(struct install *in, const char *text, const char *platform,
			      struct error *err)
{
	json_t *manifest = document_read(document_manifest, "manifest", text, platform, err);
	json_t *config = NULL, *layer;
	cleanup_free char *config_text = NULL;
	size_t i;

	if (!manifest)
		return -1;
	config_text = blob_text(
	    &in->source,
	    json_string_value(json_object_get(json_object_get(manifest, "config"), "digest")), err);
	if (config_text)
		config =
		    document_read(document_config, "configuration", config_text, platform, err);
	in->parts = json_array();
	in->digests = json_array();
	json_array_foreach(json_object_get(manifest, "layers"), i, layer)
	{
		const char *digest = json_string_value(json_object_get(layer, "digest"));
		cleanup_free char *name = blob_name(digest);

		json_array_append_new(in->parts, json_string(name));
		json_array_append_new(in->digests, json_string(digest));
	}
	json_decref(manifest);
	if (!config)
		return -1;
	in->diffs = json_incref(json_object_get(config, "diffs"));
	in->run = json_incref(json_object_get(config, "run"));
	json_decref(config);
	return 0;
}

/* From index.json to the manifest of the wanted platform */
static int read_layout(struct install *in, const struct import *import, struct error *err)
{
	cleanup_free char *text = source_text(&in->source, "index.json", err);
	char wanted[512];

	snprintf(wanted, sizeof(wanted), "%s%s%s", import->platform, import->tag ? "@" : "",
		 import->tag ? import->tag : "");
	for (unsigned depth = 0; text && depth < INDEXES_MAX; depth++) {
		json_t *kind = document_read(document_is_index, "index.json", text, NULL, err);
		json_t *index;
		bool more = json_is_true(json_object_get(kind, "index"));
		const char *digest, *name;

		json_decref(kind);
		if (!kind)
			return -1;
		if (!more)
			return take_manifest_text(in, text, import->platform, err);
		index = document_read(document_index, "index.json", text, wanted, err);
		/* The name is that of an entry of the first one */
		wanted[strcspn(wanted, "@")] = '\0';
		if (!index)
			return -1;
		digest = json_string_value(
		    json_object_get(json_object_get(index, "manifest"), "digest"));
		name = json_string_value(json_object_get(index, "name"));
		if (name && *name && !in->name[0])
			snprintf(in->name, sizeof(in->name), "%s", name);
		snprintf(in->manifest, sizeof(in->manifest), "%s", digest);
		free(text);
		text = blob_text(&in->source, digest, err);
		json_decref(index);
	}
	return text ? error_set(err, 0, "index.json leads to indexes without end") : -1;
}

static int read_docker(struct install *in, const struct import *import, struct error *err)
{
	cleanup_free char *text = source_text(&in->source, "manifest.json", err);
	cleanup_free char *config_text = NULL;
	json_t *manifest, *config;

	if (!text)
		return -1;
	manifest = document_read(document_docker, "manifest.json", text, NULL, err);
	if (!manifest)
		return -1;
	in->parts = json_incref(json_object_get(manifest, "layers"));
	snprintf(in->name, sizeof(in->name), "%s",
		 json_string_value(json_object_get(manifest, "name")));
	config_text =
	    source_text(&in->source, json_string_value(json_object_get(manifest, "config")), err);
	json_decref(manifest);
	if (!config_text)
		return -1;
	/* docker's own name of an image */
	digest_of(config_text, strlen(config_text), in->manifest);
	config =
	    document_read(document_config, "configuration", config_text, import->platform, err);
	if (!config)
		return -1;
	in->diffs = json_incref(json_object_get(config, "diffs"));
	in->run = json_incref(json_object_get(config, "run"));
	json_decref(config);
	return 0;
}

static int read_parts(struct install *in, const struct import *import, enum source_kind kind,
		      struct error *err)
{
	int ret;

	if (kind == SOURCE_TAR || kind == SOURCE_TREE) {
		in->parts = json_pack("[s]", "");
		in->run = json_object();
		return 0;
	}
	progress_phase("read the image's description");
	in->whiteouts = true;
	ret = kind == SOURCE_LAYOUT ? read_layout(in, import, err) : read_docker(in, import, err);
	if (ret)
		return -1;
	if (json_array_size(in->parts) != json_array_size(in->diffs))
		return error_set(err, 0, "it has %zu layers and the configuration speaks of %zu",
				 json_array_size(in->parts), json_array_size(in->diffs));
	return 0;
}

/* The file's name without what says that it is an archive */
static void name_of_path(const char *path, char *name, size_t size)
{
	static const char *const ends[] = { ".gz",  ".xz",  ".zst", ".bz2",
					    ".tgz", ".txz", ".tar", ".oci" };
	cleanup_free char *copy = strdup(path);
	char *base;
	size_t length = copy ? strlen(copy) : 0;

	while (length > 1 && copy[length - 1] == '/')
		copy[--length] = '\0';
	base = copy && strrchr(copy, '/') ? strrchr(copy, '/') + 1 : copy;
	for (size_t i = 0; base && i < ARRAY_SIZE(ends); i++) {
		size_t end = strlen(ends[i]);

		length = strlen(base);
		if (length > end && !strcmp(base + length - end, ends[i]))
			base[length - end] = '\0';
	}
	snprintf(name, size, "%s", base ? base : "");
}

static int choose_name(struct install *in, const struct import *import, struct error *err)
{
	char given[256];

	if (import->name)
		snprintf(given, sizeof(given), "%s", import->name);
	else if (in->name[0])
		snprintf(given, sizeof(given), "%s", in->name);
	else
		name_of_path(import->path, given, sizeof(given));
	if (!reference_familiar(given, in->name, sizeof(in->name), NULL))
		return 0;
	return error_set(err, 0,
			 "'%.100s' cannot be an image's name; give one: vitrine image import "
			 "%.100s NAME",
			 given, import->path);
}

static int check_digest(const struct install *in, const struct import *import, struct error *err)
{
	if (!import->digest || !in->manifest[0] || !strcmp(in->manifest, import->digest))
		return 0;
	return error_set(err, 0, "%.200s has the digest %s, not the one that was asked for",
			 import->path, in->manifest);
}

/* A directory that cannot be read is why its stream was cut short: that is the error to show */
static int import_parts(struct store *store, struct install *in, struct tree *tree,
			struct error *err)
{
	struct error why = { 0 };
	json_t *layers;
	int ret;

	if (!tree->pid)
		return install_image(store, in, err);
	layers = install_layers(store, in, &why);
	close(steal_fd(in->source.fd));
	ret = tree_end(tree, err);
	if (ret || !layers) {
		json_decref(layers);
		return ret ? -1 : error_set(err, 0, "%s", why.text);
	}
	return install_record(store, in, layers, err);
}

/* SOURCE:NAME, where there is no file of that name */
static int split_path(struct import *import, char **path, struct error *err)
{
	char *colon;

	*path = strdup(import->path);
	if (!*path)
		return error_set(err, ENOMEM, "%s", import->path);
	colon = strrchr(*path, ':');
	if (access(*path, F_OK) && colon && colon != *path) {
		*colon = '\0';
		import->tag = colon + 1;
	}
	import->path = *path;
	return 0;
}

int import_image(struct store *store, struct import *import, char **name, struct error *err)
{
	cleanup_free char *path = NULL;
	cleanup_free char *spool = store_path(store, err, "blobs");
	struct install in = { .source.fd = -1, .size = import->size };
	struct tree tree = { .pid = 0 };
	enum source_kind kind;
	int ret = -1;

	*name = NULL;
	if (!spool || split_path(import, &path, err) ||
	    source_open(&in.source, import->path, spool, &kind, err) ||
	    read_parts(&in, import, kind, err) || choose_name(&in, import, err) ||
	    check_digest(&in, import, err))
		goto out;
	snprintf(in.origin, sizeof(in.origin), "%s", import->path);
	if (kind == SOURCE_TREE && tree_start(&tree, &in.source, import->path, err))
		goto out;
	if (kind == SOURCE_TAR && import->digest)
		in.digests = json_pack("[s]", import->digest);
	in.source.whole = kind == SOURCE_TAR || kind == SOURCE_TREE;
	ret = import_parts(store, &in, &tree, err);
	if (!ret)
		*name = strdup(in.name);
out:
	install_free(&in);
	return ret;
}
