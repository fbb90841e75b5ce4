// SPDX-License-Identifier: GPL-2.0-only
/* transfer.c - a file's content, between a client and a sandbox */
#include "transfer.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/cp/guestfs.h"
#include "service/service.h"
#include "vitrine/util.h"

#define UPLOAD_MS 60000 /* of silence */
#define PART_LEN 8

int sink_open(struct sink *sink, struct guest *guest, const char *path, const char *user,
	      struct fault *fault)
{
	char random[PART_LEN + 1], parent[GUEST_PATH_MAX];
	unsigned mode = 0644;
	bool fresh = true;
	struct error err = { 0 };
	struct entry e;
	char *slash;

	*sink = (struct sink){ .guest = guest, .handle = -1, .user = user };
	snprintf(sink->path, sizeof(sink->path), "%s", path);
	if (!guest_follow(guest, sink->path, &e, fault)) {
		if (S_ISDIR(e.mode))
			return fault_set(fault, FAULT_BAD_REQUEST, "%.300s is a directory", path);
		if (!S_ISREG(e.mode))
			return fault_set(fault, FAULT_BAD_REQUEST, "%.300s is no file", path);
		mode = e.mode & 07777;
		fresh = false;
	} else if (fault->code != FAULT_NOT_FOUND) {
		return -1;
	}
	snprintf(parent, sizeof(parent), "%s", sink->path);
	slash = strrchr(parent, '/');
	*slash = '\0';
	if (parent[0] && guest_mkdirs(guest, parent, user, fault))
		return -1;
	random_name(random, PART_LEN);
	if (snprintf(sink->part, sizeof(sink->part), "%s/.%s.part", parent, random) >=
	    (int)sizeof(sink->part))
		return fault_set(fault, FAULT_BAD_REQUEST, "path: too long");
	/* Nobody can be reading a file that there is not yet */
	if (fresh)
		snprintf(sink->part, sizeof(sink->part), "%s", sink->path);
	sink->handle =
	    guestfs_open(guest->client, sink->part, O_WRONLY | O_CREAT | O_EXCL, mode, &err);
	return sink->handle < 0 ? guest_fault(fault, &err, path) : 0;
}

/* Wait until at most @left writes are on their way */
static int settle(struct sink *sink, unsigned left, struct fault *fault)
{
	struct error err = { 0 };
	int ret = 0;

	while (sink->ndue > left) {
		if (guestfs_write_answer(sink->guest->client, sink->due[0], &err) && !ret)
			ret = guest_fault(fault, &err, sink->path);
		memmove(sink->due, sink->due + 1, --sink->ndue * sizeof(sink->due[0]));
	}
	return ret;
}

int sink_write(struct sink *sink, const void *data, size_t len, struct fault *fault)
{
	while (len) {
		const size_t n = len < GUESTFS_CHUNK ? len : GUESTFS_CHUNK;
		struct error err = { 0 };

		if (settle(sink, SINK_AHEAD - 1, fault))
			return -1;
		if (guestfs_write_ask(sink->guest->client, sink->handle, sink->at, data, n, &err))
			return guest_fault(fault, &err, sink->path);
		sink->due[sink->ndue++] = n;
		data = (const char *)data + n;
		sink->at += n;
		len -= n;
	}
	return 0;
}

int sink_close(struct sink *sink, bool keep, struct fault *fault)
{
	int ret = 0;

	if (sink->handle < 0)
		return 0;
	if (settle(sink, 0, fault)) {
		ret = -1;
		keep = false;
	}
	guestfs_close(sink->guest->client, sink->handle, NULL);
	sink->handle = -1;
	if (keep && sink->user)
		ret = guest_chown(sink->guest, json_pack("[s]", sink->part), sink->user, fault);
	if (keep && !ret)
		ret = guest_metadata_set(sink->guest, sink->part, sink->metadata, fault);
	if (keep && !ret && strcmp(sink->part, sink->path) != 0)
		ret = guest_rename(sink->guest, sink->part, sink->path, fault);
	if (!keep || ret)
		guestfs_unlink(sink->guest->client, sink->part, NULL);
	return ret;
}

int transfer_in(struct request *request, struct guest *guest, const char *path, const char *user,
		struct fault *fault)
{
	char *data = malloc(GUESTFS_CHUNK);
	struct fault ignored;
	struct sink sink;
	ssize_t n = -1;
	int ret = data ? sink_open(&sink, guest, path, user, fault)
		       : fault_set(fault, FAULT_BUSY, "no memory");

	if (!ret) {
		while (!ret && (n = pipe_read(request->upload, data, GUESTFS_CHUNK, UPLOAD_MS)) > 0)
			ret = sink_write(&sink, data, (size_t)n, fault);
		if (!ret && n < 0)
			ret = fault_set(fault, FAULT_BAD_REQUEST, "the upload was cut");
		if (sink_close(&sink, !ret, ret ? &ignored : fault))
			ret = -1;
	}
	free(data);
	return ret;
}

static int send_range(struct request *request, struct guest *guest, int64_t handle, uint64_t from,
		      uint64_t to)
{
	const uint8_t *data;
	bool asked = guestfs_read_ask(guest->client, handle, from, NULL) == 0;
	int ret = asked ? 0 : -1;

	while (!ret && from < to) {
		ssize_t n = guestfs_read_answer(guest->client, &data, NULL);

		asked = false;
		if (n <= 0) /* shorter than it was */
			return -1;
		if ((uint64_t)n > to - from)
			n = (ssize_t)(to - from);
		from += (uint64_t)n;
		if (from < to)
			asked = guestfs_read_ask(guest->client, handle, from, NULL) == 0;
		ret = answer_write(request, data, (size_t)n);
	}
	/* Whoever uses the connection next gets his own answer */
	if (asked)
		guestfs_read_answer(guest->client, &data, NULL);
	return ret;
}

int transfer_out(struct request *request, struct guest *guest, const char *path,
		 struct fault *fault)
{
	const char *range = request_header(request, "Range");
	char followed[GUEST_PATH_MAX], text[96];
	uint64_t from = 0, to;
	struct error err = { 0 };
	struct entry e;
	int64_t handle;
	int part = 0;

	snprintf(followed, sizeof(followed), "%s", path);
	if (guest_follow(guest, followed, &e, fault))
		return -1;
	if (S_ISDIR(e.mode))
		return fault_set(fault, FAULT_BAD_REQUEST, "%.300s is a directory", path);
	to = e.size;
	if (range)
		part = range_parse(range, e.size, &from, &to);
	if (part < 0) {
		snprintf(text, sizeof(text), "bytes */%" PRIu64, e.size);
		answer_header(request, "Content-Range", text);
		return fault_set(fault, FAULT_RANGE, "the file has %" PRIu64 " bytes", e.size);
	}
	handle = guestfs_open(guest->client, followed, O_RDONLY, 0, &err);
	if (handle < 0)
		return guest_fault(fault, &err, path);
	answer_header(request, "Accept-Ranges", "bytes");
	if (part) {
		snprintf(text, sizeof(text), "bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64, from, to - 1,
			 e.size);
		answer_header(request, "Content-Range", text);
	}
	if (to == from) {
		answer_text(request, 200, "application/octet-stream", "", 0);
	} else if (answer_stream(request, part ? 206 : 200, "application/octet-stream",
				 to - from)) {
		guestfs_close(guest->client, handle, NULL);
		return fault_set(fault, FAULT_BUSY, "no memory");
	} else {
		answer_end(request, send_range(request, guest, handle, from, to) != 0);
	}
	guestfs_close(guest->client, handle, NULL);
	return 0;
}
