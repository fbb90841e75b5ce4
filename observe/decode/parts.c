// SPDX-License-Identifier: GPL-2.0-only
/* parts.c - plain arguments: numbers, strings, descriptors, buffers, and pieces of others */

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include "parts.h"
#include "vitrine/util.h"

#define STRINGS_SHOWN 32

const struct event_data *call_data(const struct call *call, unsigned arg, unsigned index)
{
	for (unsigned i = 0; i < call->ndata; i++) {
		if (call->data[i].arg == arg && call->data[i].index == index)
			return &call->data[i];
	}
	return NULL;
}

const struct event_data *call_memory(struct text *t, const struct call *call, unsigned arg,
				     unsigned index, size_t size)
{
	const struct event_data *data = call_data(call, arg, index);

	if (data && data->len >= size)
		return data;
	pointer_text(t, call->args[arg]);
	return NULL;
}

void pointer_text(struct text *t, uint64_t address)
{
	if (address)
		text_hex(t, address);
	else
		text_put(t, "NULL");
}

void print_int(struct text *t, const struct call *call, unsigned arg)
{
	text_signed(t, (int32_t)call->args[arg]);
}

void print_uint(struct text *t, const struct call *call, unsigned arg)
{
	text_unsigned(t, (uint32_t)call->args[arg]);
}

void print_long(struct text *t, const struct call *call, unsigned arg)
{
	text_signed(t, (int64_t)call->args[arg]);
}

void print_hex(struct text *t, const struct call *call, unsigned arg)
{
	text_hex(t, call->args[arg]);
}

void print_pointer(struct text *t, const struct call *call, unsigned arg)
{
	pointer_text(t, call->args[arg]);
}

void print_octal(struct text *t, const struct call *call, unsigned arg)
{
	text_octal(t, (uint16_t)call->args[arg]);
}

/* Identities: the one that is none is -1 */
void print_id(struct text *t, const struct call *call, unsigned arg)
{
	if ((uint32_t)call->args[arg] == UINT32_MAX)
		text_put(t, "-1");
	else
		text_unsigned(t, (uint32_t)call->args[arg]);
}

/* What is no longer there is said behind the brackets, as strace says it */
void path_text(struct text *t, const struct event_data *path)
{
	static const char deleted[] = " (deleted)";
	const size_t tail = sizeof(deleted) - 1;
	bool gone = path->len > tail && !memcmp(path->bytes + path->len - tail, deleted, tail);

	text_char(t, '<');
	text_quoted(t, path->bytes, gone ? path->len - tail : path->len, TEXT_BARE);
	text_put(t, path->full > path->len ? "...>" : gone ? ">(deleted)" : ">");
}

void fd_text(struct text *t, const struct call *call, unsigned arg, unsigned index, int64_t fd)
{
	const struct event_data *path = call->options->paths ? call_data(call, arg, index) : NULL;

	text_signed(t, fd);
	if (path)
		path_text(t, path);
}

void element_fd_text(struct text *t, const struct call *call, unsigned arg, unsigned n, int64_t fd)
{
	fd_text(t, call, arg, VT_DATA_PATH + n, fd);
}

/* Not AT_FDCWD: as a plain descriptor that is a wrong number, whose path says nothing */
void print_fd(struct text *t, const struct call *call, unsigned arg)
{
	int32_t fd = (int32_t)call->args[arg];

	if (fd == AT_FDCWD)
		text_signed(t, fd);
	else
		fd_text(t, call, arg, 0, fd);
}

void print_dirfd(struct text *t, const struct call *call, unsigned arg)
{
	int32_t fd = (int32_t)call->args[arg];
	const struct event_data *path = call->options->paths ? call_data(call, arg, 0) : NULL;

	if (fd != AT_FDCWD) {
		fd_text(t, call, arg, 0, fd);
		return;
	}
	text_put(t, "AT_FDCWD");
	if (path)
		path_text(t, path);
}

void string_text(struct text *t, const struct call *call, const struct event_data *data,
		 enum text_quote how)
{
	bytes_text(t, call, data, data->full, how);
}

void bytes_text(struct text *t, const struct call *call, const struct event_data *data,
		uint64_t full, enum text_quote how)
{
	size_t len = data->len < full ? data->len : full;

	if (len > call->options->string_max)
		len = call->options->string_max;
	text_quoted(t, data->bytes, len, how);
	if (len < full)
		text_put(t, "...");
}

void print_path(struct text *t, const struct call *call, unsigned arg)
{
	const struct event_data *data = call_memory(t, call, arg, 0, 0);

	if (!data)
		return;
	text_quoted(t, data->bytes, data->len, TEXT_ESCAPE);
	if (data->len < data->full)
		text_put(t, "...");
}

void print_string(struct text *t, const struct call *call, unsigned arg)
{
	const struct event_data *data = call_memory(t, call, arg, 0, 0);

	if (data)
		string_text(t, call, data, TEXT_ESCAPE);
}

void print_strings(struct text *t, const struct call *call, unsigned arg)
{
	const struct event_data *count = call_data(call, arg, VT_DATA_COUNT);
	unsigned shown = 0;

	if (!call_data(call, arg, 0) && !(count && count->full == 0)) {
		pointer_text(t, call->args[arg]);
		return;
	}
	text_char(t, '[');
	for (const struct event_data *data; (data = call_data(call, arg, shown)); shown++) {
		if (shown == STRINGS_SHOWN)
			break;
		text_put(t, shown ? ", " : "");
		string_text(t, call, data, TEXT_ESCAPE);
	}
	if (call_data(call, arg, shown) || (count && count->full > shown))
		text_put(t, ", ...");
	text_char(t, ']');
}

void print_environment(struct text *t, const struct call *call, unsigned arg)
{
	const struct event_data *count = call_data(call, arg, VT_DATA_COUNT);

	pointer_text(t, call->args[arg]);
	if (count)
		text_format(t, " /* %zu var%s */", count->full, count->full == 1 ? "" : "s");
}

/* A random number is no text, even when it looks like one */
void print_buffer(struct text *t, const struct call *call, unsigned arg)
{
	const struct event_data *data = call_memory(t, call, arg, 0, 0);

	if (data)
		string_text(t, call, data, call->nr == VT_SYS_getrandom ? TEXT_HEX : TEXT_ESCAPE);
}

/* getcwd() counts the NUL at the end, readlink() has none, and its text is no path yet */
void print_out_path(struct text *t, const struct call *call, unsigned arg)
{
	const struct event_data *data = call_memory(t, call, arg, 0, 0);
	size_t len;

	if (!data)
		return;
	if (call->nr != VT_SYS_getcwd) {
		string_text(t, call, data, TEXT_ESCAPE);
		return;
	}
	len = data->len;
	if (len && len == data->full && !data->bytes[len - 1])
		len--;
	text_quoted(t, data->bytes, len, TEXT_ESCAPE);
	if (data->len < data->full)
		text_put(t, "...");
}

/* Only how many there are, as strace does; that takes all of them */
void print_dirents(struct text *t, const struct call *call, unsigned arg)
{
	const struct event_data *data = call_data(call, arg, 0);
	unsigned entries = 0;

	pointer_text(t, call->args[arg]);
	if (!data && call->result != 0)
		return;
	for (size_t at = 0; data && at + 18 < data->len; entries++) {
		size_t len = data_u16(data, at + 16);

		if (len < 19)
			break;
		at += len;
	}
	if (data && data->len < data->full)
		text_format(t, " /* %u+ entries */", entries);
	else
		text_format(t, " /* %u entr%s */", entries, entries == 1 ? "y" : "ies");
}

void print_offset_pointer(struct text *t, const struct call *call, unsigned arg)
{
	const struct event_data *before = call_memory(t, call, arg, 0, 8);
	const struct event_data *after = call_data(call, arg, 1);

	if (!before)
		return;
	text_char(t, '[');
	text_signed(t, (int64_t)data_u64(before, 0));
	text_char(t, ']');
	if (after && after->len >= 8 && data_u64(after, 0) != data_u64(before, 0)) {
		text_put(t, " => [");
		text_signed(t, (int64_t)data_u64(after, 0));
		text_char(t, ']');
	}
}

static void time_text(struct text *t, const struct event_data *data, size_t offset,
		      const char *part)
{
	text_put(t, "{tv_sec=");
	text_signed(t, (int64_t)data_u64(data, offset));
	text_put(t, part);
	text_signed(t, (int64_t)data_u64(data, offset + 8));
	text_char(t, '}');
}

void timespec_text(struct text *t, const struct event_data *data, size_t offset)
{
	time_text(t, data, offset, ", tv_nsec=");
}

void timeval_text(struct text *t, const struct event_data *data, size_t offset)
{
	time_text(t, data, offset, ", tv_usec=");
}

/* Name without "SIG"; NULL when it has none */
static const char *signal_name(uint64_t number)
{
	return number > 0 && number < 32 ? sigabbrev_np((int)number) : NULL;
}

static void signal_short(struct text *t, uint64_t number)
{
	const char *name = signal_name(number);

	if (name)
		text_put(t, name);
	else if (number == 32)
		text_put(t, "RTMIN");
	else if (number > 32 && number <= 64)
		text_format(t, "RT_%u", (unsigned)(number - 32));
	else
		text_unsigned(t, number);
}

void signal_text(struct text *t, uint64_t number)
{
	if (number > 0 && number <= 64)
		text_put(t, "SIG");
	signal_short(t, number);
}

void print_signal(struct text *t, const struct call *call, unsigned arg)
{
	signal_text(t, (uint32_t)call->args[arg]);
}

/* A set that has most signals is shown by those that it has not */
void sigset_text(struct text *t, uint64_t set)
{
	bool most = __builtin_popcountll(set) >= 64 * 2 / 3, any = false;

	if (most) {
		set = ~set;
		text_char(t, '~');
	}
	text_char(t, '[');
	for (unsigned i = 1; i <= 64; i++) {
		if (!(set >> (i - 1) & 1))
			continue;
		if (any)
			text_char(t, ' ');
		signal_short(t, i);
		any = true;
	}
	text_char(t, ']');
}

void wait_status_text(struct text *t, uint32_t status)
{
	int value = (int)status;

	if (WIFEXITED(value)) {
		text_format(t, "{WIFEXITED(s) && WEXITSTATUS(s) == %d}", WEXITSTATUS(value));
	} else if (WIFSIGNALED(value)) {
		text_put(t, "{WIFSIGNALED(s) && WTERMSIG(s) == ");
		signal_text(t, WTERMSIG(value));
		text_put(t, WCOREDUMP(value) ? " && WCOREDUMP(s)}" : "}");
	} else if (WIFSTOPPED(value)) {
		text_put(t, "{WIFSTOPPED(s) && WSTOPSIG(s) == ");
		signal_text(t, WSTOPSIG(value));
		text_char(t, '}');
	} else if (WIFCONTINUED(value)) {
		text_put(t, "{WIFCONTINUED(s)}");
	} else {
		text_hex(t, status);
	}
}

void mode_text(struct text *t, uint32_t mode)
{
	const char *type = mode & S_IFMT ? names_find(&names_file_type, mode & S_IFMT) : NULL;

	if (type) {
		text_put(t, type);
		text_char(t, '|');
	}
	if (mode & S_ISUID)
		text_put(t, "S_ISUID|");
	if (mode & S_ISGID)
		text_put(t, "S_ISGID|");
	if (mode & S_ISVTX)
		text_put(t, "S_ISVTX|");
	text_octal(t, type ? mode & 0777 : mode & ~07000U);
}

void print_file_mode(struct text *t, const struct call *call, unsigned arg)
{
	mode_text(t, (uint16_t)call->args[arg]);
}

void print_device(struct text *t, const struct call *call, unsigned arg)
{
	uint32_t device = (uint32_t)call->args[arg];

	text_put(t, "makedev(");
	text_hex(t, major(device));
	text_put(t, ", ");
	text_hex(t, minor(device));
	text_char(t, ')');
}

void errno_text(struct text *t, int number)
{
	const char *name = strerrorname_np(number), *what = strerrordesc_np(number);

	if (!name) {
		text_format(t, "errno %d", number);
		return;
	}
	text_put(t, name);
	if (what) {
		text_put(t, " (");
		text_put(t, what);
		text_char(t, ')');
	}
}

void print_fdset(struct text *t, const struct call *call, unsigned arg)
{
	const struct event_data *data = call_data(call, arg, 0);
	uint64_t most = call->args[0] < 1024 ? call->args[0] : 1024;
	unsigned shown = 0;

	if (!data) {
		pointer_text(t, call->args[arg]);
		return;
	}
	text_char(t, '[');
	for (unsigned fd = 0; fd < most && fd / 8 < data->len; fd++) {
		if (!(data->bytes[fd / 8] >> fd % 8 & 1))
			continue;
		if (shown)
			text_char(t, ' ');
		element_fd_text(t, call, arg, shown++, fd);
	}
	text_char(t, ']');
}
