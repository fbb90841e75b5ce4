/* SPDX-License-Identifier: GPL-2.0-only */
/* topology.h - node 0 has all memory and every CPU (mm/node.c), a core of one package each */
#ifndef _ASM_VITRINE_TOPOLOGY_H
#define _ASM_VITRINE_TOPOLOGY_H

#ifdef CONFIG_NUMA
#define cpu_to_node(cpu) ((void)(cpu), 0)
#define cpumask_of_node(node) ((node) == 0 ? cpu_online_mask : cpu_none_mask)
#endif

/* As /proc/cpuinfo says it */
#define topology_physical_package_id(cpu) ((void)(cpu), 0)
#define topology_core_id(cpu) (cpu)
#define topology_core_cpumask(cpu) ((void)(cpu), cpu_online_mask)

#include <asm-generic/topology.h>

#endif
