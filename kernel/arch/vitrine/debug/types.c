// SPDX-License-Identifier: GPL-2.0-only
/* types.c - the kernel's types for a debugger, without a debug build
 *
 * Theory of operation
 * Debugging information of the whole kernel is 250 MB and minutes of compiling. Most of what a
 * debugger's helpers need is the layout of a few dozen structures, which is the same in every
 * object. So this one object is compiled with -g, with the configuration and flags of the others,
 * and is not linked: build.sh keeps it beside the image as vmlinux.types. tools/gdb takes types
 * from it and addresses from the image's symbol table.
 *
 * The compiler leaves out what is not used, hence one object that uses everything.
 */
#include <linux/mmu_context.h>
#include <linux/blkdev.h>
#include <linux/cgroup.h>
#include <linux/fdtable.h>
#include <linux/fs.h>
#include <linux/fs_struct.h>
#include <linux/interrupt.h>
#include <linux/irqdesc.h>
#include <linux/kernel_stat.h>
#include <linux/maple_tree.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/nsproxy.h>
#include <linux/pid_namespace.h>
#include <linux/pipe_fs_i.h>
#include <linux/sched/signal.h>
#include <linux/swap.h>
#include <linux/syscalls.h>
#include <linux/vmstat.h>
#include <net/sock.h>
#include <asm/vitrine-syscalls.h>
#include <asm/vitrine-telemetry.h>
#include <asm/vitrine.h>
#include "../../../fs/mount.h"
#include "../../../kernel/printk/printk_ringbuffer.h"
#include "../../../kernel/sched/sched.h"
#include "../../../mm/slab.h"
#include "../observe/follow/follow.h"

/* Names of system calls: the table's symbols, and what programs call them */
#define __SYSCALL_NORETURN __SYSCALL
#define __SYSCALL(nr, sym) CALL_##nr##_##sym = nr,
enum vitrine_call_symbol {
#include <asm/syscall_table_64.h>
};
#undef __SYSCALL

#define CALL_NAME(nr, name, ...) NAME_##name = nr,
enum vitrine_call_name { VT_SYSCALLS(CALL_NAME) };
#define CALL_ARGS(nr, name, family, a, b, c, d, e, f)                                              \
	ARGS_##nr##__##a##__##b##__##c##__##d##__##e##__##f,
enum vitrine_call_args { VT_SYSCALLS(CALL_ARGS) };

/* Macros that the helpers need as numbers */
enum vitrine_constant {
	VC_PAGE_SHIFT = PAGE_SHIFT,
	VC_THREAD_SIZE = THREAD_SIZE,
	VC_PF_KTHREAD = PF_KTHREAD,
	VC_LOAD_SHIFT = SCHED_FIXEDPOINT_SHIFT,
};

/* As in mm/slub.c, which keeps it to itself */
struct kmem_cache_node {
	spinlock_t list_lock;
	unsigned long nr_partial;
	struct list_head partial;
#ifdef CONFIG_SLUB_DEBUG
	atomic_long_t nr_slabs;
	atomic_long_t total_objects;
	struct list_head full;
#endif
};

union vitrine_types {
	struct task_struct task;
	struct cred cred;
	struct signal_struct signal;
	struct pid_namespace pid_namespace;
	struct nsproxy nsproxy;
	struct pt_regs pt_regs;

	struct mm_struct mm;
	struct vm_area_struct vma;
	struct maple_node maple_node;
	struct page page;
	struct folio folio;
	struct slab slab;
	struct kmem_cache kmem_cache;
	struct kmem_cache_node kmem_cache_node;
	struct pglist_data node;
	struct zone zone;
	struct address_space address_space;

	struct files_struct files;
	struct file file;
	struct dentry dentry;
	struct fs_struct fs_struct;
	struct inode inode;
	struct super_block super_block;
	struct file_system_type file_system_type;
	struct mount mount;
	struct mnt_namespace mnt_namespace;
	struct pipe_inode_info pipe;
	struct socket_alloc socket_alloc;
	struct sock sock;

	struct rq rq;
	struct cfs_rq cfs_rq;
	struct sched_entity sched_entity;
	struct irq_desc irq_desc;
	struct irqaction irqaction;
	struct kernel_stat kernel_stat;
	struct printk_ringbuffer printk_ringbuffer;

	struct vt_boot vt_boot;
	struct vitrine_cpu vcpu;
	struct vt_telemetry *telemetry;
	struct vt_follow_shadow follow_shadow;

	enum pageflags pageflags;
	enum zone_stat_item zone_stat;
	enum node_stat_item node_stat;
	enum vm_event_item vm_event;
	enum maple_type maple_type;
	enum vt_irq vt_irq;
	enum vitrine_call_symbol call_symbol;
	enum vitrine_call_name call_name;
	enum vitrine_call_args call_args;
	enum vitrine_constant constant;
};

/* One object of it makes the compiler describe it */
extern union vitrine_types vitrine_types;
union vitrine_types vitrine_types;
