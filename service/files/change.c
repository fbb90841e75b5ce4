// SPDX-License-Identifier: GPL-2.0-only
/* change.c - whose a file is, what it is called, and that it is there at all
 *
 * The guest's kernel does it, as root, so nothing is needed in the image, but for one thing: to
 * another file system a file is moved by the image's own mv, which gets paths as arguments, never
 * as text of a shell.
 *
 * A directory that is removed may be changed meanwhile by what runs there: it is tried a few times.
 */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/cp/guestfs.h"
#include "guest.h"
#include "service/proc/collect.h"
#include "service/proc/process.h"
#include "vitrine/util.h"

#define PATIENCE_MS 30000
#define TRIES 5

/* Run a command, whose words are taken over. Return: 0, or -1 with what it said */
static int run(struct guest *guest, json_t *argv, const char *path, struct fault *fault)
{
	struct command command = { .argv = argv, .user = "0:0", .cwd = "/" };
	struct collected said = { 0 };
	struct reader reader;
	struct process *p = process_start(guest->service, guest->id, &command, &reader, fault);
	int ret = p ? 0 : -1;

	if (p) {
		ret = collect(p, &reader, PATIENCE_MS, &said, fault);
		if (!ret && said.status)
			ret = fault_set(fault, FAULT_BAD_REQUEST, "%.200s: %.*s", path,
					said.err ? (int)strcspn(said.err, "\n") : 0,
					said.err ? said.err : "");
		collected_free(&said);
		log_close(&reader);
		process_forget(p);
		process_release(p);
	}
	json_decref(argv);
	return ret;
}

int guest_chown(struct guest *guest, json_t *paths, const char *user, struct fault *fault)
{
	uint32_t uid, gid;
	char home[256];
	json_t *path;
	size_t i;
	int ret = 0;

	if (guest_user(guest, user, &uid, &gid, home, sizeof(home)))
		ret = fault_set(fault, FAULT_BAD_REQUEST, "there is no user %.64s", user);
	json_array_foreach(paths, i, path)
	{
		struct error err = { 0 };

		if (!ret && guestfs_chown(guest->client, json_string_value(path), uid, gid, &err))
			ret = guest_fault(fault, &err, json_string_value(path));
	}
	json_decref(paths);
	return ret;
}

int guest_rename(struct guest *guest, const char *from, const char *to, struct fault *fault)
{
	struct error err = { 0 };
	struct entry target;

	if (!guest_stat(guest, to, &target, fault)) {
		/* An empty one would be replaced */
		if (S_ISDIR(target.mode))
			return fault_set(fault, FAULT_EXISTS, "%.300s is a directory", to);
	} else if (fault->code != FAULT_NOT_FOUND) {
		return -1;
	}
	if (!guestfs_rename(guest->client, from, to, &err))
		return 0;
	if (err.code != EXDEV)
		return guest_fault(fault, &err, from);
	return run(guest, json_pack("[s, s, s, s, s]", "mv", "-f", "--", from, to), from, fault);
}

static int remove_tree(struct guest *guest, char path[GUEST_PATH_MAX], struct error *err);

/* All that is in a directory now; @path is changed on the way, and what it was afterwards */
static int remove_below(struct guest *guest, char path[GUEST_PATH_MAX], struct error *err)
{
	const size_t len = strlen(path);
	char **names;
	int ret = 0;

	if (guestfs_list(guest->client, path, &names, err))
		return err->code == ENOENT ? 0 : -1;
	for (size_t i = 0; !ret && names[i]; i++) {
		if (snprintf(path + len, GUEST_PATH_MAX - len, "/%s", names[i]) >=
		    (int)(GUEST_PATH_MAX - len)) {
			ret = error_set(err, ENAMETOOLONG, "%.200s", path);
			err->code = ENAMETOOLONG;
		} else {
			ret = remove_tree(guest, path, err);
		}
		path[len] = '\0';
	}
	guestfs_list_free(names);
	return ret;
}

/* A file, or a directory with all that is in it. That it is gone already is as well */
static int remove_tree(struct guest *guest, char path[GUEST_PATH_MAX], struct error *err)
{
	for (unsigned i = 0; i < TRIES; i++) {
		if (!guestfs_unlink(guest->client, path, err) || err->code == ENOENT)
			return 0;
		if (err->code != EISDIR || remove_below(guest, path, err))
			return -1;
		if (!guestfs_rmdir(guest->client, path, err) || err->code == ENOENT)
			return 0;
		if (err->code != ENOTEMPTY && err->code != ENOTDIR)
			return -1;
	}
	return -1;
}

int guest_remove(struct guest *guest, const char *path, struct fault *fault)
{
	char changed[GUEST_PATH_MAX];
	struct error err = { 0 };

	if (!strcmp(path, "/"))
		return fault_set(fault, FAULT_BAD_REQUEST, "the root is not removed");
	snprintf(changed, sizeof(changed), "%s", path);
	return remove_tree(guest, changed, &err) ? guest_fault(fault, &err, path) : 0;
}
