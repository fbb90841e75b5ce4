// SPDX-License-Identifier: GPL-2.0-only
/* test_confine.c - what is left to the supervisor after it has confined itself
 *
 * Every attempt runs in a child that confines itself as sandbox_run() does, with a second thread.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/confine/confine.h"
#include "vitrine/util.h"

#define REFUSED 125 /* not executed, named in one line */
#define ALLOWED 0
#define KILLED (128 + SIGSYS)
#define DENIED 1 /* by Landlock, with an error */

static int memory;
static char message[256];
static pid_t parent, bystander;
static bool no_landlock;

static int result(long ret)
{
	return ret < 0 ? DENIED : ALLOWED;
}

static void *idle_thread(void *arg)
{
	poll(NULL, 0, -1); /* on the list */
	return NULL;
}

/* Take Landlock away from this process */
static void hide_landlock(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_landlock_create_ruleset, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { ARRAY_SIZE(code), code };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program))
		_exit(52);
}

static int confined(int (*attempt)(void))
{
	int fds[2], status;
	ssize_t n;
	pid_t pid;

	assert_int_equal(pipe(fds), 0);
	pid = fork();
	if (!pid) {
		struct error err;
		pthread_t thread;

		dup2(fds[1], STDERR_FILENO);
		if (no_landlock)
			hide_landlock();
		if (confine_begin(0, &err) || pthread_create(&thread, NULL, idle_thread, NULL))
			_exit(50);
		memory = memfd_create("memory", 0);
		if (ftruncate(memory, 4096) ||
		    confine_enter(&(struct confine_memory){ .fd = memory }, &err)) {
			dprintf(STDERR_FILENO, "%s\n", err.text);
			_exit(51);
		}
		_exit(attempt());
	}
	close(fds[1]);
	n = read(fds[0], message, sizeof(message) - 1);
	message[n < 0 ? 0 : n] = '\0';
	close(fds[0]);
	waitpid(pid, &status, 0);
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* ---- attempts ---- */

static int nothing(void)
{
	return 0;
}

static int run_program(void)
{
	return result(execl("/bin/true", "true", NULL));
}

static int copy_process(void)
{
	return result(syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0));
}

static int open_file(void)
{
	return result(open("/etc/passwd", O_RDONLY));
}

static int make_socket(void)
{
	return result(socket(AF_INET, SOCK_STREAM, 0));
}

static int trace_parent(void)
{
	return result(syscall(SYS_ptrace, 16, parent, 0, 0));
}

static int type_into_terminal(void)
{
	return result(ioctl(0, TIOCSTI, "x"));
}

static int executable_memory(void)
{
	return mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) ==
	       MAP_FAILED;
}

static int executable_guest_memory(void)
{
	return mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_SHARED, memory, 0) == MAP_FAILED;
}

static int signal_parent(void)
{
	return result(syscall(SYS_kill, parent, SIGTERM));
}

static int kill_bystander(void)
{
	return result(syscall(SYS_kill, bystander, SIGKILL));
}

static int remove_file(void)
{
	return result(syscall(SYS_unlinkat, AT_FDCWD, getenv("VICTIM"), 0));
}

static int new_thread(void)
{
	pthread_t thread;

	return pthread_create(&thread, NULL, idle_thread, NULL) ? DENIED : ALLOWED;
}

static int other_table(void)
{
	long ret;

	asm volatile("int $0x80" : "=a"(ret) : "a"(20) : "memory", "r8", "r9", "r10", "r11");
	return result(ret);
}

/* ---- tests ---- */

static void test_calls(void **state)
{
	static const struct {
		const char *name;
		int (*attempt)(void);
		int expected;
		const char *says;
	} cases[] = {
		{ "nothing", nothing, ALLOWED, NULL },
		{ "a thread", new_thread, ALLOWED, NULL },
		{ "guest memory", executable_guest_memory, ALLOWED, NULL },
		{ "exec", run_program, KILLED, NULL },
		{ "fork", copy_process, REFUSED, "(clone)" },
		{ "open", open_file, REFUSED, "(openat)" },
		{ "socket", make_socket, KILLED, NULL },
		{ "ptrace", trace_parent, KILLED, NULL },
		{ "TIOCSTI", type_into_terminal, REFUSED, "(ioctl)" },
		{ "executable memory", executable_memory, REFUSED, "(mmap)" },
		{ "SIGTERM to others", signal_parent, REFUSED, "(kill)" },
		{ "int 0x80", other_table, KILLED, NULL },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		int got = confined(cases[i].attempt);

		if (got != cases[i].expected)
			print_error("%s: %d, %s\n", cases[i].name, got, message);
		assert_int_equal(got, cases[i].expected);
		if (cases[i].says && !strstr(message, cases[i].says))
			fail_msg("%s says: %s", cases[i].name, message);
	}
}

/* What Landlock takes, and the first version of it that can; below that the filter lets it pass */
static const struct {
	const char *name;
	int (*attempt)(void);
	long since;
} landlocked[] = {
	{ "remove a file", remove_file, 1 },
	{ "kill another process", kill_bystander, 6 },
};

static void assert_landlock(long abi)
{
	char victim[] = "/tmp/vitrine-confine-XXXXXX";
	int fd = mkstemp(victim), status;

	assert_true(fd >= 0);
	close(fd);
	setenv("VICTIM", victim, 1);
	bystander = fork();
	if (!bystander)
		pause();
	for (size_t i = 0; i < ARRAY_SIZE(landlocked); i++) {
		int expected = abi >= landlocked[i].since ? DENIED : ALLOWED;
		int got = confined(landlocked[i].attempt);

		if (got != expected)
			fail_msg("Landlock %ld: %s: %d, %s", abi, landlocked[i].name, got, message);
	}
	assert_int_equal(access(victim, F_OK), abi >= landlocked[0].since ? 0 : -1);
	if (abi >= landlocked[1].since) {
		assert_int_equal(waitpid(bystander, &status, WNOHANG), 0);
		kill(bystander, SIGKILL);
	}
	waitpid(bystander, &status, 0);
	unlink(victim);
}

static void test_landlock_of_this_host(void **state)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);

	assert_landlock(abi < 0 ? 0 : abi);
}

/* A host that has none: the system call is not there */
static void test_host_without_landlock(void **state)
{
	no_landlock = true;
	assert_landlock(0);
	no_landlock = false;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_calls),
		cmocka_unit_test(test_landlock_of_this_host),
		cmocka_unit_test(test_host_without_landlock),
	};
	char dir[] = "/tmp/vitrine-run-XXXXXX";

	parent = getpid();
	if (!mkdtemp(dir) || setenv("XDG_RUNTIME_DIR", dir, 1))
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
