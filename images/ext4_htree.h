/* SPDX-License-Identifier: GPL-2.0-only */
/* ext4_htree.h - write a directory of ext4 as a whole */
#ifndef VITRINE_IMAGES_EXT4_HTREE_H
#define VITRINE_IMAGES_EXT4_HTREE_H

#include "images/ext4_dirs.h"

/**
 * htree_write() - Write @dir, in place of what its inode held
 *
 * Sets the size, the link count and the index flag of its inode, which exists.
 */
errcode_t htree_write(ext2_filsys fs, struct dir *dir);

#endif
