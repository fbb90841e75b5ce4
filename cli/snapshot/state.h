/* SPDX-License-Identifier: GPL-2.0-only */
/* state.h - what the state file of a sandbox that was written down says */
#ifndef CLI_SNAPSHOT_STATE_H
#define CLI_SNAPSHOT_STATE_H

#include "cli/common/saved.h"
#include "engine/sandbox.h"
#include "engine/snapshot/format.h"

/**
 * struct saved_state - a state file that was read; it may be anything that has the form of one
 */
struct saved_state {
	struct snapshot_file file;
	void *data;
};

/**
 * state_read() - Read one, and check its form
 * @dir: descriptor of the directory that it is in
 *
 * Return: 0, or -1 with @err; state_free() in any case.
 */
int state_read(struct saved_state *state, int dir, struct error *err);

/** state_of() - The same by name */
int state_of(struct saved_state *state, enum saved kind, const char *name, struct error *err);

/**
 * state_fits() - Can it go on here, with a config?
 *
 * Return: 0, or -1 with one line that says why not. It is looked at again when it does.
 */
int state_fits(const struct saved_state *state, const struct sandbox_config *config,
	       struct error *err);

void state_free(struct saved_state *state);

#endif
