/* SPDX-License-Identifier: GPL-2.0-only */
/* screen.h - a terminal as a screen and a keyboard */
#ifndef CLI_TOP_SCREEN_H
#define CLI_TOP_SCREEN_H

#include <stdbool.h>
#include "frame.h"
#include "vitrine/error.h"

/* Keys: their character, or one of these */
enum screen_key {
	KEY_NONE = 0,
	KEY_ENTER = '\r',
	KEY_ESCAPE = 0x1b,
	KEY_BACKSPACE = 0x7f,
	KEY_UP = 0x100,
	KEY_DOWN,
	KEY_LEFT,
	KEY_RIGHT,
	KEY_PAGE_UP,
	KEY_PAGE_DOWN,
	KEY_HOME,
	KEY_END,
	KEY_RESIZE, /* draw again */
	KEY_CLOSED, /* nobody is at the other end any more */
};

/**
 * screen_enter() - Take the terminal over: alternate screen, no echo, no line editing
 *
 * It is given back by screen_leave(), at exit(), and by every signal that ends the process.
 *
 * Return: 0, or -1 with @err filled when standard input and output are no terminal.
 */
int screen_enter(struct error *err);
void screen_leave(void);

/** screen_size() - Rows and columns, at least 2 and 20 */
void screen_size(unsigned *rows, unsigned *columns);

/** screen_colour() - Does the user want colours? (NO_COLOR, TERM) */
bool screen_colour(void);

/** screen_show() - Put a frame on the screen, in one write */
void screen_show(const struct frame *frame);

/**
 * screen_key() - Wait for a key
 * @fd: another descriptor to wait for, or -1
 * @ms: at most so long
 *
 * Return: a key, KEY_NONE when the time is over or @fd is readable.
 */
int screen_key(int fd, int ms);

#endif
