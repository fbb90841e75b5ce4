/* SPDX-License-Identifier: GPL-2.0-only */
/* snapshot.h - vitrine snapshot's commands */
#ifndef CLI_SNAPSHOT_SNAPSHOT_H
#define CLI_SNAPSHOT_SNAPSHOT_H

int snapshot_ls_command(int argc, char **argv);
int snapshot_inspect_command(int argc, char **argv);
int snapshot_rm_command(int argc, char **argv);
int snapshot_flatten_command(int argc, char **argv);
int snapshot_fsck_command(int argc, char **argv);
int snapshot_prune_command(int argc, char **argv);

#endif
