/* SPDX-License-Identifier: GPL-2.0-only */
/* areas.c - a budget for the host's areas of guest processes
 *
 * Theory of operation
 * An entry of a guest's page table takes 8 bytes of the guest's memory and, when nothing beside it
 * can share it, an area of the host's, fifty times that. The guest decides how many there are: it
 * can map one page in a million places. So what all guest processes of a sandbox have mapped is
 * kept below a budget that follows from the size of its memory (limits.c). The host processes are a
 * cache of the page tables: when there is too much, the process that has most is unmapped, and what
 * it touches again faults in again.
 *
 * The tier counts changes of mappings: each adds an area, or two when it lies within a larger one.
 * So the host never has more than twice the budget, and an honest guest stays below it. The count
 * only falls when a process is unmapped. A process that changes its mappings all the time is
 * therefore unmapped now and then without need, which costs a fraction of what its changes cost.
 */
#include "areas.h"

#include "engine/tier/seccomp/host/limits.h"
#include "engine/tier/seccomp/host/lock.h"
#include "engine/tier/seccomp/host/pages.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* of these, inside all others */
static struct stub_process *mapped[PAGES_MAX]; /* those with areas, by their control page */
static unsigned long total;

static struct stub_process *find_largest(void)
{
	struct stub_process *largest = NULL;

	for (unsigned i = 0; i < PAGES_MAX; i++) {
		if (mapped[i] && (!largest || mapped[i]->areas > largest->areas))
			largest = mapped[i];
	}
	return largest;
}

struct stub_process *areas_add(struct stub_process *process, unsigned changes)
{
	WITH_LOCK(&lock);

	if (total + changes > limits_used()->areas) {
		struct stub_process *largest = find_largest();

		if (largest)
			return largest;
	}
	mapped[process->page] = process;
	process->areas += changes;
	total += changes;
	return NULL;
}

void areas_forget(struct stub_process *process)
{
	WITH_LOCK(&lock);

	if (!process->areas)
		return;
	mapped[process->page] = NULL;
	total -= process->areas;
	process->areas = 0;
}
