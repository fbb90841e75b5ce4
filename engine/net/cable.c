// SPDX-License-Identifier: GPL-2.0-only
/* cable.c - the memory of a cable, which two processes share, and what wakes each of them
 *
 * Host system calls: memfd_create, ftruncate, mmap, munmap, eventfd2, close.
 */
#include <errno.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/memfile.h"
#include "link.h"
#include "vitrine/util.h"

int link_create(struct link *link, struct error *err)
{
	void *at;

	*link = (struct link){ .memory = -1, .supervisor = -1, .network = -1 };
	at = memfile_shared("vitrine-link", link_rings_size(), &link->memory, err);
	if (!at)
		return -1;
	link_rings(at, link->rings);
	link->supervisor = eventfd(0, EFD_CLOEXEC);
	link->network = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (link->supervisor >= 0 && link->network >= 0)
		return 0;
	error_set(err, errno, "cannot make an eventfd");
	link_close(link);
	return -1;
}

void link_close(struct link *link)
{
	if (link->rings[0])
		munmap(link->rings[0], link_rings_size());
	for (int *fd = &link->memory; fd <= &link->network; fd++) {
		if (*fd >= 0)
			close(steal_fd(*fd));
	}
	link->rings[0] = link->rings[1] = NULL;
}
