/* SPDX-License-Identifier: GPL-2.0-only */
/* keep.h - a machine that is kept before it has devices, see suspend/boot.c */
#ifndef _ASM_VITRINE_KEEP_H
#define _ASM_VITRINE_KEEP_H

#include <linux/types.h>

/* suspend/boot.c */
void vitrine_keep_setup(char *cmdline);

/* time.c: the wall clock is as if nobody had one, while timekeeping goes on */
extern bool vitrine_sleep_uncounted;

/* virtio.c */
void vitrine_virtio_find(void);

#endif
