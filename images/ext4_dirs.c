// SPDX-License-Identifier: GPL-2.0-only
/* ext4_dirs.c - the directories of an ext4 file system, held in memory while files are added
 *
 * Theory of operation
 * libext2fs looks a name up, and adds one, by reading the directory from its beginning, so that a
 * directory of a million files takes a day to fill. Here a directory is read once, when it is first
 * looked into; names are found in one hash table of all of them, and what was changed is written
 * when everything else is (ext4_htree.c).
 *
 * The names come from archives of strangers: the table's hash has a secret, so that nobody can fill
 * one chain of it.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include "images/ext4_dirs.h"
#include "images/ext4_htree.h"
#include "vitrine/util.h"

#define TABLE_FIRST 1024

struct dirs {
	ext2_filsys fs;
	struct dir root, *list; /* all but the root */
	struct dirent_node **table;
	size_t size, used;
	uint64_t secret[2];
};

static uint64_t mix(uint64_t h)
{
	h ^= h >> 32;
	h *= 0xd6e8feb86659fd93ULL;
	h ^= h >> 29;
	return h;
}

static size_t hash(const struct dirs *dirs, ext2_ino_t in, const char *name, size_t length)
{
	uint64_t h = mix(dirs->secret[0] ^ in), word;

	for (size_t at = 0; at < length; at += sizeof(word)) {
		size_t part = length - at < sizeof(word) ? length - at : sizeof(word);

		word = 0;
		memcpy(&word, name + at, part);
		h = mix((h ^ word) * (dirs->secret[1] | 1) + length);
	}
	return h & (dirs->size - 1);
}

static errcode_t grow(struct dirs *dirs)
{
	struct dirent_node **old = dirs->table, *entry;
	size_t size = dirs->size;

	dirs->table = calloc(size * 2, sizeof(*old));
	if (!dirs->table) {
		dirs->table = old;
		return ENOMEM;
	}
	dirs->size = size * 2;
	for (size_t i = 0; i < size; i++) {
		while ((entry = old[i])) {
			size_t to = hash(dirs, entry->in->ino, entry->name, entry->length);

			old[i] = entry->chain;
			entry->chain = dirs->table[to];
			dirs->table[to] = entry;
		}
	}
	free(old);
	return 0;
}

static errcode_t insert(struct dirs *dirs, struct dir *in, const char *name, size_t length,
			ext2_ino_t ino, int type, struct dirent_node **made)
{
	struct dirent_node *entry = calloc(1, sizeof(*entry) + length + 1);
	size_t at;

	if (!entry || (dirs->used >= dirs->size && grow(dirs))) {
		free(entry);
		return ENOMEM;
	}
	entry->ino = ino;
	entry->in = in;
	entry->type = type;
	entry->length = length;
	memcpy(entry->name, name, length);
	at = hash(dirs, in->ino, name, length);
	entry->chain = dirs->table[at];
	dirs->table[at] = entry;
	dirs->used++;
	entry->next = in->entries;
	if (in->entries)
		in->entries->previous = entry;
	in->entries = entry;
	in->count++;
	*made = entry;
	return 0;
}

struct load {
	struct dirs *dirs;
	struct dir *dir;
	errcode_t code;
};

static int load_one(struct ext2_dir_entry *entry, int offset, int blocksize, char *buf,
		    void *context)
{
	int length = ext2fs_dirent_name_len(entry), type = ext2fs_dirent_file_type(entry);
	struct load *load = context;
	struct dirent_node *made;

	if ((length == 1 && entry->name[0] == '.') ||
	    (length == 2 && entry->name[0] == '.' && entry->name[1] == '.') || !length)
		return 0;
	load->code = insert(load->dirs, load->dir, entry->name, length, entry->inode, type, &made);
	return load->code ? DIRENT_ABORT : 0;
}

static errcode_t load(struct dirs *dirs, struct dir *dir)
{
	struct load context = { dirs, dir, 0 };
	errcode_t code = ext2fs_dir_iterate(dirs->fs, dir->ino, 0, NULL, load_one, &context);

	return code ? code : context.code;
}

static errcode_t new_dir(struct dirs *dirs, struct dirent_node *entry, struct dir **result)
{
	struct dir *dir = calloc(1, sizeof(*dir));

	if (!dir)
		return ENOMEM;
	dir->ino = entry->ino;
	dir->self = entry;
	dir->parent = entry->in;
	dir->depth = entry->in->depth + 1;
	dir->next = dirs->list;
	if (dirs->list)
		dirs->list->previous = dir;
	dirs->list = entry->dir = *result = dir;
	return 0;
}

struct dirs *dirs_new(ext2_filsys fs)
{
	struct dirs *dirs = calloc(1, sizeof(*dirs));

	if (!dirs)
		return NULL;
	dirs->fs = fs;
	dirs->size = TABLE_FIRST;
	dirs->table = calloc(TABLE_FIRST, sizeof(*dirs->table));
	dirs->root.ino = EXT2_ROOT_INO;
	dirs->root.parent = &dirs->root;
	if (!dirs->table ||
	    getrandom(dirs->secret, sizeof(dirs->secret), 0) != sizeof(dirs->secret) ||
	    load(dirs, &dirs->root)) {
		dirs_free(dirs);
		return NULL;
	}
	return dirs;
}

static void free_entries(struct dir *dir)
{
	struct dirent_node *entry;

	while ((entry = dir->entries)) {
		dir->entries = entry->next;
		free(entry);
	}
}

void dirs_free(struct dirs *dirs)
{
	struct dir *dir;

	if (!dirs)
		return;
	free_entries(&dirs->root);
	while ((dir = dirs->list)) {
		dirs->list = dir->next;
		free_entries(dir);
		free(dir);
	}
	free(dirs->table);
	free(dirs);
}

struct dir *dirs_root(struct dirs *dirs)
{
	return &dirs->root;
}

errcode_t dirs_find(struct dirs *dirs, struct dir *in, const char *name, size_t length,
		    struct dirent_node **found)
{
	struct dirent_node *entry = dirs->table[hash(dirs, in->ino, name, length)];

	while (entry &&
	       (entry->in != in || entry->length != length || memcmp(entry->name, name, length)))
		entry = entry->chain;
	*found = entry;
	return 0;
}

errcode_t dirs_open(struct dirs *dirs, struct dirent_node *entry, struct dir **dir)
{
	errcode_t code;

	*dir = entry->dir;
	if (*dir)
		return 0;
	code = ext2fs_check_directory(dirs->fs, entry->ino);
	if (!code)
		code = new_dir(dirs, entry, dir);
	return code ? code : load(dirs, *dir);
}

void dirs_touch(struct dirent_node *entry)
{
	while (entry && !entry->fresh) {
		entry->fresh = true;
		entry = entry->in->self;
	}
}

errcode_t dirs_add(struct dirs *dirs, struct dir *in, const char *name, size_t length,
		   ext2_ino_t ino, int type, struct dirent_node **made)
{
	struct dirent_node *entry;
	struct dir *dir;
	errcode_t code = insert(dirs, in, name, length, ino, type, &entry);

	if (!code && type == EXT2_FT_DIR) {
		code = new_dir(dirs, entry, &dir);
		if (!code)
			dir->dirty = true;
	}
	if (code)
		return code;
	in->dirty = true;
	dirs_touch(entry);
	if (made)
		*made = entry;
	return 0;
}

static void forget_dir(struct dirs *dirs, struct dir *dir)
{
	if (dir->previous)
		dir->previous->next = dir->next;
	else
		dirs->list = dir->next;
	if (dir->next)
		dir->next->previous = dir->previous;
	free(dir);
}

void dirs_remove(struct dirs *dirs, struct dirent_node *entry)
{
	struct dirent_node **at =
	    &dirs->table[hash(dirs, entry->in->ino, entry->name, entry->length)];

	while (*at != entry)
		at = &(*at)->chain;
	*at = entry->chain;
	dirs->used--;
	if (entry->previous)
		entry->previous->next = entry->next;
	else
		entry->in->entries = entry->next;
	if (entry->next)
		entry->next->previous = entry->previous;
	entry->in->count--;
	entry->in->dirty = true;
	if (entry->dir)
		forget_dir(dirs, entry->dir);
	free(entry);
}

errcode_t dirs_write(struct dirs *dirs)
{
	errcode_t code = dirs->root.dirty ? htree_write(dirs->fs, &dirs->root) : 0;

	dirs->root.dirty = false;
	for (struct dir *dir = dirs->list; dir && !code; dir = dir->next) {
		if (dir->dirty)
			code = htree_write(dirs->fs, dir);
		dir->dirty = false;
	}
	return code;
}
