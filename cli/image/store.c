// SPDX-License-Identifier: GPL-2.0-only
/* store.c - disk images by name; see the header for how they are kept */

#include <ctype.h>
#include <errno.h>
#include <ext2fs/ext2fs.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include "store.h"
#include "cli/common/paths.h"
#include "vitrine/util.h"

bool image_name_valid(const char *name)
{
	size_t len = strlen(name);

	if (len == 0 || len > IMAGE_NAME_MAX || !isalnum((unsigned char)name[0]))
		return false;
	for (size_t i = 0; i < len; i++) {
		if (!isalnum((unsigned char)name[i]) && !strchr("_.-", name[i]))
			return false;
	}
	return true;
}

int image_name_check(const char *name, struct error *err)
{
	if (image_name_valid(name))
		return 0;
	return error_set(err, 0,
			 "'%s' cannot be a name: use up to %d letters, digits, '_', '.' and '-'",
			 name, IMAGE_NAME_MAX);
}

char *image_path(const char *name, struct error *err)
{
	cleanup_free char *directory = NULL;
	char *path = NULL;

	if (image_name_check(name, err))
		return NULL;
	directory = paths_images(err);
	if (!directory)
		return NULL;
	if (asprintf(&path, "%s/%s%s", directory, name, IMAGE_SUFFIX) < 0) {
		error_set(err, ENOMEM, "%s", name);
		return NULL;
	}
	return path;
}

static char *copy_path(const char *path, struct error *err)
{
	char *copy;

	if (access(path, F_OK)) {
		error_set(err, errno, "image %s", path);
		return NULL;
	}
	copy = strdup(path);
	if (!copy)
		error_set(err, ENOMEM, "image %s", path);
	return copy;
}

char *image_find(const char *word, struct error *err)
{
	char *path = NULL;

	if (strchr(word, '/'))
		return copy_path(word, err);
	if (image_name_valid(word)) {
		path = image_path(word, err);
		if (!path || !access(path, F_OK))
			return path;
		free(path);
	}
	if (!access(word, F_OK))
		return copy_path(word, err);
	if (!strcmp(word, "mini") || !strcmp(word, "debian"))
		error_set(err, 0, "image '%s' has not been built yet: vitrine image build %s", word,
			  word);
	else
		error_set(err, 0, "no image '%s': vitrine image ls shows those that exist", word);
	return NULL;
}

int image_claim(const char *path, const char *name, struct error *err)
{
	struct flock lock = { .l_type = F_RDLCK, .l_whence = SEEK_SET };
	cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 && errno == ENOENT)
		return IMAGE_NONE;
	if (fd < 0)
		return error_set(err, errno, "image %s", name);
	if (!fcntl(fd, F_OFD_SETLK, &lock))
		return steal_fd(fd);
	if (errno == EAGAIN || errno == EACCES)
		return error_set(err, 0,
				 "image %s is in use: a sandbox writes to it, which would be lost; "
				 "see vitrine ps",
				 name);
	return steal_fd(fd); /* a host file system without locks */
}

char *image_metadata_path(const char *path, struct error *err)
{
	size_t len = strlen(path), suffix = strlen(IMAGE_SUFFIX);
	char *result = NULL;

	if (len > suffix && !strcmp(path + len - suffix, IMAGE_SUFFIX))
		len -= suffix;
	if (asprintf(&result, "%.*s.json", (int)len, path) < 0) {
		error_set(err, ENOMEM, "%s", path);
		return NULL;
	}
	return result;
}

json_t *image_metadata(const char *path)
{
	cleanup_free char *file = image_metadata_path(path, NULL);
	json_t *data = file ? json_load_file(file, 0, NULL) : NULL;

	if (data && !json_is_object(data)) {
		json_decref(data);
		return NULL;
	}
	return data;
}

/* One allocation: the vector, then the strings */
static char **pack_strings(const char *const *strings, size_t count, struct error *err)
{
	size_t bytes = (count + 1) * sizeof(char *);
	char **vector, *text;

	for (size_t i = 0; i < count; i++)
		bytes += strlen(strings[i]) + 1;
	vector = malloc(bytes);
	if (!vector) {
		error_set(err, ENOMEM, "command");
		return NULL;
	}
	text = (char *)(vector + count + 1);
	for (size_t i = 0; i < count; i++) {
		vector[i] = text;
		text = stpcpy(text, strings[i]) + 1;
	}
	vector[count] = NULL;
	return vector;
}

#define COMMAND_MAX 64

char **image_command(const char *path, struct error *err)
{
	const char *fallback[] = { "/bin/sh" }, *words[COMMAND_MAX];
	json_t *data = image_metadata(path), *word;
	json_t *command = json_object_get(data, "command");
	char **result;
	size_t i, count = 0;

	json_array_foreach(command, i, word)
	{
		if (json_is_string(word) && count < COMMAND_MAX)
			words[count++] = json_string_value(word);
	}
	result = count ? pack_strings(words, count, err) : pack_strings(fallback, 1, err);
	json_decref(data);
	return result;
}

static const char *ext_flavour(const struct ext2_super_block *super)
{
	if (super->s_feature_incompat & EXT3_FEATURE_INCOMPAT_EXTENTS)
		return "ext4";
	if (super->s_feature_compat & EXT3_FEATURE_COMPAT_HAS_JOURNAL)
		return "ext3";
	return "ext2";
}

static void format_uuid(const unsigned char *u, char *text, size_t size)
{
	size_t used = 0;

	for (int i = 0; i < 16; i++)
		used += snprintf(text + used, size - used, "%s%02x",
				 i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", u[i]);
}

int image_inspect(const char *path, struct image_facts *facts, struct error *err)
{
	struct stat st;
	ext2_filsys fs;

	memset(facts, 0, sizeof(*facts));
	if (stat(path, &st))
		return error_set(err, errno, "image %s", path);
	if (!S_ISREG(st.st_mode))
		return error_set(err, 0, "image %s is not a regular file", path);

	facts->size = st.st_size;
	facts->disk = (uint64_t)st.st_blocks * 512;
	facts->created = st.st_mtime;
	strcpy(facts->fs_type, "unknown");
	if (ext2fs_open(path,
			EXT2_FLAG_64BITS | EXT2_FLAG_SKIP_MMP | EXT2_FLAG_SUPER_ONLY |
			    EXT2_FLAG_IGNORE_CSUM_ERRORS,
			0, 0, unix_io_manager, &fs))
		return 0;

	facts->used =
	    (ext2fs_blocks_count(fs->super) - ext2fs_free_blocks_count(fs->super)) * fs->blocksize;
	facts->created = fs->super->s_mkfs_time;
	strcpy(facts->fs_type, ext_flavour(fs->super));
	snprintf(facts->label, sizeof(facts->label), "%.16s", (char *)fs->super->s_volume_name);
	format_uuid(fs->super->s_uuid, facts->uuid, sizeof(facts->uuid));
	ext2fs_close_free(&fs);
	return 0;
}
