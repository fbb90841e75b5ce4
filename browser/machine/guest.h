/* SPDX-License-Identifier: GPL-2.0-only */
/* guest.h - structures of the boot ABI as they lie in the guest's memory
 *
 * The guest's pointers have 64 bits, whatever ours have. Structures without pointers are taken from
 * abi.h as they are; of the others this is the layout, compared with abi.h wherever pointers are as
 * long as the guest's.
 */
#ifndef BROWSER_MACHINE_GUEST_H
#define BROWSER_MACHINE_GUEST_H

#include <stddef.h>
#include <stdint.h>

#include "vitrine/abi.h"

/* Where the kernel finds what is not its own memory: the boot record, FPU images */
#define GUEST_BOARD 0x5ff000000000UL

/* Calls of the host are jumps to addresses where nothing is: GUEST_GATE + 16 * number */
#define GUEST_GATE 0x5fe000000000UL
#define GUEST_GATE_STEP 16

struct guest_frame {
	uint64_t fs_base, gs_base;
	uint64_t fault_addr;
	uint32_t error_code, trap_nr;
	uint8_t full, reset_fpu, no_tsc, spare;
	uint32_t xstate_size;
	uint16_t ds, es, fs, gs;
	uint64_t xstate;
};

struct guest_request {
	uint64_t id;
	uint32_t kind, len;
	uint64_t data;
};

struct guest_kernel {
	uint64_t pending, fault, die, die_stack, map, resume;
};

struct guest_boot {
	uint32_t version, cpus;
	uint64_t ops;
	struct guest_kernel kernel;
	uint64_t mem_size;
	uint64_t hwcap, hwcap2;
	uint64_t sigframe_size;
	uint64_t vdso_clock;
	uint64_t telemetry;
	uint64_t tsc_mult;
	uint32_t goes_on, pad;
	uint8_t seed[64];
	char hostname[65];
	char cmdline[VT_CMDLINE_MAX];
};

/* The operations of struct vt_host_ops, in its order */
#define GUEST_CALLS(CALL)                                                                          \
	CALL(console_write)                                                                        \
	CALL(halt)                                                                                 \
	CALL(pause)                                                                                \
	CALL(clock_monotonic)                                                                      \
	CALL(clock_realtime)                                                                       \
	CALL(cpu_time)                                                                             \
	CALL(timer_arm)                                                                            \
	CALL(idle)                                                                                 \
	CALL(cpu_start)                                                                            \
	CALL(cpu_kick)                                                                             \
	CALL(cpu_stop)                                                                             \
	CALL(yield)                                                                                \
	CALL(kernel_map)                                                                           \
	CALL(kernel_unmap)                                                                         \
	CALL(memory_populate)                                                                      \
	CALL(memory_release)                                                                       \
	CALL(memory_unused)                                                                        \
	CALL(mm_new)                                                                               \
	CALL(mm_free)                                                                              \
	CALL(mm_sync)                                                                              \
	CALL(mm_barrier)                                                                           \
	CALL(thread_new)                                                                           \
	CALL(thread_free)                                                                          \
	CALL(thread_run)                                                                           \
	CALL(thread_kick)                                                                          \
	CALL(thread_capture)                                                                       \
	CALL(virtio_info)                                                                          \
	CALL(virtio_config)                                                                        \
	CALL(virtio_features)                                                                      \
	CALL(virtio_status)                                                                        \
	CALL(virtio_queue)                                                                         \
	CALL(virtio_notify)                                                                        \
	CALL(stream_read)                                                                          \
	CALL(stream_write)                                                                         \
	CALL(stream_close)                                                                         \
	CALL(request_next)                                                                         \
	CALL(request_done)                                                                         \
	CALL(job_exit)

#define GUEST_CALL_NUMBER(name) CALL_##name,
enum guest_call { GUEST_CALLS(GUEST_CALL_NUMBER) CALL_COUNT };

#ifdef __LP64__
#define SAME(ours, theirs, member)                                                                 \
	_Static_assert(offsetof(struct ours, member) == offsetof(struct theirs, member), #member)
SAME(guest_frame, vt_frame, full);
SAME(guest_frame, vt_frame, xstate);
SAME(guest_request, vt_request, data);
SAME(guest_boot, vt_boot, kernel);
SAME(guest_boot, vt_boot, telemetry);
SAME(guest_boot, vt_boot, seed);
SAME(guest_boot, vt_boot, cmdline);
SAME(guest_kernel, vt_kernel, resume);
_Static_assert(sizeof(struct guest_boot) == sizeof(struct vt_boot), "a boot record");
#define GUEST_CALL_SAME(name)                                                                      \
	_Static_assert(offsetof(struct vt_host_ops, name) == 8 * CALL_##name, #name);
GUEST_CALLS(GUEST_CALL_SAME)
_Static_assert(sizeof(struct vt_host_ops) == 8 * CALL_COUNT, "all operations");
#endif

#endif
