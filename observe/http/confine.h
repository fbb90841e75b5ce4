/* SPDX-License-Identifier: GPL-2.0-only */
/* confine.h - what is left to the HTTP server's process */
#ifndef OBSERVE_HTTP_CONFINE_H
#define OBSERVE_HTTP_CONFINE_H

#include "vitrine/error.h"

/**
 * serve_confine_begin() - Give up what set-up does not need: to be called first, with one thread
 *
 * Return: 0, or -1 with @err filled.
 */
int serve_confine_begin(struct error *err);

/**
 * serve_confine_user() - Stop being root, if we are
 *
 * Once the sandbox is connected: its socket belongs to the user who started it. With one thread.
 *
 * Return: 0, or -1 with @err filled.
 */
int serve_confine_user(struct error *err);

/**
 * serve_confine_enter() - Allow nothing but what serves open sockets
 *
 * With one thread; those that are started later inherit it, and nothing but threads can be.
 *
 * Return: 0, or -1 with @err filled.
 */
int serve_confine_enter(struct error *err);

#endif
