// SPDX-License-Identifier: GPL-2.0-only
/* fuzz_wisp.c - packets of clients and of relays: the first byte says whose */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/wisp.h"

/* What was understood is what is said: written anew it is understood the same way */
static void connect_again(const struct wisp_packet *packet)
{
	uint8_t out[WISP_PACKET_MAX];
	struct wisp_connect connect, again;
	struct wisp_packet whole;
	size_t len;

	if (!wisp_connect_parse(packet, &connect))
		return;
	if (!connect.port || !*connect.host || strlen(connect.host) > WISP_HOST_MAX ||
	    connect.host[strcspn(connect.host, "/ \r\n%@\\\"")])
		abort();
	if (connect.host[strlen(connect.host) - 1] == '.')
		return; /* "a.." is no name, which whoever resolves says */
	len = wisp_connect(out, packet->stream, &connect);
	if (len > sizeof(out) || !wisp_parse(out, len, &whole) ||
	    !wisp_connect_parse(&whole, &again) || memcmp(&connect, &again, sizeof(again)))
		abort();
}

static void info_again(const struct wisp_packet *packet, bool server)
{
	uint8_t out[WISP_PACKET_MAX];
	struct wisp_info info, again;
	struct wisp_packet whole;
	size_t len;

	if (!wisp_info_parse(packet, server, &info))
		return;
	len = wisp_info(out, server, &info);
	if (len > sizeof(out) || !wisp_parse(out, len, &whole) ||
	    !wisp_info_parse(&whole, server, &again) || info.udp != again.udp ||
	    info.confirm != again.confirm || info.duplex != again.duplex ||
	    info.window != again.window || info.required != again.required ||
	    strcmp(info.secret, again.secret) || strcmp(info.user, again.user))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct wisp_packet packet;
	uint32_t number;

	if (!size || !wisp_parse(data + 1, size - 1, &packet))
		return 0;
	if (packet.payload + packet.len != data + size)
		abort();
	connect_again(&packet);
	info_again(&packet, *data & 1);
	wisp_number(&packet, &number);
	return 0;
}
