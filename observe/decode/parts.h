/* SPDX-License-Identifier: GPL-2.0-only */
/* parts.h - what the files of the decoder share
 *
 * A printer writes one argument. When the memory that it wants was not kept (the pointer was bad,
 * the call failed, the event was full) it writes the pointer.
 */
#ifndef OBSERVE_DECODE_PARTS_H
#define OBSERVE_DECODE_PARTS_H

#include <endian.h>
#include "decode.h"
#include "names.h"

typedef void call_printer(struct text *t, const struct call *call, unsigned arg);

/**
 * call_data() - What was kept of an argument's memory, NULL when nothing was
 * @index: of a string or vector; 1 for the later one of two
 */
const struct event_data *call_data(const struct call *call, unsigned arg, unsigned index);

/* A number at an offset of what was kept; zero where nothing was */
static inline uint64_t data_number(const struct event_data *data, size_t offset, size_t size)
{
	uint64_t number = 0;

	if (offset <= data->len && size <= data->len - offset)
		memcpy(&number, data->bytes + offset, size);
	return le64toh(number);
}

static inline uint16_t data_u16(const struct event_data *data, size_t offset)
{
	return data_number(data, offset, 2);
}

static inline uint32_t data_u32(const struct event_data *data, size_t offset)
{
	return data_number(data, offset, 4);
}

static inline uint64_t data_u64(const struct event_data *data, size_t offset)
{
	return data_number(data, offset, 8);
}

/* Memory of at least @size bytes, or the pointer is written and NULL returned */
const struct event_data *call_memory(struct text *t, const struct call *call, unsigned arg,
				     unsigned index, size_t size);

/* parts.c: pieces that many printers need */
void pointer_text(struct text *t, uint64_t address);
void path_text(struct text *t, const struct event_data *path);
void fd_text(struct text *t, const struct call *call, unsigned arg, unsigned index, int64_t fd);
/* The @n-th descriptor of an array, whose path is VT_DATA_PATH and on */
void element_fd_text(struct text *t, const struct call *call, unsigned arg, unsigned n, int64_t fd);
void string_text(struct text *t, const struct call *call, const struct event_data *data,
		 enum text_quote how);
/* The same where there were @full bytes, whatever the buffer's size is */
void bytes_text(struct text *t, const struct call *call, const struct event_data *data,
		uint64_t full, enum text_quote how);
void sockaddr_text(struct text *t, const struct event_data *data);
void option_text(struct text *t, uint32_t level, uint32_t option);
void timespec_text(struct text *t, const struct event_data *data, size_t offset);
void timeval_text(struct text *t, const struct event_data *data, size_t offset);
void signal_text(struct text *t, uint64_t number);
void sigset_text(struct text *t, uint64_t set);
void wait_status_text(struct text *t, uint32_t status);
void mode_text(struct text *t, uint32_t mode);
void errno_text(struct text *t, int number);

/* Printers by what they are for */
call_printer print_int, print_uint, print_long, print_hex, print_pointer, print_octal, print_id;
call_printer print_fd, print_dirfd, print_path, print_string, print_strings, print_environment;
call_printer print_buffer, print_dirents, print_out_path, print_offset_pointer;
call_printer print_file_mode, print_device, print_signal, print_fdset;

/* struct.c */
call_printer print_stat, print_statx, print_path_flags, print_statfs, print_sysinfo, print_utsname,
    print_rusage, print_tms, print_timespec, print_timespecs, print_timeval, print_timevals,
    print_utimbuf, print_itimerval, print_itimerspec, print_rlimit, print_open_how, print_number32,
    print_signed32, print_number64, print_pair;

/* task.c */
call_printer print_sigset, print_sigaction, print_siginfo, print_stack, print_wait_status,
    print_clone_args, print_sched_param, print_sched_attr, print_ids, print_cpuset,
    print_cap_header, print_cap_data, print_clone_flags, print_semaphores, print_wait_options;

/* net.c */
call_printer print_sockaddr, print_length, print_socket_type, print_protocol, print_option,
    print_option_value, print_poll, print_epoll_event, print_epoll_events;

/* message.c */
call_printer print_vector, print_sent, print_received, print_sent_messages, print_received_messages;

/* command.c: arguments that mean what another argument says */
call_printer print_fcntl_argument, print_ioctl, print_ioctl_argument, print_futex_op,
    print_futex_timeout, print_futex_value3, print_prctl_argument, print_ipc_flags, print_ipc_key;

/**
 * command_shown() - Arguments that a call of changing length has this time
 * @most: that it has at most
 */
unsigned command_shown(const struct call *call, unsigned most);

/**
 * command_unused() - Whether an argument says nothing this time, though later ones do
 */
bool command_unused(const struct call *call, unsigned arg);

/* Calls whose line strace composes in another order than the arguments are in */
bool clone_text(struct text *t, const struct call *call);

#endif
