/* SPDX-License-Identifier: GPL-2.0-only */
/* bus.c - virtio devices as the kernel's transport sees them: disks (virtio 1.2, section 5.2)
 *
 * Theory of operation
 * A device is an index; its interrupt is VT_IRQ_VIRTIO + index. Each has one queue with a ring of
 * at most QUEUE_SIZE. A chain is read once into a struct chain, every address of it checked, and
 * what it asks for goes to the host in pieces, one for each buffer: the answer comes with the last
 * of them. Requests are many at once, as the host likes.
 */
#include <stdlib.h>
#include <string.h>

#include "internal.h"

#define QUEUE_SIZE 128
#define PIECES_MAX 128
#define SECTOR 512

#define DEVICE_BLOCK 2
#define FEATURE_RO (1ULL << 5)
#define FEATURE_BLK_SIZE (1ULL << 6)
#define FEATURE_FLUSH (1ULL << 9)
#define FEATURE_SEG_MAX (1ULL << 2)
#define FEATURE_VERSION_1 (1ULL << 32)

#define BLK_IN 0
#define BLK_OUT 1
#define BLK_FLUSH 4
#define BLK_GET_ID 8
#define BLK_OK 0
#define BLK_IOERR 1
#define BLK_UNSUPPORTED 2

#define DESC_NEXT 1
#define DESC_WRITE 2

struct descriptor {
	uint64_t addr;
	uint32_t len;
	uint16_t flags, next;
};

struct used {
	uint32_t id, len;
};

struct block_head {
	uint32_t type, reserved;
	uint64_t sector;
};

struct __attribute__((packed)) block_config {
	uint64_t capacity;
	uint32_t size_max, seg_max;
	uint16_t cylinders;
	uint8_t heads, sectors;
	uint32_t blk_size;
};

/**
 * struct chain - a request on its way
 * @left:    answers that are still to come, and one while it is begun
 * @written: bytes that the guest will find
 */
struct chain {
	bool used, failed;
	uint16_t head;
	uint32_t left, written;
	uint8_t *status;
};

struct device {
	struct machine_disk disk;
	bool running;
	uint32_t size;
	uint64_t desc, avail, used;
	uint16_t last_avail, used_idx;
	struct chain chain[QUEUE_SIZE];
};

struct bus {
	struct device device[MACHINE_DISKS_MAX];
};

int bus_new(struct machine *m, const struct machine_config *config)
{
	m->bus = calloc(1, sizeof(*m->bus));
	if (!m->bus)
		return -1;
	for (unsigned n = 0; n < MACHINE_DISKS_MAX; n++)
		m->bus->device[n].disk = config->disks[n];
	return 0;
}

void bus_free(struct machine *m)
{
	free(m->bus);
}

static struct device *device_at(struct machine *m, uint64_t index)
{
	struct device *device = index < MACHINE_DISKS_MAX ? &m->bus->device[index] : NULL;

	return device && device->disk.size ? device : NULL;
}

/* ---- pauses ---- */

uint32_t machine_busy(const struct machine *m)
{
	uint32_t busy = 0;

	for (unsigned n = 0; n < MACHINE_DISKS_MAX; n++) {
		for (unsigned k = 0; k < QUEUE_SIZE; k++)
			busy += m->bus->device[n].chain[k].used;
	}
	return busy;
}

void bus_save(struct machine *m, struct saved *saved)
{
	for (unsigned n = 0; n < MACHINE_DISKS_MAX; n++) {
		const struct device *device = &m->bus->device[n];

		saved->queue[n] = (struct saved_queue){
			.desc = device->desc,
			.avail = device->avail,
			.used = device->used,
			.size = device->size,
			.last_avail = device->last_avail,
			.used_idx = device->used_idx,
		};
	}
}

void bus_restore(struct machine *m, const struct saved *saved)
{
	for (unsigned n = 0; n < MACHINE_DISKS_MAX; n++) {
		const struct saved_queue *from = &saved->queue[n];
		struct device *device = &m->bus->device[n];

		if (from->size > QUEUE_SIZE || from->size & (from->size - 1))
			continue;
		device->desc = from->desc;
		device->avail = from->avail;
		device->used = from->used;
		device->size = from->size;
		device->last_avail = from->last_avail;
		device->used_idx = from->used_idx;
	}
}

/* ---- requests ---- */

static void complete(struct machine *m, uint32_t index, struct chain *chain)
{
	struct device *device = &m->bus->device[index];
	const struct used entry = { .id = chain->head, .len = chain->written + 1 };
	uint8_t *ring;

	chain->used = false;
	*chain->status = chain->failed ? BLK_IOERR : BLK_OK;
	guest_written(m, chain->status, 1);
	ring =
	    device->size ? guest_physical(m, device->used, 4 + device->size * sizeof(entry)) : NULL;
	if (!ring)
		return;
	memcpy(ring + 4 + device->used_idx % device->size * sizeof(entry), &entry, sizeof(entry));
	device->used_idx++;
	memcpy(ring + 2, &device->used_idx, sizeof(device->used_idx));
	kernel_raise(m, VT_IRQ_VIRTIO + index);
}

void machine_disk_done(struct machine *m, uint32_t tag, bool failed)
{
	const uint32_t index = tag / QUEUE_SIZE;
	struct chain *chain;

	if (index >= MACHINE_DISKS_MAX)
		return;
	chain = &m->bus->device[index].chain[tag % QUEUE_SIZE];
	if (!chain->used)
		return;
	chain->failed |= failed;
	if (!--chain->left)
		complete(m, index, chain);
}

static void ask(struct machine *m, uint32_t index, struct chain *chain,
		const struct machine_disk_request *request)
{
	struct machine_disk_request asked = *request;

	asked.disk = index;
	asked.tag = index * QUEUE_SIZE + (uint32_t)(chain - m->bus->device[index].chain);
	chain->left++;
	m->host->disk(m->host->of, m, &asked);
}

static bool inside(const struct device *device, uint64_t sector, uint64_t size)
{
	const uint64_t all = device->disk.size / SECTOR;

	return !(size % SECTOR) && sector <= all && size / SECTOR <= all - sector;
}

/* The data buffers are all but the first and the last of @parts */
static void transfer(struct machine *m, uint32_t index, struct chain *chain,
		     const struct block_head *head, const struct descriptor *parts, unsigned count)
{
	struct device *device = &m->bus->device[index];
	const bool write = head->type == BLK_OUT;
	uint64_t sector = head->sector;

	for (unsigned n = 1; n + 1 < count; n++) {
		struct machine_disk_request request = {
			.kind = write ? MACHINE_DISK_WRITE : MACHINE_DISK_READ,
			.size = parts[n].len,
			.data = guest_physical(m, parts[n].addr, parts[n].len),
		};

		if (!request.data || !inside(device, sector, parts[n].len) ||
		    !(parts[n].flags & DESC_WRITE) != write || (write && device->disk.read_only)) {
			chain->failed = true;
			return;
		}
		request.offset = sector * SECTOR;
		sector += parts[n].len / SECTOR;
		if (!write) {
			chain->written += parts[n].len;
			guest_written(m, request.data, request.size);
		}
		ask(m, index, chain, &request);
	}
}

static void get_id(struct machine *m, struct chain *chain, const struct descriptor *part)
{
	static const char id[20] = "vitrine";
	uint8_t *to = guest_physical(m, part->addr, part->len);

	if (!to || part->len > sizeof(id)) {
		chain->failed = true;
		return;
	}
	memcpy(to, id, part->len);
	guest_written(m, to, part->len);
	chain->written = part->len;
}

static void begin(struct machine *m, uint32_t index, uint16_t at, const struct descriptor *parts,
		  unsigned count)
{
	const struct descriptor *last = &parts[count - 1];
	struct chain *chain = m->bus->device[index].chain;
	struct block_head head;

	while (chain->used)
		chain++; /* there are as many as the ring has heads */
	*chain = (struct chain){ .used = true, .head = at, .left = 1 };
	chain->status =
	    last->flags & DESC_WRITE && last->len ? guest_physical(m, last->addr, 1) : NULL;
	if (count < 2 || !chain->status || parts[0].len < sizeof(head) ||
	    guest_read(m, VT_PAGE_OFFSET + parts[0].addr, &head, sizeof(head))) {
		chain->used = false; /* not even a place for the answer */
		return;
	}
	switch (head.type) {
	case BLK_IN:
	case BLK_OUT:
		transfer(m, index, chain, &head, parts, count);
		break;
	case BLK_FLUSH:
		ask(m, index, chain, &(struct machine_disk_request){ .kind = MACHINE_DISK_FLUSH });
		break;
	case BLK_GET_ID:
		get_id(m, chain, &parts[1]);
		break;
	default:
		chain->failed = true;
	}
	if (!--chain->left)
		complete(m, index, chain);
}

/* Return: how many descriptors a chain has, 0 when it is none */
static unsigned collect(struct machine *m, const struct device *device, uint16_t at,
			struct descriptor parts[PIECES_MAX])
{
	const uint8_t *table =
	    guest_physical(m, device->desc, device->size * sizeof(struct descriptor));

	for (unsigned n = 0; table && n < PIECES_MAX && at < device->size; n++) {
		memcpy(&parts[n], table + at * sizeof(parts[n]), sizeof(parts[n]));
		if (!(parts[n].flags & DESC_NEXT))
			return n + 1;
		at = parts[n].next;
	}
	return 0;
}

static void notify(struct machine *m, uint32_t index)
{
	struct device *device = &m->bus->device[index];
	static struct descriptor parts[PIECES_MAX];

	for (unsigned n = 0; n < device->size; n++) {
		const uint8_t *ring = guest_physical(m, device->avail, 4 + device->size * 2);
		uint16_t idx, at;
		unsigned count;

		if (!ring)
			return;
		memcpy(&idx, ring + 2, sizeof(idx));
		if (idx == device->last_avail)
			return;
		memcpy(&at, ring + 4 + device->last_avail % device->size * 2, sizeof(at));
		device->last_avail++;
		count = collect(m, device, at, parts);
		if (count)
			begin(m, index, at, parts, count);
	}
}

/* ---- the transport ---- */

static uint64_t info(struct machine *m, uint32_t index, uint64_t to)
{
	const struct device *device = device_at(m, index);
	struct vt_virtio_info out = {
		.device_id = DEVICE_BLOCK,
		.nqueues = 1,
		.queue_size = QUEUE_SIZE,
		.config_len = sizeof(struct block_config),
		.features = FEATURE_VERSION_1 | FEATURE_BLK_SIZE | FEATURE_FLUSH | FEATURE_SEG_MAX,
	};

	if (!device)
		return -(uint64_t)G_ENODEV;
	if (device->disk.read_only)
		out.features |= FEATURE_RO;
	return guest_write(m, to, &out, sizeof(out)) ? -(uint64_t)G_EFAULT : 0;
}

static void read_config(struct machine *m, const struct device *device, uint32_t offset,
			uint64_t to, uint32_t len)
{
	const struct block_config config = {
		.capacity = device->disk.size / SECTOR,
		.seg_max = PIECES_MAX - 2,
		.blk_size = SECTOR,
	};

	if (offset <= sizeof(config) && len <= sizeof(config) - offset)
		guest_write(m, to, (const uint8_t *)&config + offset, len);
}

static void reset(struct device *device)
{
	device->size = 0;
	device->running = false;
	device->last_avail = device->used_idx = 0;
}

static uint64_t set_queue(struct machine *m, struct device *device, const uint64_t args[6])
{
	const uint32_t size = (uint32_t)args[2];

	if (args[1])
		return -(uint64_t)G_ENOENT;
	reset(device);
	if (size > QUEUE_SIZE || size & (size - 1))
		return -(uint64_t)G_EINVAL;
	device->size = size;
	device->desc = args[3];
	device->avail = args[4];
	device->used = args[5];
	return 0;
}

uint64_t bus_call(struct machine *m, enum guest_call call, const uint64_t args[6])
{
	struct device *device = device_at(m, (uint32_t)args[0]);

	if ((uint32_t)args[0] == CARD_INDEX)
		return card_call(m, call, args);
	if (call == CALL_virtio_info)
		return info(m, (uint32_t)args[0], args[1]);
	if (!device)
		return -(uint64_t)G_ENODEV;
	switch (call) {
	case CALL_virtio_config:
		if (!args[4])
			read_config(m, device, (uint32_t)args[1], args[2], (uint32_t)args[3]);
		return 0;
	case CALL_virtio_status:
		if (!(uint32_t)args[1])
			reset(device);
		return 0;
	case CALL_virtio_queue:
		return set_queue(m, device, args);
	case CALL_virtio_notify:
		if (device->size)
			notify(m, (uint32_t)args[0]);
		return 0;
	default:
		return 0;
	}
}
