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
#include "service/http/match.h"
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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const checks[])(const char *, size_t) = { check_order, check_fields,
								check_config, check_path };
	char text[4096];

	if (!size || size > sizeof(text))
		return 0;
	memcpy(text, data, size);
	checks[text[0] % ARRAY_SIZE(checks)](text + 1, size - 1);
	return 0;
}
