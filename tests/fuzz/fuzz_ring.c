// SPDX-License-Identifier: GPL-2.0-only
/* fuzz_ring.c - a region whose writer is hostile
 *
 * The input is the three rings' heads (head, tail, written, offset, size), a count of words that
 * are written while the reader is at work, and the rings' contents. Offsets are taken relative to
 * the rings' area half of the time, or nearly every input would be refused at once.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "observe/region/ring.h"
#include "vitrine/syscalls.h"
#include "vitrine/util.h"

#define SPACE (64 * 1024)
#define STEPS 100000

static uint64_t word(const uint8_t **data, size_t *size)
{
	uint64_t value = 0;
	size_t n = *size < sizeof(value) ? *size : sizeof(value);

	memcpy(&value, *data, n);
	*data += n;
	*size -= n;
	return value;
}

static void use(const struct event *event)
{
	const struct vt_event_plain *plain = event_plain(event);
	struct event_data piece;
	size_t at = 0, len;
	volatile uint8_t sum = 0;
	const char *text;

	if (event->head.size > sizeof(event->bytes) || event->head.kind >= VT_NR_EVENT_KINDS ||
	    event->head.comm[sizeof(event->head.comm) - 1])
		abort();
	for (size_t i = 0; i < event->head.size; i++)
		sum += event->bytes[i];
	while (event_data(event, &at, &piece)) {
		if (piece.arg > VT_DATA_RESULT || piece.full < piece.len)
			abort();
		for (size_t i = 0; i < piece.len; i++)
			sum += piece.bytes[i];
	}
	text = event_text(event, &len);
	for (size_t i = 0; text && i < len; i++)
		sum += (uint8_t)text[i];
	if (plain)
		sum += (uint8_t)plain->value;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct event_reader reader;
	static struct event event;
	cleanup_free struct vt_telemetry *t = calloc(1, VT_TELEMETRY_RINGS + SPACE);
	struct region region = { (const uint8_t *)t, VT_TELEMETRY_RINGS + SPACE };
	uint64_t later = word(&data, &size) % 16;
	struct error err;

	if (!t)
		return 0;
	t->magic = VT_TELEMETRY_MAGIC;
	t->version = VT_TELEMETRY_VERSION;
	t->size = region.size;
	for (unsigned i = 0; i < VT_NR_RINGS; i++) {
		struct vt_ring *ring = &t->rings[i];

		ring->head = word(&data, &size);
		ring->tail = word(&data, &size);
		ring->written = word(&data, &size);
		ring->offset = word(&data, &size);
		ring->size = word(&data, &size);
		if (ring->offset & 1)
			ring->offset = VT_TELEMETRY_RINGS + (ring->offset & ~1UL) % SPACE;
		if (ring->size & 1)
			ring->size = 4096UL << (ring->size >> 1) % 5;
	}
	memcpy((uint8_t *)t + VT_TELEMETRY_RINGS, data, size < SPACE ? size : SPACE);
	if (event_reader_init(&reader, &region, later & 1, &err) < 0)
		return 0;
	for (unsigned steps = 0; event_next(&reader, &event) != EVENT_NONE || later;) {
		use(&event);
		if (later) { /* the writer does something between two looks */
			t->rings[later % VT_NR_RINGS].head += later * 64;
			t->rings[later % VT_NR_RINGS].tail += later * 8;
			later--;
		}
		if (++steps > STEPS)
			abort();
	}
	return 0;
}
