// SPDX-License-Identifier: GPL-2.0-only
/* debian.c - the "debian" image: mmdebstrap writes a tar stream, tar.c turns it into ext4
 *
 * mmdebstrap chooses the way that works for this user (root, user namespaces, or fakechroot);
 * owners and modes are only entries in its tar stream, so the image is the same in all of them.
 * Packages come from where the host's own come from, as apt tells.
 */

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include "images/build.h"
#include "images/process.h"
#include "images/progress.h"
#include "images/tar.h"
#include "vitrine/util.h"

#define SUITE_DEFAULT "bookworm"
#define MIRROR_DEFAULT "http://deb.debian.org/debian"

/* What a person misses at once in a minimal system */
#define PACKAGES_DEFAULT "procps,netbase,less"

#define SOURCES_MAX 8
#define LOOK_MS 250

struct sources {
	char line[SOURCES_MAX][320];
	unsigned count;
};

static void add_source(struct sources *s, const char *uri, const char *suite)
{
	if (s->count == SOURCES_MAX)
		return;
	snprintf(s->line[s->count], sizeof(s->line[0]), "deb %s %s main", uri, suite);
	for (unsigned i = 0; i < s->count; i++) {
		if (!strcmp(s->line[i], s->line[s->count]))
			return;
	}
	s->count++;
}

static bool wanted(const char *suite, const char *codename, const char *origin)
{
	size_t len = strlen(suite);

	if (strcmp(origin, "Debian") || strncmp(codename, suite, len))
		return false;
	return !codename[len] || !strcmp(codename + len, "-updates") ||
	       !strcmp(codename + len, "-security");
}

/* The host's own sources for @suite; none on a host that is not Debian or has no lists */
static void host_sources(struct sources *s, const char *suite)
{
	char uri[192], codename[64], component[64], origin[64];
	struct process p;
	FILE *list;

	if (process_start(&p,
			  (char *[]){ "apt-get", "indextargets", "--format",
				      "$(REPO_URI) $(CODENAME) $(COMPONENT) $(ORIGIN)",
				      "Created-By: Packages", NULL },
			  NULL))
		return;
	list = fdopen(p.out, "r");
	while (list &&
	       fscanf(list, "%191s %63s %63s %63[^\n]", uri, codename, component, origin) == 4) {
		if (!strcmp(component, "main") && wanted(suite, codename, origin))
			add_source(s, uri, codename);
	}
	if (list) {
		fclose(list);
		p.out = -1;
	}
	process_wait(&p, 0, NULL);
}

static void count_packages(void *context, const char *path)
{
	struct image_build *build = context;
	size_t len = strlen(path);

	if (strstr(path, "var/lib/dpkg/info/") && len > 5 && !strcmp(path + len - 5, ".list"))
		build->count++;
}

/* Debian's installer makes this link, no package does; e4defrag, quota and others read it */
#define MTAB_HOOK "[ -L \"$1/etc/mtab\" ] || ln -s ../proc/self/mounts \"$1/etc/mtab\""

static int start(struct process *p, const struct image_build *build, struct error *err)
{
	const char *suite = build->suite ? build->suite : SUITE_DEFAULT;
	struct sources sources = { .count = 0 };
	char include[1024], *argv[17 + SOURCES_MAX];
	unsigned n = 0;

	snprintf(include, sizeof(include), "--include=" PACKAGES_DEFAULT "%s%s",
		 build->packages ? "," : "", build->packages ? build->packages : "");
	if (build->mirror)
		add_source(&sources, build->mirror, suite);
	else
		host_sources(&sources, suite);
	if (!sources.count)
		add_source(&sources, MIRROR_DEFAULT, suite);

	argv[n++] = "mmdebstrap";
	argv[n++] = "--mode=auto";
	argv[n++] = "--verbose"; /* which package it is at */
	argv[n++] = "--variant=minbase";
	argv[n++] = "--format=tar";
	argv[n++] = "--customize-hook=" MTAB_HOOK;
	argv[n++] = include;
	argv[n++] = (char *)suite;
	argv[n++] = "-";
	for (unsigned i = 0; i < sources.count; i++)
		argv[n++] = sources.line[i];
	argv[n] = NULL;
	return process_start(p, argv, err);
}

/* What mmdebstrap says when it begins something, and how we call that */
static const struct {
	const char *says, *phase;
} phases[] = {
	{ "running apt-get update", "read the lists of packages" },
	{ "downloading packages", "download packages" },
	{ "extracting archives", "extract packages" },
	{ "installing essential packages", "install the essential packages" },
	{ "installing remaining packages", "install the other packages" },
	{ "creating tarball", "pack" },
};

static void show_line(const char *line)
{
	static const char *const items[] = { "Get:",	   "Selecting ",  "Preparing ",
					     "Unpacking ", "Setting up ", "Processing ",
					     "I: " };

	for (size_t i = 0; i < ARRAY_SIZE(phases); i++) {
		if (!strncmp(line, "I: ", 3) &&
		    !strncmp(line + 3, phases[i].says, strlen(phases[i].says))) {
			progress_phase(phases[i].phase);
			return;
		}
	}
	for (size_t i = 0; i < ARRAY_SIZE(items); i++) {
		if (!strncmp(line, items[i], strlen(items[i])))
			progress_note(strncmp(line, "I: ", 3) ? line : line + 3);
	}
}

/* Nothing arrives until everything is installed: meanwhile show what is done */
static void wait_for_stream(struct process *p)
{
	struct pollfd stream = { .fd = p->out, .events = POLLIN };
	char line[256];

	while (!interrupt_caught() && poll(&stream, 1, LOOK_MS) == 0) {
		while (process_line(p, line, sizeof(line)))
			show_line(line);
		progress_tick();
	}
}

/* After a failure: was it that mmdebstrap ended early? Then its reason is the reason */
static bool stream_ended(const struct process *p)
{
	struct pollfd stream = { .fd = p->out, .events = POLLIN };

	return poll(&stream, 1, 0) == 1 && stream.revents == POLLHUP;
}

static int fill(struct image_build *build, struct ext4 *fs, struct error *err)
{
	const struct tar_rules rules = { .visit = count_packages, .context = build };
	struct error why = { 0 };
	struct process p;
	int ret;

	progress_phase("ask mmdebstrap for a Debian");
	if (start(&p, build, err))
		return -1;
	wait_for_stream(&p);
	if (interrupt_caught()) {
		process_stop(&p);
		return error_set(err, 0, "interrupted");
	}
	progress_phase("copy files");
	ret = tar_unpack(fs, p.out, &rules, &why);
	if (ret && !stream_ended(&p))
		process_stop(&p);
	else if (process_wait(&p, 0, err))
		return -1;
	if (ret)
		*err = why;
	return ret;
}

static const char *const command[] = { "/bin/bash", "-l", NULL };

const struct image_builder image_debian = {
	.name = "debian",
	.summary = "a minimal Debian, with --packages a,b,c; a minute or two",
	.command = command,
	.size = 4ULL << 30,
	.fill = fill,
};
