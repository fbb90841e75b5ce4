/* SPDX-License-Identifier: GPL-2.0-only */
/* names.h - names of the constants that system calls take
 *
 * Flags and values alike are tables. Their order is the one in which strace writes them, so that
 * the two can be compared.
 */
#ifndef OBSERVE_DECODE_NAMES_H
#define OBSERVE_DECODE_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "observe/text/text.h"

struct name {
	uint64_t mask, value;
	const char *name;
};

/**
 * struct names - a table
 * @unknown: what to call what is not in it: "O_???"
 * @flags:   names are joined with '|'; otherwise one matches all of the number
 */
struct names {
	const struct name *items;
	size_t count;
	const char *unknown;
	bool flags;
};

#define NAME(x)                                                                                    \
	{                                                                                          \
		~0ULL, x, #x                                                                       \
	}
#define FLAG(x)                                                                                    \
	{                                                                                          \
		x, x, #x                                                                           \
	}
#define BITS(mask, x)                                                                              \
	{                                                                                          \
		mask, x, #x                                                                        \
	}
#define LITERAL(value, name)                                                                       \
	{                                                                                          \
		value, value, name                                                                 \
	}

#define NAMES(id, how, unknown, ...)                                                               \
	static const struct name id##_items[] = { __VA_ARGS__ };                                   \
	const struct names names_##id = { id##_items, sizeof(id##_items) / sizeof(id##_items[0]),  \
					  unknown, how }
#define NAMES_VALUES(id, unknown, ...) NAMES(id, false, unknown, __VA_ARGS__)
#define NAMES_FLAGS(id, unknown, ...) NAMES(id, true, unknown, __VA_ARGS__)

/**
 * names_text() - A number by name: "O_RDWR|O_CLOEXEC", "SEEK_END", "0x9" with a remark
 */
void names_text(struct text *t, const struct names *names, uint64_t number);

/**
 * names_some() - Names of those flags that have one; returns the others
 * @any: something was written before on this list
 */
uint64_t names_some(struct text *t, const struct names *names, uint64_t number, bool *any);

/**
 * names_find() - Name of a value, NULL when it has none
 */
const char *names_find(const struct names *names, uint64_t number);

/* names_file.c */
extern const struct names names_open, names_access, names_at, names_unlink, names_statx,
    names_rename, names_whence, names_fallocate, names_fadvise, names_xattr, names_splice,
    names_sync_range, names_rwf, names_flock, names_fd_flags, names_file_type, names_mount,
    names_umount, names_open_tree, names_move_mount, names_fsconfig, names_fcntl, names_lock_type,
    names_fs_type, names_statfs_flags, names_inotify_init, names_inotify_mask, names_epoll_create,
    names_epoll_op, names_epoll_events, names_poll, names_eventfd, names_signalfd,
    names_timerfd_create, names_timerfd_set, names_close_range, names_pidfd, names_resolve,
    names_file_attributes;

/* names_task.c */
extern const struct names names_prot, names_map_type, names_mremap, names_msync, names_madvise,
    names_mlock, names_mlockall, names_memfd, names_mempolicy, names_membarrier, names_shmat,
    names_ipc, names_ipc_command, names_sig_how, names_itimer, names_timer, names_clock,
    names_clone, names_wait, names_id_type, names_rusage, names_resource, names_priority,
    names_ioprio, names_sched, names_futex_op, names_sigaction, names_sigaltstack, names_prctl,
    names_arch_prctl, names_ptrace, names_seccomp, names_seccomp_flags, names_bpf, names_keyctl,
    names_kcmp, names_random, names_reboot, names_capability, names_cap_version, names_bitset,
    names_personality, names_dumpable;

/* names_net.c */
extern const struct names names_address_family, names_socket_type, names_socket_flags,
    names_protocol, names_netlink, names_level, names_socket_option, names_tcp_option,
    names_ip_option, names_ipv6_option, names_message, names_control, names_shutdown, names_ioctl,
    names_termios_input, names_termios_output, names_termios_control, names_termios_local;

#endif
