// SPDX-License-Identifier: GPL-2.0-only
/* top.c - vitrine top: watch a sandbox work */

#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include "cli/common/cli.h"
#include "cli/cp/guestfs.h"
#include "cli/common/options.h"
#include "cli/common/output.h"
#include "top.h"
#include "engine/control/rundir.h"
#include "vitrine/util.h"

#define INTERVAL_MS 2000
#define USERS_PATIENCE 2 /* seconds */
#define ONCE_MS 1000	 /* rates need two looks */

struct top_options {
	bool once, json, tree, kernel;
	unsigned interval_ms;
};

/* Seconds, with a fraction */
static int option_interval(void *field, const char *value, struct error *err)
{
	char *end;
	double seconds = strtod(value, &end);

	if (end == value || *end || !(seconds >= 0.1 && seconds <= 60))
		return error_set(err, 0, "'%s' is not a number from 0.1 to 60 (seconds)", value);
	*(unsigned *)field = (unsigned)(seconds * 1000 + 0.5);
	return 0;
}

#define AT(member) offsetof(struct top_options, member)

static const struct option_spec specs[] = {
	{ 'd', "interval", "SECONDS", option_interval, AT(interval_ms), "between looks (2)" },
	{ 't', "tree", NULL, option_flag, AT(tree), "children below their parents" },
	{ 'H', "kernel-threads", NULL, option_flag, AT(kernel), "show kernel threads, too" },
	{ 0, "once", NULL, option_flag, AT(once), "print once and end; needs no terminal" },
	{ 0, "json", NULL, option_flag, AT(json), "with --once: all counters, as they are" },
};

static const struct option_set options = {
	"top [OPTION]... [NAME]",
	"Watch a running sandbox: its tasks, system calls, faults and I/O. The key h shows the "
	"keys.",
	specs,
	ARRAY_SIZE(specs),
	true,
};

static int attach(struct top *top, bool sampler, struct error *err)
{
	const struct observe_wishes wishes = { .counters = true, .sampler = sampler };

	return observer_wish(top->observer, &wishes, err);
}

/* Without a passwd file users are numbers */
static void learn_users(const char *sandbox)
{
	cleanup_free struct client *client = malloc(sizeof(*client));
	cleanup_free char *text = NULL;
	const uint8_t *data;
	struct error err;
	int64_t handle;
	ssize_t len;

	if (!client || client_open(client, sandbox, &err) < 0)
		return;
	client_timeout(client, USERS_PATIENCE);
	handle = guestfs_open(client, "/etc/passwd", O_RDONLY, 0, &err);
	len = handle < 0 ? -1 : guestfs_read(client, handle, 0, &data, &err);
	if (len > 0)
		text = strndup((const char *)data, len);
	client_close(client);
	if (text)
		top_users_learn(text);
}

static int print_json(struct top *top, struct error *err)
{
	json_t *json;

	if (attach(top, false, err) < 0)
		return -1;
	json = top_json(top->name, observer_region(top->observer));
	output_json(json);
	json_decref(json);
	return 0;
}

static int print_table(struct top *top, unsigned ms, struct error *err)
{
	const struct timespec pause = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L };
	struct frame frame = { 0 };

	if (attach(top, true, err) < 0)
		return -1;
	top_look(top);
	nanosleep(&pause, NULL);
	top_look(top);
	frame_begin(&frame, 0, 0);
	top_draw_header(top, &frame);
	frame_line(&frame);
	top_draw_table(top, &frame, 0);
	fwrite(frame.text, 1, frame.len, stdout);
	frame_free(&frame);
	return 0;
}

static int run(struct top *top, const struct top_options *opt, struct error *err)
{
	int ret;

	if (opt->json)
		return print_json(top, err);
	learn_users(top->name);
	if (opt->once)
		return print_table(top, opt->interval_ms ? opt->interval_ms : ONCE_MS, err);
	if (attach(top, true, err) < 0)
		return -1;
	ret = top_ui(top, err);
	top_snapshot_free(&top->now);
	top_snapshot_free(&top->before);
	top_rows_free(&top->rows);
	return ret;
}

int cmd_top(int argc, char **argv)
{
	char name[RUNDIR_NAME_MAX + 1];
	struct top top = { .name = name, .order = { .by = COLUMN_CPU } };
	struct top_options opt = { 0 };
	struct error err = { 0 };
	int at = options_parse(&options, &opt, argc, argv, &err), ret;

	if (at == OPTIONS_HELP)
		return 0;
	if (at > 0 && argc - at > 1)
		at = error_set(&err, 0, "top takes at most one name");
	if (at > 0 && opt.json && !opt.once)
		at = error_set(&err, 0, "--json goes with --once");
	if (at < 0)
		return cli_fail(EXIT_USAGE, &err);
	setlocale(LC_CTYPE, ""); /* which bytes are characters, and how wide */
	if (at < argc)
		snprintf(name, sizeof(name), "%s", argv[at]);
	else if (observer_only(name, &err) < 0)
		return cli_fail(EXIT_VITRINE, &err);
	top.observer = observer_connect(name, &err);
	if (!top.observer)
		return cli_fail(EXIT_VITRINE, &err);
	snprintf(name, sizeof(name), "%s", observer_name(top.observer));
	top.order.tree = opt.tree;
	top.order.kernel = opt.kernel;
	top.interval_ms = opt.interval_ms ? opt.interval_ms : INTERVAL_MS;
	ret = run(&top, &opt, &err);
	observer_close(top.observer);
	return ret < 0 ? cli_fail(EXIT_VITRINE, &err) : 0;
}
