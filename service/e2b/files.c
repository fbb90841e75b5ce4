// SPDX-License-Identifier: GPL-2.0-only
/* files.c - GET and POST of /files: the content of files, as E2B's SDKs read and write it
 *
 * A POST is a form whose parts are files, each with its path as its name (or that of the query), or
 * it is the one file's bytes. Either may be compressed (gzip).
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <zlib.h>

#include "e2b.h"
#include "multipart.h"
#include "service/files/transfer.h"
#include "vitrine/util.h"

#define CHUNK (64 * 1024)
#define UPLOAD_MS 60000
#define FILES_MAX 1000
#define METADATA "X-Metadata-"
#define METADATA_LEN (sizeof(METADATA) - 1)
#define METADATA_MAX 4096

/**
 * struct upload - a POST that goes on
 * @path:  of the query, "" when the parts say it
 * @open:  a part of a file is being written
 * @written: the answer
 * @metadata: of all of them, NULL for none
 */
struct upload {
	struct guest guest;
	const char *user;
	char path[GUEST_PATH_MAX];
	struct sink sink;
	bool open;
	json_t *written, *metadata;
	struct fault fault;
};

void e2b_file_get(struct request *request)
{
	const char *path = request_query(request, "path");
	struct guest guest cleanup_guest = { 0 };
	char absolute[GUEST_PATH_MAX];
	struct fault fault;
	struct envd envd;

	if (envd_begin(request, &envd, "read", path))
		return;
	if (guest_open(request->service, envd.sandbox.id, &guest, &fault) ||
	    guest_path(&guest, path, envd_user(&guest, &envd), absolute, &fault) ||
	    transfer_out(request, &guest, absolute, &fault))
		answer_fault(request, &fault);
	envd_end(request, &envd);
}

static int begin_file(struct upload *up, const char *path)
{
	char absolute[GUEST_PATH_MAX];

	if (json_array_size(up->written) == FILES_MAX)
		return fault_set(&up->fault, FAULT_TOO_LARGE, "at most %d files", FILES_MAX);
	if (guest_path(&up->guest, path, up->user, absolute, &up->fault) ||
	    sink_open(&up->sink, &up->guest, absolute, up->user, &up->fault))
		return -1;
	up->sink.metadata = up->metadata;
	up->open = true;
	return 0;
}

static int end_file(struct upload *up)
{
	const char *slash = strrchr(up->sink.path, '/');

	up->open = false;
	if (sink_close(&up->sink, true, &up->fault))
		return -1;
	json_array_append_new(up->written,
			      json_pack("{s:s, s:s, s:s, s:O*}", "name", slash + 1, "type", "file",
					"path", up->sink.path, "metadata", up->metadata));
	return 0;
}

static int on_begin(void *context, const char *name, const char *filename)
{
	struct upload *up = context;

	if (strcmp(name, "file") != 0)
		return 0;
	return begin_file(up, up->path[0] ? up->path : filename);
}

static int on_data(void *context, const char *data, size_t len)
{
	struct upload *up = context;

	return up->open ? sink_write(&up->sink, data, len, &up->fault) : 0;
}

static int on_end(void *context)
{
	struct upload *up = context;

	return up->open ? end_file(up) : 0;
}

/* Bytes of the body, as they were before they were compressed */
typedef int body_sink(void *context, const char *data, size_t len);

static int inflate_some(z_stream *z, char *out, body_sink *sink, void *context)
{
	do {
		int ret;

		z->next_out = (unsigned char *)out;
		z->avail_out = CHUNK;
		ret = inflate(z, Z_NO_FLUSH);
		if (ret != Z_OK && ret != Z_STREAM_END && ret != Z_BUF_ERROR)
			return -1;
		if (sink(context, out, CHUNK - z->avail_out))
			return -1;
		if (ret == Z_STREAM_END)
			return 0;
	} while (z->avail_in || !z->avail_out);
	return 0;
}

static int read_body(struct request *request, body_sink *sink, void *context, struct fault *fault)
{
	const char *encoding = request_header(request, "Content-Encoding");
	const bool zipped = encoding && !strcasecmp(encoding, "gzip");
	cleanup_free char *in = malloc(CHUNK), *out = malloc(CHUNK);
	z_stream z = { 0 };
	ssize_t n = -1;
	int ret = 0;

	fault->text[0] = '\0';
	if (!in || !out || (zipped && inflateInit2(&z, 16 + MAX_WBITS) != Z_OK))
		return fault_set(fault, FAULT_BUSY, "no memory");
	while (!ret && (n = pipe_read(request->upload, in, CHUNK, UPLOAD_MS)) > 0) {
		z.next_in = (unsigned char *)in;
		z.avail_in = (unsigned)n;
		ret = zipped ? inflate_some(&z, out, sink, context) : sink(context, in, (size_t)n);
	}
	if (zipped)
		inflateEnd(&z);
	if (!ret && n < 0)
		return fault_set(fault, FAULT_BAD_REQUEST, "the upload was cut");
	if (ret && !fault->text[0])
		fault_set(fault, FAULT_BAD_REQUEST, "the body is malformed");
	return ret;
}

static int form_sink(void *context, const char *data, size_t len)
{
	return multipart_take(context, data, len);
}

static int plain_sink(void *context, const char *data, size_t len)
{
	return len ? on_data(context, data, len) : 0;
}

static int receive(struct request *request, struct upload *up)
{
	const struct multipart_events events = { on_begin, on_data, on_end, up };
	const char *type = request_header(request, "Content-Type");
	struct multipart *form = malloc(sizeof(*form));
	int ret;

	if (!form)
		return fault_set(&up->fault, FAULT_BUSY, "no memory");
	if (!multipart_open(form, type, &events)) {
		ret = read_body(request, form_sink, form, &up->fault);
		if (!ret && !multipart_over(form))
			ret = fault_set(&up->fault, FAULT_BAD_REQUEST, "the form has no end");
	} else {
		ret = begin_file(up, up->path) || read_body(request, plain_sink, up, &up->fault) ||
		      end_file(up);
	}
	free(form);
	return ret;
}

/* Of the headers X-Metadata-NAME, whose case is lost on the way */
static int take_metadata(struct upload *up, const struct request *request)
{
	size_t total = 0;

	for (size_t i = 0; i < request->nvalues; i++) {
		const struct value *v = &request->values[i];
		char name[REQUEST_HEADER_MAX];
		size_t len;

		if (v->kind != MHD_HEADER_KIND || strncasecmp(v->name, METADATA, METADATA_LEN) != 0)
			continue;
		len = strlen(v->name + METADATA_LEN);
		total += len + strlen(v->value);
		if (!len || len >= 200 || total > METADATA_MAX)
			return fault_set(&up->fault, FAULT_BAD_REQUEST,
					 "metadata: at most %d bytes", METADATA_MAX);
		for (size_t k = 0; k <= len; k++)
			name[k] = (char)tolower((unsigned char)v->name[METADATA_LEN + k]);
		if (!up->metadata)
			up->metadata = json_object();
		json_object_set_new(up->metadata, name, json_string(v->value));
	}
	return 0;
}

void e2b_file_post(struct request *request)
{
	const char *path = request_query(request, "path");
	struct upload *up;
	struct fault ignored;
	struct envd envd;

	if (envd_begin(request, &envd, "write", path ? path : ""))
		return;
	up = calloc(1, sizeof(*up));
	if (!up || guest_open(request->service, envd.sandbox.id, &up->guest, &up->fault)) {
		fault_set(&ignored, FAULT_SANDBOX_GONE, "the sandbox cannot be reached");
		answer_fault(request, &ignored);
	} else {
		snprintf(up->path, sizeof(up->path), "%s", path ? path : "");
		up->user = envd_user(&up->guest, &envd);
		up->written = json_array();
		if (take_metadata(up, request) || receive(request, up)) {
			answer_fault(request, &up->fault);
			if (up->open)
				sink_close(&up->sink, false, &ignored);
			json_decref(up->written);
		} else {
			answer_json(request, 200, up->written);
		}
	}
	if (up) {
		guest_close(&up->guest);
		json_decref(up->metadata);
	}
	free(up);
	envd_end(request, &envd);
}
