/* SPDX-License-Identifier: GPL-2.0-only */
/* image.h - what vitrine run takes from the image */
#ifndef CLI_RUN_IMAGE_H
#define CLI_RUN_IMAGE_H

#include "options.h"

/**
 * run_image_find() - Find the image
 *
 * A raw one sets image_path; one in layers sets record and the root disk's parts, and, when the
 * sandbox was given a name and is not to be thrown away, a file that keeps what it writes.
 */
int run_image_find(struct run_options *o, struct error *err);

/** run_image_environment() - Set the variables that the image sets */
int run_image_environment(struct run_options *o, struct error *err);

/** run_image_command() - What is run: entry point, command, directory and user */
int run_image_command(struct run_options *o, struct error *err);

#endif
