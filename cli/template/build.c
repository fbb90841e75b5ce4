// SPDX-License-Identifier: GPL-2.0-only
/* build.c - vitrine template build: a sandbox is prepared, and frozen when it is ready
 *
 * Theory of operation
 * A sandbox of the image starts with a command that waits. Steps are done in it as a user would, by
 * this program's own exec and cp; then the command becomes that of START, and when READY succeeds
 * a snapshot is taken. Whatever fails, or is interrupted, ends the sandbox and leaves nothing.
 *
 * What a file can do is what the image's own programs can: it runs nothing on this host and copies
 * nothing but what is in its directory.
 *
 * Host system calls: posix_spawn, wait4, and those of other commands.
 */
#include "template.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cli/common/cli.h"
#include "cli/common/client.h"
#include "cli/common/options.h"
#include "cli/common/saved.h"
#include "cli/snapshot/write.h"
#include "file.h"
#include "lib/json_fd.h"
#include "vitrine/util.h"

#define GO "/dev/.vitrine-start"
#define WAIT                                                                                       \
	"while [ ! -e " GO " ]; do sleep 0.05; done; rm -f " GO "; cd \"$1\" && exec sh -c \"$2\""
#define IDLE "while :; do sleep 1000000; done"
#define ARGS_MAX (2 * TEMPLATE_STEPS_MAX + 32)
#define LOOK_MS 100

struct build_options {
	const char *name, *memory, *cpus;
	unsigned patience;
};

#define AT(member) offsetof(struct build_options, member)

static const struct option_spec specs[] = {
	{ 'n', "name", "NAME", option_string, AT(name), "of the template (the file's)" },
	{ 'm', "memory", "SIZE", option_string, AT(memory), "of its sandboxes, as of run" },
	{ 0, "cpus", "N", option_string, AT(cpus), "likewise" },
	{ 0, "ready-timeout", "TIME", option_seconds, AT(patience),
	  "give up when it is not ready after TIME (2m)" },
};

static const struct option_set options = {
	"template build [OPTION]... FILE",
	"Prepare a sandbox as FILE says, and freeze it when it is ready: `vitrine run --from NAME` "
	"starts others from there. FILE has lines FROM IMAGE, RUN COMMAND, COPY FILE /PATH, ENV "
	"NAME=VALUE, WORKDIR /DIR, START COMMAND (which goes on in each sandbox), READY COMMAND "
	"(which succeeds when it is up) and UNIQUE machine-id.",
	specs,
	ARRAY_SIZE(specs),
	.anywhere = true,
};

static volatile sig_atomic_t interrupted;

static void on_signal(int sig)
{
	interrupted = sig;
}

/**
 * struct build - one that is under way
 * @sandbox: name of its sandbox
 * @env, @cwd: what the steps so far have set
 */
struct build {
	const struct template_file *file;
	const char *directory, *cwd;
	char sandbox[RUNDIR_NAME_MAX + 1];
	const char *env[TEMPLATE_STEPS_MAX];
	size_t nenv;
};

struct words {
	const char *list[ARGS_MAX];
	size_t count;
};

static void add(struct words *words, const char *word)
{
	if (words->count + 1 < ARGS_MAX)
		words->list[words->count++] = word;
}

/* Run this program. @quiet: nothing of what it says. Return: its exit status, or -1 with @err */
static int run_self(struct words *words, bool quiet, struct error *err)
{
	posix_spawn_file_actions_t actions;
	int status, ret;
	pid_t pid;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	if (quiet)
		posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	/* What a step prints is told beside its result, the template's name */
	if (quiet)
		posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
	else
		posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO, STDOUT_FILENO);
	words->list[words->count] = NULL;
	ret = posix_spawn(&pid, "/proc/self/exe", &actions, NULL, (char *const *)words->list,
			  environ);
	posix_spawn_file_actions_destroy(&actions);
	if (ret)
		return error_set(err, ret, "cannot start %s", words->list[1]);
	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR)
			return error_set(err, errno, "cannot wait for %s", words->list[1]);
	}
	if (interrupted)
		return error_set(err, 0, "interrupted");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int in_sandbox(struct build *build, const char *command, bool quiet, struct error *err)
{
	struct words words = { { "vitrine", "exec" }, 2 };

	for (size_t i = 0; i < build->nenv; i++) {
		add(&words, "-e");
		add(&words, build->env[i]);
	}
	add(&words, "-w");
	add(&words, build->cwd);
	add(&words, build->sandbox);
	add(&words, "--");
	add(&words, "sh");
	add(&words, "-c");
	add(&words, command);
	return run_self(&words, quiet, err);
}

static int step_run(struct build *build, const struct template_step *step, struct error *err)
{
	int status = in_sandbox(build, step->text, false, err);

	return status > 0 ? error_set(err, 0, "RUN %.200s: exit status %d", step->text, status)
			  : status;
}

/* Links in the path could lead out of the directory */
static int step_copy(struct build *build, const struct template_step *step, struct error *err)
{
	cleanup_free char *target = NULL;
	char path[PATH_MAX], real[PATH_MAX];
	const size_t len = strlen(build->directory);
	struct words words = { { "vitrine", "cp" }, 2 };
	int status;

	snprintf(path, sizeof(path), "%s/%s", build->directory, step->text);
	if (!realpath(path, real))
		return error_set(err, errno, "COPY %.200s", step->text);
	if (strncmp(real, build->directory, len) != 0 || (real[len] && real[len] != '/'))
		return error_set(err, 0, "COPY %.200s leads out of the directory of the file",
				 step->text);
	if (asprintf(&target, "%s:%s", build->sandbox, step->to) < 0)
		return error_set(err, ENOMEM, "COPY");
	add(&words, real);
	add(&words, target);
	status = run_self(&words, false, err);
	return status > 0 ? error_set(err, 0, "COPY %.200s: failed", step->text) : status;
}

static int step_env(struct build *build, const struct template_step *step, struct error *err)
{
	build->env[build->nenv++] = step->text;
	return 0;
}

static int step_workdir(struct build *build, const struct template_step *step, struct error *err)
{
	build->cwd = step->text;
	return 0;
}

static int (*const step[STEP_NKINDS])(struct build *, const struct template_step *,
				      struct error *) = {
	[STEP_RUN] = step_run,
	[STEP_COPY] = step_copy,
	[STEP_ENV] = step_env,
	[STEP_WORKDIR] = step_workdir,
};

/* The environment of START is there from the beginning, its directory is the last one */
static int start(struct build *build, const struct build_options *opt, struct error *err)
{
	struct words words = { { "vitrine", "run", "-d", "--rm", "--ephemeral", "--name" }, 6 };
	const char *cwd = "/";
	int status;

	add(&words, build->sandbox);
	if (opt->memory) {
		add(&words, "-m");
		add(&words, opt->memory);
	}
	if (opt->cpus) {
		add(&words, "--cpus");
		add(&words, opt->cpus);
	}
	for (size_t i = 0; i < build->file->nsteps; i++) {
		const struct template_step *one = &build->file->steps[i];

		if (one->kind == STEP_ENV) {
			add(&words, "-e");
			add(&words, one->text);
		}
		cwd = one->kind == STEP_WORKDIR ? one->text : cwd;
	}
	add(&words, "--entrypoint");
	add(&words, "/bin/sh");
	add(&words, build->file->from);
	add(&words, "--");
	add(&words, "-c");
	add(&words, WAIT);
	add(&words, "sh");
	add(&words, cwd);
	add(&words, build->file->start ?: IDLE);
	status = run_self(&words, false, err);
	return status > 0 ? error_set(err, 0, "the sandbox of %s did not start", build->file->from)
			  : status;
}

static int await_ready(struct build *build, unsigned patience, struct error *err)
{
	const struct timespec look = { .tv_nsec = LOOK_MS * 1000000L };
	const time_t until = time(NULL) + (time_t)patience;
	int status;

	for (;;) {
		status = build->file->ready ? in_sandbox(build, build->file->ready, true, err)
					    : in_sandbox(build, "[ ! -e " GO " ]", true, err);
		if (status <= 0)
			return status;
		if (status == EXIT_VITRINE)
			return error_set(err, 0, "START has ended before it was ready");
		if (time(NULL) > until)
			return error_set(err, 0, "it is not ready after %u seconds", patience);
		nanosleep(&look, NULL);
	}
}

/* What makes a snapshot a template, in its directory */
static int mark(const char *name, const struct template_file *file, struct error *err)
{
	cleanup_free char *path = saved_path(SAVED_SNAPSHOT, name, err);
	cleanup_close int dir = path ? open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	cleanup_close int fd =
	    dir < 0 ? -1
		    : openat(dir, SAVED_TEMPLATE, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	json_t *json = json_pack("{s:s, s:s*, s:s*, s:b}", "from", file->from, "start", file->start,
				 "ready", file->ready, "machine_id", (int)file->machine_id);
	int ret = 0;

	if (fd < 0 || !json || json_to_fd(json, fd, 0) || fsync(fd) || fsync(dir))
		ret = error_set(err, errno, "cannot write the template");
	json_decref(json);
	return ret;
}

static int freeze(struct build *build, const char *name, struct error *err)
{
	static struct client client = { .fd = -1 };
	cleanup_free char *path = saved_path(SAVED_SNAPSHOT, name, err);
	int ret;

	if (!path || client_open(&client, build->sandbox, err))
		return -1;
	ret = sandbox_snapshot(&client, name, err);
	client_close(&client);
	if (!ret && mark(name, build->file, err)) {
		saved_remove(path);
		ret = -1;
	}
	return ret;
}

static int prepare(struct build *build, const struct build_options *opt, struct error *err)
{
	for (size_t i = 0; i < build->file->nsteps; i++) {
		if (step[build->file->steps[i].kind](build, &build->file->steps[i], err))
			return -1;
	}
	if (in_sandbox(build, "touch " GO, true, err))
		return error_set(err, 0, "the sandbox has ended");
	return await_ready(build, opt->patience, err);
}

static int build_file(const struct template_file *file, const char *directory,
		      const struct build_options *opt, struct error *err)
{
	struct build build = { .file = file, .directory = directory, .cwd = "/" };
	struct words kill_words = { { "vitrine", "kill" }, 2 };
	int ret;

	if (saved_exists(SAVED_SNAPSHOT, opt->name))
		return error_set(err, 0, "there is a snapshot %s already", opt->name);
	snprintf(build.sandbox, sizeof(build.sandbox), "template-%d", getpid());
	if (start(&build, opt, err))
		return -1;
	ret = prepare(&build, opt, err) ?: freeze(&build, opt->name, err);
	interrupted = 0;
	add(&kill_words, build.sandbox);
	run_self(&kill_words, true, NULL);
	return ret;
}

/* The name of a file without what is behind its last dot */
static const char *name_of(const char *path, char name[RUNDIR_NAME_MAX + 1])
{
	const char *base = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;

	snprintf(name, RUNDIR_NAME_MAX + 1, "%s", base);
	if (strrchr(name, '.') && strrchr(name, '.') != name)
		*strrchr(name, '.') = '\0';
	return name;
}

static int read_file(const char *path, struct template_file *file, struct error *err)
{
	cleanup_free char *text = malloc(TEMPLATE_FILE_MAX + 1);
	cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t len = 0;
	ssize_t n;

	if (fd < 0 || !text)
		return error_set(err, errno, "%s", path);
	while ((n = read(fd, text + len, TEMPLATE_FILE_MAX + 1 - len)) > 0)
		len += (size_t)n;
	if (n < 0)
		return error_set(err, errno, "%s", path);
	return template_parse(file, text, len, err);
}

static int build(const char *path, struct build_options *opt, struct error *err)
{
	char name[RUNDIR_NAME_MAX + 1], directory[PATH_MAX];
	struct template_file file = { 0 };
	struct error why = { 0 };
	char *slash;
	int ret;

	opt->name = opt->name ?: name_of(path, name);
	opt->patience = opt->patience ?: 120;
	if (!rundir_name_valid(opt->name))
		return error_set(err, 0, "'%s' is not a name for a template", opt->name);
	if (!realpath(path, directory))
		return error_set(err, errno, "%s", path);
	slash = strrchr(directory, '/');
	slash[slash == directory] = '\0';
	ret = read_file(path, &file, &why);
	if (ret)
		error_set(err, 0, "%.100s: %.300s", path, why.text);
	else
		ret = build_file(&file, directory, opt, err);
	template_free(&file);
	return ret;
}

int template_build_command(int argc, char **argv)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
	struct build_options opt = { 0 };
	struct error err = { 0 };
	int at = options_parse(&options, &opt, argc, argv, &err);

	if (at == OPTIONS_HELP)
		return 0;
	if (at > 0 && at + 1 != argc)
		at = error_set(&err, 0, "template build needs a FILE");
	if (at < 0)
		return cli_fail(EXIT_USAGE, &err);
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
		signal(signals[i], on_signal);
	if (build(argv[at], &opt, &err))
		return cli_fail(EXIT_VITRINE, &err);
	puts(opt.name);
	return 0;
}
