// SPDX-License-Identifier: GPL-2.0-only
/* samples.c - copy the newest text of one of the guest kernel's files
 *
 * Theory of operation
 * A slot has a sequence lock whose writer never waits for us. A copy is good when the sequence was
 * even before it and is the same after it; some attempts are made, as the writer holds it for
 * microseconds, and then the caller comes again at its next tick.
 */
#include "samples.h"

#include <stdlib.h>
#include <string.h>

#define ATTEMPTS 20

static const struct vt_sample *slot_find(const struct region *region, const char *name)
{
	const struct vt_telemetry *t = (const struct vt_telemetry *)region->memory;

	for (unsigned i = 0; i < VT_SAMPLES_MAX; i++) {
		const struct vt_sample *slot = &t->sampler.samples[i];

		if (!strncmp(slot->name, name, sizeof(slot->name)))
			return slot;
	}
	return NULL;
}

static const char *slot_text(const struct region *region, const struct vt_sample *slot)
{
	const struct vt_telemetry *t = (const struct vt_telemetry *)region->memory;
	uint64_t index = slot - t->sampler.samples;

	return region_at(region, VT_TELEMETRY_SAMPLES + index * VT_SAMPLE_SIZE, VT_SAMPLE_SIZE);
}

/* One attempt; the text has room for VT_SAMPLE_SIZE bytes and a NUL */
static bool slot_copy(const struct vt_sample *slot, const char *from, struct sample *sample)
{
	uint32_t before = __atomic_load_n((const uint32_t *)&slot->sequence, __ATOMIC_ACQUIRE);

	memcpy(&sample->info, slot, sizeof(sample->info));
	sample->info.name[sizeof(sample->info.name) - 1] = '\0';
	sample->len = sample->info.length < VT_SAMPLE_SIZE ? sample->info.length : VT_SAMPLE_SIZE;
	memcpy(sample->text, from, sample->len);
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	return !(before & 1) && sample->info.sequence == before &&
	       __atomic_load_n((const uint32_t *)&slot->sequence, __ATOMIC_ACQUIRE) == before;
}

bool sample_read(const struct region *region, const char *name, struct sample *sample)
{
	const struct vt_sample *slot = slot_find(region, name);
	const char *from = slot ? slot_text(region, slot) : NULL;
	bool good = false;

	if (!from)
		return false;
	if (!sample->text)
		sample->text = malloc(VT_SAMPLE_SIZE + 1);
	for (unsigned i = 0; sample->text && !good && i < ATTEMPTS; i++)
		good = slot_copy(slot, from, sample);
	if (!good || !sample->info.taken)
		return false;
	sample->text[sample->len] = '\0';
	sample->len = strlen(sample->text);
	return true;
}

void sample_free(struct sample *sample)
{
	free(sample->text);
	*sample = (struct sample){ 0 };
}
