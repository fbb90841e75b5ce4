// SPDX-License-Identifier: GPL-2.0-only
/* lazy.c - libraries that are loaded when one of their functions is called
 *
 * Theory of operation
 * Most of what `vitrine` does needs no TLS, no archives and no downloads, but the libraries for
 * those bring forty others, which cost the host's linker more than half of a sandbox's whole start.
 * So the program is linked with stubs in their place (stubs.py). A stub jumps through a pointer
 * that leads here at first; then the library is loaded, and the pointer leads to the function.
 *
 * A process that confines itself must have called lazy_load() before: it can open no library later.
 * Two threads that bind the same function write the same pointer.
 */
#include "lazy.h"

#include <dlfcn.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/say.h"

#define STATUS_MISSING 125

/* stubs.py */
#define MADE extern __attribute__((weak, visibility("hidden")))
MADE void *lazy_slots[];
MADE const uint32_t lazy_count;
MADE const char lazy_functions[], lazy_libraries[];
MADE const uint8_t lazy_library_of[];

void *lazy_bind(uint64_t number); /* enter.S */

static const char *nth(const char *texts, unsigned n)
{
	while (n--)
		texts += strlen(texts) + 1;
	return texts;
}

void *lazy_bind(uint64_t number)
{
	const char *name = nth(lazy_libraries, lazy_library_of[number]);
	void *library = dlopen(name, RTLD_NOW | RTLD_LOCAL);
	void *function = library ? dlsym(library, nth(lazy_functions, (unsigned)number)) : NULL;

	if (!function) {
		say("cannot load %s: %s", name, dlerror());
		exit(STATUS_MISSING);
	}
	__atomic_store_n(&lazy_slots[number], function, __ATOMIC_RELEASE);
	return function;
}

void lazy_load(const char *prefix)
{
	if (!&lazy_count)
		return; /* a program that is linked with them */
	for (uint32_t i = 0; i < lazy_count; i++) {
		if (!strncmp(nth(lazy_libraries, lazy_library_of[i]), prefix, strlen(prefix)))
			lazy_bind(i);
	}
}
