// SPDX-License-Identifier: GPL-2.0-only
/* mount.c - shared folders appear in the guest before its main command starts
 *
 * Theory of operation
 * The guest's kernel is asked first who the main command runs as, which only the guest's own files
 * know (--user NAME), and the server is told, so that the first look at a folder shows the right
 * owner. Then each folder is mounted. Requests are served in their order, so all this is done when
 * the command is asked for. A folder that cannot be mounted ends the sandbox, with one line here.
 *
 * Host system calls: none.
 */
#include <errno.h>
#include <string.h>

#include "engine/jobs/jobs.h"
#include "engine/jobs/request.h"

#include "lib/say.h"
#include "share.h"
#include "vitrine/util.h"

static void owner_found(void *unused, int64_t value)
{
	/* Who is nobody there is told when the command is started */
	if (value >= 0)
		share_owner((uint32_t)value, (uint32_t)(value >> 32));
}

/* Why, where the guest's words for it say little */
static const char *reason(int error, const struct sandbox_share *share)
{
	switch (error) {
	case EROFS:
		return "there is nothing of that name in the image, and it is read-only";
	case ENOTDIR:
		return "there is a file, or one on the way to it";
	case EISDIR:
		return "there is a directory";
	case ENODEV:
		return "the guest kernel was built without virtiofs";
	default:
		return strerrordesc_np(error);
	}
}

static void mounted(void *context, int64_t value)
{
	const struct sandbox_share *share = context;

	if (!value || value == -ESHUTDOWN)
		return;
	jobs_main_refuse();
	say("cannot mount %s at %s in the guest: %s", share->path, share->target,
	    reason((int)-value, share));
}

static int ask_owner(const struct sandbox_config *config)
{
	const struct question question = { .kind = VT_REQ_USER,
					   .rest = config->user,
					   .rest_len = config->user ? strlen(config->user) : 0 };

	share_owner(config->uid, config->gid);
	return question.rest_len ? request_post(&question, owner_found, NULL) : 0;
}

int share_mount(const struct sandbox_config *config, struct error *err)
{
	int ret = config->nshares ? ask_owner(config) : 0;

	for (unsigned i = 0; i < config->nshares && !ret; i++) {
		const struct sandbox_share *share = &config->shares[i];
		const struct vt_share ask = {
			.number = i,
			.flags = (share->read_only ? VT_SHARE_READ_ONLY : 0) |
				 (share_is_file(i) ? VT_SHARE_FILE : 0),
		};
		const struct question question = { QUESTION(VT_REQ_SHARE, &ask),
						   .rest = share->target,
						   .rest_len = strlen(share->target) };

		ret = request_post(&question, mounted, (void *)share);
	}
	return ret ? error_set(err, -ret, "cannot queue the mounting of shared folders") : 0;
}
