/* SPDX-License-Identifier: GPL-2.0-only */
/* fake_guest.h - the guest's side of virtio for tests: memory, interrupts and a driver
 *
 * Stands in for memory.c and the vCPU thread. The driver keeps one queue of one device, and lets a
 * test write descriptors that no driver would.
 */
#ifndef TESTS_FAKE_GUEST_H
#define TESTS_FAKE_GUEST_H

#include <linux/virtio_ring.h>
#include <stdbool.h>
#include <stdint.h>

#include "vitrine/abi.h"

#define GUEST_MEMORY (8UL * 1024 * 1024)
#define GUEST_BASE 0x100000UL /* physical address of its first byte */
#define GUEST_QUEUE_SIZE 16U

/* Where things are; a test may use everything from GUEST_DATA on */
#define GUEST_DESC (GUEST_BASE)
#define GUEST_AVAIL (GUEST_BASE + 0x1000)
#define GUEST_USED (GUEST_BASE + 0x2000)
#define GUEST_TABLE (GUEST_BASE + 0x3000)
#define GUEST_DATA (GUEST_BASE + 0x10000)

struct guest {
	struct vt_host_ops ops;
	struct vt_virtio_info info;
	uint32_t device;
	struct vring_desc *desc;
	struct vring_avail *avail;
	struct vring_used *used;
	uint16_t used_seen;
};

/* What phys_ptr() gives for a physical address that exists */
void *guest_ptr(uint64_t pa);

/* Set up queue 0 of a device, with the features that it offers and @features have in common */
void guest_start(struct guest *g, uint32_t device, uint64_t features);
void guest_reset(struct guest *g);

/* Write descriptor @i; flags are VRING_DESC_F_* */
void guest_desc(struct guest *g, unsigned i, uint64_t pa, uint32_t len, unsigned flags,
		unsigned next);

/* Make a chain available, without and with the doorbell */
void guest_offer(struct guest *g, uint16_t head);
void guest_kick(struct guest *g);

/* Wait for the next used element; false when none comes within ten seconds */
bool guest_wait(struct guest *g, struct vring_used_elem *elem);

/* Interrupts that were raised for a device since the last call */
unsigned guest_interrupts(uint32_t device);

/* A block request of one data buffer at GUEST_DATA + 4096: returns the status byte, -1 for none */
int guest_blk(struct guest *g, uint32_t type, uint64_t sector, uint32_t len);

/* The same, not waited for: headers and status byte @slot (0..4) are used */
void guest_blk_offer(struct guest *g, unsigned slot, uint32_t type, uint64_t sector, uint64_t pa,
		     uint32_t len);
uint8_t guest_blk_status(unsigned slot);

/* A descriptor of each kind that the attacks are made of */
#define GOOD_OUT GUEST_DATA, 16, VRING_DESC_F_NEXT
#define GOOD_IN GUEST_DATA + 64, 1, VRING_DESC_F_WRITE

#endif
