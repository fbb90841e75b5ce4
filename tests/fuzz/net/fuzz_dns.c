// SPDX-License-Identifier: GPL-2.0-only
/* fuzz_dns.c - questions of guests and answers of resolvers: the first byte says which it is */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/dns.h"

static void question(const uint8_t *data, size_t size)
{
	uint8_t out[DNS_PLAIN_MAX];
	struct dns_query query, again;
	enum dns_code code;
	size_t len;

	if (!dns_query_parse(data, size, &query, &code))
		return;
	if (!policy_name_valid(query.name))
		abort();
	/* What was understood is what is asked */
	len = dns_query_build(&query, 7, out);
	if (len > sizeof(out) || !dns_query_parse(out, len, &again, &code) ||
	    strcmp(query.name, again.name) || query.type != again.type)
		abort();
}

static void answer(const uint8_t *data, size_t size)
{
	struct dns_query query = { .type = DNS_A, .class = 1, .size = DNS_PLAIN_MAX };
	uint8_t out[DNS_PLAIN_MAX];
	struct dns_answer answer;

	strcpy(query.name, "www.example.com");
	if (size && *data & 2)
		query.type = DNS_AAAA;
	if (!dns_answer_parse(data + 1, size ? size - 1 : 0, &query, 7, &answer))
		return;
	if (answer.count > DNS_ADDRESSES_MAX)
		abort();
	answer.code &= 0xf;
	if (dns_answer_build(&query, &answer, out, sizeof(out)) > sizeof(out))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!size)
		return 0;
	if (*data & 1)
		question(data + 1, size - 1);
	else
		answer(data, size);
	return 0;
}
