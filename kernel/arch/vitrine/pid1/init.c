// SPDX-License-Identifier: GPL-2.0-only
/* init.c - pid 1 of the guest, inside the kernel
 *
 * Theory of operation
 * The generic kernel thinks that it executes VT_INIT_PATH (given with init=); vmlinux is linked
 * with --wrap=kernel_execve, and the first call by pid 1 for that name comes here. What pid 1 of a
 * distribution does for the kernel's own state is done here. Then pid 1 serves the supervisor
 * (server.c), or a kernel thread does, and pid 1 becomes the main command (program.c).
 */
#include <linux/fdtable.h>
#include <linux/fs_struct.h>
#include <linux/init.h>
#include <linux/kthread.h>
#include <linux/netdevice.h>
#include <linux/rtnetlink.h>
#include <linux/sched/signal.h>
#include <linux/syscalls.h>
#include <linux/utsname.h>
#include <net/net_namespace.h>
#include <asm/perf_event.h>
#include "job.h"

#define VT_INIT_PATH "/sbin/vitrine-init"

/* What a login shell gets on a distribution: programs that use select() rely on the soft limit */
#define INIT_NOFILE_SOFT 1024
#define INIT_NOFILE_HARD 524288

static bool started;

static void hostname_setup(void)
{
	if (!vt_boot->hostname[0])
		return;
	down_write(&uts_sem);
	strscpy_pad(utsname()->nodename, vt_boot->hostname, sizeof(utsname()->nodename));
	up_write(&uts_sem);
}

static void loopback_setup(void)
{
	struct net_device *lo = init_net.loopback_dev;

	if (!lo)
		return;
	rtnl_lock();
	if (dev_change_flags(lo, lo->flags | IFF_UP, NULL))
		pr_warn("vitrine: cannot bring up the loopback interface\n");
	rtnl_unlock();
}

static void limits_setup(void)
{
	struct rlimit *nofile = current->signal->rlim + RLIMIT_NOFILE;

	task_lock(current->group_leader);
	nofile->rlim_cur = INIT_NOFILE_SOFT;
	nofile->rlim_max = INIT_NOFILE_HARD;
	task_unlock(current->group_leader);
}

/* The boot console came as descriptors 0 to 2; jobs bring their own */
static void console_close(void)
{
	for (unsigned int fd = 0; fd < 3; fd++)
		close_fd(fd);
}

static int server_thread(void *unused)
{
	unshare_fs_struct();
	limits_setup();
	vt_server_run();
}

/* Return: 0 when pid 1 goes on as a program in user mode */
static int vitrine_init(void)
{
	started = true;
	console_close();
	limits_setup();
	hostname_setup();
	vitrine_trace_events_wait();
	vt_mounts_setup();
	vt_terminal_init();
	loopback_setup();
	vt_network_setup();
	vt_authority_setup();
	if (!vt_program_wanted()) {
		set_task_comm(current, "vitrine-init");
		ksys_setsid();
		vt_server_run();
	}
	unshare_fs_struct();
	if (IS_ERR(kthread_run(server_thread, NULL, "vitrine-server")))
		panic("vitrine: cannot serve the supervisor");
	return vt_launch(vt_program_await());
}

int __real_kernel_execve(const char *filename, const char *const *argv, const char *const *envp);
int __wrap_kernel_execve(const char *filename, const char *const *argv, const char *const *envp);

int __wrap_kernel_execve(const char *filename, const char *const *argv, const char *const *envp)
{
	if (is_global_init(current) && !started && !strcmp(filename, VT_INIT_PATH))
		return vitrine_init();
	return __real_kernel_execve(filename, argv, envp);
}
