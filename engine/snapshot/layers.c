// SPDX-License-Identifier: GPL-2.0-only
/* layers.c - physical memory as the files of its generations
 *
 * Theory of operation
 * What has changed since the last generation needs no tracking: it is what copy on write has copied
 * (engine/memory/base.h). Some of that is the same as before: a guest process that only reads gets
 * pages of our own, too. So each such chunk is compared with the layer that it was copied from,
 * which takes a fraction of the time that writing it would.
 *
 * A layer that the client has given no name where the generation is written, because it is gone or
 * was never a file, is written once more. There are never more layers than a reader takes: of too
 * many the newest, which are the smallest, are written into the new one.
 *
 *   chunk is        of a layer that has a name    -> stays there
 *                   our own, as before            -> stays there
 *                   our own, zeros or unused      -> nowhere
 *                   anything else                 -> the new layer
 *
 * A snapshot's source goes on with all of its memory being that of layers, so that the next
 * snapshot writes only what has changed since this one.
 *
 * Host system calls: openat, fstat, lseek, pwrite, ftruncate, mmap, munmap, and those of base.c.
 */
#include "layers.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/memory/base.h"
#include "engine/memory/memory.h"
#include "engine/vcpu/vcpu.h"
#include "vitrine/util.h"

#define PAGE SNAPSHOT_PAGE
#define CHUNK SNAPSHOT_CHUNK
#define KEPT_MAX (SNAPSHOT_LAYERS_MAX - 2)
#define NEW (BASE_LAYERS_MAX + 1) /* in place of a layer's number */

static_assert(BASE_CHUNK == SNAPSHOT_CHUNK && BASE_LAYERS_MAX == SNAPSHOT_LAYERS_MAX,
	      "layers are those of memory");

static struct snapshot_layer layers[BASE_LAYERS_MAX + 1]; /* by their number in base.h */

/* What is being saved: the number of each chunk's layer, NEW or 0 */
static uint8_t *now;
/* ... and which layer it was of when that began. A thread of ours may write meanwhile, so that it
 * is our own; what is saved is what it was copied from */
static uint8_t *before;
static bool kept[BASE_LAYERS_MAX + 1];
static uint32_t generation;

void layers_name(char name[LAYERS_NAME_MAX], const char *file, const struct stat *st)
{
	snprintf(name, LAYERS_NAME_MAX, "%.32s %jx %jx", file, (uintmax_t)st->st_dev,
		 (uintmax_t)st->st_ino);
}

bool layers_named(const struct layers_wish *wish, const char *file, int fd)
{
	char name[LAYERS_NAME_MAX];
	struct stat st;

	if (fstat(fd, &st))
		return false;
	layers_name(name, file, &st);
	for (const char *const *at = wish->names; at && *at; at++) {
		if (!strcmp(*at, name))
			return true;
	}
	return false;
}

/* ---- loading ---- */

/* Given: or -1 */
static int open_layer(int dir, int given, const struct snapshot_layer *layer, struct error *err)
{
	char name[32];
	struct stat st;
	int fd = given;

	snprintf(name, sizeof(name), LAYERS_FILE, layer->first, layer->last);
	if (fd < 0)
		fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return error_set(err, errno, "cannot open the sandbox's %s", name);
	if (!fstat(fd, &st) && S_ISREG(st.st_mode) && (uint64_t)st.st_size == memory_size())
		return fd;
	close(fd);
	return error_set(err, 0, "the sandbox's %s is damaged", name);
}

/* The host maps no code from it, so memory is filled. It reads for us: a file that is cut off
 * meanwhile is an error, not a signal
 */
static int fill(int fd, const struct snapshot_extent *extents, size_t count, unsigned index,
		struct error *err)
{
	uint8_t *at = mmap(NULL, memory_size(), PROT_READ, MAP_SHARED | MAP_NORESERVE, fd, 0);
	bool good = at != MAP_FAILED;

	for (size_t i = 0; good && i < count; i++) {
		uint64_t offset = extents[i].offset, end = offset + extents[i].length;

		while (good && extents[i].layer == index && offset < end) {
			ssize_t n = pwrite(memory_fd(), at + offset, end - offset, (off_t)offset);

			good = n > 0 || (n < 0 && errno == EINTR);
			offset += n > 0 ? n : 0;
		}
	}
	if (!good)
		error_set(err, errno, "cannot read the sandbox's memory");
	if (at != MAP_FAILED)
		munmap(at, memory_size());
	return good ? 0 : -1;
}

static int load_layer(int fd, const struct snapshot_layer *layer, unsigned index,
		      const struct snapshot_extent *extents, size_t count, struct error *err)
{
	const unsigned number = base_layer(fd);

	if (!number)
		return fill(fd, extents, count, index, err);
	layers[number] = *layer;
	for (size_t i = 0; i < count; i++) {
		if (extents[i].layer == index)
			base_add(number, extents[i].offset, extents[i].length);
	}
	return 0;
}

int layers_load(const struct snapshot_file *file, int dir, int fds, unsigned nfds,
		const struct hot *hot, struct error *err)
{
	size_t nlayers, count;
	const struct snapshot_layer *list = snapshot_layers(file, &nlayers, err);
	const struct snapshot_extent *extents = snapshot_extents(file, memory_size(), &count, err);

	if (!list || !extents)
		return -1;
	if (nfds && nfds != nlayers)
		return error_set(err, 0, "the state is of another sandbox than its memory");
	for (unsigned i = 0; i < nlayers; i++) {
		cleanup_close int fd = open_layer(dir, nfds ? fds + (int)i : -1, &list[i], err);

		if (fd < 0 || load_layer(fd, &list[i], i, extents, count, err))
			return -1;
	}
	vcpu_on_write(base_fault);
	hot_copy(hot);
	return base_map(err);
}

/* ---- saving ---- */

static int older(const void *a, const void *b)
{
	const unsigned x = *(const uint8_t *)a, y = *(const uint8_t *)b;

	return layers[x].first < layers[y].first ? -1 : 1;
}

/* The numbers of the layers that are kept, the oldest first. Return: how many */
static unsigned order_kept(uint8_t order[BASE_LAYERS_MAX])
{
	unsigned count = 0;

	for (unsigned number = 1; number <= BASE_LAYERS_MAX; number++) {
		if (kept[number])
			order[count++] = (uint8_t)number;
	}
	qsort(order, count, 1, older);
	return count;
}

static void choose_kept(const struct layers_wish *wish)
{
	uint8_t order[BASE_LAYERS_MAX] = { 0 };
	unsigned count;

	for (unsigned number = 1; number <= BASE_LAYERS_MAX; number++) {
		const int fd = base_layer_fd(number);
		char file[32];

		snprintf(file, sizeof(file), LAYERS_FILE, layers[number].first,
			 layers[number].last);
		kept[number] = fd >= 0 && layers[number].last < wish->generation &&
			       layers_named(wish, file, fd);
	}
	for (count = order_kept(order); count > KEPT_MAX; count--)
		kept[order[count - 1]] = false;
}

static bool is_zero(const uint8_t *page)
{
	const uint64_t *words = (const uint64_t *)page;

	for (unsigned i = 0; i < PAGE / sizeof(*words); i += 8) {
		if (words[i] | words[i + 1] | words[i + 2] | words[i + 3] | words[i + 4] |
		    words[i + 5] | words[i + 6] | words[i + 7])
			return false;
	}
	return true;
}

static bool is_wanted(uint64_t pa)
{
	return !memory_is_unused(pa) && !is_zero(phys_ptr(pa, PAGE));
}

/* Pages that nobody wants to know of are as they were in any case */
static bool is_same(const uint8_t *was, uint64_t chunk)
{
	for (uint64_t pa = chunk; was && pa < chunk + CHUNK; pa += PAGE) {
		if (!memory_is_unused(pa) && memcmp(was + pa, phys_ptr(pa, PAGE), PAGE) != 0)
			return false;
	}
	return was;
}

/*
 * Chunks that a layer has which is not kept, as far as its file has pages there: of a layer that
 * was our own memory, most of what nobody ever used is none. A bit for each; NULL: all of them.
 */
static uint8_t *there;

static void find_there(void)
{
	there = calloc(memory_size() / CHUNK + 1, 1);
	for (unsigned number = 1; there && number <= BASE_LAYERS_MAX; number++) {
		const int fd = base_layer_fd(number);
		off_t at = 0, end;

		while (fd >= 0 && !kept[number] && (at = lseek(fd, at, SEEK_DATA)) >= 0 &&
		       (end = lseek(fd, at, SEEK_HOLE)) >= 0) {
			for (uint64_t chunk = at / CHUNK; chunk * CHUNK < (uint64_t)end; chunk++)
				there[chunk] |= before[chunk] == number;
			at = end;
		}
	}
}

/* Where the chunk is to be, if it is anywhere */
static uint8_t place(uint64_t chunk, uint8_t *const mapped[])
{
	const unsigned of = before[chunk / CHUNK], was = of ? 0 : base_was(chunk);

	if (of && kept[of])
		return of;
	if (of && there && !there[chunk / CHUNK])
		return 0;
	if (was && kept[was] && is_same(mapped[was], chunk))
		return was;
	for (uint64_t pa = chunk; pa < chunk + CHUNK; pa += PAGE) {
		if (is_wanted(pa))
			return NEW;
	}
	return 0;
}

/* Our own file has pages in [at, end) only where the host says so; looking elsewhere makes some */
static void place_all(uint8_t *const mapped[])
{
	off_t data = 0;

	for (uint64_t chunk = 0; chunk < memory_size(); chunk += CHUNK) {
		const bool own = !before[chunk / CHUNK];

		if (own && data >= 0 && (uint64_t)data < chunk + CHUNK && (uint64_t)data <= chunk) {
			data = lseek(memory_fd(), (off_t)chunk, SEEK_DATA);
			if (data < 0)
				data = (off_t)memory_size();
		}
		if (!own || (uint64_t)data < chunk + CHUNK)
			now[chunk / CHUNK] = place(chunk, mapped);
	}
}

static int write_range(int fd, uint64_t at, uint64_t end, struct error *err)
{
	while (at < end) {
		ssize_t n = pwrite(fd, phys_ptr(at, end - at), end - at, (off_t)at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return error_set(err, errno, "cannot write the sandbox's memory");
		at += n;
	}
	return 0;
}

/* Pages of zeros stay holes */
static int write_new(int fd, struct error *err)
{
	uint64_t from = 0, at;
	int ret = 0;

	if (ftruncate(fd, (off_t)memory_size()))
		return error_set(err, errno, "cannot write the sandbox's memory");
	for (at = 0; at < memory_size() && !ret; at += PAGE) {
		const bool wanted = now[at / CHUNK] == NEW && is_wanted(at);

		if (!wanted && from < at)
			ret = write_range(fd, from, at, err);
		if (!wanted)
			from = at + PAGE;
		if (now[at / CHUNK] != NEW) {
			at = (at / CHUNK + 1) * CHUNK - PAGE;
			from = at + PAGE;
		}
	}
	return ret || from >= at ? ret : write_range(fd, from, at, err);
}

static void add_sections(struct snapshot_writer *writer)
{
	const uint64_t chunks = memory_size() / CHUNK;
	uint8_t order[BASE_LAYERS_MAX] = { 0 }, index[NEW + 1] = { 0 };
	const unsigned count = order_kept(order);

	snapshot_add(writer, SNAPSHOT_LAYERS, NULL, 0);
	for (unsigned i = 0; i < count; i++) {
		index[order[i]] = (uint8_t)i;
		snapshot_append(writer, &layers[order[i]], sizeof(*layers));
	}
	index[NEW] = (uint8_t)count;
	snapshot_append(writer, &(struct snapshot_layer){ generation, generation },
			sizeof(struct snapshot_layer));
	snapshot_add(writer, SNAPSHOT_MEMORY, NULL, 0);
	for (uint64_t i = 0, end; i < chunks; i = end) {
		struct snapshot_extent extent = { .offset = i * CHUNK };

		for (end = i + 1; end < chunks && now[end] == now[i]; end++)
			;
		extent.length = (end - i) * CHUNK;
		extent.layer = index[now[i]];
		if (now[i])
			snapshot_append(writer, &extent, sizeof(extent));
	}
}

/* To compare with. One that cannot be mapped is written once more */
static void map_kept(uint8_t *mapped[])
{
	for (unsigned number = 1; number <= BASE_LAYERS_MAX; number++) {
		void *at = kept[number] ? mmap(NULL, memory_size(), PROT_READ,
					       MAP_SHARED | MAP_NORESERVE, base_layer_fd(number), 0)
					: MAP_FAILED;

		mapped[number] = at == MAP_FAILED ? NULL : at;
	}
}

/* Layers that nothing is of any more are not this generation's */
static void forget_unused(void)
{
	bool used[NEW + 1] = { false };

	for (uint64_t i = 0; i < memory_size() / CHUNK; i++)
		used[now[i]] = true;
	for (unsigned number = 1; number <= BASE_LAYERS_MAX; number++)
		kept[number] = kept[number] && used[number];
}

int layers_save(struct snapshot_writer *writer, const struct layers_wish *wish, int fd,
		struct error *err)
{
	uint8_t *mapped[BASE_LAYERS_MAX + 1] = { NULL };

	now = calloc(memory_size() / CHUNK + 1, 1);
	before = calloc(memory_size() / CHUNK + 1, 1);
	if (!now || !before)
		return error_set(err, ENOMEM, "cannot write the sandbox's memory");
	for (uint64_t chunk = 0; chunk < memory_size(); chunk += CHUNK)
		before[chunk / CHUNK] = (uint8_t)base_of(chunk);
	generation = wish->generation;
	choose_kept(wish);
	map_kept(mapped);
	find_there();
	place_all(mapped);
	free(steal_ptr(there));
	forget_unused();
	for (unsigned number = 1; number <= BASE_LAYERS_MAX; number++) {
		if (mapped[number])
			munmap(mapped[number], memory_size());
	}
	if (write_new(fd, err))
		return -1;
	add_sections(writer);
	return 0;
}

static void adopt(int fd)
{
	const unsigned number = base_layer(fd);

	if (!number)
		return;
	layers[number] = (struct snapshot_layer){ generation, generation };
	for (uint64_t i = 0; i < memory_size() / CHUNK; i++) {
		if (now[i] == NEW)
			now[i] = (uint8_t)number;
	}
	memory_forget_kernel();
	base_adopt(now);
}

void layers_end(int fd, bool goes_on)
{
	if (now && goes_on && base_reserved())
		adopt(fd);
	free(steal_ptr(now));
	free(steal_ptr(before));
}

/* ---- freezing ---- */

#define FROZEN_MAX 12 /* layers, when one more is to come */
#define FROZEN_KEPT 8

/* Of too many the newest, which are the smallest, become our own before */
static void merge_newest(void)
{
	uint8_t order[BASE_LAYERS_MAX] = { 0 };
	bool merged[BASE_LAYERS_MAX + 1] = { false };
	unsigned count;

	for (unsigned number = 1; number <= BASE_LAYERS_MAX; number++)
		kept[number] = base_layer_fd(number) >= 0;
	count = order_kept(order);
	if (count < FROZEN_MAX)
		return;
	for (unsigned i = FROZEN_KEPT; i < count; i++)
		merged[order[i]] = true;
	for (uint64_t at = 0; at < memory_size(); at += CHUNK) {
		if (merged[base_of(at)])
			base_own(at, CHUNK);
	}
}

static uint32_t newest(void)
{
	uint32_t last = 0;

	for (unsigned number = 1; number <= BASE_LAYERS_MAX; number++) {
		if (base_layer_fd(number) >= 0 && layers[number].last > last)
			last = layers[number].last;
	}
	return last;
}

static void add_frozen(struct snapshot_writer *writer, const uint8_t order[], unsigned count)
{
	uint8_t index[BASE_LAYERS_MAX + 1] = { 0 };
	struct snapshot_extent extent = { 0 };

	snapshot_add(writer, SNAPSHOT_LAYERS, NULL, 0);
	for (unsigned i = 0; i < count; i++) {
		index[order[i]] = (uint8_t)i;
		snapshot_append(writer, &layers[order[i]], sizeof(*layers));
	}
	snapshot_add(writer, SNAPSHOT_MEMORY, NULL, 0);
	for (uint64_t at = 0; at < memory_size(); at += CHUNK) {
		const unsigned of = base_of(at);

		if (extent.length && of && index[of] == extent.layer &&
		    extent.offset + extent.length == at) {
			extent.length += CHUNK;
			continue;
		}
		if (extent.length)
			snapshot_append(writer, &extent, sizeof(extent));
		extent = (struct snapshot_extent){ at, of ? CHUNK : 0, index[of], 0 };
	}
	if (extent.length)
		snapshot_append(writer, &extent, sizeof(extent));
}

unsigned layers_freeze(struct snapshot_writer *writer, const struct layers_wish *wish, int fd,
		       int fds[SNAPSHOT_LAYERS_MAX])
{
	uint8_t order[BASE_LAYERS_MAX] = { 0 };
	const uint32_t last = newest();
	unsigned number, count;

	merge_newest();
	memory_forget_kernel();
	number = base_freeze(fd);
	if (!number)
		return 0;
	generation = wish->generation > last ? wish->generation : last + 1;
	layers[number] = (struct snapshot_layer){ generation, generation };
	for (unsigned i = 1; i <= BASE_LAYERS_MAX; i++)
		kept[i] = base_layer_fd(i) >= 0;
	count = order_kept(order);
	for (unsigned i = 0; i < count; i++)
		fds[i] = base_layer_fd(order[i]);
	add_frozen(writer, order, count);
	return count;
}
