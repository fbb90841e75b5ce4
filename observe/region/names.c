// SPDX-License-Identifier: GPL-2.0-only
/* names.c - names of everything that telemetry.h, abi.h and syscalls.h number */
#include "names.h"

#include <stddef.h>
#include <string.h>
#include "vitrine/abi.h"
#include "vitrine/syscalls.h"
#include "vitrine/telemetry.h"
#include "vitrine/util.h"

static const char *const disposition_name[] = {
	[VT_BY_KERNEL] = "kernel",
	[VT_BY_GUEST] = "guest",
	[VT_BY_NOBODY] = "denied",
};
static_assert(ARRAY_SIZE(disposition_name) == VT_NR_DISPOSITIONS, "disposition_name[]");

static const char *const fault_name[] = {
	[VT_FAULT_REFILL] = "refill", [VT_FAULT_MINOR] = "minor", [VT_FAULT_MAJOR] = "major",
	[VT_FAULT_COW] = "cow",	      [VT_FAULT_FILE] = "file",	  [VT_FAULT_BAD] = "bad",
};
static_assert(ARRAY_SIZE(fault_name) == VT_NR_FAULTS, "fault_name[]");

static const char *const switch_name[] = {
	[VT_SWITCH_SLEEP] = "sleep", [VT_SWITCH_PREEMPT] = "preempt", [VT_SWITCH_YIELD] = "yield",
	[VT_SWITCH_EXIT] = "exit",   [VT_SWITCH_IDLE] = "idle",
};
static_assert(ARRAY_SIZE(switch_name) == VT_NR_SWITCHES, "switch_name[]");

static const char *const host_name[] = {
	[VT_HOST_NOTIFICATIONS] = "notifications",
	[VT_HOST_REPLIES] = "replies",
	[VT_HOST_COMMANDS] = "commands",
	[VT_HOST_MAPS] = "maps",
	[VT_HOST_PROTECTS] = "protects",
	[VT_HOST_UNMAPS] = "unmaps",
	[VT_HOST_KICKS] = "kicks",
	[VT_HOST_CAPTURES] = "captures",
	[VT_HOST_PROCESSES] = "processes",
	[VT_HOST_THREADS] = "threads",
	[VT_HOST_IDLES] = "idles",
};
static_assert(ARRAY_SIZE(host_name) == VT_NR_HOST, "host_name[]");

static const char *const block_name[] = {
	[VT_BLOCK_READ] = "read",
	[VT_BLOCK_WRITE] = "write",
	[VT_BLOCK_FLUSH] = "flush",
	[VT_BLOCK_DISCARD] = "discard",
};
static_assert(ARRAY_SIZE(block_name) == VT_NR_BLOCK, "block_name[]");

/* As in /proc/softirqs */
static const char *const softirq_name[] = {
	"hi",	    "timer",   "net_tx", "net_rx",  "block",
	"irq_poll", "tasklet", "sched",	 "hrtimer", "rcu",
};
static_assert(ARRAY_SIZE(softirq_name) == VT_NR_SOFTIRQS, "softirq_name[]");

static const char *const interrupt_name[VT_IRQ_COUNT] = {
	[VT_IRQ_TIMER] = "timer",
	[VT_IRQ_STREAM] = "stream",
	[VT_IRQ_REQUEST] = "request",
	[VT_IRQ_LOST] = "lost",
	[VT_IRQ_RESCHEDULE] = "reschedule",
	[VT_IRQ_CALL] = "call",
	[VT_IRQ_STOP] = "stop",
	[VT_IRQ_WORK] = "work",
	[VT_IRQ_VIRTIO] = "virtio0",
	[VT_IRQ_VIRTIO + 1] = "virtio1",
	[VT_IRQ_VIRTIO + 2] = "virtio2",
	[VT_IRQ_VIRTIO + 3] = "virtio3",
	[VT_IRQ_VIRTIO + 4] = "virtio4",
	[VT_IRQ_VIRTIO + 5] = "virtio5",
	[VT_IRQ_VIRTIO + 6] = "virtio6",
	[VT_IRQ_VIRTIO + 7] = "virtio7",
	[VT_IRQ_VIRTIO + 8] = "virtio8",
	[VT_IRQ_VIRTIO + 9] = "virtio9",
	[VT_IRQ_VIRTIO + 10] = "virtio10",
	[VT_IRQ_VIRTIO + 11] = "virtio11",
	[VT_IRQ_VIRTIO + 12] = "virtio12",
	[VT_IRQ_VIRTIO + 13] = "virtio13",
	[VT_IRQ_VIRTIO + 14] = "virtio14",
	[VT_IRQ_VIRTIO + 15] = "virtio15",
	[VT_IRQ_VIRTIO + 16] = "virtio16",
	[VT_IRQ_VIRTIO + 17] = "virtio17",
	[VT_IRQ_VIRTIO + 18] = "virtio18",
	[VT_IRQ_VIRTIO + 19] = "virtio19",
	[VT_IRQ_VIRTIO + 20] = "virtio20",
	[VT_IRQ_VIRTIO + 21] = "virtio21",
	[VT_IRQ_VIRTIO + 22] = "virtio22",
	[VT_IRQ_VIRTIO + 23] = "virtio23",
};

static const char *const event_name[] = {
	[VT_EVENT_PAD] = "pad",
	[VT_EVENT_SYSCALL] = "syscall",
	[VT_EVENT_FAULT] = "fault",
	[VT_EVENT_SWITCH] = "switch",
	[VT_EVENT_WAKEUP] = "wakeup",
	[VT_EVENT_FORK] = "fork",
	[VT_EVENT_EXEC] = "exec",
	[VT_EVENT_EXIT] = "exit",
	[VT_EVENT_SIGNAL] = "signal",
	[VT_EVENT_OOM] = "oom",
	[VT_EVENT_OOPS] = "oops",
	[VT_EVENT_BLOCK_ISSUE] = "block_issue",
	[VT_EVENT_BLOCK_DONE] = "block_done",
	[VT_EVENT_SOFTIRQ] = "softirq",
	[VT_EVENT_PAGE_CACHE] = "page_cache",
	[VT_EVENT_WRITEBACK] = "writeback",
	[VT_EVENT_PACKET] = "packet",
	[VT_EVENT_FOLLOWED] = "followed",
	[VT_EVENT_MIGRATE] = "migrate",
	[VT_EVENT_IPI] = "ipi",
	[VT_EVENT_SHOOTDOWN] = "shootdown",
};
static_assert(ARRAY_SIZE(event_name) == VT_NR_EVENT_KINDS, "event_name[]");

static const char *const ring_name[] = {
	[VT_RING_LIFE] = "life",
	[VT_RING_ERRORS] = "errors",
	[VT_RING_ROUTINE] = "routine",
};
static_assert(ARRAY_SIZE(ring_name) == VT_NR_RINGS, "ring_name[]");

static const char *const state_name[] = {
	[VT_TELEMETRY_OFF] = "off",
	[VT_TELEMETRY_ON] = "on",
	[VT_TELEMETRY_ENDED] = "ended",
};
static_assert(ARRAY_SIZE(state_name) == VT_TELEMETRY_ENDED + 1, "state_name[]");

static const char *const family_name[] = {
	[VT_FAMILY_FILE_IO] = "file_io",       [VT_FAMILY_DIRECTORY] = "directory",
	[VT_FAMILY_DESCRIPTOR] = "descriptor", [VT_FAMILY_IDENTITY] = "identity",
	[VT_FAMILY_MEMORY] = "memory",	       [VT_FAMILY_SIGNAL] = "signal",
	[VT_FAMILY_SCHEDULER] = "scheduler",   [VT_FAMILY_NETWORK] = "network",
	[VT_FAMILY_OTHER] = "other",
};
static_assert(ARRAY_SIZE(family_name) == VT_NR_FAMILIES, "family_name[]");

static const char *const view_name[] = {
	[VT_VIEW_SCHEDULER] = "scheduler", [VT_VIEW_PROCESSES] = "processes",
	[VT_VIEW_TASK] = "task",	   [VT_VIEW_MEMORY] = "memory",
	[VT_VIEW_SLAB] = "slab",	   [VT_VIEW_PAGE_CACHE] = "page_cache",
	[VT_VIEW_BLOCK] = "block",	   [VT_VIEW_SOCKETS] = "sockets",
	[VT_VIEW_MOUNTS] = "mounts",	   [VT_VIEW_FILES] = "files",
	[VT_VIEW_FOLLOW] = "follow",
};
static_assert(ARRAY_SIZE(view_name) == VT_NR_VIEWS, "view_name[]");

#define TABLE(table)                                                                               \
	{                                                                                          \
		table, ARRAY_SIZE(table)                                                           \
	}

static const struct {
	const char *const *names;
	unsigned count;
} sets[] = {
	[NAMES_DISPOSITION] = TABLE(disposition_name),
	[NAMES_FAULT] = TABLE(fault_name),
	[NAMES_SWITCH] = TABLE(switch_name),
	[NAMES_HOST] = TABLE(host_name),
	[NAMES_BLOCK] = TABLE(block_name),
	[NAMES_SOFTIRQ] = TABLE(softirq_name),
	[NAMES_INTERRUPT] = TABLE(interrupt_name),
	[NAMES_EVENT] = TABLE(event_name),
	[NAMES_RING] = TABLE(ring_name),
	[NAMES_STATE] = TABLE(state_name),
	[NAMES_FAMILY] = TABLE(family_name),
	[NAMES_VIEW] = TABLE(view_name),
};
static_assert(ARRAY_SIZE(sets) == NAMES_NSETS, "sets[]");

struct call {
	const char *name;
	uint8_t family, args[6];
};

#define CALL(number, call, fam, a, b, c, d, e, f)                                                  \
	[number] = { #call,                                                                        \
		     VT_FAMILY_##fam,                                                              \
		     { VT_ARG_##a, VT_ARG_##b, VT_ARG_##c, VT_ARG_##d, VT_ARG_##e, VT_ARG_##f } },
static const struct call calls[] = { VT_SYSCALLS(CALL) };
#undef CALL
static_assert(ARRAY_SIZE(calls) < VT_TELEMETRY_CALLS, "the last counter is for no call");
static_assert(VT_NR_ARG_KINDS <= UINT8_MAX, "struct call");

const char *name_of(enum name_set set, uint64_t number)
{
	const char *name = number < sets[set].count ? sets[set].names[number] : NULL;

	return name ?: "?";
}

int name_find(enum name_set set, const char *name)
{
	for (unsigned i = 0; i < sets[set].count; i++) {
		if (sets[set].names[i] && !strcmp(sets[set].names[i], name))
			return (int)i;
	}
	return -1;
}

unsigned name_count(enum name_set set)
{
	return sets[set].count;
}

static const struct call *call_get(int64_t nr)
{
	return nr >= 0 && nr < (int64_t)ARRAY_SIZE(calls) && calls[nr].name ? &calls[nr] : NULL;
}

const char *call_name(int64_t nr)
{
	const struct call *call = call_get(nr);

	return call ? call->name : NULL;
}

int call_find(const char *name)
{
	for (unsigned i = 0; i < ARRAY_SIZE(calls); i++) {
		if (calls[i].name && !strcmp(calls[i].name, name))
			return (int)i;
	}
	return -1;
}

int call_family(int64_t nr)
{
	const struct call *call = call_get(nr);

	return call ? call->family : VT_FAMILY_OTHER;
}

int call_argument(int64_t nr, unsigned arg)
{
	const struct call *call = call_get(nr);

	return !call ? VT_ARG_HEX : arg < 6 ? call->args[arg] : VT_ARG_NONE;
}
