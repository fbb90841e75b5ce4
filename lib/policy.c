// SPDX-License-Identifier: GPL-2.0-only
/* policy.c - whom a sandbox may talk to
 *
 * Theory of operation
 * Decisions are about addresses, because that is what is dialled. A rule with a name is about the
 * addresses that our own resolver has told the guest for that name, until they are too old: *pins*.
 * An address that the guest knows from elsewhere is nobody's name. A name's owner says which
 * addresses it has, so a name alone never leads to addresses that are not public (rebinding): a
 * rule that names the address, its network or its kind has to allow these.
 *
 * There are as many pins as a guest can use at a time; when there are more, the oldest goes. A
 * guest that asks for many names harms itself.
 */
#include "lib/policy.h"

#include <stdlib.h>
#include <string.h>

#include "vitrine/util.h"

#define PINS_MAX 8192

struct policy_pin {
	struct address address;
	uint64_t until;
	char *name;
};

static const char *const not_public[ADDRESS_NKINDS] = {
	[ADDRESS_PUBLIC] = "no rule allows it",
	[ADDRESS_LOOPBACK] = "loopback: no rule allows it",
	[ADDRESS_PRIVATE] = "private: no rule allows it",
	[ADDRESS_LINK] = "link-local: no rule allows it",
	[ADDRESS_METADATA] = "metadata: no rule allows it",
	[ADDRESS_SHARED] = "shared: no rule allows it",
	[ADDRESS_MULTICAST] = "multicast: no rule allows it",
	[ADDRESS_EMBEDDED] = "embedded: no rule allows it",
	[ADDRESS_RESERVED] = "reserved: no rule allows it",
};

static bool name_matches(const struct policy_rule *rule, const char *name)
{
	const size_t len = strlen(name), tail = strlen(rule->name);

	if (!rule->below)
		return !strcmp(name, rule->name);
	return len > tail + 1 && name[len - tail - 1] == '.' &&
	       !strcmp(name + len - tail, rule->name);
}

static bool port_matches(const struct policy_rule *rule, uint16_t port)
{
	if (!rule->nports)
		return true;
	for (unsigned i = 0; i < rule->nports; i++) {
		if (port >= rule->ports[i].first && port <= rule->ports[i].last)
			return true;
	}
	return false;
}

static bool protocol_matches(const struct policy_rule *rule, enum policy_protocol protocol)
{
	if (rule->protocol != POLICY_ANY)
		return rule->protocol == protocol;
	/* A rule with ports speaks of those who have some */
	return protocol != POLICY_ICMP || !rule->nports;
}

/* The name that makes the rule match is copied to @name */
static bool pinned(const struct policy *policy, const struct policy_rule *rule,
		   const struct address *address, uint64_t now, char *name)
{
	for (size_t i = 0; i < policy->npins; i++) {
		const struct policy_pin *pin = &policy->pins[i];

		if (pin->until >= now && address_equal(&pin->address, address) &&
		    (!rule || name_matches(rule, pin->name))) {
			strcpy(name, pin->name);
			return true;
		}
	}
	return false;
}

static bool target_matches(const struct policy *policy, const struct policy_rule *rule,
			   const struct address *address, enum address_kind kind, uint64_t now,
			   char *name)
{
	switch (rule->target) {
	case POLICY_NETWORK:
		return address_within(address, &rule->network, rule->bits);
	case POLICY_KIND:
		return kind == rule->kind;
	case POLICY_EVERYTHING:
		return true;
	case POLICY_NAME:
		return (kind == ADDRESS_PUBLIC || !rule->allow) &&
		       pinned(policy, rule, address, now, name);
	}
	return false;
}

static bool default_allows(const struct policy *policy, enum address_kind kind)
{
	return policy->otherwise == POLICY_ALL ||
	       (policy->otherwise == POLICY_PUBLIC && kind == ADDRESS_PUBLIC);
}

void policy_decide(const struct policy *policy, enum policy_protocol protocol,
		   const struct address *address, uint16_t port, uint64_t now,
		   struct policy_verdict *verdict)
{
	const enum address_kind kind = address_kind(address);

	*verdict = (struct policy_verdict){ .allowed = false };
	pinned(policy, NULL, address, now, verdict->name);
	for (size_t i = 0; i < policy->count; i++) {
		const struct policy_rule *rule = &policy->rules[i];

		if (!protocol_matches(rule, protocol) || !port_matches(rule, port) ||
		    !target_matches(policy, rule, address, kind, now, verdict->name))
			continue;
		verdict->allowed = rule->allow;
		verdict->meant = rule->target != POLICY_NAME &&
				 (rule->target != POLICY_KIND || rule->kind != ADDRESS_PUBLIC);
		verdict->implied = rule->implied;
		verdict->why = rule->text;
		return;
	}
	verdict->allowed = default_allows(policy, kind);
	verdict->why = verdict->allowed ? "default" : not_public[kind];
}

bool policy_resolves(const struct policy *policy, const char *name, const char **why)
{
	for (size_t i = 0; i < policy->count; i++) {
		const struct policy_rule *rule = &policy->rules[i];

		if (rule->target == POLICY_NAME && name_matches(rule, name)) {
			/* A name some of whose ports are refused is a name all the same */
			if (!rule->allow && (rule->nports || rule->protocol != POLICY_ANY))
				continue;
			*why = rule->text;
			return rule->allow;
		}
		/* Whoever may reach all public addresses needs their names */
		if (rule->allow && (rule->target == POLICY_EVERYTHING ||
				    (rule->target == POLICY_KIND && rule->kind == ADDRESS_PUBLIC)))
			return true;
	}
	*why = "no rule allows it";
	return policy->otherwise != POLICY_NONE;
}

bool policy_answers(const struct policy *policy, const char *name, const struct address *address)
{
	const enum address_kind kind = address_kind(address);

	for (size_t i = 0; i < policy->count; i++) {
		const struct policy_rule *rule = &policy->rules[i];
		bool matches;

		if (rule->target == POLICY_NAME)
			matches =
			    name_matches(rule, name) && (kind == ADDRESS_PUBLIC || !rule->allow);
		else
			matches = target_matches(policy, rule, address, kind, 0, NULL);
		/* Only part of it is refused: the rest may be allowed below */
		if (!matches || (!rule->allow && (rule->nports || rule->protocol != POLICY_ANY)))
			continue;
		return rule->allow;
	}
	return default_allows(policy, kind);
}

/* The place of a pin: its own from before, or a new one, or the one that is given up */
static struct policy_pin *pin_place(struct policy *policy, const char *name,
				    const struct address *address)
{
	for (size_t i = 0; i < policy->npins; i++) {
		if (address_equal(&policy->pins[i].address, address) &&
		    !strcmp(policy->pins[i].name, name))
			return &policy->pins[i];
	}
	if (!policy->pins)
		policy->pins = calloc(PINS_MAX, sizeof(*policy->pins));
	if (!policy->pins)
		return NULL;
	if (policy->npins < PINS_MAX)
		return &policy->pins[policy->npins++];
	return &policy->pins[policy->next_pin++ % PINS_MAX];
}

void policy_learn(struct policy *policy, const char *name, const struct address *address,
		  uint64_t until)
{
	cleanup_free char *copy = strlen(name) <= POLICY_NAME_MAX ? strdup(name) : NULL;
	struct policy_pin *pin = copy ? pin_place(policy, name, address) : NULL;

	if (!pin)
		return; /* as if nobody had asked */
	if (pin->name && !strcmp(pin->name, name) && address_equal(&pin->address, address)) {
		if (until > pin->until)
			pin->until = until;
		return;
	}
	free(pin->name);
	*pin = (struct policy_pin){ *address, until, steal_ptr(copy) };
}

void policy_forget(struct policy *policy)
{
	for (size_t i = 0; i < policy->npins; i++)
		free(policy->pins[i].name);
	if (policy->npins)
		memset(policy->pins, 0, policy->npins * sizeof(*policy->pins));
	policy->npins = policy->next_pin = 0;
}

const char *policy_name_of(const struct policy *policy, const struct address *address, uint64_t now,
			   size_t *at)
{
	while (*at < policy->npins) {
		const struct policy_pin *pin = &policy->pins[(*at)++];

		if (pin->until >= now && address_equal(&pin->address, address))
			return pin->name;
	}
	return NULL;
}

void policy_free(struct policy *policy)
{
	for (size_t i = 0; i < policy->count; i++) {
		free(policy->rules[i].name);
		free(policy->rules[i].text);
	}
	for (size_t i = 0; i < policy->nhttp; i++)
		http_rule_free(&policy->http[i]);
	free(policy->http);
	for (size_t i = 0; i < policy->npins; i++)
		free(policy->pins[i].name);
	free(policy->rules);
	free(policy->pins);
	*policy = (struct policy){ 0 };
}
