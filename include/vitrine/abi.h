/* SPDX-License-Identifier: GPL-2.0-only */
/* abi.h - what the kernel image and the supervisor agree on
 *
 * Theory of operation
 * The kernel image is freestanding: it is copied into "physical memory" (one memory file that the
 * supervisor maps at VT_PAGE_OFFSET) and entered as a function with a struct vt_boot. From then on
 * it reaches the host through vt_boot.ops and in no other way, and the supervisor reaches it
 * through the interrupt word and the few entry points that the kernel fills in (vt_boot.kernel).
 *
 * This and layout.h are the only headers that both worlds include, so they name no kernel and no
 * libc type. Every structure has explicit sizes; VT_ABI_VERSION changes when any of them does.
 */
#ifndef VITRINE_ABI_H
#define VITRINE_ABI_H

#define VT_ABI_MAGIC 0x74726976 /* "virt"; with the version right before the image's entry */
#define VT_ABI_VERSION 9

/* The word before the magic: what the image was built without */
#define VT_ABI_NO_OBSERVE 1 /* VT_REQ_OBSERVE, VT_REQ_VIEW, VT_REQ_FOLLOW */

#ifdef __KERNEL__
#include <asm/vitrine-layout.h>
#else
#include "vitrine/layout.h"
#endif

#ifndef __ASSEMBLY__

/* ---- interrupts: bits of the pending word (vt_kernel.pending) ---- */
enum vt_irq {
	VT_IRQ_TIMER = 0,
	VT_IRQ_STREAM = 1,     /* a stream can make progress */
	VT_IRQ_REQUEST = 2,    /* request_next() has something */
	VT_IRQ_LOST = 3,       /* a host process of a guest has died */
	VT_IRQ_RESCHEDULE = 4, /* from vCPU to vCPU: look at need_resched() */
	VT_IRQ_CALL = 5,       /* likewise: run the functions that others have queued */
	VT_IRQ_STOP = 6,       /* likewise: the machine halts */
	VT_IRQ_WORK = 7,       /* from a vCPU to itself: the kernel's own, for its irq_work */
	VT_IRQ_VIRTIO = 8,     /* plus the device's index */
	VT_IRQ_COUNT = 32,
};

enum vt_user_event {
	VT_EV_INTERRUPT, /* an interrupt is pending; the thread runs on */
	VT_EV_SYSCALL,	 /* orig_ax is the number; see vt_frame.full */
	VT_EV_FAULT,	 /* page fault: fault_addr and error_code */
	VT_EV_TRAP,	 /* any other exception: trap_nr */
	VT_EV_KICKED,	 /* stopped on request */
	VT_EV_GONE,	 /* the host thread does not exist any more */
	VT_NR_EVENTS,
};

enum vt_map_kind { VT_MAP, VT_UNMAP, VT_PROTECT };
#define VT_PROT_READ 1
#define VT_PROT_WRITE 2
#define VT_PROT_EXEC 4

/* One change of a guest address space's host mappings; all values are page aligned */
struct vt_map_op {
	vt_u32 kind, prot;
	vt_u64 va, pa, len;
};

/* ---- virtio: the transport's view of a device ---- */
struct vt_virtio_info {
	vt_u32 device_id; /* VIRTIO_ID_*; 0 when there is no device at this index */
	vt_u32 nqueues;
	vt_u32 queue_size; /* largest ring, a power of two */
	vt_u32 config_len;
	vt_u64 features;
};

/* ---- requests from the supervisor (vt_host_ops.request_next) ---- */
/* Each has data: the structure that is named here, and behind it what stands after the plus sign */
enum vt_request_kind {
	VT_REQ_SPAWN = 1, /* vt_spawn + strings: start a process */
	VT_REQ_SIGNAL,	  /* vt_signal */
	VT_REQ_RESIZE,	  /* vt_resize */
	VT_REQ_SHUTDOWN,  /* vt_shutdown: kill everything, sync, halt */
	VT_REQ_PS,	 /* vt_ps_from; reply: struct vt_ps records, none behind the last process */
	VT_REQ_OPEN,	 /* vt_open + path; reply value: a handle */
	VT_REQ_CLOSE,	 /* vt_close */
	VT_REQ_READ,	 /* vt_read; reply: data */
	VT_REQ_WRITE,	 /* vt_write + data */
	VT_REQ_STAT,	 /* path; reply: struct vt_file_stat (lstat) */
	VT_REQ_LIST,	 /* vt_list; reply: more struct vt_dirent, none at the end */
	VT_REQ_MKDIR,	 /* vt_mkdir + path */
	VT_REQ_UNLINK,	 /* path */
	VT_REQ_SYMLINK,	 /* target NUL path */
	VT_REQ_READLINK, /* path; reply: the target */
	VT_REQ_OBSERVE,	 /* vt_observe: what is observed from now on */
	VT_REQ_VIEW,	 /* vt_view_of + path; reply: JSON */
	VT_REQ_FOLLOW,	 /* vt_follow */
	VT_REQ_USER,	 /* user as --user has it; reply value: uid | gid << 32 */
	VT_REQ_SHARE,  /* vt_share + path: mount a shared folder, before the main command starts */
	VT_REQ_PAUSE,  /* to pause(); answered when that failed, or when the sandbox goes on here */
	VT_REQ_RENAME, /* from NUL to */
	VT_REQ_RMDIR,  /* path */
	VT_REQ_CHOWN,  /* vt_chown + path; a link itself, not its target */
	VT_REQ_ATTRIBUTE,  /* path NUL name NUL value: set it; without a value: remove it */
	VT_REQ_ATTRIBUTES, /* path; reply: struct vt_attribute records, those of users */
};

/* Bytes of a request's data, what follows the structure included */
#define VT_REQ_DATA_MAX (256 * 1024)

/**
 * struct vt_request - one request, copied into kernel memory by request_next()
 * @id:   chosen by the supervisor, returned in request_done()
 * @len:  bytes valid in @data
 * @data: owned by the kernel, VT_REQ_DATA_MAX bytes
 */
struct vt_request {
	vt_u64 id;
	vt_u32 kind, len;
	vt_u8 *data;
};

#define VT_SPAWN_TTY 1	    /* one pseudo terminal instead of three pipes */
#define VT_SPAWN_MAIN 2	    /* the sandbox ends when this process does */
#define VT_SPAWN_USER 4	    /* resolve the user name string in the guest's /etc/passwd */
#define VT_SPAWN_INIT 8	    /* it is pid 1; with vitrine.init on the kernel's command line */
#define VT_SPAWN_CONSOLE 16 /* what it writes to /dev/console is its output */
#define VT_SPAWN_CONNECT 32 /* no program: a connection to the guest's own TCP port argv[0] */

/**
 * struct vt_spawn - VT_REQ_SPAWN
 * @job:     the supervisor's number for this process and its streams: job * 4 + {0,1,2}; it never
 *           gives a number twice
 * @flags:   VT_SPAWN_*
 * @strings: bytes of NUL-terminated strings that follow: working directory, user name (may be
 *           empty), argc arguments, envc environment entries
 *
 * With VT_SPAWN_CONNECT the process stands for the connection: the job's first stream is what is
 * sent over it, the second one what comes back. There is no third one.
 *
 * The reply's value is the guest pid or a negative errno. After a pid comes job_exit() with the
 * wait status when the process has ended, after an errno nothing.
 */
struct vt_spawn {
	vt_u32 job, flags, uid, gid;
	vt_u16 rows, columns;
	vt_u32 argc, envc, strings;
};

#define VT_SIGNAL_END 1 /* it asks to end: an init may have another one for that */

/* @pid 0: to every process */
struct vt_signal {
	vt_s32 pid;
	vt_u32 signal, flags;
};

struct vt_resize {
	vt_u32 job;
	vt_u16 rows, columns;
};

struct vt_shutdown {
	vt_u32 status; /* to exit with */
};

struct vt_ps_from {
	vt_s32 pid; /* the lowest that is wanted */
};

struct vt_open {
	vt_u32 flags, mode;
};

struct vt_close {
	vt_u32 handle;
};

struct vt_read {
	vt_u32 handle, len;
	vt_u64 offset;
};

struct vt_write {
	vt_u32 handle, pad;
	vt_u64 offset;
};

struct vt_list {
	vt_u32 handle, len; /* most bytes */
};

struct vt_mkdir {
	vt_u32 mode;
};

struct vt_chown {
	vt_u32 uid, gid;
};

#define VT_OBSERVE_PATHS 1 /* show what descriptors stand for */

/**
 * struct vt_observe - VT_REQ_OBSERVE
 * @what:        VT_OBSERVE_COUNTERS and so on
 * @flags:       VT_OBSERVE_PATHS
 * @kinds:       bit per enum vt_event_kind
 * @interval_ns: between samples; 0: as it was
 * @calls:       bit per system call whose events are wanted
 * @capture:     most bytes of a buffer
 */
struct vt_observe {
	vt_u32 what, flags;
	vt_u64 kinds, interval_ns;
	vt_u64 calls[8];
	vt_u32 capture, pad;
};

/* Views of the kernel's state; pid: in the initial namespace */
enum vt_view {
	VT_VIEW_SCHEDULER = 1, /* the run queue as EEVDF sees it */
	VT_VIEW_PROCESSES,
	VT_VIEW_TASK,	/* of pid: kernel stack, call, descriptors, memory map */
	VT_VIEW_MEMORY, /* zones, free lists, reclaim */
	VT_VIEW_SLAB,
	VT_VIEW_PAGE_CACHE, /* of path: its pages; without: the files with most */
	VT_VIEW_BLOCK,
	VT_VIEW_SOCKETS,
	VT_VIEW_MOUNTS,
	VT_VIEW_FILES,	/* open files; of pid, or with 0 of all */
	VT_VIEW_FOLLOW, /* the call that was followed last */
	VT_NR_VIEWS,
};

struct vt_view_of {
	vt_u32 view;
	vt_s32 pid;
	vt_u64 arg;
};

/* @call -1: any; @pid 0: anybody */
struct vt_follow {
	vt_s32 call, pid;
	vt_u64 min_ns;
};

/* The one file system that has all shared folders, each below its number */
#define VT_SHARE_TAG "vitrine"

#define VT_SHARE_READ_ONLY 1
#define VT_SHARE_FILE 2 /* a single file */

/* Without success the sandbox is over */
struct vt_share {
	vt_u32 number, flags;
};

struct vt_ps {
	vt_s32 pid, ppid, uid, threads;
	vt_u64 start_ns, utime_ns, stime_ns, rss_bytes;
	char state, pad[3];
	vt_u32 cmdline_len; /* bytes of cmdline, NUL separated, that follow this record */
	char comm[16];
};

struct vt_file_stat {
	vt_u32 mode, uid, gid, nlink;
	vt_u64 size, mtime_s, mtime_ns, ino;
};

struct vt_dirent {
	vt_u16 reclen; /* of the whole record, padded to 8 */
	vt_u8 type;    /* DT_* */
	char name[];
};

/* An extended attribute: its name and its value, with nothing in between */
struct vt_attribute {
	vt_u16 reclen; /* of the whole record, padded to 8 */
	vt_u16 name_len, value_len;
	char text[];
};

struct vt_mm;	  /* a guest address space, owned by the tier */
struct vt_thread; /* a guest thread, owned by the tier */

/**
 * struct vt_host_ops - everything that the kernel can ask of the host
 *
 * All of them run on a vCPU's host thread, on a kernel stack (16 KiB), with interrupts disabled or
 * in process context as noted. Errors are negative errno values of Linux.
 */
struct vt_host_ops {
	void (*console_write)(const char *text, vt_u32 len);
	void (*halt)(vt_u32 status); /* does not return */
	/*
	 * The kernel has nothing of the host's any more. On each vCPU; the first comes back through
	 * vt_kernel.resume when all have, the others when it starts them again (cpu_start)
	 */
	void (*pause)(void);

	/* time: nanoseconds */
	vt_u64 (*clock_monotonic)(void);
	vt_u64 (*clock_realtime)(void);
	vt_u64 (*cpu_time)(void); /* that the host gave this vCPU: what is missing, others had */
	void (*timer_arm)(vt_u64 delta_ns); /* one shot, VT_IRQ_TIMER; 0 disarms */
	void (*idle)(void);		    /* sleep until the pending word is not zero */

	/* vCPUs: each is a host thread; timer_arm() and idle() are the calling one's */
	void (*cpu_start)(vt_u32 cpu, vt_u64 entry, void *arg, volatile vt_u32 *pending);
	void (*cpu_kick)(vt_u32 cpu, enum vt_irq irq); /* makes @irq pending there */
	void (*cpu_stop)(void);			       /* does not return, but for halt() */
	void (*yield)(void); /* somebody whom this vCPU waits for may need its host CPU */

	/* the supervisor's own mappings of physical memory; see vt_kernel.map */
	int (*kernel_map)(vt_u64 va, vt_u64 pa, vt_u64 len);
	void (*kernel_unmap)(vt_u64 va, vt_u64 len);
	void (*memory_populate)(vt_u64 pa, vt_u64 len);
	void (*memory_release)(vt_u64 pa, vt_u64 len);
	/* before pause(): nobody wants to know what is there, it may be zeros afterwards */
	void (*memory_unused)(vt_u64 pa, vt_u64 len);

	/* the interception tier */
	int (*mm_new)(struct vt_mm **mm, int spare); /* see vt_frame.spare */
	void (*mm_free)(struct vt_mm *mm);
	int (*mm_sync)(struct vt_mm *mm, const struct vt_map_op *ops, vt_u32 count);
	/* Order memory accesses of @mm's threads that run now, and what they have fetched as code
	 */
	void (*mm_barrier)(struct vt_mm *mm);
	/*
	 * @fpu_from: thread whose FPU state the new one starts with. NULL: it starts with what
	 * frame->xstate has (of a thread that there is no more, in the kernel's memory), or with
	 * the initial state when that is NULL, or frame->reset_fpu is set. frame->xstate is set to
	 * the new thread's
	 */
	int (*thread_new)(struct vt_mm *mm, struct vt_thread *fpu_from, struct vt_frame *frame,
			  struct vt_thread **thread);
	void (*thread_free)(struct vt_thread *thread);
	/* resume (unless it runs already) and wait for the next event */
	enum vt_user_event (*thread_run)(struct vt_thread *thread, struct vt_regs *regs,
					 struct vt_frame *frame);
	void (*thread_kick)(struct vt_thread *thread);
	/* a thread stopped at a plain system call: get the rest of its registers */
	int (*thread_capture)(struct vt_thread *thread, struct vt_regs *regs,
			      struct vt_frame *frame);

	/* virtio devices, by index */
	int (*virtio_info)(vt_u32 index, struct vt_virtio_info *info);
	void (*virtio_config)(vt_u32 index, vt_u32 offset, void *buf, vt_u32 len, int write);
	void (*virtio_features)(vt_u32 index, vt_u64 accepted);
	void (*virtio_status)(vt_u32 index, vt_u32 status); /* 0 resets the device */
	/* rings in split layout, physical addresses; size 0 takes the queue away */
	int (*virtio_queue)(vt_u32 index, vt_u32 queue, vt_u32 size, vt_u64 desc, vt_u64 avail,
			    vt_u64 used);
	void (*virtio_notify)(vt_u32 index, vt_u32 queue);

	/* byte streams: never block. Read: >0 bytes, 0 end of file, -EAGAIN. Write: as write(2) */
	vt_s64 (*stream_read)(vt_u32 stream, void *buf, vt_u32 len);
	vt_s64 (*stream_write)(vt_u32 stream, const void *buf, vt_u32 len);
	void (*stream_close)(vt_u32 stream);

	/*
	 * requests: request_next() returns 1 when it filled @req, 0 when there is none;
	 * request_done() 1 when somebody still waited for the answer
	 */
	int (*request_next)(struct vt_request *req);
	int (*request_done)(vt_u64 id, vt_s64 value, const void *data, vt_u32 len);
	void (*job_exit)(vt_u32 job, vt_u32 wait_status);
};

/**
 * struct vt_kernel - filled by the kernel before it uses any host operation
 * @pending: interrupt word; the supervisor ORs bits in atomically, from any thread
 * @fault:   a host fault hit kernel code at @ip: the address to go on at, or 0 when it is a bug
 * @die:     report a bug at the given registers and panic; does not return
 * @die_stack: end of the stack to call @die on: the task's own may be the bug
 * @map:     a host fault hit the vmalloc range at @addr: map what belongs there with kernel_map(),
 *           which may have dropped it; 0 when nothing does
 * @resume:  where a kernel that has called pause() is entered again, as it was entered first, by
 *           this supervisor or by another one that has its memory
 */
struct vt_kernel {
	volatile vt_u32 *pending;
	vt_u64 (*fault)(vt_u64 ip);
	void (*die)(struct vt_regs *regs, vt_u64 addr, vt_u32 trap_nr);
	vt_u64 die_stack;
	vt_u32 (*map)(vt_u64 addr);
	vt_u64 resume;
};

#define VT_CMDLINE_MAX 2048

struct vt_boot {
	vt_u32 version, cpus;
	const struct vt_host_ops *ops;
	struct vt_kernel kernel;
	vt_u64 mem_size; /* bytes of physical memory */
	vt_u64 hwcap, hwcap2;
	vt_u64 sigframe_size; /* AT_MINSIGSTKSZ of the host */
	vt_u64 vdso_clock; /* the host vDSO's clock_gettime in guest processes, 0 when unusable */
	/* struct vt_telemetry, or NULL; counter ticks to ns: ticks * mult >> 32, 0: no counter */
	void *telemetry;
	vt_u64 tsc_mult;
	vt_u32 goes_on; /* when it is resumed: in the supervisor that it was paused in */
	vt_u32 pad;
	vt_u8 seed[64];
	char hostname[65];
	char cmdline[VT_CMDLINE_MAX];
};

/* Exit status as a shell reports it */
static inline vt_u32 vt_exit_status(vt_u32 wait_status)
{
	return wait_status & 0x7f ? 128 + (wait_status & 0x7f) : wait_status >> 8 & 0xff;
}

#endif /* __ASSEMBLY__ */
#endif /* VITRINE_ABI_H */
