// SPDX-License-Identifier: GPL-2.0-only
/* tracefs.c - trace events come to life when somebody looks at them
 *
 * Theory of operation
 * Linux prepares its 900 trace events while it boots: it checks their formats, replaces the names
 * of constants in them and makes entries and fields of each, 8 ms of a boot of 10. Here nearly
 * nobody looks. So vmlinux is linked with --wrap for the two functions that do it, and what they
 * would have done is done when a path first leads into tracefs, whose numbers an event has to be
 * asked for by: permission to search its root directory is asked without any lock held.
 *
 * What is built in and set up while booting (tracepoints, our own probes) does not need any of it.
 */
#include <linux/cleanup.h>
#include <linux/fs.h>
#include <linux/init.h>
#include <linux/mount.h>
#include <linux/mutex.h>
#include <linux/string.h>
#include <linux/trace_events.h>
#include <asm/perf_event.h>

void __wrap_trace_event_init(void);
void __real_trace_event_init(void);
int __wrap_event_trace_init(void);
int __real_event_trace_init(void);

/* kernel/trace/trace.h */
void trace_event_update_all(struct trace_eval_map **map, int len, struct module *mod);
extern struct mutex event_mutex;
extern struct trace_eval_map *__start_ftrace_eval_maps[], *__stop_ftrace_eval_maps[];

static const struct inode_operations *usual;
static struct inode_operations waiting;

/*
 * Linux makes its list of events while it is alone, without their lock; perf may change one of them
 * here. Events that the command line names are switched on meanwhile, which takes the lock itself.
 *
 * Our own __init code is never given back: mm/growth.c
 */
static void __ref events_list(void)
{
	if (strstr(saved_command_line, "trace_event=")) {
		__real_trace_event_init();
		return;
	}
	guard(mutex)(&event_mutex);
	__real_trace_event_init();
}

static void __ref events_make(void)
{
	events_list();
	trace_event_update_all(__start_ftrace_eval_maps,
			       __stop_ftrace_eval_maps - __start_ftrace_eval_maps, NULL);
	__real_event_trace_init();
}

/* Who makes the events asks himself, when he makes their directory */
static int root_permission(struct mnt_idmap *idmap, struct inode *root, int mask)
{
	static DEFINE_MUTEX(once);
	static struct task_struct *maker;

	if (READ_ONCE(maker) == current)
		return generic_permission(idmap, root, mask);
	if (mask & MAY_NOT_BLOCK)
		return -ECHILD;
	mutex_lock(&once);
	if (root->i_op == &waiting) {
		WRITE_ONCE(maker, current);
		events_make();
		WRITE_ONCE(maker, NULL);
		smp_store_release(&root->i_op, usual);
	}
	mutex_unlock(&once);
	return generic_permission(idmap, root, mask);
}

void __init __wrap_trace_event_init(void)
{
}

int __init __wrap_event_trace_init(void)
{
	return 0;
}

/**
 * vitrine_trace_events_wait() - Make the trace events when somebody looks, from now on
 *
 * Context: boot, when all else of tracefs is there: making that would be taken for a look.
 */
void vitrine_trace_events_wait(void)
{
	struct file_system_type *type = get_fs_type("tracefs");
	struct vfsmount *mnt = type ? vfs_kern_mount(type, SB_KERNMOUNT, "tracefs", NULL) : NULL;
	struct inode *root;

	if (IS_ERR_OR_NULL(mnt)) {
		events_make();
		return;
	}
	root = d_inode(mnt->mnt_root); /* of all mounts: there is one tracefs */
	usual = root->i_op;
	waiting = *usual;
	waiting.permission = root_permission;
	spin_lock(&root->i_lock);
	root->i_opflags &= ~IOP_FASTPERM;
	root->i_op = &waiting;
	spin_unlock(&root->i_lock);
}
