/* SPDX-License-Identifier: GPL-2.0-only */
/* guest.h - files of a sandbox, for the service's calls
 *
 * Everything goes through the control socket and is the sandbox's: paths are walked in its own
 * root, so none leads out of it. Functions return 0, or -1 with @fault.
 */
#ifndef SERVICE_FILES_GUEST_H
#define SERVICE_FILES_GUEST_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include "cli/common/client.h"
#include "service/fault.h"
#include "service/life/sandbox.h"

#define GUEST_PATH_MAX 4096
#define GUEST_DEPTH_MAX 64
#define GUEST_ENTRIES_MAX 20000

struct service;

/**
 * struct guest - a connection for files
 * @passwd, @group: texts of these files, read when they are first needed
 */
struct guest {
	struct service *service;
	struct client *client;
	char id[SANDBOX_ID_LEN + 1], *passwd, *group;
};

/**
 * struct entry - what is known of a file
 * @target: of a symbolic link, or ""
 */
struct entry {
	char path[GUEST_PATH_MAX], target[GUEST_PATH_MAX];
	uint32_t mode, uid, gid;
	uint64_t size;
	int64_t mtime, mtime_ns;
};

int guest_open(struct service *service, const char *id, struct guest *guest, struct fault *fault);
void guest_close(struct guest *guest);
#define cleanup_guest __attribute__((cleanup(guest_close)))

/**
 * guest_path() - Where a client's path leads: absolute, or from a user's home
 * @user: NULL for root
 */
int guest_path(struct guest *guest, const char *path, const char *user, char out[GUEST_PATH_MAX],
	       struct fault *fault);

/** guest_stat() - Look at a file; a symbolic link is not followed */
int guest_stat(struct guest *guest, const char *path, struct entry *entry, struct fault *fault);

/** guest_follow() - Where a path leads when it is a symbolic link, or @path itself */
int guest_follow(struct guest *guest, char path[GUEST_PATH_MAX], struct entry *entry,
		 struct fault *fault);

/** guest_list() - All below a directory, to a depth of @depth: 1 is what is in it */
typedef int guest_visit(const struct entry *entry, void *context);
int guest_list(struct guest *guest, const char *path, unsigned depth, guest_visit *visit,
	       void *context, struct fault *fault);

/** guest_mkdirs() - Make a directory and its parents; those that are there are left alone */
int guest_mkdirs(struct guest *guest, const char *path, const char *user, struct fault *fault);

/** guest_remove() - Remove a file, or a directory and all that is in it */
int guest_remove(struct guest *guest, const char *path, struct fault *fault);

int guest_rename(struct guest *guest, const char *from, const char *to, struct fault *fault);

/** guest_chown() - Give files to a user; @paths is consumed. Links themselves, not their targets */
int guest_chown(struct guest *guest, json_t *paths, const char *user, struct fault *fault);

/**
 * guest_metadata() - What clients have said of a file: extended attributes "user.e2b.NAME"
 *
 * Return: an object of texts, or NULL when there is nothing.
 */
json_t *guest_metadata(struct guest *guest, const char *path);

/** guest_metadata_set() - @metadata: an object of texts; NULL: nothing to do */
int guest_metadata_set(struct guest *guest, const char *path, const json_t *metadata,
		       struct fault *fault);

/** guest_user() - Numbers and home of a user. Return: 0, or -1 when there is none */
int guest_user(struct guest *guest, const char *name, uint32_t *uid, uint32_t *gid, char *home,
	       size_t size);

/** guest_names() - Names of a file's owner and group; numbers where there are none */
void guest_names(struct guest *guest, const struct entry *entry, char owner[64], char group[64]);

/** guest_fault() - What an error of the guest is to a client */
int guest_fault(struct fault *fault, const struct error *err, const char *path);

#endif
