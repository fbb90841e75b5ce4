// SPDX-License-Identifier: GPL-2.0-only
/* fuzz_move.c - hostile streams of snapshots, as they are behind the decompression
 *
 * The first byte says how many bytes come at a time. What is taken must lie in its file, in order,
 * in a file that has begun.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cli/snapshot/move/stream.h"

static struct {
	const uint8_t *at;
	size_t left, step;
	bool open;
	uint64_t size, end;
	volatile unsigned sum;
} state;

static long read_some(void *source, void *buf, size_t len, struct error *err)
{
	size_t n = len < state.step ? len : state.step;

	n = n < state.left ? n : state.left;
	memcpy(buf, state.at, n);
	state.at += n;
	state.left -= n;
	return (long)n;
}

static int take_name(void *ctx, const char *name, struct error *err)
{
	state.sum += (unsigned)strlen(name);
	return 0;
}

static int take_file(void *ctx, const char *name, uint64_t size, struct error *err)
{
	if (state.open || size > STREAM_FILE_MAX || strlen(name) > STREAM_NAME_MAX)
		abort();
	state.open = true;
	state.size = size;
	state.end = 0;
	return 0;
}

static int take_data(void *ctx, uint64_t offset, const void *data, size_t len, struct error *err)
{
	if (!state.open || offset < state.end || len > STREAM_BLOCK || offset > state.size ||
	    len > state.size - offset)
		abort();
	state.end = offset + len;
	for (size_t i = 0; i < len; i++)
		state.sum += ((const uint8_t *)data)[i];
	return 0;
}

static int take_file_end(void *ctx, const char *digest, struct error *err)
{
	if (!state.open || !digest_valid(digest))
		abort();
	state.open = false;
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct stream_taker taker = { take_name, take_file, take_data, take_file_end };
	struct error err;

	if (!size)
		return 0;
	memset(&state, 0, sizeof(state));
	state.at = data + 1;
	state.left = size - 1;
	state.step = data[0] ? data[0] : STREAM_BLOCK;
	stream_read(read_some, NULL, &taker, &err);
	return 0;
}
