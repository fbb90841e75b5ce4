/* SPDX-License-Identifier: GPL-2.0-only */
/* service.h - what the rooms of vitrined share */
#ifndef SERVICE_SERVICE_H
#define SERVICE_SERVICE_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

struct store;

#define INSTANCE_MAX 9

/**
 * struct service - a daemon
 * @instance: of the store, eight hexadecimal digits: what is ours among the host's sandboxes
 * @starter:  socket of the process that starts things
 * @base:     image of the template "base"
 * @interpreter: image of the template of E2B's code interpreter, NULL for @base
 * @vitrine:  path of the program
 * @directory: of what is ours
 * @internet: sandboxes of E2B's clients have a network
 * @domain:   under which sandboxes have names, NULL for none
 * @warm:     sandboxes go on from templates that are ready (life/warm.h)
 * @images:   directory of the host's images, or -1
 * @warm_up:  done once in each sandbox that becomes such a template
 */
struct service {
	struct store *store;
	char instance[INSTANCE_MAX];
	int starter;
	const char *base, *interpreter, *vitrine, *domain, *directory;
	bool internet, warm;
	int images;
	void (*warm_up)(struct service *service, const char *id);
	unsigned port;
	int64_t started_ms;
};

/* Milliseconds since 1970 */
static inline int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/**
 * random_name() - A random text of lower-case letters and digits that begins with a letter
 * @text: @len characters and a NUL
 */
void random_name(char *text, unsigned len);

/** random_hex() - Random hexadecimal digits: @len of them, even, and a NUL */
void random_hex(char *text, unsigned len);

#endif
