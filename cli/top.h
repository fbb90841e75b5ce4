/* SPDX-License-Identifier: GPL-2.0-only */
/* top.h - the parts of vitrine top */
#ifndef VITRINE_TOP_H
#define VITRINE_TOP_H

#include <jansson.h>
#include "observe/region.h"

/**
 * top_json() - All counters of a sandbox, exactly as they are in the region
 *
 * Return: an object that the caller releases.
 */
json_t *top_json(const char *name, const struct region *region);

#endif
