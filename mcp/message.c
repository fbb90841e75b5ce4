// SPDX-License-Identifier: GPL-2.0-only
/* message.c - one message of the Model Context Protocol, and its answer
 *
 * JSON-RPC 2.0 as the protocol's revisions 2024-11-05 to 2025-11-25 have it, without batches. What
 * a tool could not do is a result for the model to read; what the client did wrong is an error.
 */
#include <string.h>

#include "mcp.h"
#include "vitrine/util.h"

enum {
	NOT_JSON = -32700,
	NOT_A_REQUEST = -32600,
	NO_METHOD = -32601,
	BAD_PARAMS = -32602,
	INTERNAL = -32603,
};

static const char *const revisions[] = { "2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05" };

json_t *mcp_answer(json_t *id, json_t *result)
{
	return json_pack("{s:s, s:O, s:o}", "jsonrpc", "2.0", "id", id, "result", result);
}

static json_t *refuse(json_t *id, int code, const char *why)
{
	return json_pack("{s:s, s:O, s:{s:i, s:s}}", "jsonrpc", "2.0", "id", id ?: json_null(),
			 "error", "code", code, "message", why);
}

/* Bytes that are no UTF-8 become question marks: the client gets text */
static json_t *text_of(const char *text)
{
	cleanup_free char *copy = NULL;
	json_t *json = json_string(text);

	if (json)
		return json;
	copy = strdup(text);
	for (char *at = copy; at && *at; at++) {
		if ((unsigned char)*at >= 0x80)
			*at = '?';
	}
	return copy ? json_string(copy) : NULL;
}

json_t *mcp_result(const char *text, json_t *structured, bool failed)
{
	return json_pack("{s:[{s:s, s:o}], s:o*, s:b}", "content", "type", "text", "text",
			 text_of(text), "structuredContent", structured, "isError", (int)failed);
}

static json_t *initialize(const struct mcp_host *host, const json_t *params)
{
	const char *wanted = json_string_value(json_object_get(params, "protocolVersion"));
	const char *revision = revisions[0];

	for (size_t i = 0; wanted && i < ARRAY_SIZE(revisions); i++) {
		if (!strcmp(wanted, revisions[i]))
			revision = revisions[i];
	}
	return json_pack("{s:s, s:{s:{s:b}}, s:{s:s, s:s, s:s}, s:s}", "protocolVersion", revision,
			 "capabilities", "tools", "listChanged", 0, "serverInfo", "name", "vitrine",
			 "title", "Vitrine sandboxes", "version", VITRINE_VERSION, "instructions",
			 host->instructions);
}

static json_t *list_tools(const struct mcp_host *host)
{
	json_t *tools = json_array();

	for (size_t i = 0; i < host->count; i++) {
		const struct mcp_tool *tool = &host->tools[i];

		json_array_append_new(
		    tools,
		    json_pack("{s:s, s:s, s:o, s:{s:b, s:b}}", "name", tool->name, "description",
			      tool->about, "inputSchema", json_loads(tool->schema, 0, NULL),
			      "annotations", "readOnlyHint", (int)tool->reads, "openWorldHint", 0));
	}
	return json_pack("{s:o}", "tools", tools);
}

static const struct mcp_tool *find_tool(const struct mcp_host *host, const char *name)
{
	for (size_t i = 0; name && i < host->count; i++) {
		if (!strcmp(host->tools[i].name, name))
			return &host->tools[i];
	}
	return NULL;
}

static json_t *call_tool(const struct mcp_host *host, json_t *id, const json_t *params)
{
	const char *name = json_string_value(json_object_get(params, "name"));
	json_t *given = json_object_get(params, "arguments"), *schema, *result;
	struct mcp_call call = { .id = id, .tool = find_tool(host, name) };
	struct error err = { 0 };
	int bad;

	if (!call.tool)
		return refuse(id, BAD_PARAMS, "there is no such tool; ask tools/list");
	call.arguments = given ? json_incref(given) : json_object();
	schema = json_loads(call.tool->schema, 0, NULL);
	bad = mcp_arguments(schema, call.arguments, &err);
	json_decref(schema);
	/* The model can mend its arguments when it reads why they were refused */
	result = bad ? NULL : host->call(host->context, &call, &err);
	json_decref(call.arguments);
	if (!result && err.text[0])
		result = mcp_result(err.text, NULL, true);
	return result ? mcp_answer(id, result) : NULL;
}

static json_t *answer(const struct mcp_host *host, json_t *id, const char *method,
		      const json_t *params)
{
	if (!strcmp(method, "tools/call"))
		return call_tool(host, id, params);
	if (!strcmp(method, "tools/list"))
		return mcp_answer(id, list_tools(host));
	if (!strcmp(method, "initialize"))
		return mcp_answer(id, initialize(host, params));
	if (!strcmp(method, "ping"))
		return mcp_answer(id, json_object());
	return refuse(id, NO_METHOD, "there is no such method");
}

/* A notification has no answer, whatever is in it */
static void note(const struct mcp_host *host, const char *method, const json_t *params)
{
	const json_t *id = json_object_get(params, "requestId");

	if (!strcmp(method, "notifications/cancelled") && id && host->cancel)
		host->cancel(host->context, id);
}

json_t *mcp_message(const struct mcp_host *host, const char *text, size_t len)
{
	json_t *message = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL), *said = NULL, *id;
	const char *method, *version;

	if (!message)
		return refuse(NULL, NOT_JSON, "this is no JSON");
	id = json_object_get(message, "id");
	method = json_string_value(json_object_get(message, "method"));
	version = json_string_value(json_object_get(message, "jsonrpc"));
	if (!version || strcmp(version, "2.0") ||
	    (id && !json_is_string(id) && !json_is_integer(id)))
		said = refuse(NULL, NOT_A_REQUEST, "this is no request of JSON-RPC 2.0");
	else if (method && id)
		said = answer(host, id, method, json_object_get(message, "params"));
	else if (method)
		note(host, method, json_object_get(message, "params"));
	else if (!json_object_get(message, "result") && !json_object_get(message, "error"))
		said = refuse(id, NOT_A_REQUEST, "this is no request of JSON-RPC 2.0");
	json_decref(message);
	return said;
}
