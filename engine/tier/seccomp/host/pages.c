/* SPDX-License-Identifier: GPL-2.0-only */
/* pages.c - control pages: what the stub's service threads and the zygote are told to do
 *
 * Theory of operation
 * All of them are in one memory file, which stub processes can only read: each maps its own one.
 * The supervisor writes commands to a page, with the filters that the process installs when it
 * starts, and a serial number that no other page ever had: a process sends it along with its
 * listener, so that a process that was slow, or is not wanted any more, is never taken for another.
 *
 * Pages are given out lowest first, so that those in use are close together.
 *
 * Host system calls: memfd_create, ftruncate, mmap, madvise.
 */
#include "pages.h"

#include <errno.h>
#include <linux/filter.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "filter.h"
#include "indices.h"
#include "lib/memfile.h"

static uint8_t *memory;
static uint64_t indices_words[INDICES_WORDS(PAGES_MAX)];
static struct indices used = { .words = indices_words, .count = PAGES_MAX };
static uint64_t serial;
static struct sock_filter guest_filter[FILTER_MAX], service_filter[FILTER_MAX];
static unsigned short guest_length, service_length;

static uint8_t *page_at(unsigned page)
{
	return memory + (size_t)page * CONTROL_SIZE;
}

static struct stub_command *commands_of(unsigned page)
{
	return (struct stub_command *)(page_at(page) + CONTROL_FIRST);
}

static void put_filter(unsigned page, size_t offset, const struct sock_filter *filter,
		       unsigned short length)
{
	struct sock_fprog *prog = (struct sock_fprog *)(page_at(page) + offset);

	prog->len = length;
	prog->filter = (struct sock_filter *)(STUB_CONTROL + offset + sizeof(*prog));
	memcpy(prog + 1, filter, length * sizeof(*filter));
}

int pages_init(int *fd, struct error *err)
{
	const size_t size = (size_t)PAGES_MAX * CONTROL_SIZE;

	memory = memfile_shared("vitrine-control", size, fd, err);
	if (!memory)
		return -1;
	service_length = filter_service(service_filter);
	guest_length = filter_guest(guest_filter);
	return pages_get() == PAGES_ZYGOTE ? 0 : error_set(err, EBUSY, "no page for the zygote");
}

void *pages_alive(void)
{
	return page_at(PAGES_ZYGOTE) + CONTROL_ALIVE;
}

int pages_get(void)
{
	int page = indices_take(&used);

	if (page < 0)
		return -1;
	*(uint64_t *)(page_at(page) + CONTROL_SERIAL) = ++serial;
	put_filter(page, CONTROL_FILTER, guest_filter, guest_length);
	put_filter(page, CONTROL_SERVICE, service_filter, service_length);
	return page;
}

void pages_put(unsigned page)
{
	madvise(page_at(page), CONTROL_SIZE, MADV_REMOVE);
	indices_give(&used, page);
}

uint64_t pages_serial(unsigned page)
{
	return *(uint64_t *)(page_at(page) + CONTROL_SERIAL);
}

void pages_command(unsigned page, unsigned at, const struct stub_command *command)
{
	commands_of(page)[at] = *command;
}

void pages_forget(unsigned page)
{
	for (unsigned i = 0; i < CONTROL_COMMANDS && commands_of(page)[i].nr; i++)
		commands_of(page)[i] = (struct stub_command){ 0 };
}
