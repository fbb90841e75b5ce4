// SPDX-License-Identifier: GPL-2.0-only
/* region.c - read a sandbox's telemetry
 *
 * Theory of operation
 * The mapping is checked once: a memory file whose size is sealed (one that could be cut short
 * would kill us with SIGBUS), as large as it says, of our version. Behind that, counters are at
 * fixed places, and whatever is computed from the region's contents goes through region_at().
 *
 * Words are read one by one, each whole: x86-64 guarantees that for aligned ones, and the compiler
 * does not read through a volatile pointer twice. A copy of many words is no snapshot, and no
 * observer needs one: counters only grow.
 *
 * Host system calls: fstat, fcntl, mmap, munmap.
 */
#include "region.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include "lib/clock.h"
#include "vitrine/util.h"

#define REGION_MAX (1UL << 30)

static const volatile struct vt_telemetry *telemetry_of(const struct region *region)
{
	return (const volatile struct vt_telemetry *)region->memory;
}

/* Copy words that somebody writes meanwhile */
static void words_copy(void *to, const volatile void *from, size_t size)
{
	const volatile uint64_t *word = from;

	for (size_t i = 0; i < size / sizeof(*word); i++)
		((uint64_t *)to)[i] = word[i];
}

int region_check(const struct region *region, struct error *err)
{
	const volatile struct vt_telemetry *head = telemetry_of(region);

	if (region->size < sizeof(*head) || head->magic != VT_TELEMETRY_MAGIC)
		return error_set(err, 0, "what the sandbox sent is no telemetry region");
	if (head->version != VT_TELEMETRY_VERSION)
		return error_set(err, 0,
				 "the sandbox's telemetry is version %u, this program reads "
				 "version %u: use the vitrine that started it",
				 head->version, VT_TELEMETRY_VERSION);
	if (head->size != region->size)
		return error_set(err, 0, "the sandbox's telemetry has %zu bytes instead of %llu",
				 region->size, (unsigned long long)head->size);
	return 0;
}

int region_map(struct region *region, int fd, struct error *err)
{
	int seals = fcntl(fd, F_GET_SEALS);
	struct stat st;
	void *at;

	*region = (struct region){ 0 };
	if (seals < 0 || !(seals & F_SEAL_SHRINK) || fstat(fd, &st) < 0)
		return error_set(err, 0, "the sandbox's telemetry is not in a sealed memory file");
	if (st.st_size < (off_t)sizeof(struct vt_telemetry) || st.st_size > (off_t)REGION_MAX)
		return error_set(err, 0, "the sandbox's telemetry has %lld bytes",
				 (long long)st.st_size);
	at = mmap(NULL, st.st_size, PROT_READ, MAP_SHARED, fd, 0);
	if (at == MAP_FAILED)
		return error_set(err, errno, "cannot map the sandbox's telemetry");
	region->memory = at;
	region->size = st.st_size;
	if (region_check(region, err) < 0) {
		region_unmap(region);
		return -1;
	}
	return 0;
}

void region_unmap(struct region *region)
{
	if (region->memory)
		munmap((void *)region->memory, region->size);
	*region = (struct region){ 0 };
}

void region_head(const struct region *region, struct region_head *head)
{
	const volatile struct vt_telemetry *t = telemetry_of(region);

	*head = (struct region_head){
		.state = t->state,
		.enabled = t->enabled,
		.kinds = t->kinds,
		.boot_ns = t->boot_ns,
		.enabled_ns = t->enabled_ns,
		.realtime_offset_ns = t->realtime_offset_ns,
		.mem_size = t->mem_size,
		.cpus = t->cpus,
		.events = t->events,
	};
}

void region_counters(const struct region *region, struct vt_counters *counters)
{
	words_copy(counters, &telemetry_of(region)->counters, sizeof(*counters));
}

void region_host(const struct region *region, uint64_t host[VT_NR_HOST])
{
	words_copy(host, telemetry_of(region)->host, VT_NR_HOST * sizeof(*host));
}

bool region_call(const struct region *region, unsigned nr, struct vt_call_counters *counters)
{
	if (nr >= VT_TELEMETRY_CALLS) {
		*counters = (struct vt_call_counters){ 0 };
		return false;
	}
	words_copy(counters, &telemetry_of(region)->calls[nr], sizeof(*counters));
	return true;
}

bool region_task(const struct region *region, unsigned slot, struct vt_task_counters *task)
{
	const volatile struct vt_task_counters *from;

	if (slot >= VT_TELEMETRY_TASKS)
		return false;
	from = &telemetry_of(region)->tasks[slot];
	if (!from->pid)
		return false;
	words_copy(task, from, sizeof(*task));
	task->comm[sizeof(task->comm) - 1] = '\0';
	return task->pid && task->pid == from->pid && task->born_ns == from->born_ns;
}

uint64_t region_time(const struct region *region, uint64_t ticks)
{
	uint64_t mult = telemetry_of(region)->tick_mult, ago, now_ns = region->then_ns;

	if (!mult)
		return ticks;
	ago = region->then_ticks - ticks;
	if (!now_ns) {
		now_ns = clock_now_ns();
		ago = __builtin_ia32_rdtsc() - ticks;
	}
	if ((int64_t)ago < 0) /* it was another CPU's */
		ago = 0;
	return now_ns - (uint64_t)(((unsigned __int128)ago * mult) >> 32);
}

void region_sampler(const struct region *region, struct vt_sampler *sampler)
{
	words_copy(sampler, &telemetry_of(region)->sampler, sizeof(*sampler));
	for (unsigned i = 0; i < VT_SAMPLES_MAX; i++)
		sampler->samples[i].name[sizeof(sampler->samples[i].name) - 1] = '\0';
}

const void *region_at(const struct region *region, uint64_t offset, uint64_t len)
{
	if (offset > region->size || len > region->size - offset)
		return NULL;
	return region->memory + offset;
}

double histogram_percentile(const uint64_t buckets[VT_BUCKETS], double share)
{
	double total = 0, wanted, before = 0;

	for (unsigned i = 0; i < VT_BUCKETS; i++)
		total += (double)buckets[i];
	wanted = total * share;
	for (unsigned i = 0; i < VT_BUCKETS; i++) {
		double count = (double)buckets[i], low = i ? (double)(1UL << i) : 0;

		if (count > 0 && before + count >= wanted)
			return low + ((double)(2UL << i) - low) * (wanted - before) / count;
		before += count;
	}
	return 0;
}

static_assert(sizeof(struct vt_counters) % 8 == 0, "words_copy()");
static_assert(sizeof(struct vt_call_counters) % 8 == 0, "words_copy()");
static_assert(sizeof(struct vt_task_counters) % 8 == 0, "words_copy()");
static_assert(sizeof(struct vt_sampler) % 8 == 0, "words_copy()");
