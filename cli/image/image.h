/* SPDX-License-Identifier: GPL-2.0-only */
/* image.h - the subcommands of vitrine image */
#ifndef CLI_IMAGE_IMAGE_H
#define CLI_IMAGE_IMAGE_H

int image_build_command(int argc, char **argv);
int image_disks_command(int argc, char **argv);
int image_export_command(int argc, char **argv);
int image_pull_command(int argc, char **argv);
int image_lock_command(int argc, char **argv);
int image_import_command(int argc, char **argv);
int image_prune_command(int argc, char **argv);
int image_ls_command(int argc, char **argv);
int image_rm_command(int argc, char **argv);
int image_inspect_command(int argc, char **argv);

#endif
