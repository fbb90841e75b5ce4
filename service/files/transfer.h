/* SPDX-License-Identifier: GPL-2.0-only */
/* transfer.h - a file's content, between a client and a sandbox */
#ifndef SERVICE_FILES_TRANSFER_H
#define SERVICE_FILES_TRANSFER_H

#include "guest.h"
#include "range.h"
#include "service/http/request.h"

#define SINK_AHEAD 2

/**
 * struct sink - a file in the sandbox that is being written
 *
 * One that is there already is written beside its place, and gets its name when all of it is there:
 * whoever reads it meanwhile sees the old one, and a client that goes away leaves nothing.
 *
 * @metadata: what is said of it, NULL for nothing; not owned
 * @due: bytes of writes that were not answered yet, the oldest first
 */
struct sink {
	struct guest *guest;
	const char *user;
	const json_t *metadata;
	char path[GUEST_PATH_MAX], part[GUEST_PATH_MAX];
	int64_t handle;
	uint64_t at;
	size_t due[SINK_AHEAD];
	unsigned ndue;
};

/** sink_open() - Begin; parents are made. @user: whose it will be, or NULL */
int sink_open(struct sink *sink, struct guest *guest, const char *path, const char *user,
	      struct fault *fault);
int sink_write(struct sink *sink, const void *data, size_t len, struct fault *fault);

/** sink_close() - @keep: all is there; to be called in any case */
int sink_close(struct sink *sink, bool keep, struct fault *fault);

/**
 * transfer_out() - Answer with a file, or with the part of it that Range asks for
 *
 * Return: 0 when it was answered, or -1 with @fault.
 */
int transfer_out(struct request *request, struct guest *guest, const char *path,
		 struct fault *fault);

/** transfer_in() - Write the request's body to a file */
int transfer_in(struct request *request, struct guest *guest, const char *path, const char *user,
		struct fault *fault);

#endif
