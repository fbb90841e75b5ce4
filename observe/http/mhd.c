// SPDX-License-Identifier: GPL-2.0-only
/* mhd.c - libmicrohttpd, loaded when it is needed
 *
 * Theory of operation
 * The library brings a TLS library and what that needs: eight more shared objects and 3 ms of each
 * start of the program, which is a quarter of a sandbox's whole boot, for one verb. So the program
 * is not linked with it. Each function that the server calls is here as a jump through a pointer,
 * which mhd_load() fills; arguments, their number and types are the business of <microhttpd.h>,
 * with which the callers are compiled.
 */
#include "mhd.h"

#include <dlfcn.h>
#include <stddef.h>
#include "vitrine/util.h"

#define LIBRARY "libmicrohttpd.so.12"

#define FUNCTIONS(X)                                                                               \
	X(MHD_add_response_header)                                                                 \
	X(MHD_create_response_from_buffer)                                                         \
	X(MHD_create_response_for_upgrade)                                                         \
	X(MHD_create_response_from_callback)                                                       \
	X(MHD_destroy_response)                                                                    \
	X(MHD_get_connection_info)                                                                 \
	X(MHD_lookup_connection_value)                                                             \
	X(MHD_queue_response)                                                                      \
	X(MHD_resume_connection)                                                                   \
	X(MHD_set_connection_option)                                                               \
	X(MHD_start_daemon)                                                                        \
	X(MHD_stop_daemon)                                                                         \
	X(MHD_suspend_connection)                                                                  \
	X(MHD_upgrade_action)

enum {
#define NUMBER(name) NUMBER_##name,
	FUNCTIONS(NUMBER) FUNCTION_COUNT
};

static const char *const names[] = {
#define NAME(name) #name,
	FUNCTIONS(NAME)
};
static_assert(ARRAY_SIZE(names) == FUNCTION_COUNT, "names[]");

extern void *mhd_pointers[FUNCTION_COUNT];
__attribute__((visibility("hidden"))) void *mhd_pointers[FUNCTION_COUNT];

/* In the order of the table, like the pointers */
#define JUMP(name)                                                                                 \
	".globl " #name "\n"                                                                       \
	".type " #name ", @function\n" #name ": jmp *mhd_pointers + at(%rip)\n"                    \
	".set at, at + 8\n"
asm(".text\n.set at, 0\n" FUNCTIONS(JUMP));

int mhd_load(struct error *err)
{
	void *library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);

	if (!library)
		return error_set(err, 0, "the HTTP server needs " LIBRARY " (libmicrohttpd)");
	for (size_t i = 0; i < FUNCTION_COUNT; i++) {
		mhd_pointers[i] = dlsym(library, names[i]);
		if (!mhd_pointers[i])
			return error_set(err, 0, LIBRARY " has no %s", names[i]);
	}
	return 0;
}
