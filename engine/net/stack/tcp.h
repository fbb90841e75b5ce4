/* SPDX-License-Identifier: GPL-2.0-only */
/* tcp.h - the parts of TCP; private to tcp.c, tcp_input.c and tcp_output.c
 *
 * A connection is two: the guest's, which ends here, and the host's, which is flow->fd. Each
 * direction has a buffer.
 */
#ifndef ENGINE_NET_STACK_TCP_H
#define ENGINE_NET_STACK_TCP_H

#include "stack.h"
#include "vitrine/util.h"

#define TCP_FIN 1
#define TCP_SYN 2
#define TCP_RST 4
#define TCP_PSH 8
#define TCP_ACK 16

#define TCP_HEADER 20
#define TCP_SCALE 6		/* of our window */
#define TCP_WINDOW (256 * 1024) /* most that is held of each direction */
#define TCP_RTO_MS 1000
#define TCP_RTO_MAX_MS 16000
#define TCP_TRIES 8

enum tcp_state {
	TCP_ASKED,    /* the guest has sent SYN; the gate dials */
	TCP_ANSWERED, /* the gate has dialled; SYN and ACK are sent */
	TCP_CALLING,  /* somebody has come to a published port; SYN is sent */
	TCP_OPEN,
};

/**
 * struct tcp_buffer - bytes in order; as large as it has to be
 */
struct tcp_buffer {
	uint8_t *data;
	uint32_t size, head, used;
};

/**
 * struct tcp - a connection
 * @una, @nxt, @max: sequence numbers to the guest: not acknowledged, to be sent next, sent ever
 * @window:   how far behind @una the guest lets us send
 * @scale:    of the guest's window; @scaled: both sides have said theirs
 * @down:     from @una on, what the guest has not acknowledged
 * @readable: the host may have more
 * @eof:      the host has sent everything; @fin_sent, @fin_acked: the guest was told, and knows
 * @recover:  no duplicate acknowledgement counts until @una has reached this
 * @rcv_nxt:  sequence number that is expected of the guest
 * @acked:    what it was told of that; @told: the window that it was told
 * @up:       what the host has not taken
 * @guest_fin: the guest has sent everything; @shut: the host was told
 */
struct tcp {
	struct flow flow;
	enum tcp_state state;
	uint32_t una, nxt, max, window, recover;
	uint16_t mss;
	uint8_t scale;
	bool scaled, readable, eof, fin_sent, fin_acked, guest_fin, shut, dialled;
	unsigned duplicates, tries;
	struct tcp_buffer down, up;
	uint32_t rcv_nxt, acked, told;
};

/**
 * struct tcp_segment - of the guest's, taken apart
 */
struct tcp_segment {
	uint16_t source, destination;
	uint32_t seq, ack, window;
	uint8_t flags;
	const uint8_t *options;
	size_t options_len;
	const uint8_t *data;
	size_t len;
};

static inline struct tcp *tcp_of(struct flow *flow)
{
	return container_of(flow, struct tcp, flow);
}

/* Is @a before @b? */
static inline bool tcp_before(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) < 0;
}

/* tcp_buffer.c */

/**
 * buffer_room() - Make room for at least one byte if there may be more than there are
 *
 * Return: bytes that can be added.
 */
size_t buffer_room(struct stack *stack, struct tcp_buffer *buffer);

/**
 * buffer_add() - Add up to @len bytes
 *
 * Return: how many.
 */
size_t buffer_add(struct stack *stack, struct tcp_buffer *buffer, const uint8_t *data, size_t len);

/**
 * buffer_read() - Add what a descriptor has, as read(2)
 */
ssize_t buffer_read(struct stack *stack, struct tcp_buffer *buffer, int fd);

/**
 * buffer_write() - Write what is there to a descriptor, as write(2), and forget what was written
 */
ssize_t buffer_write(struct stack *stack, struct tcp_buffer *buffer, int fd);

/**
 * buffer_copy() - Copy @len bytes that are @offset behind the first
 */
void buffer_copy(const struct tcp_buffer *buffer, size_t offset, uint8_t *to, size_t len);

void buffer_forget(struct stack *stack, struct tcp_buffer *buffer, size_t len);
void buffer_free(struct stack *stack, struct tcp_buffer *buffer);

/* tcp_output.c */

/**
 * tcp_send() - Send what the guest's window takes, and an acknowledgement when one is due
 */
void tcp_send(struct stack *stack, struct tcp *tcp);

/**
 * tcp_say() - One segment without data
 */
void tcp_say(struct stack *stack, struct tcp *tcp, uint8_t flags);

/**
 * tcp_refuse() - Answer a segment that belongs to no connection
 */
void tcp_refuse(struct stack *stack, const struct packet *packet,
		const struct tcp_segment *segment);

/**
 * tcp_again() - Send from the first byte on that the guest has not acknowledged
 */
void tcp_again(struct stack *stack, struct tcp *tcp);

/* tcp.c */

/**
 * tcp_pump() - Host to guest: read, send
 */
void tcp_pump(struct stack *stack, struct tcp *tcp);

/**
 * tcp_drain() - Guest to host: what could not be written before
 *
 * Return: false when the connection has ended.
 */
bool tcp_drain(struct stack *stack, struct tcp *tcp);

/**
 * tcp_abort() - End it on both sides with a reset
 * @tell: the guest does not know yet
 */
void tcp_abort(struct stack *stack, struct tcp *tcp, bool tell);

/**
 * tcp_finish() - End it when both directions have ended
 *
 * Return: true when it has ended.
 */
bool tcp_finish(struct stack *stack, struct tcp *tcp);

#endif
