/* SPDX-License-Identifier: GPL-2.0-only */
/* view.h - views of the kernel's state, as JSON; docs/observatory.md has their shapes
 *
 * Private to arch/vitrine/observe. A view does not wait for a guest: locks that a guest can hold
 * are tried, user memory is read where it is present, file systems are asked, and files ended, by
 * somebody else (path.c).
 */
#ifndef VITRINE_OBSERVE_VIEW_H
#define VITRINE_OBSERVE_VIEW_H

#include <linux/types.h>
#include <asm/vitrine.h>
#include <asm/vitrine-abi.h>
#include "json.h"

struct file;
struct inode;
struct path;
struct task_struct;

/* A list of every process that there can be; the text grows up to it as it is needed */
#define VT_VIEW_SIZE (16 * 1024 * 1024)

/**
 * struct vt_view_args - what was asked
 * @pid:  of struct vt_view_of
 * @path: what follows it, an absolute path, or NULL
 */
struct vt_view_args {
	u64 pid;
	const char *path;
};

/* Add members to @json, where the view's object is open. Return: 0 or a negative errno */
typedef int vt_view_make(struct vt_json *json, const struct vt_view_args *args);

vt_view_make vt_view_processes;
vt_view_make vt_view_task;
vt_view_make vt_view_memory;
vt_view_make vt_view_slab;
vt_view_make vt_view_page_cache;
vt_view_make vt_view_block;
vt_view_make vt_view_sockets;
vt_view_make vt_view_mounts;
vt_view_make vt_view_files;
vt_view_make vt_view_scheduler;
vt_view_make vt_view_follow;

/* view.c */
int vt_view_write(struct vt_json *json, u32 view, const struct vt_view_args *args);
u64 vt_view_time(u64 boottime_ns);

/* words.c */
#define VT_CALL_NAME 24
const char *vt_call_name(long nr, char buf[VT_CALL_NAME]);
unsigned int vt_call_nargs(long nr);
const char *vt_task_state(struct task_struct *task);
const char *vt_policy_name(unsigned int policy);
const char *vt_task_policy(struct task_struct *task);
void vt_json_path(struct vt_json *json, const char *key, const struct path *path);
void vt_json_cgroup(struct vt_json *json, const char *key, struct task_struct *task);
void vt_json_symbol(struct vt_json *json, const char *key, unsigned long addr, bool offset);
void vt_json_device(struct vt_json *json, const char *key, dev_t dev);

/* processes.c */
long vt_task_call(struct task_struct *task, unsigned long args[6]);
void vt_json_task(struct vt_json *json, struct task_struct *task);

/* files.c */
struct file *vt_file_next(struct task_struct *task, unsigned int *fd, bool *close_on_exec);
void vt_json_files(struct vt_json *json, struct task_struct *task, bool owner, u32 *count);

/* areas.c */
void vt_json_areas(struct vt_json *json, struct task_struct *task);
void vt_json_cmdline(struct vt_json *json, const char *key, struct task_struct *task);

/* path.c */
int vt_view_path_find(const char *name, struct path *path);
void vt_view_path_put(const struct path *path);
void vt_view_inode_put(struct inode *inode);

/* cgroups.c */
void vt_json_cgroups(struct vt_json *json);

#endif
