// SPDX-License-Identifier: GPL-2.0-only
/* pids.c - which tasks a trace follows
 *
 * Theory of operation
 * A bit for each number that a process or thread can have. A task is followed when its own bit or
 * that of its process is set; with follow_forks a followed task's children get bits when it forks.
 * The bit goes when the task does, and with the last one the trace is over, as strace's.
 */

#include <errno.h>
#include "trace.h"
#include "vitrine/util.h"

#define PIDS_MAX (1U << 22) /* PID_MAX_LIMIT of Linux */

/**
 * struct trace_family - the bits
 * @alive: how many are set
 */
struct trace_family {
	unsigned alive;
	uint64_t bits[PIDS_MAX / 64];
};

static bool has(const struct trace_family *family, uint64_t pid)
{
	return pid < PIDS_MAX && family->bits[pid / 64] >> pid % 64 & 1;
}

static void add(struct trace_family *family, uint64_t pid)
{
	if (pid >= PIDS_MAX || has(family, pid))
		return;
	family->bits[pid / 64] |= 1ULL << pid % 64;
	family->alive++;
}

static void forget(struct trace_family *family, uint64_t pid)
{
	if (!has(family, pid))
		return;
	family->bits[pid / 64] &= ~(1ULL << pid % 64);
	family->alive--;
}

int trace_pids_init(struct trace_filter *filter, struct error *err)
{
	if (!filter->npids)
		return 0;
	filter->family = calloc(1, sizeof(*filter->family));
	if (!filter->family)
		return error_set(err, ENOMEM, "trace");
	for (unsigned i = 0; i < filter->npids; i++)
		add(filter->family, filter->pids[i]);
	return 0;
}

bool trace_pids_match(const struct trace_filter *filter, const struct vt_event *head)
{
	return !filter->family || has(filter->family, head->pid) || has(filter->family, head->tgid);
}

void trace_pids_note(const struct trace_filter *filter, const struct event *event)
{
	const struct vt_event_plain *plain = event_plain(event);
	const struct vt_event *head = &event->head;

	if (!filter->family || !plain)
		return;
	if (head->kind == VT_EVENT_EXIT)
		forget(filter->family, head->pid);
	/* A thread of a process that is followed needs no bit of its own */
	if (head->kind == VT_EVENT_FORK && filter->follow_forks && trace_pids_match(filter, head) &&
	    !has(filter->family, plain->b))
		add(filter->family, plain->a);
}

bool trace_pids_over(const struct trace_filter *filter)
{
	return filter->family && !filter->family->alive;
}

uint64_t trace_pids_kinds(const struct trace_filter *filter, bool later)
{
	return filter->family || later ? 1ULL << VT_EVENT_EXIT | 1ULL << VT_EVENT_FORK : 0;
}
