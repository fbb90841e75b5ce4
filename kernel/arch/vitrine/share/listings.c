// SPDX-License-Identifier: GPL-2.0-only
/* listings.c - the end of a directory is told with its last entries
 *
 * Theory of operation
 * A program reads a directory until nothing comes, so each listing ends with a request that is
 * answered with nothing. The server says with the last entries that they are (VT_SHARE_END), and
 * where the next question would begin is remembered, until it comes, a second is over or another
 * listing takes the place. It is answered once: who asks again is told by the server.
 */
#include <linux/hash.h>
#include <linux/highmem.h>
#include <linux/jiffies.h>
#include <linux/spinlock.h>
#include "share.h"

#define PLACES_ORDER 5
#define KNOWN_JIFFIES HZ

struct ended {
	const struct fuse_conn *fc;
	u64 fh, offset, until; /* jiffies */
};

static DEFINE_SPINLOCK(ended_lock);
static struct ended places[1 << PLACES_ORDER];

bool share_known_end(struct fuse_mount *fm, struct fuse_args *args)
{
	const struct fuse_read_in *in = args->in_args[0].value;
	struct ended *at = &places[hash_64(in->fh, PLACES_ORDER)];
	bool known;

	spin_lock(&ended_lock);
	known = at->fc == fm->fc && at->fh == in->fh && at->offset == in->offset &&
		time_before64(get_jiffies_64(), at->until);
	if (known)
		at->fc = NULL;
	spin_unlock(&ended_lock);
	return known;
}

static size_t entry_size(u32 opcode, const void *entry)
{
	return opcode == FUSE_READDIRPLUS ? FUSE_DIRENTPLUS_SIZE((struct fuse_direntplus *)entry)
					  : FUSE_DIRENT_SIZE((struct fuse_dirent *)entry);
}

/* Behind the last of the entries. Return: whether they are the directory's last */
static bool is_end(u32 opcode, const void *entries, size_t len, u64 *offset)
{
	const bool plus = opcode == FUSE_READDIRPLUS;
	const size_t least = plus ? FUSE_NAME_OFFSET_DIRENTPLUS : FUSE_NAME_OFFSET;
	u64 mark;

	while (len >= least) {
		const struct fuse_dirent *dirent =
		    plus ? &((const struct fuse_direntplus *)entries)->dirent : entries;
		const size_t size = entry_size(opcode, entries);

		if (size > len)
			return false;
		*offset = dirent->off;
		entries += size;
		len -= size;
	}
	if (len != sizeof(mark))
		return false;
	memcpy(&mark, entries, sizeof(mark));
	return mark == VT_SHARE_END;
}

ssize_t share_list(struct mnt_idmap *idmap, struct fuse_mount *fm, struct fuse_args *args)
{
	const struct fuse_args_pages *ap = container_of(args, struct fuse_args_pages, args);
	const struct fuse_read_in in = *(const struct fuse_read_in *)args->in_args[0].value;
	const ssize_t len = share_ask(idmap, fm, args);
	u64 offset = in.offset;

	share_listed(fm, args->nodeid);
	if (len > 0 && ap->uses_folios && ap->num_folios == 1 && len <= PAGE_SIZE &&
	    is_end(args->opcode, folio_address(ap->folios[0]), len, &offset)) {
		spin_lock(&ended_lock);
		places[hash_64(in.fh, PLACES_ORDER)] = (struct ended){
			.fc = fm->fc,
			.fh = in.fh,
			.offset = offset,
			.until = get_jiffies_64() + KNOWN_JIFFIES,
		};
		spin_unlock(&ended_lock);
	}
	return len;
}
