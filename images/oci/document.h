/* SPDX-License-Identifier: GPL-2.0-only */
/* document.h - what indexes, manifests and configurations of images say
 *
 * Each function reads a document of a stranger and writes what of it counts, in a form of our own,
 * with every value checked and every length bounded:
 *
 *   index            {"manifest": {"digest", "size"}, "name": "..."} of the wanted platform
 *   manifest         {"config": {"digest", "size"}, "layers": [{"digest", "size"}, ...]}
 *   docker manifest  {"config": "name", "layers": ["name", ...], "name": "repo:tag"}
 *   configuration    {"diffs": ["sha256:...", ...], "run": {...}}; see document_config()
 */
#ifndef VITRINE_IMAGES_OCI_DOCUMENT_H
#define VITRINE_IMAGES_OCI_DOCUMENT_H

#include <jansson.h>
#include "vitrine/error.h"

#define DOCUMENT_MAX (4 << 20)
#define DOCUMENT_LAYERS_MAX 200

/**
 * document_index() - Choose a manifest
 * @argument: "os/architecture" or "os/architecture/variant"; behind an '@', the name that the
 *            manifest has in a layout
 *
 * A manifest that names no platform is for any, when there is only one.
 */
json_t *document_index(const char *text, const char *argument, struct error *err);

json_t *document_manifest(const char *text, const char *platform, struct error *err);

json_t *document_docker(const char *text, const char *unused, struct error *err);

/**
 * document_config() - What is run in an image, and what its layers are
 *
 * "run" has, each of them only when it is given: "entrypoint", "cmd", "env", "ports", "volumes"
 * (arrays of strings), "workdir", "user", "stop_signal", "author", "created", "platform" (strings),
 * "labels" (an object of strings).
 */
json_t *document_config(const char *text, const char *platform, struct error *err);

/** document_is_index() - Whether it lists manifests instead of layers */
json_t *document_is_index(const char *text, const char *unused, struct error *err);

typedef json_t *document_reader(const char *text, const char *argument, struct error *err);

/**
 * document_read() - Let one of them read, in a sealed process
 * @what: for messages: which document it is
 */
json_t *document_read(document_reader *reader, const char *what, const char *text,
		      const char *argument, struct error *err);

#endif
