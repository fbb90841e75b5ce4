// SPDX-License-Identifier: GPL-2.0-only
/* spawn.c - start a process for the supervisor
 *
 * Theory of operation
 * The server parses the VT_REQ_SPAWN and forks a user-mode thread, as the kernel's own usermode
 * helpers do (kernel/umh.c); or pid 1 is the child (program.c). All else is up to the child, which
 * may wait for guests: it makes the job's pipes or terminal and their pumps, answers the request,
 * makes itself a session leader, takes its stdio, limits, credentials and working directory, in the
 * order in which a login program does, and executes the command. The child owns struct launch and
 * frees it.
 *
 * What fails before the request is answered is its answer. What fails afterwards is told where the
 * user of the command looks: one line on the job's stderr, and the exit status that a shell would
 * give (127 not found, 126 not executable).
 */
#include <linux/binfmts.h>
#include <linux/file.h>
#include <linux/fs_struct.h>
#include <linux/namei.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <linux/syscalls.h>
#include <linux/tty.h>
#include "../../../fs/internal.h"
#include "../../../kernel/uid16.h"
#include "job.h"

#define STATUS_VITRINE 125
#define STATUS_NOT_EXECUTABLE 126
#define STATUS_NOT_FOUND 127
#define DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/**
 * struct launch - what the child needs
 * @job:   lives as long as the child does
 * @blob:  the strings; @cwd, @user, @argv and @envp point into it
 * @stdio: the child's descriptors 0 to 2; all NULL for a terminal
 * @request: the supervisor's number of the VT_REQ_SPAWN
 */
struct launch {
	struct vt_spawn head;
	struct vt_job *job;
	u64 request;
	char *blob;
	const char *cwd, *user;
	const char **argv, **envp;
	struct file *stdio[3];
	char home[sizeof_field(struct vt_user, home) + 5];
};

static void launch_free(struct launch *launch)
{
	for (int i = 0; i < 3; i++) {
		if (launch->stdio[i])
			fput(launch->stdio[i]);
	}
	kfree(launch->argv);
	kfree(launch->envp);
	kvfree(launch->blob);
	kfree(launch);
}

static char *string_next(char **cursor, const char *end)
{
	char *s = *cursor;
	size_t len = strnlen(s, end - s);

	if (s + len >= end)
		return NULL;
	*cursor = s + len + 1;
	return s;
}

/* @strings must hold exactly what the head promises */
static int launch_parse(struct launch *launch, const u8 *strings, u32 len)
{
	const struct vt_spawn *head = &launch->head;
	const char *end;
	char *cursor;

	if (head->strings != len || !head->argc || head->argc > len || head->envc > len)
		return -EINVAL;
	launch->blob = kvmemdup(strings, len, GFP_KERNEL);
	/* One entry more than needed: the child may add HOME */
	launch->argv = kcalloc(head->argc + 1, sizeof(char *), GFP_KERNEL);
	launch->envp = kcalloc(head->envc + 2, sizeof(char *), GFP_KERNEL);
	if (!launch->blob || !launch->argv || !launch->envp)
		return -ENOMEM;

	cursor = launch->blob;
	end = cursor + len;
	launch->cwd = string_next(&cursor, end);
	launch->user = launch->cwd ? string_next(&cursor, end) : NULL;
	if (!launch->user)
		return -EINVAL;
	for (u32 i = 0; i < head->argc; i++) {
		launch->argv[i] = string_next(&cursor, end);
		if (!launch->argv[i])
			return -EINVAL;
	}
	for (u32 i = 0; i < head->envc; i++) {
		launch->envp[i] = string_next(&cursor, end);
		if (!launch->envp[i])
			return -EINVAL;
	}
	return 0;
}

static const struct {
	int code;
	const char *text;
} errno_text[] = {
	{ ESRCH, "No such user or group" },
	{ ENOENT, "No such file or directory" },
	{ ENOTDIR, "Not a directory" },
	{ EACCES, "Permission denied" },
	{ EPERM, "Operation not permitted" },
	{ ENOEXEC, "Exec format error" },
	{ EISDIR, "Is a directory" },
	{ ELOOP, "Too many levels of symbolic links" },
	{ ENAMETOOLONG, "File name too long" },
	{ E2BIG, "Argument list too long" },
	{ ETXTBSY, "Text file busy" },
	{ ENOMEM, "Cannot allocate memory" },
	{ EAGAIN, "Resource temporarily unavailable" },
	{ EIO, "Input/output error" },
	{ ELIBBAD, "Accessing a corrupted shared library" },
};

/* One line for who reads the command's standard error */
static void launch_say(const char *what, const char *name, int error)
{
	struct file *out = fget(2);
	char number[16];
	const char *text = number;
	char *line;

	snprintf(number, sizeof(number), "error %d", -error);
	for (int i = 0; i < ARRAY_SIZE(errno_text); i++) {
		if (errno_text[i].code == -error)
			text = errno_text[i].text;
	}
	line = kasprintf(GFP_KERNEL, "vitrine: %s: %s: %s\n", what, name, text);
	if (line && out)
		kernel_write(out, line, strlen(line), NULL);
	kfree(line);
	if (out)
		fput(out);
}

/* A signal for the command interrupts what comes before it, and ends it as if it had begun */
static void __noreturn launch_fail(struct launch *launch, const char *what, const char *name,
				   int error)
{
	int status = STATUS_VITRINE; /* what comes before the command is ours */
	int sig = signal_pending(current) ? kernel_dequeue_signal() : 0;

	if (sig) {
		launch_free(launch);
		do_exit(sig);
	}
	if (!strcmp(what, "exec"))
		status = error == -ENOENT ? STATUS_NOT_FOUND : STATUS_NOT_EXECUTABLE;
	launch_say(what, name, error);
	launch_free(launch);
	do_exit(status << 8);
}

static int stdio_install(struct launch *launch)
{
	struct file *terminal = NULL;
	int ret = 0;

	if (launch->job->slave) {
		terminal = vt_terminal_open(launch->job);
		if (IS_ERR(terminal))
			return PTR_ERR(terminal);
	}
	for (int i = 0; i < 3; i++) {
		int fd = get_unused_fd_flags(0);

		if (fd < 0) {
			ret = fd;
			break;
		}
		fd_install(fd, terminal ? get_file(terminal) : launch->stdio[i]);
		launch->stdio[i] = NULL;
	}
	if (terminal) {
		fput(terminal);
		vt_terminal_opened(launch->job);
	}
	return ret;
}

static bool environment_has(const char **envp, const char *prefix)
{
	for (; *envp; envp++) {
		if (strstarts(*envp, prefix))
			return true;
	}
	return false;
}

static int credentials_set(struct launch *launch)
{
	struct vt_user user = { .uid = launch->head.uid, .gid = launch->head.gid, .home = "/" };
	struct group_info *groups;
	int ret = 0;

	if (!user.uid)
		strscpy(user.home, "/root");
	if (launch->head.flags & VT_SPAWN_USER)
		ret = vt_user_resolve(launch->user, &user);
	else
		user.groups[user.ngroups++] = user.gid;
	if (ret)
		return ret;
	if (!environment_has(launch->envp, "HOME=")) {
		snprintf(launch->home, sizeof(launch->home), "HOME=%s", user.home);
		launch->envp[launch->head.envc] = launch->home;
	}
	if (launch->job->slave)
		chown_common(&launch->job->slave->f_path, user.uid, -1);

	groups = groups_alloc(user.ngroups);
	if (!groups)
		return -ENOMEM;
	for (unsigned int i = 0; i < user.ngroups; i++)
		groups->gid[i] = make_kgid(current_user_ns(), user.groups[i]);
	groups_sort(groups);
	ret = set_current_groups(groups);
	put_group_info(groups);
	if (!ret)
		ret = __sys_setgid(user.gid);
	if (!ret && user.uid)
		ret = __sys_setuid(user.uid);
	return ret;
}

static int directory_set(const char *name)
{
	struct path path;
	int ret = kern_path(name, LOOKUP_FOLLOW | LOOKUP_DIRECTORY, &path);

	if (ret)
		return ret;
	ret = path_permission(&path, MAY_EXEC | MAY_CHDIR);
	if (!ret)
		set_fs_pwd(current->fs, &path);
	path_put(&path);
	return ret;
}

/* execvp(3): an entry that may not be executed does not end the search, but is remembered */
static int exec_search(struct launch *launch)
{
	const char *search = DEFAULT_PATH;
	const char *name = launch->argv[0];
	int ret = -ENOENT;
	char *path;

	if (strchr(name, '/'))
		return kernel_execve(name, launch->argv, launch->envp);
	if (!*name)
		return -ENOENT;
	for (const char **env = launch->envp; *env; env++) {
		if (strstarts(*env, "PATH="))
			search = *env + 5;
	}
	path = __getname();
	if (!path)
		return -ENOMEM;
	for (const char *entry = search;;) {
		const char *end = strchrnul(entry, ':');
		int len = end - entry;
		int error = -ENAMETOOLONG;

		if (snprintf(path, PATH_MAX, "%.*s%s%s", len, entry, len ? "/" : "./", name) <
		    PATH_MAX)
			error = kernel_execve(path, launch->argv, launch->envp);
		if (error == -EACCES) {
			ret = error;
		} else if (error != -ENOENT && error != -ENOTDIR) {
			ret = error;
			break;
		}
		if (!*end)
			break;
		entry = end + 1;
	}
	__putname(path);
	return ret;
}

static int streams_make(struct launch *launch)
{
	struct vt_job *job = launch->job;
	int ret;

	if (job->flags & VT_SPAWN_CONNECT)
		ret = vt_connect(job, launch->argv[0]);
	else if (job->flags & VT_SPAWN_TTY)
		ret = vt_terminal_new(job, launch->head.rows, launch->head.columns);
	else
		ret = vt_stream_pipes(job, launch->stdio);
	if (!ret && job->flags & VT_SPAWN_CONSOLE && !job->slave)
		ret = vt_terminal_console(job, &launch->stdio[1]);
	if (!ret && job->flags & VT_SPAWN_CONSOLE)
		vt_terminal_is_console(job);
	return ret ?: vt_stream_start(job);
}

/* Make the streams and tell the supervisor; without both there is no process */
static void launch_begin(struct launch *launch)
{
	struct vt_job *job = launch->job;
	int ret = streams_make(launch);

	if (ret)
		job->silent = true;
	if (vt_host->request_done(launch->request, ret ?: task_tgid_nr(current), NULL, 0) && !ret)
		return;
	launch_free(launch);
	do_exit(STATUS_VITRINE << 8);
}

/**
 * vt_launch() - Become the command
 *
 * Return: 0 when the current task is to go on in user mode; otherwise it has ended.
 */
int vt_launch(struct launch *launch)
{
	int ret;

	spin_lock_irq(&current->sighand->siglock);
	flush_signal_handlers(current, 1);
	spin_unlock_irq(&current->sighand->siglock);
	launch_begin(launch);
	if (launch->job->flags & VT_SPAWN_CONNECT) {
		ret = vt_stream_await(launch->job);
		launch_free(launch);
		do_exit(ret);
	}
	current->thread.frame.spare = 1;
	current->no_cgroup_migration = 0; /* the server's */
	ksys_setsid();
	current->fs->umask = 0022;

	ret = stdio_install(launch);
	if (ret)
		launch_fail(launch, "open", "standard streams", ret);
	ret = credentials_set(launch);
	if (ret)
		launch_fail(launch, "user", launch->user, ret);
	ret = directory_set(launch->cwd);
	if (ret)
		launch_fail(launch, "chdir", launch->cwd, ret);
	ret = exec_search(launch);
	/* Past the point of no return there is no program to go back to: it dies of a signal */
	if (ret && current->mm) {
		launch_say("exec", launch->argv[0], ret);
		launch_free(launch);
		do_exit(fatal_signal_pending(current) ? SIGKILL : SIGSEGV);
	}
	if (ret)
		launch_fail(launch, "exec", launch->argv[0], ret);
	launch_free(launch);
	return 0;
}

static int launch_child(void *launch)
{
	return vt_launch(launch);
}

static long spawn(const struct vt_request *req)
{
	const struct vt_spawn *head = vt_request_head(req, sizeof(*head));
	struct launch *launch;
	struct vt_job *job;
	long ret;

	if (!head)
		return -EINVAL;
	if (vt_halting())
		return -ESHUTDOWN;
	launch = kzalloc(sizeof(*launch), GFP_KERNEL);
	if (!launch)
		return -ENOMEM;
	launch->head = *head;
	launch->request = req->id;
	ret = launch_parse(launch, req->data + sizeof(*head), req->len - sizeof(*head));
	if (ret)
		goto free_launch;
	ret = -ENOMEM;
	job = vt_job_new(head->job, head->flags);
	if (!job)
		goto free_launch;
	launch->job = job;
	if (head->flags & VT_SPAWN_INIT)
		ret = vt_program_launch(launch);
	else
		ret = vt_reserve_child(launch_child, launch);
	if (ret < 0)
		goto free_job;
	job->pid = ret;
	return ret;

free_job:
	vt_job_free(job);
free_launch:
	launch_free(launch);
	return ret;
}

/**
 * vt_spawn() - Serve VT_REQ_SPAWN
 * @req: data is a struct vt_spawn and its strings
 *
 * The child answers it, or nobody else can. A sandbox whose main process cannot be started is over.
 */
void vt_spawn(const struct vt_request *req)
{
	const struct vt_spawn *head = vt_request_head(req, sizeof(*head));
	long ret = spawn(req);

	if (ret >= 0)
		return;
	vt_host->request_done(req->id, ret, NULL, 0);
	if (head && head->flags & VT_SPAWN_MAIN)
		vt_halt_begin(STATUS_VITRINE);
}
