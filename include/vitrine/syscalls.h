/* SPDX-License-Identifier: GPL-2.0-only */
/* syscalls.h - x86-64's system calls: name, family, and what their arguments are
 *
 * The guest kernel takes from it which memory to keep with an event, observers how to show it, so
 * both sides include it. VT_SYSCALLS(X) calls X(number, name, family, six kinds of arguments).
 */
#ifndef VITRINE_SYSCALLS_H
#define VITRINE_SYSCALLS_H

enum vt_family {
	VT_FAMILY_FILE_IO,
	VT_FAMILY_DIRECTORY,
	VT_FAMILY_DESCRIPTOR,
	VT_FAMILY_IDENTITY,
	VT_FAMILY_MEMORY,
	VT_FAMILY_SIGNAL,
	VT_FAMILY_SCHEDULER,
	VT_FAMILY_NETWORK,
	VT_FAMILY_OTHER,
	VT_NR_FAMILIES,
};

/* How the memory behind an argument is kept, at entry unless it says otherwise */
enum vt_capture {
	VT_CAPTURE_NOTHING,
	VT_CAPTURE_FD,	       /* the path of the descriptor's file */
	VT_CAPTURE_STRING,     /* ends with NUL */
	VT_CAPTURE_STRINGS,    /* an array of pointers to strings that ends with NULL */
	VT_CAPTURE_BYTES,      /* as many as the kind's size */
	VT_CAPTURE_BUFFER,     /* as many as the next argument says */
	VT_CAPTURE_VECTOR,     /* struct iovec, the next argument says how many */
	VT_CAPTURE_OUT_BYTES,  /* at the end, if the call succeeded */
	VT_CAPTURE_OUT_BUFFER, /* at the end, as many as the result */
	VT_CAPTURE_OUT_LENGTH, /* at the end, as many as the u32 says that the next one points to */
};

/* clang-format off */
/* Kinds of arguments: X(name, enum vt_capture, size of VT_CAPTURE_BYTES) */
#define VT_ARG_KINDS(X)                            \
	X(NONE, NOTHING, 0)                        \
	X(INT, NOTHING, 0)                         \
	X(UINT, NOTHING, 0)                        \
	X(LONG, NOTHING, 0)                        \
	X(HEX, NOTHING, 0)                         \
	X(SIZE, NOTHING, 0)                        \
	X(POINTER, NOTHING, 0)                     \
	X(FD, FD, 0)                               \
	X(DIRFD, FD, 0)                            \
	X(PATH, STRING, 0)                         \
	X(STRING, STRING, 0)                       \
	X(STRINGS, STRINGS, 0)                     \
	X(IN_BUFFER, BUFFER, 0)                    \
	X(OUT_BUFFER, OUT_BUFFER, 0)               \
	X(IN_VECTOR, VECTOR, 0)                    \
	X(IN_SOCKADDR, BUFFER, 0)                  \
	X(OUT_SOCKADDR, OUT_LENGTH, 0)             \
	X(IN_TIMESPEC, BYTES, 16)                  \
	X(OUT_TIMESPEC, OUT_BYTES, 16)             \
	X(OUT_STAT, OUT_BYTES, 144)                \
	X(OUT_INT, OUT_BYTES, 4)                   \
	X(OUT_PIPE, OUT_BYTES, 8)                  \
	X(OUT_WSTATUS, OUT_BYTES, 4)               \
	X(IN_SIGSET, BYTES, 8)                     \
	X(OUT_SIGSET, OUT_BYTES, 8)

#define VT_SYSCALLS(X)                             \
	X(0, read, FILE_IO, FD, OUT_BUFFER, SIZE, NONE, NONE, NONE) \
	X(1, write, FILE_IO, FD, IN_BUFFER, SIZE, NONE, NONE, NONE)
/* clang-format on */

#define VT_ARG_ENUM(name, capture, size) VT_ARG_##name,
enum vt_arg_kind { VT_ARG_KINDS(VT_ARG_ENUM) VT_NR_ARG_KINDS };
#undef VT_ARG_ENUM

#endif /* VITRINE_SYSCALLS_H */
