/* SPDX-License-Identifier: GPL-2.0-only */
/* syscalls.h - x86-64's system calls: name, family, and what their arguments are
 *
 * The guest kernel takes from it which memory to keep with an event, observers how to show it, so
 * both sides include it. VT_SYSCALLS(X) (calltable.h) calls X(number, name, family, six kinds of
 * arguments); arguments that a call does not have are NONE and come last.
 */
#ifndef VITRINE_SYSCALLS_H
#define VITRINE_SYSCALLS_H

#ifdef __KERNEL__
#include <asm/vitrine-calltable.h>
#include <asm/vitrine-telemetry.h>
#else
#include "vitrine/calltable.h"
#include "vitrine/telemetry.h"
#endif

enum vt_family {
	VT_FAMILY_FILE_IO,    /* contents and attributes of files */
	VT_FAMILY_DIRECTORY,  /* names: links, directories, mounts */
	VT_FAMILY_DESCRIPTOR, /* descriptors as such, and waiting for them */
	VT_FAMILY_IDENTITY,   /* who a task is and what it may */
	VT_FAMILY_MEMORY,
	VT_FAMILY_SIGNAL,    /* and the timers that send them */
	VT_FAMILY_SCHEDULER, /* life of tasks, sleeping, policy */
	VT_FAMILY_NETWORK,
	VT_FAMILY_OTHER,
	VT_NR_FAMILIES,
};

/*
 * How the memory behind an argument is kept (struct vt_event_data): at entry, or with OUT at the
 * end if the call succeeded; with BOTH twice, and the later one has index 1. A kind's size is, for
 * BYTES, what there is; for an ARRAY, one element's; for all others the most that is kept, where 0
 * stands for what observers asked for (struct vt_observe_filter). Memory that cannot be read is
 * not kept.
 */
enum vt_capture {
	VT_CAPTURE_NOTHING,
	VT_CAPTURE_FD,	     /* the path of the descriptor's file */
	VT_CAPTURE_STRING,   /* ends with NUL, which is not kept */
	VT_CAPTURE_STRINGS,  /* an array of pointers to strings that ends with NULL: one record
			      * each, by index; when not all are kept, one of index
			      * VT_DATA_COUNT has their number as "full" and no bytes */
	VT_CAPTURE_COUNT,    /* the same array, only the record of index VT_DATA_COUNT */
	VT_CAPTURE_BYTES,    /* as many as the kind's size */
	VT_CAPTURE_BUFFER,   /* as many as the next argument says */
	VT_CAPTURE_ARRAY,    /* as many elements as the next argument says */
	VT_CAPTURE_VECTOR,   /* what as many struct iovec as the next argument says hold: one
			      * record each but for those whose base is NULL, by index, with the
			      * buffer's length as "full"; VT_DATA_COUNT as above */
	VT_CAPTURE_MESSAGE,  /* struct msghdr and what it leads to: enum vt_message_part */
	VT_CAPTURE_MESSAGES, /* as many struct mmsghdr as the next argument says; at the end, for
			      * as many as the result, VT_MESSAGE_LENGTH: msg_len */
	VT_CAPTURE_OUT_BYTES,
	VT_CAPTURE_OUT_BUFFER,	/* as many as the result */
	VT_CAPTURE_OUT_ARRAY,	/* as many elements as the result */
	VT_CAPTURE_OUT_VECTOR,	/* the bytes of a vector, as many as the result */
	VT_CAPTURE_OUT_LENGTH,	/* as many as the u32 says that the next argument points to */
	VT_CAPTURE_OUT_FDS,	/* two descriptors; from VT_DATA_PATH on, their paths */
	VT_CAPTURE_OUT_MESSAGE, /* what was received; at entry VT_MESSAGE_LENGTH: msg_namelen */
	VT_CAPTURE_OUT_MESSAGES,
	VT_CAPTURE_BOTH_BYTES,
	VT_CAPTURE_BOTH_STRING,
	VT_CAPTURE_POLLFDS, /* as many elements as the next argument says, both times; from
			     * VT_DATA_PATH on, paths of their descriptors, by element */
	VT_CAPTURE_FDSET,   /* BOTH_BYTES; from VT_DATA_PATH on, paths of those that are set */
	VT_NR_CAPTURES,
};

/* vt_event_data.index */
#define VT_DATA_PATH 64
#define VT_DATA_COUNT 255
#define VT_PATHS_MAX 16
#define VT_VECTORS_MAX 16

/* vt_event_data.arg: path of the descriptor that the call made */
#define VT_DATA_RESULT 6

/* What a message consists of: index of its parts, counted on from message to message */
enum vt_message_part {
	VT_MESSAGE_HEAD,    /* struct msghdr or mmsghdr, without what is behind the last field */
	VT_MESSAGE_LENGTH,  /* the field that the call changes, before or after: enum vt_capture */
	VT_MESSAGE_NAME,    /* an address */
	VT_MESSAGE_CONTROL, /* control data */
	VT_MESSAGE_PATH,    /* of the first descriptors in it */
	VT_MESSAGE_VECTOR = VT_MESSAGE_PATH + 4,
	VT_MESSAGE_CUT = VT_MESSAGE_VECTOR + VT_VECTORS_MAX, /* not all buffers are kept */
	VT_MESSAGE_PARTS,
};

#define VT_MESSAGE_PATHS (VT_MESSAGE_VECTOR - VT_MESSAGE_PATH)
#define VT_MESSAGES_MAX 10

/* clang-format off */
/* Kinds of arguments: X(name, enum vt_capture, size) */
#define VT_ARG_KINDS(X)                         \
	X(NONE, NOTHING, 0)                      \
	X(INT, NOTHING, 0)                       \
	X(UINT, NOTHING, 0)                      \
	X(LONG, NOTHING, 0)                      \
	X(ULONG, NOTHING, 0)                     \
	X(HEX, NOTHING, 0)                       \
	X(SIZE, NOTHING, 0)                      \
	X(POINTER, NOTHING, 0)                   \
	X(OFFSET, NOTHING, 0)                    \
	X(HIGH_HALF, NOTHING, 0)                 \
	X(MODE, NOTHING, 0)                      \
	X(FILE_MODE, NOTHING, 0)                 \
	X(OPEN_MODE, NOTHING, 0)                 \
	X(DEVICE, NOTHING, 0)                    \
	X(OWNER, NOTHING, 0)                        \
	X(PID, NOTHING, 0)                       \
	X(SIGNAL, NOTHING, 0)                    \
	X(OPEN_FLAGS, NOTHING, 0)                \
	X(FD_FLAGS, NOTHING, 0)                  \
	X(ACCESS_MODE, NOTHING, 0)               \
	X(PATH_FLAGS, NOTHING, 0)                  \
	X(UNLINK_FLAGS, NOTHING, 0)              \
	X(STATX_MASK, NOTHING, 0)                \
	X(RENAME_FLAGS, NOTHING, 0)              \
	X(WHENCE, NOTHING, 0)                    \
	X(FALLOCATE_MODE, NOTHING, 0)            \
	X(FADVICE, NOTHING, 0)                   \
	X(XATTR_FLAGS, NOTHING, 0)               \
	X(SPLICE_FLAGS, NOTHING, 0)              \
	X(SYNC_RANGE_FLAGS, NOTHING, 0)          \
	X(RWF_FLAGS, NOTHING, 0)                 \
	X(PROT, NOTHING, 0)                      \
	X(MAP_FLAGS, NOTHING, 0)                 \
	X(MREMAP_FLAGS, NOTHING, 0)              \
	X(MSYNC_FLAGS, NOTHING, 0)               \
	X(MADVICE, NOTHING, 0)                   \
	X(MLOCK_FLAGS, NOTHING, 0)               \
	X(MLOCKALL_FLAGS, NOTHING, 0)            \
	X(MEMFD_FLAGS, NOTHING, 0)               \
	X(MEMORY_POLICY, NOTHING, 0)             \
	X(MEMBARRIER, NOTHING, 0)                \
	X(SHMAT_FLAGS, NOTHING, 0)               \
	X(IPC_KEY, NOTHING, 0)                   \
	X(IPC_FLAGS, NOTHING, 0)                 \
	X(IPC_COMMAND, NOTHING, 0)               \
	X(SIG_HOW, NOTHING, 0)                   \
	X(ITIMER, NOTHING, 0)                    \
	X(TIMER_FLAGS, NOTHING, 0)               \
	X(CLOCK, NOTHING, 0)                     \
	X(CLONE_FLAGS, NOTHING, 0)               \
	X(UNSHARE_FLAGS, NOTHING, 0)             \
	X(WAIT_OPTIONS, NOTHING, 0)              \
	X(ID_TYPE, NOTHING, 0)                   \
	X(RUSAGE_WHO, NOTHING, 0)                \
	X(RESOURCE, NOTHING, 0)                  \
	X(PRIORITY_WHICH, NOTHING, 0)            \
	X(IOPRIO_WHICH, NOTHING, 0)              \
	X(SCHED_POLICY, NOTHING, 0)              \
	X(FUTEX_OP, NOTHING, 0)                  \
	X(FUTEX_VALUE3, NOTHING, 0)              \
	X(SOCKET_FAMILY, NOTHING, 0)             \
	X(SOCKET_TYPE, NOTHING, 0)               \
	X(SOCKET_FLAGS, NOTHING, 0)              \
	X(SOCKET_PROTOCOL, NOTHING, 0)           \
	X(SOCKET_LEVEL, NOTHING, 0)              \
	X(SOCKET_OPTION, NOTHING, 0)             \
	X(MSG_FLAGS, NOTHING, 0)                 \
	X(SHUTDOWN_HOW, NOTHING, 0)              \
	X(FCNTL, NOTHING, 0)                     \
	X(IOCTL, NOTHING, 0)                     \
	X(FLOCK_OP, NOTHING, 0)                  \
	X(EPOLL_FLAGS, NOTHING, 0)               \
	X(EPOLL_OP, NOTHING, 0)                  \
	X(EVENTFD_FLAGS, NOTHING, 0)             \
	X(SIGNALFD_FLAGS, NOTHING, 0)            \
	X(TIMERFD_FLAGS, NOTHING, 0)             \
	X(TIMERFD_SET_FLAGS, NOTHING, 0)         \
	X(INOTIFY_FLAGS, NOTHING, 0)             \
	X(INOTIFY_MASK, NOTHING, 0)              \
	X(PIDFD_FLAGS, NOTHING, 0)               \
	X(CLOSE_RANGE_FLAGS, NOTHING, 0)         \
	X(MOUNT_FLAGS, NOTHING, 0)               \
	X(UMOUNT_FLAGS, NOTHING, 0)              \
	X(OPEN_TREE_FLAGS, NOTHING, 0)           \
	X(MOVE_MOUNT_FLAGS, NOTHING, 0)          \
	X(FSCONFIG, NOTHING, 0)                  \
	X(PRCTL, NOTHING, 0)                     \
	X(ARCH_PRCTL, NOTHING, 0)                \
	X(PTRACE_REQUEST, NOTHING, 0)            \
	X(SECCOMP_OP, NOTHING, 0)                \
	X(SECCOMP_FLAGS, NOTHING, 0)             \
	X(BPF_COMMAND, NOTHING, 0)               \
	X(KEYCTL, NOTHING, 0)                    \
	X(KCMP_TYPE, NOTHING, 0)                 \
	X(RANDOM_FLAGS, NOTHING, 0)              \
	X(REBOOT_COMMAND, NOTHING, 0)            \
	X(FD, FD, 0)                             \
	X(DIRFD, FD, 0)                          \
	X(PATH, STRING, VT_CAPTURE_PATH)         \
	X(STRING, STRING, 0)                     \
	X(STRINGS, STRINGS, 0)                   \
	X(ENVIRONMENT, COUNT, 0)                 \
	X(FSCONFIG_VALUE, STRING, 0)             \
	X(PRCTL_ARG, BOTH_STRING, 16)                \
	X(IN_BUFFER, BUFFER, 0)                  \
	X(OUT_BUFFER, OUT_BUFFER, 0)             \
	X(OUT_PATH, OUT_BUFFER, VT_CAPTURE_PATH) \
	X(OUT_DIRENTS, OUT_BUFFER, 2048)         \
	X(OUT_DIRENTS64, OUT_BUFFER, 2048)       \
	X(IN_VECTOR, VECTOR, 0)                  \
	X(OUT_VECTOR, OUT_VECTOR, 0)             \
	X(IN_MSGHDR, MESSAGE, 56)                 \
	X(OUT_MSGHDR, OUT_MESSAGE, 56)           \
	X(IN_MMSGHDR, MESSAGES, 60)              \
	X(OUT_MMSGHDR, OUT_MESSAGES, 60)         \
	X(IN_SOCKADDR, BUFFER, 128)              \
	X(OUT_SOCKADDR, OUT_LENGTH, 128)         \
	X(LENGTH_POINTER, BOTH_BYTES, 4)         \
	X(IN_SOCKOPT, BUFFER, 32)                \
	X(OUT_SOCKOPT, OUT_LENGTH, 32)           \
	X(IN_TIMESPEC, BYTES, 16)                \
	X(OUT_TIMESPEC, OUT_BYTES, 16)           \
	X(TIMESPEC, BOTH_BYTES, 16)              \
	X(IN_TIMESPECS, BYTES, 32)               \
	X(IN_TIMEVAL, BYTES, 16)                 \
	X(OUT_TIMEVAL, OUT_BYTES, 16)            \
	X(TIMEVAL, BOTH_BYTES, 16)               \
	X(IN_TIMEVALS, BYTES, 32)                \
	X(IN_UTIMBUF, BYTES, 16)                 \
	X(IN_ITIMERVAL, BYTES, 32)               \
	X(OUT_ITIMERVAL, OUT_BYTES, 32)          \
	X(IN_ITIMERSPEC, BYTES, 32)              \
	X(OUT_ITIMERSPEC, OUT_BYTES, 32)         \
	X(FUTEX_TIMEOUT, BYTES, 16)              \
	X(OUT_TIME, OUT_BYTES, 8)                \
	X(OUT_TMS, OUT_BYTES, 32)                \
	X(OUT_STAT, OUT_BYTES, 144)              \
	X(OUT_STATX, OUT_BYTES, 256)             \
	X(OUT_STATFS, OUT_BYTES, 120)            \
	X(OUT_SYSINFO, OUT_BYTES, 112)           \
	X(OUT_UTSNAME, OUT_BYTES, 390)           \
	X(OUT_RUSAGE, OUT_BYTES, 144)            \
	X(OUT_INT, OUT_BYTES, 4)                 \
	X(OUT_ID, OUT_BYTES, 4)                  \
	X(OUT_LONG, OUT_BYTES, 8)                \
	X(OUT_HANDLE, OUT_BYTES, 8)              \
	X(OUT_TID, OUT_BYTES, 4)                 \
	X(OUT_TIMER, OUT_BYTES, 4)               \
	X(OUT_PIPE, OUT_FDS, 8)                  \
	X(OUT_WSTATUS, OUT_BYTES, 4)             \
	X(OFFSET_POINTER, BOTH_BYTES, 8)         \
	X(IN_IDS, BYTES, 64)                     \
	X(OUT_IDS, OUT_BYTES, 64)                \
	X(IN_CPUSET, BYTES, 8)                   \
	X(OUT_CPUSET, OUT_BYTES, 8)              \
	X(IN_CAP_HEADER, BYTES, 8)               \
	X(IN_CAP_DATA, BYTES, 24)                \
	X(OUT_CAP_DATA, OUT_BYTES, 24)           \
	X(IN_SCHED_PARAM, BYTES, 4)              \
	X(OUT_SCHED_PARAM, OUT_BYTES, 4)         \
	X(IN_SCHED_ATTR, BYTES, 48)              \
	X(OUT_SCHED_ATTR, OUT_BYTES, 48)         \
	X(IN_RLIMIT, BYTES, 16)                  \
	X(OUT_RLIMIT, OUT_BYTES, 16)             \
	X(IN_SIGSET, BYTES, 8)                   \
	X(OUT_SIGSET, OUT_BYTES, 8)              \
	X(IN_SIGACTION, BYTES, 32)               \
	X(OUT_SIGACTION, OUT_BYTES, 32)          \
	X(IN_SIGINFO, BYTES, 48)                 \
	X(OUT_SIGINFO, OUT_BYTES, 48)            \
	X(IN_STACK, BYTES, 24)                   \
	X(OUT_STACK, OUT_BYTES, 24)              \
	X(IN_CLONE_ARGS, BYTES, 88)              \
	X(IN_OPEN_HOW, BYTES, 24)                \
	X(FCNTL_ARG, BYTES, 32)                  \
	X(IOCTL_ARG, OUT_BYTES, 36)              \
	X(FDSET, FDSET, 128)                     \
	X(POLLFDS, POLLFDS, 8)                   \
	X(SEMBUFS, ARRAY, 6)                     \
	X(IN_EPOLL_EVENT, BYTES, 12)             \
	X(OUT_EPOLL_EVENTS, OUT_ARRAY, 12)       \
	X(OUT_IO_EVENTS, OUT_ARRAY, 32)
/* clang-format on */

#define VT_ARG_ENUM(name, capture, size) VT_ARG_##name,
enum vt_arg_kind { VT_ARG_KINDS(VT_ARG_ENUM) VT_NR_ARG_KINDS };
#undef VT_ARG_ENUM

/* The numbers by name: VT_SYS_read */
#define VT_SYS_ENUM(nr, name, ...) VT_SYS_##name = nr,
enum vt_syscall { VT_SYSCALLS(VT_SYS_ENUM) };
#undef VT_SYS_ENUM

#endif /* VITRINE_SYSCALLS_H */
