// SPDX-License-Identifier: GPL-2.0-only
/* struct.c - structures about files, time and resources
 *
 * Offsets are those of x86-64's user interface, taken from the host's own headers, which describe
 * the same one. As strace does without -v, long structures are shown by their first fields.
 */

#include <stddef.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysinfo.h>
#include <sys/sysmacros.h>
#include <sys/times.h>
#include <sys/utsname.h>
#include <time.h>
#include "parts.h"
#include "vitrine/util.h"

#define U64(data, type, member) data_u64(data, offsetof(struct type, member))
#define U32(data, type, member) data_u32(data, offsetof(struct type, member))

static void field(struct text *t, const char *name, uint64_t number)
{
	text_put(t, name);
	text_unsigned(t, number);
}

static void makedev_text(struct text *t, unsigned major, unsigned minor)
{
	text_put(t, "makedev(");
	text_hex(t, major);
	text_put(t, ", ");
	text_hex(t, minor);
	text_char(t, ')');
}

static bool is_device(uint32_t mode)
{
	return S_ISCHR(mode) || S_ISBLK(mode);
}

void print_stat(struct text *t, const struct call *call, unsigned arg)
{
	const struct event_data *data = call_memory(t, call, arg, 0, sizeof(struct stat));
	uint32_t mode;

	if (!data)
		return;
	mode = U32(data, stat, st_mode);
	text_put(t, "{st_mode=");
	mode_text(t, mode);
	if (is_device(mode)) {
		uint64_t device = U64(data, stat, st_rdev);

		text_put(t, ", st_rdev=");
		makedev_text(t, major(device), minor(device));
	} else {
		field(t, ", st_size=", U64(data, stat, st_size));
	}
	text_put(t, ", ...}");
}

void print_statx(struct text *t, const struct call *call, unsigned arg)
{
	const struct event_data *data = call_memory(t, call, arg, 0, sizeof(struct statx));
	uint32_t mode;

	if (!data)
		return;
	mode = data_u16(data, offsetof(struct statx, stx_mode));
	text_put(t, "{stx_mask=");
	names_text(t, &names_statx, U32(data, statx, stx_mask));
	text_put(t, ", stx_attributes=");
	names_text(t, &names_file_attributes, U64(data, statx, stx_attributes));
	text_put(t, ", stx_mode=");
	mode_text(t, mode);
	if (is_device(mode)) {
		text_put(t, ", stx_rdev=");
		makedev_text(t, U32(data, statx, stx_rdev_major), U32(data, statx, stx_rdev_minor));
	} else {
		field(t, ", stx_size=", U64(data, statx, stx_size));
	}
	text_put(t, ", ...}");
}

/* statx() has a default that has a name */
void print_path_flags(struct text *t, const struct call *call, unsigned arg)
{
	uint32_t flags = (uint32_t)call->args[arg];

	if (call->nr == VT_SYS_statx && !(flags & 0x6000)) {
		text_put(t, "AT_STATX_SYNC_AS_STAT");
		if (!flags)
			return;
		text_char(t, '|');
	}
	names_text(t, &names_at, flags);
}

void print_statfs(struct text *t, const struct call *call, unsigned arg)
{
	const struct event_data *data = call_memory(t, call, arg, 0, sizeof(struct statfs));

	if (!data)
		return;
	text_put(t, "{f_type=");
	names_text(t, &names_fs_type, U64(data, statfs, f_type));
	field(t, ", f_bsize=", U64(data, statfs, f_bsize));
	field(t, ", f_blocks=", U64(data, statfs, f_blocks));
	field(t, ", f_bfree=", U64(data, statfs, f_bfree));
	field(t, ", f_bavail=", U64(data, statfs, f_bavail));
	field(t, ", f_files=", U64(data, statfs, f_files));
	field(t, ", f_ffree=", U64(data, statfs, f_ffree));
	text_put(t, ", f_fsid={val=[");
	text_hex(t, data_u32(data, offsetof(struct statfs, f_fsid)));
	text_put(t, ", ");
	text_hex(t, data_u32(data, offsetof(struct statfs, f_fsid) + 4));
	field(t, "]}, f_namelen=", U64(data, statfs, f_namelen));
	field(t, ", f_frsize=", U64(data, statfs, f_frsize));
	text_put(t, ", f_flags=");
	names_text(t, &names_statfs_flags, U64(data, statfs, f_flags));
	text_char(t, '}');
}

void print_sysinfo(struct text *t, const struct call *call, unsigned arg)
{
	const struct event_data *data = call_memory(t, call, arg, 0, sizeof(struct sysinfo));

	if (!data)
		return;
	field(t, "{uptime=", U64(data, sysinfo, uptime));
	field(t, ", loads=[", data_u64(data, 8));
	field(t, ", ", data_u64(data, 16));
	field(t, ", ", data_u64(data, 24));
	field(t, "], totalram=", U64(data, sysinfo, totalram));
	field(t, ", freeram=", U64(data, sysinfo, freeram));
	field(t, ", sharedram=", U64(data, sysinfo, sharedram));
	field(t, ", bufferram=", U64(data, sysinfo, bufferram));
	field(t, ", totalswap=", U64(data, sysinfo, totalswap));
	field(t, ", freeswap=", U64(data, sysinfo, freeswap));
	field(t, ", procs=", data_u16(data, offsetof(struct sysinfo, procs)));
	field(t, ", totalhigh=", U64(data, sysinfo, totalhigh));
	field(t, ", freehigh=", U64(data, sysinfo, freehigh));
	field(t, ", mem_unit=", U32(data, sysinfo, mem_unit));
	text_char(t, '}');
}

void print_utsname(struct text *t, const struct call *call, unsigned arg)
{
	static const char *const names[] = { "{sysname=", ", nodename=" };
	const struct event_data *data = call_memory(t, call, arg, 0, sizeof(struct utsname));

	if (!data)
		return;
	for (unsigned i = 0; i < ARRAY_SIZE(names); i++) {
		const char *value = (const char *)data->bytes + i * 65;

		text_put(t, names[i]);
		text_quoted(t, value, strnlen(value, 65), TEXT_ESCAPE);
	}
	text_put(t, ", ...}");
}

void print_rusage(struct text *t, const struct call *call, unsigned arg)
{
	const struct event_data *data = call_memory(t, call, arg, 0, sizeof(struct rusage));

	if (!data)
		return;
	text_put(t, "{ru_utime=");
	timeval_text(t, data, offsetof(struct rusage, ru_utime));
	text_put(t, ", ru_stime=");
	timeval_text(t, data, offsetof(struct rusage, ru_stime));
	text_put(t, ", ...}");
}

void print_tms(struct text *t, const struct call *call, unsigned arg)
{
	const struct event_data *data = call_memory(t, call, arg, 0, sizeof(struct tms));

	if (!data)
		return;
	field(t, "{tms_utime=", data_u64(data, 0));
	field(t, ", tms_stime=", data_u64(data, 8));
	field(t, ", tms_cutime=", data_u64(data, 16));
	field(t, ", tms_cstime=", data_u64(data, 24));
	text_char(t, '}');
}

/* What is left of it is part of the result */
void print_timespec(struct text *t, const struct call *call, unsigned arg)
{
	const struct event_data *data = call_memory(t, call, arg, 0, 16);

	if (data)
		timespec_text(t, data, 0);
}

static void date_text(struct text *t, uint64_t seconds, uint64_t nanoseconds)
{
	time_t when = (time_t)seconds;
	struct tm tm;

	if (!gmtime_r(&when, &tm) || tm.tm_year > 8099 || tm.tm_year < 0)
		return;
	text_format(t, " /* %d-%02d-%02dT%02d:%02d:%02d", tm.tm_year + 1900, tm.tm_mon + 1,
		    tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec);
	if (nanoseconds && nanoseconds < 1000000000) {
		text_char(t, '.');
		text_fixed(t, nanoseconds, 9);
	}
	text_put(t, "+0000 */");
}

#define UTIME_NOW_NS 0x3fffffff
#define UTIME_OMIT_NS 0x3ffffffe

static void file_time_text(struct text *t, const struct event_data *data, size_t offset)
{
	uint64_t nanoseconds = data_u64(data, offset + 8);

	if (nanoseconds == UTIME_NOW_NS) {
		text_put(t, "UTIME_NOW");
	} else if (nanoseconds == UTIME_OMIT_NS) {
		text_put(t, "UTIME_OMIT");
	} else {
		timespec_text(t, data, offset);
		date_text(t, data_u64(data, offset), nanoseconds);
	}
}

void print_timespecs(struct text *t, const struct call *call, unsigned arg)
{
	const struct event_data *data = call_memory(t, call, arg, 0, 32);

	if (!data)
		return;
	text_char(t, '[');
	file_time_text(t, data, 0);
	text_put(t, ", ");
	file_time_text(t, data, 16);
	text_char(t, ']');
}

void print_timeval(struct text *t, const struct call *call, unsigned arg)
{
	const struct event_data *data = call_memory(t, call, arg, 0, 16);

	if (data)
		timeval_text(t, data, 0);
}

void print_timevals(struct text *t, const struct call *call, unsigned arg)
{
	const struct event_data *data = call_memory(t, call, arg, 0, 32);

	if (!data)
		return;
	for (unsigned i = 0; i < 2; i++) {
		text_put(t, i ? ", " : "[");
		timeval_text(t, data, i * 16);
		date_text(t, data_u64(data, i * 16), data_u64(data, i * 16 + 8) * 1000);
	}
	text_char(t, ']');
}

void print_utimbuf(struct text *t, const struct call *call, unsigned arg)
{
	const struct event_data *data = call_memory(t, call, arg, 0, 16);

	if (!data)
		return;
	field(t, "{actime=", data_u64(data, 0));
	date_text(t, data_u64(data, 0), 0);
	field(t, ", modtime=", data_u64(data, 8));
	date_text(t, data_u64(data, 8), 0);
	text_char(t, '}');
}

void print_itimerval(struct text *t, const struct call *call, unsigned arg)
{
	const struct event_data *data = call_memory(t, call, arg, 0, 32);

	if (!data)
		return;
	text_put(t, "{it_interval=");
	timeval_text(t, data, 0);
	text_put(t, ", it_value=");
	timeval_text(t, data, 16);
	text_char(t, '}');
}

void print_itimerspec(struct text *t, const struct call *call, unsigned arg)
{
	const struct event_data *data = call_memory(t, call, arg, 0, 32);

	if (!data)
		return;
	text_put(t, "{it_interval=");
	timespec_text(t, data, 0);
	text_put(t, ", it_value=");
	timespec_text(t, data, 16);
	text_char(t, '}');
}

static void limit_text(struct text *t, uint64_t limit)
{
	if (limit == UINT64_MAX) {
		text_put(t, "RLIM64_INFINITY");
	} else if (limit > 1024 && limit % 1024 == 0) {
		text_unsigned(t, limit / 1024);
		text_put(t, "*1024");
	} else {
		text_unsigned(t, limit);
	}
}

void print_rlimit(struct text *t, const struct call *call, unsigned arg)
{
	const struct event_data *data = call_memory(t, call, arg, 0, 16);

	if (!data)
		return;
	text_put(t, "{rlim_cur=");
	limit_text(t, data_u64(data, 0));
	text_put(t, ", rlim_max=");
	limit_text(t, data_u64(data, 8));
	text_char(t, '}');
}

void print_open_how(struct text *t, const struct call *call, unsigned arg)
{
	const struct event_data *data = call_memory(t, call, arg, 0, 24);

	if (!data)
		return;
	text_put(t, "{flags=");
	names_text(t, &names_open, data_u64(data, 0));
	if (data_u64(data, 8)) {
		text_put(t, ", mode=");
		text_octal(t, data_u64(data, 8));
	}
	text_put(t, ", resolve=");
	names_text(t, &names_resolve, data_u64(data, 16));
	text_char(t, '}');
}

/* Numbers that a pointer points to */
static void number_text(struct text *t, const struct call *call, unsigned arg, size_t size,
			bool is_signed)
{
	const struct event_data *data = call_memory(t, call, arg, 0, size);
	uint64_t number;

	if (!data)
		return;
	number = data_number(data, 0, size);
	text_char(t, '[');
	if (is_signed)
		text_signed(t, size == 4 ? (int32_t)number : (int64_t)number);
	else
		text_unsigned(t, number);
	text_char(t, ']');
}

void print_number32(struct text *t, const struct call *call, unsigned arg)
{
	number_text(t, call, arg, 4, false);
}

void print_signed32(struct text *t, const struct call *call, unsigned arg)
{
	number_text(t, call, arg, 4, true);
}

void print_number64(struct text *t, const struct call *call, unsigned arg)
{
	number_text(t, call, arg, 8, true);
}

void print_pair(struct text *t, const struct call *call, unsigned arg)
{
	const struct event_data *data = call_memory(t, call, arg, 0, 8);

	if (!data)
		return;
	text_char(t, '[');
	element_fd_text(t, call, arg, 0, (int32_t)data_u32(data, 0));
	text_put(t, ", ");
	element_fd_text(t, call, arg, 1, (int32_t)data_u32(data, 4));
	text_char(t, ']');
}
