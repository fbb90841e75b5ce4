// SPDX-License-Identifier: GPL-2.0-only
/* metrics.c - the relay's figures as OpenMetrics
 *
 * Theory of operation
 * Sums only: no client, no name and no address is in them. libmicrohttpd's thread asks, so every
 * figure is read for itself.
 *
 * Host system calls: none.
 */
#include <stdio.h>
#include <stdlib.h>

#include "internal.h"
#include "vitrine/util.h"

#define PREFIX "vitrine_relay_"

struct figure {
	const char *name, *type, *help;
	size_t offset;
};

#define AT(member) offsetof(struct relay_figures, member)

static const struct figure figures[] = {
	{ "clients", "gauge", "WebSockets that are open", AT(clients) },
	{ "clients_opened", "counter", "WebSockets so far", AT(clients_total) },
	{ "clients_refused", "counter", "Requests that became none", AT(doors_refused) },
	{ "connections", "gauge", "Connections that are open", AT(streams) },
	{ "connections_asked", "counter", "Connections that were asked for", AT(streams_total) },
	{ "connections_allowed", "counter", "Connections that ended well", AT(allowed) },
	{ "connections_refused", "counter", "Connections that a rule refused", AT(refused) },
	{ "connections_failed", "counter", "Connections that failed", AT(failed) },
	{ "sent_bytes", "counter", "Bytes of clients for hosts", AT(up) },
	{ "received_bytes", "counter", "Bytes of hosts for clients", AT(down) },
	{ "invalid_packets", "counter", "Packets that were none", AT(invalid) },
};

char *relay_metrics(struct relay *relay, size_t *len)
{
	char *text = NULL;
	FILE *out = open_memstream(&text, len);

	if (!out)
		return NULL;
	for (size_t i = 0; i < ARRAY_SIZE(figures); i++) {
		const struct figure *f = &figures[i];
		const _Atomic uint64_t *value =
		    (const void *)((const char *)&relay->figures + f->offset);

		fprintf(out,
			"# HELP " PREFIX "%s %s.\n# TYPE " PREFIX "%s %s\n" PREFIX "%s%s %llu\n",
			f->name, f->help, f->name, f->type, f->name,
			*f->type == 'c' ? "_total" : "", (unsigned long long)*value);
	}
	fputs("# EOF\n", out);
	if (fclose(out)) {
		free(text);
		return NULL;
	}
	return text;
}
