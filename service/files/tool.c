// SPDX-License-Identifier: GPL-2.0-only
/* tool.c - what the control socket has no message for: the sandbox's own chown, mv and rm do it
 *
 * They run as root, and get paths as arguments, never as text of a shell.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/cp/guestfs.h"
#include "guest.h"
#include "service/proc/collect.h"
#include "service/proc/process.h"
#include "vitrine/util.h"

#define PATIENCE_MS 30000

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
	char home[256], owner[32];
	json_t *argv;

	if (guest_user(guest, user, &uid, &gid, home, sizeof(home))) {
		json_decref(paths);
		return fault_set(fault, FAULT_BAD_REQUEST, "there is no user %.64s", user);
	}
	snprintf(owner, sizeof(owner), "%u:%u", uid, gid);
	argv = json_pack("[s, s, s]", "chown", "-h", owner);
	json_array_extend(argv, paths);
	json_decref(paths);
	return run(guest, argv, user, fault);
}

int guest_rename(struct guest *guest, const char *from, const char *to, struct fault *fault)
{
	struct entry source, target;

	if (guest_stat(guest, from, &source, fault))
		return -1;
	if (!guest_stat(guest, to, &target, fault)) {
		/* mv would put it inside of a directory */
		if (S_ISDIR(target.mode))
			return fault_set(fault, FAULT_EXISTS, "%.300s is a directory", to);
	} else if (fault->code != FAULT_NOT_FOUND) {
		return -1;
	}
	return run(guest, json_pack("[s, s, s, s, s]", "mv", "-f", "--", from, to), from, fault);
}

int guest_remove(struct guest *guest, const char *path, struct fault *fault)
{
	struct error err = { 0 };

	if (!strcmp(path, "/"))
		return fault_set(fault, FAULT_BAD_REQUEST, "the root is not removed");
	if (!guestfs_unlink(guest->client, path, &err) || err.code == ENOENT)
		return 0;
	if (err.code != EISDIR)
		return guest_fault(fault, &err, path);
	return run(guest, json_pack("[s, s, s, s]", "rm", "-rf", "--", path), path, fault);
}
