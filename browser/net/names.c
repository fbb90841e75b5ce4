// SPDX-License-Identifier: GPL-2.0-only
/* names.c - the guest's resolver: every name has an address of ours
 *
 * Theory of operation
 * A connection of the guest's has an address, and the relay wants a name: it resolves and decides
 * itself. So a question for a name is answered with an address that nobody else has
 * (198.18.0.0/15), which stands for the name from then on. When there are more names than places,
 * the oldest goes; answers are valid for a moment only, so programs ask again.
 *
 * Host system calls: none.
 */
#include <stdlib.h>

#include "internal.h"
#include "lib/dns.h"

#define TTL 5 /* seconds */

static struct address address_of_place(uint32_t place)
{
	uint8_t bytes[4];

	put32(bytes, NAMES_FIRST + place);
	return address_from_v4(bytes);
}

const char *names_of(const struct net *net, const struct address *address)
{
	const uint32_t place = get32(address->byte + 12) - NAMES_FIRST;

	return address_is_v4(address) && place < NAMES_MAX ? net->names[place] : NULL;
}

static bool find_place(struct net *net, const char *name, uint32_t *place)
{
	char *copy;

	for (*place = 0; *place < NAMES_MAX; ++*place) {
		if (net->names[*place] && !strcmp(net->names[*place], name))
			return true;
	}
	copy = strdup(name);
	if (!copy)
		return false;
	*place = net->next_name++ % NAMES_MAX;
	free(net->names[*place]);
	net->names[*place] = copy;
	return true;
}

size_t names_answer(struct net *net, const uint8_t *ask, size_t len, uint8_t *to, size_t room)
{
	struct dns_answer answer = { .ttl = TTL };
	struct dns_query query = { 0 };
	enum dns_code code;
	uint32_t place;

	if (len < 2)
		return 0;
	if (!dns_query_parse(ask, len, &query, &code))
		answer.code = code;
	else if (query.type == DNS_A && find_place(net, query.name, &place))
		answer.addresses[answer.count++] = address_of_place(place);
	if (!net->there && query.type == DNS_A)
		answer = (struct dns_answer){ .code = DNS_FAILED };
	return dns_answer_build(&query, &answer, to, room);
}
