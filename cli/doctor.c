// SPDX-License-Identifier: GPL-2.0-only
/* doctor.c - vitrine doctor: what this host offers, and what it would refuse and why
 *
 * One line a check, from a table. A check asks the kernel itself (it tries the thing in a child
 * where trying has side effects) instead of reasoning from version numbers. "refused" means that
 * sandboxes cannot start; "missing" that they do without.
 */

#include <errno.h>
#include <inttypes.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stdarg.h>
#include <stdbool.h>
#include <string.h>
#include <netinet/in.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>
#include "cli/common/cli.h"
#include "cli/common/options.h"
#include "cli/common/paths.h"
#include "cli/common/wakeups.h"
#include "engine/confine/confine.h"
#include "engine/control/control.h"
#include "engine/jobs/jobs.h"
#include "engine/jobs/terminal.h"
#include "engine/memory/memory.h"
#include "engine/sandbox.h"
#include "engine/share/share.h"
#include "engine/tier/seccomp/host/limits.h"
#include "vitrine/abi.h"
#include "vitrine/util.h"

#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)
#endif
#ifndef HWCAP2_FSGSBASE
#define HWCAP2_FSGSBASE (1 << 1)
#define FINDING_COLUMN 32
#endif

enum verdict { VERDICT_OK, VERDICT_MISSING, VERDICT_REFUSED, NVERDICTS };

static const char *const verdict_name[] = {
	[VERDICT_OK] = "ok",
	[VERDICT_MISSING] = "missing",
	[VERDICT_REFUSED] = "refused",
};
static_assert(ARRAY_SIZE(verdict_name) == NVERDICTS, "verdict_name[]");

struct finding {
	enum verdict verdict;
	char text[256];
};

static void __attribute__((format(printf, 3, 4)))
found(struct finding *f, enum verdict verdict, const char *format, ...)
{
	va_list args;

	f->verdict = verdict;
	va_start(args, format);
	vsnprintf(f->text, sizeof(f->text), format, args);
	va_end(args);
}

/* Runs @try in a child; its return value is an errno, 0 for success */
static int in_child(int (*try)(void))
{
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid < 0)
		return errno;
	if (pid == 0)
		_exit(try() & 0xff);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) ? WEXITSTATUS(status) : EINTR;
}

static long read_limit(const char *path)
{
	cleanup_fclose FILE *file = fopen(path, "re");
	long value = -1;

	if (!file || fscanf(file, "%ld", &value) != 1)
		return -1;
	return value;
}

static void check_kernel(struct finding *f)
{
	unsigned major = 0, minor = 0;
	struct utsname u;

	uname(&u);
	sscanf(u.release, "%u.%u", &major, &minor);
	found(f, strcmp(u.machine, "x86_64") ? VERDICT_REFUSED : VERDICT_OK, "%s %s%s", u.release,
	      u.machine, strcmp(u.machine, "x86_64") ? ": only x86_64 is supported" : "");
	if (f->verdict == VERDICT_OK && (major < 5 || (major == 5 && minor < 19)))
		found(f, VERDICT_MISSING, "%s: before Linux 5.19 programs are emulated", u.release);
}

static int install_listener(unsigned long flags)
{
	struct sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	struct sock_fprog program = { 1, &allow };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return errno;
	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER | flags,
		    &program) < 0)
		return errno;
	return 0;
}

static int try_listener(void)
{
	return install_listener(0);
}

static int try_wait_killable(void)
{
	return install_listener(SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV);
}

static void check_notify(struct finding *f)
{
	int code = in_child(try_listener);

	if (!code)
		found(f, VERDICT_OK, "system calls can be sent to the supervisor");
	else
		found(f, VERDICT_MISSING, "%s: is another seccomp filter in force (a container)?",
		      strerror(code));
}

static void check_wait_killable(struct finding *f)
{
	int code = in_child(try_wait_killable);

	if (!code)
		found(f, VERDICT_OK, "a call that was received is not interrupted");
	else
		found(f, VERDICT_MISSING, "%s: Linux 5.19 has it", strerror(code));
}

static bool has_fsgsbase(void)
{
	return getauxval(AT_HWCAP2) & HWCAP2_FSGSBASE;
}

static void check_fsgsbase(struct finding *f)
{
	if (has_fsgsbase())
		found(f, VERDICT_OK, "thread pointers are set without a system call");
	else
		found(f, VERDICT_MISSING, "the CPU or the kernel lacks it");
}

/* What of the above decides it, as engine/tier/tier.c finds when it tries */
static void check_mode(struct finding *f)
{
	const char *lack = !has_fsgsbase()		 ? "fsgsbase"
			   : in_child(try_listener)	 ? "seccomp notification"
			   : in_child(try_wait_killable) ? "seccomp wait-killable"
							 : NULL;

	if (!lack)
		found(f, VERDICT_OK, "--syscall-mode auto is seccomp");
	else
		found(f, VERDICT_MISSING,
		      "--syscall-mode auto is emulate, for want of %s: programs run on one CPU, "
		      "many times slower",
		      lack);
}

static void check_memfd(struct finding *f)
{
	cleanup_close int fd = memfd_create("vitrine-doctor", MFD_CLOEXEC);
	void *map;

	if (fd < 0 || ftruncate(fd, 4096)) {
		found(f, VERDICT_REFUSED, "memfd_create: %s", strerror(errno));
		return;
	}
	map = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED) {
		found(f, VERDICT_REFUSED, "no executable mapping: %s (vm.memfd_noexec, SELinux?)",
		      strerror(errno));
		return;
	}
	munmap(map, 4096);
	found(f, VERDICT_OK, "memory files can be mapped executable");
}

static void check_address_space(struct finding *f)
{
	static const unsigned long places[] = { VT_PAGE_OFFSET, VT_VMALLOC_START };

	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		void *want = (void *)places[i];
		void *map =
		    mmap(want, 1UL << 30, PROT_NONE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);

		if (map == MAP_FAILED || map != want) {
			found(f, VERDICT_REFUSED, "%p cannot be mapped: %s (ulimit -v?)", want,
			      map == MAP_FAILED ? strerror(errno) : "something is there");
			return;
		}
		munmap(map, 1UL << 30);
	}
	found(f, VERDICT_OK, "the guest kernel's addresses are free");
}

static void check_landlock(struct finding *f)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);

	if (abi > 0)
		found(f, VERDICT_OK, "version %ld", abi);
	else
		found(f, VERDICT_MISSING, "%s: one layer less around the supervisor",
		      strerror(errno));
}

static void check_maps(struct finding *f)
{
	long maps = read_limit("/proc/sys/vm/max_map_count");

	if (maps < 0)
		found(f, VERDICT_MISSING, "vm.max_map_count is unknown");
	else if (maps < 4096)
		found(f, VERDICT_REFUSED, "vm.max_map_count is %ld", maps);
	else
		found(f, VERDICT_OK,
		      "%ld in a process (vm.max_map_count); the kernel's own take %u at most", maps,
		      memory_kernel_areas());
}

static void check_areas(struct finding *f)
{
	struct limits small, large;

	limits_find(128ULL << 20, &small);
	limits_find(1ULL << 30, &large);
	found(f, VERDICT_OK,
	      "%u for all guest processes with --memory 128M, %u with 1G (%u MiB of the host's)",
	      small.areas, large.areas, (unsigned)((uint64_t)large.areas * large.area_bytes >> 20));
}

static void check_limit(struct finding *f, int resource, rlim_t low, const char *what)
{
	struct rlimit limit;

	if (getrlimit(resource, &limit))
		found(f, VERDICT_MISSING, "%s", strerror(errno));
	else if (limit.rlim_max == RLIM_INFINITY)
		found(f, VERDICT_OK, "no limit");
	else
		found(f, limit.rlim_max < low ? VERDICT_MISSING : VERDICT_OK, "%ju %s%s",
		      (uintmax_t)limit.rlim_max, what,
		      limit.rlim_max < low ? ": large guests will meet EAGAIN" : "");
}

static void check_processes(struct finding *f)
{
	check_limit(f, RLIMIT_NPROC, 1024, "processes and threads of this user");
}

static void check_files(struct finding *f)
{
	check_limit(f, RLIMIT_NOFILE, 1024, "open files in a process");
}

/* What a sandbox may take: the guest meets EAGAIN, not the host its end */
static void check_budget_processes(struct finding *f)
{
	struct limits limits;

	limits_find(1ULL << 30, &limits);
	found(f, VERDICT_OK, "%u: %u descriptors, of which %u are kept for commands and disks",
	      limits.processes, limits.descriptors, limits.reserved);
}

static void check_budget_threads(struct finding *f)
{
	struct limits limits;

	limits_find(1ULL << 30, &limits);
	found(f, VERDICT_OK,
	      "%u with 1 GiB, %u KiB of the host's memory each; with the processes at most %u "
	      "(of %u, kernel.pid_max)",
	      limits.threads, limits.slot_bytes >> 10, limits.tasks, limits.pid_max);
}

static void check_budget_clients(struct finding *f)
{
	found(f, VERDICT_OK, "%u at a time, and %u more for `ps` and `kill`; %u commands",
	      CONTROL_CLIENTS, CONTROL_RESERVE, JOBS_MAX);
}

static void check_cpus(struct finding *f)
{
	cpu_set_t usable;

	if (sched_getaffinity(0, sizeof(usable), &usable))
		found(f, VERDICT_MISSING, "the host does not say: %s", strerror(errno));
	else
		found(
		    f, VERDICT_OK,
		    "%d for this process; a sandbox has %u, or --cpus, up to %d; an emulated one 1",
		    CPU_COUNT(&usable), sandbox_cpus(), SANDBOX_CPUS_MAX);
}

/* What a guest gains by a second CPU hangs on that */
static void check_wakeups(struct finding *f)
{
	uint64_t here, there;
	cpu_set_t usable;
	int err;

	err = sched_getaffinity(0, sizeof(usable), &usable)
		  ? errno
		  : wakeups_measure(&usable, &here, &there);
	if (err)
		found(f, VERDICT_MISSING, "cannot be measured: %s", strerror(err));
	else if (there)
		found(f, VERDICT_OK, "%.1f us on one CPU, %.1f us from one to another",
		      (double)here / 1000, (double)there / 1000);
	else
		found(f, VERDICT_OK, "%.1f us; there is one CPU", (double)here / 1000);
}

/* What --net needs beside sockets */
static void check_network(struct finding *f)
{
	cleanup_close int ping = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, IPPROTO_ICMP);
	cleanup_close int six = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	const bool resolver = !access("/etc/resolv.conf", R_OK);
	const bool fine = ping >= 0 && six >= 0 && resolver;

	found(f, fine ? VERDICT_OK : VERDICT_MISSING, "IPv4%s; %s; %s", six >= 0 ? ", IPv6" : "",
	      ping >= 0 ? "ping" : "no ping to others (net.ipv4.ping_group_range)",
	      resolver ? "resolvers of /etc/resolv.conf" : "no resolver (/etc/resolv.conf; --dns)");
}

static void check_budget_shares(struct finding *f)
{
	unsigned open_files, known_files;

	share_budget(&open_files, &known_files);
	found(f, VERDICT_OK, "%u open files of a sandbox; its file server remembers %u more",
	      open_files, known_files);
}

static void check_memory(struct finding *f)
{
	uint64_t page = sysconf(_SC_PAGESIZE);
	uint64_t total = (uint64_t)sysconf(_SC_PHYS_PAGES) * page;
	uint64_t available = (uint64_t)sysconf(_SC_AVPHYS_PAGES) * page;

	found(f, total < (1ULL << 30) ? VERDICT_MISSING : VERDICT_OK,
	      "%" PRIu64 " MiB, %" PRIu64 " MiB of them free", total >> 20, available >> 20);
}

static void check_image(struct finding *f)
{
	struct error err = { 0 };
	char *path = paths_kernel(&err);

	found(f, path ? VERDICT_OK : VERDICT_REFUSED, "%s", path ? path : err.text);
	free(path);
}

static const struct {
	const char *name;
	void (*check)(struct finding *f);
} checks[] = {
	{ "host kernel", check_kernel },
	{ "guest kernel", check_image },
	{ "seccomp notification", check_notify },
	{ "seccomp wait-killable", check_wait_killable },
	{ "fsgsbase", check_fsgsbase },
	{ "syscall mode", check_mode },
	{ "memory files", check_memfd },
	{ "address space", check_address_space },
	{ "mappings", check_maps },
	{ "mappings of guests", check_areas },
	{ "processes", check_processes },
	{ "open files", check_files },
	{ "processes of a guest", check_budget_processes },
	{ "threads of a guest", check_budget_threads },
	{ "clients of a sandbox", check_budget_clients },
	{ "network of guests", check_network },
	{ "shared folders", check_budget_shares },
	{ "memory", check_memory },
	{ "cpus", check_cpus },
	{ "wake-ups", check_wakeups },
	{ "landlock", check_landlock },
};

int cmd_doctor(int argc, char **argv)
{
	static const struct option_set options = {
		"doctor",
		"Say what this host offers to sandboxes: ok, missing (they do without), or "
		"refused (they cannot start; the exit status is 125).",
		NULL, 0
	};
	struct error err = { 0 };
	int first = options_parse(&options, NULL, argc, argv, &err);
	unsigned refused = 0;
	uint16_t rows, columns = 0;

	if (first == OPTIONS_HELP)
		return 0;
	if (first < 0)
		return cli_fail(EXIT_USAGE, &err);

	if (isatty(STDOUT_FILENO))
		terminal_size(&rows, &columns);
	for (size_t i = 0; i < ARRAY_SIZE(checks); i++) {
		struct finding f = { 0 };

		checks[i].check(&f);
		refused += f.verdict == VERDICT_REFUSED;
		printf("%-22s %-8s ", checks[i].name, verdict_name[f.verdict]);
		options_print_filled(f.text, FINDING_COLUMN, columns);
	}
	puts("\nWhat the supervisor of a sandbox can ask of this host once it runs:");
	confine_print(stdout);
	return refused ? EXIT_VITRINE : 0;
}
