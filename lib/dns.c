// SPDX-License-Identifier: GPL-2.0-only
/* dns.c - messages of the domain name system, as far as a forwarder reads them (RFC 1035)
 *
 * Theory of operation
 * Both sides are strangers: the guest asks, and whoever owns a name answers. What is asked is
 * written anew from what was understood of it, and so are answers with addresses, so that nothing
 * passes that was not looked at. Every read is of a cursor that knows the end; a compressed name
 * leads back only, each time before where it came from, so that it ends.
 *
 * Host system calls: none.
 */
#include "lib/dns.h"

#include <ctype.h>
#include <string.h>

#include "vitrine/util.h"

#define HEADER 12
#define RESPONSE 0x8000
#define OPCODE 0x7800
#define TRUNCATED 0x0200
#define RECURSION 0x0100
#define RECURSION_THERE 0x0080
#define POINTER 0xc0
#define OUR_SIZE 1232 /* what passes everywhere without being divided */
#define ALIASES_MAX 16
#define TTL_MAX 86400

struct cursor {
	const uint8_t *start, *at, *end;
};

static bool has(const struct cursor *c, size_t len)
{
	return (size_t)(c->end - c->at) >= len;
}

static uint16_t get16(struct cursor *c)
{
	c->at += 2;
	return (uint16_t)(c->at[-2] << 8 | c->at[-1]);
}

static uint32_t get32(struct cursor *c)
{
	const uint32_t high = get16(c);

	return high << 16 | get16(c);
}

/* One label to @name, which is at *@used. Return: false when it does not fit */
static bool add_label(const uint8_t *label, size_t len, char *name, size_t *used)
{
	if (*used + len + 1 > POLICY_NAME_MAX)
		return false;
	if (*used)
		name[(*used)++] = '.';
	for (size_t i = 0; i < len; i++)
		name[(*used)++] = (char)tolower(label[i]);
	return true;
}

/* A name in lower case; the cursor stands behind it. Return: false when it is malformed */
static bool get_name(struct cursor *c, char *name)
{
	const uint8_t *at = c->at, *before = c->at, *behind = NULL;
	size_t used = 0;

	for (;;) {
		if (at >= c->end)
			return false;
		if ((*at & POINTER) == POINTER) {
			if (c->end - at < 2)
				return false;
			if (!behind)
				behind = at + 2;
			at = c->start + ((at[0] & ~POINTER) << 8 | at[1]);
			if (at >= before)
				return false;
			before = at;
			continue;
		}
		if (*at & POINTER || c->end - at < *at + 1)
			return false;
		if (!*at)
			break;
		/* A byte of zero or a dot would make another name of it */
		if (memchr(at + 1, '\0', *at) || memchr(at + 1, '.', *at) ||
		    !add_label(at + 1, *at, name, &used))
			return false;
		at += *at + 1;
	}
	name[used] = '\0';
	c->at = behind ?: at + 1;
	return true;
}

/* Type, class, time to live and length of a record whose name was read */
struct record {
	uint16_t type, class, len;
	uint32_t ttl;
};

static bool get_record(struct cursor *c, struct record *record)
{
	if (!has(c, 10))
		return false;
	record->type = get16(c);
	record->class = get16(c);
	record->ttl = get32(c);
	record->len = get16(c);
	return has(c, record->len);
}

/* What who asks says of itself in an additional record (RFC 6891) */
static uint16_t answer_size(struct cursor *c, unsigned records)
{
	char name[POLICY_NAME_MAX + 1];
	struct record record;

	while (records-- && get_name(c, name) && get_record(c, &record)) {
		if (record.type == DNS_OPT)
			return record.class > DNS_PLAIN_MAX ? record.class : DNS_PLAIN_MAX;
		c->at += record.len;
	}
	return DNS_PLAIN_MAX;
}

bool dns_query_parse(const uint8_t *message, size_t len, struct dns_query *query,
		     enum dns_code *code)
{
	struct cursor c = { message, message, message + len };
	uint16_t flags, questions, others;

	*query = (struct dns_query){ .size = DNS_PLAIN_MAX };
	*code = DNS_MALFORMED;
	if (!has(&c, HEADER))
		return false;
	query->id = get16(&c);
	flags = get16(&c);
	questions = get16(&c);
	others = get16(&c);
	others |= get16(&c);
	query->recursion = flags & RECURSION;
	if (flags & RESPONSE || questions != 1 || others)
		return false;
	if (flags & OPCODE) {
		*code = DNS_UNKNOWN;
		return false;
	}
	others = get16(&c);
	if (!get_name(&c, query->name) || !has(&c, 4))
		return false;
	query->type = get16(&c);
	query->class = get16(&c);
	query->size = answer_size(&c, others);
	*code = DNS_REFUSED;
	return query->class == 1 && policy_name_valid(query->name);
}

static uint8_t *put16(uint8_t *at, uint32_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
	return at + 2;
}

static uint8_t *put_header(uint8_t *at, uint16_t id, uint16_t flags, unsigned answers,
			   unsigned additional)
{
	at = put16(put16(at, id), flags);
	at = put16(put16(at, 1), answers);
	return put16(put16(at, 0), additional);
}

static uint8_t *put_question(uint8_t *at, const struct dns_query *query)
{
	for (const char *label = query->name; *label;) {
		const size_t len = strcspn(label, ".");

		*at++ = (uint8_t)len;
		memcpy(at, label, len);
		at += len;
		label += len + (label[len] == '.');
	}
	*at++ = 0;
	return put16(put16(at, query->type), query->class);
}

size_t dns_query_build(const struct dns_query *query, uint16_t id, uint8_t *message)
{
	uint8_t *at = put_header(message, id, RECURSION, 0, 1);

	at = put_question(at, query);
	*at++ = 0;
	at = put16(put16(at, DNS_OPT), OUR_SIZE);
	at = put16(put16(at, 0), 0);
	return (size_t)(put16(at, 0) - message);
}

static bool same_question(struct cursor *c, const struct dns_query *query)
{
	char name[POLICY_NAME_MAX + 1];

	return get_name(c, name) && has(c, 4) && !strcmp(name, query->name) &&
	       get16(c) == query->type && get16(c) == query->class;
}

static void take_address(const struct record *record, const uint8_t *data,
			 struct dns_answer *answer)
{
	struct address address;

	if (record->type == DNS_A && record->len == 4)
		address = address_from_v4(data);
	else if (record->type != DNS_AAAA || record->len != 16 || !address_from_v6(data, &address))
		return;
	if (answer->count == DNS_ADDRESSES_MAX)
		return;
	answer->addresses[answer->count++] = address;
	if (record->ttl < answer->ttl)
		answer->ttl = record->ttl;
}

/* The addresses of @name among the records at @c, which are @count; false when they are malformed
 */
static bool find_addresses(struct cursor c, unsigned count, const struct dns_query *query,
			   char *name, bool *alias, struct dns_answer *answer)
{
	char owner[POLICY_NAME_MAX + 1];
	struct record record;

	*alias = false;
	while (count--) {
		if (!get_name(&c, owner) || !get_record(&c, &record))
			return false;
		if (record.class == 1 && !strcmp(owner, name)) {
			struct cursor data = { c.start, c.at, c.at + record.len };

			if (record.type == query->type)
				take_address(&record, c.at, answer);
			else if (record.type == DNS_CNAME && !*alias) {
				if (!get_name(&data, owner))
					return false;
				if (record.ttl < answer->ttl)
					answer->ttl = record.ttl;
				*alias = true;
				/* Behind the records that were read: a name has one alias */
				memmove(name, owner, sizeof(owner));
				c.at += record.len;
				continue;
			}
		}
		c.at += record.len;
	}
	return true;
}

bool dns_answer_parse(const uint8_t *message, size_t len, const struct dns_query *query,
		      uint16_t id, struct dns_answer *answer)
{
	struct cursor c = { message, message, message + len };
	char name[POLICY_NAME_MAX + 1];
	uint16_t flags, questions, count;
	bool alias = true;

	*answer = (struct dns_answer){ .ttl = TTL_MAX };
	if (!has(&c, HEADER) || get16(&c) != id)
		return false;
	flags = get16(&c);
	questions = get16(&c);
	count = get16(&c);
	c.at = message + HEADER;
	if (!(flags & RESPONSE) || questions != 1 || !same_question(&c, query))
		return false;
	answer->code = flags & 0xf;
	answer->truncated = flags & TRUNCATED;
	if (query->type != DNS_A && query->type != DNS_AAAA)
		return true;
	strcpy(name, query->name);
	/* Records may stand in any order: each alias is looked for from the beginning */
	for (unsigned i = 0; i < ALIASES_MAX && alias && !answer->count; i++) {
		if (!find_addresses(c, count, query, name, &alias, answer))
			return answer->truncated;
	}
	return true;
}

size_t dns_answer_build(const struct dns_query *query, const struct dns_answer *answer,
			uint8_t *message, size_t size)
{
	const size_t record = query->type == DNS_A ? 16 : 28;
	uint16_t flags = RESPONSE | RECURSION_THERE | answer->code;
	unsigned fit, whole;
	uint8_t *at;

	if (query->recursion)
		flags |= RECURSION;
	if (!query->name[0]) { /* it was not understood */
		put_header(message, query->id, flags, 0, 0);
		put16(message + 4, 0);
		return HEADER;
	}
	at = put_question(message + HEADER, query);
	fit = (unsigned)((size - (size_t)(at - message)) / record);
	whole = answer->count < fit ? answer->count : fit;
	if (whole < answer->count)
		flags |= TRUNCATED;
	for (unsigned i = 0; i < whole; i++) {
		const bool v4 = address_is_v4(&answer->addresses[i]);

		at = put16(at, POINTER << 8 | HEADER);
		at = put16(put16(at, v4 ? DNS_A : DNS_AAAA), 1);
		at = put16(put16(at, answer->ttl >> 16), answer->ttl);
		at = put16(at, v4 ? 4 : 16);
		memcpy(at, answer->addresses[i].byte + (v4 ? 12 : 0), v4 ? 4 : 16);
		at += v4 ? 4 : 16;
	}
	put_header(message, query->id, flags, whole, 0);
	return (size_t)(at - message);
}
