/* SPDX-License-Identifier: GPL-2.0-only */
/* config.h - how vitrined was started: options, and a file of the same */
#ifndef SERVICE_CONFIG_H
#define SERVICE_CONFIG_H

#include <stdbool.h>
#include "vitrine/error.h"

#define CONFIG_PORT 7437

/**
 * struct config - what options say
 * @listen: "[ADDRESS:]PORT"; taken apart into @address and @port
 * @store:  URL
 */
struct config {
	const char *listen, *store, *base, *interpreter, *domain, *file;
	unsigned connections;
	bool drain, internet, cold;
	char address[64];
	unsigned port;
};

/**
 * config_parse() - Options, and those of --config FILE, which come first
 *
 * Return: index of the first operand, 0 when help was asked for and printed, or -1.
 */
int config_parse(struct config *config, int argc, char **argv, struct error *err);

/** config_listen() - Take "[ADDRESS:]PORT" apart */
int config_listen(struct config *config, const char *text, struct error *err);

/**
 * config_words() - The lines of a file, "name = value" or "name", as words of a command line
 * @text: changed
 * @words: @max of them at most
 *
 * Return: how many, or -1.
 */
int config_words(char *text, char **words, unsigned max, struct error *err);

#endif
