/* SPDX-License-Identifier: GPL-2.0-only */
/* build.h - what a builder of images gets and gives */
#ifndef VITRINE_IMAGES_BUILD_H
#define VITRINE_IMAGES_BUILD_H

#include <stdint.h>
#include "images/ext4.h"

/**
 * struct image_build - a build
 * @size:     bytes of the image; 0 when not given
 * @packages: comma separated, NULL for none
 * @mirror:   where packages come from; NULL: where the host's do
 * @suite:    release name; NULL: the host's
 * @count:    result: number of packages in the image
 */
struct image_build {
	uint64_t size;
	const char *packages, *mirror, *suite;
	unsigned count;
};

/**
 * struct image_builder - a kind of image
 * @name:    what the user types
 * @summary: one line
 * @command: what it runs when nothing is asked for, NULL terminated
 * @size:    bytes of the image unless asked for
 * @fill:    writes its files
 */
struct image_builder {
	const char *name, *summary;
	const char *const *command;
	uint64_t size;
	int (*fill)(struct image_build *build, struct ext4 *fs, struct error *err);
};

extern const struct image_builder image_mini, image_debian;

#endif
