// SPDX-License-Identifier: GPL-2.0-only
/* blk.c - virtio block devices (virtio 1.2, section 5.2)
 *
 * Theory of operation
 * A request is checked in prepare(), and only there: header, status byte, direction, range. Then it
 * is tried with IO_NOWAIT on the vCPU thread, which succeeds when the host has the data in its page
 * cache (or nothing has to be flushed, or a few pages are written), and costs less than waking a
 * worker. What would wait, and what exceeds INLINE_BUDGET in one doorbell, goes to the I/O pool,
 * whose threads complete it.
 *
 * Requests may finish in any order. A flush covers the writes that were completed before it was
 * made available, as virtio asks: those have returned from disk_write() already. The device has a
 * write-back cache (the host's page cache) and says so with VIRTIO_BLK_F_FLUSH; Linux then turns
 * FUA into a flush of its own. A disk that is thrown away afterwards has nothing to flush and does
 * not offer it, which saves the guest the request.
 *
 * A host error becomes VIRTIO_BLK_S_IOERR, and one line on stderr for each kind of request.
 *
 * Host system calls: those of disk.c's backends, iopool.c and virtqueue.c.
 */
#include "blk.h"

#include <endian.h>
#include <errno.h>
#include <linux/virtio_blk.h>
#include <linux/virtio_ids.h>
#include <stdatomic.h>
#include <string.h>

#include "engine/disk/disk.h"
#include "virtio.h"
#include "vitrine/util.h"

#define SECTOR 512
#define OPTIMAL_IO 0x80000 /* Linux reads ahead twice as much */
#define BLOCK 4096	   /* what host and guest file systems and overlays work in */
#define RANGES_MAX 16
#define RANGE_SECTORS_MAX (1U << 23)
#define INLINE_BUDGET (1024 * 1024)
#define INLINE_MAX (256 * 1024)

struct blk {
	struct virtio_device dev;
	struct disk *disk;
	struct iopool *pool;
	atomic_uint reported; /* bit for each kind of request that has failed before */
	atomic_uint pooled;   /* requests in the I/O pool */
	struct virtio_blk_config config;
	char serial[VIRTIO_BLK_ID_BYTES];
};

static struct disk *disks[SANDBOX_DISKS_MAX];

struct blk_request;

/**
 * struct blk_command - a kind of request
 * @type:    VIRTIO_BLK_T_*
 * @name:    for messages
 * @prepare: find and check the arguments; returns VIRTIO_BLK_S_*
 * @run:     returns 0 or a negative errno, -EAGAIN only with IO_NOWAIT
 */
struct blk_command {
	uint32_t type;
	const char *name;
	uint8_t (*prepare)(struct blk_request *r);
	int (*run)(struct blk_request *r, int flags);
};

/**
 * struct blk_request - one request
 * @req:     the chain; must be first
 * @work:    in the I/O pool
 * @command: what to do
 * @off:     bytes from the start of the disk
 * @len:     bytes of data
 * @data:    buffers, the first of @len bytes being valid
 * @status:  in guest memory
 * @ranges:  of a discard or write-zeroes
 */
struct blk_request {
	struct virtio_request req;
	struct io_work work;
	struct blk *blk;
	const struct blk_command *command;
	uint64_t off, len;
	struct iovec *data;
	uint8_t *status;
	unsigned nranges;
	struct {
		uint64_t off, len;
		bool unmap;
	} ranges[RANGES_MAX];
};
static_assert(offsetof(struct blk_request, req) == 0, "a blk_request is a virtio_request");

static bool inside(const struct blk *blk, uint64_t sector, uint64_t len)
{
	uint64_t size = blk->disk->size;

	return sector <= size / SECTOR && len <= size - sector * SECTOR;
}

static uint8_t prepare_transfer(struct blk_request *r)
{
	uint64_t sector = r->off; /* not scaled yet */

	if (r->len % SECTOR || !inside(r->blk, sector, r->len))
		return VIRTIO_BLK_S_IOERR;
	r->off = sector * SECTOR;
	return VIRTIO_BLK_S_OK;
}

static uint8_t prepare_read(struct blk_request *r)
{
	r->data = r->req.iov + r->req.nout;
	r->len = r->req.in_len - 1;
	return prepare_transfer(r);
}

static int run_read(struct blk_request *r, int flags)
{
	return r->len ? disk_read(r->blk->disk, r->data, r->off, r->len, flags) : 0;
}

static int run_write(struct blk_request *r, int flags)
{
	return r->len ? disk_write(r->blk->disk, r->data, r->off, r->len, flags) : 0;
}

static uint8_t prepare_nothing(struct blk_request *r)
{
	return VIRTIO_BLK_S_OK;
}

static int run_flush(struct blk_request *r, int flags)
{
	return disk_flush(r->blk->disk, flags);
}

/* Copy between a vector and a plain buffer; returns bytes copied */
static size_t gather(const struct iovec *iov, uint64_t have, void *buf, size_t len)
{
	size_t done = 0, part;

	if (len > have)
		len = have;
	for (; done < len; iov++, done += part) {
		part = len - done < iov->iov_len ? len - done : iov->iov_len;
		memcpy((char *)buf + done, iov->iov_base, part);
	}
	return done;
}

static size_t scatter(const struct iovec *iov, uint64_t room, const void *buf, size_t len)
{
	size_t done = 0, part;

	if (len > room)
		len = room;
	for (; done < len; iov++, done += part) {
		part = len - done < iov->iov_len ? len - done : iov->iov_len;
		memcpy(iov->iov_base, (const char *)buf + done, part);
	}
	return done;
}

static int run_get_id(struct blk_request *r, int flags)
{
	scatter(r->req.iov + r->req.nout, r->req.in_len - 1, r->blk->serial,
		sizeof(r->blk->serial));
	return 0;
}

static uint8_t prepare_ranges(struct blk_request *r, uint32_t allowed_flags)
{
	struct virtio_blk_discard_write_zeroes range[RANGES_MAX];
	uint32_t sectors;
	unsigned i;

	if (!r->len || r->len % sizeof(range[0]) || r->len > sizeof(range))
		return VIRTIO_BLK_S_IOERR;
	gather(r->data, r->len, range, sizeof(range));
	r->nranges = r->len / sizeof(range[0]);

	for (i = 0; i < r->nranges; i++) {
		sectors = le32toh(range[i].num_sectors);
		if (le32toh(range[i].flags) & ~allowed_flags)
			return VIRTIO_BLK_S_UNSUPP;
		if (!sectors || sectors > RANGE_SECTORS_MAX ||
		    !inside(r->blk, le64toh(range[i].sector), (uint64_t)sectors * SECTOR))
			return VIRTIO_BLK_S_IOERR;
		r->ranges[i].off = le64toh(range[i].sector) * SECTOR;
		r->ranges[i].len = (uint64_t)sectors * SECTOR;
		r->ranges[i].unmap = le32toh(range[i].flags) & VIRTIO_BLK_WRITE_ZEROES_FLAG_UNMAP;
	}
	return VIRTIO_BLK_S_OK;
}

static uint8_t prepare_discard(struct blk_request *r)
{
	return prepare_ranges(r, 0);
}

static uint8_t prepare_zero(struct blk_request *r)
{
	return prepare_ranges(r, VIRTIO_BLK_WRITE_ZEROES_FLAG_UNMAP);
}

static int run_discard(struct blk_request *r, int flags)
{
	int ret = 0;
	unsigned i;

	if (flags & IO_NOWAIT)
		return -EAGAIN;
	for (i = 0; i < r->nranges && !ret; i++)
		ret = disk_discard(r->blk->disk, r->ranges[i].off, r->ranges[i].len);
	return ret;
}

static int run_zero(struct blk_request *r, int flags)
{
	int ret = 0;
	unsigned i;

	if (flags & IO_NOWAIT)
		return -EAGAIN;
	for (i = 0; i < r->nranges && !ret; i++)
		ret =
		    disk_zero(r->blk->disk, r->ranges[i].off, r->ranges[i].len, r->ranges[i].unmap);
	return ret;
}

static const struct blk_command commands[] = {
	{ VIRTIO_BLK_T_IN, "read", prepare_read, run_read },
	{ VIRTIO_BLK_T_OUT, "write", prepare_transfer, run_write },
	{ VIRTIO_BLK_T_FLUSH, "flush", prepare_nothing, run_flush },
	{ VIRTIO_BLK_T_GET_ID, "identify", prepare_nothing, run_get_id },
	{ VIRTIO_BLK_T_DISCARD, "discard", prepare_discard, run_discard },
	{ VIRTIO_BLK_T_WRITE_ZEROES, "write zeros", prepare_zero, run_zero },
};

static const struct blk_command *command_of(uint32_t type)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(commands); i++)
		if (commands[i].type == type)
			return &commands[i];
	return NULL;
}

static uint8_t status_of(struct blk_request *r, int ret)
{
	struct blk *blk = r->blk;
	unsigned bit;

	if (!ret)
		return VIRTIO_BLK_S_OK;
	/* The guest's own mistake is not the host's failure */
	if (ret == -EROFS)
		return VIRTIO_BLK_S_IOERR;

	bit = 1U << (r->command - commands);
	if (!(atomic_fetch_or(&blk->reported, bit) & bit))
		virtio_report(&blk->dev, "%s: cannot %s: %s; the guest gets an I/O error",
			      blk->disk->path, r->command->name, strerrordesc_np(-ret));
	return VIRTIO_BLK_S_IOERR;
}

/* The header in front of the readable buffers, the status byte behind the writable ones */
static uint8_t prepare(struct blk_request *r)
{
	struct virtio_request *req = &r->req;
	struct virtio_blk_outhdr header;
	size_t rest = sizeof(header);
	struct iovec *iov = req->iov;
	struct iovec *last = &req->iov[req->nout + req->nin - 1];

	r->status = NULL;
	if (req->out_len < sizeof(header) || !req->in_len)
		return VIRTIO_BLK_S_IOERR;

	r->status = (uint8_t *)last->iov_base + --last->iov_len;
	gather(iov, req->out_len, &header, sizeof(header));
	for (; rest && rest >= iov->iov_len; iov++)
		rest -= iov->iov_len;
	if (rest) {
		iov->iov_base = (char *)iov->iov_base + rest;
		iov->iov_len -= rest;
	}

	r->data = iov;
	r->len = req->out_len - sizeof(header);
	r->off = le64toh(header.sector);
	r->command = command_of(le32toh(header.type));
	return r->command ? r->command->prepare(r) : VIRTIO_BLK_S_UNSUPP;
}

/* Bytes that the device has written: all there are, the status byte being the last */
static uint32_t finish(struct blk_request *r, uint8_t status)
{
	if (!r->status)
		return 0;
	*r->status = status;
	return r->req.in_len < UINT32_MAX ? r->req.in_len : UINT32_MAX;
}

static void run_in_pool(struct io_work *work)
{
	struct blk_request *r =
	    (struct blk_request *)((char *)work - offsetof(struct blk_request, work));
	uint8_t status = status_of(r, r->command->run(r, 0));

	atomic_fetch_sub(&r->blk->pooled, 1);
	virtio_complete(&r->req, finish(r, status));
}

/* Return: bytes of the budget that the request has used up */
static uint64_t start(struct blk *blk, struct blk_request *r, uint64_t budget)
{
	int ret, flags = IO_NOWAIT;
	uint8_t status;

	/* A write behind others in the pool would wait for the same file's lock */
	if (!atomic_load(&blk->pooled))
		flags |= IO_BRIEF;
	r->blk = blk;
	r->work.run = run_in_pool;
	status = prepare(r);
	if (status == VIRTIO_BLK_S_OK) {
		ret = -EAGAIN;
		if (r->len <= budget && r->len <= INLINE_MAX)
			ret = r->command->run(r, flags);
		if (ret == -EAGAIN) {
			atomic_fetch_add(&blk->pooled, 1);
			iopool_submit(blk->pool, &r->work);
			return 0;
		}
		status = status_of(r, ret);
	}
	virtio_push(&r->req, finish(r, status));
	return r->len;
}

static void blk_notify(struct virtio_device *dev, struct virtio_queue *queue)
{
	struct blk *blk = (struct blk *)dev;
	uint64_t budget = INLINE_BUDGET, used;
	struct virtio_request *req;

	while ((req = virtio_pop(queue))) {
		used = start(blk, (struct blk_request *)req, budget);
		budget -= used < budget ? used : budget;
	}
	virtio_signal(queue);
}

static void blk_config_read(struct virtio_device *dev, uint32_t offset, void *buf, uint32_t len)
{
	memcpy(buf, (const char *)&((struct blk *)dev)->config + offset, len);
}

static void blk_release(struct virtio_device *dev)
{
	struct blk *blk = (struct blk *)dev;
	int ret = disk_flush(blk->disk, 0);

	if (ret)
		virtio_report(dev, "%s: cannot flush: %s", blk->disk->path, strerrordesc_np(-ret));
	disk_close(blk->disk);
	free(blk);
}

static const struct virtio_ops blk_ops = {
	.name = "disk",
	.id = VIRTIO_ID_BLOCK,
	.nqueues = 1,
	.request_size = sizeof(struct blk_request),
	.config_len = sizeof(struct virtio_blk_config),
	.notify = blk_notify,
	.config_read = blk_config_read,
	.release = blk_release,
};

/* A guest that goes on may know its disk as one that is flushed, where what it writes is now thrown
 * away: then that does nothing
 */
static uint64_t blk_features(const struct disk *disk, bool goes_on)
{
	uint64_t features = 1ULL << VIRTIO_BLK_F_SEG_MAX | 1ULL << VIRTIO_BLK_F_BLK_SIZE |
			    1ULL << VIRTIO_BLK_F_TOPOLOGY;

	if (disk->read_only)
		return features | 1ULL << VIRTIO_BLK_F_RO;
	if (disk_has_flush(disk) || goes_on)
		features |= 1ULL << VIRTIO_BLK_F_FLUSH;
	return features | 1ULL << VIRTIO_BLK_F_DISCARD | 1ULL << VIRTIO_BLK_F_WRITE_ZEROES;
}

static void blk_describe(struct blk *blk)
{
	const char *slash = strrchr(blk->disk->path, '/');
	const char *name = slash ? slash + 1 : blk->disk->path;

	blk->config = (struct virtio_blk_config){
		.capacity = htole64(blk->disk->size / SECTOR),
		.seg_max = htole32(VIRTIO_SEGMENTS_MAX - 2), /* header and status */
		.blk_size = htole32(SECTOR),
		.physical_block_exp = 3,
		.min_io_size = htole16(BLOCK / SECTOR),
		.opt_io_size = htole32(OPTIMAL_IO / SECTOR),
		.max_discard_sectors = htole32(RANGE_SECTORS_MAX),
		.max_discard_seg = htole32(RANGES_MAX),
		.discard_sector_alignment = htole32(BLOCK / SECTOR),
		.max_write_zeroes_sectors = htole32(RANGE_SECTORS_MAX),
		.max_write_zeroes_seg = htole32(RANGES_MAX),
		.write_zeroes_may_unmap = 1,
	};
	static_assert(SECTOR << 3 == BLOCK, "physical_block_exp");
	/* Not terminated when it is as long as the field */
	memcpy(blk->serial, name, strnlen(name, sizeof(blk->serial)));
}

int blk_add(const struct sandbox_disk *config, const char *expected_fs, struct iopool *pool,
	    struct error *err)
{
	cleanup_free struct blk *blk = calloc(1, sizeof(*blk));

	if (!blk)
		return error_set(err, ENOMEM, "cannot create a disk");
	if (disk_open(config, expected_fs, &blk->disk, err))
		return -1;

	blk->pool = pool;
	blk->dev.ops = &blk_ops;
	blk->dev.features = blk_features(blk->disk, config->saved);
	blk_describe(blk);
	if (virtio_register(&blk->dev, err)) {
		disk_close(blk->disk);
		return -1;
	}
	if (blk->dev.index < SANDBOX_DISKS_MAX)
		disks[blk->dev.index] = blk->disk;
	steal_ptr(blk);
	return 0;
}

struct disk *blk_disk(unsigned index)
{
	return index < SANDBOX_DISKS_MAX ? disks[index] : NULL;
}
