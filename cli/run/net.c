// SPDX-License-Identifier: GPL-2.0-only
/* net.c - vitrine run's options about networks
 *
 * Theory of operation
 * What is said becomes lines of one policy (lib/policy.h): rules of options in the order in which
 * they were given, then the lines of files, then the mode of --net. Every line is tried here, so
 * that a mistake is told before anything starts.
 */

#include <errno.h>
#include <string.h>
#include "cli/common/paths.h"
#include "lib/policy.h"
#include "lib/publish.h"
#include "http.h"
#include "net.h"
#include "options.h"
#include "vitrine/util.h"

#define POLICY_FILE_MAX (1 << 20)

/* clang-format off */
static const struct {
	const char *name, *line;
} modes[] = {
	{ "none", NULL },
	{ "public", "default public" },
	{ "rules", "default none" },
	{ "any", "default any" },
};
/* clang-format on */

static int try_line(const char *line, struct error *err)
{
	struct policy policy = { 0 };
	int ret = policy_line(&policy, line, err);

	policy_free(&policy);
	return ret;
}

int run_option_net(void *field, const char *value, struct error *err)
{
	struct run_net *net = &((struct run_options *)field)->net;

	for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
		if (value && strcmp(value, modes[i].name))
			continue;
		net->wanted = !value || modes[i].line;
		net->mode = value ? modes[i].line : NULL;
		return 0;
	}
	return error_set(err, 0, "'%s' is not one of: none, public, rules, any", value);
}

static int add_rule(struct run_net *net, const char *word, const char *value, struct error *err)
{
	char *line;

	if (asprintf(&line, "%s %s", word, value) < 0)
		return error_set(err, ENOMEM, "policy");
	if (try_line(line, err) || option_list(&net->rules, line, err)) {
		free(line);
		return -1;
	}
	return 0;
}

int run_option_net_allow(void *field, const char *value, struct error *err)
{
	return add_rule(&((struct run_options *)field)->net, "allow", value, err);
}

int run_option_net_deny(void *field, const char *value, struct error *err)
{
	return add_rule(&((struct run_options *)field)->net, "deny", value, err);
}

int run_option_net_limit(void *field, const char *value, struct error *err)
{
	const char *equals = strchr(value, '=');
	cleanup_free char *words = equals ? strdup(value) : NULL;

	if (!words)
		return error_set(err, 0, "'%s' is not of the form connections=N or bandwidth=N",
				 value);
	words[equals - value] = ' ';
	return add_rule(&((struct run_options *)field)->net, "limit", words, err);
}

int run_option_http_allow(void *field, const char *value, struct error *err)
{
	return add_rule(&((struct run_options *)field)->net, "http-allow", value, err);
}

int run_option_http_deny(void *field, const char *value, struct error *err)
{
	return add_rule(&((struct run_options *)field)->net, "http-deny", value, err);
}

int run_option_publish(void *field, const char *value, struct error *err)
{
	struct run_net *net = &((struct run_options *)field)->net;
	struct publish publish;

	return publish_parse(value, &publish, err) || option_list(&net->ports, value, err) ? -1 : 0;
}

int run_option_resolver(void *field, const char *value, struct error *err)
{
	struct run_net *net = &((struct run_options *)field)->net;
	cleanup_free char *copy = strdup(value);
	struct address address;
	char *colon = copy ? strrchr(copy, ':') : NULL;

	if (!copy)
		return error_set(err, ENOMEM, "%s", value);
	if (!address_parse(copy, &address)) {
		unsigned port = 0;

		if (colon)
			*colon = '\0';
		if (!colon || option_unsigned(&port, colon + 1, NULL) || !port ||
		    port > UINT16_MAX || !address_parse(copy, &address))
			return error_set(err, 0, "'%s' is not of the form ADDRESS[:PORT]", value);
	}
	return option_list(&net->resolvers, value, err);
}

int run_net_check(const struct run_options *o, struct error *err)
{
	const struct run_net *net = &o->net;
	const struct {
		bool given;
		const char *option;
	} others[] = {
		{ net->rules.count,
		  "--net-allow, --net-deny, --net-limit, --http-allow and --http-deny" },
		{ net->secrets.count, "--secret" },
		{ net->trust, "--http-trust" },
		{ net->files.count, "--net-policy" },
		{ net->ports.count, "--publish" },
		{ net->all_ports, "--publish-all" },
		{ net->resolvers.count, "--dns" },
		{ net->log, "--net-log" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		if (others[i].given && !net->wanted)
			return error_set(err, 0, "%s: the guest has no network; add --net",
					 others[i].option);
	}
	return 0;
}

static int add_line(struct run_net *net, size_t *count, const char *line, struct error *err)
{
	const char **more = reallocarray(net->lines, *count + 2, sizeof(*more));

	if (!more)
		return error_set(err, ENOMEM, "policy");
	net->lines = more;
	more[(*count)++] = line;
	more[*count] = NULL;
	return 0;
}

/* The files' text one behind the other, which the lines then point into */
static int read_files(struct run_net *net, size_t *len, struct error *err)
{
	net->text = malloc(POLICY_FILE_MAX + 1);
	if (!net->text)
		return error_set(err, ENOMEM, "policy");
	for (size_t i = 0; i < net->files.count; i++) {
		cleanup_fclose FILE *f = fopen(net->files.items[i], "re");
		struct policy policy = { 0 };
		struct error why;
		size_t got;
		int ret;

		if (!f)
			return error_set(err, errno, "cannot read the policy %s",
					 net->files.items[i]);
		got = fread(net->text + *len, 1, POLICY_FILE_MAX - *len, f);
		if (*len + got == POLICY_FILE_MAX)
			return error_set(err, 0, "the policy %s is too long", net->files.items[i]);
		ret = policy_text(&policy, net->text + *len, got, &why);
		policy_free(&policy);
		if (ret)
			return error_set(err, 0, "%s: %.300s", net->files.items[i], why.text);
		*len += got;
		net->text[(*len)++] = '\n';
	}
	net->text[*len] = '\0';
	return 0;
}

static int fill_lines(struct run_net *net, struct error *err)
{
	size_t count = 0, len = 0;
	char *line, *rest;

	for (size_t i = 0; i < net->rules.count; i++) {
		if (add_line(net, &count, net->rules.items[i], err))
			return -1;
	}
	if (net->files.count && read_files(net, &len, err))
		return -1;
	rest = net->text;
	while (rest && (line = strsep(&rest, "\n"))) {
		if (*line && add_line(net, &count, line, err))
			return -1;
	}
	return net->mode ? add_line(net, &count, net->mode, err) : 0;
}

/* "80/tcp", as an image says it: led to by any port of the host's that is free, as docker has it */
static int add_image_port(struct run_net *net, const char *port, struct error *err)
{
	struct publish publish;
	char *text;

	if (asprintf(&text, "0:%s", port) < 0)
		return error_set(err, ENOMEM, "%s", port);
	/* An image may write there what it likes */
	if (publish_parse(text, &publish, NULL)) {
		free(text);
		return 0;
	}
	return option_list(&net->image_ports, text, err);
}

static int fill_ports(struct run_options *o, struct error *err)
{
	json_t *exposed = json_object_get(json_object_get(o->record, "config"), "ports");
	struct run_net *net = &o->net;
	json_t *port;
	size_t i;

	json_array_foreach(exposed, i, port)
	{
		if (net->all_ports && json_is_string(port) &&
		    add_image_port(net, json_string_value(port), err))
			return -1;
	}
	if (net->all_ports && !net->image_ports.count)
		return error_set(err, 0,
				 "--publish-all: the image names no ports; --publish "
				 "PORT:GUEST does");
	net->published =
	    calloc(net->ports.count + net->image_ports.count + 1, sizeof(*net->published));
	if (!net->published)
		return error_set(err, ENOMEM, "ports");
	for (i = 0; i < net->ports.count; i++)
		net->published[i] = net->ports.items[i];
	for (i = 0; i < net->image_ports.count; i++)
		net->published[net->ports.count + i] = net->image_ports.items[i];
	return 0;
}

int run_net_resolve(struct run_options *o, struct error *err)
{
	struct sandbox_net *net = &o->config.net;

	if (!o->net.wanted)
		return 0;
	if (fill_lines(&o->net, err) || fill_ports(o, err) ||
	    run_http_resolve(o, o->net.lines, err))
		return -1;
	*net = (struct sandbox_net){
		.enabled = true,
		.policy = o->net.lines,
		.publish = o->net.published,
		.resolvers = o->net.resolvers.items,
		.secrets = o->net.secrets.items,
		.placeholders = o->net.placeholders.items,
		.log = o->net.log,
		.requests = o->net.requests,
		.trust = o->net.trust,
	};
	return 0;
}

void run_net_free(struct run_net *net)
{
	for (size_t i = 0; i < net->rules.count; i++)
		free((char *)net->rules.items[i]);
	for (size_t i = 0; i < net->image_ports.count; i++)
		free((char *)net->image_ports.items[i]);
	for (size_t i = 0; i < net->placeholders.count; i++)
		free((char *)net->placeholders.items[i]);
	free(net->rules.items);
	free(net->secrets.items);
	free(net->placeholders.items);
	free(net->files.items);
	free(net->ports.items);
	free(net->image_ports.items);
	free(net->resolvers.items);
	free(net->lines);
	free(net->published);
	free(net->text);
}
