/* SPDX-License-Identifier: GPL-2.0-only */
/* calls.c - what the kernel asks of its host (struct vt_host_ops) */
#include <string.h>

#include "internal.h"

#define CONSOLE_PIECE 512

static void console_write(struct machine *m, uint64_t text, uint32_t size)
{
	char piece[CONSOLE_PIECE];

	for (uint32_t part; size; size -= part, text += part) {
		part = size < sizeof(piece) ? size : sizeof(piece);
		if (guest_read(m, text, piece, part))
			return;
		m->host->console(m->host->of, piece, part);
	}
}

static uint64_t now(struct machine *m)
{
	return m->host->monotonic(m->host->of);
}

static void arm(struct machine *m, uint64_t delta)
{
	m->deadline = delta ? now(m) + delta : MACHINE_NEVER;
}

static uint64_t kernel_map(struct machine *m, enum vt_map_kind kind, uint64_t va, uint64_t pa,
			   uint64_t size)
{
	const struct vt_map_op op = {
		.kind = kind,
		.prot = VT_PROT_READ | VT_PROT_WRITE | VT_PROT_EXEC,
		.va = va,
		.pa = pa,
		.len = size,
	};
	int err;

	if (kind == VT_MAP && !guest_physical(m, pa, size))
		return -(uint64_t)G_EINVAL;
	err = space_sync(m->view.space, &op, 1);
	emu_core_flush(m->kernel);
	return (uint64_t)(int64_t)err;
}

/* Memory that reads as zeros from now on */
static void release(struct machine *m, uint64_t pa, uint64_t size)
{
	uint8_t *at = guest_physical(m, pa, size);

	if (!at)
		return;
	memset(at, 0, size);
	guest_written(m, at, size);
}

void call_host(struct machine *m, enum guest_call call, const uint64_t args[6])
{
	uint64_t value = 0;

	switch (call) {
	case CALL_console_write:
		console_write(m, args[0], (uint32_t)args[1]);
		break;
	case CALL_halt:
		m->halted = true;
		m->status = (uint32_t)args[0];
		return;
	case CALL_clock_monotonic:
	case CALL_cpu_time: /* the CPU is nobody else's, as far as we can say */
		value = now(m);
		break;
	case CALL_clock_realtime:
		value = m->host->realtime(m->host->of);
		break;
	case CALL_timer_arm:
		arm(m, args[0]);
		break;
	case CALL_idle:
		m->sleeps = true;
		return;
	case CALL_kernel_map:
		value = kernel_map(m, VT_MAP, args[0], args[1], args[2]);
		break;
	case CALL_kernel_unmap:
		kernel_map(m, VT_UNMAP, args[0], 0, args[1]);
		break;
	case CALL_memory_release:
		release(m, args[0], args[1]);
		break;
	case CALL_thread_run:
		thread_enter(m, args);
		return;
	case CALL_mm_new:
	case CALL_mm_free:
	case CALL_mm_sync:
	case CALL_thread_new:
	case CALL_thread_free:
	case CALL_thread_kick:
		value = threads_call(m, call, args);
		break;
	case CALL_virtio_info:
	case CALL_virtio_config:
	case CALL_virtio_features:
	case CALL_virtio_status:
	case CALL_virtio_queue:
	case CALL_virtio_notify:
		value = bus_call(m, call, args);
		break;
	case CALL_stream_read:
	case CALL_stream_write:
	case CALL_stream_close:
	case CALL_request_next:
	case CALL_request_done:
	case CALL_job_exit:
		value = jobs_call(m, call, args);
		break;
	case CALL_pause:
		m->paused = true;
		return;
	case CALL_cpu_start: /* there is one CPU */
	case CALL_cpu_kick:
	case CALL_cpu_stop:
	case CALL_yield:
	case CALL_memory_populate: /* all of it is there */
	case CALL_memory_unused:
	case CALL_mm_barrier:	  /* nothing runs at the same time */
	case CALL_thread_capture: /* all registers are known */
	case CALL_COUNT:
		break;
	}
	kernel_return(m, value);
}
