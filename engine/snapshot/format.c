// SPDX-License-Identifier: GPL-2.0-only
/* format.c - the file that says what a paused sandbox is: its head and its sections
 *
 * Theory of operation
 * Sections are put together in memory, for they are small: what is large (memory, disks) lies in
 * files of its own, of which there are extents here. They are written and made durable first, then
 * this file; a crash leaves one that is shorter than its head says, or has none.
 *
 * Whoever reads believes nothing. snapshot_parse() alone looks at offsets and lengths of sections,
 * snapshot_extents() at those of extents; what is in a section is for its owner to check.
 *
 * Host system calls: pwrite.
 */
#include "format.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "engine/disk/crc32.h"
#include "vitrine/util.h"

#define ALIGN 8UL

static_assert(sizeof(struct snapshot_head) <= SNAPSHOT_PAGE, "the head has a page");

void snapshot_begin(struct snapshot_writer *writer)
{
	*writer = (struct snapshot_writer){ .head = { .version = SNAPSHOT_VERSION } };
	memcpy(writer->head.magic, SNAPSHOT_MAGIC, sizeof(writer->head.magic));
}

static uint8_t *grow(struct snapshot_writer *writer, size_t len)
{
	if (len > writer->room - writer->len) {
		const size_t room = (writer->len + len) * 2;
		uint8_t *data = realloc(writer->data, room);

		if (!data) {
			writer->failed = true;
			return NULL;
		}
		writer->data = data;
		writer->room = room;
	}
	writer->len += len;
	return writer->data + writer->len - len;
}

void snapshot_append(struct snapshot_writer *writer, const void *data, size_t len)
{
	uint8_t *at = len ? grow(writer, len) : NULL;

	if (!at)
		return;
	memcpy(at, data, len);
	writer->head.sections[writer->head.count - 1].length += len;
}

void snapshot_add(struct snapshot_writer *writer, enum snapshot_kind kind, const void *data,
		  size_t len)
{
	const size_t pad = -writer->len & (ALIGN - 1);
	uint8_t *padding = grow(writer, pad);

	assert(writer->head.count < SNAPSHOT_SECTIONS_MAX);
	if (padding && pad)
		memset(padding, 0, pad);
	writer->head.sections[writer->head.count++] = (struct snapshot_entry){
		.kind = kind,
		.offset = SNAPSHOT_PAGE + writer->len,
	};
	snapshot_append(writer, data, len);
}

static int write_all(int fd, const void *data, size_t len, off_t offset)
{
	while (len) {
		ssize_t n = pwrite(fd, data, len, offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -1;
		data = (const char *)data + n;
		len -= n;
		offset += n;
	}
	return 0;
}

int snapshot_write(struct snapshot_writer *writer, int fd, struct error *err)
{
	struct snapshot_head *head = &writer->head;

	if (writer->failed)
		return error_set(err, ENOMEM, "cannot write the sandbox's state");
	head->length = SNAPSHOT_PAGE + writer->len;
	for (unsigned i = 0; i < head->count; i++) {
		struct snapshot_entry *entry = &head->sections[i];

		entry->crc =
		    crc32_ieee(writer->data + entry->offset - SNAPSHOT_PAGE, entry->length);
	}
	head->crc = crc32_ieee(head, offsetof(struct snapshot_head, crc));
	if (write_all(fd, writer->data, writer->len, SNAPSHOT_PAGE) ||
	    write_all(fd, head, sizeof(*head), 0))
		return error_set(err, errno, "cannot write the sandbox's state");
	return 0;
}

void snapshot_end(struct snapshot_writer *writer)
{
	free(steal_ptr(writer->data));
}

/* ---- reading ---- */

static int check_sections(const struct snapshot_file *file)
{
	const struct snapshot_head *head = file->head;
	uint64_t seen = 0;

	for (unsigned i = 0; i < head->count; i++) {
		const struct snapshot_entry *entry = &head->sections[i];

		if (!entry->kind || entry->kind >= SNAPSHOT_NKINDS || seen >> entry->kind & 1 ||
		    entry->offset < SNAPSHOT_PAGE || entry->offset % ALIGN ||
		    entry->offset > file->len || entry->length > file->len - entry->offset)
			return -1;
		if (entry->crc != crc32_ieee(file->data + entry->offset, entry->length))
			return -1;
		seen |= 1UL << entry->kind;
	}
	return 0;
}

bool snapshot_is_whole(const struct snapshot_head *head, uint64_t len)
{
	return !memcmp(head->magic, SNAPSHOT_MAGIC, sizeof(head->magic)) && head->length == len;
}

int snapshot_parse(const void *data, size_t len, struct snapshot_file *file, struct error *err)
{
	const struct snapshot_head *head = data;

	if (len < SNAPSHOT_PAGE || memcmp(head->magic, SNAPSHOT_MAGIC, sizeof(head->magic)))
		return error_set(err, 0, "this is no state of a sandbox, or was never finished");
	if (head->version != SNAPSHOT_VERSION)
		return error_set(err, 0, "the state has version %u, this program knows %u",
				 head->version, SNAPSHOT_VERSION);
	*file = (struct snapshot_file){ .head = head, .data = data, .len = len };
	if (head->length != len || head->count > SNAPSHOT_SECTIONS_MAX ||
	    head->crc != crc32_ieee(head, offsetof(struct snapshot_head, crc)) ||
	    check_sections(file))
		return error_set(err, 0, "the state is damaged");
	return 0;
}

const void *snapshot_section(const struct snapshot_file *file, enum snapshot_kind kind, size_t *len)
{
	for (unsigned i = 0; i < file->head->count; i++) {
		const struct snapshot_entry *entry = &file->head->sections[i];

		if (entry->kind != kind)
			continue;
		*len = entry->length;
		return file->data + entry->offset;
	}
	*len = 0;
	return NULL;
}

static const void *damaged(struct error *err)
{
	error_set(err, 0, "the state is damaged");
	return NULL;
}

static int refuse(struct error *err)
{
	damaged(err);
	return -1;
}

const struct snapshot_layer *snapshot_layers(const struct snapshot_file *file, size_t *count,
					     struct error *err)
{
	size_t len;
	const struct snapshot_layer *layers = snapshot_section(file, SNAPSHOT_LAYERS, &len);
	uint32_t last = 0;
	bool good = layers && len % sizeof(*layers) == 0;

	*count = len / sizeof(*layers);
	good = good && *count <= SNAPSHOT_LAYERS_MAX;
	for (size_t i = 0; good && i < *count; i++) {
		good = layers[i].first > last && layers[i].last >= layers[i].first;
		last = layers[i].last;
	}
	return good ? layers : damaged(err);
}

/* A range of a region behind @end; multiples of @unit */
static bool is_good(uint64_t offset, uint64_t length, uint64_t end, uint64_t size, uint64_t unit)
{
	return length && offset >= end && offset % unit == 0 && length % unit == 0 &&
	       offset <= size && length <= size - offset;
}

const struct snapshot_extent *snapshot_extents(const struct snapshot_file *file, uint64_t size,
					       size_t *count, struct error *err)
{
	size_t len, layers;
	const struct snapshot_extent *extents = snapshot_section(file, SNAPSHOT_MEMORY, &len);
	uint64_t end = 0;
	bool good = extents && len % sizeof(*extents) == 0;

	*count = len / sizeof(*extents);
	if (!snapshot_layers(file, &layers, err))
		return NULL;
	for (size_t i = 0; good && i < *count; i++) {
		const struct snapshot_extent *e = &extents[i];

		good = is_good(e->offset, e->length, end, size, SNAPSHOT_CHUNK) &&
		       e->layer < layers && !e->pad;
		end = e->offset + e->length;
	}
	return good ? extents : damaged(err);
}

int snapshot_region(const struct snapshot_file *file, void *into, uint64_t size, struct error *err)
{
	size_t len, count = 0;
	const struct snapshot_range *ranges = snapshot_section(file, SNAPSHOT_TELEMETRY, &len);
	const size_t most = len / sizeof(*ranges);
	const uint8_t *bytes;
	uint64_t end = 0;

	while (ranges && count < most && ranges[count].length) {
		const struct snapshot_range *r = &ranges[count++];

		if (!is_good(r->offset, r->length, end, size, SNAPSHOT_PAGE))
			return refuse(err);
		end = r->offset + r->length;
	}
	if (!ranges || count == most)
		return refuse(err);
	bytes = (const uint8_t *)&ranges[count + 1];
	len -= (count + 1) * sizeof(*ranges);
	for (size_t i = 0; i < count; i++) {
		if (ranges[i].length > len)
			return refuse(err);
		memcpy((uint8_t *)into + ranges[i].offset, bytes, ranges[i].length);
		bytes += ranges[i].length;
		len -= ranges[i].length;
	}
	return 0;
}

const struct snapshot_disk_layer *snapshot_disk_layers(const struct snapshot_file *file,
						       size_t *count, struct error *err)
{
	size_t len;
	const struct snapshot_disk_layer *layers =
	    snapshot_section(file, SNAPSHOT_DISK_LAYERS, &len);

	*count = len / sizeof(*layers);
	return layers && len % sizeof(*layers) == 0 ? layers : damaged(err);
}
