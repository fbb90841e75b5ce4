// SPDX-License-Identifier: GPL-2.0-only
/* command.c - calls that are many: fcntl, ioctl, futex, prctl
 *
 * What their later arguments mean, and how many there are, depends on an earlier one.
 */

#include <fcntl.h>
#include <linux/futex.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include "parts.h"
#include "observe/region/names.h"
#include "vitrine/util.h"

/* ---- fcntl ---- */

static void lock_text(struct text *t, const struct event_data *data)
{
	text_put(t, "{l_type=");
	names_text(t, &names_lock_type, data_u16(data, 0));
	text_put(t, ", l_whence=");
	names_text(t, &names_whence, data_u16(data, 2));
	text_format(t, ", l_start=%lld, l_len=%lld}", (long long)data_u64(data, 8),
		    (long long)data_u64(data, 16));
}

void print_fcntl_argument(struct text *t, const struct call *call, unsigned arg)
{
	const struct event_data *data;

	switch (call->args[1]) {
	case F_SETFD:
		if (call->args[arg] == FD_CLOEXEC)
			text_put(t, "FD_CLOEXEC");
		else
			text_hex(t, call->args[arg]);
		return;
	case F_SETFL:
		names_text(t, &names_open, (uint32_t)call->args[arg]);
		return;
	case F_GETLK:
	case F_SETLK:
	case F_SETLKW:
	case F_OFD_GETLK:
	case F_OFD_SETLK:
	case F_OFD_SETLKW:
		data = call_memory(t, call, arg, 0, 24);
		if (data)
			lock_text(t, data);
		return;
	case F_DUPFD:
	case 1030: /* F_DUPFD_CLOEXEC */
	case F_SETOWN:
	case F_SETPIPE_SZ:
		text_signed(t, (int32_t)call->args[arg]);
		return;
	case F_SETSIG:
		signal_text(t, call->args[arg]);
		return;
	default:
		text_hex(t, call->args[arg]);
	}
}

static const uint16_t fcntl_alone[] = {
	F_GETFD, F_GETFL, F_GETOWN, F_GETSIG, F_GETLEASE, F_GETPIPE_SZ, F_GET_SEALS,
};

static bool fcntl_has_argument(uint64_t command)
{
	for (unsigned i = 0; i < ARRAY_SIZE(fcntl_alone); i++) {
		if (fcntl_alone[i] == command)
			return false;
	}
	return true;
}

/* ---- ioctl ---- */

void print_ioctl(struct text *t, const struct call *call, unsigned arg)
{
	static const char *const directions[] = { "_IOC_NONE", "_IOC_WRITE", "_IOC_READ",
						  "_IOC_READ|_IOC_WRITE" };
	uint32_t command = (uint32_t)call->args[arg];
	const char *name = names_find(&names_ioctl, command);

	if (name) {
		text_put(t, name);
		return;
	}
	text_put(t, "_IOC(");
	text_put(t, directions[_IOC_DIR(command)]);
	text_put(t, ", ");
	text_hex(t, _IOC_TYPE(command));
	text_put(t, ", ");
	text_hex(t, _IOC_NR(command));
	text_put(t, ", ");
	text_hex(t, _IOC_SIZE(command));
	text_char(t, ')');
}

static void termios_text(struct text *t, const struct event_data *data)
{
	static const struct {
		const char *label;
		const struct names *names;
	} fields[] = {
		{ "{c_iflag=", &names_termios_input },
		{ ", c_oflag=", &names_termios_output },
		{ ", c_cflag=", &names_termios_control },
		{ ", c_lflag=", &names_termios_local },
	};

	for (unsigned i = 0; i < ARRAY_SIZE(fields); i++) {
		text_put(t, fields[i].label);
		names_text(t, fields[i].names, data_u32(data, i * 4));
	}
	text_put(t, ", ...}");
}

static void winsize_text(struct text *t, const struct event_data *data)
{
	text_format(t, "{ws_row=%u, ws_col=%u, ws_xpixel=%u, ws_ypixel=%u}", data_u16(data, 0),
		    data_u16(data, 2), data_u16(data, 4), data_u16(data, 6));
}

static void int_text(struct text *t, const struct event_data *data)
{
	text_format(t, "[%d]", (int32_t)data_u32(data, 0));
}

static const struct {
	uint32_t command;
	size_t size;
	void (*print)(struct text *t, const struct event_data *data);
} ioctls[] = {
	{ TCGETS, 36, termios_text },	 { TCSETS, 36, termios_text },
	{ TCSETSW, 36, termios_text },	 { TCSETSF, 36, termios_text },
	{ TIOCGWINSZ, 8, winsize_text }, { TIOCSWINSZ, 8, winsize_text },
	{ FIONREAD, 4, int_text },	 { FIONBIO, 4, int_text },
	{ FIOASYNC, 4, int_text },	 { TIOCGPGRP, 4, int_text },
	{ TIOCSPGRP, 4, int_text },	 { TIOCGPTN, 4, int_text },
	{ TIOCSPTLCK, 4, int_text },	 { TIOCOUTQ, 4, int_text },
	{ TIOCGSID, 4, int_text },
};

void print_ioctl_argument(struct text *t, const struct call *call, unsigned arg)
{
	uint32_t command = (uint32_t)call->args[1];

	for (unsigned i = 0; i < ARRAY_SIZE(ioctls); i++) {
		const struct event_data *data;

		if (ioctls[i].command != command)
			continue;
		data = call_memory(t, call, arg, 0, ioctls[i].size);
		if (data)
			ioctls[i].print(t, data);
		return;
	}
	text_hex(t, call->args[arg]);
}

/* ---- futex ---- */

#define FUTEX_OP_FLAGS (FUTEX_PRIVATE_FLAG | FUTEX_CLOCK_REALTIME)

static unsigned futex_command(const struct call *call)
{
	return (uint32_t)call->args[1] & ~FUTEX_OP_FLAGS;
}

void print_futex_op(struct text *t, const struct call *call, unsigned arg)
{
	uint32_t op = (uint32_t)call->args[arg];

	names_text(t, &names_futex_op, op & ~FUTEX_OP_FLAGS);
	text_put(t, op & FUTEX_PRIVATE_FLAG ? "_PRIVATE" : "");
	text_put(t, op & FUTEX_CLOCK_REALTIME ? "|FUTEX_CLOCK_REALTIME" : "");
}

static const struct futex_shape {
	uint8_t shown;
	bool timeout, bitset;
	uint8_t unused; /* bit per argument that the operation does not look at */
} futexes[] = {
	[FUTEX_WAIT] = { 4, true, false, 0 },
	[FUTEX_WAKE] = { 3, false, false, 0 },
	[FUTEX_FD] = { 3, false, false, 0 },
	[FUTEX_REQUEUE] = { 5, false, false, 0 },
	[FUTEX_CMP_REQUEUE] = { 6, false, false, 0 },
	[FUTEX_WAKE_OP] = { 6, false, false, 0 },
	[FUTEX_LOCK_PI] = { 4, true, false, 1 << 2 },
	[FUTEX_UNLOCK_PI] = { 2, false, false, 0 },
	[FUTEX_TRYLOCK_PI] = { 2, false, false, 0 },
	[FUTEX_WAIT_BITSET] = { 6, true, true, 1 << 4 },
	[FUTEX_WAKE_BITSET] = { 6, false, true, 3 << 3 },
	[FUTEX_WAIT_REQUEUE_PI] = { 5, true, false, 0 },
	[FUTEX_CMP_REQUEUE_PI] = { 6, false, false, 0 },
	[FUTEX_LOCK_PI2] = { 4, true, false, 1 << 2 },
};

static const struct futex_shape *futex_shape(const struct call *call)
{
	unsigned command = futex_command(call);

	return &futexes[command < ARRAY_SIZE(futexes) ? command : FUTEX_WAIT];
}

void print_futex_timeout(struct text *t, const struct call *call, unsigned arg)
{
	const struct event_data *data;

	if (!futex_shape(call)->timeout) {
		text_unsigned(t, (uint32_t)call->args[arg]);
		return;
	}
	data = call_memory(t, call, arg, 0, 16);
	if (data)
		timespec_text(t, data, 0);
}

void print_futex_value3(struct text *t, const struct call *call, unsigned arg)
{
	uint32_t value = (uint32_t)call->args[arg];

	if (futex_shape(call)->bitset && value == UINT32_MAX)
		text_put(t, "FUTEX_BITSET_MATCH_ANY");
	else
		text_hex(t, value);
}

/* ---- prctl ---- */

enum prctl_argument {
	PRCTL_HEX,
	PRCTL_NUMBER,
	PRCTL_NAME,
	PRCTL_NAME_OUT,
	PRCTL_SIGNAL,
	PRCTL_SIGNAL_OUT,
	PRCTL_NUMBER_OUT,
	PRCTL_CAPABILITY,
	PRCTL_DUMPABLE,
};

static const struct {
	uint32_t option;
	uint8_t shown;
	enum prctl_argument argument;
} prctls[] = {
	{ PR_SET_NAME, 2, PRCTL_NAME },
	{ PR_GET_NAME, 2, PRCTL_NAME_OUT },
	{ PR_SET_PDEATHSIG, 2, PRCTL_SIGNAL },
	{ PR_GET_PDEATHSIG, 2, PRCTL_SIGNAL_OUT },
	{ PR_CAPBSET_READ, 2, PRCTL_CAPABILITY },
	{ PR_CAPBSET_DROP, 2, PRCTL_CAPABILITY },
	{ PR_GET_DUMPABLE, 1, PRCTL_HEX },
	{ PR_SET_DUMPABLE, 2, PRCTL_DUMPABLE },
	{ PR_GET_KEEPCAPS, 1, PRCTL_HEX },
	{ PR_SET_KEEPCAPS, 2, PRCTL_NUMBER },
	{ PR_GET_SECCOMP, 1, PRCTL_HEX },
	{ PR_GET_SECUREBITS, 1, PRCTL_HEX },
	{ PR_SET_SECUREBITS, 2, PRCTL_HEX },
	{ PR_GET_TIMERSLACK, 1, PRCTL_HEX },
	{ PR_SET_TIMERSLACK, 2, PRCTL_NUMBER },
	{ PR_SET_NO_NEW_PRIVS, 5, PRCTL_NUMBER },
	{ PR_SET_CHILD_SUBREAPER, 2, PRCTL_NUMBER },
	{ PR_GET_CHILD_SUBREAPER, 2, PRCTL_NUMBER_OUT },
	{ PR_SET_PTRACER, 2, PRCTL_HEX },
};

/*
 * What a call has written: kept as a string, which is all of a number that is less than 256
 */
static void prctl_out_text(struct text *t, const struct call *call, unsigned arg,
			   enum prctl_argument how)
{
	const struct event_data *data = call_memory(t, call, arg, 1, 0);

	if (!data)
		return;
	if (how == PRCTL_NAME_OUT) {
		string_text(t, call, data, TEXT_ESCAPE);
		return;
	}
	text_char(t, '[');
	if (how == PRCTL_SIGNAL_OUT)
		signal_text(t, data->len ? data->bytes[0] : 0);
	else
		text_unsigned(t, data->len ? data->bytes[0] : 0);
	text_char(t, ']');
}

void print_prctl_argument(struct text *t, const struct call *call, unsigned arg)
{
	enum prctl_argument how = PRCTL_HEX;
	const char *name;

	for (unsigned i = 0; i < ARRAY_SIZE(prctls); i++) {
		if (prctls[i].option == (uint32_t)call->args[0])
			how = prctls[i].argument;
	}
	switch (how) {
	case PRCTL_NAME:
		print_string(t, call, arg);
		return;
	case PRCTL_SIGNAL:
		signal_text(t, call->args[arg]);
		return;
	case PRCTL_CAPABILITY:
		name = names_find(&names_capability, call->args[arg]);
		if (name)
			text_put(t, name);
		else
			text_hex(t, call->args[arg]);
		return;
	case PRCTL_DUMPABLE:
		names_text(t, &names_dumpable, call->args[arg]);
		return;
	case PRCTL_NAME_OUT:
	case PRCTL_SIGNAL_OUT:
	case PRCTL_NUMBER_OUT:
		prctl_out_text(t, call, arg, how);
		return;
	case PRCTL_NUMBER:
		text_unsigned(t, call->args[arg]);
		return;
	case PRCTL_HEX:
		text_hex(t, call->args[arg]);
		return;
	}
}

static unsigned prctl_shown(uint64_t option, unsigned most)
{
	for (unsigned i = 0; i < ARRAY_SIZE(prctls); i++) {
		if (prctls[i].option == (uint32_t)option)
			return prctls[i].shown;
	}
	return most;
}

/* ---- System V ---- */

void print_ipc_key(struct text *t, const struct call *call, unsigned arg)
{
	if ((uint32_t)call->args[arg])
		text_hex(t, (uint32_t)call->args[arg]);
	else
		text_put(t, "IPC_PRIVATE");
}

void print_ipc_flags(struct text *t, const struct call *call, unsigned arg)
{
	uint32_t flags = (uint32_t)call->args[arg];
	bool any = false, has_mode = call->nr == VT_SYS_shmget || call->nr == VT_SYS_semget ||
				     call->nr == VT_SYS_msgget;
	uint64_t rest;

	if (!has_mode) {
		names_text(t, &names_ipc, flags);
		return;
	}
	rest = names_some(t, &names_ipc, flags & ~0777U, &any);
	text_put(t, any ? "|" : "");
	if (rest) {
		text_hex(t, rest);
		text_char(t, '|');
	}
	text_octal(t, flags & 0777);
}

/* ---- how many arguments ---- */

bool command_unused(const struct call *call, unsigned arg)
{
	if (call->nr == VT_SYS_futex)
		return futex_shape(call)->unused >> arg & 1;
	/* The upper half of a number of 64 bits, which has none there */
	return call_argument(call->nr, arg) == VT_ARG_HIGH_HALF;
}

unsigned command_shown(const struct call *call, unsigned most)
{
	switch (call->nr) {
	case VT_SYS_open:
	case VT_SYS_openat:
	case VT_SYS_mq_open:
		/* The mode is the argument behind the flags, and used for new files only */
		if (call->args[call->nr == VT_SYS_openat ? 2 : 1] & (O_CREAT | 020000000))
			return most;
		return call->nr == VT_SYS_openat ? 3 : 2;
	case VT_SYS_fcntl:
		return fcntl_has_argument(call->args[1]) ? 3 : 2;
	case VT_SYS_futex:
		return futex_shape(call)->shown;
	case VT_SYS_prctl:
		return prctl_shown(call->args[0], most);
	case VT_SYS_membarrier:
		return call->args[1] ? 3 : 2;
	case VT_SYS_mremap:
		return call->args[3] & 2 ? 5 : 4;
	default:
		return most;
	}
}
