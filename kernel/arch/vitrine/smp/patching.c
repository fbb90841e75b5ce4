// SPDX-License-Identifier: GPL-2.0-only
/* patching.c - change kernel text while other vCPUs are there to execute it
 *
 * All vCPUs meet with interrupts disabled. One changes the text; the others wait for it and then
 * serialise, because they may have fetched what was there before (Intel SDM 3A, 9.1.3). IRET does
 * that in user mode, too, and CPUID would leave a virtual machine.
 */
#include <linux/atomic.h>
#include <linux/cpumask.h>
#include <linux/stop_machine.h>
#include <asm/text-patching.h>

struct patching {
	void (*patch)(void *data);
	void *data;
	atomic_t arrived;
	bool done;
};

static void serialise(void)
{
	unsigned long stack, word;

	asm volatile("mov %%rsp, %0\n"
		     "mov %%ss, %k1\n"
		     "push %1\n"
		     "push %0\n"
		     "pushfq\n"
		     "mov %%cs, %k1\n"
		     "push %1\n"
		     "lea 1f(%%rip), %1\n"
		     "push %1\n"
		     "iretq\n"
		     "1:"
		     : "=&r"(stack), "=&r"(word)
		     :
		     : "cc", "memory");
}

static int meet(void *data)
{
	struct patching *patching = data;

	if (atomic_inc_return(&patching->arrived) == 1) {
		patching->patch(patching->data);
		smp_store_release(&patching->done, true);
	} else {
		while (!smp_load_acquire(&patching->done))
			cpu_relax();
		serialise();
	}
	return 0;
}

/**
 * vitrine_patch_text() - Change kernel text
 * @patch: writes to it; interrupts are disabled and no other vCPU executes anything else
 * @data:  for @patch
 *
 * The caller holds cpus_read_lock(), or there is one vCPU. May sleep.
 */
void vitrine_patch_text(void (*patch)(void *data), void *data)
{
	struct patching patching = { .patch = patch, .data = data };

	if (num_online_cpus() == 1)
		patch(data);
	else
		stop_machine_cpuslocked(meet, &patching, cpu_online_mask);
}
