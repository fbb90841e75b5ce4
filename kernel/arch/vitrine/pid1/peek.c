// SPDX-License-Identifier: GPL-2.0-only
/* peek.c - memory of a guest process is read without waiting for it
 *
 * What is not there is not brought in: its file system may be a program of the guest's that does
 * not answer. For the same reason the lock of the memory map is only tried.
 */
#include <linux/highmem.h>
#include <linux/mm.h>
#include <asm/vitrine.h>

/**
 * vt_peek() - Read what is present of a process's memory
 * @mm:   a reference is the caller's
 * @addr: where
 * @to:   @len bytes
 *
 * Return: bytes up to the first page that is not there; 0 also when the map is locked.
 */
size_t vt_peek(struct mm_struct *mm, unsigned long addr, char *to, size_t len)
{
	size_t done = 0;

	if (!mmap_read_trylock(mm))
		return 0;
	while (done < len) {
		unsigned long offset = offset_in_page(addr + done);
		size_t part = min(len - done, PAGE_SIZE - offset);
		struct page *page;

		if (get_user_pages_remote(mm, addr + done, 1, FOLL_NOFAULT, &page, NULL) != 1)
			break;
		memcpy(to + done, page_address(page) + offset, part);
		put_page(page);
		done += part;
	}
	mmap_read_unlock(mm);
	return done;
}

/**
 * vt_peek_cmdline() - Read what is present of a process's arguments
 * @to: @max bytes
 *
 * Return: bytes; the arguments are NUL separated, and the last may be cut.
 */
size_t vt_peek_cmdline(struct mm_struct *mm, char *to, size_t max)
{
	unsigned long start, end, env;
	size_t len;

	spin_lock(&mm->arg_lock);
	start = mm->arg_start;
	end = mm->arg_end;
	env = mm->env_end;
	spin_unlock(&mm->arg_lock);
	if (end <= start)
		return 0;
	len = vt_peek(mm, start, to, min_t(size_t, end - start, max));
	if (len < end - start || !to[len - 1] || len == max)
		return len;
	/* A program that set a title has written over the last NUL, maybe on into the environment
	 */
	if (strnlen(to, len) == len && env > end)
		len += vt_peek(mm, end, to + len, min_t(size_t, env - end, max - len));
	return strnlen(to, len);
}
