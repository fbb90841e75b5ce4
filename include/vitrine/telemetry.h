/* SPDX-License-Identifier: GPL-2.0-only */
/* telemetry.h - the region of shared memory in which the guest kernel shows its state
 *
 * Theory of operation
 * One memory file of its own, apart from the guest's memory. The kernel and the supervisor write
 * it, with plain stores and without locks; observers are other processes that map it read-only and
 * can neither delay nor disturb a writer. It is sparse: nothing of it exists on the host until
 * somebody observes. Guest processes never have it.
 *
 * Counters are monotonic 64 bit words; an observer subtracts. Events are in rings with one writer
 * (struct vt_ring). Texts of the kernel's own files are in slots with a sequence lock (struct
 * vt_sample). Observers believe none of it: every offset and size is checked on the way out
 * (observe/region/region.c), because a guest that had broken the kernel could write it.
 *
 * Times are nanoseconds of the host's CLOCK_MONOTONIC unless a name says otherwise.
 */
#ifndef VITRINE_TELEMETRY_H
#define VITRINE_TELEMETRY_H

#ifdef __KERNEL__
#include <asm/vitrine-layout.h>
#else
#include "vitrine/layout.h"
#endif

#define VT_TELEMETRY_MAGIC 0x76657274U
#define VT_TELEMETRY_VERSION 4

/* What is switched on: vt_telemetry.enabled, VT_REQ_OBSERVE's args[0] */
#define VT_OBSERVE_COUNTERS 1
#define VT_OBSERVE_EVENTS 2
#define VT_OBSERVE_SAMPLER 4

/* VT_REQ_FOLLOW's args[0] when it is no number of a call; its pid is a process's or a thread's */
#define VT_FOLLOW_ANY (-1)
#define VT_FOLLOW_OFF (-2)

/* ---- counters ---- */

#define VT_CACHE_ALIGNED __attribute__((aligned(64)))

#define VT_TELEMETRY_CALLS 512 /* the last one is for numbers that are no call */
#define VT_BUCKETS 32	       /* bucket n: 2^n to 2^(n+1)-1 ns; the last one and longer */

/**
 * struct vt_call_counters - one system call's
 * @calls:   that returned, or never will (exit, a successful exec)
 * @errors:  that returned -1 to -4095; restarts that a program does not see are not counted
 * @enosys:  of these ENOSYS
 * @in_guest: of @calls those that the guest process answered itself. Nobody knows what they took:
 *	      they are neither in @time_ns nor in @latency
 * @time_ns: from entry to the end of the call, waiting included
 */
struct vt_call_counters {
	vt_u64 calls, errors, enosys, in_guest, time_ns;
	vt_u64 latency[VT_BUCKETS];
} VT_CACHE_ALIGNED;

/* Who answered a system call */
enum vt_disposition {
	VT_BY_KERNEL, /* the guest kernel */
	VT_BY_GUEST,  /* the guest process itself: vDSO, rewritten sites */
	VT_BY_NOBODY, /* denied: seccomp of the guest, wrong instruction set, W+X */
	VT_NR_DISPOSITIONS,
};

enum vt_fault_kind {
	VT_FAULT_REFILL, /* the entry allowed it: the host's mapping was missing */
	VT_FAULT_MINOR,	 /* anonymous memory, first touch */
	VT_FAULT_MAJOR,	 /* waited for a device */
	VT_FAULT_COW,	 /* a write to a shared page that is private memory */
	VT_FAULT_FILE,	 /* page cache that was there */
	VT_FAULT_BAD,	 /* ended in a signal */
	VT_NR_FAULTS,
};

enum vt_switch_reason {
	VT_SWITCH_SLEEP,   /* it waits for something */
	VT_SWITCH_PREEMPT, /* it could have gone on */
	VT_SWITCH_YIELD,
	VT_SWITCH_EXIT,
	VT_SWITCH_IDLE, /* from the idle task */
	VT_NR_SWITCHES,
};

/* Written by the supervisor */
enum vt_host_counter {
	VT_HOST_NOTIFICATIONS, /* events received from guest threads */
	VT_HOST_REPLIES,
	VT_HOST_COMMANDS, /* round trips to a service thread */
	VT_HOST_MAPS,	  /* mappings made, changed, taken away */
	VT_HOST_PROTECTS,
	VT_HOST_UNMAPS,
	VT_HOST_KICKS,
	VT_HOST_CAPTURES,  /* plain calls whose registers were asked for afterwards */
	VT_HOST_PROCESSES, /* host processes and threads made; reused ones are not */
	VT_HOST_THREADS,
	VT_HOST_IDLES, /* sleeps of the vCPU */
	VT_NR_HOST,
};

enum vt_block_op { VT_BLOCK_READ, VT_BLOCK_WRITE, VT_BLOCK_FLUSH, VT_BLOCK_DISCARD, VT_NR_BLOCK };

struct vt_block_counters {
	vt_u64 issued, completed, errors, bytes, time_ns;
	vt_u64 latency[VT_BUCKETS];
};

#define VT_NR_SOFTIRQS 10 /* in the order of include/linux/interrupt.h */

struct vt_counters {
	vt_u64 dispositions[VT_NR_DISPOSITIONS];
	vt_u64 faults[VT_NR_FAULTS], fault_ns[VT_NR_FAULTS];
	vt_u64 switches[VT_NR_SWITCHES];
	vt_u64 wakeups, migrations;
	vt_u64 shootdowns;	      /* of the TLB, while another CPU was in the address space */
	vt_u64 run_delay_ns;	      /* from being runnable to running, all tasks */
	vt_u64 run_delay[VT_BUCKETS]; /* of single waits */
	vt_u64 forks, execs, exits, signals, ooms, oopses;
	vt_u64 softirqs[VT_NR_SOFTIRQS], softirq_ns[VT_NR_SOFTIRQS];
	vt_u64 interrupts[32]; /* by enum vt_irq */
	vt_u64 page_cache_added, page_cache_removed, pages_written_back;
	vt_u64 packets_sent, packets_received, bytes_sent, bytes_received;
	vt_u64 tasks_lost; /* tasks that found no room in the table */
	struct vt_block_counters block[VT_NR_BLOCK];
};

/**
 * struct vt_task_counters - one thread's, while it lives
 * @pid, @tgid: numbers in the initial namespace; pid 0: the slot is free
 * @born_ns:  when the slot was taken: with @pid it names the task
 * @call:     number of the system call that it is in, or -1
 * @since_ticks: when that began, see vt_telemetry.tick_mult
 *
 * What each system call writes is one line of the cache.
 */
struct vt_task_counters {
	vt_u32 pid, tgid;
	vt_u64 born_ns;
	vt_s32 call;
	vt_u32 last_fault; /* enum vt_fault_kind */
	vt_u64 since_ticks;
	vt_u64 calls, errors, call_ns;
	vt_u64 run_delay_ns;
	vt_u64 faults[VT_NR_FAULTS];
	vt_u64 switches_voluntary, switches_preempted;
	char comm[16];
} VT_CACHE_ALIGNED;

#define VT_TELEMETRY_TASKS 4096

/* ---- the kernel's own files ---- */

#define VT_SAMPLE_FAST_NS 100000000UL
#define VT_SAMPLE_SLOW_NS 1000000000UL
#define VT_SAMPLE_BUDGET_NS 5000000UL
#define VT_SAMPLE_SIZE (64 * 1024)
#define VT_SAMPLES_MAX 24

/**
 * struct vt_sample - one file's newest text
 * @name:     as under /proc, or the name of a view ("tasks": JSON)
 * @sequence: odd while it is written; unchanged and even around a good copy
 * @length:   bytes in the slot's part of the sample area; cut at VT_SAMPLE_SIZE
 * @cost_ns:  that it took to make it
 * @deferred: times that a tick had no time left for it
 */
struct vt_sample {
	char name[24];
	vt_u32 sequence, length;
	vt_u64 time_ns, cost_ns, interval_ns;
	vt_u64 taken, deferred, truncated;
};

struct vt_sampler {
	vt_u64 ticks, overruns; /* ticks that used up their budget */
	vt_u64 fast_interval_ns;
	struct vt_sample samples[VT_SAMPLES_MAX];
};

/* ---- events ---- */

/* Devices are as st_dev has them */
enum vt_event_kind {
	VT_EVENT_PAD,	  /* room up to the ring's end: not an event, has no number */
	VT_EVENT_SYSCALL, /* struct vt_event_syscall */
	VT_EVENT_FAULT,	  /* a = address, b = ns that it took, c = error code, value = kind */
	VT_EVENT_SWITCH,  /* a = next pid, b = its run-queue delay, value = reason; text: next */
	VT_EVENT_WAKEUP,  /* a = pid that is woken; text: its name */
	VT_EVENT_FORK,	  /* a = child's pid, b = child's tgid */
	VT_EVENT_EXEC,	  /* a = pid before; text: path */
	VT_EVENT_EXIT,	  /* a = wait status */
	VT_EVENT_SIGNAL,  /* a = receiver's pid, b = si_code, value = signal */
	VT_EVENT_OOM,	  /* a = victim's pid, b = its pages; text: its name */
	VT_EVENT_OOPS,	  /* text: first line */
	VT_EVENT_BLOCK_ISSUE, /* a = sector, b = bytes, c = device, value = enum vt_block_op */
	VT_EVENT_BLOCK_DONE,  /* the same, d = ns since it was issued, value: -errno in bits 8.. */
	VT_EVENT_SOFTIRQ,     /* value = vector, b = ns */
	VT_EVENT_PAGE_CACHE,  /* a = inode, b = page index, c = device, value: 1 added, 0 removed */
	VT_EVENT_WRITEBACK,   /* a = inode, b = pages, c = device */
	VT_EVENT_PACKET,      /* b = bytes, value: 1 sent, 0 received; text: device */
	VT_EVENT_FOLLOWED,  /* a call that was waited for is there: view "follow"; a = its number */
	VT_EVENT_MIGRATE,   /* a = pid, b = from CPU, c = to CPU; text: its name */
	VT_EVENT_IPI,	    /* value = enum vt_irq: another CPU asked for it */
	VT_EVENT_SHOOTDOWN, /* a = changes, b = ns until all CPUs had them, c = CPUs in the program
			     */
	VT_NR_EVENT_KINDS,
};

/* Rare events are never displaced by frequent ones: each class has its own ring */
enum vt_ring_kind {
	VT_RING_LIFE,	 /* fork, exec, exit, signals, OOM, oops */
	VT_RING_ERRORS,	 /* system calls that failed, but for EAGAIN, EINTR and the like */
	VT_RING_ROUTINE, /* everything else */
	VT_NR_RINGS,
};

/**
 * struct vt_event - head of an event
 * @size:     of the whole record, a multiple of 8
 * @seq:      number over all rings, from 1; an observer of all of them sees gaps by it
 * @ring_seq: number in its ring, from 1
 * @pid, @tgid: of the task that it happened to, in the initial namespace; 0 is the idle task
 *
 * Behind it, by kind: struct vt_event_syscall, or struct vt_event_plain.
 */
struct vt_event {
	vt_u32 size;
	vt_u16 kind;
	vt_u8 ring, cpu;
	vt_u64 seq, ring_seq;
	vt_u64 time_ns;
	vt_u32 pid, tgid;
	char comm[16];
};

struct vt_event_plain {
	vt_u64 a, b, c, d;
	vt_s32 value;
	vt_u32 text_len; /* bytes that follow, as the guest has them: anything but NUL */
};

#define VT_CALL_NORETURN 1 /* exit, exec: there is no result */
#define VT_CALL_FOLLOWED 2

/**
 * struct vt_event_syscall - a system call, told when it is over
 * @nr:       its number; @result: as the program sees it
 * @time_ns of the head is when it began
 * @data_len: bytes of struct vt_event_data that follow, padded to 8 each
 */
struct vt_event_syscall {
	vt_s32 nr;
	vt_u8 disposition, flags;
	vt_u16 data_len;
	vt_u64 args[6];
	vt_s64 result;
	vt_u64 duration_ns;
};

/**
 * struct vt_event_data - memory that an argument points to, or what a descriptor stands for
 * @arg:  index of the argument
 * @len:  bytes that follow; @full: bytes that there were
 * @index: in an array of strings (argv): which one
 */
struct vt_event_data {
	vt_u8 arg, index;
	vt_u16 len;
	vt_u32 full;
};

#define VT_EVENT_MAX 4096     /* the largest record */
#define VT_CAPTURE_DEFAULT 32 /* bytes of a buffer that are shown, as strace */
#define VT_CAPTURE_PATH 256   /* of a path */

/**
 * struct vt_ring - records between @tail and @head, both counted from the beginning of time
 *
 * The writer moves @tail over what it is about to overwrite, writes, then moves @head. A reader
 * copies a record and looks at @tail again: when that is beyond the record, the copy is worthless
 * and it goes on at @tail. A record never wraps; VT_EVENT_PAD fills up.
 */
struct vt_ring {
	vt_u64 head, tail;
	vt_u64 written;	     /* ring_seq of the newest record */
	vt_u64 offset, size; /* in the region; a power of two */
};

#define VT_RING_LIFE_SIZE (1UL << 20)
#define VT_RING_ERRORS_SIZE (1UL << 20)
#define VT_RING_ROUTINE_SIZE (8UL << 20)

/* ---- the region ---- */

enum vt_telemetry_state { VT_TELEMETRY_OFF, VT_TELEMETRY_ON, VT_TELEMETRY_ENDED };

struct vt_telemetry {
	vt_u32 magic, version;
	vt_u64 size;
	vt_u32 state, enabled;
	vt_u64 kinds;		   /* bit per enum vt_event_kind that is recorded */
	vt_u64 boot_ns;		   /* of the guest kernel */
	vt_u64 enabled_ns;	   /* when counting began; counters before that are not complete */
	vt_u64 realtime_offset_ns; /* wall clock minus monotonic, when observing began */
	vt_u64 mem_size, cpus;
	vt_u64 tick_mult; /* ns of a tick of the CPU's counter, times 2^32; 0: ticks are ns */
	vt_u64 events;	  /* seq of the newest event */
	struct vt_ring rings[VT_NR_RINGS];
	vt_u64 host[VT_NR_HOST];
	struct vt_counters counters;
	struct vt_sampler sampler;
	struct vt_call_counters calls[VT_TELEMETRY_CALLS];
	struct vt_task_counters tasks[VT_TELEMETRY_TASKS];
};

#define VT_TELEMETRY_ALIGN(x) (((x) + 4095UL) & ~4095UL)
#define VT_TELEMETRY_SAMPLES VT_TELEMETRY_ALIGN(sizeof(struct vt_telemetry))
#define VT_TELEMETRY_RINGS (VT_TELEMETRY_SAMPLES + VT_SAMPLES_MAX * VT_SAMPLE_SIZE)
#define VT_TELEMETRY_SIZE                                                                          \
	(VT_TELEMETRY_RINGS + VT_RING_LIFE_SIZE + VT_RING_ERRORS_SIZE + VT_RING_ROUTINE_SIZE)

#endif /* VITRINE_TELEMETRY_H */
