// SPDX-License-Identifier: GPL-2.0-only
/* follow.c - VT_VIEW_FOLLOW: the system call that was followed last
 *
 * The record (follow/record.c) in words: ticks become nanoseconds since the call began, functions
 * their names and layers. docs/observatory.md has the shape.
 */
#include <linux/kallsyms.h>
#include <linux/kernel.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <asm/vitrine-telemetry.h>
#include "../follow/follow.h"
#include "view.h"

static const char *const operation_name[] = {
	[VT_BLOCK_READ] = "read",
	[VT_BLOCK_WRITE] = "write",
	[VT_BLOCK_FLUSH] = "flush",
	[VT_BLOCK_DISCARD] = "discard",
};
static_assert(ARRAY_SIZE(operation_name) == VT_NR_BLOCK, "operation_name[]");

static void symbol_of(char name[KSYM_NAME_LEN], u32 function)
{
	if (lookup_symbol_name((unsigned long)_stext + function, name))
		strscpy(name, "?", KSYM_NAME_LEN);
}

static void call_name(struct vt_json *json, const char *key, long nr)
{
	char buf[VT_CALL_NAME];

	vt_json_string(json, key, nr < 0 ? NULL : vt_call_name(nr, buf));
}

static void write_request(struct vt_json *json, const struct vt_follow_wish *wish, u64 too_short)
{
	vt_json_object(json, "request");
	call_name(json, "call", wish->nr);
	vt_json_int(json, "number", wish->nr);
	vt_json_int(json, "pid", wish->pid);
	vt_json_u64(json, "least_ns", wish->least_ns);
	vt_json_u64(json, "too_short", too_short);
	vt_json_end(json);
}

static void write_call(struct vt_json *json, const struct vt_follow_record *record)
{
	unsigned int i;

	vt_json_object(json, "call");
	vt_json_int(json, "number", record->nr);
	call_name(json, "name", record->nr);
	vt_json_array(json, "args");
	for (i = 0; i < ARRAY_SIZE(record->args); i++)
		vt_json_hex(json, NULL, record->args[i]);
	vt_json_end(json);
	if (record->answered)
		vt_json_int(json, "result", record->result);
	else
		vt_json_null(json, "result");
	vt_json_int(json, "pid", record->pid);
	vt_json_int(json, "tgid", record->tgid);
	vt_json_string(json, "comm", record->comm);
	vt_json_u64(json, "begin_ns", record->begin_ns);
	vt_json_u64(json, "duration_ns", vt_follow_ns(record->ticks));
	vt_json_u64(json, "off_cpu_ns", vt_follow_ns(record->off_cpu));
	vt_json_u64(json, "overhead_ns", vt_follow_ns(record->overhead));
	vt_json_end(json);
}

static void write_layers(struct vt_json *json, const struct vt_follow_record *record)
{
	unsigned int layer;

	vt_json_object(json, "layers");
	for (layer = 0; layer < VT_NR_LAYERS; layer++) {
		if (record->layers[layer])
			vt_json_u64(json, vt_layer_name(layer),
				    vt_follow_ns(record->layers[layer]));
	}
	vt_json_end(json);
}

static void write_functions(struct vt_json *json, const struct vt_follow_record *record, char *name)
{
	u32 i;

	vt_json_u64(json, "functions_count", (u64)record->nr_functions + record->lost);
	vt_json_array(json, "functions");
	for (i = 0; i < record->nr_functions; i++) {
		const struct vt_follow_function *function = &record->functions[i];

		symbol_of(name, function->function);
		vt_json_array(json, NULL);
		vt_json_int(json, NULL, function->depth);
		vt_json_u64(json, NULL, vt_follow_ns(function->begin));
		vt_json_u64(json, NULL, vt_follow_ns(function->ticks));
		vt_json_string(json, NULL, name);
		vt_json_string(json, NULL, vt_layer_name(function->layer));
		vt_json_end(json);
	}
	vt_json_end(json);
}

static void write_pauses(struct vt_json *json, const struct vt_follow_record *record, char *name)
{
	u32 i;

	vt_json_u64(json, "off_cpu_count", record->nr_pauses);
	vt_json_array(json, "off_cpu");
	for (i = 0; i < min_t(u32, record->nr_pauses, VT_FOLLOW_PAUSES); i++) {
		const struct vt_follow_pause *pause = &record->pauses[i];

		symbol_of(name, pause->reason);
		vt_json_object(json, NULL);
		vt_json_u64(json, "start_ns", vt_follow_ns(pause->begin));
		vt_json_u64(json, "duration_ns", vt_follow_ns(pause->ticks));
		vt_json_string(json, "reason", pause->reason ? name : NULL);
		vt_json_bool(json, "preempted", pause->preempted);
		vt_json_end(json);
	}
	vt_json_end(json);
}

static void write_blocks(struct vt_json *json, const struct vt_follow_record *record)
{
	u32 i;

	vt_json_u64(json, "block_count", record->nr_blocks);
	vt_json_array(json, "block");
	for (i = 0; i < min_t(u32, record->nr_blocks, VT_FOLLOW_BLOCKS); i++) {
		const struct vt_follow_block *block = &record->blocks[i];

		vt_json_object(json, NULL);
		vt_json_string(json, "operation", operation_name[block->op]);
		vt_json_u64(json, "sector", block->sector);
		vt_json_u64(json, "bytes", block->bytes);
		vt_json_u64(json, "issue_ns", vt_follow_ns(block->begin));
		if (block->request)
			vt_json_null(json, "complete_ns");
		else
			vt_json_u64(json, "complete_ns", vt_follow_ns(block->end));
		vt_json_int(json, "pid", block->pid);
		vt_json_string(json, "comm", block->comm);
		vt_json_bool(json, "own", block->own);
		vt_json_int(json, "error", block->error);
		vt_json_end(json);
	}
	vt_json_end(json);
}

/* Arms nothing, waits only for pid 1 to finish arming */
int vt_view_follow(struct vt_json *json, const struct vt_view_args *args)
{
	char *name = kmalloc(KSYM_NAME_LEN, GFP_KERNEL);
	const struct vt_follow_record *record;
	struct vt_follow_wish wish;
	enum vt_follow_state state;
	u64 too_short;

	if (!name)
		return -ENOMEM;
	state = vt_follow_lock(&wish, &too_short);
	record = vt_follow_record();
	vt_json_string(json, "state", vt_follow_state_name(state));
	write_request(json, &wish, too_short);
	if (state == VT_FOLLOW_DONE) {
		write_call(json, record);
		write_layers(json, record);
		write_blocks(json, record);
		write_pauses(json, record, name);
		write_functions(json, record, name);
		if (record->lost)
			json->truncated = true;
	}
	vt_follow_unlock();
	kfree(name);
	return 0;
}
