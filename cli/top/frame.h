/* SPDX-License-Identifier: GPL-2.0-only */
/* frame.h - one screenful of text, made off the screen and clipped to its size
 *
 * All text goes through frame_text(), which is the only place where bytes of a guest become bytes
 * of a terminal: what does not print, or would not take its place on the line, becomes '?'.
 */
#ifndef CLI_TOP_FRAME_H
#define CLI_TOP_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum frame_style {
	STYLE_PLAIN,
	STYLE_BOLD,
	STYLE_DIM,
	STYLE_HEAD, /* of a table */
	STYLE_CHOSEN,
	STYLE_GOOD,
	STYLE_WARN,
	STYLE_BAD,
	STYLE_ACCENT,
	STYLE_NSTYLES,
};

/**
 * struct frame - lines that are being made
 * @rows, @columns: of the screen; 0 columns: any length, for output that is no screen
 * @row, @column:   where the next character goes
 * @skip:           lines that are left out before the next one that is not
 * @limit:          rows that may be used, the others stay empty; 0: any number
 * @lines:          that were made, whether they are seen or not
 * @escapes:        styles are escape sequences, and lines end as a raw terminal needs
 * @text:           @len bytes, owned
 */
struct frame {
	unsigned rows, columns, row, column, skip, limit, lines;
	bool escapes, colour;
	char *text;
	size_t len, room;
};

/** frame_begin() - Start anew; keeps the memory and what the caller has set */
void frame_begin(struct frame *frame, unsigned rows, unsigned columns);
void frame_free(struct frame *frame);

void frame_style(struct frame *frame, enum frame_style style);

/** frame_text() - Append text, of whatever origin; it cannot contain the end of a line */
void frame_text(struct frame *frame, const char *text);
void frame_printf(struct frame *frame, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/** frame_cell() - Text in a column of a table: cut or filled to @width; negative: to the right */
void frame_cell(struct frame *frame, int width, const char *text);

/** frame_line() - End the line; the style fills it up */
void frame_line(struct frame *frame);

/** frame_full() - No further line fits above the last @below ones */
bool frame_full(const struct frame *frame, unsigned below);

#define QUANTITY_MAX 12

/** quantity() - "987", "12.3k", "4.56M": a number in five characters at most */
const char *quantity(double value, char buf[QUANTITY_MAX]);

/** quantity_bytes() - "987B", "12.3K", "4.56G": powers of 1024 */
const char *quantity_bytes(double value, char buf[QUANTITY_MAX]);

/** quantity_time() - "987ns", "12.3us", "4.56s" */
const char *quantity_time(double ns, char buf[QUANTITY_MAX]);

#endif
