// SPDX-License-Identifier: GPL-2.0-only
/* decode.c - system calls as text, the way strace writes them
 *
 * Theory of operation
 * syscalls.h says of each argument what kind it is; the table below says how that kind is shown:
 * by a table of names, or by a printer, which finds the memory that was kept with the event. So a
 * new call is a line there, a new kind one more here. What strace shows in a way of its own
 * (clone's order, how many arguments futex has) is task.c's and command.c's.
 *
 * Invariant: every byte of a guest's passes text_quoted(); what leaves here is printable ASCII.
 */

#include "parts.h"
#include "observe/region/names.h"
#include "vitrine/util.h"

#define RESULT_COLUMN 40

/* How a kind of argument is shown: one of the two */
struct shape {
	call_printer *print;
	const struct names *names;
};

#define BY(kind, printer) [VT_ARG_##kind] = { printer, NULL }
#define NAMED(kind, table) [VT_ARG_##kind] = { NULL, &names_##table }

static const struct shape shapes[VT_NR_ARG_KINDS] = {
	BY(NONE, print_hex),
	BY(INT, print_int),
	BY(UINT, print_uint),
	BY(LONG, print_long),
	BY(ULONG, print_long),
	BY(HEX, print_hex),
	BY(SIZE, print_long),
	BY(POINTER, print_pointer),
	BY(OFFSET, print_long),
	BY(HIGH_HALF, print_hex),
	BY(MODE, print_octal),
	BY(FILE_MODE, print_file_mode),
	BY(OPEN_MODE, print_octal),
	BY(DEVICE, print_device),
	BY(OWNER, print_id),
	BY(PID, print_int),
	BY(SIGNAL, print_signal),
	NAMED(OPEN_FLAGS, open),
	NAMED(FD_FLAGS, fd_flags),
	NAMED(ACCESS_MODE, access),
	BY(PATH_FLAGS, print_path_flags),
	NAMED(UNLINK_FLAGS, unlink),
	NAMED(STATX_MASK, statx),
	NAMED(RENAME_FLAGS, rename),
	NAMED(WHENCE, whence),
	NAMED(FALLOCATE_MODE, fallocate),
	NAMED(FADVICE, fadvise),
	NAMED(XATTR_FLAGS, xattr),
	NAMED(SPLICE_FLAGS, splice),
	NAMED(SYNC_RANGE_FLAGS, sync_range),
	NAMED(RWF_FLAGS, rwf),
	NAMED(PROT, prot),
	NAMED(MAP_FLAGS, map_type),
	NAMED(MREMAP_FLAGS, mremap),
	NAMED(MSYNC_FLAGS, msync),
	NAMED(MADVICE, madvise),
	NAMED(MLOCK_FLAGS, mlock),
	NAMED(MLOCKALL_FLAGS, mlockall),
	NAMED(MEMFD_FLAGS, memfd),
	NAMED(MEMORY_POLICY, mempolicy),
	NAMED(MEMBARRIER, membarrier),
	NAMED(SHMAT_FLAGS, shmat),
	BY(IPC_KEY, print_ipc_key),
	BY(IPC_FLAGS, print_ipc_flags),
	NAMED(IPC_COMMAND, ipc_command),
	NAMED(SIG_HOW, sig_how),
	NAMED(ITIMER, itimer),
	NAMED(TIMER_FLAGS, timer),
	NAMED(CLOCK, clock),
	BY(CLONE_FLAGS, print_clone_flags),
	NAMED(UNSHARE_FLAGS, clone),
	BY(WAIT_OPTIONS, print_wait_options),
	NAMED(ID_TYPE, id_type),
	NAMED(RUSAGE_WHO, rusage),
	NAMED(RESOURCE, resource),
	NAMED(PRIORITY_WHICH, priority),
	NAMED(IOPRIO_WHICH, ioprio),
	NAMED(SCHED_POLICY, sched),
	BY(FUTEX_OP, print_futex_op),
	BY(FUTEX_VALUE3, print_futex_value3),
	NAMED(SOCKET_FAMILY, address_family),
	BY(SOCKET_TYPE, print_socket_type),
	NAMED(SOCKET_FLAGS, socket_flags),
	BY(SOCKET_PROTOCOL, print_protocol),
	NAMED(SOCKET_LEVEL, level),
	BY(SOCKET_OPTION, print_option),
	NAMED(MSG_FLAGS, message),
	NAMED(SHUTDOWN_HOW, shutdown),
	NAMED(FCNTL, fcntl),
	BY(IOCTL, print_ioctl),
	NAMED(FLOCK_OP, flock),
	NAMED(EPOLL_FLAGS, epoll_create),
	NAMED(EPOLL_OP, epoll_op),
	NAMED(EVENTFD_FLAGS, eventfd),
	NAMED(SIGNALFD_FLAGS, signalfd),
	NAMED(TIMERFD_FLAGS, timerfd_create),
	NAMED(TIMERFD_SET_FLAGS, timerfd_set),
	NAMED(INOTIFY_FLAGS, inotify_init),
	NAMED(INOTIFY_MASK, inotify_mask),
	NAMED(PIDFD_FLAGS, pidfd),
	NAMED(CLOSE_RANGE_FLAGS, close_range),
	NAMED(MOUNT_FLAGS, mount),
	NAMED(UMOUNT_FLAGS, umount),
	NAMED(OPEN_TREE_FLAGS, open_tree),
	NAMED(MOVE_MOUNT_FLAGS, move_mount),
	NAMED(FSCONFIG, fsconfig),
	NAMED(PRCTL, prctl),
	NAMED(ARCH_PRCTL, arch_prctl),
	NAMED(PTRACE_REQUEST, ptrace),
	NAMED(SECCOMP_OP, seccomp),
	NAMED(SECCOMP_FLAGS, seccomp_flags),
	NAMED(BPF_COMMAND, bpf),
	NAMED(KEYCTL, keyctl),
	NAMED(KCMP_TYPE, kcmp),
	NAMED(RANDOM_FLAGS, random),
	NAMED(REBOOT_COMMAND, reboot),
	BY(FD, print_fd),
	BY(DIRFD, print_dirfd),
	BY(PATH, print_path),
	BY(STRING, print_string),
	BY(STRINGS, print_strings),
	BY(ENVIRONMENT, print_environment),
	BY(FSCONFIG_VALUE, print_string),
	BY(PRCTL_ARG, print_prctl_argument),
	BY(IN_BUFFER, print_buffer),
	BY(OUT_BUFFER, print_buffer),
	BY(OUT_PATH, print_out_path),
	BY(OUT_DIRENTS, print_dirents),
	BY(OUT_DIRENTS64, print_dirents),
	BY(IN_VECTOR, print_vector),
	BY(OUT_VECTOR, print_vector),
	BY(IN_MSGHDR, print_sent),
	BY(OUT_MSGHDR, print_received),
	BY(IN_MMSGHDR, print_sent_messages),
	BY(OUT_MMSGHDR, print_received_messages),
	BY(IN_SOCKADDR, print_sockaddr),
	BY(OUT_SOCKADDR, print_sockaddr),
	BY(LENGTH_POINTER, print_length),
	BY(IN_SOCKOPT, print_option_value),
	BY(OUT_SOCKOPT, print_option_value),
	BY(IN_TIMESPEC, print_timespec),
	BY(OUT_TIMESPEC, print_timespec),
	BY(TIMESPEC, print_timespec),
	BY(IN_TIMESPECS, print_timespecs),
	BY(IN_TIMEVAL, print_timeval),
	BY(OUT_TIMEVAL, print_timeval),
	BY(TIMEVAL, print_timeval),
	BY(IN_TIMEVALS, print_timevals),
	BY(IN_UTIMBUF, print_utimbuf),
	BY(IN_ITIMERVAL, print_itimerval),
	BY(OUT_ITIMERVAL, print_itimerval),
	BY(IN_ITIMERSPEC, print_itimerspec),
	BY(OUT_ITIMERSPEC, print_itimerspec),
	BY(FUTEX_TIMEOUT, print_futex_timeout),
	BY(OUT_TIME, print_number64),
	BY(OUT_TMS, print_tms),
	BY(OUT_STAT, print_stat),
	BY(OUT_STATX, print_statx),
	BY(OUT_STATFS, print_statfs),
	BY(OUT_SYSINFO, print_sysinfo),
	BY(OUT_UTSNAME, print_utsname),
	BY(OUT_RUSAGE, print_rusage),
	BY(OUT_INT, print_signed32),
	BY(OUT_ID, print_number32),
	BY(OUT_LONG, print_number64),
	BY(OUT_HANDLE, print_number64),
	BY(OUT_TID, print_signed32),
	BY(OUT_TIMER, print_signed32),
	BY(OUT_PIPE, print_pair),
	BY(OUT_WSTATUS, print_wait_status),
	BY(OFFSET_POINTER, print_offset_pointer),
	BY(IN_IDS, print_ids),
	BY(OUT_IDS, print_ids),
	BY(IN_CPUSET, print_cpuset),
	BY(OUT_CPUSET, print_cpuset),
	BY(IN_CAP_HEADER, print_cap_header),
	BY(IN_CAP_DATA, print_cap_data),
	BY(OUT_CAP_DATA, print_cap_data),
	BY(IN_SCHED_PARAM, print_sched_param),
	BY(OUT_SCHED_PARAM, print_sched_param),
	BY(IN_SCHED_ATTR, print_sched_attr),
	BY(OUT_SCHED_ATTR, print_sched_attr),
	BY(IN_RLIMIT, print_rlimit),
	BY(OUT_RLIMIT, print_rlimit),
	BY(IN_SIGSET, print_sigset),
	BY(OUT_SIGSET, print_sigset),
	BY(IN_SIGACTION, print_sigaction),
	BY(OUT_SIGACTION, print_sigaction),
	BY(IN_SIGINFO, print_siginfo),
	BY(OUT_SIGINFO, print_siginfo),
	BY(IN_STACK, print_stack),
	BY(OUT_STACK, print_stack),
	BY(IN_CLONE_ARGS, print_clone_args),
	BY(IN_OPEN_HOW, print_open_how),
	BY(FCNTL_ARG, print_fcntl_argument),
	BY(IOCTL_ARG, print_ioctl_argument),
	BY(FDSET, print_fdset),
	BY(POLLFDS, print_poll),
	BY(SEMBUFS, print_semaphores),
	BY(IN_EPOLL_EVENT, print_epoll_event),
	BY(OUT_EPOLL_EVENTS, print_epoll_events),
	BY(OUT_IO_EVENTS, print_pointer),
};

/* Constants that a program passes as an int arrive with anything in the upper half, or a sign */
static bool is_wide(unsigned kind)
{
	return kind == VT_ARG_MAP_FLAGS || kind == VT_ARG_PROT || kind == VT_ARG_MOUNT_FLAGS ||
	       kind == VT_ARG_UNSHARE_FLAGS;
}

bool call_parse(struct call *call, const struct event *event, const struct decode_options *options)
{
	const struct vt_event_syscall *from = event_syscall(event);
	size_t at = 0;

	if (!from)
		return false;
	call->nr = from->nr;
	for (unsigned i = 0; i < CALL_ARGS; i++)
		call->args[i] = from->args[i];
	call->result = from->result;
	call->duration_ns = from->duration_ns;
	call->disposition = from->disposition;
	call->no_return = from->flags & VT_CALL_NORETURN;
	call->options = options;
	call->ndata = 0;
	while (call->ndata < CALL_DATA_MAX && event_data(event, &at, &call->data[call->ndata]))
		call->ndata++;
	return true;
}

bool call_failed(const struct call *call)
{
	return !call->no_return && call->result < 0 && call->result >= -4095;
}

static bool holds_path(const struct call *call, const struct event_data *data)
{
	unsigned kind;

	if (data->arg == VT_DATA_RESULT)
		return true;
	kind = call_argument(call->nr, data->arg);
	switch (kind) {
	case VT_ARG_PATH:
	case VT_ARG_FD:
	case VT_ARG_DIRFD:
		return data->index == 0;
	case VT_ARG_POLLFDS:
	case VT_ARG_FDSET:
	case VT_ARG_OUT_PIPE:
		return data->index >= VT_DATA_PATH && data->index < VT_DATA_PATH + VT_PATHS_MAX;
	default:
		return false;
	}
}

bool call_path(const struct call *call, unsigned index, const char **path, size_t *len)
{
	for (unsigned i = 0; i < call->ndata; i++) {
		if (!holds_path(call, &call->data[i]) || index--)
			continue;
		*path = (const char *)call->data[i].bytes;
		*len = call->data[i].len;
		return true;
	}
	return false;
}

void call_name_text(struct text *t, const struct call *call)
{
	const char *name = call_name(call->nr);

	if (name) {
		text_put(t, name);
	} else {
		text_put(t, "syscall_");
		text_hex(t, (uint32_t)call->nr);
	}
}

unsigned call_shown(const struct call *call)
{
	unsigned most = 0;

	if (!call_name(call->nr))
		return CALL_ARGS;
	while (most < CALL_ARGS && call_argument(call->nr, most) != VT_ARG_NONE)
		most++;
	return command_shown(call, most);
}

void call_argument_text(struct text *t, const struct call *call, unsigned arg)
{
	unsigned kind = call_argument(call->nr, arg);
	const struct shape *shape = &shapes[kind < VT_NR_ARG_KINDS ? kind : VT_ARG_HEX];

	if (shape->print)
		shape->print(t, call, arg);
	else if (shape->names)
		names_text(t, shape->names,
			   is_wide(kind) ? call->args[arg] : (uint32_t)call->args[arg]);
	else
		print_hex(t, call, arg);
}

void call_text(struct text *t, const struct call *call, size_t from)
{
	unsigned shown = call_shown(call);
	bool any = false;

	call_name_text(t, call);
	text_char(t, '(');
	if (!clone_text(t, call)) {
		for (unsigned i = 0; i < shown; i++) {
			if (command_unused(call, i))
				continue;
			text_put(t, any ? ", " : "");
			call_argument_text(t, call, i);
			any = true;
		}
	}
	text_put(t, ") ");
	text_pad(t, from, RESULT_COLUMN);
	text_put(t, "= ");
	call_result_text(t, call);
}
