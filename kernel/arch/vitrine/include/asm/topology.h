/* SPDX-License-Identifier: GPL-2.0-only */
/* topology.h - node 0 has all memory and every CPU, see mm/node.c */
#ifndef _ASM_VITRINE_TOPOLOGY_H
#define _ASM_VITRINE_TOPOLOGY_H

#ifdef CONFIG_NUMA
#define cpu_to_node(cpu) ((void)(cpu), 0)
#define cpumask_of_node(node) ((node) == 0 ? cpu_online_mask : cpu_none_mask)
#endif

#include <asm-generic/topology.h>

#endif
