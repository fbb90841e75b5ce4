// SPDX-License-Identifier: GPL-2.0-only
/* json.c - writes one JSON object, of bounded size
 *
 * Theory of operation
 * The caller opens objects and arrays, adds members (with a key) and elements (without one), and
 * closes. Whatever it does, what comes out is valid JSON in valid UTF-8: a member without a key, an
 * element with one, or an end too many is dropped with a warning, and vt_json_finish() closes what
 * is open. Each value is written whole or not at all.
 *
 * When the text is full, the newest element of the outermost array is taken back, so that no reader
 * meets half an element; further elements are left out. A reserve remains for members of the object
 * around it, which were to come behind the list. "truncated" tells.
 *
 * Strings come from guests: any bytes are escaped. What is no UTF-8 (RFC 3629: no surrogates, no
 * overlong forms) becomes U+FFFD a byte, and so does NUL, which many readers refuse even as \u0000.
 *
 * The buffer grows, so all functions may sleep. Nobody is killed to make room for it: memory that
 * there is not counts as full.
 */
#include <linux/bug.h>
#include <linux/kernel.h>
#include <linux/slab.h>
#include <linux/string.h>
#include "json.h"

#define JSON_FIRST_SIZE 4096
#define JSON_GFP (GFP_KERNEL | __GFP_NORETRY | __GFP_NOWARN)
#define JSON_RESERVE 4096	       /* for members behind a list that is full */
#define JSON_TAIL (VT_JSON_DEPTH + 32) /* ends, and "truncated" */
#define JSON_KEY_MAX 64
#define REPLACEMENT "\\ufffd"

#define DEPTH_BIT(json) (1U << (json)->depth)

/* Length of the UTF-8 character at @text, 0 when it is none; see the table of RFC 3629, section 4
 */
static unsigned int character_len(const u8 *text, size_t left)
{
	unsigned int len = text[0] < 0x80 ? 1 : text[0] < 0xe0 ? 2 : text[0] < 0xf0 ? 3 : 4;
	u8 low = 0x80, high = 0xbf;

	if (text[0] >= 0x80 && (text[0] < 0xc2 || text[0] > 0xf4))
		return 0;
	if (len > left)
		return 0;
	switch (text[0]) {
	case 0xe0:
		low = 0xa0;
		break;
	case 0xed:
		high = 0x9f;
		break;
	case 0xf0:
		low = 0x90;
		break;
	case 0xf4:
		high = 0x8f;
		break;
	}
	for (unsigned int i = 1; i < len; i++) {
		if (text[i] < low || text[i] > high)
			return 0;
		low = 0x80;
		high = 0xbf;
	}
	return len;
}

/* One character, escaped, to @out, which has room for 6 bytes. Return: bytes; @used of @text */
static unsigned int character_escape(char *out, const u8 *text, size_t left, unsigned int *used)
{
	static const char hex[] = "0123456789abcdef";
	unsigned int len = character_len(text, left);

	*used = len ?: 1;
	if (!len || !text[0]) {
		memcpy(out, REPLACEMENT, 6);
		return 6;
	}
	if (text[0] == '"' || text[0] == '\\') {
		out[0] = '\\';
		out[1] = text[0];
		return 2;
	}
	if (text[0] < 0x20 || text[0] == 0x7f) {
		memcpy(out, "\\u00", 4);
		out[4] = hex[text[0] >> 4];
		out[5] = hex[text[0] & 15];
		return 6;
	}
	memcpy(out, text, len);
	return len;
}

static size_t escaped_len(const char *text, size_t len)
{
	size_t total = 0;
	unsigned int used;
	char out[6];

	for (size_t at = 0; at < len; at += used)
		total += character_escape(out, (const u8 *)text + at, len - at, &used);
	return total;
}

static void put(struct vt_json *json, const char *text, size_t len)
{
	memcpy(json->buf + json->len, text, len);
	json->len += len;
}

static void put_escaped(struct vt_json *json, const char *text, size_t len)
{
	unsigned int used;

	put(json, "\"", 1);
	for (size_t at = 0; at < len; at += used)
		json->len +=
		    character_escape(json->buf + json->len, (const u8 *)text + at, len - at, &used);
	put(json, "\"", 1);
}

/* Room for @need more bytes and the tail */
static bool grow(struct vt_json *json, size_t need)
{
	u32 size = json->size;
	char *buf;

	need += json->len + JSON_TAIL;
	if (need <= size)
		return true;
	while (size < need)
		size *= 2;
	size = min(size, json->limit);
	buf = kvmalloc(size, JSON_GFP);
	if (!buf)
		return false;
	memcpy(buf, json->buf, json->len);
	kvfree(json->buf);
	json->buf = buf;
	json->size = size;
	return true;
}

/* What was to be written does not fit: take back the element that it is part of */
static void overflow(struct vt_json *json)
{
	json->truncated = true;
	if (!json->outer_array)
		return;
	json->full = true;
	json->len = json->mark;
	json->ignored = json->depth - json->outer_array;
	json->depth = json->outer_array;
	json->filled &= DEPTH_BIT(json) - 1;
	if (json->mark_filled)
		json->filled |= DEPTH_BIT(json);
}

/*
 * Begin a value of @need bytes: comma and key. False: leave it out. Inside of what is left out
 * itself, nothing is written.
 */
static bool begin(struct vt_json *json, const char *key, size_t need)
{
	bool in_array = json->is_array & DEPTH_BIT(json);
	size_t key_len = key ? strlen(key) : 0;
	size_t limit = json->limit - JSON_TAIL;

	if (json->ignored || !json->buf)
		return false;
	if (WARN_ON_ONCE(!json->depth || in_array == !!key || key_len > JSON_KEY_MAX))
		return false;
	if (json->depth == json->outer_array) {
		if (json->full) {
			json->truncated = true;
			return false;
		}
		json->mark = json->len;
		json->mark_filled = json->filled & DEPTH_BIT(json);
	}
	if (json->outer_array)
		limit -= JSON_RESERVE;
	need += 6 * key_len + 4;
	if (json->len + need > limit || !grow(json, need)) {
		overflow(json);
		return false;
	}
	if (json->filled & DEPTH_BIT(json))
		put(json, ",", 1);
	json->filled |= DEPTH_BIT(json);
	if (key) {
		put_escaped(json, key, key_len);
		put(json, ":", 1);
	}
	return true;
}

static void value(struct vt_json *json, const char *key, const char *text, size_t len)
{
	if (begin(json, key, len))
		put(json, text, len);
}

static void open(struct vt_json *json, const char *key, bool is_array)
{
	/* an empty list takes two bytes, its end is in the tail's account */
	if (WARN_ON_ONCE(json->depth + 1 >= VT_JSON_DEPTH) || !begin(json, key, 2)) {
		json->ignored++;
		return;
	}
	put(json, is_array ? "[" : "{", 1);
	json->depth++;
	json->filled &= ~DEPTH_BIT(json);
	json->is_array &= ~DEPTH_BIT(json);
	if (is_array)
		json->is_array |= DEPTH_BIT(json);
	if (is_array && !json->outer_array)
		json->outer_array = json->depth;
}

static void close(struct vt_json *json)
{
	json->buf[json->len++] = json->is_array & DEPTH_BIT(json) ? ']' : '}';
	if (json->outer_array == json->depth)
		json->outer_array = 0;
	json->depth--;
}

/**
 * vt_json_init() - Begin a text: an object, which is open
 * @json:  anything
 * @limit: most bytes of the whole text, at least 16 KiB
 *
 * The caller ends with vt_json_free(), also after a failure, of which every other function makes
 * nothing.
 *
 * Return: 0 or -ENOMEM.
 */
int vt_json_init(struct vt_json *json, u32 limit)
{
	*json = (struct vt_json){ .size = JSON_FIRST_SIZE, .limit = limit };
	json->buf = kvmalloc(json->size, JSON_GFP);
	if (!json->buf)
		return -ENOMEM;
	put(json, "{", 1);
	json->depth = 1;
	return 0;
}

/**
 * vt_json_finish() - Close everything
 * @len: set to the text's length; there is no NUL
 *
 * Return: the text, owned by @json, or NULL when vt_json_init() had failed.
 */
const char *vt_json_finish(struct vt_json *json, u32 *len)
{
	static const char truncated[] = "\"truncated\":true", whole[] = "\"truncated\":false";

	*len = 0;
	if (!json->buf)
		return NULL;
	json->ignored = 0;
	while (json->depth > 1)
		close(json);
	if (json->depth) {
		if (json->filled & DEPTH_BIT(json))
			put(json, ",", 1);
		if (json->truncated)
			put(json, truncated, sizeof(truncated) - 1);
		else
			put(json, whole, sizeof(whole) - 1);
		close(json);
	}
	*len = json->len;
	return json->buf;
}

/**
 * vt_json_free() - Free the text
 */
void vt_json_free(struct vt_json *json)
{
	kvfree(json->buf);
	json->buf = NULL;
}

/**
 * vt_json_object() - Open an object
 * @key: name of the member, or NULL for an element; so in all functions that follow
 *
 * Context: may sleep, as all functions that follow.
 */
void vt_json_object(struct vt_json *json, const char *key)
{
	open(json, key, false);
}

/**
 * vt_json_array() - Open an array
 */
void vt_json_array(struct vt_json *json, const char *key)
{
	open(json, key, true);
}

/**
 * vt_json_end() - Close what was opened last
 */
void vt_json_end(struct vt_json *json)
{
	if (json->ignored)
		json->ignored--;
	else if (json->buf && !WARN_ON_ONCE(json->depth <= 1))
		close(json);
}

/**
 * vt_json_null() - There is no such thing, or it cannot be told
 */
void vt_json_null(struct vt_json *json, const char *key)
{
	value(json, key, "null", 4);
}

/**
 * vt_json_bool() - true or false
 */
void vt_json_bool(struct vt_json *json, const char *key, bool flag)
{
	value(json, key, flag ? "true" : "false", flag ? 4 : 5);
}

/**
 * vt_json_int() - A number
 */
void vt_json_int(struct vt_json *json, const char *key, s64 number)
{
	char text[24];

	value(json, key, text, scnprintf(text, sizeof(text), "%lld", number));
}

/**
 * vt_json_u64() - A number; readers have signed 64 bits, so what is larger becomes the largest
 */
void vt_json_u64(struct vt_json *json, const char *key, u64 number)
{
	vt_json_int(json, key, min_t(u64, number, S64_MAX));
}

/**
 * vt_json_hex() - An address or a mask, as a string: "0x1f"
 */
void vt_json_hex(struct vt_json *json, const char *key, u64 number)
{
	char text[24];

	value(json, key, text, scnprintf(text, sizeof(text), "\"0x%llx\"", number));
}

/**
 * vt_json_bytes() - A string of @len bytes, whatever they are
 */
void vt_json_bytes(struct vt_json *json, const char *key, const char *text, size_t len)
{
	if (begin(json, key, escaped_len(text, len) + 2))
		put_escaped(json, text, len);
}

/**
 * vt_json_string() - A string that ends with a NUL, or null for NULL
 */
void vt_json_string(struct vt_json *json, const char *key, const char *text)
{
	if (text)
		vt_json_bytes(json, key, text, strlen(text));
	else
		vt_json_null(json, key);
}
