/* SPDX-License-Identifier: GPL-2.0-only */
/* mcp.h - the Model Context Protocol: tools for agents, as JSON-RPC 2.0
 *
 * What is the same wherever the messages come from: standard input (cli/mcp) or HTTP. A host says
 * which tools it has and does what they are for; here messages are parsed, arguments checked and
 * answers made. Clients are not trusted.
 */
#ifndef MCP_MCP_H
#define MCP_MCP_H

#include <stdbool.h>
#include <stddef.h>
#include <jansson.h>
#include "vitrine/error.h"

#define MCP_MESSAGE_MAX (16U << 20) /* bytes of one message */

/**
 * struct mcp_tool - one tool
 * @name:    as the client calls it
 * @about:   one or two sentences for the model
 * @schema:  JSON Schema of its arguments: an object with "properties", "required" and
 *	     "additionalProperties": false; see mcp_arguments()
 * @reads:   it changes nothing
 */
struct mcp_tool {
	const char *name, *about, *schema;
	bool reads;
};

/**
 * struct mcp_call - a call of a tool
 * @id:        of the request; borrowed, keep a reference for a later answer
 * @arguments: an object that the schema allows; borrowed
 */
struct mcp_call {
	json_t *id;
	const struct mcp_tool *tool;
	json_t *arguments;
};

/**
 * struct mcp_host - who has the tools
 * @instructions: for the model, once
 * @call:   do it. Return: its result (mcp_result()), NULL when it comes later, or NULL with
 *	    @err's text set when it failed
 * @cancel: the client does not want the result of this request any more; or NULL
 */
struct mcp_host {
	const struct mcp_tool *tools;
	size_t count;
	const char *instructions;
	void *context;
	json_t *(*call)(void *context, const struct mcp_call *call, struct error *err);
	void (*cancel)(void *context, const json_t *id);
};

/**
 * mcp_message() - Take one message
 * @text: @len bytes, JSON or not
 *
 * Return: the answer, which the caller releases, or NULL: there is none, or it comes later.
 */
json_t *mcp_message(const struct mcp_host *host, const char *text, size_t len);

/**
 * mcp_result() - What a tool has to say
 * @text:       for the model; any bytes
 * @structured: the same for programs, an object, or NULL; its reference is taken
 *
 * Return: an object, or NULL without memory.
 */
json_t *mcp_result(const char *text, json_t *structured, bool failed);

/**
 * mcp_answer() - The answer to a request
 * @id:     of the request
 * @result: its reference is taken
 */
json_t *mcp_answer(json_t *id, json_t *result);

/**
 * mcp_arguments() - Do arguments fit a schema?
 * @schema: of the subset that tools use: type (string, integer, boolean, array of strings, object
 *of strings), minimum, maximum, maxLength, enum, required
 *
 * Return: 0, or -1 with @err saying which does not, and why.
 */
int mcp_arguments(const json_t *schema, const json_t *arguments, struct error *err);

#endif
