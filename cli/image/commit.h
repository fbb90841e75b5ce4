/* SPDX-License-Identifier: GPL-2.0-only */
/* commit.h - what a sandbox has changed of its image */
#ifndef CLI_IMAGE_COMMIT_H
#define CLI_IMAGE_COMMIT_H

#include "vitrine/error.h"

/**
 * image_diff() - Print what a sandbox has added (A), changed (C) and deleted (D)
 *
 * Return: 0, or -1 with @err.
 */
int image_diff(const char *sandbox, struct error *err);

#endif
