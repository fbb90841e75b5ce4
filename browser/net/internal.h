/* SPDX-License-Identifier: GPL-2.0-only */
/* internal.h - what the parts of a machine's network share */
#ifndef BROWSER_NET_INTERNAL_H
#define BROWSER_NET_INTERNAL_H

#include "engine/net/stack/stack.h"
#include "lib/wisp.h"
#include "net.h"

#define CHANNELS_MAX 1024
#define NAMES_MAX 4096
#define CREDIT (512 * 1024) /* bytes of a connection that the relay may have sent ahead */
#define GATE_FD CHANNELS_MAX

/* Where packets of nobody come from: names' own addresses begin here (RFC 2544) */
#define NAMES_FIRST 0xc6120001u

enum channel_kind { CHANNEL_STREAM, CHANNEL_DATAGRAMS, CHANNEL_NAMES, CHANNEL_NONE };

enum channel_state {
	CHANNEL_WAITS, /* for the relay */
	CHANNEL_ASKED,
	CHANNEL_OPEN,
};

/**
 * struct piece - bytes for the guest
 */
struct piece {
	struct piece *next;
	size_t len, done;
	uint8_t data[];
};

/**
 * struct channel - what the stack has in place of a socket
 * @stream: the relay's number of it
 * @flow:   the stack's
 * @answer: the stack is to be told: 0, or an errno value; @answered: it was
 * @in:     what the relay has sent, and the stack has not read; @taken: since the last credit
 * @window: packets that the relay takes
 * @events: that the stack is to be told of
 * @host_done, @guest_done: that direction has ended; @failed: errno value of a reset
 */
struct channel {
	enum channel_kind kind;
	enum channel_state state;
	uint32_t stream, flow, window, taken;
	uint32_t answer, events;
	bool to_answer, host_done, guest_done, aborted;
	int failed;
	uint64_t since;
	struct wisp_connect asked;
	struct piece *in, **in_last;
};

/**
 * struct net - see net.h
 * @there: the WebSocket is open; @ready: the relay takes connections; @confirms, @duplex: it can
 * @reader: the guest's end of the cable
 */
struct net {
	struct stack stack;
	struct link_end reader;
	void *rings;
	bool (*send)(void *of, const void *packet, size_t len);
	void (*random)(void *of, void *data, size_t len);
	void *of;
	bool there, ready, greeted, confirms, duplex;
	uint32_t window, last_stream;
	unsigned top;
	struct channel *channels[CHANNELS_MAX];
	char *names[NAMES_MAX];
	uint32_t next_name;
};

/* channel.c */
void channel_open(struct net *net, const struct wire *wire);
void channel_closed(struct net *net, const struct wire *wire);
void channels_round(struct net *net);
void channels_ready(struct net *net);
void channels_lost(struct net *net);
struct channel *channel_of_stream(struct net *net, uint32_t stream);
void channel_data(struct net *net, struct channel *channel, const uint8_t *data, size_t len);
void channel_continue(struct net *net, struct channel *channel, uint32_t window);
void channel_end(struct net *net, struct channel *channel, unsigned reason);
void channel_free(struct net *net, unsigned place);

/* names.c */
size_t names_answer(struct net *net, const uint8_t *ask, size_t len, uint8_t *answer, size_t room);
const char *names_of(const struct net *net, const struct address *address);

#endif
