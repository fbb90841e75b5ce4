// SPDX-License-Identifier: GPL-2.0-only
/* print.c - a followed call as text: a tree of functions, then the layers
 *
 * Functions, waits and block requests are three lists in the order of their beginnings; they are
 * printed as one, a wait or a request where it happened, as deep as the function before it. What is
 * in the lists comes from the guest's kernel: members may be missing or of another type (jansson's
 * accessors then give 0 or NULL), texts are cleaned.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "follow.h"
#include "lib/plain.h"
#include "observe/region/names.h"
#include "vitrine/syscalls.h"
#include "vitrine/util.h"

#define TEXT_MAX 256
#define INDENT_MAX 60
#define BAR 30
#define LAYERS_MAX 64
#define ARGS 6 /* of a system call */

static const char *clean(char out[TEXT_MAX], const json_t *value)
{
	const char *text = json_string_value(value);

	plain_copy(out, TEXT_MAX, text ? text : "?", TEXT_MAX);
	return out;
}

static json_int_t member(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

static double us(json_int_t ns)
{
	return (double)ns / 1000;
}

static void print_call(FILE *out, const json_t *call)
{
	const json_t *result = json_object_get(call, "result");
	const json_t *args = json_object_get(call, "args");
	char text[TEXT_MAX];
	unsigned i;

	fprintf(out, "%s(", clean(text, json_object_get(call, "name")));
	for (i = 0; i < ARGS && call_argument(member(call, "number"), i) != VT_ARG_NONE; i++)
		fprintf(out, "%s%s", i ? ", " : "", clean(text, json_array_get(args, i)));
	if (json_is_integer(result))
		fprintf(out, ") = %" JSON_INTEGER_FORMAT "\n", json_integer_value(result));
	else
		fprintf(out, ") does not return\n");
	fprintf(out, "%s, pid %" JSON_INTEGER_FORMAT ": %.2f us, %.2f us of them off the CPU",
		clean(text, json_object_get(call, "comm")), member(call, "pid"),
		us(member(call, "duration_ns")), us(member(call, "off_cpu_ns")));
	fprintf(out, "; watching it took %.2f us more\n\n", us(member(call, "overhead_ns")));
}

static void print_line(FILE *out, json_int_t begin, json_int_t duration, const char *layer,
		       unsigned depth)
{
	fprintf(out, "%10.2f %10.2f  %-11s %*s", us(begin), us(duration), layer,
		(int)(2 * depth < INDENT_MAX ? 2 * depth : INDENT_MAX), "");
}

static unsigned function_depth(const json_t *function)
{
	json_int_t depth = json_integer_value(json_array_get(function, 0));

	return depth > 0 && depth < UINT16_MAX ? depth : 0;
}

static void print_function(FILE *out, const json_t *function, unsigned depth)
{
	char name[TEXT_MAX], layer[TEXT_MAX];

	print_line(out, json_integer_value(json_array_get(function, 1)),
		   json_integer_value(json_array_get(function, 2)),
		   clean(layer, json_array_get(function, 4)), depth);
	fprintf(out, "%s\n", clean(name, json_array_get(function, 3)));
}

static void print_pause(FILE *out, const json_t *pause, unsigned depth)
{
	char text[TEXT_MAX];

	print_line(out, member(pause, "start_ns"), member(pause, "duration_ns"), "waiting", depth);
	if (json_is_true(json_object_get(pause, "preempted")))
		fprintf(out, "-- another task has the CPU\n");
	else
		fprintf(out, "-- sleeps in %s\n", clean(text, json_object_get(pause, "reason")));
}

static void print_block(FILE *out, const json_t *block, unsigned depth)
{
	json_int_t begin = member(block, "issue_ns");
	const json_t *end = json_object_get(block, "complete_ns");
	char operation[TEXT_MAX], comm[TEXT_MAX];

	print_line(out, begin, json_is_integer(end) ? json_integer_value(end) - begin : 0, "device",
		   depth);
	fprintf(out, ">> %s of %" JSON_INTEGER_FORMAT " bytes at sector %" JSON_INTEGER_FORMAT,
		clean(operation, json_object_get(block, "operation")), member(block, "bytes"),
		member(block, "sector"));
	if (!json_is_true(json_object_get(block, "own")))
		fprintf(out, ", by %s", clean(comm, json_object_get(block, "comm")));
	fprintf(out, "%s\n", json_is_integer(end) ? "" : ", not complete yet");
}

/* Print what of @list began before @time. Return: the index of the first that did not */
static size_t print_until(FILE *out, const json_t *list, size_t at, const char *key,
			  json_int_t time, unsigned depth,
			  void (*print)(FILE *, const json_t *, unsigned))
{
	for (; at < json_array_size(list) && member(json_array_get(list, at), key) < time; at++)
		print(out, json_array_get(list, at), depth);
	return at;
}

static void print_tree(FILE *out, const json_t *view, unsigned depth_max)
{
	const json_t *pauses = json_object_get(view, "off_cpu"), *function;
	const json_t *blocks = json_object_get(view, "block");
	size_t i, pause = 0, block = 0;
	unsigned depth = 0;

	fprintf(out, "%10s %10s  %-11s %s\n", "begin/us", "time/us", "layer", "function");
	json_array_foreach(json_object_get(view, "functions"), i, function)
	{
		json_int_t begin = json_integer_value(json_array_get(function, 1));

		pause = print_until(out, pauses, pause, "start_ns", begin, depth + 1, print_pause);
		block = print_until(out, blocks, block, "issue_ns", begin, depth + 1, print_block);
		if (function_depth(function) >= depth_max)
			continue;
		depth = function_depth(function);
		print_function(out, function, depth);
	}
	print_until(out, pauses, pause, "start_ns", INT64_MAX, 0, print_pause);
	print_until(out, blocks, block, "issue_ns", INT64_MAX, 0, print_block);
	if (json_is_true(json_object_get(view, "truncated")))
		fprintf(out, "(more functions than there is room for: %" JSON_INTEGER_FORMAT ")\n",
			member(view, "functions_count"));
}

struct layer {
	const char *name;
	json_int_t ns;
};

static int by_time(const void *a, const void *b)
{
	const struct layer *left = a, *right = b;

	return left->ns < right->ns ? 1 : left->ns > right->ns ? -1 : 0;
}

static void print_layers(FILE *out, json_t *object, json_int_t total)
{
	static const char bar[BAR + 1] = "##############################";
	struct layer layers[LAYERS_MAX];
	const char *name;
	size_t count = 0;
	json_t *ns;

	json_object_foreach(object, name, ns)
	{
		if (count < LAYERS_MAX)
			layers[count++] = (struct layer){ name, json_integer_value(ns) };
	}
	qsort(layers, count, sizeof(layers[0]), by_time);
	fprintf(out, "\n%10s %6s  %s\n", "time/us", "", "layer, without what it calls in others");
	for (size_t i = 0; i < count; i++) {
		double part = total > 0 ? (double)layers[i].ns / (double)total : 0;
		int length = part >= 0 && part <= 1 ? (int)(part * BAR + 0.5) : BAR;
		char text[TEXT_MAX];

		plain_copy(text, sizeof(text), layers[i].name, sizeof(text));
		fprintf(out, "%10.2f %5.1f%%  %-11s %.*s\n", us(layers[i].ns), 100 * part, text,
			length, bar);
	}
}

int follow_print(FILE *out, const json_t *view, unsigned depth, struct error *err)
{
	const json_t *call = json_object_get(view, "call");

	if (!json_is_object(call))
		return error_set(err, 0, "the kernel's answer has no call");
	print_call(out, call);
	print_tree(out, view, depth);
	print_layers(out, json_object_get(view, "layers"), member(call, "duration_ns"));
	return 0;
}
