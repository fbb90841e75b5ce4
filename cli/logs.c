// SPDX-License-Identifier: GPL-2.0-only
/* logs.c - vitrine logs: show what a sandbox has written */

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>
#include "cli/common/cli.h"
#include "cli/common/client.h"
#include "cli/common/options.h"
#include "cli/common/kept.h"
#include "cli/snapshot/state.h"
#include "engine/log/logring.h"
#include "lib/lines.h"
#include "lib/plain.h"
#include "vitrine/util.h"

struct logs_options {
	bool follow, kernel;
	uint64_t tail;
};

#define AT(member) offsetof(struct logs_options, member)

static int option_tail(void *field, const char *value, struct error *err)
{
	unsigned count;

	if (!strcmp(value, "all"))
		return 0;
	if (option_unsigned(&count, value, err))
		return -1;
	*(uint64_t *)field = count;
	return 0;
}

static const struct option_spec specs[] = {
	{ 'f', "follow", NULL, option_flag, AT(follow), "go on until the sandbox ends" },
	{ 'n', "tail", "N", option_tail, AT(tail), "the last N lines only, or all" },
	{ 'k', "kernel", NULL, option_flag, AT(kernel), "the log of the sandbox's kernel" },
};

static const struct option_set options = {
	"logs [OPTION]... NAME",
	"Show the last part of what the main command of a sandbox has written: of a running "
	"one, of a paused one, or of a detached one that has ended.",
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

/* What the command wrote is its own; in the kernel's lines there are names of its tasks */
static int write_lines(const uint8_t *buf, size_t len, struct error *err)
{
	if (plain_write(1, (const char *)buf, len) < 0)
		return error_set(err, errno, "standard output");
	return 0;
}

/* It says nothing for as long as the command writes nothing: that it answers is asked before */
static int await_silently(struct client *client, struct error *err)
{
	struct answer answer;

	if (client_call(client, json_pack("{s:s}", "op", "info"), NULL, 0, &answer, err))
		return -1;
	json_decref(answer.json);
	client_timeout(client, 0);
	return 0;
}

static int show(struct client *client, const struct logs_options *opt, struct error *err)
{
	struct answer answer;
	bool more = true;
	int ret;

	if (opt->follow && await_silently(client, err))
		return -1;
	ret =
	    client_send(client,
			json_pack("{s:s, s:b, s:b, s:I}", "op", "logs", "follow", (int)opt->follow,
				  "kernel", (int)opt->kernel, "tail", (json_int_t)opt->tail),
			NULL, 0, err);
	while (!ret && more) {
		ret = client_receive(client, &answer, err);
		if (ret <= 0)
			return ret; /* the end of the sandbox is the end of its log */
		more = json_is_true(json_object_get(answer.json, "more"));
		json_decref(answer.json);
		ret = opt->kernel ? write_lines(answer.payload, answer.len, err)
				  : write_all(answer.payload, answer.len, err);
	}
	return ret;
}

/* What a detached sandbox left; @err says already that it does not run */
static int show_kept(const char *name, const struct logs_options *opt, struct error *err)
{
	size_t len, from;
	cleanup_free char *text = kept_log(name, &len);

	if (!text)
		return -1;
	from = lines_last(text, len, opt->tail);
	return write_all((const uint8_t *)text + from, len - from, err);
}

/* What one that is paused had written, of the command or of its kernel */
static int show_paused(const char *name, const struct logs_options *opt, struct error *err)
{
	const enum snapshot_kind kind =
	    SNAPSHOT_LOG + (opt->kernel ? LOGRING_KERNEL : LOGRING_MAIN);
	struct saved_state state;
	size_t len = 0, from;
	int ret = state_of(&state, SAVED_PAUSED, name, err);
	const char *text = ret ? NULL : snapshot_section(&state.file, kind, &len);

	if (text) {
		from = lines_last(text, len, opt->tail);
		ret = opt->kernel ? write_lines((const uint8_t *)text + from, len - from, err)
				  : write_all((const uint8_t *)text + from, len - from, err);
	}
	state_free(&state);
	return ret;
}

int cmd_logs(int argc, char **argv)
{
	static struct client client = { .fd = -1 };
	struct logs_options opt = { .tail = INT64_MAX };
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
	else if (saved_exists(SAVED_PAUSED, argv[at]))
		ret = show_paused(argv[at], &opt, &err);
	else if (!opt.kernel)
		ret = show_kept(argv[at], &opt, &err);
	client_close(&client);
	return ret < 0 ? cli_fail(EXIT_VITRINE, &err) : 0;
}
