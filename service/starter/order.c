// SPDX-License-Identifier: GPL-2.0-only
/* order.c - what the daemon asks its starter to do, and the command line that this is */
#include "order.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "vitrine/util.h"

#define ENVIRONMENT_MAX 128
#define RULES_MAX 64
#define PREFIX "vd-"

bool order_name_valid(const char *name)
{
	size_t len = name ? strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
					 "0123456789._-")
			  : 0;

	return len && len <= ORDER_NAME_MAX && !name[len] && isalnum((unsigned char)*name);
}

static bool ours(const char *name)
{
	return order_name_valid(name) && !strncmp(name, PREFIX, strlen(PREFIX));
}

static int __attribute__((format(printf, 2, 3))) word(struct order *order, const char *format, ...)
{
	va_list args;
	char *text;
	int ret;

	if (order->nwords == ORDER_WORDS_MAX - 1)
		return -1;
	va_start(args, format);
	ret = vasprintf(&text, format, args);
	va_end(args);
	if (ret < 0)
		return -1;
	order->words[order->nwords++] = text;
	return 0;
}

static int words(struct order *order, const char *const *list)
{
	while (*list) {
		if (word(order, "%s", *list++))
			return -1;
	}
	return 0;
}

static const char *text(const json_t *json, const char *field)
{
	return json_string_value(json_object_get(json, field));
}

static int64_t number(const json_t *json, const char *field)
{
	return json_integer_value(json_object_get(json, field));
}

/* K=V, with a name as shells have them; PATH is the guest's, and so on: it is its environment */
static bool variable_valid(const char *variable)
{
	size_t len = variable ? strcspn(variable, "=") : 0;

	return len && len < 256 && variable[len] == '=' && !isdigit((unsigned char)*variable) &&
	       strspn(variable,
		      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == len;
}

/* Names, addresses and ports, as docs/network.md has them; nothing that begins like an option */
static bool rule_valid(const char *rule)
{
	size_t len = rule ? strlen(rule) : 0;

	return len && len < 256 && *rule != '-' &&
	       strspn(rule, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
			    ".:*/-_[]") == len;
}

static int list(struct order *order, const json_t *json, const char *field, const char *option,
		size_t max, bool (*valid)(const char *), struct error *err)
{
	const json_t *array = json_object_get(json, field), *item;
	size_t i;

	if (json_array_size(array) > max)
		return error_set(err, 0, "%s: at most %zu", field, max);
	json_array_foreach(array, i, item)
	{
		if (!valid(json_string_value(item)))
			return error_set(err, 0, "%s: number %zu cannot be used", field, i + 1);
		if (word(order, "%s", option) || word(order, "%s", json_string_value(item)))
			return error_set(err, ENOMEM, "order");
	}
	return 0;
}

static int network(struct order *order, const json_t *json, struct error *err)
{
	static const char *const modes[] = { "none", "public", "rules", "any" };
	const char *mode = text(json, "network");

	if (!mode || !strcmp(mode, "none"))
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
		if (strcmp(modes[i], mode) != 0)
			continue;
		return word(order, "--net=%s", mode) ||
			       list(order, json, "deny", "--net-deny", RULES_MAX, rule_valid,
				    err) ||
			       list(order, json, "allow", "--net-allow", RULES_MAX, rule_valid, err)
			   ? -1
			   : 0;
	}
	return error_set(err, 0, "network: none, public, rules or any");
}

static int run(struct order *order, const json_t *json, struct error *err)
{
	static const char *const begin[] = { "run",  "--detach", "--ephemeral",
					     "--rm", "--name",	 NULL };
	static const char *const command[] = { "--", "sleep", "infinity", NULL };
	const char *image = text(json, "image"), *mode = text(json, "syscall_mode");
	const int64_t memory = number(json, "memory_mb"), cpus = number(json, "vcpus");

	if (!order_name_valid(image))
		return error_set(err, 0, "image: not a name");
	if (memory < 64 || memory > 1 << 20 || cpus < 1 || cpus > 64)
		return error_set(err, 0, "memory_mb or vcpus: out of range");
	if (words(order, begin) || word(order, "%s", text(json, "name")) ||
	    word(order, "--memory=%" PRId64 "M", memory) || word(order, "--cpus=%" PRId64, cpus))
		return error_set(err, ENOMEM, "order");
	if (mode && strcmp(mode, "auto") != 0 && strcmp(mode, "seccomp") != 0 &&
	    strcmp(mode, "emulate") != 0)
		return error_set(err, 0, "syscall_mode: auto, seccomp or emulate");
	if (mode && word(order, "--syscall-mode=%s", mode))
		return error_set(err, ENOMEM, "order");
	if (list(order, json, "env", "-e", ENVIRONMENT_MAX, variable_valid, err) ||
	    network(order, json, err))
		return -1;
	if (word(order, "%s", image) || words(order, command))
		return error_set(err, ENOMEM, "order");
	order->cut = true;
	return 0;
}

static int simple(struct order *order, const char *const *begin, const char *name)
{
	return words(order, begin) || word(order, "%s", name) ? -1 : 0;
}

static int snapshot_op(struct order *order, const json_t *json, const char *verb, struct error *err)
{
	const char *snapshot = text(json, "snapshot");

	if (!ours(snapshot))
		return error_set(err, 0, "snapshot: not a name of the service");
	return word(order, "%s", verb) || word(order, "%s", text(json, "name")) ||
		       word(order, "%s", snapshot)
		   ? error_set(err, ENOMEM, "order")
		   : 0;
}

static int clone_op(struct order *order, const json_t *json, struct error *err)
{
	const char *snapshot = text(json, "snapshot");

	if (!ours(snapshot))
		return error_set(err, 0, "snapshot: not a name of the service");
	order->cut = true;
	return word(order, "run") || word(order, "--from=%s", snapshot) || word(order, "--name") ||
		       word(order, "%s", text(json, "name"))
		   ? error_set(err, ENOMEM, "order")
		   : 0;
}

int order_parse(const json_t *json, const char *program, struct order *order, struct error *err)
{
	static const struct {
		const char *op;
		const char *const begin[4];
		bool cut;
	} simples[] = {
		{ "pause", { "pause" }, false },
		{ "resume", { "resume" }, false },
		{ "end", { "rm", "--force" }, false },
		{ "forget", { "snapshot", "rm" }, false },
	};
	static const struct {
		const char *op;
		const char *const words[4];
	} of_nobody[] = {
		/* of no sandbox, whatever name is in it */
		{ "build", { "image", "build", "mini" } },
		{ "prune", { "snapshot", "prune" } },
	};
	const char *op = text(json, "op"), *name = text(json, "name");

	*order = (struct order){ 0 };
	if (!op || !ours(name))
		return error_set(err, 0, "an order needs op and the name of a sandbox");
	if (word(order, "%s", program))
		return error_set(err, ENOMEM, "order");
	for (size_t i = 0; i < ARRAY_SIZE(of_nobody); i++) {
		if (!strcmp(op, of_nobody[i].op))
			return words(order, of_nobody[i].words) ? error_set(err, ENOMEM, "order")
								: 0;
	}
	if (!strcmp(op, "run"))
		return run(order, json, err);
	if (!strcmp(op, "clone"))
		return clone_op(order, json, err);
	if (!strcmp(op, "snapshot") || !strcmp(op, "rollback"))
		return snapshot_op(order, json, op, err);
	for (size_t i = 0; i < ARRAY_SIZE(simples); i++) {
		if (!strcmp(op, simples[i].op))
			return simple(order, simples[i].begin, name)
				   ? error_set(err, ENOMEM, "order")
				   : 0;
	}
	return error_set(err, 0, "no such order");
}

void order_free(struct order *order)
{
	for (unsigned i = 0; i < order->nwords; i++)
		free(order->words[i]);
	order->nwords = 0;
}
