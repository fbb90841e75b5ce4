/* SPDX-License-Identifier: GPL-2.0-only */
/* http.h - one request to a registry, and whether it is worth a second try */
#ifndef VITRINE_IMAGES_OCI_HTTP_H
#define VITRINE_IMAGES_OCI_HTTP_H

#include <curl/curl.h>
#include "images/oci/registry.h"

/**
 * struct request - a request, and what came of it
 * @url:     whole
 * @accept:  media types, NULL for any
 * @post:    body of a POST, NULL for a GET
 * @authorized: send what the registry was told about us
 * @blob:    where the body goes; NULL: to @text
 * @offset:  of the blob's first byte that is wanted
 * @wait_ms: before the next try, as the server or the number of tries says
 */
struct request {
	struct registry *registry;
	char url[2048];
	const char *accept, *post, *user;
	bool authorized;
	struct registry_blob *blob;
	uint64_t offset;

	CURL *curl;
	struct curl_slist *headers;
	char *text, challenge[2048], reason[CURL_ERROR_SIZE];
	size_t length;
	long status;
	unsigned tries, wait_ms;
	bool too_long, write_failed, unreachable;
	int write_errno;
};

/** request_begin() - Set a handle up for the next try */
int request_begin(struct request *r, struct error *err);

/** enum verdict - what is to be done after a try */
enum verdict { VERDICT_GOOD, VERDICT_AGAIN, VERDICT_UNAUTHORIZED, VERDICT_FAILED };

/**
 * request_judge() - After a try
 * @err: filled unless it was good
 */
enum verdict request_judge(struct request *r, CURLcode code, struct error *err);

/** request_pause() - Milliseconds until the next try; 0 when there have been enough */
unsigned request_pause(struct request *r);

/** request_run() - Try until there is an answer, but not for ever */
enum verdict request_run(struct request *r, struct error *err);

void request_end(struct request *r);

/** registry_login() - Get a token, as the challenge of @r says */
int registry_login(struct registry *registry, const struct request *r, struct error *err);

#endif
