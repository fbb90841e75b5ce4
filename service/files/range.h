/* SPDX-License-Identifier: GPL-2.0-only */
/* range.h - a Range header */
#ifndef SERVICE_FILES_RANGE_H
#define SERVICE_FILES_RANGE_H

#include <stdint.h>

/**
 * range_parse() - A Range header of one range
 * @size: of the file
 * @from, @to: set; @to is behind the last byte
 *
 * Return: 1, 0 when it is to be ignored, or -1 when it cannot be satisfied.
 */
int range_parse(const char *text, uint64_t size, uint64_t *from, uint64_t *to);

#endif
