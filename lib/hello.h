/* SPDX-License-Identifier: GPL-2.0-only */
/* hello.h - whom does somebody want to speak to, who begins with TLS? */
#ifndef LIB_HELLO_H
#define LIB_HELLO_H

#include <stddef.h>
#include <stdint.h>

#define HELLO_NAME_MAX 255
#define HELLO_SIZE_MAX (16384 + 5)

enum hello {
	HELLO_MORE,  /* cannot be told yet */
	HELLO_PLAIN, /* it is not TLS */
	HELLO_NAMED, /* it is, and names a host */
	HELLO_NAMELESS,
	HELLO_BROKEN,
};

/**
 * hello_parse() - Look at the first bytes of a connection
 * @name: filled with the host (server_name, RFC 6066), in lower case, with HELLO_NAMED
 *
 * A first message that is cut into several records is broken, to us.
 */
enum hello hello_parse(const uint8_t *data, size_t len, char name[HELLO_NAME_MAX + 1]);

#endif
