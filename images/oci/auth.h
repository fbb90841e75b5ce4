/* SPDX-License-Identifier: GPL-2.0-only */
/* auth.h - what docker and podman have been told about a registry */
#ifndef VITRINE_IMAGES_OCI_AUTH_H
#define VITRINE_IMAGES_OCI_AUTH_H

#include "images/oci/reference.h"

/**
 * struct credentials - how to be let in; all empty: not at all
 * @identity: a token that is exchanged for others, instead of name and password
 */
struct credentials {
	char user[256], password[4096], identity[4096];
};

/**
 * auth_find() - Look in the files that docker and podman keep
 *
 * In this order: $REGISTRY_AUTH_FILE, containers/auth.json in $XDG_RUNTIME_DIR and in the user's
 * configuration, $DOCKER_CONFIG/config.json or ~/.docker/config.json. Helpers that they name are
 * asked (docker-credential-NAME).
 *
 * Return: 0 (also when there are none) or -1 when a file or a helper is broken.
 */
int auth_find(const struct reference *ref, struct credentials *found, struct error *err);

#endif
