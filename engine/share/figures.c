// SPDX-License-Identifier: GPL-2.0-only
/* figures.c - what is shared, and how long requests took: `vitrine ps --json`
 *
 * Theory of operation
 * Each request is measured from the guest's doorbell to its answer. For each kind a client can ask
 * how many there were, and what their mean and their longest time was. Any thread counts, so each
 * figure is atomic by itself.
 *
 * Host system calls: none.
 */
#include "figures.h"

#include <jansson.h>
#include <stdatomic.h>
#include <stdint.h>

#include "channel.h"
#include "engine/control/control.h"
#include "message.h"
#include "vitrine/util.h"

static struct {
	_Atomic uint64_t count, total_ns, max_ns;
} figures[CHANNEL_OPERATIONS];

static const struct sandbox_config *sandbox;

void figures_count(uint32_t operation, uint64_t ns)
{
	uint64_t max;

	if (operation >= CHANNEL_OPERATIONS)
		return;
	atomic_fetch_add_explicit(&figures[operation].count, 1, memory_order_relaxed);
	atomic_fetch_add_explicit(&figures[operation].total_ns, ns, memory_order_relaxed);
	max = atomic_load_explicit(&figures[operation].max_ns, memory_order_relaxed);
	while (ns > max && !atomic_compare_exchange_weak(&figures[operation].max_ns, &max, ns))
		;
}

static json_t *requests(void)
{
	json_t *all = json_object();

	for (unsigned i = 0; i < CHANNEL_OPERATIONS; i++) {
		const struct operation *op = operation_of(i);
		const uint64_t count = atomic_load(&figures[i].count);

		if (!op || !count)
			continue;
		json_object_set_new(
		    all, op->name,
		    json_pack("{s:I, s:I, s:I}", "count", (json_int_t)count, "mean_ns",
			      (json_int_t)(atomic_load(&figures[i].total_ns) / count), "max_ns",
			      (json_int_t)atomic_load(&figures[i].max_ns)));
	}
	return all;
}

static void describe(json_t *info)
{
	json_t *folders = json_array();

	for (unsigned i = 0; i < sandbox->nshares; i++) {
		const struct sandbox_share *share = &sandbox->shares[i];
		json_t *path = json_string(share->path), *target = json_string(share->target);

		/* A name that is no text is there all the same */
		json_array_append_new(
		    folders, json_pack("{s:o, s:o, s:b}", "path", path ?: json_null(), "target",
				       target ?: json_null(), "read_only", (int)share->read_only));
	}
	json_object_set_new(info, "shares", folders);
	json_object_set_new(info, "share_requests", requests());
}

void figures_begin(const struct sandbox_config *config)
{
	sandbox = config;
	control_describe(describe);
}
