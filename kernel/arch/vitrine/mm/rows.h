/* SPDX-License-Identifier: GPL-2.0-only */
/* rows.h - pages that stand in a row */
#ifndef VITRINE_MM_ROWS_H
#define VITRINE_MM_ROWS_H

#include <linux/sizes.h>

/* Of a file, the page cache in this window is made accessible by one fault */
#define FILE_AROUND_SIZE SZ_1M

void vitrine_line_up(unsigned int pages);

#endif
