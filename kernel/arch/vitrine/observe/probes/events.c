// SPDX-License-Identifier: GPL-2.0-only
/* events.c - the writer of the event rings
 *
 * Theory of operation
 * As struct vt_ring says: what is overwritten is given up first (tail), then the record is written,
 * then it is there (head). A record is written in its place, between vt_event_open() and
 * vt_event_close(), and nothing that sleeps, enables interrupts or tells an event of its own may
 * come between the two.
 *
 * A ring is larger than the caches, and a reader on another CPU takes from them what they hold. So
 * each record, when it is there, has the memory of the next one fetched, while the guest runs on.
 */
#include <linux/cache.h>
#include <linux/kernel.h>
#include <linux/sched/signal.h>
#include <linux/string.h>
#include "../observe.h"

#define PAD_MIN 8 /* size, kind, ring, cpu: what a reader looks at to go on */
#define AHEAD 384 /* bytes of the next record that are fetched before there is one */

static const unsigned long ring_size[] = {
	[VT_RING_LIFE] = VT_RING_LIFE_SIZE,
	[VT_RING_ERRORS] = VT_RING_ERRORS_SIZE,
	[VT_RING_ROUTINE] = VT_RING_ROUTINE_SIZE,
};
static_assert(ARRAY_SIZE(ring_size) == VT_NR_RINGS, "ring_size[]");

/* By kind, but for system calls, whose ring is their result's */
static const u8 ring_of[VT_NR_EVENT_KINDS] = {
	[0 ... VT_NR_EVENT_KINDS - 1] = VT_RING_ROUTINE,
	[VT_EVENT_FORK] = VT_RING_LIFE,
	[VT_EVENT_EXEC] = VT_RING_LIFE,
	[VT_EVENT_EXIT] = VT_RING_LIFE,
	[VT_EVENT_SIGNAL] = VT_RING_LIFE,
	[VT_EVENT_OOM] = VT_RING_LIFE,
	[VT_EVENT_OOPS] = VT_RING_LIFE,
	[VT_EVENT_FOLLOWED] = VT_RING_LIFE,
};

/**
 * vt_events_start() - Lay out the rings
 */
void vt_events_start(void)
{
	u64 offset = VT_TELEMETRY_RINGS;

	for (unsigned int i = 0; i < VT_NR_RINGS; i++) {
		vt_region->rings[i].offset = offset;
		vt_region->rings[i].size = ring_size[i];
		offset += ring_size[i];
	}
}

static struct vt_event *record_at(enum vt_ring_kind ring, u64 at)
{
	return (void *)vt_region + vt_region->rings[ring].offset + (at & (ring_size[ring] - 1));
}

/* Give up the oldest records until there is room up to @end */
static void make_room(enum vt_ring_kind ring, u64 end)
{
	struct vt_ring *r = &vt_region->rings[ring];
	u64 tail = r->tail;

	while (tail + ring_size[ring] < end)
		tail += record_at(ring, tail)->size;
	WRITE_ONCE(r->tail, tail);
	smp_wmb(); /* a reader that sees the new record sees that the old one is gone */
}

/* From vt_event_open() to vt_event_close(), with interrupts disabled: one writer, one order */
static DEFINE_RAW_SPINLOCK(writing);
static unsigned long writing_flags;

/**
 * vt_event_open() - Begin a record
 * @task:    that it happened to
 * @time_ns: when
 * @size:    of all of it, at most VT_EVENT_MAX
 *
 * Return: its head, filled in; never NULL. The caller fills the rest and calls vt_event_close().
 */
struct vt_event *vt_event_open(enum vt_event_kind kind, enum vt_ring_kind ring,
			       const struct task_struct *task, u64 time_ns, size_t size)
{
	struct vt_ring *r = &vt_region->rings[ring];
	struct vt_event *event;
	unsigned long flags;
	u64 head, rest;

	raw_spin_lock_irqsave(&writing, flags);
	writing_flags = flags;
	head = r->head;
	size = ALIGN(size, PAD_MIN);
	rest = ring_size[ring] - (head & (ring_size[ring] - 1));
	if (rest < size) {
		make_room(ring, head + rest + size);
		event = record_at(ring, head);
		event->size = rest;
		event->kind = VT_EVENT_PAD;
		event->ring = ring;
		event->cpu = raw_smp_processor_id();
		head += rest;
		smp_store_release(&r->head, head);
	} else {
		make_room(ring, head + size);
	}
	event = record_at(ring, head);
	event->size = size;
	event->kind = kind;
	event->ring = ring;
	event->cpu = raw_smp_processor_id();
	event->seq = vt_region->events + 1;
	event->ring_seq = r->written + 1;
	event->time_ns = time_ns;
	event->pid = task->pid;
	event->tgid = task->tgid;
	memcpy(event->comm, task->comm, sizeof(event->comm));
	return event;
}

/**
 * vt_event_close() - Make a record visible
 * @event: what vt_event_open() returned
 */
void vt_event_close(const struct vt_event *event)
{
	struct vt_ring *r = &vt_region->rings[event->ring];
	unsigned long flags = writing_flags;

	WRITE_ONCE(r->written, event->ring_seq);
	smp_store_release(&r->head, r->head + event->size);
	WRITE_ONCE(vt_region->events, event->seq);
	for (unsigned int i = 0; i < AHEAD; i += L1_CACHE_BYTES)
		asm volatile("prefetchw %0" : : "m"(*record_at(event->ring, r->head + i)));
	raw_spin_unlock_irqrestore(&writing, flags);
}

/**
 * vt_event_tell() - Record that something happened now, if that is wanted
 * @plain: all but the text's length
 * @text:  or NULL; cut to what a record holds
 *
 * Context: any.
 */
void vt_event_tell(enum vt_event_kind kind, const struct task_struct *task,
		   const struct vt_event_plain *plain, const char *text)
{
	size_t len = text ? strnlen(text, VT_CAPTURE_PATH) : 0;
	size_t size = sizeof(struct vt_event) + sizeof(*plain) + len;
	struct vt_event_plain *body;
	struct vt_event *event;

	if (!vt_event_wanted(kind))
		return;
	event = vt_event_open(kind, ring_of[kind], task, vt_now(), size);
	body = (struct vt_event_plain *)(event + 1);
	*body = *plain;
	body->text_len = len;
	memset((void *)event + ALIGN_DOWN(size, PAD_MIN), 0,
	       event->size - ALIGN_DOWN(size, PAD_MIN));
	memcpy(body + 1, text, len);
	vt_event_close(event);
}
