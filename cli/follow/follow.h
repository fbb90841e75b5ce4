/* SPDX-License-Identifier: GPL-2.0-only */
/* follow.h - a followed call as text */
#ifndef CLI_FOLLOW_FOLLOW_H
#define CLI_FOLLOW_FOLLOW_H

#include <stdio.h>
#include <jansson.h>
#include "vitrine/error.h"

/**
 * follow_print() - Print what the kernel says about a call that was followed
 * @out:   where to
 * @view:  the view `follow` (docs/observatory.md) in the state "done"; believed in nothing
 * @depth: functions that are deeper are left out
 *
 * Return: 0, or -1 when @view is not what it should be.
 */
int follow_print(FILE *out, const json_t *view, unsigned depth, struct error *err);

#endif
