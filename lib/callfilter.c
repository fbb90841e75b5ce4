/* SPDX-License-Identifier: GPL-2.0-only */
/* callfilter.c - write a seccomp program, and put the calling process under it
 *
 * Theory of operation
 * A program is a list that is read from its beginning: each entry compares the call's number, and
 * decides or leaves it to the entries behind. Calls with constant answers come from a bitmap in the
 * host's kernel, however long the list is.
 *
 * Host system calls: seccomp, landlock_create_ruleset.
 */
#include "lib/callfilter.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "vitrine/util.h"

static void put(struct callfilter *filter, unsigned short code, uint32_t k, uint8_t yes, uint8_t no)
{
	assert(filter->length < CALLFILTER_MAX);
	filter->code[filter->length++] = (struct sock_filter){ code, yes, no, k };
}

static void put_load(struct callfilter *filter, size_t offset)
{
	put(filter, BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset, 0, 0);
}

static void put_return(struct callfilter *filter, uint32_t action)
{
	put(filter, BPF_RET | BPF_K, action, 0, 0);
}

/* Skip @yes instructions when the accumulator is @k, otherwise @no */
static void put_equal(struct callfilter *filter, uint32_t k, unsigned yes, unsigned no)
{
	assert(yes <= UINT8_MAX && no <= UINT8_MAX);
	put(filter, BPF_JMP | BPF_JEQ | BPF_K, k, (uint8_t)yes, (uint8_t)no);
}

void callfilter_begin(struct callfilter *filter)
{
	filter->length = 0;
	put_load(filter, offsetof(struct seccomp_data, arch));
	put_equal(filter, AUDIT_ARCH_X86_64, 1, 0);
	put_return(filter, SECCOMP_RET_KILL_PROCESS);
	put_load(filter, offsetof(struct seccomp_data, nr));
}

void callfilter_calls(struct callfilter *filter, const unsigned short *calls, size_t count,
		      uint32_t action)
{
	for (size_t i = 0; i < count; i++) {
		put_equal(filter, calls[i], 0, 1);
		put_return(filter, action);
	}
}

void callfilter_values(struct callfilter *filter, unsigned nr, unsigned arg, uint32_t mask,
		       const uint32_t *values, unsigned count)
{
	put_equal(filter, nr, 0, count + 4);
	put_load(filter, offsetof(struct seccomp_data, args[0]) + 8 * arg);
	put(filter, BPF_ALU | BPF_AND | BPF_K, mask, 0, 0);
	for (unsigned i = 0; i < count; i++)
		put_equal(filter, values[i], count - 1 - i, i == count - 1);
	put_return(filter, SECCOMP_RET_ALLOW);
	put_load(filter, offsetof(struct seccomp_data, nr));
}

void callfilter_value(struct callfilter *filter, unsigned nr, unsigned arg, uint32_t mask,
		      uint32_t value)
{
	callfilter_values(filter, nr, arg, mask, &value, 1);
}

int callfilter_enter(struct callfilter *filter, uint32_t others, unsigned flags, struct error *err)
{
	struct sock_fprog program = { 0, filter->code };

	put_return(filter, others);
	program.len = filter->length;
	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program))
		return error_set(err, errno, "cannot install a seccomp filter");
	return 0;
}

uint64_t landlock_file_rights(void)
{
	static const unsigned char bits[] = { 0, 13, 14, 15, 15, 16 }; /* by version */
	long version =
	    syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);

	if (version <= 0)
		return 0;
	if (version >= (long)ARRAY_SIZE(bits))
		version = ARRAY_SIZE(bits) - 1;
	return (1ULL << bits[version]) - 1;
}
