/* SPDX-License-Identifier: GPL-2.0-only */
/* say.h - one line from us to whoever started us */
#ifndef LIB_SAY_H
#define LIB_SAY_H

#include "vitrine/error.h"

/**
 * say() - Write "vitrine: ..." and the end of the line to standard error, in one piece
 *
 * Whatever the arguments hold, it is one line and moves no cursor: see plain_write(). Also right
 * while the terminal is in raw mode.
 */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/**
 * say_error() - Say why something failed
 */
void say_error(const struct error *err);

#endif
