/* SPDX-License-Identifier: GPL-2.0-only */
/* store.h - disk images by name
 *
 * An image is a raw disk NAME.ext4 in the user's image directory. What the file system itself
 * does not know (builder, default command, ...) is in NAME.json beside it, which may be missing.
 */
#ifndef CLI_IMAGE_STORE_H
#define CLI_IMAGE_STORE_H

#include <stdbool.h>
#include <stdint.h>
#include <jansson.h>
#include "vitrine/error.h"

#define IMAGE_SUFFIX ".ext4"
#define IMAGE_NAME_MAX 63
#define IMAGE_NONE (-2)

/**
 * image_name_valid() - Can this be the name of an image (or of a sandbox)?
 *
 * Letters, digits, '_', '.' and '-', beginning with a letter or digit, 63 characters at most.
 */
bool image_name_valid(const char *name);

/**
 * image_name_check() - The same, with words
 *
 * Return: 0 or -1.
 */
int image_name_check(const char *name, struct error *err);

/**
 * image_find() - Turn what the user wrote into the path of an image
 * @word: a name in the image directory, or a path; a word with a slash is always a path
 *
 * Return: the path, which the caller frees, or NULL with @err filled.
 */
char *image_find(const char *word, struct error *err);

/** image_path() - Where the image @name is kept, whether it exists or not; the caller frees it */
char *image_path(const char *name, struct error *err);

/**
 * image_claim() - Make sure that no sandbox writes to an image that is about to go
 * @path: of the image; there may be none
 * @name: for messages
 *
 * A sandbox holds a lock on its image (engine/disk/disk.c), which the host's kernel takes back
 * however the sandbox ends. While the caller holds what is returned, none can begin to write; those
 * that only read go on, with the file that they have.
 *
 * Return: a descriptor that the caller closes, or -1 with @err filled; IMAGE_NONE when there is
 * none.
 */
int image_claim(const char *path, const char *name, struct error *err);

/** image_metadata() - Read what is kept beside the image at @path; NULL when there is nothing */
json_t *image_metadata(const char *path);

/** image_metadata_path() - Where that is kept; the caller frees it */
char *image_metadata_path(const char *path, struct error *err);

/**
 * image_command() - The command that an image runs when none is given
 * @path: of the image
 *
 * Return: NULL-terminated argument vector in one allocation that the caller frees.
 */
char **image_command(const char *path, struct error *err);

/**
 * struct image_facts - what the image file and its file system say
 * @size:  length of the file
 * @disk:  bytes that it takes on the host
 * @used:  bytes in use in the file system
 * @label: volume name
 */
struct image_facts {
	uint64_t size, disk, used;
	char fs_type[16], label[17], uuid[37];
	int64_t created;
};

int image_inspect(const char *path, struct image_facts *facts, struct error *err);

#endif
