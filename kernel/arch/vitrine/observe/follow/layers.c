// SPDX-License-Identifier: GPL-2.0-only
/* layers.c - which layer of the kernel a function belongs to
 *
 * A function's layer is where its source is. The linker places one object file's code after
 * another's, directory by directory, so a few hundred ranges of addresses say it of every function.
 * tools/layers.c takes them from the linker's map and writes them here, into the finished image.
 */
#include <linux/build_bug.h>
#include <linux/kernel.h>
#include "layers.h"

#define LAYER_NAME(name, text) [VT_LAYER_##name] = text,
static const char *const layer_name[] = { VT_LAYERS(LAYER_NAME) };
static_assert(ARRAY_SIZE(layer_name) == VT_NR_LAYERS, "layer_name[]");

/* Not in .bss: the tool needs room in the file. Unused ones at the end have the largest start */
extern struct vt_layer_range vt_layer_ranges[VT_LAYER_RANGES];
struct vt_layer_range vt_layer_ranges[VT_LAYER_RANGES] __section(".data") = {
	[0 ... VT_LAYER_RANGES - 1] = { ~0U, VT_LAYER_OTHER },
};

/**
 * vt_layer_of() - Layer of a function
 * @offset: of its address from the beginning of the kernel's text
 */
enum vt_layer vt_layer_of(unsigned int offset)
{
	unsigned int low = 0, high = VT_LAYER_RANGES;

	while (low < high) {
		unsigned int middle = (low + high) / 2;

		if (vt_layer_ranges[middle].start <= offset)
			low = middle + 1;
		else
			high = middle;
	}
	return low ? vt_layer_ranges[low - 1].layer : VT_LAYER_OTHER;
}

/**
 * vt_layer_name() - Name of a layer, as views show it
 */
const char *vt_layer_name(enum vt_layer layer)
{
	return layer_name[layer];
}
