// SPDX-License-Identifier: GPL-2.0-only
/* sampler.c - copies the kernel's own files into the region, again and again
 *
 * Theory of operation
 * A kernel thread that exists while somebody wants samples. Each source is due at an interval of
 * its own; a tick works on what is due, oldest first, until its budget of CPU time is used up. What
 * is left is deferred to the next tick, where it is the oldest. Files are read in pieces of a page
 * with a look at the clock in between, and one that was begun goes on in the next tick, so that
 * nothing takes the CPU for longer than a piece. The thread has the lowest weight: beside a busy
 * guest it gets 1.5 % of the CPU, and samples come later.
 *
 * The files are those of a mount of proc that nobody else sees, whatever the guest does with its
 * own. All of them are sequence files, so they are read with seq_read_iter() itself: some have no
 * way in for a reader inside of the kernel.
 *
 * A slot is written in one go under its sequence lock. It keeps the last good text when the sampler
 * stops; what does not exist in this kernel has a slot with taken = 0.
 */
#include <linux/err.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/hrtimer.h>
#include <linux/kthread.h>
#include <linux/mount.h>
#include <linux/namei.h>
#include <linux/sched/cputime.h>
#include <linux/sched.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uio.h>
#include <asm/vitrine.h>
#include <asm/vitrine-telemetry.h>
#include "sampler.h"
#include "view/view.h"

#define SAMPLER_NICE 19
#define SAMPLER_SLACK_NS (5 * NSEC_PER_MSEC)
#define INTERVAL_MIN_NS (10 * NSEC_PER_MSEC)

/* "tasks" is a view, all others are files under /proc */
static const struct {
	const char *name;
	bool fast;
	u32 view;
} sources[] = {
	{ "stat", true },
	{ "meminfo", true },
	{ "vmstat", true },
	{ "loadavg", true },
	{ "tasks", false, VT_VIEW_PROCESSES },
	{ "diskstats", false },
	{ "net/dev", false },
	{ "schedstat", false },
	{ "interrupts", false },
	{ "softirqs", false },
	{ "buddyinfo", false },
	{ "pressure/cpu", false },
	{ "pressure/io", false },
	{ "pressure/memory", false },
	{ "slabinfo", false },
	{ "zoneinfo", false },
};
static_assert(ARRAY_SIZE(sources) <= VT_SAMPLES_MAX, "sources[]");

/**
 * struct sampler - what exists while samples are taken
 * @files: NULL for what is no file, or does not exist
 * @due:   next time of each source
 * @busy:  source whose text is being made, or -1; its state is in the members that follow
 */
static struct sampler {
	struct task_struct *thread;
	struct vfsmount *proc;
	u64 interval_ns;
	struct file *files[ARRAY_SIZE(sources)];
	u64 due[ARRAY_SIZE(sources)];
	int busy;
	loff_t pos;
	u32 len;
	u64 cost_ns;
	char *text; /* VT_SAMPLE_SIZE bytes */
} sampler;

static struct vt_sampler *region(void)
{
	return &((struct vt_telemetry *)vt_boot->telemetry)->sampler;
}

static struct vt_sample *slot(unsigned int source)
{
	return &region()->samples[source];
}

static u64 interval(unsigned int source)
{
	return sources[source].fast ? sampler.interval_ns
				    : max_t(u64, sampler.interval_ns, VT_SAMPLE_SLOW_NS);
}

static bool exists(unsigned int source)
{
	return sources[source].view || sampler.files[source];
}

/* CPU time that the thread has used */
static u64 used_ns(void)
{
	return task_sched_runtime(current);
}

/* The sequence lock of telemetry.h; whoever reads is on another CPU of an x86 host */
static void slot_publish(unsigned int source, const char *text, u32 len, bool truncated)
{
	char *to = (char *)vt_boot->telemetry + VT_TELEMETRY_SAMPLES + source * VT_SAMPLE_SIZE;
	struct vt_sample *sample = slot(source);

	WRITE_ONCE(sample->sequence, sample->sequence + 1);
	smp_wmb();
	memcpy(to, text, len);
	sample->length = len;
	sample->time_ns = vt_host->clock_monotonic();
	sample->cost_ns = sampler.cost_ns;
	sample->interval_ns = interval(source);
	sample->taken++;
	sample->truncated += truncated;
	smp_wmb();
	WRITE_ONCE(sample->sequence, sample->sequence + 1);
}

static void source_finish(unsigned int source, const char *text, u32 len, bool truncated)
{
	u64 now = vt_host->clock_monotonic();

	slot_publish(source, text, len, truncated);
	sampler.busy = -1;
	sampler.due[source] += interval(source);
	if (sampler.due[source] < now)
		sampler.due[source] = now + interval(source);
}

static ssize_t file_piece(struct file *file)
{
	struct kvec vec = {
		.iov_base = sampler.text + sampler.len,
		.iov_len = min_t(u32, PAGE_SIZE, VT_SAMPLE_SIZE - sampler.len),
	};
	struct iov_iter to;
	struct kiocb iocb;
	ssize_t n;

	init_sync_kiocb(&iocb, file);
	iocb.ki_pos = sampler.pos;
	iov_iter_kvec(&to, ITER_DEST, &vec, 1, vec.iov_len);
	n = seq_read_iter(&iocb, &to);
	sampler.pos = iocb.ki_pos;
	return n;
}

/* What is too long ends with a whole line */
static u32 cut(const char *text, u32 len)
{
	u32 at = len;

	while (at && text[at - 1] != '\n')
		at--;
	return at ?: len;
}

/* Return: the text is complete */
static bool file_step(unsigned int source)
{
	ssize_t n = file_piece(sampler.files[source]);

	if (n > 0)
		sampler.len += n;
	if (n > 0 && sampler.len < VT_SAMPLE_SIZE)
		return false;
	if (n > 0)
		sampler.len = cut(sampler.text, sampler.len);
	return true;
}

static void view_step(unsigned int source, u64 start)
{
	static const struct vt_view_args no_args;
	struct vt_json json;
	const char *text;
	u32 len;

	if (!vt_json_init(&json, VT_SAMPLE_SIZE) &&
	    !vt_view_write(&json, sources[source].view, &no_args)) {
		text = vt_json_finish(&json, &len);
		sampler.cost_ns = used_ns() - start;
		source_finish(source, text, len, json.truncated);
	} else {
		sampler.due[source] += interval(source);
		sampler.busy = -1;
	}
	vt_json_free(&json);
}

/* Work on a source for a piece */
static void source_step(unsigned int source)
{
	u64 start = used_ns();
	bool complete;

	if (sampler.busy < 0) {
		sampler.busy = source;
		sampler.pos = 0;
		sampler.len = 0;
		sampler.cost_ns = 0;
	}
	if (sources[source].view) {
		view_step(source, start);
		return;
	}
	complete = file_step(source);
	sampler.cost_ns += used_ns() - start;
	if (complete)
		source_finish(source, sampler.text, sampler.len, sampler.len >= VT_SAMPLE_SIZE);
}

/* The source to work on now, or -1 */
static int source_next(u64 now)
{
	int next = -1;

	if (sampler.busy >= 0)
		return sampler.busy;
	for (unsigned int i = 0; i < ARRAY_SIZE(sources); i++) {
		if (exists(i) && sampler.due[i] <= now &&
		    (next < 0 || sampler.due[i] < sampler.due[next]))
			next = i;
	}
	return next;
}

static void rest_defer(u64 now)
{
	unsigned int left = 0;

	for (unsigned int i = 0; i < ARRAY_SIZE(sources); i++) {
		if (exists(i) && sampler.due[i] <= now) {
			slot(i)->deferred++;
			left++;
		}
	}
	if (left)
		region()->overruns++;
}

static void tick(void)
{
	u64 now = vt_host->clock_monotonic(), start = used_ns();
	int source;

	region()->ticks++;
	while (!kthread_should_stop() && used_ns() - start < VT_SAMPLE_BUDGET_NS &&
	       (source = source_next(now)) >= 0) {
		source_step(source);
		cond_resched();
	}
	rest_defer(now);
}

static int sampler_thread(void *unused)
{
	ktime_t next = ktime_get();

	set_user_nice(current, SAMPLER_NICE);
	while (!kthread_should_stop()) {
		tick();
		next = ktime_add_ns(next, sampler.interval_ns);
		if (ktime_before(next, ktime_get()))
			next = ktime_add_ns(ktime_get(), sampler.interval_ns);
		set_current_state(TASK_INTERRUPTIBLE | TASK_FREEZABLE);
		if (!kthread_should_stop())
			schedule_hrtimeout_range(&next, SAMPLER_SLACK_NS, HRTIMER_MODE_ABS);
		__set_current_state(TASK_RUNNING);
	}
	return 0;
}

static void files_close(void)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(sources); i++) {
		if (sampler.files[i])
			__fput_sync(sampler.files[i]);
		sampler.files[i] = NULL;
	}
	if (sampler.proc)
		kern_unmount(sampler.proc);
	sampler.proc = NULL;
	kvfree(sampler.text);
	sampler.text = NULL;
}

static int files_open(void)
{
	struct file_system_type *type = get_fs_type("proc");
	struct path root;

	sampler.text = kvmalloc(VT_SAMPLE_SIZE, GFP_KERNEL);
	if (!sampler.text || !type)
		return -ENOMEM;
	sampler.proc = vfs_kern_mount(type, SB_KERNMOUNT, "proc", NULL);
	if (IS_ERR(sampler.proc)) {
		int err = PTR_ERR(sampler.proc);

		sampler.proc = NULL;
		return err;
	}
	root.mnt = sampler.proc;
	root.dentry = sampler.proc->mnt_root;
	for (unsigned int i = 0; i < ARRAY_SIZE(sources); i++) {
		struct file *file;

		if (sources[i].view)
			continue;
		file = file_open_root(&root, sources[i].name, O_RDONLY, 0);
		sampler.files[i] = IS_ERR(file) ? NULL : file;
	}
	return 0;
}

static void slots_name(void)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(sources); i++) {
		struct vt_sample *sample = slot(i);

		strscpy(sample->name, sources[i].name, sizeof(sample->name));
		sample->interval_ns = interval(i);
	}
}

/**
 * vt_sampler_start() - Take samples from now on, or at another rate
 * @interval_ns: of the fast sources, 0 for the usual; at least 10 ms
 *
 * Context: pid 1, or boot; may sleep.
 * Return: 0 or a negative errno; -ENODEV without a region.
 */
int vt_sampler_start(u64 interval_ns)
{
	u64 now = vt_host->clock_monotonic();
	int err;

	if (!vt_boot->telemetry)
		return -ENODEV;
	sampler.interval_ns = max_t(u64, interval_ns ?: VT_SAMPLE_FAST_NS, INTERVAL_MIN_NS);
	region()->fast_interval_ns = sampler.interval_ns;
	slots_name();
	if (sampler.thread)
		return 0;
	err = files_open();
	if (err)
		goto fail;
	sampler.busy = -1;
	for (unsigned int i = 0; i < ARRAY_SIZE(sources); i++)
		sampler.due[i] = now;
	sampler.thread = kthread_run(sampler_thread, NULL, "vitrine-sampler");
	err = PTR_ERR_OR_ZERO(sampler.thread);
	if (!err)
		return 0;
	sampler.thread = NULL;
fail:
	files_close();
	return err;
}

/**
 * vt_sampler_stop() - Take no more samples
 *
 * Context: pid 1; waits for the tick in progress. Nothing happens when none are taken.
 */
void vt_sampler_stop(void)
{
	if (!sampler.thread)
		return;
	set_user_nice(sampler.thread, 0); /* we wait for it */
	kthread_stop(sampler.thread);
	sampler.thread = NULL;
	files_close();
}
