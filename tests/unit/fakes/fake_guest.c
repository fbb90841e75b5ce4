// SPDX-License-Identifier: GPL-2.0-only
/* fake_guest.c - the guest's side of virtio for tests: memory, interrupts and a driver */
#include "fake_guest.h"

#include <linux/virtio_blk.h>
#include <linux/virtio_config.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>

#include "engine/vcpu/irq.h"
#include "engine/memory/base.h"
#include "engine/memory/memory.h"
#include "engine/virtio/virtio.h"

static unsigned char memory[GUEST_MEMORY] __attribute__((aligned(4096)));
static atomic_uint interrupts[VIRTIO_DEVICES_MAX];

/* All of it is its own */
void base_own(uint64_t pa, uint64_t len)
{
}

void *phys_ptr(uint64_t pa, uint64_t len)
{
	if (pa < GUEST_BASE || pa - GUEST_BASE > GUEST_MEMORY ||
	    len > GUEST_MEMORY - (pa - GUEST_BASE))
		return NULL;
	return memory + (pa - GUEST_BASE);
}

void irq_raise(enum vt_irq irq)
{
	atomic_fetch_add(&interrupts[irq - VT_IRQ_VIRTIO], 1);
}

/* There is one vCPU */
void irq_asked(enum vt_irq irq)
{
}

void *guest_ptr(uint64_t pa)
{
	return memory + (pa - GUEST_BASE);
}

unsigned guest_interrupts(uint32_t device)
{
	return atomic_exchange(&interrupts[device], 0);
}

void guest_start(struct guest *g, uint32_t device, uint64_t features)
{
	memset(g, 0, sizeof(*g));
	memset(memory, 0, GUEST_DATA - GUEST_BASE);
	g->device = device;
	g->desc = guest_ptr(GUEST_DESC);
	g->avail = guest_ptr(GUEST_AVAIL);
	g->used = guest_ptr(GUEST_USED);
	virtio_ops_fill(&g->ops);
	if (g->ops.virtio_info(device, &g->info))
		return;

	g->ops.virtio_status(device, 0);
	g->ops.virtio_status(device, VIRTIO_CONFIG_S_ACKNOWLEDGE | VIRTIO_CONFIG_S_DRIVER);
	g->ops.virtio_features(device, g->info.features & features);
	g->ops.virtio_queue(device, 0, GUEST_QUEUE_SIZE, GUEST_DESC, GUEST_AVAIL, GUEST_USED);
	g->ops.virtio_status(device, VIRTIO_CONFIG_S_ACKNOWLEDGE | VIRTIO_CONFIG_S_DRIVER |
					 VIRTIO_CONFIG_S_FEATURES_OK | VIRTIO_CONFIG_S_DRIVER_OK);
	guest_interrupts(device);
}

void guest_reset(struct guest *g)
{
	g->ops.virtio_status(g->device, 0);
}

void guest_desc(struct guest *g, unsigned i, uint64_t pa, uint32_t len, unsigned flags,
		unsigned next)
{
	g->desc[i] = (struct vring_desc){ .addr = pa, .len = len, .flags = flags, .next = next };
}

void guest_offer(struct guest *g, uint16_t head)
{
	g->avail->ring[g->avail->idx % GUEST_QUEUE_SIZE] = head;
	__atomic_store_n(&g->avail->idx, g->avail->idx + 1, __ATOMIC_SEQ_CST);
}

void guest_kick(struct guest *g)
{
	g->ops.virtio_notify(g->device, 0);
}

bool guest_wait(struct guest *g, struct vring_used_elem *elem)
{
	const struct timespec pause = { .tv_nsec = 100000 };
	unsigned tries;

	for (tries = 0; tries < 100000; tries++) {
		if (__atomic_load_n(&g->used->idx, __ATOMIC_ACQUIRE) != g->used_seen) {
			*elem = g->used->ring[g->used_seen++ % GUEST_QUEUE_SIZE];
			return true;
		}
		nanosleep(&pause, NULL);
	}
	return false;
}

/* Each slot has three descriptors, 16 bytes of header and a status byte */
static uint64_t slot_pa(unsigned slot)
{
	return GUEST_DATA + slot * 64;
}

void guest_blk_offer(struct guest *g, unsigned slot, uint32_t type, uint64_t sector, uint64_t pa,
		     uint32_t len)
{
	struct virtio_blk_outhdr *header = guest_ptr(slot_pa(slot));
	bool in = type == VIRTIO_BLK_T_IN || type == VIRTIO_BLK_T_GET_ID;
	unsigned d = slot * 3;

	header->type = type;
	header->ioprio = 0;
	header->sector = sector;
	*(uint8_t *)guest_ptr(slot_pa(slot) + 32) = 0xff;

	guest_desc(g, d, slot_pa(slot), sizeof(*header), VRING_DESC_F_NEXT, len ? d + 1 : d + 2);
	guest_desc(g, d + 1, pa, len, VRING_DESC_F_NEXT | (in ? VRING_DESC_F_WRITE : 0), d + 2);
	guest_desc(g, d + 2, slot_pa(slot) + 32, 1, VRING_DESC_F_WRITE, 0);
	guest_offer(g, d);
}

uint8_t guest_blk_status(unsigned slot)
{
	return *(volatile uint8_t *)guest_ptr(slot_pa(slot) + 32);
}

int guest_blk(struct guest *g, uint32_t type, uint64_t sector, uint32_t len)
{
	struct vring_used_elem elem;

	guest_blk_offer(g, 0, type, sector, GUEST_DATA + 4096, len);
	guest_kick(g);
	return guest_wait(g, &elem) ? guest_blk_status(0) : -1;
}
