// SPDX-License-Identifier: GPL-2.0-only
/* test_decode.c - system calls as text: what strace 6.1 writes for the same call */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <linux/futex.h>
#include "observe/decode/decode.h"
#include "vitrine/util.h"

static struct event event;
static struct vt_event_syscall *call;
static struct decode_options options;
static char line[65536];

/* A call with its arguments; data() adds what was kept of them */
static void made(int nr, int64_t result, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e,
		 uint64_t f)
{
	const uint64_t args[CALL_ARGS] = { a, b, c, d, e, f };

	memset(&event, 0, sizeof(event));
	event.head.kind = VT_EVENT_SYSCALL;
	event.head.size = sizeof(event.head) + sizeof(*call);
	call = (struct vt_event_syscall *)(event.bytes + sizeof(event.head));
	call->nr = nr;
	call->result = result;
	for (unsigned i = 0; i < CALL_ARGS; i++)
		call->args[i] = args[i];
	options = (struct decode_options){ .string_max = 32 };
}

static void data_part(unsigned arg, unsigned index, const void *bytes, size_t len, size_t full)
{
	struct vt_event_data *data = (struct vt_event_data *)(event.bytes + event.head.size);
	size_t size = (sizeof(*data) + len + 7) & ~7UL;

	*data = (struct vt_event_data){ .arg = arg, .index = index, .len = len, .full = full };
	if (len)
		memcpy(data + 1, bytes, len);
	event.head.size += size;
	call->data_len += size;
}

static void data(unsigned arg, const void *bytes, size_t len)
{
	data_part(arg, 0, bytes, len, len);
}

static void string(unsigned arg, const char *text)
{
	data(arg, text, strlen(text));
}

static const char *text(void)
{
	struct text t = { .data = line, .size = sizeof(line) - 1 };
	struct call parsed;

	assert_true(call_parse(&parsed, &event, &options));
	call_text(&t, &parsed, 0);
	line[t.len] = '\0';
	assert_false(t.cut);
	return line;
}

#define SHOWS(expected) assert_string_equal(text(), expected)
#define UNUSED 0x7777777777777777

static void files(void **state)
{
	struct stat st = { .st_mode = S_IFREG | 0644, .st_size = 1234 };

	made(VT_SYS_openat, 3, AT_FDCWD, 1, O_RDONLY | O_CLOEXEC, UNUSED, 0, 0);
	string(1, "/etc/hosts");
	SHOWS("openat(AT_FDCWD, \"/etc/hosts\", O_RDONLY|O_CLOEXEC) = 3");
	made(VT_SYS_openat, -ENOENT, AT_FDCWD, 1, O_RDWR | O_CREAT | O_TRUNC, 0644, 0, 0);
	string(1, "x");
	SHOWS("openat(AT_FDCWD, \"x\", O_RDWR|O_CREAT|O_TRUNC, 0644) = -1 ENOENT (No such file or "
	      "directory)");
	made(VT_SYS_fstat, 0, 3, 1, 0, 0, 0, 0);
	data(1, &st, sizeof(st));
	SHOWS("fstat(3, {st_mode=S_IFREG|0644, st_size=1234, ...}) = 0");
	st.st_mode = S_IFCHR | 0620;
	st.st_rdev = 0x8800;
	made(VT_SYS_newfstatat, 0, 1, 1, 2, 0x1000, 0, 0);
	string(1, "");
	data(2, &st, sizeof(st));
	SHOWS("newfstatat(1, \"\", {st_mode=S_IFCHR|0620, st_rdev=makedev(0x88, 0), ...}, "
	      "AT_EMPTY_PATH) = 0");
	made(VT_SYS_close, 0, 3, 0, 0, 0, 0, 0);
	SHOWS("close(3)                                = 0");
	made(VT_SYS_lseek, 10, 3, -5ULL, SEEK_END, 0, 0, 0);
	SHOWS("lseek(3, -5, SEEK_END)                  = 10");
	made(VT_SYS_access, -EACCES, 1, R_OK | W_OK, 0, 0, 0, 0);
	string(0, "/x");
	SHOWS("access(\"/x\", R_OK|W_OK)                 = -1 EACCES (Permission denied)");
	made(VT_SYS_umask, 022, 077, 0, 0, 0, 0, 0);
	SHOWS("umask(077)                              = 022");
}

static void strings_are_escaped_as_strace_does(void **state)
{
	made(VT_SYS_write, 9, 1, 1, 9, 0, 0, 0);
	data(1, "a\n\t\"\\\0001\xff\x1b", 9);
	SHOWS("write(1, \"a\\n\\t\\\"\\\\\\0001\\377\\33\", 9)    = 9");
	made(VT_SYS_read, 1000, 0, 1, 4096, 0, 0, 0);
	data_part(1, 0, "\177ELF\2\1\1\3\0\0\0\0\0\0\0\0\3\0>\0\1\0\0\0", 24, 1000);
	SHOWS("read(0, \"\\177ELF\\2\\1\\1\\3\\0\\0\\0\\0\\0\\0\\0\\0\\3\\0>\\0\\1\\0\\0\\0\"..., "
	      "4096) = "
	      "1000");
	made(VT_SYS_getrandom, 2, 1, 2, 1, 0, 0, 0);
	data(0, "a\x01", 2);
	SHOWS("getrandom(\"\\x61\\x01\", 2, GRND_NONBLOCK) = 2");
}

static void no_byte_of_a_guest_reaches_the_terminal_raw(void **state)
{
	char hostile[256];

	for (unsigned i = 0; i < sizeof(hostile); i++)
		hostile[i] = (char)i;
	made(VT_SYS_rename, 0, 1, 2, 0, 0, 0, 0);
	options.paths = true;
	data(0, hostile, sizeof(hostile));
	data(1, hostile, sizeof(hostile));
	for (const char *p = text(); *p; p++)
		assert_true(*p >= ' ' && *p <= '~');
	made(VT_SYS_close, 0, 3, 0, 0, 0, 0, 0);
	options.paths = true;
	string(0, "/a>\33[2Jb<");
	SHOWS("close(3</a\\76\\33[2Jb\\74>)               = 0");
}

static void descriptors_have_paths(void **state)
{
	made(VT_SYS_openat, 3, AT_FDCWD, 1, O_RDONLY, 0, 0, 0);
	options.paths = true;
	string(0, "/root");
	string(1, "x");
	data_part(VT_DATA_RESULT, 0, "/root/x", 7, 7);
	SHOWS("openat(AT_FDCWD</root>, \"x\", O_RDONLY)  = 3</root/x>");
	options.paths = false;
	SHOWS("openat(AT_FDCWD, \"x\", O_RDONLY)         = 3");
}

static void memory(void **state)
{
	made(VT_SYS_mmap, 0x7f0000000000, 0, 8192, PROT_READ | PROT_WRITE,
	     MAP_PRIVATE | MAP_ANONYMOUS, UINT32_MAX, 0);
	SHOWS("mmap(NULL, 8192, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = "
	      "0x7f0000000000");
	made(VT_SYS_mmap, 0x7f0000001000, 0x7f0000001000, 4096, PROT_READ | PROT_EXEC,
	     MAP_PRIVATE | MAP_FIXED | MAP_DENYWRITE, 3, 0x26000);
	SHOWS("mmap(0x7f0000001000, 4096, PROT_READ|PROT_EXEC, "
	      "MAP_PRIVATE|MAP_FIXED|MAP_DENYWRITE, 3, 0x26000) = 0x7f0000001000");
	made(VT_SYS_mprotect, 0, 0x1000, 4096, PROT_NONE, 0, 0, 0);
	SHOWS("mprotect(0x1000, 4096, PROT_NONE)       = 0");
	made(VT_SYS_brk, 0x555000, 0, 0, 0, 0, 0, 0);
	SHOWS("brk(NULL)                               = 0x555000");
	made(VT_SYS_madvise, 0, 0x1000, 4096, MADV_DONTNEED, 0, 0, 0);
	SHOWS("madvise(0x1000, 4096, MADV_DONTNEED)    = 0");
}

static void processes(void **state)
{
	static const uint64_t thread[11] = { 0x3d0f00, 0, 0x10, 0x10, 0, 0x20, 0x800000, 0x30 };
	static const uint32_t status = 3 << 8, killed = SIGSEGV | 0x80;

	made(VT_SYS_clone, 41, CLONE_CHILD_CLEARTID | CLONE_CHILD_SETTID | SIGCHLD, 0, 0, 0x10, 0,
	     0);
	SHOWS("clone(child_stack=NULL, flags=CLONE_CHILD_CLEARTID|CLONE_CHILD_SETTID|SIGCHLD, "
	      "child_tidptr=0x10) = 41");
	made(VT_SYS_clone3, 41, 1, 88, 0, 0, 0, 0);
	data(0, thread, sizeof(thread));
	SHOWS("clone3({flags=CLONE_VM|CLONE_FS|CLONE_FILES|CLONE_SIGHAND|CLONE_THREAD|"
	      "CLONE_SYSVSEM|CLONE_SETTLS|CLONE_PARENT_SETTID|CLONE_CHILD_CLEARTID, "
	      "child_tid=0x10, parent_tid=0x10, exit_signal=0, stack=0x20, stack_size=0x800000, "
	      "tls=0x30}, 88) = 41");
	made(VT_SYS_wait4, 41, UINT64_MAX, 1, 0, 0, 0, 0);
	data(1, &status, sizeof(status));
	SHOWS("wait4(-1, [{WIFEXITED(s) && WEXITSTATUS(s) == 3}], 0, NULL) = 41");
	made(VT_SYS_wait4, 41, UINT64_MAX, 1, 3, 0, 0, 0);
	data(1, &killed, sizeof(killed));
	SHOWS("wait4(-1, [{WIFSIGNALED(s) && WTERMSIG(s) == SIGSEGV && WCOREDUMP(s)}], "
	      "WNOHANG|WSTOPPED, NULL) = 41");
	made(VT_SYS_execve, 0, 1, 2, 0x7ffc, 0, 0, 0);
	call->flags = VT_CALL_NORETURN;
	string(0, "/bin/ls");
	data_part(1, 0, "ls", 2, 2);
	data_part(1, 1, "-l", 2, 2);
	data_part(2, VT_DATA_COUNT, "", 0, 23);
	SHOWS("execve(\"/bin/ls\", [\"ls\", \"-l\"], 0x7ffc /* 23 vars */) = 0");
	made(VT_SYS_exit_group, 0, 3, 0, 0, 0, 0, 0);
	call->flags = VT_CALL_NORETURN;
	SHOWS("exit_group(3)                           = ?");
}

static void signals(void **state)
{
	static const uint64_t action[4] = { 0x401000, 0x14000000, 0x402000, 1ULL << 16 };
	static const uint64_t most = ~(1ULL << 31 | 1ULL << 32), some = 1 | 1ULL << 16;

	made(VT_SYS_rt_sigaction, 0, SIGINT, 1, 0, 8, 0, 0);
	data(1, action, sizeof(action));
	SHOWS("rt_sigaction(SIGINT, {sa_handler=0x401000, sa_mask=[CHLD], "
	      "sa_flags=SA_RESTORER|SA_RESTART, sa_restorer=0x402000}, NULL, 8) = 0");
	made(VT_SYS_rt_sigprocmask, 0, SIG_BLOCK, 1, 2, 8, 0, 0);
	data(1, &most, 8);
	data(2, &some, 8);
	SHOWS("rt_sigprocmask(SIG_BLOCK, ~[RTMIN RT_1], [HUP CHLD], 8) = 0");
	made(VT_SYS_tgkill, 0, 5, 6, SIGABRT, 0, 0, 0);
	SHOWS("tgkill(5, 6, SIGABRT)                   = 0");
}

static void networks(void **state)
{
	struct sockaddr_in in = { AF_INET, htons(80), { htonl(0x7f000001) } };
	static const uint32_t before = 128, after = 16, one = 1;

	made(VT_SYS_socket, 3, AF_INET, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_TCP, 0, 0, 0);
	SHOWS("socket(AF_INET, SOCK_STREAM|SOCK_CLOEXEC, IPPROTO_TCP) = 3");
	made(VT_SYS_connect, -ECONNREFUSED, 3, 1, 16, 0, 0, 0);
	data(1, &in, sizeof(in));
	SHOWS("connect(3, {sa_family=AF_INET, sin_port=htons(80), "
	      "sin_addr=inet_addr(\"127.0.0.1\")}, 16) = -1 ECONNREFUSED (Connection refused)");
	made(VT_SYS_connect, 0, 3, 1, 110, 0, 0, 0);
	data(1, "\1\0/run/x\0rest", 13);
	SHOWS("connect(3, {sa_family=AF_UNIX, sun_path=\"/run/x\"}, 110) = 0");
	made(VT_SYS_accept, 4, 3, 1, 2, 0, 0, 0);
	data(1, &in, sizeof(in));
	data_part(2, 0, &before, 4, 4);
	data_part(2, 1, &after, 4, 4);
	SHOWS("accept(3, {sa_family=AF_INET, sin_port=htons(80), "
	      "sin_addr=inet_addr(\"127.0.0.1\")}, [128 => 16]) = 4");
	made(VT_SYS_setsockopt, 0, 3, SOL_SOCKET, SO_REUSEADDR, 1, 4, 0);
	data(3, &one, 4);
	SHOWS("setsockopt(3, SOL_SOCKET, SO_REUSEADDR, [1], 4) = 0");
	made(VT_SYS_sendto, 2, 3, 1, 2, MSG_NOSIGNAL, 0, 0);
	string(1, "hi");
	SHOWS("sendto(3, \"hi\", 2, MSG_NOSIGNAL, NULL, 0) = 2");
}

static void commands(void **state)
{
	static const uint64_t second[2] = { 1, 500000000 };
	static const uint16_t window[4] = { 24, 80, 0, 0 };

	made(VT_SYS_fcntl, 0x8402, 3, F_GETFL, UNUSED, 0, 0, 0);
	SHOWS("fcntl(3, F_GETFL)                       = 0x8402 (flags "
	      "O_RDWR|O_APPEND|O_LARGEFILE)");
	made(VT_SYS_fcntl, 0, 3, F_SETFD, FD_CLOEXEC, 0, 0, 0);
	SHOWS("fcntl(3, F_SETFD, FD_CLOEXEC)           = 0");
	made(VT_SYS_ioctl, 0, 1, TIOCGWINSZ, 1, 0, 0, 0);
	data(2, window, sizeof(window));
	SHOWS("ioctl(1, TIOCGWINSZ, {ws_row=24, ws_col=80, ws_xpixel=0, ws_ypixel=0}) = 0");
	made(VT_SYS_futex, 1, 0x10, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, 1, UNUSED, 0, 0);
	SHOWS("futex(0x10, FUTEX_WAKE_PRIVATE, 1)      = 1");
	made(VT_SYS_futex, -ETIMEDOUT, 0x10, FUTEX_WAIT_BITSET | FUTEX_CLOCK_REALTIME, 2, 1, 0,
	     UINT32_MAX);
	data(3, second, sizeof(second));
	SHOWS("futex(0x10, FUTEX_WAIT_BITSET|FUTEX_CLOCK_REALTIME, 2, {tv_sec=1, "
	      "tv_nsec=500000000}, FUTEX_BITSET_MATCH_ANY) = -1 ETIMEDOUT (Connection timed "
	      "out)");
	made(VT_SYS_prctl, 0, PR_SET_NAME, 1, UNUSED, 0, 0, 0);
	string(1, "worker");
	SHOWS("prctl(PR_SET_NAME, \"worker\")            = 0");
}

static void waiting(void **state)
{
	static const uint32_t before[2] = { 3, 1 }, after[2] = { 3, 1 | 1 << 16 };
	const struct epoll_event ready = { .events = EPOLLIN, .data.u64 = 5 };

	made(VT_SYS_poll, 1, 1, 1, UINT32_MAX, 0, 0, 0);
	data_part(0, 0, before, 8, 8);
	data_part(0, 1, after, 8, 8);
	SHOWS("poll([{fd=3, events=POLLIN}], 1, -1)    = 1 ([{fd=3, revents=POLLIN}])");
	made(VT_SYS_poll, 0, 1, 1, 10, 0, 0, 0);
	data_part(0, 0, before, 8, 8);
	SHOWS("poll([{fd=3, events=POLLIN}], 1, 10)    = 0 (Timeout)");
	made(VT_SYS_epoll_wait, 1, 4, 1, 8, UINT32_MAX, 0, 0);
	data(1, &ready, sizeof(ready));
	SHOWS("epoll_wait(4, [{events=EPOLLIN, data={u32=5, u64=5}}], 8, -1) = 1");
}

static void limits(void **state)
{
	static const uint64_t limit[2] = { 8 << 20, UINT64_MAX };

	made(VT_SYS_prlimit64, 0, 0, RLIMIT_STACK, 0, 1, 0, 0);
	data(3, limit, sizeof(limit));
	SHOWS("prlimit64(0, RLIMIT_STACK, NULL, {rlim_cur=8192*1024, "
	      "rlim_max=RLIM64_INFINITY}) = 0");
}

static void vectors(void **state)
{
	made(VT_SYS_writev, 6, 1, 1, 2, 0, 0, 0);
	data_part(1, 0, "hello", 5, 5);
	data_part(1, 1, "\n", 1, 1);
	SHOWS("writev(1, [{iov_base=\"hello\", iov_len=5}, {iov_base=\"\\n\", iov_len=1}], 2) = 6");
}

/* What a read did not fill is shown as empty; NULL and what was cut off is told apart */
static void vectors_that_are_not_full(void **state)
{
	made(VT_SYS_readv, 6, 3, 1, 3, 0, 0, 0);
	data_part(1, 0, "hello", 5, 5);
	data_part(1, 2, "!xyz", 4, 4);
	SHOWS("readv(3, [{iov_base=\"hello\", iov_len=5}, {iov_base=NULL, iov_len=0}, "
	      "{iov_base=\"!\", iov_len=4}], 3) = 6");
	made(VT_SYS_writev, 99, 3, 1, 9, 0, 0, 0);
	data_part(1, 0, "hello", 5, 5);
	data_part(1, VT_DATA_COUNT, "", 0, 9);
	SHOWS("writev(3, [{iov_base=\"hello\", iov_len=5}, ...], 9) = 99");
}

static void messages(void **state)
{
	struct sockaddr_in in = { AF_INET, htons(80), { htonl(0x7f000001) } };
	struct {
		struct msghdr head;
		uint32_t len;
	} message = { { (void *)1, 16, (void *)2, 1, (void *)3, 20, 0 }, 2 };
	struct {
		struct cmsghdr head;
		int fds[2];
	} rights = { { 24, SOL_SOCKET, SCM_RIGHTS }, { 7, 8 } }, lying = rights;
	static const uint32_t room = 28, sent = 2;

	made(VT_SYS_sendmsg, 2, 3, 1, 0, 0, 0, 0);
	options.paths = true;
	data_part(1, VT_MESSAGE_HEAD, &message, 56, 56);
	data_part(1, VT_MESSAGE_NAME, &in, 16, 16);
	data_part(1, VT_MESSAGE_VECTOR, "hi", 2, 2);
	data_part(1, VT_MESSAGE_CONTROL, &rights, 24, 24);
	data_part(1, VT_MESSAGE_PATH + 1, "/x", 2, 2);
	SHOWS("sendmsg(3, {msg_name={sa_family=AF_INET, sin_port=htons(80), "
	      "sin_addr=inet_addr(\"127.0.0.1\")}, msg_namelen=16, msg_iov=[{iov_base=\"hi\", "
	      "iov_len=2}], msg_iovlen=1, msg_control=[{cmsg_len=24, cmsg_level=SOL_SOCKET, "
	      "cmsg_type=SCM_RIGHTS, cmsg_data=[7, 8</x>]}], msg_controllen=20, msg_flags=0}, 0) = "
	      "2");

	made(VT_SYS_recvmsg, -EAGAIN, 3, 1, 0, 0, 0, 0);
	data_part(1, VT_MESSAGE_LENGTH, &room, 4, 4);
	SHOWS("recvmsg(3, {msg_namelen=28}, 0)         = -1 EAGAIN (Resource temporarily "
	      "unavailable)");
	made(VT_SYS_recvmsg, 1, 3, 1, 0, 0, 0, 0);
	lying.head.cmsg_len = SIZE_MAX;
	data_part(1, VT_MESSAGE_LENGTH, &room, 4, 4);
	data_part(1, VT_MESSAGE_HEAD, &message, 56, 56);
	data_part(1, VT_MESSAGE_VECTOR, "hi", 2, 2);
	data_part(1, VT_MESSAGE_CONTROL, &lying, 24, 24);
	SHOWS("recvmsg(3, {msg_name=0x1, msg_namelen=28 => 16, msg_iov=[{iov_base=\"h\", "
	      "iov_len=2}], msg_iovlen=1, msg_control=[...], msg_controllen=20, msg_flags=0}, 0) = "
	      "1");

	message.head = (struct msghdr){ .msg_iov = (void *)2, .msg_iovlen = 5 };
	made(VT_SYS_sendmmsg, 1, 3, 1, 4, 0, 0, 0);
	data_part(1, VT_MESSAGE_HEAD, &message, 60, 60);
	data_part(1, VT_MESSAGE_CUT, "", 0, 5);
	data_part(1, VT_MESSAGE_LENGTH, &sent, 4, 4);
	SHOWS("sendmmsg(3, [{msg_hdr={msg_name=NULL, msg_namelen=0, msg_iov=[...], msg_iovlen=5, "
	      "msg_controllen=0, msg_flags=0}, msg_len=2}], 4, 0) = 1");
	call->result = 2;
	SHOWS("sendmmsg(3, [{msg_hdr={msg_name=NULL, msg_namelen=0, msg_iov=[...], msg_iovlen=5, "
	      "msg_controllen=0, msg_flags=0}, msg_len=2}, ...], 4, 0) = 2");
}

static void descriptors_of_arrays_have_paths(void **state)
{
	static const uint32_t polled[2] = { 3, 1 }, pair[2] = { 5, 6 };

	made(VT_SYS_poll, 0, 1, 1, 10, 0, 0, 0);
	options.paths = true;
	data_part(0, 0, polled, 8, 8);
	data_part(0, VT_DATA_PATH, "/x", 2, 2);
	SHOWS("poll([{fd=3</x>, events=POLLIN}], 1, 10) = 0 (Timeout)");
	made(VT_SYS_select, 0, 8, 1, 0, 0, 0, 0);
	options.paths = true;
	data_part(1, 0, "\x88", 1, 128);
	data_part(1, VT_DATA_PATH + 1, "/y", 2, 2);
	SHOWS("select(8, [3 7</y>], NULL, NULL, NULL)  = 0 (Timeout)");
	made(VT_SYS_pipe, 0, 1, 0, 0, 0, 0, 0);
	options.paths = true;
	data_part(0, 0, pair, 8, 8);
	data_part(0, VT_DATA_PATH, "pipe:[1]", 8, 8);
	SHOWS("pipe([5<pipe:[1]>, 6])                  = 0");
}

static void what_was_not_kept_is_a_pointer(void **state)
{
	made(VT_SYS_openat, -EFAULT, AT_FDCWD, 0x10, 0, 0, 0, 0);
	SHOWS("openat(AT_FDCWD, 0x10, O_RDONLY)        = -1 EFAULT (Bad address)");
	made(VT_SYS_rt_sigaction, 0, SIGINT, 0x10, 0x20, 8, 0, 0);
	SHOWS("rt_sigaction(SIGINT, 0x10, 0x20, 8)     = 0");
	made(400, -ENOSYS, 1, 2, 3, 4, 5, 6);
	SHOWS("syscall_0x190(0x1, 0x2, 0x3, 0x4, 0x5, 0x6) = -1 ENOSYS (Function not implemented)");
}

static void unknown_constants_are_numbers(void **state)
{
	made(VT_SYS_lseek, -EINVAL, 3, 0, 9, 0, 0, 0);
	SHOWS("lseek(3, 0, 0x9 /* SEEK_??? */)         = -1 EINVAL (Invalid argument)");
	made(VT_SYS_unlinkat, -EINVAL, 3, 1, 0x1000000 | 0x200, 0, 0, 0);
	string(1, "x");
	SHOWS("unlinkat(3, \"x\", AT_REMOVEDIR|0x1000000) = -1 EINVAL (Invalid argument)");
}

static void json_strings_are_valid(void **state)
{
	static const struct {
		const char *bytes, *json;
	} cases[] = {
		{ "plain", "\"plain\"" },
		{ "\"\\\n\x1b\x7f", "\"\\\"\\\\\\u000a\\u001b\\u007f\"" },
		{ "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80",
		  "\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\"" },
		/* what a terminal obeys, or turns text round; beyond the basic plane in halves */
		{ "\xc2\x9b\xe2\x80\xae\xf3\xa0\x80\x81", "\"\\u009b\\u202e\\udb40\\udc01\"" },
		/* overlong, a surrogate, beyond Unicode, cut short */
		{ "\xc0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\"" },
		{ "\xed\xa0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"" },
		{ "\xf4\x90\x80\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"" },
		{ "\xe2\x82", "\"\xef\xbf\xbd\xef\xbf\xbd\"" },
	};

	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		struct text t = { .data = line, .size = sizeof(line) - 1 };

		text_json(&t, cases[i].bytes, strlen(cases[i].bytes));
		line[t.len] = '\0';
		assert_string_equal(line, cases[i].json);
	}
}

static void a_full_buffer_cuts(void **state)
{
	char small[16];
	struct text t = { .data = small, .size = sizeof(small) };

	text_quoted(&t, "0123456789abcdef", 16, TEXT_ESCAPE);
	text_unsigned(&t, UINT64_MAX);
	text_pad(&t, 0, 100);
	assert_true(t.cut);
	assert_int_equal(t.len, sizeof(small));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(files),
		cmocka_unit_test(strings_are_escaped_as_strace_does),
		cmocka_unit_test(no_byte_of_a_guest_reaches_the_terminal_raw),
		cmocka_unit_test(descriptors_have_paths),
		cmocka_unit_test(memory),
		cmocka_unit_test(processes),
		cmocka_unit_test(signals),
		cmocka_unit_test(networks),
		cmocka_unit_test(commands),
		cmocka_unit_test(waiting),
		cmocka_unit_test(limits),
		cmocka_unit_test(vectors),
		cmocka_unit_test(vectors_that_are_not_full),
		cmocka_unit_test(messages),
		cmocka_unit_test(descriptors_of_arrays_have_paths),
		cmocka_unit_test(what_was_not_kept_is_a_pointer),
		cmocka_unit_test(unknown_constants_are_numbers),
		cmocka_unit_test(json_strings_are_valid),
		cmocka_unit_test(a_full_buffer_cuts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
