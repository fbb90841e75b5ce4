/* SPDX-License-Identifier: GPL-2.0-only */
/* operations.h - what the guest can ask for; private to the file server
 *
 * Each does one request (include/uapi/linux/fuse.h of Linux). Return: 0 or a negative errno.
 */
#ifndef ENGINE_SHARE_OPERATIONS_H
#define ENGINE_SHARE_OPERATIONS_H

#include "message.h"

typedef int operation_run(struct message *m);

/* session.c */
operation_run op_init, op_destroy, op_forget, op_batch_forget;

/* names.c */
operation_run op_lookup, op_mknod, op_mkdir, op_symlink, op_link, op_unlink, op_rmdir, op_rename,
    op_rename2, op_readlink;

/* attributes.c */
operation_run op_getattr, op_setattr, op_statfs;

/* xattrs.c */
operation_run op_getxattr, op_setxattr, op_listxattr, op_removexattr;

/* files.c */
operation_run op_open, op_create, op_tmpfile, op_read, op_write, op_flush, op_release, op_fsync,
    op_fallocate, op_lseek, op_copy;

/* dirs.c */
operation_run op_opendir, op_readdir, op_readdirplus, op_releasedir, op_fsyncdir;

/* files.c: the guest has changed a file: what it has of it is still good, if it was @before */
void files_changed(struct node *node, const struct statx *before, const struct statx *after);

/* names.c: answer with a file that has just been found or made */
int names_answer(struct message *m, const char *name);

/* A file that the guest has made belongs to whom it made it as; @mode is what it asked for */
int names_born(struct message *m, struct node *node, struct statx *st, uint32_t mode);

#endif
