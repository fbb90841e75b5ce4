// SPDX-License-Identifier: GPL-2.0-only
/* ext4_htree.c - write a directory of ext4 as a whole
 *
 * Theory of operation
 * A directory that fits in one block is a plain list. Any other gets the index that Linux would
 * have made (Documentation/filesystems/ext4/directory.rst): names in the order of their hashes in
 * leaf blocks, and the first hash of each leaf in the root block, or in nodes that the root block
 * points to when there are more leaves than it has room for. A leaf that begins with the hash that
 * the one before it ends with says so in the lowest bit.
 *
 * Blocks are written in order: the root, the nodes, the leaves.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "images/ext4_htree.h"
#include "vitrine/util.h"

#define DOTS 24 /* bytes of "." and ".." */
#define CHECKSUM_ENTRY 12
#define INFO 8
#define NODE_HEAD 8
#define PAIR 8

struct named {
	uint32_t hash, minor;
	const struct dirent_node *entry;
};

struct leaf {
	uint32_t hash;
	size_t first, end; /* indexes of names */
};

struct writer {
	ext2_filsys fs;
	ext2_ino_t ino;
	struct named *names;
	struct leaf *leaves;
	size_t nleaves, nnodes;
	unsigned tail; /* bytes at the end of a list that hold its checksum */
	blk64_t next;  /* block of the directory to be written next */
	char *block;
};

static size_t record(const struct dirent_node *entry)
{
	return (8 + (size_t)entry->length + 3) & ~(size_t)3;
}

static int by_hash(const void *a, const void *b)
{
	const struct named *x = a, *y = b;

	if (x->hash != y->hash)
		return x->hash < y->hash ? -1 : 1;
	if (x->minor != y->minor)
		return x->minor < y->minor ? -1 : 1;
	return strcmp(x->entry->name, y->entry->name);
}

/* Append the block that was composed */
static errcode_t put_block(struct writer *w)
{
	blk64_t physical = 0;
	errcode_t code =
	    ext2fs_bmap2(w->fs, w->ino, NULL, NULL, BMAP_ALLOC, w->next++, NULL, &physical);

	return code ? code : ext2fs_write_dir_block4(w->fs, physical, w->block, 0, w->ino);
}

static size_t put_record(char *at, ext2_ino_t ino, const char *name, size_t length, int type)
{
	struct ext2_dir_entry *entry = (struct ext2_dir_entry *)at;

	entry->inode = ino;
	entry->rec_len = (8 + length + 3) & ~(size_t)3;
	ext2fs_dirent_set_name_len(entry, length);
	ext2fs_dirent_set_file_type(entry, type);
	memcpy(entry->name, name, length);
	return entry->rec_len;
}

/* The last record of a list reaches to the end, or to the checksum */
static void end_list(struct writer *w, char *last, size_t used)
{
	struct ext2_dir_entry *entry = (struct ext2_dir_entry *)last;

	entry->rec_len += w->fs->blocksize - w->tail - used;
	if (w->tail)
		ext2fs_initialize_dirent_tail(w->fs, EXT2_DIRENT_TAIL(w->block, w->fs->blocksize));
}

static errcode_t write_list(struct writer *w, const struct dir *dir)
{
	size_t used, last = 12;

	memset(w->block, 0, w->fs->blocksize);
	used = put_record(w->block, dir->ino, ".", 1, EXT2_FT_DIR);
	used += put_record(w->block + used, dir->parent->ino, "..", 2, EXT2_FT_DIR);
	for (size_t i = 0; i < dir->count; i++) {
		const struct dirent_node *e = w->names[i].entry;

		last = used;
		used += put_record(w->block + used, e->ino, e->name, e->length, e->type);
	}
	end_list(w, w->block + last, used);
	return put_block(w);
}

static errcode_t write_leaf(struct writer *w, const struct leaf *leaf)
{
	size_t used = 0, last = 0;

	memset(w->block, 0, w->fs->blocksize);
	for (size_t i = leaf->first; i < leaf->end; i++) {
		const struct dirent_node *e = w->names[i].entry;

		last = used;
		used += put_record(w->block + used, e->ino, e->name, e->length, e->type);
	}
	end_list(w, w->block + last, used);
	return put_block(w);
}

static void put16(char *at, unsigned value)
{
	uint16_t little = ext2fs_cpu_to_le16(value);

	memcpy(at, &little, 2);
}

static void put32(char *at, uint32_t value)
{
	uint32_t little = ext2fs_cpu_to_le32(value);

	memcpy(at, &little, 4);
}

/* The pairs (hash, block) of an index block; the first one's hash is the counts instead */
static void put_pairs(struct writer *w, size_t at, const struct leaf *leaves, size_t step,
		      size_t count, size_t block)
{
	size_t room = w->fs->blocksize - at - (w->tail ? 8 : 0);

	put16(w->block + at, room / PAIR);
	put16(w->block + at + 2, count);
	for (size_t i = 0; i < count; i++) {
		if (i)
			put32(w->block + at + i * PAIR, leaves[i * step].hash);
		put32(w->block + at + i * PAIR + 4, block + i);
	}
}

static size_t pairs_in_root(const struct writer *w)
{
	return (w->fs->blocksize - DOTS - INFO - (w->tail ? 8 : 0)) / PAIR;
}

static size_t pairs_in_node(const struct writer *w)
{
	return (w->fs->blocksize - NODE_HEAD - (w->tail ? 8 : 0)) / PAIR;
}

static errcode_t write_root(struct writer *w, const struct dir *dir)
{
	struct ext2_dir_entry *parent = (struct ext2_dir_entry *)(w->block + 12);
	char *info = w->block + DOTS;

	memset(w->block, 0, w->fs->blocksize);
	put_record(w->block, dir->ino, ".", 1, EXT2_FT_DIR);
	put_record(w->block + 12, dir->parent->ino, "..", 2, EXT2_FT_DIR);
	parent->rec_len = w->fs->blocksize - 12;
	info[4] = w->fs->super->s_def_hash_version;
	info[5] = INFO;
	info[6] = w->nnodes ? 1 : 0;
	if (w->nnodes)
		put_pairs(w, DOTS + INFO, w->leaves, pairs_in_node(w), w->nnodes, 1);
	else
		put_pairs(w, DOTS + INFO, w->leaves, 1, w->nleaves, 1);
	return put_block(w);
}

static errcode_t write_node(struct writer *w, size_t node)
{
	struct ext2_dir_entry *fake = (struct ext2_dir_entry *)w->block;
	size_t first = node * pairs_in_node(w), count = w->nleaves - first;

	if (count > pairs_in_node(w))
		count = pairs_in_node(w);
	memset(w->block, 0, w->fs->blocksize);
	fake->rec_len = w->fs->blocksize;
	put_pairs(w, NODE_HEAD, w->leaves + first, 1, count, 1 + w->nnodes + first);
	return put_block(w);
}

/* Fill leaves in the order of the hashes */
static errcode_t make_leaves(struct writer *w, size_t count)
{
	size_t room = w->fs->blocksize - w->tail, used = room;

	w->leaves = calloc(count, sizeof(*w->leaves));
	if (!w->leaves)
		return ENOMEM;
	for (size_t i = 0; i < count; i++) {
		size_t need = record(w->names[i].entry);

		if (used + need > room) {
			bool split = i && w->names[i - 1].hash == w->names[i].hash;

			w->leaves[w->nleaves].hash = w->names[i].hash | split;
			w->leaves[w->nleaves++].first = i;
			used = 0;
		}
		used += need;
		w->leaves[w->nleaves - 1].end = i + 1;
	}
	if (w->nleaves > pairs_in_root(w))
		w->nnodes = (w->nleaves + pairs_in_node(w) - 1) / pairs_in_node(w);
	return w->nnodes > pairs_in_root(w) ? EXT2_ET_DIR_NO_SPACE : 0;
}

static errcode_t write_index(struct writer *w, const struct dir *dir)
{
	errcode_t code = make_leaves(w, dir->count);

	if (!code)
		code = write_root(w, dir);
	for (size_t i = 0; i < w->nnodes && !code; i++)
		code = write_node(w, i);
	for (size_t i = 0; i < w->nleaves && !code; i++)
		code = write_leaf(w, &w->leaves[i]);
	return code;
}

static errcode_t hash_names(struct writer *w, const struct dir *dir)
{
	const struct ext2_super_block *super = w->fs->super;
	int version = super->s_def_hash_version;
	errcode_t code = 0;
	size_t i = 0;

	if (version <= EXT2_HASH_TEA && super->s_flags & EXT2_FLAGS_UNSIGNED_HASH)
		version += 3;
	for (const struct dirent_node *e = dir->entries; e && !code; e = e->next, i++) {
		struct named *n = &w->names[i];

		n->entry = e;
		code = ext2fs_dirhash(version, e->name, e->length, super->s_hash_seed, &n->hash,
				      &n->minor);
	}
	qsort(w->names, dir->count, sizeof(*w->names), by_hash);
	return code;
}

/* Gives back what the directory had, and prepares its inode for what it will have */
static errcode_t empty(ext2_filsys fs, const struct dir *dir, bool indexed)
{
	struct ext2_inode inode;
	unsigned links = 2;
	errcode_t code = ext2fs_read_inode(fs, dir->ino, &inode);

	if (!code && ext2fs_inode_has_valid_blocks2(fs, &inode))
		code = ext2fs_punch(fs, dir->ino, &inode, NULL, 0, ~0ULL);
	if (code)
		return code;
	for (const struct dirent_node *e = dir->entries; e; e = e->next)
		links += e->type == EXT2_FT_DIR;
	inode.i_links_count = links > EXT2_LINK_MAX ? 1 : links;
	inode.i_flags &= ~EXT2_INDEX_FL;
	if (indexed)
		inode.i_flags |= EXT2_INDEX_FL;
	return ext2fs_write_inode(fs, dir->ino, &inode);
}

static errcode_t set_size(struct writer *w)
{
	struct ext2_inode inode;
	errcode_t code = ext2fs_read_inode(w->fs, w->ino, &inode);

	if (!code)
		code = ext2fs_inode_size_set(w->fs, &inode, w->next * w->fs->blocksize);
	return code ? code : ext2fs_write_inode(w->fs, w->ino, &inode);
}

errcode_t htree_write(ext2_filsys fs, struct dir *dir)
{
	cleanup_free struct named *names = calloc(dir->count + 1, sizeof(*names));
	cleanup_free char *block = malloc(fs->blocksize);
	struct writer w = { .fs = fs, .ino = dir->ino, .names = names, .block = block };
	size_t bytes = DOTS;
	errcode_t code;
	bool indexed;

	if (!names || !block)
		return ENOMEM;
	w.tail = ext2fs_has_feature_metadata_csum(fs->super) ? CHECKSUM_ENTRY : 0;
	for (const struct dirent_node *e = dir->entries; e; e = e->next)
		bytes += record(e);
	indexed = bytes > fs->blocksize - w.tail;
	code = hash_names(&w, dir);
	if (!code)
		code = empty(fs, dir, indexed);
	if (!code)
		code = indexed ? write_index(&w, dir) : write_list(&w, dir);
	free(w.leaves);
	return code ? code : set_size(&w);
}
