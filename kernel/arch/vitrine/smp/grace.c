// SPDX-License-Identifier: GPL-2.0-only
/* grace.c - RCU's grace periods end as soon as they can
 *
 * The kernel lets a grace period last for some ticks, so that one serves many who wait, and
 * hundreds of CPUs are asked seldom. Here there are few CPUs and few who wait, but a sandbox that
 * starts and ends is among them: mounts and the first exec wait for four grace periods, 20 ms, half
 * of what all of it takes. So who waits asks the CPUs at once, and what is freed later is looked
 * after without a pause first.
 */
#include <linux/init.h>
#include <linux/moduleparam.h>
#include <linux/rcupdate.h>
#include <linux/string.h>

void rcu_expedite_gp(void); /* kernel/rcu/rcu.h */
extern const struct kernel_param __start___param[], __stop___param[];

static int __init hurry(void)
{
	rcu_expedite_gp();
	for (const struct kernel_param *param = __start___param; param < __stop___param; param++) {
		if (!strcmp(param->name, "rcutree.jiffies_till_first_fqs"))
			return param->ops->set("0", param);
	}
	return 0;
}
early_initcall(hurry);
