// SPDX-License-Identifier: GPL-2.0-only
/* fuzz_control.c - what a client of the control socket sends */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "engine/control/message.h"
#include "vitrine/abi.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* Exactly as long as the packet, so that a read behind its end is noticed */
	char *packet = malloc(size ? size : 1);
	struct message msg;
	struct error err;

	if (!packet)
		return 0;
	memcpy(packet, data, size);
	if (message_parse(packet, size, &msg, &err) == 0) {
		if (msg.op >= MESSAGE_NOPS || (msg.argv && !msg.argv[0]))
			abort();
		if (msg.op == MESSAGE_VIEW && (msg.view <= 0 || msg.view >= VT_NR_VIEWS))
			abort();
		message_free(&msg);
	}
	free(packet);
	return 0;
}
