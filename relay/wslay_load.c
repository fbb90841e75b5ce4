// SPDX-License-Identifier: GPL-2.0-only
/* wslay_load.c - libwslay, loaded when it is needed
 *
 * As observe/http/mhd.c does it: the library's functions are jumps through pointers that
 * wslay_load() fills, and <wslay/wslay.h> is what the callers are compiled with.
 */
#include "wslay_load.h"

#include <dlfcn.h>
#include <stddef.h>
#include "vitrine/util.h"

#define LIBRARY "libwslay.so.1"

#define FUNCTIONS(X)                                                                               \
	X(wslay_event_config_set_max_recv_msg_length)                                              \
	X(wslay_event_context_free)                                                                \
	X(wslay_event_context_server_init)                                                         \
	X(wslay_event_get_close_received)                                                          \
	X(wslay_event_get_close_sent)                                                              \
	X(wslay_event_get_queued_msg_length)                                                       \
	X(wslay_event_queue_close)                                                                 \
	X(wslay_event_queue_msg)                                                                   \
	X(wslay_event_recv)                                                                        \
	X(wslay_event_send)                                                                        \
	X(wslay_event_set_error)                                                                   \
	X(wslay_event_want_read)                                                                   \
	X(wslay_event_want_write)

enum {
#define NUMBER(name) NUMBER_##name,
	FUNCTIONS(NUMBER) FUNCTION_COUNT
};

static const char *const names[] = {
#define NAME(name) #name,
	FUNCTIONS(NAME)
};
static_assert(ARRAY_SIZE(names) == FUNCTION_COUNT, "names[]");

extern void *wslay_pointers[FUNCTION_COUNT];
__attribute__((visibility("hidden"))) void *wslay_pointers[FUNCTION_COUNT];

/* In the order of the table, like the pointers */
#define JUMP(name)                                                                                 \
	".globl " #name "\n"                                                                       \
	".type " #name ", @function\n" #name ": jmp *wslay_pointers + at(%rip)\n"                  \
	".set at, at + 8\n"
asm(".text\n.set at, 0\n" FUNCTIONS(JUMP));

int wslay_load(struct error *err)
{
	void *library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);

	if (!library)
		return error_set(err, 0, "the relay needs " LIBRARY " (libwslay)");
	for (size_t i = 0; i < FUNCTION_COUNT; i++) {
		wslay_pointers[i] = dlsym(library, names[i]);
		if (!wslay_pointers[i])
			return error_set(err, 0, LIBRARY " has no %s", names[i]);
	}
	return 0;
}
