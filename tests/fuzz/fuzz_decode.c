// SPDX-License-Identifier: GPL-2.0-only
/* fuzz_decode.c - events whose contents are hostile, as text
 *
 * The input is a record from behind its head on. For every system call in turn it is decoded with
 * the same arguments and memory, so that one input meets every printer. What comes out must be
 * printable ASCII; as a string of JSON it must have nothing that ends the string early.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "observe/decode/decode.h"

#define LINE_SIZE 65536

static void check_line(const struct text *t)
{
	if (t->len > t->size)
		abort();
	for (size_t i = 0; i < t->len; i++) {
		if (t->data[i] < ' ' || t->data[i] > '~')
			abort();
	}
}

static void check_json(const struct event *event)
{
	static char json[7 * VT_EVENT_MAX];
	struct text quoted = { .data = json, .size = sizeof(json) }, *t = &quoted;

	text_json(t, event->bytes, event->head.size);
	if (t->len < 2 || t->data[0] != '"' || t->data[t->len - 1] != '"')
		abort();
	for (size_t i = 1; i + 1 < t->len; i++) {
		if ((uint8_t)t->data[i] < ' ' || t->data[i] == '"')
			abort();
		if (t->data[i] == '\\')
			i++;
	}
}

static void decode(const struct event *event, const struct decode_options *options)
{
	static char line[LINE_SIZE];
	struct text t = { .data = line, .size = sizeof(line) };
	struct text small = { .data = line, .size = 40 };
	struct call call;
	const char *path;
	size_t len;

	if (!call_parse(&call, event, options))
		return;
	call_text(&small, &call, 0);
	check_line(&small);
	call_text(&t, &call, 0);
	check_line(&t);
	for (unsigned i = 0; call_path(&call, i, &path, &len); i++)
		line[0] = len ? path[len - 1] : '"';
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct decode_options options[] = { { 32, true }, { 4096, false } };
	static struct event event;
	struct vt_event_syscall *call;

	if (size > sizeof(event) - sizeof(event.head))
		size = sizeof(event) - sizeof(event.head);
	memset(&event, 0, sizeof(event));
	memcpy(event.bytes + sizeof(event.head), data, size);
	event.head.kind = VT_EVENT_SYSCALL;
	event.head.size = sizeof(event.head) + size;
	call = (struct vt_event_syscall *)(event.bytes + sizeof(event.head));
	check_json(&event);
	decode(&event, &options[0]);
	for (int nr = -1; nr <= VT_TELEMETRY_CALLS; nr++) {
		call->nr = nr;
		decode(&event, &options[nr & 1]);
	}
	return 0;
}
