// SPDX-License-Identifier: GPL-2.0-only
/* fuzz_policy.c - the text of policies and of published ports, and what they decide */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/policy.h"
#include "lib/publish.h"
#include "vitrine/util.h"

static void decide(struct policy *policy, const char *text)
{
	static const char *const places[] = { "127.0.0.1", "10.0.0.1", "169.254.169.254", "8.8.8.8",
					      "::1",	   "fd00::1",  "2606::1" };
	struct policy_verdict verdict;
	struct address address;
	const char *why = NULL;

	policy_resolves(policy, "www.example.com", &why);
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		if (!address_parse(places[i], &address))
			abort();
		if (policy_name_valid("a.example") && policy_answers(policy, "a.example", &address))
			policy_learn(policy, "a.example", &address, 100);
		policy_decide(policy, POLICY_TCP, &address, 443, 50, &verdict);
		if (!verdict.why)
			abort();
		/* What no rule says is refused, but for what is public */
		if (verdict.allowed && !policy->count && policy->otherwise == POLICY_PUBLIC &&
		    address_kind(&address) != ADDRESS_PUBLIC)
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct policy policy = { .otherwise = POLICY_PUBLIC };
	char text[4096], out[PUBLISH_TEXT_MAX];
	struct publish publish, again;
	struct error err;

	if (size >= sizeof(text))
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	policy_text(&policy, (const char *)data, size, &err);
	decide(&policy, text);
	policy_free(&policy);
	if (publish_parse(text, &publish, &err))
		return 0;
	if (publish_parse(publish_format(&publish, out), &again, &err) ||
	    again.host != publish.host || again.guest != publish.guest ||
	    !address_equal(&again.address, &publish.address) || again.udp != publish.udp)
		abort();
	return 0;
}
