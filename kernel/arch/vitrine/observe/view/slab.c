// SPDX-License-Identifier: GPL-2.0-only
/* slab.c - the slab caches
 *
 * Theory of operation
 * Figures are copied while slab_mutex is held, if it can be had at once, then sorted and written
 * without it. The allocator counts the free objects of a cache with many slabs by extrapolation.
 */
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/sort.h>
#include <linux/string.h>
#include "../../../../mm/slab.h"
#include "view.h"

#define CACHES_MAX 1024

struct cache_figures {
	char name[48];
	u64 objects, active_objects, slabs, object_bytes, objects_per_slab, slab_bytes;
	bool reclaimable;
};

static void figures_read(struct cache_figures *to, struct kmem_cache *cache)
{
	struct slabinfo info = { 0 };

	get_slabinfo(cache, &info);
	*to = (struct cache_figures){
		.objects = info.num_objs,
		.active_objects = min(info.active_objs, info.num_objs),
		.slabs = info.num_slabs,
		.object_bytes = cache->size,
		.objects_per_slab = info.objects_per_slab,
		.slab_bytes = PAGE_SIZE << info.cache_order,
		.reclaimable = cache->flags & SLAB_RECLAIM_ACCOUNT,
	};
	strscpy(to->name, cache->name, sizeof(to->name));
}

/* Return: number of caches, or -1 when the list is being changed */
static int caches_read(struct cache_figures *to)
{
	struct kmem_cache *cache;
	int count = 0;

	if (!mutex_trylock(&slab_mutex))
		return -1;
	list_for_each_entry (cache, &slab_caches, list) {
		if (count < CACHES_MAX)
			figures_read(&to[count], cache);
		count++;
		cond_resched();
	}
	mutex_unlock(&slab_mutex);
	return count;
}

static u64 cache_bytes(const struct cache_figures *cache)
{
	return cache->slabs * cache->slab_bytes;
}

static int by_bytes(const void *a, const void *b)
{
	u64 left = cache_bytes(a), right = cache_bytes(b);

	return left < right ? 1 : left > right ? -1 : 0;
}

static void json_cache(struct vt_json *json, const struct cache_figures *cache)
{
	vt_json_object(json, NULL);
	vt_json_string(json, "name", cache->name);
	vt_json_u64(json, "objects", cache->objects);
	vt_json_u64(json, "active_objects", cache->active_objects);
	vt_json_u64(json, "object_bytes", cache->object_bytes);
	vt_json_u64(json, "slabs", cache->slabs);
	vt_json_u64(json, "objects_per_slab", cache->objects_per_slab);
	vt_json_u64(json, "slab_bytes", cache->slab_bytes);
	vt_json_u64(json, "bytes", cache_bytes(cache));
	vt_json_u64(json, "active_bytes", cache->active_objects * cache->object_bytes);
	vt_json_bool(json, "reclaimable", cache->reclaimable);
	vt_json_end(json);
}

/**
 * vt_view_slab() - View: slab caches, the largest first
 */
int vt_view_slab(struct vt_json *json, const struct vt_view_args *args)
{
	struct cache_figures *caches = kvmalloc_array(CACHES_MAX, sizeof(*caches), GFP_KERNEL);
	int count, shown;
	u64 bytes = 0;

	if (!caches)
		return -ENOMEM;
	count = caches_read(caches);
	if (count < 0) {
		vt_json_null(json, "caches");
		vt_json_null(json, "caches_count");
		vt_json_null(json, "bytes");
		kvfree(caches);
		return 0;
	}
	shown = min(count, CACHES_MAX);
	sort(caches, shown, sizeof(*caches), by_bytes, NULL);
	vt_json_array(json, "caches");
	for (int i = 0; i < shown; i++) {
		json_cache(json, &caches[i]);
		bytes += cache_bytes(&caches[i]);
	}
	vt_json_end(json);
	vt_json_int(json, "caches_count", count);
	vt_json_u64(json, "bytes", bytes);
	kvfree(caches);
	return 0;
}
