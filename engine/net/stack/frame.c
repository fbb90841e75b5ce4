// SPDX-License-Identifier: GPL-2.0-only
/* frame.c - frames of the guest's taken apart, frames to the guest put together
 *
 * Theory of operation
 * A guest writes what it likes, and may change it while we look. So the headers are copied before
 * anything is decided on them, and there is one form of packet that is taken: Ethernet, IP without
 * options, fragments or extension headers, one protocol. The length of the cable's frames is a
 * whole IPv4 packet, so that an honest guest has no reason for fragments. Checksums are not looked
 * at: between the guest's memory and ours nothing is changed by accident.
 *
 * Frames to the guest are written where the guest's device reads them. Their checksums hold the
 * pseudo header's sum, which is virtio's way of saying that the rest is not needed; should the
 * guest send them on, its kernel fills in the rest.
 *
 * Host system calls: none.
 */
#include "stack.h"

#include <errno.h>
#include <net/ethernet.h>

#include "vitrine/util.h"

#define ETHERNET 14
#define IP4 20
#define IP6 40
#define TTL 64
#define QUOTE4 (IP4 + 8) /* of a packet in an ICMP message */
#define QUOTE6 (HEAD_MAX - 14)

/* A multiple of four, so that it only matters to what follows when that is odd */
static uint32_t sum_up(const uint8_t *data, size_t len, uint32_t sum)
{
	for (; len > 1; data += 2, len -= 2)
		sum += get16(data);
	if (len)
		sum += (uint32_t)*data << 8;
	return sum;
}

static uint16_t fold(uint32_t sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

uint16_t checksum(const void *data, size_t len, uint32_t sum)
{
	return (uint16_t)~fold(sum_up(data, len, sum));
}

static bool source_is_guest(const struct address *source)
{
	const struct address *network = address_is_v4(source) ? &stack_guest4 : &stack_guest6;

	return address_within(source, network, network == &stack_guest4 ? NET_BITS4 : NET_BITS6) ||
	       (!address_is_v4(source) && address_kind(source) == ADDRESS_LINK);
}

static bool parse_ip4(struct packet *p, size_t len)
{
	const uint8_t *ip = p->head + ETHERNET;
	size_t total;

	if (len < IP4)
		return false;
	total = get16(ip + 2);
	if (ip[0] != 0x45 || total < IP4 || total > len || get16(ip + 6) & 0x3fff)
		return false;
	p->protocol = ip[9];
	p->source = address_from_v4(ip + 12);
	p->destination = address_from_v4(ip + 16);
	p->l4 = ip + IP4;
	p->len = total - IP4;
	return true;
}

static bool parse_ip6(struct packet *p, size_t len)
{
	const uint8_t *ip = p->head + ETHERNET;
	size_t total;

	if (len < IP6)
		return false;
	total = get16(ip + 4);
	if (ip[0] >> 4 != 6 || total > len - IP6)
		return false;
	p->v6 = true;
	p->protocol = ip[6];
	p->l4 = ip + IP6;
	p->len = total;
	return address_from_v6(ip + 8, &p->source) && address_from_v6(ip + 24, &p->destination);
}

bool packet_parse(const uint8_t *frame, size_t len, struct packet *p)
{
	const size_t copied = len < HEAD_MAX ? len : HEAD_MAX;
	size_t offset;

	if (len < ETHERNET)
		return false;
	memcpy(p->head, frame, copied);
	memset(p->head + copied, 0, HEAD_MAX - copied);
	memcpy(p->mac, p->head + 6, sizeof(p->mac));
	p->v6 = false;
	p->ip = p->head + ETHERNET;
	switch (get16(p->head + 12)) {
	case ETHERTYPE_IP:
		if (!parse_ip4(p, len - ETHERNET))
			return false;
		break;
	case ETHERTYPE_IPV6:
		if (!parse_ip6(p, len - ETHERNET))
			return false;
		break;
	default:
		return false;
	}
	offset = (size_t)(p->l4 - p->head);
	p->rest = frame + offset;
	p->l4_head = HEAD_MAX - offset < p->len ? HEAD_MAX - offset : p->len;
	return source_is_guest(&p->source);
}

/* The sum of addresses, length and protocol that TCP's and UDP's checksums begin with */
static uint32_t pseudo_sum(const struct outgoing *out)
{
	const uint8_t *ip = out->frame + ETHERNET;
	uint32_t sum = (uint32_t)out->l4_len;

	if (out->v6)
		return sum_up(ip + 8, 32, sum + ip[6]);
	return sum_up(ip + 12, 8, sum + ip[9]);
}

static void write_ip4(uint8_t *ip, const struct address *source, const struct address *destination,
		      uint8_t protocol, size_t l4_len)
{
	memset(ip, 0, IP4);
	ip[0] = 0x45;
	put16(ip + 2, (uint32_t)(IP4 + l4_len));
	ip[6] = 0x40; /* is not to be divided */
	ip[8] = TTL;
	ip[9] = protocol;
	memcpy(ip + 12, source->byte + 12, 4);
	memcpy(ip + 16, destination->byte + 12, 4);
	put16(ip + 10, checksum(ip, IP4, 0));
}

static void write_ip6(uint8_t *ip, const struct address *source, const struct address *destination,
		      uint8_t protocol, size_t l4_len)
{
	put32(ip, 6U << 28);
	put16(ip + 4, (uint32_t)l4_len);
	ip[6] = protocol;
	ip[7] = protocol == IPPROTO_ICMPV6 ? 255 : TTL;
	memcpy(ip + 8, source->byte, 16);
	memcpy(ip + 24, destination->byte, 16);
}

static void write_ethernet(uint8_t *frame, const uint8_t mac[6], uint16_t type)
{
	static const uint8_t ours[6] = NET_MAC_GATEWAY;

	memcpy(frame, mac, 6);
	memcpy(frame + 6, ours, 6);
	put16(frame + 12, type);
}

bool packet_begin(struct stack *stack, struct outgoing *out, const uint8_t mac[6],
		  const struct address *source, const struct address *destination, uint8_t protocol,
		  size_t l4_len)
{
	uint8_t *ip;

	out->v6 = !address_is_v4(destination);
	out->l4_len = l4_len;
	out->frame =
	    link_reserve(&stack->out, ETHERNET + (out->v6 ? IP6 : IP4) + l4_len, &out->header);
	if (!out->frame)
		return false;
	write_ethernet(out->frame, mac, out->v6 ? ETHERTYPE_IPV6 : ETHERTYPE_IP);
	ip = out->frame + ETHERNET;
	if (out->v6)
		write_ip6(ip, source, destination, protocol, l4_len);
	else
		write_ip4(ip, source, destination, protocol, l4_len);
	out->l4 = ip + (out->v6 ? IP6 : IP4);
	memset(out->header, 0, sizeof(*out->header));
	return true;
}

void packet_end(struct stack *stack, struct outgoing *out, size_t sum, size_t segment)
{
	const size_t offset = (size_t)(out->l4 - out->frame);

	put16(out->l4 + sum, fold(pseudo_sum(out)));
	out->header->flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
	out->header->csum_start = (uint16_t)offset;
	out->header->csum_offset = (uint16_t)sum;
	if (segment) {
		out->header->gso_type =
		    out->v6 ? VIRTIO_NET_HDR_GSO_TCPV6 : VIRTIO_NET_HDR_GSO_TCPV4;
		out->header->gso_size = (uint16_t)segment;
		out->header->hdr_len = (uint16_t)(offset + (out->l4[12] >> 4) * 4);
	}
	link_commit(&stack->out, offset + out->l4_len);
}

void packet_end_summed(struct stack *stack, struct outgoing *out, size_t sum)
{
	put16(out->l4 + sum, 0);
	put16(out->l4 + sum,
	      checksum(out->l4, out->l4_len,
		       out->v6 ? pseudo_sum(out) : 0)); /* ICMP's has addresses in IPv6 only */
	link_commit(&stack->out, (size_t)(out->l4 - out->frame) + out->l4_len);
}

void packet_raw(struct stack *stack, const uint8_t mac[6], uint16_t type, const void *data,
		size_t len)
{
	link_header *header;
	uint8_t *frame = link_reserve(&stack->out, ETHERNET + len, &header);

	if (!frame)
		return;
	memset(header, 0, sizeof(*header));
	write_ethernet(frame, mac, type);
	memcpy(frame + ETHERNET, data, len);
	link_commit(&stack->out, ETHERNET + len);
}

/* ICMP's codes for "destination unreachable", in both families */
static const struct {
	uint32_t code;
	uint8_t v4, v6;
} unreachable[] = {
	{ WIRE_REFUSED, 13, 1 },
	{ ECONNREFUSED, 3, 4 },
	{ EHOSTUNREACH, 1, 3 },
	{ EACCES, 13, 1 },
	{ EPERM, 13, 1 },
	{ ETIMEDOUT, 1, 3 },
	{ 0, 0, 0 }, /* any other: no route */
};

void packet_unreachable(struct stack *stack, const struct packet *p, uint32_t code)
{
	const size_t ip_len = (size_t)(p->l4 - p->ip);
	size_t quote = ip_len + p->l4_head, i = 0;
	struct outgoing out;

	if (quote > (p->v6 ? QUOTE6 : QUOTE4))
		quote = p->v6 ? QUOTE6 : QUOTE4;
	if (!packet_begin(stack, &out, p->mac, &p->destination, &p->source,
			  p->v6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP, 8 + quote))
		return;
	while (unreachable[i].code && unreachable[i].code != code)
		i++;
	memset(out.l4, 0, 8);
	out.l4[0] = p->v6 ? 1 : 3;
	out.l4[1] = p->v6 ? unreachable[i].v6 : unreachable[i].v4;
	memcpy(out.l4 + 8, p->ip, quote);
	packet_end_summed(stack, &out, 2);
}
