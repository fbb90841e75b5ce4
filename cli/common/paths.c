// SPDX-License-Identifier: GPL-2.0-only
/* paths.c - where the command line finds things
 *
 * Nothing is compiled in but a last resort: a build directory or an installation can be moved as
 * a whole, because files are looked up relative to the program itself.
 */

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include "paths.h"
#include "vitrine/util.h"

static int program_directory(char *buf, size_t size, struct error *err)
{
	ssize_t len = readlink("/proc/self/exe", buf, size - 1);
	char *slash;

	if (len < 0)
		return error_set(err, errno, "/proc/self/exe");
	buf[len] = '\0';
	slash = strrchr(buf, '/');
	if (slash)
		*slash = '\0';
	return 0;
}

static char *join(const char *a, const char *b, struct error *err)
{
	char *path = NULL;

	if (asprintf(&path, "%s/%s", a, b) < 0) {
		error_set(err, ENOMEM, "%s/%s", a, b);
		return NULL;
	}
	return path;
}

/* The first of @count places, each relative to the program's directory, that can be read */
static char *find_file(const char *const *places, size_t count, const char *name)
{
	char self[PATH_MAX];

	if (program_directory(self, sizeof(self), NULL))
		return NULL;
	for (size_t i = 0; i < count; i++) {
		char *path = NULL, *real;

		if (places[i][0] == '/')
			path = join(places[i], name, NULL);
		else if (asprintf(&path, "%s/%s/%s", self, places[i], name) < 0)
			return NULL;
		real = path && !access(path, R_OK) ? realpath(path, NULL) : NULL;
		free(path);
		if (real)
			return real;
	}
	return NULL;
}

char *paths_kernel(struct error *err)
{
	static const char *const places[] = { "kernel", "../lib/vitrine", VITRINE_LIBDIR };
	const char *chosen = getenv("VITRINE_KERNEL");
	char *path;

	if (chosen && *chosen) {
		path = strdup(chosen);
		if (path && !access(path, R_OK))
			return path;
		error_set(err, errno, "kernel %s ($VITRINE_KERNEL)", chosen);
		free(path);
		return NULL;
	}
	path = find_file(places, ARRAY_SIZE(places), "vmlinux");
	if (!path)
		error_set(err, 0, "the guest kernel has not been built; run make");
	return path;
}

char *paths_browser(struct error *err)
{
	static const char *const places[] = { ".", "../lib/vitrine", VITRINE_LIBDIR };
	char *path = find_file(places, ARRAY_SIZE(places), "site");

	if (!path)
		error_set(err, 0, "the browser edition has not been built; run make browser");
	return path;
}

int paths_make(const char *directory, struct error *err)
{
	cleanup_free char *path = strdup(directory);

	if (!path)
		return error_set(err, ENOMEM, "%s", directory);
	for (char *p = path + 1;; p++) {
		char c = *p;

		if (c != '/' && c != '\0')
			continue;
		*p = '\0';
		if (mkdir(path, 0777) && errno != EEXIST)
			return error_set(err, errno, "cannot create %s", path);
		*p = c;
		if (!c)
			return 0;
	}
}

/* Below the directory that @variable names, or @usual below HOME; @what is kept there */
static char *user_path(const char *variable, const char *usual, const char *what, const char *name,
		       struct error *err)
{
	const char *chosen = getenv(variable), *home = getenv("HOME");
	char *path = NULL;
	int len;

	if (chosen && chosen[0] == '/')
		len = asprintf(&path, "%s/vitrine/%s", chosen, name);
	else if (home && home[0] == '/')
		len = asprintf(&path, "%s/%s/vitrine/%s", home, usual, name);
	else
		return error_set(err, 0, "set HOME or %s: %s are kept there", variable, what), NULL;
	if (len < 0)
		return error_set(err, ENOMEM, "%s", what), NULL;
	return path;
}

static char *data_path(const char *name, struct error *err)
{
	return user_path("XDG_DATA_HOME", ".local/share", "images", name, err);
}

char *paths_state(const char *name, struct error *err)
{
	return user_path("XDG_STATE_HOME", ".local/state", "snapshots", name, err);
}

char *paths_images(struct error *err)
{
	return data_path("images", err);
}

char *paths_store(struct error *err)
{
	return data_path("store", err);
}

char *paths_boots(struct error *err)
{
	char *path = user_path("XDG_CACHE_HOME", ".cache", "kernels", "boots", err);
	char *slash = path ? strrchr(path, '/') : NULL;

	if (!slash)
		return NULL;
	*slash = '\0';
	if (paths_make(path, err)) {
		free(path);
		return NULL;
	}
	*slash = '/';
	return path;
}
