/* SPDX-License-Identifier: GPL-2.0-only */
/* tree.h - a directory of the host as a tar stream */
#ifndef VITRINE_IMAGES_OCI_TREE_H
#define VITRINE_IMAGES_OCI_TREE_H

#include <sys/types.h>
#include "images/oci/source.h"

/**
 * struct tree - the process that writes it
 */
struct tree {
	pid_t pid;
	int log;
};

/**
 * tree_start() - Start writing
 * @source: an open directory; becomes the stream's other end
 * @path:   its name, for messages
 */
int tree_start(struct tree *tree, struct source *source, const char *path, struct error *err);

/** tree_end() - Wait for it; a file that could not be read is its failure */
int tree_end(struct tree *tree, struct error *err);

#endif
