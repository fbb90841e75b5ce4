/* SPDX-License-Identifier: GPL-2.0-only */
/* tar_acl.h - access control lists of tar entries */
#ifndef VITRINE_IMAGES_TAR_ACL_H
#define VITRINE_IMAGES_TAR_ACL_H

#include "images/ext4.h"

struct archive_entry;

/** tar_copy_acls() - Give the file that was added last the lists that an entry has */
int tar_copy_acls(struct ext4 *fs, struct archive_entry *entry, struct error *err);

#endif
