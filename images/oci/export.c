// SPDX-License-Identifier: GPL-2.0-only
/* export.c - images as files that other programs read
 *
 * Theory of operation
 * The file system may be a guest's work, so it is read in a sealed process that has the disk and
 * the file to write. A layout has one layer: what the layers of the image were is not kept, only
 * what they came to.
 */

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>
#include "engine/disk/disk.h"
#include "images/ext4_reader.h"
#include "images/flatten.h"
#include "images/digest.h"
#include "images/oci/export.h"
#include "images/oci/layer.h"
#include "images/progress.h"
#include "images/sealed.h"
#include "vitrine/util.h"

#define BUFFER (256 * 1024)
#define MEMORY_MIB 3072

/**
 * struct job - one export
 * @out:   file to write
 * @gzip:  compress, and say the digests
 * @first: for each inode with several names, the first of them
 */
struct job {
	const struct store_disk *paths;
	const char *top;
	enum export_format format;
	int out;
	bool gzip;

	struct disk *disk;
	struct archive *inner, *outer;
	struct hasher *plain, *compressed;
	uint64_t size;
	char **first, *buffer;
	struct error write_error;
};

static int write_all(struct job *job, const void *data, size_t len)
{
	const char *p = data;

	hasher_add(job->compressed, data, len);
	job->size += len;
	while (len) {
		ssize_t done = write(job->out, p, len);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return error_set(&job->write_error, errno, "cannot write");
		p += done;
		len -= done;
	}
	progress_bytes(job->size);
	return 0;
}

static la_ssize_t write_compressed(struct archive *a, void *context, const void *data, size_t len)
{
	return write_all(context, data, len) ? ARCHIVE_FATAL : (la_ssize_t)len;
}

static la_ssize_t write_plain(struct archive *a, void *context, const void *data, size_t len)
{
	struct job *job = context;

	hasher_add(job->plain, data, len);
	if (!job->gzip)
		return write_all(job, data, len) ? ARCHIVE_FATAL : (la_ssize_t)len;
	return archive_write_data(job->outer, data, len) == (la_ssize_t)len ? (la_ssize_t)len
									    : ARCHIVE_FATAL;
}

static int open_archives(struct job *job, struct error *err)
{
	struct archive_entry *entry;
	int ret = ARCHIVE_OK;

	job->buffer = malloc(BUFFER);
	job->plain = hasher_new();
	job->compressed = hasher_new();
	job->inner = archive_write_new();
	job->outer = archive_write_new();
	if (!job->buffer || !job->plain || !job->compressed || !job->inner || !job->outer)
		return error_set(err, ENOMEM, "archive");
	archive_write_set_format_pax_restricted(job->inner);
	archive_write_set_bytes_in_last_block(job->inner, 1);
	archive_write_set_options(job->inner, "pax:xattrheader=SCHILY");
	if (job->gzip) {
		archive_write_set_format_raw(job->outer);
		archive_write_add_filter_gzip(job->outer);
		archive_write_set_options(job->outer, "gzip:!timestamp");
		archive_write_set_bytes_in_last_block(job->outer, 1);
		ret = archive_write_open(job->outer, job, NULL, write_compressed, NULL);
		entry = archive_entry_new();
		archive_entry_set_filetype(entry, AE_IFREG);
		archive_entry_set_pathname(entry, "layer");
		if (ret == ARCHIVE_OK)
			ret = archive_write_header(job->outer, entry);
		archive_entry_free(entry);
	}
	if (ret == ARCHIVE_OK)
		ret = archive_write_open(job->inner, job, NULL, write_plain, NULL);
	return ret == ARCHIVE_OK ? 0 : error_set(err, 0, "cannot write an archive");
}

/* The two ways in which a device's number is kept: old_decode_dev(), new_decode_dev() */
static dev_t device_of(const struct ext2_inode_large *inode)
{
	uint32_t old = inode->i_block[0], new = inode->i_block[1];

	if (old)
		return makedev(old >> 8 & 0xff, old & 0xff);
	return makedev((new & 0xfff00) >> 8, (new & 0xff) | (new >> 12 & 0xfff00));
}

static int add_one_xattr(char *name, char *value, size_t length, void *context)
{
	archive_entry_xattr_add_entry(context, name, value, length);
	return 0;
}

static void add_xattrs(struct reader *reader, ext2_ino_t ino, struct archive_entry *entry)
{
	struct ext2_xattr_handle *handle;

	if (ext2fs_xattrs_open(reader->fs, ino, &handle))
		return;
	if (!ext2fs_xattrs_read(handle))
		ext2fs_xattrs_iterate(handle, add_one_xattr, entry);
	ext2fs_xattrs_close(&handle);
}

static int copy_data(struct job *job, struct reader *reader, const struct reader_entry *e,
		     uint64_t size, struct error *err)
{
	ext2_file_t file;
	uint64_t done = 0;
	errcode_t code =
	    ext2fs_file_open2(reader->fs, e->ino, (struct ext2_inode *)&e->inode, 0, &file);

	while (!code && done < size) {
		unsigned want = size - done < BUFFER ? size - done : BUFFER, got = 0;

		code = ext2fs_file_read(file, job->buffer, want, &got);
		if (!code && !got)
			code = EXT2_ET_SHORT_READ;
		if (!code && archive_write_data(job->inner, job->buffer, got) != (la_ssize_t)got)
			code = EIO;
		done += got;
	}
	if (file)
		ext2fs_file_close(file);
	if (job->write_error.text[0])
		return error_set(err, 0, "%s", job->write_error.text);
	return code ? error_set(err, 0, "/%.200s: %s", e->path, error_message(code)) : 0;
}

static int64_t seconds_of(const struct ext2_inode_large *inode)
{
	return (int32_t)inode->i_mtime + ((int64_t)(inode->i_mtime_extra & 3) << 32);
}

static int describe(struct job *job, struct reader *reader, const struct reader_entry *e,
		    struct archive_entry *entry, struct error *err)
{
	const struct ext2_inode_large *inode = &e->inode;
	char target[4097];
	unsigned mode = inode->i_mode;

	archive_entry_set_pathname(entry, *e->path ? e->path : ".");
	archive_entry_set_mode(entry, mode);
	archive_entry_set_uid(entry, inode_uid(*inode));
	archive_entry_set_gid(entry, inode_gid(*inode));
	archive_entry_set_mtime(entry, seconds_of(inode), inode->i_mtime_extra >> 2);
	archive_entry_set_size(entry, 0);
	add_xattrs(reader, e->ino, entry);
	if (LINUX_S_ISCHR(mode) || LINUX_S_ISBLK(mode))
		archive_entry_set_rdev(entry, device_of(inode));
	if (LINUX_S_ISLNK(mode)) {
		if (reader_link(reader, e, target, err))
			return -1;
		archive_entry_set_symlink(entry, target);
	}
	if (!LINUX_S_ISDIR(mode) && inode->i_links_count > 1) {
		if (job->first[e->ino])
			archive_entry_set_hardlink(entry, job->first[e->ino]);
		else
			job->first[e->ino] = strdup(e->path);
	}
	return 0;
}

static int visit(void *context, struct reader *reader, const struct reader_entry *e,
		 struct error *err)
{
	struct job *job = context;
	struct archive_entry *entry;
	uint64_t size = EXT2_I_SIZE(&e->inode);
	bool data;
	int ret;

	if (LINUX_S_ISSOCK(e->inode.i_mode))
		return 0; /* has no place in tar */
	entry = archive_entry_new();
	ret = describe(job, reader, e, entry, err);
	data = LINUX_S_ISREG(e->inode.i_mode) && !archive_entry_hardlink(entry);
	if (data)
		archive_entry_set_size(entry, size);
	if (!ret && archive_write_header(job->inner, entry) < ARCHIVE_WARN)
		ret = job->write_error.text[0] ? error_set(err, 0, "%s", job->write_error.text)
					       : error_set(err, 0, "/%.200s: %.100s", e->path,
							   archive_error_string(job->inner));
	if (!ret && data)
		ret = copy_data(job, reader, e, size, err);
	archive_entry_free(entry);
	return ret;
}

static int write_tar(struct job *job, int answer, struct error *err)
{
	char digest[DIGEST_SIZE], diff[DIGEST_SIZE];
	struct reader reader;
	int ret;

	if (reader_open(&reader, job->disk, err))
		return -1;
	job->first = calloc(reader.fs->super->s_inodes_count + 1ULL, sizeof(*job->first));
	ret = job->first ? open_archives(job, err) : error_set(err, ENOMEM, "archive");
	if (!ret)
		ret = reader_walk(&reader, visit, job, err);
	if (!ret && (archive_write_close(job->inner) != ARCHIVE_OK ||
		     (job->gzip && archive_write_close(job->outer) != ARCHIVE_OK)))
		ret = error_set(err, 0, "%s",
				job->write_error.text[0] ? job->write_error.text : "cannot write");
	if (ret)
		return -1;
	hasher_end(job->compressed, digest);
	hasher_end(job->plain, diff);
	return dprintf(answer, "%s %s %llu", digest, diff, (unsigned long long)job->size) > 0
		   ? 0
		   : error_set(err, errno, "pipe");
}

static int prepare(void *context, struct error *err)
{
	struct job *job = context;

	return layer_prepare(job->paths, job->top, true, &job->disk, err);
}

static int work(void *context, int answer, struct error *err)
{
	struct job *job = context;

	if (job->format == EXPORT_RAW)
		return flatten(job->disk, job->out, err);
	return write_tar(job, answer, err);
}

static int run_job(struct job *job, char **answer, struct error *err)
{
	const struct sealed sealed = { .what = "exporting",
				       .prepare = prepare,
				       .work = work,
				       .context = job,
				       .memory = MEMORY_MIB };

	progress_phase(job->format == EXPORT_RAW ? "write the disk" : "write the archive");
	return sealed_run(&sealed, answer, err);
}

static int export_file(struct job *job, const char *path, struct error *err)
{
	cleanup_close int fd = -1;
	int ret;

	if (!strcmp(path, "-")) {
		if (job->format == EXPORT_RAW)
			return error_set(err, 0, "a disk has holes and needs a file, not '-'");
		job->out = STDOUT_FILENO;
		return run_job(job, NULL, err);
	}
	fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	if (fd < 0)
		return error_set(err, errno, "%s", path);
	job->out = fd;
	ret = run_job(job, NULL, err);
	if (!ret && fsync(fd) && errno != EINVAL)
		ret = error_set(err, errno, "%s", path);
	if (ret)
		unlink(path);
	return ret;
}

/* A document under its digest, which goes to @digest */
static int put_blob(const char *path, json_t *json, char *digest, size_t *size, struct error *err)
{
	cleanup_free char *text = json ? json_dumps(json, JSON_COMPACT) : NULL, *name = NULL;
	cleanup_fclose FILE *file = NULL;

	json_decref(json);
	if (!text)
		return error_set(err, 0, "the image's configuration is not text");
	*size = strlen(text);
	digest_of(text, *size, digest);
	if (asprintf(&name, "%s/blobs/sha256/%s", path, digest_hex(digest)) < 0)
		return error_set(err, ENOMEM, "%s", path);
	file = fopen(name, "wex");
	if (!file || fwrite(text, 1, *size, file) != *size || fflush(file))
		return error_set(err, errno, "%s", name);
	return 0;
}

static json_t *list_as_keys(json_t *list)
{
	json_t *keys = json_object(), *one;
	size_t i;

	json_array_foreach(list, i, one)
	    json_object_set_new(keys, json_string_value(one), json_object());
	return keys;
}

/* Back to the specification's names */
static json_t *config_document(json_t *run, const char *diff)
{
	static const char *const names[][2] = {
		{ "entrypoint", "Entrypoint" },	 { "cmd", "Cmd" },   { "env", "Env" },
		{ "workdir", "WorkingDir" },	 { "user", "User" }, { "labels", "Labels" },
		{ "stop_signal", "StopSignal" },
	};
	const char *platform = json_string_value(json_object_get(run, "platform"));
	const char *slash = platform ? strchr(platform, '/') : NULL;
	json_t *config = json_object();

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (json_object_get(run, names[i][0]))
			json_object_set(config, names[i][1], json_object_get(run, names[i][0]));
	}
	if (json_object_get(run, "ports"))
		json_object_set_new(config, "ExposedPorts",
				    list_as_keys(json_object_get(run, "ports")));
	if (json_object_get(run, "volumes"))
		json_object_set_new(config, "Volumes",
				    list_as_keys(json_object_get(run, "volumes")));
	return json_pack("{ss% ss so s{ss s[s]}}", "os", slash ? platform : "linux",
			 slash ? (size_t)(slash - platform) : (size_t)5, "architecture",
			 slash ? slash + 1 : "amd64", "config", config, "rootfs", "type", "layers",
			 "diff_ids", diff);
}

#define MEDIA "application/vnd.oci.image."

static int put_documents(const char *path, json_t *record, const char *answer, struct error *err)
{
	char digest[DIGEST_SIZE], diff[DIGEST_SIZE], config[DIGEST_SIZE], manifest[DIGEST_SIZE];
	unsigned long long size;
	size_t config_size, manifest_size;
	cleanup_free char *index = NULL, *layout = NULL, *from = NULL, *to = NULL;
	const char *name = json_string_value(json_object_get(record, "name"));
	json_t *json;
	int ret;

	if (sscanf(answer, "%71s %71s %llu", digest, diff, &size) != 3 || !digest_valid(digest))
		return error_set(err, 0,
				 "exporting: the process that packs the files sent no digests");
	if (asprintf(&from, "%s/blobs/sha256/layer", path) < 0 ||
	    asprintf(&to, "%s/blobs/sha256/%s", path, digest_hex(digest)) < 0 ||
	    asprintf(&index, "%s/index.json", path) < 0 ||
	    asprintf(&layout, "%s/oci-layout", path) < 0)
		return error_set(err, ENOMEM, "%s", path);
	if (rename(from, to))
		return error_set(err, errno, "%s", to);
	if (put_blob(path, config_document(json_object_get(record, "config"), diff), config,
		     &config_size, err))
		return -1;
	json = json_pack("{si ss s{ss ss sI} s[{ss ss sI}]}", "schemaVersion", 2, "mediaType",
			 MEDIA "manifest.v1+json", "config", "mediaType", MEDIA "config.v1+json",
			 "digest", config, "size", (json_int_t)config_size, "layers", "mediaType",
			 MEDIA "layer.v1.tar+gzip", "digest", digest, "size", (json_int_t)size);
	if (put_blob(path, json, manifest, &manifest_size, err))
		return -1;
	json = json_pack("{si s[{ss ss sI s{ss}}]}", "schemaVersion", 2, "manifests", "mediaType",
			 MEDIA "manifest.v1+json", "digest", manifest, "size",
			 (json_int_t)manifest_size, "annotations",
			 "org.opencontainers.image.ref.name", name ? name : "image");
	ret = json_dump_file(json, index, JSON_COMPACT);
	json_decref(json);
	json = json_pack("{ss}", "imageLayoutVersion", "1.0.0");
	ret = ret || json_dump_file(json, layout, JSON_COMPACT);
	json_decref(json);
	return ret ? error_set(err, errno, "%s", path) : 0;
}

static int remove_tree(const char *path)
{
	cleanup_free char *command = NULL;

	return asprintf(&command, "%s/blobs/sha256/layer", path) < 0 ? -1 : unlink(command);
}

static int export_layout(struct job *job, json_t *record, const char *path, struct error *err)
{
	cleanup_free char *blobs = NULL, *sha = NULL, *layer = NULL, *answer = NULL;
	cleanup_close int fd = -1;
	int ret;

	if (!strcmp(path, "-"))
		return error_set(err, 0, "an OCI layout is a directory: give its name");
	if (asprintf(&blobs, "%s/blobs", path) < 0 || asprintf(&sha, "%s/sha256", blobs) < 0 ||
	    asprintf(&layer, "%s/layer", sha) < 0)
		return error_set(err, ENOMEM, "%s", path);
	if (mkdir(path, 0777) || mkdir(blobs, 0777) || mkdir(sha, 0777))
		return error_set(err, errno, "%s", path);
	fd = open(layer, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	if (fd < 0)
		return error_set(err, errno, "%s", layer);
	job->out = fd;
	job->gzip = true;
	ret = run_job(job, &answer, err);
	if (!ret)
		ret = put_documents(path, record, answer, err);
	if (ret) {
		remove_tree(path);
		rmdir(sha);
		rmdir(blobs);
		rmdir(path);
	}
	return ret;
}

int export_image(const struct store *store, json_t *record, const char *top,
		 enum export_format format, const char *path, struct error *err)
{
	struct store_disk paths;
	struct job job = { .paths = &paths, .top = top, .format = format };
	int ret = store_disk(store, record, &paths, err);

	if (!ret)
		ret = format == EXPORT_OCI ? export_layout(&job, record, path, err)
					   : export_file(&job, path, err);
	store_disk_free(&paths);
	return ret;
}
