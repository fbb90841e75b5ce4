// SPDX-License-Identifier: GPL-2.0-only
/* resolve.c - complete vitrine run's options from what this host has
 *
 * The second half of the way from argv to a struct sandbox_config: files are found, and what was
 * left open gets its default.
 */

#include <errno.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>
#include "cli/image/store.h"
#include "cli/common/paths.h"
#include "image.h"
#include "options.h"
#include "vitrine/util.h"

#define MIB (1ULL << 20)
#define MEMORY_MIN (256 * MIB)
#define MEMORY_MAX (2048 * MIB)

#define PATH_DEFAULT "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/*
 * A quarter of the host's memory: the guest takes it as it needs it, and gives it back. The upper
 * end is low because the guest kernel's page descriptors (1.6 %) are touched at boot.
 */
static uint64_t default_memory(void)
{
	uint64_t bytes = (uint64_t)sysconf(_SC_PHYS_PAGES) * sysconf(_SC_PAGESIZE) / 4;

	if (bytes < MEMORY_MIN)
		return MEMORY_MIN;
	if (bytes > MEMORY_MAX)
		return MEMORY_MAX;
	return bytes & ~(2 * MIB - 1);
}

/* IMAGE-1f3a: tells at a glance what runs, and can be typed */
static int default_name(struct run_options *o, struct error *err)
{
	const char *base = strrchr(o->image, '/');
	uint16_t random = getpid();
	char stem[IMAGE_NAME_MAX - 5 + 1];

	if (getrandom(&random, sizeof(random), GRND_NONBLOCK) < 0)
		random = getpid();
	snprintf(stem, sizeof(stem), "%s", base ? base + 1 : o->image);
	stem[strcspn(stem, ".")] = '\0';
	if (asprintf(&o->name, "%s-%04x", image_name_valid(stem) ? stem : "sandbox", random) < 0)
		return error_set(err, ENOMEM, "name");
	o->config.name = o->name;
	return 0;
}

/*
 * A terminal is given when it is asked for, or when a person sits at both ends. Input is
 * forwarded unless it is a terminal that was not asked to be: reading from one in the background
 * would stop the sandbox.
 */
static void choose_streams(struct run_options *o)
{
	bool in = isatty(STDIN_FILENO), out = isatty(STDOUT_FILENO);

	if (o->config.detached) { /* nobody is there; a shell that was given a terminal waits */
		o->config.tty = o->tty;
		return;
	}
	o->config.tty = o->tty || (in && out);
	o->config.interactive = o->interactive || o->config.tty || !in;
}

/* HOME is the guest's to set: only its /etc/passwd knows */
static int fill_environment(struct run_options *o, struct error *err)
{
	struct environment *env = &o->environment;
	const char *term = getenv("TERM");

	if (environment_put(env, "PATH", PATH_DEFAULT, err) ||
	    environment_put(env, "HOSTNAME", o->config.hostname, err) ||
	    environment_put(env, "LANG", "C.UTF-8", err) || run_image_environment(o, err))
		return -1;
	if (o->config.tty && environment_put(env, "TERM", term && *term ? term : "xterm", err))
		return -1;

	for (size_t i = 0; i < o->env_files.count; i++) {
		if (environment_read(env, o->env_files.items[i], err))
			return -1;
	}
	for (size_t i = 0; i < o->env.count; i++) {
		if (environment_set(env, o->env.items[i], err))
			return -1;
	}
	o->config.env = env->items;
	return 0;
}

/* One -k is appended after the other; mount options are the kernel's "rootflags=" */
static int fill_cmdline(struct run_options *o, struct error *err)
{
	size_t size;
	FILE *text = open_memstream(&o->cmdline_text, &size);

	if (!text)
		return error_set(err, errno, "kernel command line");
	for (size_t i = 0; i < o->cmdline.count; i++)
		fprintf(text, "%s%s", i ? " " : "", o->cmdline.items[i]);
	for (size_t i = 0; i < o->mount_opts.count; i++)
		fprintf(text, "%s%s",
			i		   ? ","
			: o->cmdline.count ? " rootflags="
					   : "rootflags=",
			o->mount_opts.items[i]);
	if (fclose(text))
		return error_set(err, errno, "kernel command line");
	if (size)
		o->config.cmdline = o->cmdline_text;
	return 0;
}

static void fill_root_disk(struct run_options *o)
{
	struct sandbox_disk *root = &o->config.disks[0];

	if (!o->record)
		root->path = o->image_path;
	root->read_only = o->config.read_only;
	root->ephemeral = o->ephemeral || (o->record && !o->overlay_path);
	root->partition = o->partition;
	if (o->config.ndisks == 0)
		o->config.ndisks = 1;
}

/* The observer is this program; it finds its socket at a fixed descriptor */
static void fill_web(struct run_options *o)
{
	static char program[] = "vitrine", verb[] = "observe", bind[] = "--bind", port[] = "--port",
		    socket[] = "--listen-fd", loopback[] = "127.0.0.1", linger[] = "--linger",
		    forever[] = "forever", none[] = "0";
	static char fd[4];
	struct sandbox_web *web = &o->config.web;

	if (!o->web)
		return;
	if (!web->address)
		web->address = loopback;
	snprintf(fd, sizeof(fd), "%d", SANDBOX_WEB_FD);
	snprintf(o->web_port, sizeof(o->web_port), "%u", web->port);
	/* Whoever sits at a terminal wants to look at what is left; a script wants to go on */
	web->key =
	    isatty(STDIN_FILENO) && isatty(STDERR_FILENO) && tcgetpgrp(STDIN_FILENO) == getpgrp();
	if (!o->web_linger)
		o->web_linger = web->key ? forever : none;
	web->lingers = strcmp(o->web_linger, none) != 0;
	char *const argv[] = { program,
			       verb,
			       bind,
			       (char *)web->address,
			       port,
			       o->web_port,
			       linger,
			       (char *)o->web_linger,
			       socket,
			       fd,
			       (char *)o->config.name };
	static_assert(ARRAY_SIZE(argv) < RUN_WEB_ARGS, "web_argv[]");
	memcpy(o->web_argv, argv, sizeof(argv));
	web->argv = o->web_argv;
}

/* Programs that are made to be pid 1: what they have to say goes to the console */
static bool is_init(char *const *argv)
{
	static const char *const names[] = { "init",	   "systemd",	"openrc-init", "runit",
					     "runit-init", "s6-svscan", "dinit" };
	const char *slash = strrchr(argv[0], '/');
	const char *name = slash ? slash + 1 : argv[0];

	if (!strcmp(name, "busybox") && argv[1])
		name = argv[1];
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (!strcmp(names[i], name))
			return true;
	}
	return false;
}

int run_options_resolve(struct run_options *o, struct error *err)
{
	if (run_image_find(o, err))
		return -1;
	o->kernel_path = paths_kernel(err);
	if (!o->kernel_path)
		return -1;

	o->config.kernel_path = o->kernel_path;
	/* A debugger can set no breakpoints in memory that is a file of ours */
	if (!o->full_boot && !VITRINE_DEBUGGER)
		o->config.boots = o->boots = paths_boots(NULL); /* without one it takes longer */
	if (!o->config.memory)
		o->config.memory = default_memory();
	o->config.memory &= ~(MIB - 1);
	if (!o->config.name && default_name(o, err))
		return -1;
	if (!o->config.hostname)
		o->config.hostname = o->config.name;
	if (!o->config.cwd)
		o->config.cwd = "/";
	fill_root_disk(o);
	fill_web(o);
	choose_streams(o);
	if (fill_cmdline(o, err) || fill_environment(o, err) || run_net_resolve(o, err))
		return -1;

	if (run_image_command(o, err))
		return -1;
	o->config.console = is_init(o->config.argv);
	o->config.init = o->config.init || o->config.console;
	return 0;
}
