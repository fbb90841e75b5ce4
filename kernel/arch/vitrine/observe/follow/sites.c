// SPDX-License-Identifier: GPL-2.0-only
/* sites.c - the places where functions are patched
 *
 * Theory of operation
 * The compiler left five bytes at the head of every function and listed them between
 * __patchable_start and __patchable_end (vmlinux.lds.S). While a call is waited for, those of the
 * functions that are worth seeing hold a call to entry.S. Which ones is decided once, when
 * somebody first wants to follow: not what is gone with the kernel's boot code, and not the little
 * helpers that every function uses (skipped[]), which would bury what happens under how.
 *
 * Patching is a store for each: only this thread executes kernel text.
 */
#include <linux/bsearch.h>
#include <linux/cpu.h>
#include <linux/kallsyms.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/sort.h>
#include <linux/string.h>
#include <asm/text-patching.h>
#include "follow.h"

extern const unsigned long __patchable_start[], __patchable_end[];

/* Beginnings of names. Locks, reference counts, lists and trees, strings, clocks, statistics */
static const char *const skipped[] = {
	"__bitmap_",
	"__cgroup_rstat",
	"__check_object_size",
	"__cond_resched",
	"__fdget",
	"__find_",
	"__get_user",
	"__kmem_cache_free",
	"__list_",
	"__local_bh_",
	"__memcg_slab",
	"__mod_",
	"__msecs_",
	"__mutex_init",
	"__percpu_",
	"__probestub_",
	"__put_user",
	"__radix_tree",
	"__rb_",
	"__rcu_",
	"__rht_",
	"__sched_clock",
	"__traceiter_",
	"__usecs_",
	"__wrap___cond_resched",
	"__xa_",
	"_find_",
	"_local_bh_",
	"_raw_",
	"avg_vruntime",
	"blkcg_maybe_throttle",
	"call_rcu",
	"cgroup_rstat_updated",
	"count_memcg_",
	"cpuacct_",
	"debug_",
	"delete_node",
	"detach_if_pending",
	"dl_server_update",
	"down_read",
	"down_write",
	"entity_eligible",
	"errseq_",
	"fdget",
	"folio_mapping",
	"from_k",
	"get_pfnblock",
	"hrtick_update",
	"hrtimer_",
	"idr_",
	"in_group_p",
	"in_lock_functions",
	"in_sched_functions",
	"init_wait",
	"int_sqrt",
	"irq_enter",
	"jiffies",
	"ktime_get",
	"list_",
	"lock_timer_base",
	"lockref_",
	"make_vfs",
	"map_id_",
	"mas_",
	"mem_cgroup_",
	"memcg_",
	"memcpy",
	"memmove",
	"memset",
	"mod_",
	"mt_",
	"mtree_",
	"mutex_is_",
	"mutex_lock",
	"mutex_trylock",
	"mutex_unlock",
	"next_signal",
	"node_page_state",
	"obj_cgroup_",
	"percpu_",
	"propagate_protected",
	"psi_",
	"put_task_struct_rcu",
	"radix_tree_",
	"rb_",
	"rcu_",
	"rcuref_",
	"read_lock",
	"recalc_sigpending",
	"refcount_",
	"rht_",
	"sched_clock",
	"seqcount_",
	"str",
	"synchronize_rcu",
	"timestamp_truncate",
	"up_read",
	"up_write",
	"update_cfs_",
	"update_curr",
	"update_load_avg",
	"update_min_vruntime",
	"update_rq_clock",
	"vitrine_pte_touch",
	"vitrine_run_irq",
	"vitrine_walk",
	"vruntime_eligible",
	"vt_",
	"write_lock",
	"xa_",
	"xas_",
};

/* Whole names: the ways of arch/vitrine/mm/uaccess.c */
static const char *const skipped_names[] = {
	"touch",
};

static struct {
	u32 *offsets; /* of the functions from the beginning of the text, sorted */
	u32 count;
	bool patched;
} sites;

static int compare(const void *a, const void *b)
{
	const u32 *left = a, *right = b;

	return *left < *right ? -1 : *left > *right;
}

static bool is_skipped(const char *name)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(skipped); i++) {
		if (name[0] == skipped[i][0] && str_has_prefix(name, skipped[i]))
			return true;
	}
	for (i = 0; i < ARRAY_SIZE(skipped_names); i++) {
		if (!strcmp(name, skipped_names[i]))
			return true;
	}
	return false;
}

/* A symbol of the kernel: mark its site when it is not to be patched */
static int mark_skipped(void *skip, const char *name, unsigned long addr)
{
	u32 offset = addr - (unsigned long)_stext;
	const u32 *site;

	if (!is_skipped(name))
		return 0;
	site = bsearch(&offset, sites.offsets, sites.count, sizeof(offset), compare);
	if (site)
		__set_bit(site - sites.offsets, skip);
	return 0;
}

static void collect(void)
{
	const unsigned long *site;

	for (site = __patchable_start; site < __patchable_end; site++) {
		if (*site >= (unsigned long)_stext && *site < (unsigned long)_etext)
			sites.offsets[sites.count++] = *site - (unsigned long)_stext;
	}
	sort(sites.offsets, sites.count, sizeof(*sites.offsets), compare, NULL);
}

static void leave_out(const unsigned long *skip)
{
	u32 i, kept = 0;

	for (i = 0; i < sites.count; i++) {
		if (!test_bit(i, skip))
			sites.offsets[kept++] = sites.offsets[i];
	}
	sites.count = kept;
}

/**
 * vt_follow_sites_init() - Find the functions that are worth following
 *
 * Some milliseconds, the first time.
 *
 * Return: 0 or -ENOMEM.
 */
int vt_follow_sites_init(void)
{
	size_t most = __patchable_end - __patchable_start;
	unsigned long *skip;

	if (sites.offsets)
		return 0;
	skip = kvcalloc(BITS_TO_LONGS(most), sizeof(long), GFP_KERNEL);
	sites.offsets = kvmalloc_array(most, sizeof(*sites.offsets), GFP_KERNEL);
	if (!skip || !sites.offsets) {
		kvfree(skip);
		kvfree(sites.offsets);
		sites.offsets = NULL;
		return -ENOMEM;
	}
	collect();
	kallsyms_on_each_symbol(mark_skipped, skip);
	leave_out(skip);
	kvfree(skip);
	return 0;
}

static void patch(void *unused)
{
	for (u32 i = 0; i < sites.count; i++)
		vitrine_patch_branch((unsigned long)_stext + sites.offsets[i], 0xe8,
				     (unsigned long)vitrine_follow_entry);
}

static void restore(void *unused)
{
	for (u32 i = 0; i < sites.count; i++)
		vitrine_patch_nop((unsigned long)_stext + sites.offsets[i]);
}

static void patch_all(void (*how)(void *unused))
{
	cpus_read_lock();
	vitrine_patch_text(how, NULL);
	cpus_read_unlock();
}

/**
 * vt_follow_sites_patch() - From now on functions call vitrine_follow_entry
 */
void vt_follow_sites_patch(void)
{
	if (!sites.patched)
		patch_all(patch);
	sites.patched = true;
}

/**
 * vt_follow_sites_restore() - Functions are as they were
 */
void vt_follow_sites_restore(void)
{
	if (sites.patched)
		patch_all(restore);
	sites.patched = false;
}
