/* SPDX-License-Identifier: GPL-2.0-only */
/* guestfs.h - files of a running sandbox, as system calls over its control socket
 *
 * Everything that comes back is the guest's and may be hostile. Functions return -1 with @err
 * filled when something fails; err->code is then the guest's errno value.
 */
#ifndef CLI_CP_GUESTFS_H
#define CLI_CP_GUESTFS_H

#include "cli/common/client.h"
#include "vitrine/abi.h"

/* Bytes per read and write */
#define GUESTFS_CHUNK MESSAGE_PAYLOAD_MAX

/** struct guest_stat - lstat(2) of a guest file */
struct guest_stat {
	uint32_t mode;
	uint64_t size;
	int64_t mtime, mtime_ns;
};

int guestfs_stat(struct client *client, const char *path, struct guest_stat *st, struct error *err);

/** guestfs_open() - Open a regular file or directory; @flags are O_*. Return: handle or -1 */
int64_t guestfs_open(struct client *client, const char *path, int flags, unsigned mode,
		     struct error *err);
int guestfs_close(struct client *client, int64_t handle, struct error *err);

/**
 * guestfs_read() - Read at most GUESTFS_CHUNK bytes
 * @data: set to the bytes, valid until the next message
 *
 * Return: bytes, 0 at the end of the file, or -1.
 */
ssize_t guestfs_read(struct client *client, int64_t handle, uint64_t offset, const uint8_t **data,
		     struct error *err);

/* ---- the same in two halves: the next one is on its way while this one is worked on ---- */

int guestfs_read_ask(struct client *client, int64_t handle, uint64_t offset, struct error *err);
ssize_t guestfs_read_answer(struct client *client, const uint8_t **data, struct error *err);

/** guestfs_write_ask() - At most GUESTFS_CHUNK bytes */
int guestfs_write_ask(struct client *client, int64_t handle, uint64_t offset, const void *data,
		      size_t len, struct error *err);

/** guestfs_write_answer() - Of @len bytes: anything less is an error, the file system is full */
int guestfs_write_answer(struct client *client, size_t len, struct error *err);

int guestfs_write(struct client *client, int64_t handle, uint64_t offset, const void *data,
		  size_t len, struct error *err);

/**
 * guestfs_list() - Names in a directory
 * @names: set to a NULL-terminated array without "." and ".."; free with guestfs_list_free().
 *         No name is empty or has a slash in it.
 */
int guestfs_list(struct client *client, const char *path, char ***names, struct error *err);
void guestfs_list_free(char **names);

int guestfs_mkdir(struct client *client, const char *path, unsigned mode, struct error *err);
int guestfs_unlink(struct client *client, const char *path, struct error *err);
int guestfs_rmdir(struct client *client, const char *path, struct error *err);
int guestfs_rename(struct client *client, const char *from, const char *to, struct error *err);

/** guestfs_chown() - Give a file to a user and a group; of a symbolic link: the link */
int guestfs_chown(struct client *client, const char *path, uint32_t uid, uint32_t gid,
		  struct error *err);
int guestfs_symlink(struct client *client, const char *target, const char *path, struct error *err);

/** guestfs_attribute() - Set an extended attribute of a user's; without @value: remove it */
int guestfs_attribute(struct client *client, const char *path, const char *name, const char *value,
		      struct error *err);

/**
 * guestfs_attributes() - Extended attributes of users
 * @each: called for each of them; texts without a NUL, valid during the call
 */
typedef void guestfs_attribute_visit(void *context, const char *name, size_t name_len,
				     const char *value, size_t value_len);
int guestfs_attributes(struct client *client, const char *path, guestfs_attribute_visit *each,
		       void *context, struct error *err);

/** guestfs_readlink() - Target of a symbolic link, which the caller frees, or NULL */
char *guestfs_readlink(struct client *client, const char *path, struct error *err);

#endif
