/* SPDX-License-Identifier: GPL-2.0-only */
/* publish.h - which port of the host leads to which port of the guest, as text */
#ifndef LIB_PUBLISH_H
#define LIB_PUBLISH_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/address.h"
#include "vitrine/error.h"

#define PUBLISH_TEXT_MAX (ADDRESS_TEXT_MAX + 32)

/**
 * struct publish - a published port
 * @address: of the host, that one listens at
 * @host:    its port; 0 for any that is free
 * @guest:   port of the guest
 */
struct publish {
	struct address address;
	uint16_t host, guest;
	bool udp;
};

/**
 * publish_parse() - From [ADDRESS:]PORT:GUEST[/udp]
 *
 * Without an address it is 127.0.0.1: nobody but this machine is served by accident.
 *
 * Return: 0 or -1 with @err filled.
 */
int publish_parse(const char *text, struct publish *publish, struct error *err);

/**
 * publish_format() - The reverse
 *
 * Return: @text, which holds PUBLISH_TEXT_MAX bytes.
 */
const char *publish_format(const struct publish *publish, char *text);

#endif
