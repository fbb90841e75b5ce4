/* SPDX-License-Identifier: GPL-2.0-only */
/* net.h - a machine's network: the other end of its cable, and a relay that speaks WISP
 *
 * Theory of operation
 * The guest's packets go to the stack that sandboxes have (engine/net/stack), which ends its TCP
 * connections and answers ARP, DHCP and pings of the gateway. Where a sandbox has sockets, a
 * machine has channels (channel.c): streams of WISP in one WebSocket, which its host opens for it.
 *
 * The guest's resolver is here, too (names.c). Every name has an address of ours (198.18.0.0/15),
 * so that a connection to it carries the name, and the relay resolves and decides.
 *
 * There is one network at a time in a program.
 */
#ifndef BROWSER_NET_NET_H
#define BROWSER_NET_NET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct net;

#define NET_SAVED_NAMES 256
#define NET_SAVED_NAME 254
#define NET_SAVED_FLOWS 256

/**
 * struct net_saved - what of it goes on after a pause: names, and connections that are to be reset
 */
struct net_saved {
	uint32_t names, next_name, flows, pad;
	char name[NET_SAVED_NAMES][NET_SAVED_NAME];
	struct net_saved_flow {
		uint8_t remote[4];
		uint16_t guest_port, remote_port;
		uint32_t seq, ack;
	} flow[NET_SAVED_FLOWS];
};

/**
 * net_new() - Make one
 * @send: a packet for the relay; false when it cannot be sent now or ever
 * @random: fill with random bytes
 * @of:   for both
 */
struct net *net_new(bool (*send)(void *of, const void *packet, size_t len),
		    void (*random)(void *of, void *data, size_t len), void *of);
void net_free(struct net *net);

/* The relay can be talked to, or no more */
void net_relay(struct net *net, bool there);

/* A packet of the relay's */
void net_packet(struct net *net, const uint8_t *packet, size_t len);

/* A frame of the guest's */
void net_frame(struct net *net, const uint8_t *frame, size_t len);

/**
 * net_round() - Do what is due
 * @now: milliseconds, monotonic
 */
void net_round(struct net *net, uint64_t now);

/* When net_round() is due by itself: milliseconds, or 0 */
uint64_t net_wakes(const struct net *net);

/**
 * net_peek() - The next frame for the guest
 * @header: filled with a copy of virtio's header, 12 bytes
 *
 * Return: the frame, or NULL.
 */
const void *net_peek(struct net *net, size_t *len, void *header);
void net_take(struct net *net);

void net_save(struct net *net, struct net_saved *saved);
/* @saved comes from anywhere */
void net_restore(struct net *net, const struct net_saved *saved);

#endif
