// SPDX-License-Identifier: GPL-2.0-only
/* fuzz_json.c - the kernel's JSON writer, used and misused in every order
 *
 * The input is a program: the first byte chooses the limit, each further one an operation and
 * whether it brings a key, rightly or not. Whatever happens, the text is one JSON object that a
 * strict reader takes, within the limit, and says whether anything was left out.
 */
#include <jansson.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "kernel/arch/vitrine/observe/view/json.h"

#define LIMIT_STEP 4096
#define LIMIT_MIN 16384
#define REPEAT 200 /* so that short inputs fill a text */

struct input {
	const uint8_t *data;
	size_t left;
};

static unsigned next(struct input *in)
{
	if (!in->left)
		return 0;
	in->left--;
	return *in->data++;
}

static const char *bytes(struct input *in, size_t *len)
{
	const char *text = (const char *)in->data;

	*len = next(in);
	if (*len)
		text++;
	if (*len > in->left)
		*len = in->left;
	in->data += *len;
	in->left -= *len;
	return text;
}

static void elements(struct vt_json *json, const char *text, size_t len)
{
	for (int i = 0; i < REPEAT; i++) {
		vt_json_object(json, NULL);
		vt_json_bytes(json, "text", text, len);
		vt_json_array(json, "list");
		vt_json_int(json, NULL, i);
		vt_json_end(json);
		vt_json_end(json);
	}
}

static void step(struct vt_json *json, struct input *in)
{
	unsigned op = next(in);
	const char *key = op & 0x80 ? "key" : NULL, *text;
	size_t len;

	switch (op & 0x0f) {
	case 0:
		vt_json_object(json, key);
		break;
	case 1:
		vt_json_array(json, key);
		break;
	case 2:
		vt_json_end(json);
		break;
	case 3:
		vt_json_null(json, key);
		break;
	case 4:
		vt_json_bool(json, key, op & 0x40);
		break;
	case 5:
		vt_json_int(json, key, INT64_MIN + (s64)next(in));
		break;
	case 6:
		vt_json_u64(json, key, UINT64_MAX - next(in));
		break;
	case 7:
		vt_json_hex(json, key, UINT64_MAX >> (op & 0x3f));
		break;
	case 8:
		text = bytes(in, &len);
		elements(json, text, len);
		break;
	default:
		text = bytes(in, &len);
		vt_json_bytes(json, key, text, len);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	uint32_t limit = LIMIT_MIN + next(&in) % 16 * LIMIT_STEP, len;
	struct vt_json json;
	const char *text;
	json_t *object;

	if (vt_json_init(&json, limit))
		return 0;
	while (in.left)
		step(&json, &in);
	text = vt_json_finish(&json, &len);
	if (!text || len > limit)
		abort();
	object = json_loadb(text, len, 0, NULL);
	if (!json_is_object(object) ||
	    json_is_true(json_object_get(object, "truncated")) != json.truncated)
		abort();
	json_decref(object);
	vt_json_free(&json);
	return 0;
}
