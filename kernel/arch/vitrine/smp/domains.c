// SPDX-License-Identifier: GPL-2.0-only
/* domains.c - where new tasks begin
 *
 * A wake-up of another vCPU is one of another host thread, which takes 7 to 50 us, several times
 * what a fork's other parts take. Most children do little before they end or execute a program. So
 * a child begins where its parent is. When it executes a program, it has no host thread yet and
 * goes to the CPU that has least to do, as it does natively; if it does not, the scheduler balances
 * what goes on for longer.
 */
#include <linux/mmu_context.h>
#include <linux/init.h>
#include <linux/rcupdate.h>
#include <linux/sched/topology.h>
#include "../../../kernel/sched/sched.h"

static int __init children_begin_here(void)
{
	struct sched_domain *domain;
	int cpu;

	rcu_read_lock();
	for_each_online_cpu(cpu)
	{
		for_each_domain(cpu, domain) domain->flags &= ~SD_BALANCE_FORK;
	}
	rcu_read_unlock();
	return 0;
}
late_initcall(children_begin_here);
