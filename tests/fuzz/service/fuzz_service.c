// SPDX-License-Identifier: GPL-2.0-only
/* fuzz_service.c - what clients and a daemon say to the service: the first byte says which parser
 *
 * Whatever an order says, the command line has no option in it that is not ours, and no name that
 * leads out of a directory.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "service/api/fields.h"
#include "service/config.h"
#include "service/e2b/envelope.h"
#include "service/e2b/multipart.h"
#include "service/files/range.h"
#include "service/http/match.h"
#include "service/metrics/proc.h"
#include "service/starter/order.h"
#include "vitrine/util.h"

static void check_order(const char *text, size_t len)
{
	static const char *const options[] = { "--detach",    "--ephemeral", "--rm", "--name", "-e",
					       "--net-allow", "--net-deny",  "--",   "--force" };
	json_t *json = json_loadb(text, len, 0, NULL);
	struct order order;
	struct error err;
	bool value = false, end = false;

	if (!order_parse(json, "vitrine", &order, &err)) {
		for (unsigned i = 2; i < order.nwords; i++) {
			const char *word = order.words[i];
			bool known =
			    word[0] != '-' || value || end || !strncmp(word, "--memory=", 9) ||
			    !strncmp(word, "--cpus=", 7) || !strncmp(word, "--net=", 6) ||
			    !strncmp(word, "--from=", 7) || !strncmp(word, "--syscall-mode=", 15);

			for (size_t o = 0; o < ARRAY_SIZE(options); o++)
				known |= !strcmp(word, options[o]);
			if (!known)
				abort();
			end |= !value && !strcmp(word, "--");
			value = !value && !strcmp(word, "-e");
		}
	}
	order_free(&order);
	json_decref(json);
}

static void check_fields(const char *text, size_t len)
{
	const json_t *map = NULL, *list = NULL, *item;
	const char *name = NULL, *string = NULL;
	int64_t number = 0;
	bool flag;
	const struct field fields[] = {
		{ "n", FIELD_NUMBER, 0, 9, &number, false },
		{ "a", FIELD_NAME, 0, 0, &name, false },
		{ "m", FIELD_MAP, 0, 2, &map, false },
		{ "l", FIELD_TEXTS, 0, 2, &list, false },
		{ "b", FIELD_BOOL, 0, 0, &flag, false },
		{ "t", FIELD_TEXT, 0, 4, &string, false },
	};
	json_t *json = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
	struct fault fault;
	size_t i;

	if (json && json_is_object(json) &&
	    !fields_take(json, fields, ARRAY_SIZE(fields), &fault)) {
		if (number < 0 || number > 9 || (name && strchr(name, '/')) ||
		    (string && strlen(string) > 4) || json_object_size(map) > 2)
			abort();
		json_array_foreach(list, i, item)
		{
			if (!json_is_string(item))
				abort();
		}
	}
	json_decref(json);
}

static void check_config(const char *text, size_t len)
{
	char *copy = strndup(text, len), *words[8];
	struct config config;
	struct error err;
	int count;

	if (!config_listen(&config, copy, &err) && (config.port > 65535 || !config.address[0]))
		abort();
	count = config_words(copy, words, 8, &err);
	for (int i = 0; i < count; i++) {
		if (strncmp(words[i], "--", 2) != 0)
			abort();
		free(words[i]);
	}
	free(copy);
}

static void check_path(const char *text, size_t len)
{
	char *copy = strndup(text, len), params[MATCH_PARAMS][MATCH_PARAM_MAX];

	if (match_path("/v1/sandboxes/{}/files/{}", copy, params) &&
	    (!params[0][0] || strchr(params[0], '/') || strchr(params[1], '/')))
		abort();
	free(copy);
}

static void check_proc(const char *text, size_t len)
{
	char *copy = strndup(text, len);

	proc_busy(copy);
	proc_memory(copy);
	proc_network(copy);
	free(copy);
}

static void check_range(const char *text, size_t len)
{
	char *copy = strndup(text, len);
	uint64_t from, to;

	if (range_parse(copy, 1000, &from, &to) > 0 && (from >= to || to > 1000))
		abort();
	free(copy);
}

static void check_envelope(const char *text, size_t len)
{
	const char *data = text;
	size_t inside = len;

	if (!envelope_open(&data, &inside) && (data < text || data + inside > text + len))
		abort();
}

/* Bytes of parts, whatever the form says and wherever it is cut */
struct parts {
	size_t bytes;
	bool open;
};

static int part_begin(void *context, const char *name, const char *filename)
{
	struct parts *parts = context;

	if (parts->open || strlen(name) >= MULTIPART_NAME_MAX)
		abort();
	parts->open = true;
	return 0;
}

static int part_data(void *context, const char *data, size_t len)
{
	struct parts *parts = context;

	if (!parts->open)
		abort();
	parts->bytes += len;
	return 0;
}

static int part_end(void *context)
{
	struct parts *parts = context;

	if (!parts->open)
		abort();
	parts->open = false;
	return 0;
}

static void check_form(const char *text, size_t len)
{
	size_t sums[2] = { 0 };

	for (size_t step = 1; step <= 2; step++) {
		struct parts parts = { 0 };
		const struct multipart_events events = { part_begin, part_data, part_end, &parts };
		static struct multipart m;
		const size_t piece = step == 1 ? len : 3;

		multipart_open(&m, "multipart/form-data; boundary=X", &events);
		for (size_t at = 0; at < len; at += piece) {
			if (multipart_take(&m, text + at, len - at < piece ? len - at : piece))
				break;
		}
		if (multipart_over(&m))
			sums[step - 1] = parts.bytes + 1;
	}
	if (sums[0] && sums[1] && sums[0] != sums[1])
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const checks[])(
	    const char *, size_t) = { check_order, check_fields, check_range, check_envelope,
				      check_form,  check_config, check_path,  check_proc };
	char text[4096];

	if (!size || size > sizeof(text))
		return 0;
	memcpy(text, data, size);
	checks[text[0] % ARRAY_SIZE(checks)](text + 1, size - 1);
	return 0;
}
