// SPDX-License-Identifier: GPL-2.0-only
/* task.c - structures about processes, signals, scheduling and rights */

#include <sched.h>
#include <signal.h>
#include <sys/wait.h>
#include "parts.h"
#include "vitrine/util.h"

void print_sigset(struct text *t, const struct call *call, unsigned arg)
{
	const struct event_data *data = call_memory(t, call, arg, 0, 8);

	if (data)
		sigset_text(t, data_u64(data, 0));
}

/* The kernel's order: handler, flags, restorer, mask */
void print_sigaction(struct text *t, const struct call *call, unsigned arg)
{
	const struct event_data *data = call_memory(t, call, arg, 0, 32);
	uint64_t handler, flags;

	if (!data)
		return;
	handler = data_u64(data, 0);
	flags = data_u64(data, 8);
	text_put(t, "{sa_handler=");
	if (handler == (uintptr_t)SIG_DFL)
		text_put(t, "SIG_DFL");
	else if (handler == (uintptr_t)SIG_IGN)
		text_put(t, "SIG_IGN");
	else
		text_hex(t, handler);
	text_put(t, ", sa_mask=");
	sigset_text(t, data_u64(data, 24));
	text_put(t, ", sa_flags=");
	names_text(t, &names_sigaction, flags);
	if (flags & 0x04000000) {
		text_put(t, ", sa_restorer=");
		pointer_text(t, data_u64(data, 16));
	}
	text_char(t, '}');
}

static const struct name child_codes[] = {
	NAME(CLD_EXITED),  NAME(CLD_KILLED),  NAME(CLD_DUMPED),
	NAME(CLD_TRAPPED), NAME(CLD_STOPPED), NAME(CLD_CONTINUED),
};
static const struct name user_codes[] = {
	NAME(SI_USER),	{ ~0ULL, 0x80, "SI_KERNEL" },
	NAME(SI_QUEUE), NAME(SI_TIMER),
	NAME(SI_MESGQ), NAME(SI_ASYNCIO),
	NAME(SI_SIGIO), NAME(SI_TKILL),
};
static const struct names names_child_code = { child_codes, ARRAY_SIZE(child_codes), "CLD_???",
					       false };
static const struct names names_user_code = { user_codes, ARRAY_SIZE(user_codes), "SI_???", false };

void print_siginfo(struct text *t, const struct call *call, unsigned arg)
{
	const struct event_data *data = call_memory(t, call, arg, 0, 48);
	uint32_t number;
	int32_t code;

	if (!data)
		return;
	number = data_u32(data, 0);
	code = (int32_t)data_u32(data, 8);
	if (!number) {
		text_put(t, "{}");
		return;
	}
	text_put(t, "{si_signo=");
	signal_text(t, number);
	text_put(t, ", si_code=");
	names_text(t, code > 0 && number == SIGCHLD ? &names_child_code : &names_user_code,
		   (uint64_t)(int64_t)code);
	if (code <= 0 || number == SIGCHLD) {
		text_format(t, ", si_pid=%d, si_uid=%u", (int32_t)data_u32(data, 16),
			    data_u32(data, 20));
	}
	if (number == SIGCHLD && code == CLD_EXITED) {
		text_format(t, ", si_status=%d", (int32_t)data_u32(data, 24));
	} else if (number == SIGCHLD && code > 0) {
		text_put(t, ", si_status=");
		signal_text(t, data_u32(data, 24));
	}
	if (number == SIGCHLD && code > 0) {
		text_format(t, ", si_utime=%lld, si_stime=%lld", (long long)data_u64(data, 32),
			    (long long)data_u64(data, 40));
	}
	text_char(t, '}');
}

void print_stack(struct text *t, const struct call *call, unsigned arg)
{
	const struct event_data *data = call_memory(t, call, arg, 0, 24);

	if (!data)
		return;
	text_put(t, "{ss_sp=");
	pointer_text(t, data_u64(data, 0));
	text_put(t, ", ss_flags=");
	names_text(t, &names_sigaltstack, data_u32(data, 8));
	text_put(t, ", ss_size=");
	text_unsigned(t, data_u64(data, 16));
	text_char(t, '}');
}

/* Nothing is there to see when no child was there */
void print_wait_status(struct text *t, const struct call *call, unsigned arg)
{
	const struct event_data *data = call_data(call, arg, 0);

	if (!data || data->len < 4 || call->result <= 0) {
		pointer_text(t, call->args[arg]);
		return;
	}
	text_char(t, '[');
	wait_status_text(t, data_u32(data, 0));
	text_char(t, ']');
}

void print_wait_options(struct text *t, const struct call *call, unsigned arg)
{
	uint64_t options = (uint32_t)call->args[arg];

	if (call->nr == VT_SYS_wait4 && options & WUNTRACED) {
		bool any = true;

		text_put(t, options & WNOHANG ? "WNOHANG|WSTOPPED" : "WSTOPPED");
		options =
		    names_some(t, &names_wait, options & ~(uint64_t)(WNOHANG | WUNTRACED), &any);
		if (options) {
			text_char(t, '|');
			text_hex(t, options);
		}
		return;
	}
	names_text(t, &names_wait, options);
}

static void clone_flags_text(struct text *t, uint64_t flags, uint64_t exit_signal)
{
	bool any = false;

	flags = names_some(t, &names_clone, flags, &any);
	if (flags) {
		text_put(t, any ? "|" : "");
		text_hex(t, flags);
		any = true;
	}
	if (exit_signal) {
		text_put(t, any ? "|" : "");
		signal_text(t, exit_signal);
		any = true;
	}
	if (!any)
		text_char(t, '0');
}

void print_clone_flags(struct text *t, const struct call *call, unsigned arg)
{
	clone_flags_text(t, call->args[arg] & ~0xffULL & UINT32_MAX, call->args[arg] & 0xff);
}

/* strace names clone()'s arguments, in an order of its own */
bool clone_text(struct text *t, const struct call *call)
{
	const struct event_data *tid = call_data(call, 2, 0);
	uint64_t flags = call->args[0];

	if (call->nr != VT_SYS_clone)
		return false;
	text_put(t, "child_stack=");
	pointer_text(t, call->args[1]);
	text_put(t, ", flags=");
	print_clone_flags(t, call, 0);
	if (flags & (CLONE_PARENT_SETTID | 0x1000)) {
		text_put(t, ", parent_tid=");
		if (tid && tid->len >= 4)
			text_format(t, "[%d]", (int32_t)data_u32(tid, 0));
		else
			pointer_text(t, call->args[2]);
	}
	if (flags & CLONE_SETTLS) {
		text_put(t, ", tls=");
		text_hex(t, call->args[4]);
	}
	if (flags & (CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID)) {
		text_put(t, ", child_tidptr=");
		pointer_text(t, call->args[3]);
	}
	return true;
}

static void clone_field(struct text *t, const struct event_data *data, const char *name,
			size_t offset, bool shown)
{
	if (!shown)
		return;
	text_put(t, name);
	pointer_text(t, data_u64(data, offset));
}

void print_clone_args(struct text *t, const struct call *call, unsigned arg)
{
	const struct event_data *data = call_memory(t, call, arg, 0, 64);
	uint64_t flags;

	if (!data)
		return;
	flags = data_u64(data, 0);
	text_put(t, "{flags=");
	names_text(t, &names_clone, flags);
	clone_field(t, data, ", pidfd=", 8, flags & 0x1000);
	clone_field(t, data, ", child_tid=", 16,
		    flags & (CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID));
	clone_field(t, data, ", parent_tid=", 24, flags & CLONE_PARENT_SETTID);
	text_put(t, ", exit_signal=");
	if (data_u64(data, 32))
		signal_text(t, data_u64(data, 32));
	else
		text_char(t, '0');
	clone_field(t, data, ", stack=", 40, true);
	text_put(t, ", stack_size=");
	text_hex(t, data_u64(data, 48));
	clone_field(t, data, ", tls=", 56, flags & CLONE_SETTLS);
	text_char(t, '}');
}

void print_sched_param(struct text *t, const struct call *call, unsigned arg)
{
	const struct event_data *data = call_memory(t, call, arg, 0, 4);

	if (data)
		text_format(t, "[%d]", (int32_t)data_u32(data, 0));
}

void print_sched_attr(struct text *t, const struct call *call, unsigned arg)
{
	const struct event_data *data = call_memory(t, call, arg, 0, 48);

	if (!data)
		return;
	text_format(t, "{size=%u, sched_policy=", data_u32(data, 0));
	names_text(t, &names_sched, data_u32(data, 4));
	text_put(t, ", sched_flags=");
	text_hex(t, data_u64(data, 8));
	text_format(t, ", sched_nice=%d, sched_priority=%u", (int32_t)data_u32(data, 16),
		    data_u32(data, 20));
	text_put(t, ", ...}");
}

/* Lists whose length stands before them */
void print_ids(struct text *t, const struct call *call, unsigned arg)
{
	const struct event_data *data = call_data(call, arg, 0);
	uint64_t count =
	    call->nr == VT_SYS_getgroups ? (uint64_t)call->result : (uint32_t)call->args[arg - 1];

	if (!data || (int32_t)call->args[arg - 1] <= 0) {
		pointer_text(t, call->args[arg]);
		return;
	}
	text_char(t, '[');
	for (uint64_t i = 0; i < count && i * 4 + 4 <= data->len; i++) {
		text_put(t, i ? ", " : "");
		text_unsigned(t, data_u32(data, i * 4));
	}
	text_put(t, count * 4 > data->len ? ", ...]" : "]");
}

void print_cpuset(struct text *t, const struct call *call, unsigned arg)
{
	const struct event_data *data = call_memory(t, call, arg, 0, 1);
	bool any = false;

	if (!data)
		return;
	text_char(t, '[');
	for (unsigned cpu = 0; cpu / 8 < data->len; cpu++) {
		if (!(data->bytes[cpu / 8] >> cpu % 8 & 1))
			continue;
		text_put(t, any ? " " : "");
		text_unsigned(t, cpu);
		any = true;
	}
	text_char(t, ']');
}

void print_cap_header(struct text *t, const struct call *call, unsigned arg)
{
	const struct event_data *data = call_memory(t, call, arg, 0, 8);

	if (!data)
		return;
	text_put(t, "{version=");
	names_text(t, &names_cap_version, data_u32(data, 0));
	text_format(t, ", pid=%d}", (int32_t)data_u32(data, 4));
}

static void capabilities_text(struct text *t, uint64_t set)
{
	bool any = false;

	for (unsigned i = 0; i < 64; i++) {
		const char *name = names_find(&names_capability, i);

		if (!(set >> i & 1))
			continue;
		text_put(t, any ? "|1<<" : "1<<");
		if (name)
			text_put(t, name);
		else
			text_unsigned(t, i);
		any = true;
	}
	if (!any)
		text_char(t, '0');
}

void print_cap_data(struct text *t, const struct call *call, unsigned arg)
{
	static const char *const names[] = { "{effective=", ", permitted=", ", inheritable=" };
	const struct event_data *data = call_memory(t, call, arg, 0, 24);

	if (!data)
		return;
	for (unsigned i = 0; i < ARRAY_SIZE(names); i++) {
		text_put(t, names[i]);
		capabilities_text(t, data_u32(data, i * 4) | (uint64_t)data_u32(data, i * 4 + 12)
								 << 32);
	}
	text_char(t, '}');
}

void print_semaphores(struct text *t, const struct call *call, unsigned arg)
{
	const struct event_data *data = call_memory(t, call, arg, 0, 6);

	if (!data)
		return;
	text_char(t, '[');
	for (size_t at = 0; at + 6 <= data->len; at += 6)
		text_format(t, "%s{sem_num=%u, sem_op=%d, sem_flg=%#x}", at ? ", " : "",
			    data_u16(data, at), (int16_t)data_u16(data, at + 2),
			    data_u16(data, at + 4));
	text_put(t, data->len < data->full ? ", ...]" : "]");
}
