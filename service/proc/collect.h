/* SPDX-License-Identifier: GPL-2.0-only */
/* collect.h - a command's whole output, for calls that answer at its end */
#ifndef SERVICE_PROC_COLLECT_H
#define SERVICE_PROC_COLLECT_H

#include "process.h"

#define COLLECT_MAX (8 * 1024 * 1024)

/**
 * struct collected - what a command has written
 * @cut: there was more of it than COLLECT_MAX
 */
struct collected {
	char *out, *err;
	size_t out_len, err_len;
	int status;
	bool cut;
};

/**
 * collect() - Wait for a command's end
 * @timeout_ms: then it is killed
 *
 * Return: 0, or -1 with @fault: it took too long, or the sandbox has ended. collected_free() in any
 * case.
 */
int collect(struct process *process, struct reader *reader, int64_t timeout_ms,
	    struct collected *collected, struct fault *fault);

void collected_free(struct collected *collected);

/** base64() - Bytes as a JSON string */
json_t *base64(const void *data, size_t len);

/** base64_decode() - Return: bytes in @out, which has room for len / 4 * 3, or -1 */
ssize_t base64_decode(const char *text, size_t len, void *out);

/** text_or_base64() - As text if both are UTF-8 without zeros; @encoding says which it was */
void text_or_base64(const struct collected *collected, json_t **out, json_t **err,
		    const char **encoding);

#endif
