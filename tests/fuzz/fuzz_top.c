// SPDX-License-Identifier: GPL-2.0-only
/* fuzz_top.c - what a hostile guest tells vitrine top
 *
 * The input is up to three texts, each ended by a zero byte: the sampler's list of processes, the
 * view of one of them, the guest's passwd file. Whatever they say, nothing but characters with a
 * width and our own ends of lines comes out, and no line is longer than the screen is wide.
 */
#include <locale.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "cli/top/top.h"
#include "vitrine/util.h"

#define COLUMNS 80
#define ROWS 40

static void check(const struct frame *frame)
{
	unsigned rows = 0;

	for (size_t i = 0; i < frame->len; i++) {
		unsigned char byte = frame->text[i];

		rows += byte == '\n';
		if ((byte < ' ' && byte != '\n') || byte == 0x7f)
			abort();
	}
	if (rows != frame->row || rows > ROWS)
		abort();
}

static void draw(struct top *top, const char *view)
{
	struct frame frame = { 0 };
	json_t *json = json_loads(view, 0, NULL);

	frame_begin(&frame, ROWS, COLUMNS);
	top_draw_header(top, &frame);
	top_draw_table(top, &frame, 1);
	check(&frame);
	frame_begin(&frame, ROWS, COLUMNS);
	frame.skip = 3;
	top_draw_task(top, &frame, 1, json, view);
	check(&frame);
	frame_begin(&frame, ROWS, COLUMNS);
	top_draw_calls(top, &frame);
	check(&frame);
	json_decref(json);
	frame_free(&frame);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cleanup_free struct vt_telemetry *t = calloc(1, VT_TELEMETRY_RINGS);
	struct region region = { (const uint8_t *)t, VT_TELEMETRY_RINGS };
	struct top top = { .name = "fuzz", .order = { .tree = true, .kernel = true } };
	cleanup_free char *text = calloc(1, size + 3);
	char *view, *passwd;
	size_t len;

	if (!t || !text)
		return 0;
	setlocale(LC_CTYPE, "C.UTF-8");
	memcpy(text, data, size);
	view = text + strlen(text) + 1;
	passwd = view < text + size ? view + strlen(view) + 1 : text + size + 2;
	len = strlen(text) < VT_SAMPLE_SIZE ? strlen(text) : VT_SAMPLE_SIZE;
	memcpy(t->sampler.samples[0].name, "tasks", 6);
	t->sampler.samples[0].length = len;
	t->sampler.samples[0].taken = 1;
	memcpy((char *)t + VT_TELEMETRY_SAMPLES, text, len);
	memset(t->tasks[0].comm, size ? data[size - 1] : 'x', sizeof(t->tasks[0].comm));
	t->tasks[0].pid = t->tasks[0].tgid = 1;
	top_users_learn(passwd);
	top_snapshot_take(&top.before, NULL, &region);
	t->tasks[0].calls = 1000;
	top_snapshot_take(&top.now, &top.before, &region);
	top_rows_make(&top.rows, &top.now, &top.before, &top.order);
	draw(&top, view);
	top_snapshot_free(&top.now);
	top_snapshot_free(&top.before);
	top_rows_free(&top.rows);
	return 0;
}
