/* SPDX-License-Identifier: GPL-2.0-only */
/* keeper.h - what pauses a sandbox when it says that it is time */
#ifndef CLI_SNAPSHOT_KEEPER_H
#define CLI_SNAPSHOT_KEEPER_H

#include "engine/sandbox.h"

/**
 * keeper_start() - Start a process that pauses the sandbox of this one, if it was started so
 *
 * Call it in the process that calls sandbox_run(), before that. It ends when the sandbox does.
 */
void keeper_start(const struct sandbox_config *config);

#endif
