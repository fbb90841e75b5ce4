/* SPDX-License-Identifier: GPL-2.0-only */
/* order.h - what the daemon asks its starter to do, and the command line that this is */
#ifndef SERVICE_STARTER_ORDER_H
#define SERVICE_STARTER_ORDER_H

#include <stdbool.h>
#include <jansson.h>
#include "vitrine/error.h"

#define ORDER_NAME_MAX 64
#define ORDER_WORDS_MAX 512

/**
 * struct order - a command line of vitrine
 * @words: NULL terminated; @owned: those that are to be freed
 * @cut:   may be killed half-way: nothing is lost then
 */
struct order {
	char *words[ORDER_WORDS_MAX];
	unsigned nwords;
	bool cut;
};

/**
 * order_name_valid() - ^[a-zA-Z0-9][a-zA-Z0-9._-]{0,63}$
 *
 * Names of sandboxes, images and snapshots become parts of paths: they are looked at where a client
 * says them, and again here.
 */
bool order_name_valid(const char *name);

/**
 * order_parse() - Check what the daemon asks for
 * @json: {"op": ..., "name": ...}; order.c has the table
 * @program: of vitrine
 *
 * The daemon talks to strangers, so nothing that it says is taken on trust: what comes out is one
 * of a few commands, about a sandbox of the service, and no word of it is an option that is not
 * in the table.
 *
 * Return: 0, or -1 with @err.
 */
int order_parse(const json_t *json, const char *program, struct order *order, struct error *err);

void order_free(struct order *order);

#endif
