/* SPDX-License-Identifier: GPL-2.0-only */
/* boot.c - the life of a sandbox, as one readable list
 *
 * Host system calls: getrandom, and those of the parts that are called.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/random.h>
#include <unistd.h>

#include "engine/confine/confine.h"
#include "engine/control/control.h"
#include "engine/jobs/jobs.h"
#include "kernelimage.h"
#include "engine/log/kernellog.h"
#include "engine/memory/base.h"
#include "engine/memory/hot.h"
#include "engine/memory/memory.h"
#include "engine/net/net.h"
#include "engine/control/observer.h"
#include "engine/jobs/request.h"
#include "engine/jobs/signals.h"
#include "engine/sandbox.h"
#include "engine/share/share.h"
#include "engine/snapshot/learn.h"
#include "engine/snapshot/snapshot.h"
#include "engine/telemetry/telemetry.h"
#include "engine/tier/tier.h"
#include "engine/vcpu/vcpu.h"
#include "engine/virtio/virtio.h"
#include "ahead.h"
#include "vitrine/util.h"

#define STATUS_PANIC 125
#define STATUS_LOST 125 /* of a command that succeeded, but whose output could not be written */
#define OBSERVE "vitrine.observe="
#define OBSERVED " " OBSERVE "7 psi=1"		  /* everything, from the first instruction */
#define TRACED " " OBSERVE "3 vitrine.capture=%u" /* counters and events */
#define OBSERVER_PATIENCE_MS 5000
#define KEEP " vitrine.keep"  /* kernel/arch/vitrine/suspend/boot.c */
#define LINUX_CMDLINE_MAX 512 /* it would cut off what is longer (COMMAND_LINE_SIZE) */
#define DIRTY_SHARE 5 /* of memory may wait to be written: Linux's 20 %, of all there will be */

static struct vt_boot boot = { .version = VT_ABI_VERSION, .cpus = 1 };
static struct vt_host_ops ops;
static bool paused;

static int build_cmdline(const struct sandbox_config *config, struct error *err)
{
	char traced[sizeof(TRACED) + 16] = "";
	int len;

	if (config->traced)
		snprintf(traced, sizeof(traced), TRACED, config->traced_capture);
	len = snprintf(boot.cmdline, sizeof(boot.cmdline),
		       "console=vitrine init=/sbin/vitrine-init root=/dev/vda rootfstype=%s %s "
		       "vitrine.mounts=%s thp_anon=16K-64K:always;2M:inherit panic=-1 "
		       "dhash_entries=16384 ihash_entries=8192 thash_entries=8192 "
		       "sysctl.vm.compaction_proactiveness=0 " /* mm/rows.c */
		       "sysctl.vm.dirty_bytes=%lu sysctl.vm.dirty_background_bytes=%lu%s%s%s%s%s%s",
		       config->fs_type ?: "ext4",
		       config->read_only || config->disks[0].read_only ? "ro" : "rw",
		       config->mounts == SANDBOX_MOUNTS_MINIMAL ? "minimal" : "full",
		       boot.mem_size / DIRTY_SHARE, boot.mem_size / DIRTY_SHARE / 2,
		       config->wx == SANDBOX_WX_DENY ? " vitrine.wx=deny" : "",
		       config->init ? " vitrine.init" : "", net_cmdline(),
		       config->web.argv ? OBSERVED : traced, config->cmdline ? " " : "",
		       config->cmdline ?: "");

	if (len >= LINUX_CMDLINE_MAX)
		return error_set(err, 0, "the kernel command line is longer than %d bytes",
				 LINUX_CMDLINE_MAX - 1);
	/* Behind what Linux reads: pid 1 looks for it */
	snprintf(boot.cmdline + len, sizeof(boot.cmdline) - (size_t)len, "%s", net_authority());
	return 0;
}

static int fill_boot(const struct sandbox_config *config, struct error *err)
{
	boot.ops = &ops;
	boot.mem_size = config->memory & -SANDBOX_MEMORY_ALIGN;
	boot.hwcap = getauxval(AT_HWCAP);
	boot.hwcap2 = getauxval(AT_HWCAP2);
	boot.sigframe_size = getauxval(AT_MINSIGSTKSZ) ?: 2048;
	if (getrandom(boot.seed, sizeof(boot.seed), 0) != sizeof(boot.seed))
		return error_set(err, errno, "cannot get random bytes from the host");
	if (!config->resume || config->clone) /* otherwise it has one */
		snprintf(boot.hostname, sizeof(boot.hostname), "%s", config->hostname ?: "vitrine");
	return build_cmdline(config, err);
}

/* --web, trace run and -k ask on the command line; who comes later hears it from the kernel */
static int check_observable(const struct kernelimage *image, struct error *err)
{
	if (image->observable || !strstr(boot.cmdline, OBSERVE))
		return 0;
	return observe_error(-ENOSYS, "observe", err);
}

static int begin_jobs(const struct sandbox_config *config, const struct snapshot *snapshot,
		      struct error *err)
{
	if (!snapshot)
		return jobs_init(config, err);
	return snapshot_devices(snapshot, err) || snapshot_jobs(snapshot, err) ? -1 : 0;
}

/* Would a boot here come to the same? */
static bool is_usable(const struct snapshot *ahead)
{
	const struct snapshot_machine *machine = ahead ? snapshot_machine(ahead) : NULL;

	return machine && machine->memory == boot.mem_size && machine->cpus == boot.cpus &&
	       machine->tier == tier_started();
}

/* Physical memory has a kernel that can be entered; Return: 0 or -1 */
static int load(const struct sandbox_config *config, struct snapshot *snapshot,
		struct snapshot *ahead, uint64_t *entry, struct error *err)
{
	struct kernelimage image;

	if (!snapshot && is_usable(ahead)) {
		snapshot_logs(ahead);
		snapshot = ahead;
	}
	if (snapshot) {
		*entry = snapshot_machine(snapshot)->entry;
		return snapshot_memory(snapshot, err);
	}
	if (kernelimage_load(config->kernel_path, &image, err) || check_observable(&image, err))
		return -1;
	*entry = image.entry;
	return 0;
}

/* The guest's kernel until it halts, or until it is kept in files */
static uint32_t enter(uint64_t entry)
{
	uint32_t status = vcpu_enter(entry);

	while (vcpu_paused()) {
		paused = snapshot_write_down();
		if (paused)
			return SANDBOX_STATUS_PAUSED;
		boot.goes_on = 1;
		status = vcpu_enter(boot.kernel.resume);
	}
	return status;
}

bool sandbox_paused(void)
{
	return paused;
}

static void tell_served(const struct sandbox_config *config)
{
	const int fd = SANDBOX_LAYERS_FD + (int)config->layers;

	if (!config->tells)
		return;
	(void)!write(fd, "", 1); /* who does not want to know has closed it */
	close(fd);
}

static int confine(struct error *err)
{
	const struct confine_memory memory = { .fd = memory_fd(),
					       .layers = base_reserved(),
					       .count = BASE_LAYERS_MAX };

	return confine_enter(&memory, err);
}

/* Of the time-out, in milliseconds: one that pauses begins anew */
static uint64_t time_before(const struct sandbox_config *config, const struct snapshot *snapshot)
{
	return snapshot && !config->pause_on_timeout ? snapshot_machine(snapshot)->ran_ms : 0;
}

/* Memory without anything in it, and what its kernel will call first. Return: NULL on failure */
static const struct tier *prepare(const struct sandbox_config *config, enum sandbox_tier which,
				  struct error *err)
{
	if (memory_init(boot.mem_size, err))
		return NULL;
	base_reserve();
	if (share_open(config, err) || telemetry_init(&boot, err) || vcpu_init(&boot, err))
		return NULL;
	kernellog_ops_fill(&ops, config->verbose);
	memory_ops_fill(&ops);
	vcpu_ops_fill(&ops);
	/* before there is a second thread */
	return tier_start(which, config->cpus, &boot, &ops, err);
}

/* ahead_maker: a kernel without devices, until it would look for them */
static int boot_ahead(struct sandbox_config *config, const struct snapshot_boot_files *files,
		      struct error *err)
{
	static struct hot hot;
	const struct tier *tier;
	uint64_t entry;
	int ret = -1;

	strncat(boot.cmdline, KEEP, sizeof(boot.cmdline) - strlen(boot.cmdline) - 1);
	config->nshares = 0;
	tier = strlen(boot.cmdline) < LINUX_CMDLINE_MAX ? prepare(config, config->tier, err) : NULL;
	if (!tier)
		return -1;
	virtio_ops_fill(&ops);
	telemetry_set_cpus(boot.cpus);
	if (!load(config, NULL, NULL, &entry, err) && !vcpu_secondaries(boot.cpus, err)) {
		telemetry_calibrate(&boot);
		vcpu_enter(entry);
		ret = vcpu_paused() ? snapshot_write_boot(&boot, files, err) : -1;
		if (!ret) { /* until it misses its root: what it writes now all will */
			vcpu_enter(boot.kernel.resume);
			(void)!write(files->hot, &hot, hot_list(&hot));
		}
	}
	tier->stop();
	return ret;
}

static int run(struct sandbox_config *config, struct snapshot *snapshot, struct error *err)
{
	struct snapshot *ahead = NULL;
	const struct tier *tier;
	uint64_t entry;
	uint32_t status;
	bool lost;

	if (net_start(config, err) || fill_boot(config, err))
		return -1;
	if (!snapshot)
		ahead = ahead_find(config, &boot, boot_ahead);
	/* what was paused has seen one tier */
	tier = prepare(config, snapshot ? snapshot_machine(snapshot)->tier : config->tier, err);
	if (!tier)
		return -1;
	config->cpus = boot.cpus;
	if (load(config, snapshot, ahead, &entry, err)) {
		tier->stop();
		return -1;
	}
	snapshot_close(ahead);
	telemetry_set_cpus(boot.cpus);
	config->net.authority = net_authority_kept(); /* for control_init() to record */
	if (net_ready(err) || vcpu_secondaries(boot.cpus, err) || virtio_init(config, err) ||
	    share_mount(config, err) || begin_jobs(config, snapshot, err) ||
	    signals_init(config, time_before(config, snapshot), err) || control_init(config, err)) {
		tier->stop();
		return -1;
	}
	config->net.authority = NULL;
	net_authority_forget();
	virtio_ops_fill(&ops);
	jobs_ops_fill(&ops);
	snapshot_init(config, &boot, snapshot ? snapshot_machine(snapshot)->ran_ms : 0);
	snapshot_close(snapshot);
	if (observer_start(config, err) ||
	    (config->resume && !config->clone && snapshot_consume(config, err)) || confine(err)) {
		tier->stop();
		control_stop();
		observer_finish(config);
		return -1;
	}
	control_serve();
	tell_served(config);
	if (config->traced)
		control_await_observer(OBSERVER_PATIENCE_MS);

	telemetry_calibrate(&boot);
	/* a clone's memory is its own: what it writes while nobody wants anything of it, and no
	 * more */
	(config->clone ? jobs_on_start : jobs_on_exit)(learn_tell);
	status = enter(entry);
	learn_tell();

	telemetry_end();
	if (paused)
		jobs_leave();
	request_stop(); /* who waits for the guest's answer may hold what is needed now */
	tier->stop();
	if (config->traced)
		control_await_answer(OBSERVER_PATIENCE_MS);
	control_stop();
	observer_finish(config);
	lost = jobs_finish(paused) < 0;
	net_stop();
	virtio_shutdown();
	/* A command may end with that number, too */
	if (status == STATUS_PANIC && !jobs_main_ended())
		kernellog_show_panic();
	observer_linger(config);
	return lost && !status ? STATUS_LOST : status;
}

int sandbox_run(const struct sandbox_config *wanted, struct error *err)
{
	static struct sandbox_config completed; /* as long as anybody may look at it */
	struct snapshot *snapshot = NULL;
	int status = -1;

	signals_block();
	if (confine_begin(wanted->layers + wanted->tells, err))
		return -1;
	completed = *wanted;
	if (wanted->resume)
		snapshot = snapshot_open(&completed, err);
	if (snapshot || !wanted->resume)
		status = run(&completed, snapshot, err);
	return status;
}
