// SPDX-License-Identifier: GPL-2.0-only
#include <linux/kbuild.h>
#include <linux/sched.h>
#include <asm/page.h>

int main(void)
{
	DEFINE(TASK_THREAD_SP, offsetof(struct task_struct, thread.sp));
	DEFINE(VCPU_TASK, offsetof(struct vitrine_cpu, task));
	DEFINE(VCPU_NUMBER, offsetof(struct vitrine_cpu, number));
	DEFINE(VCPUS_MAX, NR_CPUS);
	DEFINE(KERNEL_LINK_ADDRESS, KERNEL_LINK);
	return 0;
}
