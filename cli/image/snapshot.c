// SPDX-License-Identifier: GPL-2.0-only
/* snapshot.c - the disk of a sandbox as it is now, whether it runs or not
 *
 * Theory of operation
 * The guest is asked to write out what it has (its own sync program, when there is one), then all
 * of the sandbox is stopped while the file is copied. What is copied is what a power failure at
 * that moment would have left, which is what a journal is for. The journal is not replayed by us: a
 * guest wrote it. A sandbox is started on the copy with a command that does not exist; its kernel
 * mounts the disk, replays, fails to start the command and unmounts.
 *
 * A watcher lets the sandbox go on however this process ends.
 *
 * Host system calls: pidfd_open, pidfd_send_signal, fork, and those of the store.
 */

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include "cli/common/client.h"
#include "cli/common/paths.h"
#include "engine/sandbox.h"
#include "images/oci/commit.h"
#include "images/process.h"
#include "images/progress.h"
#include "snapshot.h"
#include "store.h"
#include "vitrine/util.h"

#define MEMORY (256ULL << 20)
#define STATUS_NO_COMMAND 127

static int signal_to(int pidfd, int sig)
{
	return syscall(SYS_pidfd_send_signal, pidfd, sig, NULL, 0);
}

/* A child that sends SIGCONT when our end of the pipe closes */
static int watch(int pidfd, int *end, pid_t *watcher)
{
	int ends[2];
	char c;

	if (pipe2(ends, O_CLOEXEC))
		return -1;
	*watcher = fork();
	if (*watcher == 0) {
		close(ends[1]);
		setsid();
		while (read(ends[0], &c, 1) < 0 && errno == EINTR)
			;
		signal_to(pidfd, SIGCONT);
		_exit(0);
	}
	close(ends[0]);
	*end = ends[1];
	return *watcher < 0 ? -1 : 0;
}

static int copy_stopped(pid_t pid, const struct store_disk *below, const char *from,
			char **temporary, struct error *err)
{
	cleanup_close int pidfd = syscall(SYS_pidfd_open, pid, 0);
	pid_t watcher;
	int end, fd;

	if (pidfd < 0 || watch(pidfd, &end, &watcher))
		return error_set(err, errno, "cannot stop the sandbox");
	signal_to(pidfd, SIGSTOP);
	fd = commit_copy(below, from, temporary, err);
	close(end);
	waitpid(watcher, NULL, 0);
	return fd;
}

/*
 * An ELF program of three system calls, for images that have no sync of their own: sync(), then
 * unlink() of itself, then exit(). /dev is the guest's memory, so that its disk does not change.
 */
#define SYNC_PATH "/dev/.vitrine-sync"
/* clang-format off */
static const unsigned char sync_program[] = {
	0x7f, 0x45, 0x4c, 0x46, 0x02, 0x01, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x02, 0x00, 0x3e, 0x00, 0x01, 0x00, 0x00, 0x00, 0x78, 0x00, 0x40, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x40, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x40, 0x00, 0x38, 0x00,
	0x01, 0x00, 0x40, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x05, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x40, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x40, 0x00, 0x00, 0x00, 0x00, 0x00, 0xa9, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xa9, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x10, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xb8, 0xa2, 0x00, 0x00, 0x00, 0x0f,
	0x05, 0x48, 0x8d, 0x3d, 0x10, 0x00, 0x00, 0x00, 0xb8, 0x57, 0x00, 0x00, 0x00, 0x0f,
	0x05, 0x31, 0xff, 0xb8, 0x3c, 0x00, 0x00, 0x00, 0x0f, 0x05, 0x2f, 0x64, 0x65, 0x76,
	0x2f, 0x2e, 0x76, 0x69, 0x74, 0x72, 0x69, 0x6e, 0x65, 0x2d, 0x73, 0x79, 0x6e, 0x63,
	0x00,
};
/* clang-format on */

static int run_in(const char *name, char *program)
{
	char self[] = "/proc/self/exe", verb[] = "exec", user[] = "-u", root[] = "0";

	return process_run((char *[]){ self, verb, user, root, (char *)name, program, NULL }, 0,
			   NULL);
}

/* A guest that cannot be asked is copied as it is */
static void ask_to_sync(const char *name)
{
	char from[] = "/tmp/vitrine-sync-XXXXXX", to[256];
	char self[] = "/proc/self/exe", verb[] = "cp", own[] = "sync", program[] = SYNC_PATH;
	cleanup_close int fd = -1;

	if (!run_in(name, own))
		return;
	fd = mkostemp(from, O_CLOEXEC);
	if (fd < 0)
		return;
	snprintf(to, sizeof(to), "%s:%s", name, program);
	if (write(fd, sync_program, sizeof(sync_program)) == sizeof(sync_program) &&
	    !fchmod(fd, 0755) && !process_run((char *[]){ self, verb, from, to, NULL }, 0, NULL))
		run_in(name, program);
	unlink(from);
}

static int copy_running(const char *name, const struct store_disk *below, const char *from,
			char **temporary, struct error *err)
{
	static struct client client = { .fd = -1 };
	int fd;

	if (client_open(&client, name, NULL) < 0)
		return commit_copy(below, from, temporary, err);
	progress_phase("stop the sandbox and copy its disk");
	ask_to_sync(name);
	fd = copy_stopped(client_pid(&client), below, from, temporary, err);
	client_close(&client);
	return fd;
}

/*
 * One that somebody has stopped stays so: it is not for us to let it go on. Return: 1 when it runs,
 * 0 when not, or -1 when it does not answer
 */
static int is_running(const char *name, struct error *err)
{
	static struct client client = { .fd = -1 };
	struct answer answer;
	int ret;

	if (client_open(&client, name, err) < 0)
		return err->code == EAGAIN ? -1 : 0;
	ret = client_call(&client, json_pack("{s:s}", "op", "info"), NULL, 0, &answer, err);
	if (!ret)
		json_decref(answer.json);
	client_close(&client);
	return ret ? -1 : 1;
}

static int replay_in_sandbox(const struct store_disk *below, const char *top, const char *kernel)
{
	static char nothing[] = "/.vitrine-no-such-program", home[] = "HOME=/";
	char name[32], *argv[] = { nothing, NULL }, *env[] = { home, NULL };
	struct sandbox_config config = {
		.name = name,
		.kernel_path = kernel,
		.ndisks = 1,
		.fs_type = "ext4",
		.memory = MEMORY,
		.cpus = 1,
		.hostname = "vitrine",
		.mounts = SANDBOX_MOUNTS_MINIMAL,
		.argv = argv,
		.env = env,
		.cwd = "/",
		.timeout = 120,
	};
	int null = open("/dev/null", O_RDWR);

	snprintf(name, sizeof(name), "replay-%d", (int)getpid());
	config.disks[0] = (struct sandbox_disk){
		.path = below->base,
		.layers = below->count ? (const char *const *)below->layers : NULL,
		.overlay = top,
	};
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (int fd = 0; fd < 3; fd++)
		dup2(null, fd);
	return sandbox_run(&config, NULL) == STATUS_NO_COMMAND ? 0 : 1;
}

static int replay(const struct store_disk *below, const char *top, struct error *err)
{
	cleanup_free char *kernel = paths_kernel(err);
	int status = -1;
	pid_t pid;

	if (!kernel)
		return -1;
	progress_phase("replay the disk's journal");
	pid = fork();
	if (pid == 0)
		_exit(replay_in_sandbox(below, top, kernel));
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (pid < 0 || commit_dirty(below, top, err))
		return error_set(err, 0, "the journal of the sandbox's disk cannot be replayed");
	return 0;
}

static int find(const struct store *store, const char *name, struct snapshot *s, struct error *err)
{
	struct error why = { 0 };

	if (image_name_valid(name))
		s->record = store_record(store, "sandboxes", name, &why);
	if (!s->record)
		return error_set(err, 0, "%s%s%s",
				 why.text[0] ? why.text : "no sandbox has kept a disk as '",
				 why.text[0] ? "" : name,
				 why.text[0] ? ""
					     : "'; sandboxes that run with --name from an "
					       "image in layers keep one");
	s->path = store_path(store, err, "sandboxes/%s.disk", name);
	return s->path ? store_disk(store, s->record, &s->below, err) : -1;
}

int snapshot_take(const struct store *store, const char *name, bool copy, struct snapshot *s,
		  struct error *err)
{
	char *temporary = NULL;
	int dirty, running;

	memset(s, 0, sizeof(*s));
	s->lock = -1;
	if (find(store, name, s, err))
		return -1;
	running = is_running(name, err);
	if (running < 0)
		return -1;
	interrupt_catch();
	if (!copy && !running) {
		dirty = commit_dirty(&s->below, s->path, err);
		if (dirty <= 0)
			return dirty;
	}
	s->lock = copy_running(name, &s->below, s->path, &temporary, err);
	if (s->lock < 0) {
		free(temporary);
		return -1;
	}
	free(s->path);
	s->path = temporary;
	s->temporary = true;
	dirty = commit_dirty(&s->below, s->path, err);
	return dirty > 0 ? replay(&s->below, s->path, err) : dirty;
}

void snapshot_drop(struct snapshot *s)
{
	if (s->temporary && s->path)
		unlink(s->path);
	if (s->lock >= 0)
		close(s->lock);
	free(s->path);
	store_disk_free(&s->below);
	json_decref(s->record);
	memset(s, 0, sizeof(*s));
	s->lock = -1;
}
