// SPDX-License-Identifier: GPL-2.0-only
/* test_policy.c - whom a sandbox may talk to: the text of rules, and what they decide */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "lib/policy.h"
#include "lib/publish.h"
#include "vitrine/util.h"

static struct policy policy;

static void with(const char *text)
{
	struct error err = { 0 };

	policy_free(&policy);
	policy.otherwise = POLICY_PUBLIC;
	if (policy_text(&policy, text, strlen(text), &err))
		fail_msg("%s", err.text);
}

static struct address parse(const char *text)
{
	struct address address;

	if (!address_parse(text, &address))
		fail_msg("%s", text);
	return address;
}

static bool may(enum policy_protocol protocol, const char *to, uint16_t port)
{
	const struct address address = parse(to);
	struct policy_verdict verdict;

	policy_decide(&policy, protocol, &address, port, 100, &verdict);
	assert_non_null(verdict.why);
	return verdict.allowed;
}

static void every_kind_of_address(void **state)
{
	static const struct {
		const char *address;
		enum address_kind kind;
	} known[] = {
		{ "93.184.216.34", ADDRESS_PUBLIC },
		{ "2606:2800:220:1::1", ADDRESS_PUBLIC },
		{ "127.0.0.1", ADDRESS_LOOPBACK },
		{ "127.255.255.255", ADDRESS_LOOPBACK },
		{ "::1", ADDRESS_LOOPBACK },
		{ "10.0.0.1", ADDRESS_PRIVATE },
		{ "172.16.0.1", ADDRESS_PRIVATE },
		{ "172.31.255.255", ADDRESS_PRIVATE },
		{ "172.32.0.1", ADDRESS_PUBLIC },
		{ "192.168.1.1", ADDRESS_PRIVATE },
		{ "fd00::1", ADDRESS_PRIVATE },
		{ "fec0::1", ADDRESS_PRIVATE },
		{ "169.254.1.1", ADDRESS_LINK },
		{ "fe80::1", ADDRESS_LINK },
		{ "169.254.169.254", ADDRESS_METADATA },
		{ "fd00:ec2::254", ADDRESS_METADATA },
		{ "100.100.100.200", ADDRESS_METADATA },
		{ "100.64.0.1", ADDRESS_SHARED },
		{ "100.127.255.255", ADDRESS_SHARED },
		{ "100.128.0.1", ADDRESS_PUBLIC },
		{ "224.0.0.1", ADDRESS_MULTICAST },
		{ "255.255.255.255", ADDRESS_MULTICAST },
		{ "ff02::1", ADDRESS_MULTICAST },
		{ "0.0.0.0", ADDRESS_RESERVED },
		{ "0.1.2.3", ADDRESS_RESERVED },
		{ "240.0.0.1", ADDRESS_RESERVED },
		{ "192.0.2.1", ADDRESS_RESERVED },
		{ "198.18.0.1", ADDRESS_RESERVED },
		{ "::", ADDRESS_RESERVED },
		{ "::7f00:1", ADDRESS_EMBEDDED },
		{ "64:ff9b::7f00:1", ADDRESS_EMBEDDED },
		{ "2002:7f00:1::", ADDRESS_EMBEDDED },
		{ "2001:0:1::", ADDRESS_EMBEDDED },
		{ "::ffff:0:7f00:1", ADDRESS_EMBEDDED },
		{ "2001:db8::1", ADDRESS_RESERVED },
		{ "4000::1", ADDRESS_RESERVED },
	};

	with("");
	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		const struct address address = parse(known[i].address);

		if (address_kind(&address) != known[i].kind)
			fail_msg("%s is %s", known[i].address,
				 address_kind_name(address_kind(&address)));
		/* Without a rule what is public is allowed, and nothing else */
		assert_int_equal(may(POLICY_TCP, known[i].address, 443),
				 known[i].kind == ADDRESS_PUBLIC);
	}
}

static void mapped_addresses_are_no_addresses(void **state)
{
	struct address address;
	char text[ADDRESS_TEXT_MAX];

	assert_false(address_parse("::ffff:127.0.0.1", &address));
	assert_false(address_parse("[::ffff:10.0.0.1]", &address));
	address = parse("127.0.0.1");
	assert_string_equal(address_format(&address, text), "127.0.0.1");
	assert_false(address_from_v6(address.byte, &address));
}

static void the_first_rule_decides(void **state)
{
	with("deny 10.1.2.3\nallow 10.1.2.0/24\ndeny 10.0.0.0/8\n");
	assert_false(may(POLICY_TCP, "10.1.2.3", 80));
	assert_true(may(POLICY_TCP, "10.1.2.4", 80));
	assert_false(may(POLICY_TCP, "10.1.3.1", 80));
	with("allow any\ndeny metadata");
	assert_true(may(POLICY_TCP, "169.254.169.254", 80));
	with("deny metadata\nallow any");
	assert_false(may(POLICY_TCP, "169.254.169.254", 80));
	assert_true(may(POLICY_TCP, "127.0.0.1", 80));
}

static void ports_and_protocols(void **state)
{
	with("default none\nallow tcp:[fd00::/8]:443,8000-8999\nallow udp:10.0.0.1:53\n"
	     "allow icmp:10.0.0.0/8 # ping\nallow 192.168.0.1:80\n");
	assert_true(may(POLICY_TCP, "fd00::1", 443));
	assert_true(may(POLICY_TCP, "fd00::1", 8500));
	assert_false(may(POLICY_TCP, "fd00::1", 9000));
	assert_false(may(POLICY_UDP, "fd00::1", 443));
	assert_true(may(POLICY_UDP, "10.0.0.1", 53));
	assert_false(may(POLICY_TCP, "10.0.0.1", 53));
	assert_true(may(POLICY_ICMP, "10.9.9.9", 0));
	assert_true(may(POLICY_UDP, "192.168.0.1", 80));
	/* A rule with ports says nothing of a protocol that has none */
	assert_false(may(POLICY_ICMP, "192.168.0.1", 0));
	assert_false(may(POLICY_TCP, "93.184.216.34", 80));
}

static void learn(const char *name, const char *to, uint64_t until)
{
	const struct address address = parse(to);

	policy_learn(&policy, name, &address, until);
}

static void names_are_what_was_told(void **state)
{
	struct policy_verdict verdict;
	struct address address = parse("93.184.216.34");

	with("default none\nallow tcp:*.example.com:443\n");
	assert_false(may(POLICY_TCP, "93.184.216.34", 443)); /* nobody has asked */
	learn("www.example.com", "93.184.216.34", 200);
	assert_true(may(POLICY_TCP, "93.184.216.34", 443));
	assert_false(may(POLICY_TCP, "93.184.216.34", 80));
	policy_decide(&policy, POLICY_TCP, &address, 443, 100, &verdict);
	assert_string_equal(verdict.name, "www.example.com");
	assert_string_equal(verdict.why, "allow tcp:*.example.com:443");
	policy_decide(&policy, POLICY_TCP, &address, 443, 201, &verdict);
	assert_false(verdict.allowed); /* it was long ago */
	learn("example.com", "93.184.216.35", 200);
	learn("evilexample.com", "93.184.216.36", 200);
	assert_false(may(POLICY_TCP, "93.184.216.35", 443));
	assert_false(may(POLICY_TCP, "93.184.216.36", 443));
}

static void a_name_leads_nowhere_private(void **state)
{
	static const char *const places[] = { "127.0.0.1",  "10.0.0.1", "169.254.169.254",
					      "::1",	    "fd00::1",	"64:ff9b::a00:1",
					      "100.64.0.1", "224.0.0.1" };

	with("allow evil.example\n");
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		const struct address address = parse(places[i]);

		assert_false(policy_answers(&policy, "evil.example", &address));
		/* Not even if the resolver had told it all the same */
		learn("evil.example", places[i], 1000);
		assert_false(may(POLICY_TCP, places[i], 443));
	}
	with("allow intern.example\nallow 10.0.0.0/8:443\n");
	learn("intern.example", "10.0.0.1", 1000);
	assert_true(may(POLICY_TCP, "10.0.0.1", 443));
	assert_false(may(POLICY_TCP, "10.0.0.1", 80));
}

static void which_names_may_be_asked_for(void **state)
{
	const char *why;

	with("default none\nallow *.example.com\ndeny bad.example.org\nallow "
	     "good.example.org:443\n");
	assert_true(policy_resolves(&policy, "a.b.example.com", &why));
	assert_true(policy_resolves(&policy, "good.example.org", &why));
	assert_false(policy_resolves(&policy, "bad.example.org", &why));
	assert_string_equal(why, "deny bad.example.org");
	/* A question for any other name would carry what is in it to its owner */
	assert_false(policy_resolves(&policy, "secret.attacker.example", &why));
	with("deny tracker.example\n");
	assert_false(policy_resolves(&policy, "tracker.example", &why));
	assert_true(policy_resolves(&policy, "anything.example", &why));
	with("default none\nallow public:443\n");
	assert_true(policy_resolves(&policy, "anything.example", &why));
}

static void pins_have_an_end(void **state)
{
	char name[32];

	with("default none\nallow *.example.com\n");
	for (unsigned i = 0; i < 20000; i++) {
		snprintf(name, sizeof(name), "n%u.example.com", i);
		learn(name, "93.184.216.34", 1000 + i);
	}
	assert_true(policy.npins < 20000);
	assert_true(may(POLICY_TCP, "93.184.216.34", 443));
}

static void mistakes_are_told(void **state)
{
	static const struct {
		const char *line, *says;
	} wrong[] = {
		{ "alow 1.2.3.4", "is not one of: allow, deny, default, limit, http-allow" },
		{ "allow", "wants 1 word" },
		{ "allow 1.2.3.4 5.6.7.8", "wants 1 word" },
		{ "allow 1.2.3.400", "no address" },
		{ "allow 1.2.3.0/33", "no length of a network" },
		{ "allow fd00::/129", "no length of a network" },
		{ "allow ::ffff:1.2.3.4", "no address" },
		{ "allow tcp:", "whom?" },
		{ "allow 1.2.3.4:http", "no ports" },
		{ "allow 1.2.3.4:70000", "no ports" },
		{ "allow 1.2.3.4:90-80", "backwards" },
		{ "allow icmp:1.2.3.4:80", "icmp has no ports" },
		{ "allow [fd00::1:80", "bracket" },
		{ "allow b\303\274cher.example", "neither an address" },
		{ "allow *.*.example", "neither an address" },
		{ "allow a..example", "neither an address" },
		{ "default maybe", "is not one of: none, public, any" },
		{ "limit connections 0", "not a positive number" },
		{ "limit bandwidth 10X", "not a positive number" },
		{ "limit patience 10", "is not one of" },
	};
	struct policy none = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		struct error err = { 0 };

		if (!policy_line(&none, wrong[i].line, &err))
			fail_msg("accepted: %s", wrong[i].line);
		if (!strstr(err.text, wrong[i].says))
			fail_msg("%s: %s", wrong[i].line, err.text);
	}
	assert_int_equal(none.count, 0);
	policy_free(&none);
}

static void limits_are_numbers(void **state)
{
	with("limit connections 200\nlimit bandwidth 2M\n");
	assert_int_equal(policy.connections, 200);
	assert_int_equal(policy.bandwidth, 2 << 20);
}

static void published_ports(void **state)
{
	static const char *const good[][2] = {
		{ "8080:80", "127.0.0.1:8080:80/tcp" },
		{ "0.0.0.0:53:5353/udp", "0.0.0.0:53:5353/udp" },
		{ "[::1]:1:2/tcp", "[::1]:1:2/tcp" },
		{ "0:22", "127.0.0.1:0:22/tcp" },
	};
	static const char *const bad[] = {
		"",	      "80",   ":80",	    "80:",	 "80:0",
		"80:70000",   "a:80", "80:80/sctp", "::1:80:80", "300.0.0.1:80:80",
		"1.2.3.4:80", "-1:80"
	};
	char text[PUBLISH_TEXT_MAX];
	struct publish publish;
	struct error err;

	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		if (publish_parse(good[i][0], &publish, &err))
			fail_msg("%s", err.text);
		assert_string_equal(publish_format(&publish, text), good[i][1]);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		if (!publish_parse(bad[i], &publish, &err))
			fail_msg("accepted: %s", bad[i]);
	}
}

static int done(void **state)
{
	policy_free(&policy);
	return 0;
}

static void names_are_forgotten(void **state)
{
	const struct address address = parse("93.184.216.34");

	with("allow example.com:443\ndefault none");
	policy_forget(&policy); /* nothing is there yet */
	policy_learn(&policy, "example.com", &address, 100);
	assert_true(may(POLICY_TCP, "93.184.216.34", 443));
	policy_forget(&policy);
	assert_false(may(POLICY_TCP, "93.184.216.34", 443));
	policy_learn(&policy, "example.com", &address, 100);
	assert_true(may(POLICY_TCP, "93.184.216.34", 443));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_forgotten),
		cmocka_unit_test(every_kind_of_address),
		cmocka_unit_test(mapped_addresses_are_no_addresses),
		cmocka_unit_test(the_first_rule_decides),
		cmocka_unit_test(ports_and_protocols),
		cmocka_unit_test(names_are_what_was_told),
		cmocka_unit_test(a_name_leads_nowhere_private),
		cmocka_unit_test(which_names_may_be_asked_for),
		cmocka_unit_test(pins_have_an_end),
		cmocka_unit_test(mistakes_are_told),
		cmocka_unit_test(limits_are_numbers),
		cmocka_unit_test(published_ports),
	};

	return cmocka_run_group_tests_name("policy", tests, NULL, done);
}
