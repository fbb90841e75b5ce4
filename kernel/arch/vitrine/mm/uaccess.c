// SPDX-License-Identifier: GPL-2.0-only
/* uaccess.c - guest memory, reached through the guest's page tables
 *
 * Theory of operation
 * The kernel does not share an address space with its guests. A guest address is walked to its
 * frame and the frame is read or written at its place in physical memory; an entry that does not
 * allow the access is faulted in first. So a bad user pointer can only ever be an error code, and a
 * guest cannot change a translation under the kernel's feet: a vCPU that takes an entry away waits
 * for those that may have found a frame through it (vitrine_tlb_sync()). They are between touch()
 * and leave(), which is short and does not sleep.
 */
#include <linux/export.h>
#include <linux/mutex.h>
#include <linux/futex.h>
#include <linux/mm.h>
#include <linux/pgtable.h>
#include <linux/uaccess.h>
#include <linux/uio.h>
#include <asm/futex.h>
#include <asm/observe.h>
#include <asm/vitrine.h>
#include "mm.h"

#define LONG_COPY 512
#define PF_WRITE 2 /* of a page fault's error code */
#define FAULT_IN_MAX SZ_64K
#define TOUCH_TRIES 8 /* an entry can be taken away again while handle_mm_fault() sleeps */

static void *frame_address(pte_t *ptep, unsigned long addr)
{
	unsigned long mask = pte_val(*ptep) & _PAGE_PSE ? ~PMD_MASK : ~PAGE_MASK;

	return __va((pte_val(*ptep) & _PFN_MASK) + (addr & mask));
}

/* The kernel's own fault at a guest's address counts as the guest's */
static int fault_in(struct mm_struct *mm, unsigned long addr, bool write)
{
	u64 begin = vitrine_fault_begins();
	int signal, code, err;

	err = vitrine_handle_fault(mm, addr, write ? FAULT_FLAG_WRITE : 0, &signal, &code);
	if (!err)
		vitrine_fault_ends(begin, addr, write ? PF_WRITE : 0, VT_FAULT_HANDLED);
	return err;
}

/* Where @addr lies in physical memory, valid until the walk ends; NULL when it is a bad address */
static void *touch(unsigned long addr, bool write)
{
	struct mm_struct *mm = current->mm;
	int tries;

	if (unlikely(!mm || addr >= TASK_SIZE))
		return NULL;
	for (tries = 0; tries < TOUCH_TRIES; tries++) {
		pte_t *ptep;

		vitrine_walk_begins(mm);
		ptep = vitrine_walk(mm, addr);
		if (likely(vitrine_pte_touch(ptep, write, false)))
			return frame_address(ptep, addr);
		vitrine_walk_ends();
		if (faulthandler_disabled())
			return NULL;
		if (fault_in(mm, addr, write))
			return NULL;
	}
	return NULL;
}

/*
 * Whole pages are copied with the instruction that the CPU is best at; the compiler takes another.
 * A word is copied whole: it may be a lock that another vCPU writes to.
 */
static void copy(void *to, const void *from, unsigned long n)
{
	if (n == sizeof(u64))
		WRITE_ONCE(*(u64 *)to, READ_ONCE(*(const u64 *)from));
	else if (n == sizeof(u32))
		WRITE_ONCE(*(u32 *)to, READ_ONCE(*(const u32 *)from));
	else if (n == sizeof(u16))
		WRITE_ONCE(*(u16 *)to, READ_ONCE(*(const u16 *)from));
	else if (n >= LONG_COPY)
		asm volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(n) : : "memory");
	else
		memcpy(to, from, n);
}

static unsigned long page_rest(unsigned long addr, unsigned long n)
{
	return min(n, PAGE_SIZE - (addr & ~PAGE_MASK));
}

unsigned long raw_copy_from_user(void *to, const void __user *from, unsigned long n)
{
	unsigned long addr = (unsigned long)from;

	while (n) {
		unsigned long len = page_rest(addr, n);
		void *frame = touch(addr, false);

		if (!frame)
			return n;
		copy(to, frame, len);
		vitrine_walk_ends();
		to += len;
		addr += len;
		n -= len;
	}
	return 0;
}
EXPORT_SYMBOL(raw_copy_from_user);

unsigned long raw_copy_to_user(void __user *to, const void *from, unsigned long n)
{
	unsigned long addr = (unsigned long)to;

	while (n) {
		unsigned long len = page_rest(addr, n);
		void *frame = touch(addr, true);

		if (!frame)
			return n;
		copy(frame, from, len);
		vitrine_walk_ends();
		from += len;
		addr += len;
		n -= len;
	}
	return 0;
}
EXPORT_SYMBOL(raw_copy_to_user);

unsigned long __clear_user(void __user *to, unsigned long n)
{
	unsigned long addr = (unsigned long)to;

	while (n) {
		unsigned long len = page_rest(addr, n);
		void *frame = touch(addr, true);

		if (!frame)
			return n;
		memset(frame, 0, len);
		vitrine_walk_ends();
		addr += len;
		n -= len;
	}
	return 0;
}
EXPORT_SYMBOL(__clear_user);

long strncpy_from_user(char *to, const char __user *from, long count)
{
	unsigned long addr = (unsigned long)from;
	long done = 0;

	while (done < count) {
		long len = page_rest(addr, count - done), i;
		const char *frame = touch(addr, false);

		if (!frame)
			return -EFAULT;
		for (i = 0; i < len && (to[done + i] = frame[i]); i++)
			;
		vitrine_walk_ends();
		if (i < len)
			return done + i;
		done += len;
		addr += len;
	}
	return done;
}
EXPORT_SYMBOL(strncpy_from_user);

long strnlen_user(const char __user *str, long count)
{
	unsigned long addr = (unsigned long)str;
	long done = 0;

	while (done < count) {
		long len = page_rest(addr, count - done);
		const char *frame = touch(addr, false), *end;

		if (!frame)
			return 0;
		end = memchr(frame, 0, len);
		vitrine_walk_ends();
		if (end)
			return done + (end - frame) + 1;
		done += len;
		addr += len;
	}
	return count + 1;
}
EXPORT_SYMBOL(strnlen_user);

size_t __wrap_fault_in_iov_iter_readable(const struct iov_iter *i, size_t size);
size_t __real_fault_in_iov_iter_readable(const struct iov_iter *i, size_t size);

/*
 * Before each page that it copies, a file system that has large folios touches all that remains to
 * be written. That is one load for each page where loads translate themselves; here it would cost
 * more than the copy. What is not touched now is touched in its turn.
 */
size_t __wrap_fault_in_iov_iter_readable(const struct iov_iter *i, size_t size)
{
	size_t now = min_t(size_t, size, FAULT_IN_MAX);
	size_t left = __real_fault_in_iov_iter_readable(i, now);

	return left == now ? size : left;
}

static int futex_op(int op, u32 oparg, int *oval, u32 *word)
{
	switch (op) {
	case FUTEX_OP_SET:
		*oval = __atomic_exchange_n(word, oparg, __ATOMIC_SEQ_CST);
		return 0;
	case FUTEX_OP_ADD:
		*oval = __atomic_fetch_add(word, oparg, __ATOMIC_SEQ_CST);
		return 0;
	case FUTEX_OP_OR:
		*oval = __atomic_fetch_or(word, oparg, __ATOMIC_SEQ_CST);
		return 0;
	case FUTEX_OP_ANDN:
		*oval = __atomic_fetch_and(word, ~oparg, __ATOMIC_SEQ_CST);
		return 0;
	case FUTEX_OP_XOR:
		*oval = __atomic_fetch_xor(word, oparg, __ATOMIC_SEQ_CST);
		return 0;
	}
	return -ENOSYS;
}

int arch_futex_atomic_op_inuser(int op, u32 oparg, int *oval, u32 __user *uaddr)
{
	u32 *word;
	int err;

	if (!access_ok(uaddr, sizeof(u32)))
		return -EFAULT;
	word = touch((unsigned long)uaddr, true);
	if (!word)
		return -EFAULT;
	err = futex_op(op, oparg, oval, word);
	vitrine_walk_ends();
	return err;
}

int futex_atomic_cmpxchg_inatomic(u32 *uval, u32 __user *uaddr, u32 oldval, u32 newval)
{
	u32 *word;

	if (!access_ok(uaddr, sizeof(u32)))
		return -EFAULT;
	word = touch((unsigned long)uaddr, true);
	if (!word)
		return -EFAULT;
	__atomic_compare_exchange_n(word, &oldval, newval, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
	vitrine_walk_ends();
	*uval = oldval;
	return 0;
}
