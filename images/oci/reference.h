/* SPDX-License-Identifier: GPL-2.0-only */
/* reference.h - names of images as people write them: [REGISTRY/]NAME[:TAG][@DIGEST] */
#ifndef VITRINE_IMAGES_OCI_REFERENCE_H
#define VITRINE_IMAGES_OCI_REFERENCE_H

#include <stddef.h>
#include "images/digest.h"
#include "vitrine/error.h"

/**
 * struct reference - where an image is
 * @registry:   host, with a port when one was given
 * @repository: name in the registry
 * @tag:        "latest" when neither tag nor digest was given, empty with a digest alone
 * @digest:     empty when none was given
 */
struct reference {
	char registry[256], repository[256], tag[129], digest[DIGEST_SIZE];
};

#define REFERENCE_DOCKER "docker.io"

/** reference_parse() - Read a reference; a name without a registry is docker.io's */
int reference_parse(const char *text, struct reference *ref, struct error *err);

/** reference_text() - The shortest name that means the same; digests are left out */
void reference_text(const struct reference *ref, char *text, size_t size);

/**
 * reference_familiar() - The name under which an image is kept
 *
 * A simple name stays what it is; a reference becomes its shortest form.
 */
int reference_familiar(const char *given, char *text, size_t size, struct error *err);

#endif
