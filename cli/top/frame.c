// SPDX-License-Identifier: GPL-2.0-only
/* frame.c - one screenful of text, made off the screen and clipped to its size */
#include "frame.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>
#include "vitrine/util.h"

#define TEXT_MAX 1024 /* of one frame_printf() */

/* ECMA-48, and of its colours the eight that every terminal has */
static const struct {
	const char *plain, *colour;
} styles[] = {
	[STYLE_PLAIN] = { "\033[m", "\033[m" },	    [STYLE_BOLD] = { "\033[1m", "\033[1m" },
	[STYLE_DIM] = { "\033[2m", "\033[2m" },	    [STYLE_HEAD] = { "\033[7m", "\033[30;46m" },
	[STYLE_CHOSEN] = { "\033[7m", "\033[7m" },  [STYLE_GOOD] = { "\033[m", "\033[32m" },
	[STYLE_WARN] = { "\033[1m", "\033[33m" },   [STYLE_BAD] = { "\033[1m", "\033[31m" },
	[STYLE_ACCENT] = { "\033[1m", "\033[36m" },
};
static_assert(ARRAY_SIZE(styles) == STYLE_NSTYLES, "styles[]");

static void append(struct frame *frame, const char *bytes, size_t len)
{
	if (frame->len + len > frame->room) {
		size_t room = 2 * (frame->len + len) + 4096;
		char *larger = realloc(frame->text, room);

		if (!larger)
			return;
		frame->text = larger;
		frame->room = room;
	}
	memcpy(frame->text + frame->len, bytes, len);
	frame->len += len;
}

static void append_string(struct frame *frame, const char *string)
{
	append(frame, string, strlen(string));
}

/* Is the line that is being made left out? */
static bool hidden(const struct frame *frame)
{
	return frame->skip || (frame->limit && frame->row >= frame->limit);
}

void frame_begin(struct frame *frame, unsigned rows, unsigned columns)
{
	frame->rows = rows;
	frame->columns = columns;
	frame->row = frame->column = frame->skip = frame->lines = 0;
	frame->limit = rows;
	frame->len = 0;
}

void frame_free(struct frame *frame)
{
	free(frame->text);
	*frame = (struct frame){ 0 };
}

void frame_style(struct frame *frame, enum frame_style style)
{
	if (!frame->escapes || hidden(frame))
		return;
	append_string(frame, "\033[m");
	append_string(frame, frame->colour ? styles[style].colour : styles[style].plain);
}

/* Append one character that takes @width columns; false when the line is full */
static bool put(struct frame *frame, const char *bytes, size_t len, unsigned width)
{
	if (frame->columns && frame->column + width > frame->columns)
		return false;
	if (!hidden(frame))
		append(frame, bytes, len);
	frame->column += width;
	return true;
}

/* The next character of @text: its length, and its width, 0 when it must not be shown */
static size_t character(const char *text, size_t left, int *width)
{
	mbstate_t state = { 0 };
	wchar_t wide;
	size_t len = mbrtowc(&wide, text, left, &state);

	if (len == (size_t)-1 || len == (size_t)-2 || !len) {
		*width = 0;
		return 1;
	}
	*width = wcwidth(wide);
	if (*width < 0)
		*width = 0;
	return len;
}

void frame_text(struct frame *frame, const char *text)
{
	size_t left = strlen(text), len;
	int width;

	for (; left; text += len, left -= len) {
		len = character(text, left, &width);
		if (!put(frame, width ? text : "?", width ? len : 1, width ? width : 1))
			break;
	}
}

void frame_printf(struct frame *frame, const char *format, ...)
{
	char text[TEXT_MAX];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	frame_text(frame, text);
}

static unsigned width_of(const char *text)
{
	size_t left = strlen(text), len;
	unsigned sum = 0;
	int width;

	for (; left; text += len, left -= len) {
		len = character(text, left, &width);
		sum += width ? width : 1;
	}
	return sum;
}

static void fill(struct frame *frame, unsigned count)
{
	while (count-- && put(frame, " ", 1, 1))
		;
}

void frame_cell(struct frame *frame, int width, const char *text)
{
	unsigned room = width < 0 ? -width : width, wanted = width_of(text);
	unsigned columns = frame->columns, end = frame->column + room;

	if (width < 0 && wanted < room)
		fill(frame, room - wanted);
	if (!columns || end < columns)
		frame->columns = end;
	frame_text(frame, text);
	if (frame->column < end)
		fill(frame, end - frame->column);
	frame->columns = columns;
}

void frame_line(struct frame *frame)
{
	/* What is no screen needs nothing filled */
	while (!frame->escapes && frame->len && frame->text[frame->len - 1] == ' ')
		frame->len--;
	if (!hidden(frame))
		append_string(frame, frame->escapes ? "\033[K\033[m\r\n" : "\n");
	frame->column = 0;
	frame->lines++;
	if (frame->skip)
		frame->skip--;
	else
		frame->row += !hidden(frame);
}

bool frame_full(const struct frame *frame, unsigned below)
{
	return frame->rows && frame->row + below >= frame->rows;
}

static const char *scaled(double value, double step, const char *units, char buf[QUANTITY_MAX])
{
	static const char *const formats[] = { "%.2f%.1s", "%.1f%.1s", "%.0f%.1s" };

	if (!(value > 0) || !isfinite(value))
		value = 0;
	if (value < 1000 && units[0] == ' ') {
		snprintf(buf, QUANTITY_MAX, value < 10 && value != floor(value) ? "%.1f" : "%.0f",
			 value);
		return buf;
	}
	while (value >= 999.5 && units[1]) {
		value /= step;
		units++;
	}
	snprintf(buf, QUANTITY_MAX, formats[units[0] == 'B' || value >= 99.95 ? 2 : value >= 9.995],
		 value, units);
	return buf;
}

const char *quantity(double value, char buf[QUANTITY_MAX])
{
	return scaled(value, 1000, " kMGTPE", buf);
}

const char *quantity_bytes(double value, char buf[QUANTITY_MAX])
{
	return scaled(value, 1024, "BKMGTPE", buf);
}

const char *quantity_time(double ns, char buf[QUANTITY_MAX])
{
	static const char *const units[] = { "ns", "us", "ms", "s" };
	unsigned unit = 0;

	if (!(ns > 0) || !isfinite(ns))
		ns = 0;
	for (; ns >= 999.5 && unit < ARRAY_SIZE(units) - 1; unit++)
		ns /= 1000;
	snprintf(buf, QUANTITY_MAX,
		 ns < 9.995 && unit   ? "%.2f%s"
		 : ns < 99.95 && unit ? "%.1f%s"
				      : "%.0f%s",
		 ns, units[unit]);
	return buf;
}
