/* SPDX-License-Identifier: GPL-2.0-only */
/* tar.h - unpack a tar stream into an ext4 image */
#ifndef VITRINE_IMAGES_TAR_H
#define VITRINE_IMAGES_TAR_H

#include <stdbool.h>
#include "images/ext4.h"

struct archive;

/**
 * struct tar_rules - what an archive may do
 * @whiteouts: names that begin with ".wh." hide what is below, as in a layer of a container image
 * @entries:   most entries; 0: no limit
 * @visit:     called with every path, may be NULL
 */
struct tar_rules {
	bool whiteouts;
	uint64_t entries;
	void (*visit)(void *context, const char *path);
	void *context;
};

/**
 * tar_support() - Let @archive read tar in every compression that is done in this process
 *
 * libarchive would start programs for the others.
 */
void tar_support(struct archive *archive);

/** tar_filters() - The compressions alone */
void tar_filters(struct archive *archive);

/**
 * tar_unpack() - Add every file of a tar archive to a file system
 * @fd: the archive
 *
 * Owners, modes, times, device numbers, hard links, holes and extended attributes are kept.
 */
int tar_unpack(struct ext4 *fs, int fd, const struct tar_rules *rules, struct error *err);

/** tar_unpack_archive() - The same for an archive that is open */
int tar_unpack_archive(struct ext4 *fs, struct archive *archive, const struct tar_rules *rules,
		       struct error *err);

#endif
