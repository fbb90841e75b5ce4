/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _ASM_VITRINE_SPARSEMEM_H
#define _ASM_VITRINE_SPARSEMEM_H

#define MAX_PHYSMEM_BITS 41
#define SECTION_SIZE_BITS 24 /* 16 MiB: the step in which page structures come to life */

#endif
