/* SPDX-License-Identifier: GPL-2.0-only */
/* wire.h - what the network processes say to each other, and where things are in the guest's
 * network
 *
 * The stack asks, the gate answers. A message is one packet of this structure; descriptors come
 * with WIRE_OPENED and WIRE_INCOMING.
 *
 * The gate tells the proxy of connections whose requests it is to judge, and gives it both ends;
 * the proxy says what became of each request.
 */
#ifndef ENGINE_NET_WIRE_H
#define ENGINE_NET_WIRE_H

#include <stdint.h>

#include "lib/address.h"
#include "lib/http.h"
#include "lib/policy.h"

/* The guest's network: what its kernel is told on its command line */
#define NET_GUEST4 "10.0.2.15"
#define NET_GATEWAY4 "10.0.2.2"
#define NET_RESOLVER4 "10.0.2.3"
#define NET_BITS4 24
#define NET_GUEST6 "fd00:2::15"
#define NET_GATEWAY6 "fd00:2::2"
#define NET_RESOLVER6 "fd00:2::3"
#define NET_BITS6 64

#define NET_MAC_GUEST                                                                              \
	{                                                                                          \
		0x52, 0x54, 0x00, 0x12, 0x34, 0x56                                                 \
	}
#define NET_MAC_GATEWAY                                                                            \
	{                                                                                          \
		0x52, 0x54, 0x00, 0x12, 0x34, 0x02                                                 \
	}

#define PORT_DNS 53

enum wire_kind {
	/* from the stack */
	WIRE_OPEN,   /* a connection to @address, @port, for the guest's @guest_port */
	WIRE_CLOSED, /* it is over: @sent, @received */
	/* from the gate */
	WIRE_OPENED,   /* here it is, as a descriptor; or @code says why not */
	WIRE_INCOMING, /* somebody has connected to a published port */
	WIRE_LIMIT,    /* @sent: bytes a second in each direction, 0 for no limit */
};

/* Why not, beside errno values */
#define WIRE_REFUSED 10000 /* the policy says so */

/* Numbers of connections that the gate gives have this bit, those of the stack have not */
#define WIRE_FROM_GATE 0x80000000U

struct wire {
	uint32_t kind, id, code;
	uint16_t port, guest_port;
	uint8_t protocol; /* IPPROTO_TCP, IPPROTO_UDP, IPPROTO_ICMP (for IPv6, too) */
	uint8_t pad[7];
	struct address address, guest;
	uint64_t sent, received; /* by the guest */
};

#define WIRE_NAMES_MAX 24
#define WIRE_PATH_MAX 1024
#define WIRE_WHY_MAX 200

/**
 * struct wire_governed - gate to proxy: a connection, with the guest's end and the peer's
 * @others: it may be about other hosts than those with rules or secrets, and then is nobody's
 * business
 * @names:  of hosts that have rules or secrets, that the guest was told this address for
 */
struct wire_governed {
	uint32_t id;
	uint16_t port;
	uint8_t others, count;
	char names[WIRE_NAMES_MAX][POLICY_NAME_MAX + 1];
};

enum wire_verdict { WIRE_ALLOWED, WIRE_DENIED, WIRE_FAILED };

/**
 * struct wire_request - proxy to gate: a request is over, or what came is none; all text is NUL
 * terminated
 * @verdict: enum wire_verdict
 * @status:  of the answer, or 0
 * @path:    without its query, which may hold what is nobody's business
 * @why:     the rule, or what was wrong
 */
struct wire_request {
	uint32_t id;
	uint16_t status;
	uint8_t verdict, tls;
	uint64_t ms, sent, received;
	char method[HTTP_METHOD_MAX + 1], host[POLICY_NAME_MAX + 1], path[WIRE_PATH_MAX],
	    why[WIRE_WHY_MAX];
};

#endif
