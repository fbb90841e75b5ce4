// SPDX-License-Identifier: GPL-2.0-only
/* relay.c - vitrine relay: connections for machines in tabs
 *
 * What is said becomes lines of one policy (lib/policy.h): rules of options in the order in which
 * they were given, then the lines of files, then the ports of public addresses.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/common/cli.h"
#include "cli/common/options.h"
#include "lib/policy.h"
#include "relay/relay.h"
#include "vitrine/util.h"

#define PORT_MAX 65535
#define PORTS "53,80,443"

/**
 * struct relay_words - what the options say
 */
struct relay_words {
	struct relay_options relay;
	struct string_list rules, files, origins, resolvers;
	const char *ports;
};

static int option_port(void *field, const char *value, struct error *err)
{
	if (option_unsigned(field, value, err))
		return -1;
	return *(unsigned *)field > PORT_MAX ? error_set(err, 0, "ports end at %d", PORT_MAX) : 0;
}

static int option_some(void *field, const char *value, struct error *err)
{
	if (option_unsigned(field, value, err))
		return -1;
	return *(unsigned *)field ? 0 : error_set(err, 0, "at least 1");
}

static int try_line(const char *line, struct error *err)
{
	struct policy policy = { 0 };
	int ret = policy_line(&policy, line, err);

	policy_free(&policy);
	return ret;
}

static int add_rule(void *field, const char *word, const char *value, struct error *err)
{
	char *line;

	if (asprintf(&line, "%s %s", word, value) < 0)
		return error_set(err, ENOMEM, "policy");
	if (try_line(line, err) || option_list(field, line, err)) {
		free(line);
		return -1;
	}
	return 0;
}

static int option_allow(void *field, const char *value, struct error *err)
{
	return add_rule(field, "allow", value, err);
}

static int option_deny(void *field, const char *value, struct error *err)
{
	return add_rule(field, "deny", value, err);
}

#define AT(member) offsetof(struct relay_words, member)

static const struct option_spec specs[] = {
	{ 'p', "port", "PORT", option_port, AT(relay.port), "listen there (any that is free)" },
	{ 'b', "bind", "ADDR", option_string, AT(relay.address),
	  "listen on this address (127.0.0.1)" },
	{ 0, "allow", "RULE", option_allow, AT(rules),
	  "allow it, such as example.com:443 or 10.0.0.7:8000" },
	{ 0, "deny", "RULE", option_deny, AT(rules),
	  "refuse it; the first rule that matches counts" },
	{ 0, "policy", "FILE", option_list, AT(files), "add the rules in FILE" },
	{ 0, "ports", "LIST", option_string, AT(ports),
	  "of public addresses, such as 80,443,8000-8999, or none (" PORTS ")" },
	{ 0, "dns", "ADDR[:PORT]", option_list, AT(resolvers),
	  "ask this resolver, not the host's" },
	{ 0, "origin", "URL", option_list, AT(origins),
	  "for pages of this site, or *, only (this machine's)" },
	{ 0, "tokens", "FILE", option_string, AT(relay.tokens),
	  "only for who has one: lines of NAME TOKEN" },
	{ 0, "proxy", "ADDR", option_string, AT(relay.proxy),
	  "believe the X-Forwarded-For of this proxy" },
	{ 0, "clients", "N", option_some, AT(relay.clients), "most WebSockets (256)" },
	{ 0, "per-address", "N", option_some, AT(relay.per_address), "most of one address (16)" },
	{ 0, "streams", "N", option_some, AT(relay.streams), "most connections of each (128)" },
	{ 0, "opens", "N", option_some, AT(relay.opens),
	  "most new connections of one address, a second (50)" },
	{ 0, "rate", "BYTES", option_size, AT(relay.rate),
	  "of one address, a second, in each direction (no limit)" },
	{ 0, "idle", "TIME", option_seconds, AT(relay.idle),
	  "end connections that were silent for so long (5m)" },
	{ 0, "log", "FILE", option_string, AT(relay.log),
	  "a line of JSON for each connection; -: standard output" },
	{ 0, "log-clients", NULL, option_flag, AT(relay.whole),
	  "with the clients' whole addresses" },
	{ 'q', "quiet", NULL, option_flag, AT(relay.quiet), "do not print the address" },
};

static const struct option_set options = {
	"relay [OPTION]...",
	"Make connections for machines in browsers' tabs (vitrine browser), which can open "
	"WebSockets "
	"and nothing else. It speaks WISP, versions 1 and 2, and resolves names itself. Public "
	"addresses can be reached, on the ports for names and the web, and nothing else unless a "
	"rule "
	"says so. The address is printed; Ctrl-C ends the relay.",
	specs,
	ARRAY_SIZE(specs),
	.anywhere = true,
};

static int read_file(struct string_list *lines, const char *path, struct error *err)
{
	cleanup_fclose FILE *file = fopen(path, "re");
	cleanup_free char *line = NULL;
	size_t room = 0;

	if (!file)
		return error_set(err, errno, "cannot read the policy %s", path);
	while (getline(&line, &room, file) >= 0) {
		char *copy;

		line[strcspn(line, "\r\n")] = '\0';
		copy = strdup(line);
		if (!copy || try_line(line, err) || option_list(lines, copy, err)) {
			free(copy);
			return -1;
		}
	}
	return 0;
}

static int finish_policy(struct relay_words *words, struct error *err)
{
	static char public[POLICY_TEXT_MAX];
	const char *ports = words->ports ? words->ports : PORTS;

	for (size_t i = 0; i < words->files.count; i++) {
		if (read_file(&words->rules, words->files.items[i], err))
			return -1;
	}
	if (strcmp(ports, "none")) {
		snprintf(public, sizeof(public), "allow public:%s", ports);
		if (try_line(public, err) || option_list(&words->rules, public, err))
			return -1;
	}
	return option_list(&words->rules, "default none", err);
}

/* A list of at most @most words */
static int take_words(const struct string_list *list, const char **to, size_t *count, size_t most,
		      const char *what, struct error *err)
{
	if (list->count > most)
		return error_set(err, 0, "at most %zu %s", most, what);
	for (size_t i = 0; i < list->count; i++)
		to[i] = list->items[i];
	*count = list->count;
	return 0;
}

int cmd_relay(int argc, char **argv)
{
	struct relay_words words = { .relay = { .clients = RELAY_CLIENTS,
						.per_address = RELAY_PER_ADDRESS,
						.streams = RELAY_STREAMS,
						.opens = RELAY_OPENS,
						.idle = RELAY_IDLE } };
	struct error err = { 0 };
	int at = options_parse(&options, &words, argc, argv, &err);

	if (at == OPTIONS_HELP)
		return 0;
	if (at > 0 && at < argc)
		at = error_set(&err, 0, "relay takes no operand");
	if (at < 0 || finish_policy(&words, &err) ||
	    take_words(&words.origins, words.relay.origins, &words.relay.norigins,
		       RELAY_ORIGINS_MAX, "origins", &err) ||
	    take_words(&words.resolvers, words.relay.resolvers, &words.relay.nresolvers,
		       RELAY_RESOLVERS_MAX, "resolvers", &err))
		return cli_fail(EXIT_USAGE, &err);
	words.relay.policy = (const char *const *)words.rules.items;
	return relay_serve(&words.relay, &err) ? cli_fail(EXIT_VITRINE, &err) : 0;
}
