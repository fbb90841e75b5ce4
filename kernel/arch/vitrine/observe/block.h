/* SPDX-License-Identifier: GPL-2.0-only */
/* block.h - what kind of block request the observatory takes one for */
#ifndef VITRINE_OBSERVE_BLOCK_H
#define VITRINE_OBSERVE_BLOCK_H

#include <linux/blk-mq.h>
#include <asm/vitrine-telemetry.h>

/* As the kernel's own statistics have it (op_stat_group()): zeros are written, on whatever way */
static inline enum vt_block_op vt_block_op(const struct request *rq)
{
	if (req_op(rq) == REQ_OP_FLUSH)
		return VT_BLOCK_FLUSH;
	if (op_is_discard(req_op(rq)))
		return VT_BLOCK_DISCARD;
	return op_is_write(req_op(rq)) ? VT_BLOCK_WRITE : VT_BLOCK_READ;
}

#endif
