// SPDX-License-Identifier: GPL-2.0-only
/* cgroups.c - the control groups with most memory
 *
 * Theory of operation
 * The first walk over the groups keeps the largest, each with a reference, in descending order;
 * they are written afterwards. The root is left out: it has no account of its own, its figures are
 * the machine's.
 */
#include <linux/cgroup.h>
#include <linux/memcontrol.h>
#include <linux/mm.h>
#include <linux/page_counter.h>
#include <linux/slab.h>
#include "view.h"

#define CGROUPS_SHOWN 32

struct cgroup_list {
	struct mem_cgroup *groups[CGROUPS_SHOWN];
	u64 pages[CGROUPS_SHOWN];
	unsigned int used, count;
};

static void list_add_group(struct cgroup_list *list, struct mem_cgroup *group)
{
	u64 pages = page_counter_read(&group->memory);
	unsigned int at = list->used;

	list->count++;
	if (at == CGROUPS_SHOWN) {
		if (pages <= list->pages[--at])
			return;
		css_put(&list->groups[at]->css);
	} else {
		list->used++;
	}
	for (; at && list->pages[at - 1] < pages; at--) {
		list->groups[at] = list->groups[at - 1];
		list->pages[at] = list->pages[at - 1];
	}
	css_get(&group->css);
	list->groups[at] = group;
	list->pages[at] = pages;
}

static void json_path(struct vt_json *json, struct mem_cgroup *group)
{
	char *buf = kmalloc(PATH_MAX, GFP_KERNEL);

	if (buf && cgroup_path(group->css.cgroup, buf, PATH_MAX) >= 0)
		vt_json_string(json, "path", buf);
	else
		vt_json_null(json, "path");
	kfree(buf);
}

static void json_stat(struct vt_json *json, const char *key, struct mem_cgroup *group, int item)
{
	vt_json_u64(json, key, (u64)memcg_page_state(group, item) << PAGE_SHIFT);
}

static void json_group(struct vt_json *json, struct mem_cgroup *group, u64 pages)
{
	unsigned long limit = READ_ONCE(group->memory.max);

	mem_cgroup_flush_stats(group);
	vt_json_object(json, NULL);
	json_path(json, group);
	vt_json_u64(json, "usage_bytes", pages << PAGE_SHIFT);
	if (limit >= PAGE_COUNTER_MAX)
		vt_json_null(json, "limit_bytes");
	else
		vt_json_u64(json, "limit_bytes", (u64)limit << PAGE_SHIFT);
	json_stat(json, "anon_bytes", group, NR_ANON_MAPPED);
	json_stat(json, "file_bytes", group, NR_FILE_PAGES);
	vt_json_u64(json, "kernel_bytes", (u64)memcg_page_state(group, MEMCG_KMEM) << PAGE_SHIFT);
	vt_json_u64(json, "swap_bytes", (u64)page_counter_read(&group->swap) << PAGE_SHIFT);
	vt_json_u64(json, "oom_kills", atomic_long_read(&group->memory_events[MEMCG_OOM_KILL]));
	vt_json_end(json);
}

/**
 * vt_json_cgroups() - "cgroups" and "cgroups_count"
 */
void vt_json_cgroups(struct vt_json *json)
{
	struct cgroup_list *list = kzalloc(sizeof(*list), GFP_KERNEL);
	struct mem_cgroup *group = NULL;

	while (list && !mem_cgroup_disabled() && (group = mem_cgroup_iter(NULL, group, NULL))) {
		if (!mem_cgroup_is_root(group))
			list_add_group(list, group);
		cond_resched();
	}
	vt_json_array(json, "cgroups");
	for (unsigned int i = 0; list && i < list->used; i++) {
		json_group(json, list->groups[i], list->pages[i]);
		css_put(&list->groups[i]->css);
	}
	vt_json_end(json);
	vt_json_int(json, "cgroups_count", list ? list->count : 0);
	kfree(list);
}
