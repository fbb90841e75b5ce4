// SPDX-License-Identifier: GPL-2.0-only
/* connect.c - the Connect protocol, as far as E2B's SDKs use it: JSON, unary calls and streams
 *
 * A stream's messages are in envelopes: a byte of flags, the length (4 bytes, big-endian), JSON.
 * The last one has flag 2 and says whether it went well.
 */
#include <stdlib.h>
#include <string.h>

#include "e2b.h"
#include "envelope.h"
#include "vitrine/util.h"

json_t *connect_body(struct request *request, bool stream)
{
	const char *data = request->body;
	size_t len = request->body_len;
	json_t *json = NULL;
	struct fault fault;

	if (stream && envelope_open(&data, &len))
		fault_set(&fault, FAULT_BAD_REQUEST, "the body is no envelope");
	else if (!len)
		return json_object();
	else
		json = json_loadb(data, len, JSON_REJECT_DUPLICATES, NULL);
	if (json_is_object(json))
		return json;
	if (!stream || len)
		fault_set(&fault, FAULT_BAD_REQUEST, "the message is no JSON object");
	json_decref(json);
	answer_fault(request, &fault);
	return NULL;
}

int connect_begin(struct request *request)
{
	struct fault fault;

	if (!answer_stream(request, 200, "application/connect+json", MHD_SIZE_UNKNOWN))
		return 0;
	fault_set(&fault, FAULT_BUSY, "no memory");
	answer_fault(request, &fault);
	return -1;
}

static int send_flagged(struct request *request, unsigned char flags, json_t *json)
{
	cleanup_free char *text = json ? json_dumps(json, JSON_COMPACT) : NULL;
	const size_t len = text ? strlen(text) : 0;
	unsigned char head[ENVELOPE_HEAD];

	json_decref(json);
	if (!text)
		return -1;
	envelope_head(head, flags, len);
	return answer_write(request, head, sizeof(head)) || answer_write(request, text, len) ? -1
											     : 0;
}

int connect_send(struct request *request, json_t *json)
{
	return send_flagged(request, 0, json);
}

void connect_end(struct request *request, const struct fault *fault)
{
	/* A connection that breaks is what a client takes for a sandbox that has ended */
	if (fault && fault->code == FAULT_SANDBOX_GONE) {
		answer_end(request, true);
		return;
	}
	send_flagged(request, ENVELOPE_END,
		     fault ? json_pack("{s:{s:s, s:s}}", "error", "code",
				       fault_kinds[fault->code].connect, "message", fault->text)
			   : json_object());
	answer_end(request, false);
}
