// SPDX-License-Identifier: GPL-2.0-only
/* probes.c - what happens to a followed call besides its functions
 *
 * It loses the CPU and gets it back, and block requests are issued for it: by the task itself, or
 * by a kernel thread while it waits (a journal's commit, a write-back worker). Probes on the
 * kernel's own tracepoints, attached while a call is waited for.
 */
#include <linux/sched.h>
#include <linux/string.h>
#include <linux/tracepoint.h>
#include <trace/events/block.h>
#include <trace/events/sched.h>
#include <asm/vitrine-telemetry.h>
#include "../block.h"
#include "follow.h"

static void probe_sched_switch(void *data, bool preempt, struct task_struct *prev,
			       struct task_struct *next, unsigned int prev_state)
{
	if (prev_state & TASK_DEAD)
		vt_follow_dead(prev);
	vt_follow_switch(prev, next, !prev_state);
}

static void probe_block_rq_issue(void *data, struct request *rq)
{
	enum vt_follow_part part = vt_follow_part(current);
	struct vt_follow_record *record = vt_follow_record();
	struct vt_follow_block *block = &record->blocks[record->nr_blocks];

	if (part == VT_FOLLOW_NO_PART || record->nr_blocks++ >= VT_FOLLOW_BLOCKS)
		return;
	block->request = rq;
	block->begin = vt_follow_now();
	block->end = 0;
	block->sector = blk_rq_pos(rq);
	block->bytes = blk_rq_bytes(rq);
	block->error = 0;
	block->pid = current->pid;
	memcpy(block->comm, current->comm, sizeof(block->comm));
	block->op = vt_block_op(rq);
	block->own = part == VT_FOLLOW_ITSELF;
}

static void probe_block_rq_complete(void *data, struct request *rq, blk_status_t error,
				    unsigned int bytes)
{
	struct vt_follow_record *record = vt_follow_record();
	u32 i;

	if (!vt_follow_recording())
		return;
	for (i = min_t(u32, record->nr_blocks, VT_FOLLOW_BLOCKS); i--;) {
		struct vt_follow_block *block = &record->blocks[i];

		if (block->request != rq)
			continue;
		block->end = vt_follow_now();
		block->error = blk_status_to_errno(error);
		if (bytes >= blk_rq_bytes(rq))
			block->request = NULL;
		return;
	}
}

/**
 * vt_follow_probes_attach() - Look at switches and block requests from now on
 *
 * Context: may sleep.
 * Return: 0 or a negative errno.
 */
int vt_follow_probes_attach(void)
{
	int err = register_trace_sched_switch(probe_sched_switch, NULL);

	if (err)
		return err;
	err = register_trace_block_rq_issue(probe_block_rq_issue, NULL);
	if (err)
		goto sched_switch;
	err = register_trace_block_rq_complete(probe_block_rq_complete, NULL);
	if (err)
		goto issue;
	return 0;
issue:
	unregister_trace_block_rq_issue(probe_block_rq_issue, NULL);
sched_switch:
	unregister_trace_sched_switch(probe_sched_switch, NULL);
	return err;
}

/**
 * vt_follow_probes_detach() - Do not look any more
 *
 * Context: may sleep.
 */
void vt_follow_probes_detach(void)
{
	unregister_trace_block_rq_complete(probe_block_rq_complete, NULL);
	unregister_trace_block_rq_issue(probe_block_rq_issue, NULL);
	unregister_trace_sched_switch(probe_sched_switch, NULL);
}
