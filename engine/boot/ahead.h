/* SPDX-License-Identifier: GPL-2.0-only */
/* ahead.h - kernels that have booted already, for sandboxes that would boot the same way */
#ifndef ENGINE_BOOT_AHEAD_H
#define ENGINE_BOOT_AHEAD_H

#include "engine/sandbox.h"
#include "vitrine/abi.h"
#include "vitrine/error.h"

struct snapshot;
struct snapshot_boot_files;

/**
 * ahead_maker - Boot as far as devices, and write that down
 * @files: empty ones
 *
 * Context: a process of its own, which ends afterwards.
 *
 * Return: 0 or -1 with @err.
 */
typedef int ahead_maker(struct sandbox_config *config, const struct snapshot_boot_files *files,
			struct error *err);

/**
 * ahead_find() - A kernel that has booted with this configuration
 * @config: @boots says where they are
 * @boot:   with the command line
 * @make:   makes one, if there is none yet
 *
 * Context: before the supervisor has anything of a sandbox, and can still open files.
 *
 * Return: the snapshot, or NULL: the sandbox has to boot by itself. That is never an error.
 */
struct snapshot *ahead_find(const struct sandbox_config *config, const struct vt_boot *boot,
			    ahead_maker *make);

#endif
