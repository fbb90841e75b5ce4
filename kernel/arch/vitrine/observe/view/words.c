// SPDX-License-Identifier: GPL-2.0-only
/* words.c - how views name calls, states, paths, symbols and devices */
#include <linux/cgroup.h>
#include <linux/dcache.h>
#include <linux/kallsyms.h>
#include <linux/kdev_t.h>
#include <linux/path.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <asm/vitrine-syscalls.h>
#include <asm/vitrine-telemetry.h>
#include "view.h"

/* No macro between: a kind's name may be one of the kernel's own macros */
#define IS_ARG(kind) (kind != VT_ARG_NONE)
#define CALL(nr, name, family, a, b, c, d, e, f)                                                   \
	[nr] = { #name, IS_ARG(VT_ARG_##a) + IS_ARG(VT_ARG_##b) + IS_ARG(VT_ARG_##c) +             \
			    IS_ARG(VT_ARG_##d) + IS_ARG(VT_ARG_##e) + IS_ARG(VT_ARG_##f) },
static const struct {
	const char *name;
	u8 nargs;
} calls[VT_TELEMETRY_CALLS] = { VT_SYSCALLS(CALL) };
#undef CALL
#undef IS_ARG

/* In the order of task_state_index() */
static const char *const state_names[] = {
	"running", "sleeping", "disk sleep", "stopped", "tracing stop",
	"dead",	   "zombie",   "parked",     "idle",
};

static const char *const policy_names[] = {
	[SCHED_NORMAL] = "other", [SCHED_FIFO] = "fifo", [SCHED_RR] = "rr",
	[SCHED_BATCH] = "batch",  [SCHED_IDLE] = "idle", [SCHED_DEADLINE] = "deadline",
};

/**
 * vt_call_name() - Name of a system call
 * @nr:  its number
 * @buf: for a number without a name
 *
 * Return: @buf or a constant.
 */
const char *vt_call_name(long nr, char buf[VT_CALL_NAME])
{
	if (nr >= 0 && nr < ARRAY_SIZE(calls) && calls[nr].name)
		return calls[nr].name;
	snprintf(buf, VT_CALL_NAME, "syscall_%ld", nr);
	return buf;
}

/**
 * vt_call_nargs() - Number of a system call's arguments; 6 for a number without a name
 */
unsigned int vt_call_nargs(long nr)
{
	return nr >= 0 && nr < ARRAY_SIZE(calls) && calls[nr].name ? calls[nr].nargs : 6;
}

/**
 * vt_task_state() - A task's state, in words
 */
const char *vt_task_state(struct task_struct *task)
{
	unsigned int state = task_state_index(task);

	return state < ARRAY_SIZE(state_names) ? state_names[state] : "unknown";
}

/**
 * vt_policy_name() - A scheduling policy, in a word
 */
const char *vt_policy_name(unsigned int policy)
{
	const char *name = NULL;

	if (policy < ARRAY_SIZE(policy_names))
		name = policy_names[policy];
	return name ?: "unknown";
}

const char *vt_task_policy(struct task_struct *task)
{
	return vt_policy_name(task->policy);
}

/**
 * vt_json_path() - The name of a file, as /proc shows it, or null
 * @path: a reference is the caller's; no file system is asked, names come from the dentries
 */
void vt_json_path(struct vt_json *json, const char *key, const struct path *path)
{
	char *buf = kmalloc(PATH_MAX, GFP_KERNEL);
	char *name = buf ? d_path(path, buf, PATH_MAX) : NULL;

	vt_json_string(json, key, IS_ERR(name) ? NULL : name);
	kfree(buf);
}

/**
 * vt_json_cgroup() - A task's control group in the default hierarchy
 */
void vt_json_cgroup(struct vt_json *json, const char *key, struct task_struct *task)
{
	char *buf = kmalloc(PATH_MAX, GFP_KERNEL);
	int len = -ENOMEM;

	if (buf) {
		rcu_read_lock();
		len = cgroup_path(task_dfl_cgroup(task), buf, PATH_MAX);
		rcu_read_unlock();
	}
	vt_json_string(json, key, len < 0 ? NULL : buf);
	kfree(buf);
}

/**
 * vt_json_symbol() - The kernel function at @addr, or null for 0
 * @offset: with "+0x12/0x34", the place in it and its length
 */
void vt_json_symbol(struct vt_json *json, const char *key, unsigned long addr, bool offset)
{
	char name[KSYM_SYMBOL_LEN];

	if (offset)
		sprint_symbol(name, addr);
	else
		sprint_symbol_no_offset(name, addr);
	vt_json_string(json, key, addr ? name : NULL);
}

/**
 * vt_json_device() - A device number: "254:0"
 */
void vt_json_device(struct vt_json *json, const char *key, dev_t dev)
{
	char text[24];

	snprintf(text, sizeof(text), "%u:%u", MAJOR(dev), MINOR(dev));
	vt_json_string(json, key, text);
}
