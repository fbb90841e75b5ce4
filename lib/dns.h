/* SPDX-License-Identifier: GPL-2.0-only */
/* dns.h - messages of the domain name system, as far as a forwarder reads them (RFC 1035) */
#ifndef LIB_DNS_H
#define LIB_DNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/address.h"
#include "lib/policy.h"

#define DNS_MESSAGE_MAX 65535
#define DNS_PLAIN_MAX 512 /* of an answer to who has not said that it takes more */
#define DNS_ADDRESSES_MAX 64

enum dns_type { DNS_A = 1, DNS_CNAME = 5, DNS_AAAA = 28, DNS_OPT = 41 };
enum dns_code { DNS_FINE, DNS_MALFORMED, DNS_FAILED, DNS_NO_NAME, DNS_UNKNOWN, DNS_REFUSED };

/**
 * struct dns_query - a question
 * @name: in lower case, without a dot at its end
 * @size: most bytes of an answer that who asks takes
 */
struct dns_query {
	uint16_t id, type, class, size;
	bool recursion;
	char name[POLICY_NAME_MAX + 1];
};

/**
 * struct dns_answer - what was found
 * @truncated: ask again in a way that takes more
 * @ttl:       seconds, of the shortest record
 */
struct dns_answer {
	enum dns_code code;
	bool truncated;
	uint32_t ttl;
	unsigned count;
	struct address addresses[DNS_ADDRESSES_MAX];
};

/**
 * dns_query_parse() - Take a question apart
 * @code: filled on failure with what to answer
 *
 * Names are those that policy_name_valid() knows.
 *
 * Return: false when it cannot be answered. query->id is valid when @len is 2 at least.
 */
bool dns_query_parse(const uint8_t *message, size_t len, struct dns_query *query,
		     enum dns_code *code);

/**
 * dns_query_build() - Write the same question anew
 * @id: its number
 *
 * Return: length; @message holds DNS_PLAIN_MAX.
 */
size_t dns_query_build(const struct dns_query *query, uint16_t id, uint8_t *message);

/**
 * dns_answer_parse() - Take an answer apart
 * @query: what was asked, and @id under which number
 *
 * Of a question for addresses those are taken that belong to the name, or to what it is another
 * name for.
 *
 * Return: false when it is no answer to that.
 */
bool dns_answer_parse(const uint8_t *message, size_t len, const struct dns_query *query,
		      uint16_t id, struct dns_answer *answer);

/**
 * dns_answer_build() - Write an answer to who asked
 * @message: holds @size
 *
 * Return: length.
 */
size_t dns_answer_build(const struct dns_query *query, const struct dns_answer *answer,
			uint8_t *message, size_t size);

#endif
