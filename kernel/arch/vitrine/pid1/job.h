/* SPDX-License-Identifier: GPL-2.0-only */
/* job.h - processes that the supervisor started, and the parts of pid 1 that serve it
 *
 * Private to arch/vitrine/kernel. A job is one VT_REQ_SPAWN: a guest process and its streams.
 * Jobs are created, looked up and freed by pid 1 only, so the list needs no lock; the pumps of a
 * job are kernel threads and touch nothing but their own pump and the fields under job->lock.
 */
#ifndef VITRINE_JOB_H
#define VITRINE_JOB_H

#include <linux/atomic.h>
#include <linux/fs.h>
#include <linux/list.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/wait.h>
#include <asm/vitrine-abi.h>
#include <asm/vitrine.h>

struct vt_job;

/**
 * struct vt_pump - moves bytes between one guest file and one host stream
 * @file:   our end, O_NONBLOCK; owned
 * @ready:  wait queue on which @file's readiness is announced; NULL once the pump has ended
 * @stream: the supervisor's number for the other side
 */
struct vt_pump {
	struct vt_job *job;
	struct file *file;
	wait_queue_head_t *ready;
	u32 stream;
};

#define VT_JOB_PUMPS 3

/**
 * struct vt_job - one process started by the supervisor
 * @pid:    the process; it is the session leader of the job
 * @master, @slave: both ends of the pseudo terminal with VT_SPAWN_TTY, else NULL
 * @pumps:  pumps that still run
 * @hung_up: the host's terminal is gone, and so is the guest's, even if it is opened only later
 * @exited: the process is gone: drain what is buffered and stop
 * @lock:   protects vt_pump.ready
 */
struct vt_job {
	struct list_head list;
	u32 id, flags;
	pid_t pid;
	struct file *master, *slave;
	struct vt_pump pump[VT_JOB_PUMPS];
	atomic_t pumps;
	bool hung_up;
	bool exited;
	int wait_status;
	spinlock_t lock;
};

/* init.c */
void vt_init_kick(void);

/* job.c */
struct vt_job *vt_job_new(u32 id, u32 flags);
struct vt_job *vt_job_find(u32 id);
struct vt_job *vt_job_by_pid(pid_t pid);
void vt_job_free(struct vt_job *job);
void vt_job_exited(struct vt_job *job, int wait_status);
void vt_jobs_report(void);
bool vt_jobs_idle(void);

/* stream.c */
int vt_stream_init(void);
int vt_stream_pipes(struct vt_job *job, struct file *guest[3]);
int vt_stream_tty(struct vt_job *job, u16 rows, u16 columns);
void vt_stream_opened(struct vt_job *job);
int vt_stream_start(struct vt_job *job);
void vt_stream_job_exited(struct vt_job *job);
int vt_stream_resize(struct vt_job *job, u16 rows, u16 columns);

/* spawn.c */
long vt_spawn(const struct vt_request *req);

/* passwd.c */
struct vt_user {
	uid_t uid;
	gid_t gid;
	char home[128];
	unsigned int ngroups;
	gid_t groups[64];
};
int vt_user_resolve(const char *spec, struct vt_user *user);

/* mounts.c */
void vt_mounts_setup(void);
void vt_mounts_teardown(void);
int vt_mkdir(const char *name, umode_t mode);

/* halt.c */
void vt_halt_begin(u32 status);
void vt_halt_step(void);
bool vt_halting(void);
int vt_signal_all(int sig);

/* ps.c, files.c */
void vt_ps(const struct vt_request *req);
int vt_files_init(void);
void vt_files_request(const struct vt_request *req);

/* Exit status as a shell reports it */
static inline u32 vt_exit_status(int wait_status)
{
	return wait_status & 0x7f ? 128 + (wait_status & 0x7f) : (wait_status >> 8) & 0xff;
}

#endif
