// SPDX-License-Identifier: GPL-2.0-only
/* logs.c - vitrine logs: show what a sandbox has written */

#include <errno.h>
#include <stdbool.h>
#include <unistd.h>
#include "cli/common/cli.h"
#include "cli/common/client.h"
#include "cli/common/options.h"
#include "vitrine/util.h"

struct logs_options {
	bool follow, kernel;
};

#define AT(member) offsetof(struct logs_options, member)

static const struct option_spec specs[] = {
	{ 'f', "follow", NULL, option_flag, AT(follow), "go on until the sandbox ends" },
	{ 'k', "kernel", NULL, option_flag, AT(kernel), "the log of the sandbox's kernel" },
};

static const struct option_set options = {
	"logs [OPTION]... NAME",
	"Show the last part of what the main command of a running sandbox has written.",
	specs,
	ARRAY_SIZE(specs),
	.anywhere = true,
};

static int write_all(const uint8_t *buf, size_t len, struct error *err)
{
	while (len) {
		ssize_t n = write(1, buf, len);

		if (n < 0 && errno != EINTR)
			return error_set(err, errno, "standard output");
		if (n > 0) {
			buf += n;
			len -= n;
		}
	}
	return 0;
}

static int show(struct client *client, const struct logs_options *opt, struct error *err)
{
	struct answer answer;
	bool more = true;
	int ret;

	ret = client_send(client,
			  json_pack("{s:s, s:b, s:b}", "op", "logs", "follow", (int)opt->follow,
				    "kernel", (int)opt->kernel),
			  NULL, 0, err);
	while (!ret && more) {
		ret = client_receive(client, &answer, err);
		if (ret <= 0)
			return ret; /* the end of the sandbox is the end of its log */
		more = json_is_true(json_object_get(answer.json, "more"));
		json_decref(answer.json);
		ret = write_all(answer.payload, answer.len, err);
	}
	return ret;
}

int cmd_logs(int argc, char **argv)
{
	static struct client client = { .fd = -1 };
	struct logs_options opt = { 0 };
	struct error err = { 0 };
	int at = options_parse(&options, &opt, argc, argv, &err);
	int ret;

	if (at == OPTIONS_HELP)
		return 0;
	if (at > 0 && argc - at != 1)
		at = error_set(&err, 0, "logs needs the name of a sandbox");
	if (at < 0)
		return cli_fail(EXIT_USAGE, &err);
	ret = client_open(&client, argv[at], &err);
	if (!ret)
		ret = show(&client, &opt, &err);
	client_close(&client);
	return ret < 0 ? cli_fail(EXIT_VITRINE, &err) : 0;
}
