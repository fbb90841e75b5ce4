/* SPDX-License-Identifier: GPL-2.0-only */
/* rng.h - virtio entropy source */
#ifndef ENGINE_VIRTIO_RNG_H
#define ENGINE_VIRTIO_RNG_H

#include "vitrine/error.h"

/**
 * rng_add() - Register the entropy source
 * @err: set only on failure
 *
 * Return: 0 or -1.
 */
int rng_add(struct error *err);

#endif
