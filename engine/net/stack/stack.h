/* SPDX-License-Identifier: GPL-2.0-only */
/* stack.h - the other end of the guest's cable: a network of one machine; private to this folder
 *
 * A flow is what a guest's packets with the same addresses, ports and protocol belong to. Each has
 * a descriptor that the gate has opened; what the guest sends goes there, what comes from there
 * goes to the guest. One thread does everything and never waits but for events.
 */
#ifndef ENGINE_NET_STACK_STACK_H
#define ENGINE_NET_STACK_STACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <netinet/in.h>

#include "engine/net/link.h"
#include "engine/net/wire.h"
#include "lib/address.h"

#define FLOWS_MAX 8192 /* a power of two */
#define FLOW_BUCKETS 4096
#define HEAD_MAX 160 /* Ethernet, IP and the largest TCP header */

struct stack;
struct flow;

/**
 * struct protocol - what flows of a protocol do
 * @size:     of its struct, which begins with a struct flow
 * @opened:   the gate's answer: flow->fd is valid, or @code says why not. May end the flow
 * @event:    of epoll, for flow->fd
 * @resume:   room on the cable, or its turn again, after flow_later()
 * @deadline: flow->deadline has passed (and is 0)
 * @release:  free what it owns
 */
struct protocol {
	size_t size;
	void (*opened)(struct stack *stack, struct flow *flow, uint32_t code);
	void (*event)(struct stack *stack, struct flow *flow, uint32_t events);
	void (*resume)(struct stack *stack, struct flow *flow);
	void (*deadline)(struct stack *stack, struct flow *flow);
	void (*release)(struct stack *stack, struct flow *flow);
};

/**
 * struct flow - what is common to all
 * @id:       its place in stack->flows and how often that was used
 * @wire_id:  what the gate calls it
 * @fd:       -1 until the gate has answered
 * @guest, @remote: both ends, as the guest sees them
 * @mac:      of the guest's end, as seen last
 * @sent, @received: bytes, by the guest
 * @deadline: milliseconds of stack->now, 0 for none
 * @later:    it is in stack->later
 */
struct flow {
	const struct protocol *ops;
	struct flow *next, *next_later, *next_due;
	uint32_t id, wire_id;
	int fd;
	uint8_t protocol, mac[6];
	bool later, due;
	struct address guest, remote;
	uint16_t guest_port, remote_port;
	uint64_t sent, received, deadline;
};

/**
 * struct packet - one IP packet of the guest's
 * @head:    copy of its first bytes: what is decided on cannot change any more
 * @l4:      into @head: the header of the protocol
 * @l4_head: bytes of it, and of what follows, in @head
 * @rest:    the whole of what stands behind the IP header, in shared memory: data only
 * @len:     its length
 */
struct packet {
	uint8_t head[HEAD_MAX], mac[6];
	bool v6;
	uint8_t protocol;
	struct address source, destination;
	const uint8_t *ip, *l4;
	size_t l4_head, len;
	const uint8_t *rest;
};

/**
 * struct outgoing - a frame that is being written in the cable
 */
struct outgoing {
	uint8_t *frame, *l4;
	link_header *header;
	size_t l4_len;
	bool v6;
};

/**
 * struct bucket - a rate: so many bytes are left, so many come each second
 */
struct bucket {
	uint64_t rate, left, at;
};

/**
 * struct stack - all there is
 * @now:   milliseconds, of the monotonic clock, at the beginning of this round
 * @later: flows that have more to send to the guest, and no room or no turn
 * @due:   TCP flows that owe the guest an acknowledgement
 * @next:  the earliest deadline, or 0
 */
struct stack {
	struct link_end in, out; /* from the guest, to the guest */
	int epoll, gate, cable;
	uint64_t now, next;
	struct flow *flows[FLOWS_MAX], *buckets[FLOW_BUCKETS];
	uint32_t generation[FLOWS_MAX];
	unsigned top, count, search; /* places in use lie below top; where to look for a free one */
	struct flow *later, *due;
	struct wire *unsaid; /* what the gate could not be told yet */
	size_t nunsaid, unsaid_room;
	struct bucket up, down;
	uint64_t refused_frames;
	size_t held; /* bytes in the buffers of TCP flows */
	bool over;
	uint8_t secret[16];
};

extern const struct address stack_guest4, stack_guest6;
extern const struct protocol udp_protocol, icmp_protocol, tcp_protocol;

/* stack.c */
void stack_frame(struct stack *stack, const uint8_t *frame, size_t len);

/* The gate's answer to flow_ask() */
void stack_answer(struct stack *stack, const struct wire *wire, int fd);

/* What is due in a round: flows that had to wait, acknowledgements, deadlines */
void stack_turns(struct stack *stack);
void stack_acknowledge(struct stack *stack);
void stack_deadlines(struct stack *stack);
uint32_t stack_random(void);

/* frame.c */

/**
 * packet_parse() - Take a frame's IP packet apart
 *
 * Fragments, IP options, extension headers, and addresses that are not of the guest's network or
 * belong to us are refused: nobody needs them, and each is a way to mean something else than what
 * was looked at.
 *
 * Return: false when it is not to be looked at any further.
 */
bool packet_parse(const uint8_t *frame, size_t len, struct packet *packet);

/**
 * packet_begin() - Write Ethernet's and IP's headers of a frame to the guest
 * @source: who it comes from, @destination: an address of the guest
 * @l4_len: bytes that follow, to be written to out->l4
 *
 * Return: false when the cable has no room.
 */
bool packet_begin(struct stack *stack, struct outgoing *out, const uint8_t mac[6],
		  const struct address *source, const struct address *destination, uint8_t protocol,
		  size_t l4_len);

/**
 * packet_end() - The frame is whole
 * @sum:     offset of the checksum in its header, which the guest need not look at
 * @segment: TCP data is to be taken for segments of this size; 0: as it is
 */
void packet_end(struct stack *stack, struct outgoing *out, size_t sum, size_t segment);

/**
 * packet_end_summed() - The same with a checksum that is right now
 */
void packet_end_summed(struct stack *stack, struct outgoing *out, size_t sum);

/**
 * packet_raw() - A frame that is no IP packet
 */
void packet_raw(struct stack *stack, const uint8_t mac[6], uint16_t type, const void *data,
		size_t len);

uint16_t checksum(const void *data, size_t len, uint32_t sum);

/**
 * packet_unreachable() - Tell the guest that what it has sent leads nowhere
 * @code: errno value or WIRE_REFUSED
 */
void packet_unreachable(struct stack *stack, const struct packet *packet, uint32_t code);

/* neighbour.c: ARP, and its successor in IPv6 */
void arp_input(struct stack *stack, const uint8_t *frame, size_t len);
bool neighbour_input(struct stack *stack, const struct packet *packet);

/* dhcp.c: true when the frame was for it */
bool dhcp_input(struct stack *stack, const uint8_t *frame, size_t len);

/* flow.c */

/**
 * flow_find() - The flow that a packet of the guest's belongs to
 */
struct flow *flow_find(struct stack *stack, uint8_t protocol, const struct address *guest,
		       uint16_t guest_port, const struct address *remote, uint16_t remote_port);

/**
 * flow_new() - A new one, without a descriptor
 *
 * Return: NULL when there are too many.
 */
struct flow *flow_new(struct stack *stack, const struct protocol *ops, uint8_t protocol,
		      const struct address *guest, uint16_t guest_port,
		      const struct address *remote, uint16_t remote_port);

struct flow *flow_by_id(struct stack *stack, uint32_t id);

/**
 * flow_ask() - Ask the gate to open it; ops->opened() is called when it has answered
 *
 * Return: false when the gate cannot be asked now.
 */
bool flow_ask(struct stack *stack, struct flow *flow);

/**
 * flow_tell() - Tell the gate what it could not be told before
 *
 * Return: whether it knows everything.
 */
bool flow_tell(struct stack *stack);

/**
 * flow_watch() - Take the gate's descriptor, and hear of its events from now on
 */
bool flow_watch(struct stack *stack, struct flow *flow, int fd);

/**
 * flow_later() - It has more to send
 */
void flow_later(struct stack *stack, struct flow *flow);

void flow_due(struct stack *stack, struct flow *flow);

/**
 * flow_deadline() - Call ops->deadline() in @ms milliseconds; 0: never
 */
void flow_deadline(struct stack *stack, struct flow *flow, uint64_t ms);

/**
 * flow_end() - It is over; tell the gate, forget it
 */
void flow_end(struct stack *stack, struct flow *flow);

/* limit.c */
bool bucket_has(struct stack *stack, struct bucket *bucket);
void bucket_take(struct bucket *bucket, size_t bytes);

/* udp.c, icmp.c, tcp.c: packets of the guest's */
void udp_input(struct stack *stack, const struct packet *packet);
void icmp_input(struct stack *stack, const struct packet *packet);
void tcp_input(struct stack *stack, const struct packet *packet);

/* What the gate brings */
void udp_incoming(struct stack *stack, const struct wire *wire, int fd);
void tcp_incoming(struct stack *stack, const struct wire *wire, int fd);
void tcp_acknowledge(struct stack *stack, struct flow *flow);

static inline uint16_t get16(const uint8_t *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

static inline uint32_t get32(const uint8_t *at)
{
	return (uint32_t)get16(at) << 16 | get16(at + 2);
}

static inline void put16(uint8_t *at, uint32_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static inline void put32(uint8_t *at, uint32_t value)
{
	put16(at, value >> 16);
	put16(at + 2, value);
}

#endif
