// SPDX-License-Identifier: GPL-2.0-only
/* policy_parse.c - the text of a policy
 *
 * Theory of operation
 * A line is words with blanks between them; the first word chooses the function from a table. A
 * rule's text is taken apart from both ends: a protocol before the first colon, ports behind the
 * last, and between them the target, in brackets where it has colons of its own.
 */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/policy.h"
#include "vitrine/util.h"

static const char *const protocol_name[] = {
	[POLICY_ANY] = "any",
	[POLICY_TCP] = "tcp",
	[POLICY_UDP] = "udp",
	[POLICY_ICMP] = "icmp",
};
static_assert(ARRAY_SIZE(protocol_name) == POLICY_NPROTOCOLS, "protocol_name[]");

static const char *const default_name[] = {
	[POLICY_NONE] = "none",
	[POLICY_PUBLIC] = "public",
	[POLICY_ALL] = "any",
};
static_assert(ARRAY_SIZE(default_name) == POLICY_NDEFAULTS, "default_name[]");

static bool number(const char *text, size_t len, unsigned long max, unsigned long *value)
{
	*value = 0;
	if (!len || len > 20)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (!isdigit((unsigned char)text[i]))
			return false;
		*value = *value * 10 + (unsigned long)(text[i] - '0');
		if (*value > max)
			return false;
	}
	return true;
}

static int parse_ports(struct policy_rule *rule, const char *text, struct error *err)
{
	if (!strcmp(text, "*"))
		return 0;
	for (const char *word = text;; word++) {
		const size_t len = strcspn(word, ","), first = strcspn(word, ",-");
		unsigned long from, to;

		if (rule->nports == POLICY_PORTS_MAX)
			return error_set(err, 0, "more than %d ports", POLICY_PORTS_MAX);
		if (!number(word, first, UINT16_MAX, &from))
			return error_set(err, 0, "'%s' are no ports", text);
		to = from;
		if (first < len && !number(word + first + 1, len - first - 1, UINT16_MAX, &to))
			return error_set(err, 0, "'%s' are no ports", text);
		if (to < from)
			return error_set(err, 0, "'%s' counts backwards", text);
		rule->ports[rule->nports].first = (uint16_t)from;
		rule->ports[rule->nports++].last = (uint16_t)to;
		word += len;
		if (!*word)
			return 0;
	}
}

/* Return: 1 when it is an address or a network, 0 when it looks like neither, -1 when it is wrong
 */
static int parse_network(struct policy_rule *rule, char *text, struct error *err)
{
	char *slash = strchr(text, '/');
	unsigned long bits;
	unsigned most;

	if (slash)
		*slash = '\0';
	if (!address_parse(text, &rule->network)) {
		if (slash || !text[strspn(text, "0123456789.")] || strchr(text, ':'))
			return error_set(err, 0, "'%s' is no address%s", text,
					 strchr(text, ':') ? "" : " (four numbers from 0 to 255)");
		return 0;
	}
	most = address_is_v4(&rule->network) ? 32 : 128;
	bits = most;
	if (slash && !number(slash + 1, strlen(slash + 1), most, &bits))
		return error_set(err, 0, "'/%s' is no length of a network, which is 0 to %u",
				 slash + 1, most);
	rule->target = POLICY_NETWORK;
	rule->bits = bits;
	return 1;
}

static bool parse_kind(struct policy_rule *rule, const char *text)
{
	if (!strcmp(text, "any")) {
		rule->target = POLICY_EVERYTHING;
		return true;
	}
	for (enum address_kind kind = 0; kind < ADDRESS_NKINDS; kind++) {
		if (strcmp(text, address_kind_name(kind)) &&
		    (kind != ADDRESS_LOOPBACK || strcmp(text, "host")))
			continue;
		rule->target = POLICY_KIND;
		rule->kind = kind;
		return true;
	}
	return false;
}

static int parse_name(struct policy_rule *rule, char *text, struct error *err)
{
	const size_t len = strlen(text);

	if (!strncmp(text, "*.", 2)) {
		rule->below = true;
		text += 2;
	} else if (len > 1 && text[len - 1] == '.') {
		text[len - 1] = '\0';
	}
	if (!policy_name_valid(text))
		return error_set(err, 0,
				 "'%s' is neither an address, nor a kind of address, nor a "
				 "name",
				 text);
	rule->target = POLICY_NAME;
	rule->name = strdup(text);
	for (char *c = rule->name; c && *c; c++)
		*c = (char)tolower((unsigned char)*c);
	return rule->name ? 0 : error_set(err, ENOMEM, "policy");
}

static int parse_target(struct policy_rule *rule, char *text, struct error *err)
{
	int ret;

	if (!*text)
		return error_set(err, 0,
				 "whom? an address, a network, a kind of address or a name");
	if (parse_kind(rule, text))
		return 0;
	ret = parse_network(rule, text, err);
	return ret ? (ret < 0 ? -1 : 0) : parse_name(rule, text, err);
}

/* Cut off what stands before or behind the target. Return: the ports, or NULL */
static char *cut_ports(char **target, struct error *err)
{
	char *first = strchr(*target, ':'), *end;

	if (**target == '[') {
		end = strchr(*target, ']');
		if (!end || (end[1] && end[1] != ':')) {
			error_set(err, 0,
				  "'%s': a bracket is not closed, or not followed by a "
				  "colon",
				  *target);
			return NULL;
		}
		first = end[1] ? end + 1 : NULL;
		*end = '\0';
		++*target;
	} else if (first && strchr(first + 1, ':')) {
		first = NULL; /* an IPv6 address */
	}
	if (!first)
		return *target + strlen(*target);
	*first = '\0';
	return first + 1;
}

static int parse_rule(struct policy *policy, bool allow, char *text, struct error *err)
{
	struct policy_rule rule = { .allow = allow };
	struct policy_rule *more;
	char *ports;

	if (policy->count == POLICY_RULES_MAX)
		return error_set(err, 0, "more than %d rules", POLICY_RULES_MAX);
	if (asprintf(&rule.text, "%s %s", allow ? "allow" : "deny", text) < 0)
		return error_set(err, ENOMEM, "policy");
	for (enum policy_protocol p = POLICY_TCP; p < POLICY_NPROTOCOLS; p++) {
		const size_t len = strlen(protocol_name[p]);

		if (strncmp(text, protocol_name[p], len) || text[len] != ':')
			continue;
		rule.protocol = p;
		text += len + 1;
		break;
	}
	ports = cut_ports(&text, err);
	if (!ports || parse_target(&rule, text, err) || (*ports && parse_ports(&rule, ports, err)))
		goto failed;
	if (rule.protocol == POLICY_ICMP && rule.nports) {
		error_set(err, 0, "icmp has no ports");
		goto failed;
	}
	more = reallocarray(policy->rules, policy->count + 1, sizeof(rule));
	if (!more) {
		error_set(err, ENOMEM, "policy");
		goto failed;
	}
	policy->rules = more;
	policy->rules[policy->count++] = rule;
	return 0;
failed:
	free(rule.name);
	free(rule.text);
	return -1;
}

static int word_allow(struct policy *policy, char *words[2], struct error *err)
{
	return parse_rule(policy, true, words[0], err);
}

static int word_deny(struct policy *policy, char *words[2], struct error *err)
{
	return parse_rule(policy, false, words[0], err);
}

static int word_default(struct policy *policy, char *words[2], struct error *err)
{
	for (enum policy_default d = 0; d < POLICY_NDEFAULTS; d++) {
		if (strcmp(words[0], default_name[d]))
			continue;
		policy->otherwise = d;
		return 0;
	}
	return error_set(err, 0, "'%s' is not one of: none, public, any", words[0]);
}

/* A number with K, M or G, which are powers of 1024 */
static bool amount(const char *text, uint64_t *value)
{
	static const char units[] = "KMG";
	const size_t len = strspn(text, "0123456789");
	const char *unit = text[len] ? strchr(units, toupper((unsigned char)text[len])) : NULL;
	unsigned long n;

	if (!number(text, len, 1UL << 32, &n) || !n || (text[len] && (!unit || text[len + 1])))
		return false;
	*value = (uint64_t)n << (unit ? 10 * (unit - units + 1) : 0);
	return true;
}

static int word_limit(struct policy *policy, char *words[2], struct error *err)
{
	uint64_t *what = !strcmp(words[0], "connections") ? &policy->connections
			 : !strcmp(words[0], "bandwidth") ? &policy->bandwidth
							  : NULL;

	if (!what)
		return error_set(err, 0, "'%s' is not one of: connections, bandwidth", words[0]);
	if (!amount(words[1], what))
		return error_set(err, 0, "'%s' is not a positive number, such as 50, 10M or 1G",
				 words[1]);
	return 0;
}

/* Who may make requests of a host may connect to it */
static int imply(struct policy *policy, const struct http_rule *http, struct error *err)
{
	char text[POLICY_TEXT_MAX];
	struct policy_rule *rule;

	snprintf(text, sizeof(text), "tcp:%s%s:%u", http->below ? "*." : "", http->host,
		 http->port);
	if (parse_rule(policy, true, text, err))
		return -1;
	rule = &policy->rules[policy->count - 1];
	rule->implied = true;
	free(rule->text);
	rule->text = strdup(http->text);
	return rule->text ? 0 : error_set(err, ENOMEM, "policy");
}

static int add_http(struct policy *policy, bool allow, char *words[2], struct error *err)
{
	struct http_rule *more;

	if (policy->nhttp == HTTP_RULES_MAX)
		return error_set(err, 0, "more than %d rules about requests", HTTP_RULES_MAX);
	more = reallocarray(policy->http, policy->nhttp + 1, sizeof(*more));
	if (!more)
		return error_set(err, ENOMEM, "policy");
	policy->http = more;
	if (http_rule_parse(&more[policy->nhttp], allow, words[0], words[1], err))
		return -1;
	policy->nhttp++;
	return allow ? imply(policy, &more[policy->nhttp - 1], err) : 0;
}

static int word_http_allow(struct policy *policy, char *words[2], struct error *err)
{
	return add_http(policy, true, words, err);
}

static int word_http_deny(struct policy *policy, char *words[2], struct error *err)
{
	return add_http(policy, false, words, err);
}

int policy_check(const struct policy *policy, struct error *err)
{
	if (policy->nhttp && policy->otherwise != POLICY_NONE)
		return error_set(err, 0,
				 "rules about requests (%s) want --net=rules: a guest that may "
				 "reach any address goes around them",
				 policy->http[0].allow ? "http-allow" : "http-deny");
	return 0;
}

static const struct {
	const char *word;
	unsigned operands;
	int (*parse)(struct policy *policy, char *words[2], struct error *err);
} lines[] = {
	{ "allow", 1, word_allow },	      { "deny", 1, word_deny },
	{ "default", 1, word_default },	      { "limit", 2, word_limit },
	{ "http-allow", 2, word_http_allow }, { "http-deny", 2, word_http_deny },
};

static int parse_words(struct policy *policy, char **words, unsigned count, struct error *err)
{
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		if (strcmp(words[0], lines[i].word))
			continue;
		if (count - 1 != lines[i].operands)
			return error_set(err, 0, "'%s' wants %u word%s", words[0],
					 lines[i].operands, lines[i].operands > 1 ? "s" : "");
		return lines[i].parse(policy, words + 1, err);
	}
	return error_set(err, 0,
			 "'%s' is not one of: allow, deny, default, limit, http-allow, "
			 "http-deny",
			 words[0]);
}

int policy_line(struct policy *policy, const char *line, struct error *err)
{
	static const char blanks[] = " \t\r";
	char text[POLICY_TEXT_MAX], *words[4], *rest = text;
	const size_t len = strcspn(line, "#\n");
	unsigned count = 0;
	struct error why;

	if (len >= sizeof(text))
		return error_set(err, 0, "a line of a policy has at most %d characters",
				 POLICY_TEXT_MAX - 1);
	memcpy(text, line, len);
	text[len] = '\0';
	while (count < ARRAY_SIZE(words) && *(rest += strspn(rest, blanks))) {
		words[count++] = rest;
		rest += strcspn(rest, blanks);
		if (*rest)
			*rest++ = '\0';
	}
	if (!count)
		return 0;
	if (parse_words(policy, words, count, &why))
		return error_set(err, 0, "%.*s: %.200s", (int)(len < 100 ? len : 100), line,
				 why.text);
	return 0;
}

int policy_text(struct policy *policy, const char *text, size_t len, struct error *err)
{
	char line[POLICY_TEXT_MAX + 1];

	while (len) {
		const char *end = memchr(text, '\n', len);
		const size_t this = end ? (size_t)(end - text) : len;

		if (this >= sizeof(line) || memchr(text, '\0', this))
			return error_set(err, 0,
					 "a line of a policy is text of at most %d "
					 "characters",
					 POLICY_TEXT_MAX - 1);
		memcpy(line, text, this);
		line[this] = '\0';
		if (policy_line(policy, line, err))
			return -1;
		text += this + (end != NULL);
		len -= this + (end != NULL);
	}
	return 0;
}
