// SPDX-License-Identifier: GPL-2.0-only
/* net.c - vitrine net and vitrine publish: what a sandbox talks to, and who can talk to it */

#include <stdbool.h>
#include <string.h>
#include "cli/common/cli.h"
#include "cli/common/client.h"
#include "cli/common/options.h"
#include "cli/common/output.h"
#include "lib/publish.h"
#include "vitrine/util.h"

struct net_options {
	bool log, json;
};

static const struct option_spec net_specs[] = {
	{ 0, "log", NULL, option_flag, offsetof(struct net_options, log),
	  "connections that are over or were refused, a line of JSON each" },
	{ 0, "json", NULL, option_flag, offsetof(struct net_options, json), "as JSON" },
};

static const struct option_set net_set = {
	"net [OPTION]... NAME",
	"Show the published ports and the connections of a sandbox that runs with --net.",
	net_specs,
	ARRAY_SIZE(net_specs),
	.anywhere = true,
};

struct publish_options {
	bool remove;
};

static const struct option_spec publish_specs[] = {
	{ 0, "remove", NULL, option_flag, offsetof(struct publish_options, remove),
	  "do not publish it any longer" },
};

static const struct option_set publish_set = {
	"publish [OPTION]... NAME [[ADDR:]PORT:GUEST[/udp]]...",
	"Make ports of the host (at ADDR, or 127.0.0.1) lead to ports of a running sandbox. "
	"PORT 0 is any that is free. Prints what is published.",
	publish_specs,
	ARRAY_SIZE(publish_specs),
	.anywhere = true,
};

static struct client client = { .fd = -1 };

/* Return: the answer, or NULL with @err filled */
static json_t *ask(const char *what, const char *spec, struct error *err)
{
	json_t *json = json_pack("{s:s, s:s}", "op", "net", "what", what);
	struct answer answer;

	if (spec)
		json_object_set_new(json, "spec", json_string(spec));
	if (client_call(&client, json, NULL, 0, &answer, err) < 0)
		return NULL;
	return answer.json;
}

static const char *text(const json_t *json, const char *key)
{
	return json_string_value(json_object_get(json, key)) ?: "";
}

static long long number(const json_t *json, const char *key)
{
	return json_integer_value(json_object_get(json, key));
}

/* The newest come first, and are read last */
static void print_requests(const json_t *requests)
{
	for (size_t i = json_array_size(requests); i; i--) {
		const json_t *one = json_array_get(requests, i - 1);

		printf("%s %s", text(one, "verdict"), text(one, "protocol"));
		if (*text(one, "method"))
			printf(" %s", text(one, "method"));
		printf(" %s%s", text(one, "host"), text(one, "path"));
		if (number(one, "status"))
			printf(" %lld", number(one, "status"));
		printf(", %s\n", text(one, "rule"));
	}
}

static void print_list(const json_t *answer)
{
	json_t *one;
	size_t i;

	printf("address    %s, %s\n", text(answer, "address"), text(answer, "address6"));
	json_array_foreach(json_object_get(answer, "published"), i, one)
	    printf("published  %s\n", json_string_value(one) ?: "");
	json_array_foreach(json_object_get(answer, "resolvers"), i, one)
	    printf("resolver   %s\n", json_string_value(one) ?: "");
	printf("so far     %lld allowed, %lld refused, %lld failed\n", number(answer, "allowed"),
	       number(answer, "refused"), number(answer, "failed"));
	json_array_foreach(json_object_get(answer, "connections"), i, one)
	{
		const char *name = text(one, "name");

		printf("%-3s %-4s   %s%s%s%s port %lld", text(one, "direction"),
		       text(one, "protocol"), name, *name ? " (" : "", text(one, "address"),
		       *name ? ")" : "", number(one, "port"));
		if (json_object_get(one, "sent"))
			printf(", %lld bytes sent, %lld received", number(one, "sent"),
			       number(one, "received"));
		printf(", %s: %s\n", text(one, "verdict"), text(one, "rule"));
	}
	if (number(answer, "left_out"))
		printf("and %lld more\n", number(answer, "left_out"));
	print_requests(json_object_get(answer, "requests"));
}

static void print_lines(const json_t *answer)
{
	json_t *line;
	size_t i;

	json_array_foreach(json_object_get(answer, "lines"), i, line)
	{
		char *dump = json_dumps(line, JSON_COMPACT);

		if (dump)
			puts(dump);
		free(dump);
	}
}

static int show(const struct net_options *opt, struct error *err)
{
	json_t *answer = ask(opt->log ? "log" : "list", NULL, err);

	if (!answer)
		return -1;
	if (opt->log)
		print_lines(answer);
	else if (opt->json)
		output_json(answer);
	else
		print_list(answer);
	json_decref(answer);
	return 0;
}

int cmd_net(int argc, char **argv)
{
	struct net_options opt = { 0 };
	struct error err = { 0 };
	int at = options_parse(&net_set, &opt, argc, argv, &err), ret;

	if (at == OPTIONS_HELP)
		return 0;
	if (at > 0 && argc - at != 1)
		at = error_set(&err, 0, "net needs the name of a sandbox");
	if (at < 0)
		return cli_fail(EXIT_USAGE, &err);
	ret = client_open(&client, argv[at], &err);
	if (!ret)
		ret = show(&opt, &err);
	client_close(&client);
	return ret < 0 ? cli_fail(EXIT_VITRINE, &err) : 0;
}

static int print_published(struct error *err)
{
	json_t *answer = ask("list", NULL, err), *one;
	size_t i;

	if (!answer)
		return -1;
	json_array_foreach(json_object_get(answer, "published"), i, one)
	    puts(json_string_value(one) ?: "");
	json_decref(answer);
	return 0;
}

static int change(char **specs, bool remove, struct error *err)
{
	for (; *specs; specs++) {
		json_t *answer = ask(remove ? "unpublish" : "publish", *specs, err);

		if (!answer)
			return -1;
		if (!remove)
			puts(text(answer, "published"));
		json_decref(answer);
	}
	return 0;
}

static int check_specs(char **specs, struct error *err)
{
	struct publish publish;

	for (; *specs; specs++) {
		if (publish_parse(*specs, &publish, err))
			return -1;
	}
	return 0;
}

int cmd_publish(int argc, char **argv)
{
	struct publish_options opt = { 0 };
	struct error err = { 0 };
	int at = options_parse(&publish_set, &opt, argc, argv, &err), ret;

	if (at == OPTIONS_HELP)
		return 0;
	if (at > 0 && argc - at < 1)
		at = error_set(&err, 0, "publish needs the name of a sandbox");
	if (at > 0 && opt.remove && argc - at < 2)
		at = error_set(&err, 0, "publish --remove needs what is published");
	if (at > 0 && check_specs(argv + at + 1, &err))
		at = -1;
	if (at < 0)
		return cli_fail(EXIT_USAGE, &err);
	ret = client_open(&client, argv[at], &err);
	if (!ret)
		ret =
		    argc - at > 1 ? change(argv + at + 1, opt.remove, &err) : print_published(&err);
	client_close(&client);
	return ret < 0 ? cli_fail(EXIT_VITRINE, &err) : 0;
}
