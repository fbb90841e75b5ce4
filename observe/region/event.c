// SPDX-License-Identifier: GPL-2.0-only
/* event.c - what a record says behind its head */
#include "event.h"

#include <string.h>
#include "vitrine/syscalls.h"

#define PADDED(n) (((size_t)(n) + 7) & ~(size_t)7)

/* @len bytes behind the head, at @offset from there, or NULL when the record is shorter */
static const void *behind(const struct event *event, size_t offset, size_t len)
{
	size_t have = event->head.size - sizeof(event->head);

	if (event->head.size < sizeof(event->head) || event->head.size > sizeof(event->bytes) ||
	    offset > have || len > have - offset)
		return NULL;
	return event->bytes + sizeof(event->head) + offset;
}

const struct vt_event_syscall *event_syscall(const struct event *event)
{
	return event->head.kind == VT_EVENT_SYSCALL
		   ? behind(event, 0, sizeof(struct vt_event_syscall))
		   : NULL;
}

bool event_data(const struct event *event, size_t *at, struct event_data *data)
{
	const struct vt_event_syscall *call = event_syscall(event);
	const struct vt_event_data *head;
	size_t base = sizeof(*call) + *at;

	if (!call || *at >= call->data_len || sizeof(*head) > call->data_len - *at)
		return false;
	head = behind(event, base, sizeof(*head));
	if (!head || head->len > call->data_len - *at - sizeof(*head) || head->arg > VT_DATA_RESULT)
		return false;
	data->bytes = behind(event, base + sizeof(*head), head->len);
	if (!data->bytes)
		return false;
	data->arg = head->arg;
	data->index = head->index;
	data->len = head->len;
	data->full = head->full > head->len ? head->full : head->len;
	*at += PADDED(sizeof(*head) + head->len);
	return true;
}

const struct vt_event_plain *event_plain(const struct event *event)
{
	return event->head.kind != VT_EVENT_SYSCALL
		   ? behind(event, 0, sizeof(struct vt_event_plain))
		   : NULL;
}

const char *event_text(const struct event *event, size_t *len)
{
	const struct vt_event_plain *plain = event_plain(event);

	*len = 0;
	if (!plain || !plain->text_len || !behind(event, sizeof(*plain), plain->text_len))
		return NULL;
	*len = plain->text_len;
	return behind(event, sizeof(*plain), plain->text_len);
}
