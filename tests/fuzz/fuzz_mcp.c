// SPDX-License-Identifier: GPL-2.0-only
/* fuzz_mcp.c - messages of hostile clients of the Model Context Protocol
 *
 * A tool that is called has the arguments that its schema allows, and what is answered is JSON.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "mcp/mcp.h"
#include "vitrine/util.h"

static const struct mcp_tool tools[] = {
	{ "run", "",
	  "{\"type\":\"object\",\"additionalProperties\":false,\"required\":[\"name\"],"
	  "\"properties\":{\"name\":{\"type\":\"string\",\"maxLength\":8},"
	  "\"count\":{\"type\":\"integer\",\"minimum\":1,\"maximum\":9},"
	  "\"words\":{\"type\":\"array\"},\"env\":{\"type\":\"object\"},"
	  "\"kind\":{\"type\":\"string\",\"enum\":[\"a\",\"b\"]},"
	  "\"flag\":{\"type\":\"boolean\"}}}" },
};

static json_t *call(void *context, const struct mcp_call *call, struct error *err)
{
	const json_t *name = json_object_get(call->arguments, "name"),
		     *count = json_object_get(call->arguments, "count"),
		     *kind = json_object_get(call->arguments, "kind");

	if (!json_is_string(name) || json_string_length(name) > 8 ||
	    strlen(json_string_value(name)) != json_string_length(name))
		abort();
	if (count && (json_integer_value(count) < 1 || json_integer_value(count) > 9))
		abort();
	if (kind && strcmp(json_string_value(kind), "a") && strcmp(json_string_value(kind), "b"))
		abort();
	return mcp_result(json_string_value(name), NULL, false);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct mcp_host host = {
		.tools = tools, .count = ARRAY_SIZE(tools), .instructions = "", .call = call
	};
	json_t *answer = mcp_message(&host, (const char *)data, size);
	char *text = answer ? json_dumps(answer, JSON_COMPACT) : NULL;

	if (answer && !text)
		abort();
	free(text);
	json_decref(answer);
	return 0;
}
