/* SPDX-License-Identifier: GPL-2.0-only */
/* json.h - writes one JSON object, of bounded size */
#ifndef VITRINE_OBSERVE_JSON_H
#define VITRINE_OBSERVE_JSON_H

#include <linux/types.h>

#define VT_JSON_DEPTH 24

/**
 * struct vt_json - a text in the making; private to json.c but for @truncated
 * @buf:         @len bytes of @size; at most @limit
 * @depth:       open objects and arrays; the first one is the text itself
 * @ignored:     opened since something was left out, inside of it
 * @outer_array: depth of the outermost open array, 0: none
 * @mark:        where that array's newest element begins, with its comma
 * @is_array, @filled: bit per depth
 * @full:        elements of arrays are left out from now on
 * @truncated:   something was left out
 */
struct vt_json {
	char *buf;
	u32 len, size, limit;
	u32 depth, ignored, outer_array, mark;
	u32 is_array, filled;
	bool mark_filled, full, truncated;
};

int vt_json_init(struct vt_json *json, u32 limit);
const char *vt_json_finish(struct vt_json *json, u32 *len);
void vt_json_free(struct vt_json *json);

void vt_json_object(struct vt_json *json, const char *key);
void vt_json_array(struct vt_json *json, const char *key);
void vt_json_end(struct vt_json *json);

void vt_json_null(struct vt_json *json, const char *key);
void vt_json_bool(struct vt_json *json, const char *key, bool value);
void vt_json_int(struct vt_json *json, const char *key, s64 value);
void vt_json_u64(struct vt_json *json, const char *key, u64 value);
void vt_json_hex(struct vt_json *json, const char *key, u64 value);
void vt_json_string(struct vt_json *json, const char *key, const char *text);
void vt_json_bytes(struct vt_json *json, const char *key, const char *text, size_t len);

#endif
