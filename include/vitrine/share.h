/* SPDX-License-Identifier: GPL-2.0-only */
/* share.h - what the guest's kernel and the file server say beyond FUSE
 *
 * Each request is two switches of the host's, so what would be asked next is told along. The
 * guest's kernel (kernel/arch/vitrine/share) makes room for more than FUSE's answer, or puts more
 * behind its question; the server (engine/share) fills what room there is. Either side does without
 * the other's: an answer says by its length what is in it.
 *
 * - What changes the names of a directory, or opens it, is answered with the directory's attributes
 *   as well (struct fuse_attr_out).
 * - A write is answered with struct vt_share_written as well.
 * - The name that is removed may be followed by struct vt_share_removed, when nothing in the guest
 *   has the file any more: it is forgotten along.
 * - A name that is looked for again may be followed by the numbers of files beside it (uint64_t).
 * The answer has a struct vt_share_beside for each.
 * - A listing that has reached the directory's end has VT_SHARE_END behind its last entry.
 */
#ifndef VITRINE_SHARE_H
#define VITRINE_SHARE_H

#ifdef __KERNEL__
#include <linux/types.h>
#include <uapi/linux/fuse.h>
#else
#include <linux/fuse.h>
#include <stdint.h>
#endif

#define VT_SHARE_END 0x646e652d74736c76ULL

/**
 * struct vt_share_removed - a file whose name goes
 * @node:    as the guest calls it
 * @lookups: how often it was told of it
 */
struct vt_share_removed {
	uint64_t node, lookups;
};

#define VT_SHARE_BESIDE_MAX 32

/**
 * struct vt_share_beside - a file beside one that was looked for
 * @node: 0: it is not where it was, or not what it was
 */
struct vt_share_beside {
	uint64_t node;
	struct fuse_attr attr;
};

/**
 * struct vt_share_written - a file that was written to
 * @was_*: immediately before; the others: immediately after
 */
struct vt_share_written {
	int64_t was_mtime, mtime, ctime;
	uint64_t size;
	uint32_t was_mtimensec, mtimensec, ctimensec, pad;
};

#endif
