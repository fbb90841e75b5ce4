// SPDX-License-Identifier: GPL-2.0-only
/* job.c - the list of processes that the supervisor started
 *
 * Theory of operation
 * A job ends in two steps: its process is reaped, then its pumps pass on what is still buffered.
 * Only then is its status reported, so that the supervisor has all output before it learns that
 * the job is over.
 *
 * Guests can hold a pump: whoever writes to the other end of a pipe keeps the pipe locked while the
 * page that it writes from comes from a file system that does not answer. A pump that has been in
 * the guest's hands for PATIENCE after its process was gone is not waited for any more. The job is
 * reported, its number means nothing to the supervisor from then on, and its memory stays until the
 * guest lets the pump go.
 *
 * Everything here runs in the server.
 */
#include <linux/file.h>
#include <linux/jiffies.h>
#include <linux/slab.h>
#include <linux/timer.h>
#include <asm/several.h>
#include "job.h"

#define PATIENCE (5 * HZ)
#define LOOK_AGAIN (HZ ?: 1)

static LIST_HEAD(jobs);

static void jobs_tick(struct timer_list *timer)
{
	vt_server_kick();
}
static DEFINE_TIMER(jobs_timer, jobs_tick);

/**
 * vt_job_new() - Enter a job into the list
 * @id:    the supervisor's number
 * @flags: VT_SPAWN_*
 *
 * Return: the job, NULL when there is no memory or @id is in use.
 */
struct vt_job *vt_job_new(u32 id, u32 flags)
{
	struct vt_job *job;

	if (vt_job_find(id))
		return NULL;
	job = kzalloc(sizeof(*job), GFP_KERNEL);
	if (!job)
		return NULL;
	job->id = id;
	job->flags = flags;
	spin_lock_init(&job->lock);
	list_add_tail(&job->list, &jobs);
	return job;
}

struct vt_job *vt_job_find(u32 id)
{
	struct vt_job *job;

	list_for_each_entry (job, &jobs, list) {
		if (job->id == id && !job->told)
			return job;
	}
	return NULL;
}

struct vt_job *vt_job_by_pid(pid_t pid)
{
	struct vt_job *job;

	list_for_each_entry (job, &jobs, list) {
		if (job->pid == pid && !job->exited)
			return job;
	}
	return NULL;
}

/* A terminal is ended by whoever gives it back last, and a guest can make that take long */
static void job_free_run(struct work_struct *work)
{
	struct vt_job *job = container_of(work, struct vt_job, free);

	for (int i = 0; i < VT_JOB_PUMPS; i++) {
		if (job->pump[i].file)
			__fput_sync(job->pump[i].file);
	}
	if (job->console)
		__fput_sync(job->console);
	if (job->slave)
		__fput_sync(job->slave);
	if (job->master)
		__fput_sync(job->master);
	kfree(job);
}

/**
 * vt_job_free() - Forget a job; none of its pumps runs any more
 */
void vt_job_free(struct vt_job *job)
{
	list_del(&job->list);
	INIT_WORK(&job->free, job_free_run);
	queue_work(system_unbound_wq, &job->free);
}

/**
 * vt_job_exited() - The job's process has been reaped
 */
void vt_job_exited(struct vt_job *job, int wait_status)
{
	job->wait_status = wait_status;
	job->exited_at = jiffies;
	vt_stream_job_exited(job);
	/*
	 * The session ends with its leader: the first process of the sandbox takes it down. If it
	 * goes down by its own will already, that is no reason to hurry.
	 */
	if (job->flags & VT_SPAWN_MAIN && !vt_machine_ended())
		vt_halt_begin(vt_exit_status(wait_status));
}

static bool pump_held(const struct vt_job *job, const struct vt_pump *pump)
{
	unsigned long since = READ_ONCE(pump->in_guest);

	if (!since)
		return false;
	if (time_before(since, job->exited_at))
		since = job->exited_at;
	return time_after(jiffies, since + PATIENCE);
}

/* Pumps that run; *@waits: one of them may yet come to an end */
static int pumps_running(struct vt_job *job, bool *waits)
{
	int count = 0;

	*waits = false;
	for (int i = 0; i < VT_JOB_PUMPS; i++) {
		if (!smp_load_acquire(&job->pump[i].running))
			continue;
		count++;
		if (!pump_held(job, &job->pump[i]))
			*waits = true;
		/* on another CPU it may be about to go where it is held */
		if ((READ_ONCE(job->pump[i].in_guest) || vitrine_has_several_cpus()) &&
		    !timer_pending(&jobs_timer))
			mod_timer(&jobs_timer, jiffies + LOOK_AGAIN);
	}
	return count;
}

/**
 * vt_jobs_report() - Report the jobs that are over, and free those that nothing uses any more
 */
void vt_jobs_report(void)
{
	struct vt_job *job, *next;

	list_for_each_entry_safe(job, next, &jobs, list)
	{
		bool waits;
		int running;

		if (!job->exited)
			continue;
		running = pumps_running(job, &waits);
		if (!job->told && !waits) {
			job->told = true;
			if (!job->silent)
				vt_host->job_exit(job->id, job->wait_status);
		}
		if (!running)
			vt_job_free(job);
	}
}

/**
 * vt_jobs_idle() - Has every job been reported?
 */
bool vt_jobs_idle(void)
{
	struct vt_job *job;

	list_for_each_entry (job, &jobs, list) {
		if (!job->told)
			return false;
	}
	return true;
}
