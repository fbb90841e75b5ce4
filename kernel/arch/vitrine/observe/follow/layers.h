/* SPDX-License-Identifier: GPL-2.0-only */
/* layers.h - the layers of the kernel, and where each function's layer is written down
 *
 * Included by the kernel and by tools/layers.c, which fills the table when the image is linked.
 */
#ifndef VITRINE_OBSERVE_LAYERS_H
#define VITRINE_OBSERVE_LAYERS_H

/* X(name, text) */
/* clang-format off */
#define VT_LAYERS(X)                               \
	X(OTHER, "other")                          \
	X(ENTRY, "entry")                          \
	X(INTERRUPTS, "interrupts")                \
	X(PROCESS, "process")                      \
	X(SIGNALS, "signals")                      \
	X(VFS, "vfs")                              \
	X(PAGE_CACHE, "page cache")                \
	X(FILE_SYSTEM, "file system")              \
	X(BLOCK, "block")                          \
	X(DEVICE, "device")                        \
	X(MEMORY, "memory")                        \
	X(SCHEDULER, "scheduler")                  \
	X(NETWORK, "network")                      \
	X(IPC, "ipc")                              \
	X(SECURITY, "security")                    \
	X(TIME, "time")                            \
	X(WAITING, "waiting")
/* clang-format on */

#define VT_LAYER_ENUM(name, text) VT_LAYER_##name,
enum vt_layer { VT_LAYERS(VT_LAYER_ENUM) VT_NR_LAYERS };
#undef VT_LAYER_ENUM

#define VT_LAYER_RANGES 2048

/**
 * struct vt_layer_range - the functions from @start to the next range's @start
 * @start: offset from the beginning of the kernel's text
 * @layer: enum vt_layer
 */
struct vt_layer_range {
	unsigned int start, layer;
};

#ifdef __KERNEL__
enum vt_layer vt_layer_of(unsigned int offset);
const char *vt_layer_name(enum vt_layer layer);
#endif

#endif
