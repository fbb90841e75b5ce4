// SPDX-License-Identifier: GPL-2.0-only
/* writer.c - record a session into a file
 *
 * Theory of operation
 * Two threads come: the one that looks at the region (rows, events, the region itself) and the one
 * that asks the kernel (views). A lock keeps their records whole. Everything goes through stdio,
 * whose buffer is given to the host once a second.
 *
 * Of the region each record holds the blocks that differ from what the file has already. The texts
 * of the sampler are under sequence locks (struct vt_sample): one that is being written keeps its
 * old head and text until the next time, so that the file never has half a text.
 *
 * A guest decides how many events there are, so a second has room for RECORD_EVENTS_A_SECOND of
 * them, and the file says how many more there were. When a write fails, recording is over: the file
 * is good up to there, and who records hears of it at the end (record_finish()).
 *
 * Host system calls: openat, write, close.
 */
#include "writer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "vitrine/util.h"

#define NSEC 1000000000ULL
#define BUFFER (1U << 20)

int record_create(struct record_writer *writer, const char *path, struct error *err)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0)
		return errno == EEXIST
			   ? error_set(err, 0, "%s exists: a recording needs a new file", path)
			   : error_set(err, errno, "cannot record into %s", path);
	*writer = (struct record_writer){ .lock = PTHREAD_MUTEX_INITIALIZER, .path = path };
	writer->shadow = calloc(2, RECORD_REGION_SIZE);
	writer->file = fdopen(fd, "w");
	if (!writer->shadow || !writer->file) {
		close(fd);
		free(writer->shadow);
		*writer = (struct record_writer){ 0 };
		return error_set(err, 0, "no memory to record with");
	}
	writer->now = writer->shadow + RECORD_REGION_SIZE;
	setvbuf(writer->file, NULL, _IOFBF, BUFFER);
	return 0;
}

static bool enter(struct record_writer *writer)
{
	if (!writer->file)
		return false;
	pthread_mutex_lock(&writer->lock);
	if (writer->begun && !writer->failed)
		return true;
	pthread_mutex_unlock(&writer->lock);
	return false;
}

static void leave(struct record_writer *writer)
{
	pthread_mutex_unlock(&writer->lock);
}

static void put(struct record_writer *writer, const void *bytes, size_t len)
{
	if (!writer->failed && len && fwrite(bytes, 1, len, writer->file) != len)
		writer->failed = errno ? errno : EIO;
}

static void put_head(struct record_writer *writer, enum record_kind kind, size_t len,
		     uint64_t time_ns)
{
	const struct record_head head = { .kind = kind,
					  .length = (uint32_t)len,
					  .time_ns = time_ns };

	put(writer, &head, sizeof(head));
}

/* Up to where the next record may begin */
static void put_padding(struct record_writer *writer, size_t len)
{
	static const char zeros[8];

	put(writer, zeros, -len & 7);
}

void record_begin(struct record_writer *writer, int64_t realtime_ns, uint64_t now_ns)
{
	struct record_file_head head = { .version = RECORD_VERSION,
					 .telemetry = VT_TELEMETRY_VERSION,
					 .region_size = RECORD_REGION_SIZE,
					 .realtime_ns = realtime_ns,
					 .began_ns = now_ns };

	if (!writer->file)
		return;
	memcpy(head.magic, RECORD_MAGIC, sizeof(head.magic));
	pthread_mutex_lock(&writer->lock);
	writer->begun = true;
	put(writer, &head, sizeof(head));
	pthread_mutex_unlock(&writer->lock);
}

void record_text(struct record_writer *writer, enum record_kind kind, const char *text,
		 uint64_t now_ns)
{
	const size_t len = text ? strlen(text) : 0;

	if (!len || !enter(writer))
		return;
	put_head(writer, kind, len, now_ns);
	put(writer, text, len);
	put_padding(writer, len);
	leave(writer);
}

/* A slot's head and text, or what the file has of them when they change under our hands */
static void copy_sample(struct record_writer *writer, const struct region *region, unsigned slot)
{
	const size_t head_at =
	    offsetof(struct vt_telemetry, sampler.samples) + slot * sizeof(struct vt_sample);
	const size_t text_at = VT_TELEMETRY_SAMPLES + (size_t)slot * VT_SAMPLE_SIZE;
	const struct vt_sample *live = (const void *)(region->memory + head_at);
	struct vt_sample *copy = (void *)(writer->now + head_at);
	const uint32_t before =
	    __atomic_load_n((const uint32_t *)&live->sequence, __ATOMIC_ACQUIRE);
	const size_t len = copy->length < VT_SAMPLE_SIZE ? copy->length : VT_SAMPLE_SIZE;

	/* behind its end a slot holds what was there before: that stays as the file has it */
	memcpy(writer->now + text_at, writer->shadow + text_at, VT_SAMPLE_SIZE);
	memcpy(writer->now + text_at, region->memory + text_at, len);
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	if (!(before & 1) && copy->sequence == before &&
	    __atomic_load_n((const uint32_t *)&live->sequence, __ATOMIC_ACQUIRE) == before)
		return;
	memcpy(copy, writer->shadow + head_at, sizeof(*copy));
	memcpy(writer->now + text_at, writer->shadow + text_at, VT_SAMPLE_SIZE);
}

static void copy_region(struct record_writer *writer, const struct region *region)
{
	const volatile uint64_t *from = (const volatile uint64_t *)region->memory;
	uint64_t *to = (uint64_t *)writer->now;

	for (size_t i = 0; i < sizeof(struct vt_telemetry) / sizeof(*to); i++)
		to[i] = from[i];
	for (unsigned slot = 0; slot < VT_SAMPLES_MAX; slot++)
		copy_sample(writer, region, slot);
}

/* The next run of blocks that have changed, from @at on; its length, 0 when there is none */
static size_t run_next(const struct record_writer *writer, size_t *at)
{
	size_t end;

	while (*at < RECORD_REGION_SIZE &&
	       !memcmp(writer->now + *at, writer->shadow + *at, RECORD_BLOCK))
		*at += RECORD_BLOCK;
	for (end = *at; end < RECORD_REGION_SIZE &&
			memcmp(writer->now + end, writer->shadow + end, RECORD_BLOCK);)
		end += RECORD_BLOCK;
	return end - *at;
}

void record_region(struct record_writer *writer, const struct region *region, uint64_t now_ns)
{
	const struct record_region head = { .ticks = __builtin_ia32_rdtsc() };
	size_t len = sizeof(head), at, run;

	if (region->size < RECORD_REGION_SIZE || !enter(writer))
		return;
	copy_region(writer, region);
	for (at = 0; (run = run_next(writer, &at)); at += run)
		len += sizeof(struct record_block) + run;
	put_head(writer, RECORD_REGION, len, now_ns);
	put(writer, &head, sizeof(head));
	for (at = 0; (run = run_next(writer, &at)); at += run) {
		const struct record_block block = { .offset = (uint32_t)at,
						    .length = (uint32_t)run };

		put(writer, &block, sizeof(block));
		put(writer, writer->now + at, run);
		memcpy(writer->shadow + at, writer->now + at, run);
	}
	leave(writer);
}

void record_row(struct record_writer *writer, const float *row, size_t count, bool coarse,
		uint64_t now_ns)
{
	const struct record_row head = { .coarse = coarse, .count = (uint32_t)count };
	const size_t len = sizeof(head) + count * sizeof(*row);

	if (!enter(writer))
		return;
	put_head(writer, RECORD_ROW, len, now_ns);
	put(writer, &head, sizeof(head));
	put(writer, row, count * sizeof(*row));
	put_padding(writer, len);
	leave(writer);
}

/* What the last second had no room for */
static void put_missed(struct record_writer *writer, uint64_t now_ns)
{
	for (unsigned ring = 0; ring < VT_NR_RINGS; ring++) {
		struct record_lost *missed = &writer->missed[ring];

		if (!missed->lost)
			continue;
		put_head(writer, RECORD_LOST, sizeof(*missed), now_ns);
		put(writer, missed, sizeof(*missed));
		*missed = (struct record_lost){ 0 };
	}
}

static bool has_room(struct record_writer *writer, const struct event *event)
{
	struct record_lost *missed = &writer->missed[event->head.ring];

	if (event->head.ring == VT_RING_LIFE)
		return true;
	if (writer->room) {
		writer->room--;
		return true;
	}
	if (!missed->lost)
		*missed = (struct record_lost){ .ring = event->head.ring, .from = event->head.seq };
	missed->to = event->head.seq;
	missed->lost++;
	return false;
}

void record_event(struct record_writer *writer, const struct event *event)
{
	if (event->head.ring >= VT_NR_RINGS || !enter(writer))
		return;
	if (has_room(writer, event)) {
		put_head(writer, RECORD_EVENTS, event->head.size, event->head.time_ns);
		put(writer, event->bytes, event->head.size);
		put_padding(writer, event->head.size);
	}
	leave(writer);
}

void record_lost(struct record_writer *writer, unsigned ring, uint64_t from, uint64_t to,
		 uint64_t lost, uint64_t now_ns)
{
	const struct record_lost record = { .ring = ring, .from = from, .to = to, .lost = lost };

	if (!enter(writer))
		return;
	put_head(writer, RECORD_LOST, sizeof(record), now_ns);
	put(writer, &record, sizeof(record));
	leave(writer);
}

void record_view(struct record_writer *writer, uint32_t view, uint32_t pid, const char *path,
		 const char *text, size_t len, uint64_t now_ns)
{
	const struct record_view head = { .view = view,
					  .pid = pid,
					  .path_len = path ? (uint32_t)strlen(path) : 0 };
	const size_t all = sizeof(head) + head.path_len + len;

	if (all > RECORD_PAYLOAD_MAX || !enter(writer))
		return;
	put_head(writer, RECORD_VIEW, all, now_ns);
	put(writer, &head, sizeof(head));
	put(writer, path, head.path_len);
	put(writer, text, len);
	put_padding(writer, all);
	leave(writer);
}

void record_flush(struct record_writer *writer, uint64_t now_ns)
{
	if (!enter(writer))
		return;
	if (now_ns >= writer->second_ns + NSEC) {
		put_missed(writer, now_ns);
		writer->second_ns = now_ns;
		writer->room = RECORD_EVENTS_A_SECOND;
		if (!writer->failed && fflush(writer->file))
			writer->failed = errno;
	}
	leave(writer);
}

int record_finish(struct record_writer *writer, bool over, uint64_t now_ns, struct error *err)
{
	FILE *file = writer->file;
	int failed;

	if (!file)
		return 0;
	pthread_mutex_lock(&writer->lock);
	put_missed(writer, now_ns);
	if (over && writer->begun)
		put_head(writer, RECORD_END, 0, now_ns);
	if (fclose(file) && !writer->failed)
		writer->failed = errno;
	failed = writer->failed;
	writer->begun = false;
	free(steal_ptr(writer->shadow));
	pthread_mutex_unlock(&writer->lock);
	return failed ? error_set(err, failed, "the recording in %s is not complete", writer->path)
		      : 0;
}

static_assert(sizeof(struct vt_telemetry) % 8 == 0, "copy_region()");
static_assert(RECORD_REGION_SIZE % RECORD_BLOCK == 0, "run_next()");
static_assert(sizeof(struct record_head) % 8 == 0, "records are aligned");
