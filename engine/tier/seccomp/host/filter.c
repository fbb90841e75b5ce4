/* SPDX-License-Identifier: GPL-2.0-only */
/* filter.c - the seccomp filters of stub processes
 *
 * Theory of operation
 * Filters are a stack, and the strictest answer wins: TRAP over NOTIFY over ALLOW. Every thread of
 * a stub process has its first filter: calls of the service thread's kind that carry its mark are
 * allowed, all others would be notifications, if it had a listener; without, they are errors. A
 * guest thread, and the service thread, has the same filter once more, with a listener of its own,
 * which answers where both say NOTIFY, because it is the newer one. Above it is the guest filter,
 * which traps exactly what they allow, and the calls that need all registers. So the guest cannot
 * make one system call that the host executes, but for two: sigreturn, which loads registers from
 * the guest's own memory and can do no more than code of the guest could, and sigaltstack at one
 * address, which sets what sigreturn sets too.
 *
 * The number alone does not name a call: int 0x80 enters by another table, so it fails first.
 */
#include "filter.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/syscall.h>

#include "engine/tier/seccomp/stub/layout.h"
#include "vitrine/util.h"

#define MAP_FLAGS (0x11 | STUB_MAP_MARK) /* MAP_SHARED | MAP_FIXED */
#define MAP_POPULATE_FLAG 0x8000U

#define FIELD(field) ((unsigned)offsetof(struct seccomp_data, field))
#define ARG(n) (FIELD(args) + 8 * (n))

/* Allowed to the service thread with STUB_MAGIC as sixth argument */
static const unsigned short marked_calls[] = {
	SYS_munmap,	SYS_mprotect,	  SYS_clone,	      SYS_exit,
	SYS_exit_group, SYS_sigaltstack,  SYS_rt_sigprocmask, SYS_seccomp,
	SYS_prctl,	SYS_rt_sigreturn, SYS_write,	      SYS_sendmsg,
	SYS_sendto,	SYS_recvfrom,	  SYS_close,	      SYS_membarrier,
};

/* Guest calls that replace or copy the whole register set */
static const unsigned short full_calls[] = {
	SYS_clone,    SYS_fork, SYS_vfork,	SYS_clone3,	  SYS_execve,
	SYS_execveat, SYS_exit, SYS_exit_group, SYS_rt_sigreturn,
};

struct builder {
	struct sock_filter *program;
	unsigned short length;
};

static void put(struct builder *b, unsigned short code, unsigned k, unsigned char yes,
		unsigned char no)
{
	b->program[b->length++] = (struct sock_filter){ code, yes, no, k };
}

static void load(struct builder *b, unsigned offset)
{
	put(b, BPF_LD | BPF_W | BPF_ABS, offset, 0, 0);
}

/* Skip @yes or @no instructions */
static void jump_equal(struct builder *b, unsigned value, unsigned char yes, unsigned char no)
{
	put(b, BPF_JMP | BPF_JEQ | BPF_K, value, yes, no);
}

static void ret(struct builder *b, unsigned action)
{
	put(b, BPF_RET | BPF_K, action, 0, 0);
}

static void check_arch(struct builder *b)
{
	load(b, FIELD(arch));
	jump_equal(b, AUDIT_ARCH_X86_64, 1, 0);
	ret(b, SECCOMP_RET_ERRNO | ENOSYS);
}

/* If the accumulator is one of @calls go on, else skip @skip instructions behind the table */
static void match_any(struct builder *b, const unsigned short *calls, unsigned count,
		      unsigned char skip)
{
	for (unsigned i = 0; i < count; i++)
		jump_equal(b, calls[i], count - 1 - i, i == count - 1 ? skip : 0);
}

/* Seven instructions: return @action for a marked mmap; the accumulator holds the number */
static void match_map(struct builder *b, unsigned action)
{
	jump_equal(b, SYS_mmap, 0, 4);
	load(b, ARG(3));
	put(b, BPF_ALU | BPF_AND | BPF_K, ~MAP_POPULATE_FLAG, 0, 0);
	jump_equal(b, MAP_FLAGS, 0, 1);
	ret(b, action);
	load(b, FIELD(nr));
}

/* Four instructions: go on if the field at @offset is @value, else skip @skip behind them */
static void must_be(struct builder *b, unsigned offset, unsigned long value, unsigned char skip)
{
	load(b, offset);
	jump_equal(b, (unsigned)value, 0, skip + 2);
	load(b, offset + 4);
	jump_equal(b, (unsigned)(value >> 32), 0, skip);
}

unsigned short filter_service(struct sock_filter program[FILTER_MAX])
{
	struct builder b = { program, 0 };

	check_arch(&b);
	load(&b, FIELD(nr));
	match_map(&b, SECCOMP_RET_ALLOW);
	match_any(&b, marked_calls, ARRAY_SIZE(marked_calls), 5);
	must_be(&b, ARG(5), STUB_MAGIC, 1);
	ret(&b, SECCOMP_RET_ALLOW);
	ret(&b, SECCOMP_RET_USER_NOTIF);
	return b.length;
}

unsigned short filter_guest(struct sock_filter program[FILTER_MAX])
{
	struct builder b = { program, 0 };

	check_arch(&b); /* or a trap here would win over the other filter's error */
	load(&b, FIELD(nr));
	match_map(&b, SECCOMP_RET_TRAP);
	match_any(&b, marked_calls, ARRAY_SIZE(marked_calls), 4 + 9);
	must_be(&b, ARG(5), STUB_MAGIC, 9);
	load(&b, FIELD(nr));
	jump_equal(&b, SYS_rt_sigreturn, 5, 0);
	jump_equal(&b, SYS_sigaltstack, 0, 5);
	must_be(&b, FIELD(instruction_pointer), STUB_CLEAN_RETURN, 1);
	ret(&b, SECCOMP_RET_ALLOW);
	ret(&b, SECCOMP_RET_TRAP);
	load(&b, FIELD(nr));
	match_any(&b, full_calls, ARRAY_SIZE(full_calls), 1);
	ret(&b, SECCOMP_RET_TRAP);
	ret(&b, SECCOMP_RET_ALLOW);
	return b.length;
}
