// SPDX-License-Identifier: GPL-2.0-only
/* listen.c - where the relay is reached
 *
 * Host system calls: those of listen_on().
 */
#include <arpa/inet.h>
#include <stdio.h>

#include "listen.h"
#include "observe/http/server.h"

int relay_listen(const struct relay_options *options, struct sockaddr_storage *address,
		 struct error *err)
{
	const struct server_options listen = { .address = options->address, .port = options->port };

	return listen_on(&listen, address, err);
}

void relay_print(const struct sockaddr_storage *address)
{
	char text[INET6_ADDRSTRLEN];
	const bool six = address->ss_family == AF_INET6;

	if (six)
		inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)address)->sin6_addr, text,
			  sizeof(text));
	else
		inet_ntop(AF_INET, &((const struct sockaddr_in *)address)->sin_addr, text,
			  sizeof(text));
	printf("ws://%s%s%s:%u/\n", six ? "[" : "", text, six ? "]" : "", listen_port(address));
	fflush(stdout);
}
