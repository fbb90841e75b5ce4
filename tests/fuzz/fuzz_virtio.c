// SPDX-License-Identifier: GPL-2.0-only
/* fuzz_virtio.c - hostile rings against the disk and the entropy source
 *
 * The input is a feature byte and then records of 8 bytes, each an action: write a descriptor, a
 * request header, an index, make a chain available, ring the doorbell, set up a queue. Addresses
 * are near memory more often than not, so that inputs get past the first check. A reset at the end
 * waits for the I/O threads; what they touched wrongly, the sanitizers have seen.
 */
#include <fcntl.h>
#include <linux/virtio_blk.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/virtio/virtio.h"
#include "fake_guest.h"

#define DISK_SIZE (256 * 1024)
#define RECORD 8

struct record {
	uint8_t action, a;
	uint16_t b;
	uint32_t c;
};

static void quiet_disk_setup(void)
{
	static struct sandbox_config config = { .ndisks = 1 };
	static char path[] = "/tmp/vitrine-fuzz-XXXXXX";
	struct error err;
	int fd = mkstemp(path);

	if (fd < 0 || ftruncate(fd, DISK_SIZE))
		abort();
	config.disks[0] = (struct sandbox_disk){ .path = path, .ephemeral = true };
	if (virtio_init(&config, &err)) {
		fprintf(stderr, "%s\n", err.text);
		abort();
	}
	unlink(path);
	close(fd);
}

/* Mostly in memory, sometimes at its end, sometimes anywhere */
static uint64_t address(uint8_t how, uint32_t value)
{
	switch (how % 8) {
	case 0:
		return (uint64_t)value << 32 | value;
	case 1:
		return GUEST_BASE + GUEST_MEMORY - value % 64;
	case 2:
		return GUEST_TABLE + value % 256 * 16;
	default:
		return GUEST_DATA + value % 65536;
	}
}

static void act(struct guest *g, const struct record *r)
{
	struct vring_desc *table = guest_ptr(GUEST_TABLE);
	struct virtio_blk_outhdr *header = guest_ptr(GUEST_DATA + r->a % 16 * 64);
	struct vring_desc desc = { address(r->a >> 4, r->c), r->c >> 16, r->b & 7, r->b >> 3 };
	unsigned char buf[64];

	switch (r->action % 10) {
	case 0:
		g->desc[r->a % GUEST_QUEUE_SIZE] = desc;
		break;
	case 1:
		table[r->a] = desc;
		break;
	case 2:
		header->type = r->b;
		header->sector = r->c % 2 ? r->c : r->c % (DISK_SIZE / 512);
		break;
	case 3:
	case 4:
		guest_offer(g, r->b % 17);
		break;
	case 5:
		guest_kick(g);
		break;
	case 6:
		g->avail->idx = r->b;
		break;
	case 7:
		guest_blk_offer(g, r->a % 5, r->a >> 4, r->b % 1024, address(r->b >> 12, r->c),
				r->c % 8 * 512);
		break;
	case 8:
		g->ops.virtio_queue(g->device, r->a % 3, r->b, address(r->a >> 4, r->c),
				    GUEST_AVAIL, GUEST_USED);
		break;
	case 9:
		g->ops.virtio_config(r->a % 4, r->c, buf, r->b % sizeof(buf), r->a & 1);
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool ready;
	struct record r;
	struct guest g;

	if (!ready) {
		quiet_disk_setup();
		ready = true;
	}
	if (!size)
		return 0;

	guest_start(&g, data[0] & 1, data[0] & 2 ? ~0ULL : ~(1ULL << VIRTIO_RING_F_EVENT_IDX));
	for (data++, size--; size >= RECORD; data += RECORD, size -= RECORD) {
		memcpy(&r, data, RECORD);
		act(&g, &r);
	}
	guest_kick(&g);
	guest_reset(&g);
	return 0;
}
