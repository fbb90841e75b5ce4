/* SPDX-License-Identifier: GPL-2.0-only */
/* figures.h - what is shared, and how long requests took; private to the supervisor's side */
#ifndef ENGINE_SHARE_FIGURES_H
#define ENGINE_SHARE_FIGURES_H

#include <stdint.h>
#include "engine/sandbox.h"

/* Tell whoever asks the sandbox about itself */
void figures_begin(const struct sandbox_config *config);

/* A request took so long; any thread */
void figures_count(uint32_t operation, uint64_t ns);

#endif
