// SPDX-License-Identifier: GPL-2.0-only
/* job.c - the list of processes that the supervisor started
 *
 * Theory of operation
 * A job ends in two steps: its process is reaped, then its pumps pass on what is still buffered.
 * Only then is its status reported, so that the supervisor has all output before it learns that
 * the job is over. Everything here runs in pid 1.
 */
#include <linux/file.h>
#include <linux/slab.h>
#include "job.h"

static LIST_HEAD(jobs);

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
		if (job->id == id)
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

/**
 * vt_job_free() - Forget a job; none of its pumps runs any more
 */
void vt_job_free(struct vt_job *job)
{
	list_del(&job->list);
	for (int i = 0; i < VT_JOB_PUMPS; i++) {
		if (job->pump[i].file)
			fput(job->pump[i].file);
	}
	if (job->slave)
		fput(job->slave);
	if (job->master)
		fput(job->master);
	kfree(job);
}

/**
 * vt_job_exited() - The job's process has been reaped
 */
void vt_job_exited(struct vt_job *job, int wait_status)
{
	job->wait_status = wait_status;
	vt_stream_job_exited(job);
	/* The session ends with its leader: the first process of the sandbox takes it down */
	if (job->flags & VT_SPAWN_MAIN)
		vt_halt_begin(vt_exit_status(wait_status));
}

static struct vt_job *job_over(void)
{
	struct vt_job *job;

	list_for_each_entry (job, &jobs, list) {
		if (job->exited && !atomic_read(&job->pumps))
			return job;
	}
	return NULL;
}

/**
 * vt_jobs_report() - Report and free the jobs that are over
 */
void vt_jobs_report(void)
{
	struct vt_job *job;

	while ((job = job_over())) {
		vt_host->job_exit(job->id, job->wait_status);
		vt_job_free(job);
	}
}

/**
 * vt_jobs_idle() - Has every job been reported?
 */
bool vt_jobs_idle(void)
{
	return list_empty(&jobs);
}
