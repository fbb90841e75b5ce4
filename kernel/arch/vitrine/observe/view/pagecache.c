// SPDX-License-Identifier: GPL-2.0-only
/* pagecache.c - which files the page cache holds, and which pages of one
 *
 * Theory of operation
 * Every super block has a list of its inodes. They are looked at in pieces, with the last inode of
 * a piece kept by a reference, so that the walk can rest; the files with most pages are kept with a
 * reference each and written afterwards. Super blocks are found by file system type and only taken
 * when their lock is free: what is being mounted, unmounted or frozen is left out.
 *
 * One file's pages are walked by ranges of page numbers, again in pieces.
 */
#include <linux/dcache.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/rcupdate_wait.h>
#include <linux/slab.h>
#include <linux/swap.h>
#include <linux/vmstat.h>
#include <linux/xarray.h>
#include "../../../../fs/internal.h"
#include "view.h"

#define FILES_SHOWN 100
#define INODES_PER_PIECE 512
#define PAGES_PER_PIECE 1024

/* Whose inodes have pages of their own. Block devices are added: their type is not registered. */
static const char *const file_systems[] = {
	"ext4",	   "ext3", "ext2",  "tmpfs",   "devtmpfs", "squashfs", "erofs",	  "fuse",
	"fuseblk", "vfat", "exfat", "iso9660", "ramfs",	   "rootfs",   "overlay",
};

struct cached_files {
	struct inode *inodes[FILES_SHOWN];
	u64 pages[FILES_SHOWN];
	unsigned int used, count, cached; /* @count: inodes; @cached: of these, with pages */
	struct inode *last;		  /* of the piece before */
};

/* With s_inode_list_lock held. False: as many pages as those that are kept */
static void file_add(struct cached_files *files, struct inode *inode, struct inode **dropped)
{
	u64 pages = inode->i_mapping->nrpages;
	unsigned int at = files->used;

	*dropped = NULL;
	if (at == FILES_SHOWN) {
		if (pages <= files->pages[--at])
			return;
		*dropped = files->inodes[at];
	} else {
		files->used++;
	}
	for (; at && files->pages[at - 1] < pages; at--) {
		files->inodes[at] = files->inodes[at - 1];
		files->pages[at] = files->pages[at - 1];
	}
	__iget(inode);
	files->inodes[at] = inode;
	files->pages[at] = pages;
}

/*
 * Look at some inodes behind files->last. A reference can only be given up without the lock, so a
 * piece ends there, too. Return: there are more
 */
static bool piece_read(struct cached_files *files, struct super_block *sb)
{
	struct inode *before = files->last, *dropped = NULL, *inode;
	unsigned int seen = 0;

	files->last = NULL;
	spin_lock(&sb->s_inode_list_lock);
	inode = before ? before : list_entry(&sb->s_inodes, struct inode, i_sb_list);
	list_for_each_entry_continue(inode, &sb->s_inodes, i_sb_list)
	{
		spin_lock(&inode->i_lock);
		if (!(inode->i_state & (I_FREEING | I_WILL_FREE | I_NEW)) &&
		    inode->i_mapping == &inode->i_data) {
			files->count++;
			if (inode->i_data.nrpages) {
				files->cached++;
				file_add(files, inode, &dropped);
			}
			if (++seen >= INODES_PER_PIECE || dropped) {
				__iget(inode);
				files->last = inode;
			}
		}
		spin_unlock(&inode->i_lock);
		if (files->last)
			break;
	}
	spin_unlock(&sb->s_inode_list_lock);
	vt_view_inode_put(before);
	vt_view_inode_put(dropped);
	cond_resched();
	return files->last;
}

static void super_read(struct cached_files *files, struct super_block *sb)
{
	while (piece_read(files, sb))
		;
}

/*
 * The list of a type's super blocks is protected by a spin lock of fs/super.c. What does not sleep
 * has it to itself all the same, with one CPU and no preemption, and a super block whose s_umount
 * we hold stays on it.
 */
static void type_read(struct cached_files *files, struct file_system_type *type)
{
	struct super_block *sb;

	hlist_for_each_entry(sb, &type->fs_supers, s_instances)
	{
		if (!down_read_trylock(&sb->s_umount))
			continue;
		if (sb->s_root && sb->s_flags & SB_BORN)
			super_read(files, sb);
		up_read(&sb->s_umount);
	}
}

static void files_read(struct cached_files *files)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(file_systems); i++) {
		struct file_system_type *type = get_fs_type(file_systems[i]);

		if (type)
			type_read(files, type);
	}
	super_read(files, blockdev_superblock);
}

/* Pages of @mapping that carry @mark, whole folios */
static u64 pages_marked(struct address_space *mapping, xa_mark_t mark)
{
	XA_STATE(xas, &mapping->i_pages, 0);
	struct folio *folio;
	unsigned int seen = 0;
	u64 pages = 0;

	if (!mapping_tagged(mapping, mark))
		return 0;
	rcu_read_lock();
	xas_for_each_marked(&xas, folio, ULONG_MAX, mark)
	{
		if (!xas_retry(&xas, folio) && !xa_is_value(folio))
			pages += folio_nr_pages(folio);
		if (++seen % PAGES_PER_PIECE == 0) {
			xas_pause(&xas);
			cond_resched_rcu();
		}
	}
	rcu_read_unlock();
	return pages;
}

/* A name of an inode that is no directory of a path, or null: dentries do not know their mount */
static void json_inode_path(struct vt_json *json, struct inode *inode)
{
	struct dentry *dentry = d_find_alias(inode);
	char *buf = dentry ? kmalloc(PATH_MAX, GFP_KERNEL) : NULL;
	char *name = buf ? dentry_path_raw(dentry, buf, PATH_MAX) : NULL;

	vt_json_string(json, "path", IS_ERR(name) ? NULL : name);
	kfree(buf);
	dput(dentry);
}

static void json_inode(struct vt_json *json, struct inode *inode)
{
	vt_json_string(json, "file_system", inode->i_sb->s_type->name);
	vt_json_device(json, "device", S_ISBLK(inode->i_mode) ? inode->i_rdev : inode->i_sb->s_dev);
	vt_json_u64(json, "inode", inode->i_ino);
	vt_json_int(json, "size_bytes", i_size_read(inode));
}

static void json_pages(struct vt_json *json, const char *key, u64 pages)
{
	vt_json_u64(json, key, pages << PAGE_SHIFT);
}

static void json_file(struct vt_json *json, struct inode *inode)
{
	struct address_space *mapping = &inode->i_data;

	vt_json_object(json, NULL);
	json_inode_path(json, inode);
	json_inode(json, inode);
	json_pages(json, "cached_bytes", mapping->nrpages);
	json_pages(json, "dirty_bytes", pages_marked(mapping, PAGECACHE_TAG_DIRTY));
	json_pages(json, "writeback_bytes", pages_marked(mapping, PAGECACHE_TAG_WRITEBACK));
	vt_json_end(json);
}

static int view_files(struct vt_json *json)
{
	struct cached_files *files = kvzalloc(sizeof(*files), GFP_KERNEL);

	if (!files)
		return -ENOMEM;
	files_read(files);
	json_pages(json, "total_bytes", global_node_page_state(NR_FILE_PAGES));
	json_pages(json, "dirty_bytes", global_node_page_state(NR_FILE_DIRTY));
	json_pages(json, "writeback_bytes", global_node_page_state(NR_WRITEBACK));
	vt_json_int(json, "inodes_count", files->count);
	vt_json_int(json, "files_count", files->cached);
	vt_json_array(json, "files");
	for (unsigned int i = 0; i < files->used; i++)
		json_file(json, files->inodes[i]);
	vt_json_end(json);
	for (unsigned int i = 0; i < files->used; i++)
		vt_view_inode_put(files->inodes[i]);
	kvfree(files);
	return 0;
}

struct page_range {
	u64 first, count;
};

static void json_range(struct vt_json *json, const struct page_range *range)
{
	if (!range->count)
		return;
	vt_json_array(json, NULL);
	vt_json_u64(json, NULL, range->first);
	vt_json_u64(json, NULL, range->count);
	vt_json_end(json);
}

/* The next run of pages from @at on that are cached, or carry @mark */
static struct page_range range_next(struct address_space *mapping, u64 at, int mark)
{
	XA_STATE(xas, &mapping->i_pages, at);
	struct page_range range = { 0 };
	unsigned int seen = 0;
	struct folio *folio;

	rcu_read_lock();
	for (;;) {
		folio = mark < 0 ? xas_find(&xas, ULONG_MAX)
				 : xas_find_marked(&xas, ULONG_MAX, (__force xa_mark_t)mark);
		if (!folio || seen++ == PAGES_PER_PIECE)
			break;
		if (xas_retry(&xas, folio) || xa_is_value(folio))
			continue;
		if (range.count && folio->index != range.first + range.count)
			break;
		if (!range.count)
			range.first = max_t(u64, folio->index, at);
		range.count = folio->index + folio_nr_pages(folio) - range.first;
	}
	rcu_read_unlock();
	return range;
}

static void json_ranges(struct vt_json *json, const char *key, struct address_space *mapping,
			int mark)
{
	struct page_range range = { 0 }, next;

	vt_json_array(json, key);
	while (!json->full) {
		next = range_next(mapping, range.first + range.count, mark);
		if (!next.count)
			break;
		if (range.count && next.first == range.first + range.count) {
			range.count += next.count; /* the piece had ended, not the run */
		} else {
			json_range(json, &range);
			range = next;
		}
		cond_resched();
	}
	json_range(json, &range);
	vt_json_end(json);
}

static int view_pages(struct vt_json *json, const char *name)
{
	struct address_space *mapping;
	struct inode *inode;
	struct path path;
	int err;

	err = vt_view_path_find(name, &path);
	if (err)
		return err;
	inode = d_inode(path.dentry);
	mapping = inode->i_mapping;
	if (S_ISREG(inode->i_mode)) /* of an overlay: the file below has the pages */
		inode = d_real_inode(path.dentry);
	if (S_ISREG(inode->i_mode) || S_ISBLK(inode->i_mode))
		mapping = inode->i_mapping;
	vt_json_path(json, "path", &path);
	json_inode(json, inode);
	vt_json_u64(json, "page_bytes", PAGE_SIZE);
	vt_json_u64(json, "pages", mapping->nrpages);
	json_ranges(json, "cached", mapping, -1);
	json_ranges(json, "dirty", mapping, (__force int)PAGECACHE_TAG_DIRTY);
	json_ranges(json, "writeback", mapping, (__force int)PAGECACHE_TAG_WRITEBACK);
	vt_view_path_put(&path);
	return 0;
}

/**
 * vt_view_page_cache() - View: the files with most pages, or with a path one file's pages
 */
int vt_view_page_cache(struct vt_json *json, const struct vt_view_args *args)
{
	return args->path ? view_pages(json, args->path) : view_files(json);
}
