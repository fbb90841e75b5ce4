// SPDX-License-Identifier: GPL-2.0-only
/* guest.c - files of a sandbox, for the service's calls */
#include "guest.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/cp/guestfs.h"
#include "service/life/sandbox.h"
#include "service/service.h"
#include "vitrine/util.h"

#define LINKS_MAX 40
#define ACCOUNTS_MAX (256 * 1024)

static const struct {
	int code;
	enum fault_code fault;
} codes[] = {
	{ ENOENT, FAULT_NOT_FOUND },	{ EEXIST, FAULT_EXISTS },
	{ ENOTDIR, FAULT_BAD_REQUEST }, { EISDIR, FAULT_BAD_REQUEST },
	{ EINVAL, FAULT_BAD_REQUEST },	{ ENAMETOOLONG, FAULT_BAD_REQUEST },
	{ ELOOP, FAULT_BAD_REQUEST },	{ EOPNOTSUPP, FAULT_BAD_REQUEST },
	{ ENOTEMPTY, FAULT_EXISTS },	{ EXDEV, FAULT_BAD_REQUEST },
	{ EACCES, FAULT_FORBIDDEN },	{ EPERM, FAULT_FORBIDDEN },
	{ EROFS, FAULT_FORBIDDEN },	{ EBUSY, FAULT_CONFLICT },
	{ ENOSPC, FAULT_NO_SPACE },	{ EDQUOT, FAULT_NO_SPACE },
	{ EFBIG, FAULT_TOO_LARGE },	{ EMFILE, FAULT_BUSY },
	{ ETIMEDOUT, FAULT_TIMEOUT },	{ ENOBUFS, FAULT_BUSY },
};

int guest_fault(struct fault *fault, const struct error *err, const char *path)
{
	for (size_t i = 0; i < ARRAY_SIZE(codes); i++) {
		if (codes[i].code == err->code)
			return fault_set(fault, codes[i].fault, "%.300s: %s", path,
					 strerror(err->code));
	}
	if (err->code)
		return fault_set(fault, FAULT_INTERNAL, "%.300s: %s", path, strerror(err->code));
	return fault_set(fault, FAULT_SANDBOX_GONE, "%s", err->text);
}

int guest_open(struct service *service, const char *id, struct guest *guest, struct fault *fault)
{
	char name[SANDBOX_NAME_LEN + 1];
	struct error err = { 0 };

	*guest = (struct guest){ .client = malloc(sizeof(*guest->client)), .service = service };
	snprintf(guest->id, sizeof(guest->id), "%s", id);
	if (!guest->client)
		return fault_set(fault, FAULT_BUSY, "no memory");
	sandbox_name(service, id, name);
	if (client_open(guest->client, name, &err))
		return fault_error(fault, FAULT_SANDBOX_GONE, &err);
	return 0;
}

void guest_close(struct guest *guest)
{
	if (guest->client)
		client_close(guest->client);
	free(guest->client);
	free(guest->passwd);
	free(guest->group);
	*guest = (struct guest){ 0 };
}

/* ---- accounts ---- */

/* A small file as text, "" when there is none */
static char *read_text(struct guest *guest, const char *path)
{
	int64_t handle = guestfs_open(guest->client, path, O_RDONLY, 0, NULL);
	char *text = calloc(1, ACCOUNTS_MAX + 1);
	const uint8_t *data;
	size_t used = 0;
	ssize_t n;

	while (handle >= 0 && text && used < ACCOUNTS_MAX &&
	       (n = guestfs_read(guest->client, handle, used, &data, NULL)) > 0) {
		if ((size_t)n > ACCOUNTS_MAX - used)
			n = (ssize_t)(ACCOUNTS_MAX - used);
		memcpy(text + used, data, (size_t)n);
		used += (size_t)n;
	}
	if (handle >= 0)
		guestfs_close(guest->client, handle, NULL);
	return text;
}

/* Field number @n of a line "a:b:c", as far as it fits */
static bool field(const char *line, unsigned n, char *out, size_t size)
{
	size_t len;

	for (; n; n--) {
		line += strcspn(line, ":\n");
		if (*line++ != ':')
			return false;
	}
	len = strcspn(line, ":\n");
	if (len >= size)
		return false;
	memcpy(out, line, len);
	out[len] = '\0';
	return true;
}

static const char *next_line(const char *line)
{
	line += strcspn(line, "\n");
	return *line ? line + 1 : line;
}

static const char *accounts(struct guest *guest, char **text, const char *path)
{
	if (!*text)
		*text = read_text(guest, path);
	return *text ? *text : "";
}

int guest_user(struct guest *guest, const char *name, uint32_t *uid, uint32_t *gid, char *home,
	       size_t size)
{
	char text[64];

	for (const char *line = accounts(guest, &guest->passwd, "/etc/passwd"); *line;
	     line = next_line(line)) {
		if (!field(line, 0, text, sizeof(text)) || strcmp(text, name) != 0)
			continue;
		*uid = field(line, 2, text, sizeof(text)) ? (uint32_t)strtoul(text, NULL, 10) : 0;
		*gid = field(line, 3, text, sizeof(text)) ? (uint32_t)strtoul(text, NULL, 10) : 0;
		if (!field(line, 5, home, size) || home[0] != '/')
			snprintf(home, size, "/");
		return 0;
	}
	return -1;
}

static void name_of(const char *lines, uint32_t number, char out[64])
{
	char text[64];

	snprintf(out, 64, "%" PRIu32, number);
	for (; *lines; lines = next_line(lines)) {
		if (field(lines, 2, text, sizeof(text)) && strtoul(text, NULL, 10) == number &&
		    *text && field(lines, 0, text, sizeof(text))) {
			snprintf(out, 64, "%s", text);
			return;
		}
	}
}

void guest_names(struct guest *guest, const struct entry *entry, char owner[64], char group[64])
{
	name_of(accounts(guest, &guest->passwd, "/etc/passwd"), entry->uid, owner);
	name_of(accounts(guest, &guest->group, "/etc/group"), entry->gid, group);
}

int guest_path(struct guest *guest, const char *path, const char *user, char out[GUEST_PATH_MAX],
	       struct fault *fault)
{
	char home[256] = "/root";
	uint32_t uid, gid;
	size_t len;

	if (!path || !*path)
		return fault_set(fault, FAULT_BAD_REQUEST, "path: is missing");
	if (*path != '/' &&
	    guest_user(guest, user ? user : "root", &uid, &gid, home, sizeof(home)) && user)
		return fault_set(fault, FAULT_BAD_REQUEST, "there is no user %.64s", user);
	if (!strncmp(path, "~/", 2))
		path += 2;
	if (snprintf(out, GUEST_PATH_MAX, "%s%s%s", *path == '/' ? "" : home,
		     *path == '/' ? "" : "/", path) >= GUEST_PATH_MAX)
		return fault_set(fault, FAULT_BAD_REQUEST, "path: too long");
	for (len = strlen(out); len > 1 && out[len - 1] == '/'; len--)
		out[len - 1] = '\0';
	return 0;
}

/* ---- one file ---- */

int guest_stat(struct guest *guest, const char *path, struct entry *e, struct fault *fault)
{
	struct answer answer;
	struct error err = { 0 };

	*e = (struct entry){ 0 };
	snprintf(e->path, sizeof(e->path), "%s", path);
	if (client_call(guest->client, json_pack("{s:s}", "op", "stat"), path, strlen(path),
			&answer, &err))
		return guest_fault(fault, &err, path);
	e->mode = (uint32_t)json_integer_value(json_object_get(answer.json, "mode"));
	e->uid = (uint32_t)json_integer_value(json_object_get(answer.json, "uid"));
	e->gid = (uint32_t)json_integer_value(json_object_get(answer.json, "gid"));
	e->size = (uint64_t)json_integer_value(json_object_get(answer.json, "size"));
	e->mtime = json_integer_value(json_object_get(answer.json, "mtime"));
	e->mtime_ns = json_integer_value(json_object_get(answer.json, "mtime_ns"));
	json_decref(answer.json);
	if (S_ISLNK(e->mode)) {
		cleanup_free char *target = guestfs_readlink(guest->client, path, NULL);

		snprintf(e->target, sizeof(e->target), "%s", target ? target : "");
	}
	return 0;
}

int guest_follow(struct guest *guest, char path[GUEST_PATH_MAX], struct entry *e,
		 struct fault *fault)
{
	char next[2 * GUEST_PATH_MAX];

	for (unsigned i = 0; i < LINKS_MAX; i++) {
		char *slash;

		if (guest_stat(guest, path, e, fault))
			return -1;
		if (!S_ISLNK(e->mode))
			return 0;
		slash = strrchr(path, '/');
		if (e->target[0] == '/')
			snprintf(next, sizeof(next), "%s", e->target);
		else
			snprintf(next, sizeof(next), "%.*s/%s", (int)(slash - path), path,
				 e->target);
		if (strlen(next) >= GUEST_PATH_MAX || !e->target[0])
			return fault_set(fault, FAULT_BAD_REQUEST, "%.300s: too long", path);
		strcpy(path, next);
	}
	return fault_set(fault, FAULT_BAD_REQUEST, "%.300s: too many links", path);
}

int guest_mkdirs(struct guest *guest, const char *path, const char *user, struct fault *fault)
{
	json_t *made = json_array();
	char part[GUEST_PATH_MAX];
	struct error err = { 0 };

	snprintf(part, sizeof(part), "%s", path);
	for (char *p = part + 1;; p++) {
		const char c = *p;

		if (c != '/' && c != '\0')
			continue;
		*p = '\0';
		if (!guestfs_mkdir(guest->client, part, 0755, &err)) {
			json_array_append_new(made, json_string(part));
		} else if (err.code != EEXIST) {
			json_decref(made);
			return guest_fault(fault, &err, part);
		}
		*p = c;
		if (!c)
			break;
	}
	if (user && json_array_size(made))
		return guest_chown(guest, made, user, fault);
	json_decref(made);
	return 0;
}
