/* SPDX-License-Identifier: GPL-2.0-only */
/* policy.h - whom a sandbox may talk to
 *
 * A policy is a list of rules, of which the first that matches decides, and a word for all the
 * rest. Whoever dials for a guest asks policy_decide() with the address that it is about to dial,
 * and whoever resolves names for it asks policy_resolves() and policy_answers() and tells
 * policy_learn() what it has told the guest.
 *
 *	allow|deny [tcp:|udp:|icmp:]TARGET[:PORTS]
 *	default public|none|any
 *	limit connections N
 *	limit bandwidth BYTES-A-SECOND
 *	http-allow|http-deny METHODS URL	(lib/http_rule.h)
 *
 * TARGET is an address, a network (10.0.0.0/8, [fd00::/8]), a kind of address (public, host,
 * private, link-local, metadata, shared, multicast, embedded, reserved, any), or a name
 * (example.com, *.example.com). PORTS is 443, 8000-8999, or several with commas.
 */
#ifndef LIB_POLICY_H
#define LIB_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/address.h"
#include "lib/http_rule.h"
#include "vitrine/error.h"

#define POLICY_NAME_MAX 253
#define POLICY_PORTS_MAX 16
#define POLICY_RULES_MAX 1024
#define POLICY_TEXT_MAX 320

enum policy_protocol { POLICY_ANY, POLICY_TCP, POLICY_UDP, POLICY_ICMP, POLICY_NPROTOCOLS };

/* What is not in any rule: nothing, public addresses, everything */
enum policy_default { POLICY_NONE, POLICY_PUBLIC, POLICY_ALL, POLICY_NDEFAULTS };

enum policy_target { POLICY_NETWORK, POLICY_KIND, POLICY_EVERYTHING, POLICY_NAME };

/**
 * struct policy_rule - one line
 * @network, @bits: POLICY_NETWORK
 * @kind:           POLICY_KIND
 * @name:           POLICY_NAME, in lower case; @below: names below it, and not itself
 * @ports:          first and last of each range; @nports 0: every port
 * @implied:        it stands for a rule about requests, whose host can be connected to
 * @text:           as it was written, for log lines
 */
struct policy_rule {
	bool allow, below, implied;
	enum policy_protocol protocol;
	enum policy_target target;
	struct address network;
	unsigned bits;
	enum address_kind kind;
	unsigned nports;
	struct {
		uint16_t first, last;
	} ports[POLICY_PORTS_MAX];
	char *name, *text;
};

struct policy_pin;

/**
 * struct policy - rules, limits, and which names stand for which addresses
 * @connections: most at a time; 0: no limit
 * @bandwidth:   bytes a second in each direction; 0: no limit
 * @http:        rules about requests
 */
struct policy {
	enum policy_default otherwise;
	struct policy_rule *rules;
	size_t count;
	uint64_t connections, bandwidth;
	struct http_rule *http;
	size_t nhttp;
	struct policy_pin *pins;
	size_t npins, next_pin;
};

/**
 * struct policy_verdict - what policy_decide() says
 * @meant: a rule names the address, its network or its kind, and not only a name or the public
 * @why:  the rule that decided, or why none allows it; lasts as long as the policy
 * @name: a name that the guest was told this address for, the one that decided if one did; ""
 * @implied: it was a rule about requests that decided
 */
struct policy_verdict {
	bool allowed, meant, implied;
	const char *why;
	char name[POLICY_NAME_MAX + 1];
};

/* policy_parse.c */

/**
 * policy_line() - Add one line of a policy, as at the head of this file
 * @line: may be empty, or a comment after '#'
 * @err:  filled on failure, with the line
 *
 * Return: 0 or -1, with nothing added.
 */
int policy_line(struct policy *policy, const char *line, struct error *err);

/**
 * policy_text() - Add all lines of a text
 */
int policy_text(struct policy *policy, const char *text, size_t len, struct error *err);

/**
 * policy_check() - Do all the lines fit together?
 *
 * Rules about requests are about a name's addresses as the guest was told them. Who may reach any
 * public address could go around them by one that it knows from elsewhere.
 */
int policy_check(const struct policy *policy, struct error *err);

void policy_free(struct policy *policy);

/* name.c */

/**
 * policy_name_valid() - Is this a host name, in letters, digits, hyphens, underscores and dots?
 */
bool policy_name_valid(const char *name);

/* policy.c */

/**
 * policy_decide() - May the guest have a connection to this address?
 * @protocol: not POLICY_ANY
 * @port:     0 for ICMP
 * @now:      seconds of a monotonic clock
 */
void policy_decide(const struct policy *policy, enum policy_protocol protocol,
		   const struct address *address, uint16_t port, uint64_t now,
		   struct policy_verdict *verdict);

/**
 * policy_resolves() - May the guest ask for this name?
 * @name: in lower case, without a dot at its end
 * @meant: a rule names the address, its network or its kind, and not only a name or the public
 * @why:  the rule, when it may not
 */
bool policy_resolves(const struct policy *policy, const char *name, const char **why);

/**
 * policy_answers() - May the guest be told that this is the address of that name?
 *
 * That is so when it could then use it, with any protocol and port: an answer that leads to the
 * host's own network is a lie of whoever owns the name.
 */
bool policy_answers(const struct policy *policy, const char *name, const struct address *address);

/**
 * policy_learn() - The guest has been told this address for that name
 * @until: seconds of the clock of policy_decide()
 */
void policy_learn(struct policy *policy, const char *name, const struct address *address,
		  uint64_t until);

/**
 * policy_forget() - No address stands for a name any more
 *
 * For who decides on one connection at a time, for different clients: what one of them was told
 * allows the others nothing.
 */
void policy_forget(struct policy *policy);

/**
 * policy_name_of() - The names that the guest has been told this address for, one by one
 * @at: begins as 0
 *
 * Return: a name, or NULL when there are no more.
 */
const char *policy_name_of(const struct policy *policy, const struct address *address, uint64_t now,
			   size_t *at);

#endif
