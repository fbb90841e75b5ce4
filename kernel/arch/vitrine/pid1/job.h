/* SPDX-License-Identifier: GPL-2.0-only */
/* job.h - processes that the supervisor started, and the parts that serve it
 *
 * Private to arch/vitrine/pid1. A job is one VT_REQ_SPAWN: a guest process and its streams. The
 * server (server.c) alone makes jobs, looks them up and frees them, so the list needs no lock. The
 * process itself makes its streams before it becomes the command; the pumps are kernel threads that
 * touch nothing but their own pump and the fields under job->lock.
 */
#ifndef VITRINE_JOB_H
#define VITRINE_JOB_H

#include <linux/fs.h>
#include <linux/list.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include <asm/vitrine-abi.h>
#include <asm/vitrine.h>

struct launch; /* spawn.c */
struct vt_job;

/**
 * struct vt_pump - moves bytes between one guest file and one host stream
 * @file:     our end, O_NONBLOCK; owned
 * @ready:    wait queue on which @file's readiness is announced; NULL once the pump has ended
 * @stream:   the supervisor's number for the other side
 * @running:  its thread has not let go of the job yet
 * @in_guest: when it began what a guest can delay (jiffies, never 0), or 0
 */
struct vt_pump {
	struct vt_job *job;
	struct file *file;
	wait_queue_head_t *ready;
	u32 stream;
	bool running;
	unsigned long in_guest;
};

#define VT_JOB_PUMPS 3

/**
 * struct vt_job - one process started by the supervisor
 * @pid:    the process; it is the session leader of the job
 * @master, @slave: both ends of the pseudo terminal with VT_SPAWN_TTY, else NULL
 * @console: what /dev/console is for a job with VT_SPAWN_CONSOLE and no terminal, else NULL
 * @hung_up: the host's terminal is gone, and so is the guest's, even if it is opened only later
 * @exited: the process is gone: drain what is buffered and stop
 * @exited_at: since when, in jiffies
 * @silent: the supervisor never heard of it, and is not told of its end
 * @told:   the supervisor knows that it is over; what is left of it are pumps that a guest holds
 * @lock:   protects vt_pump.ready
 */
struct vt_job {
	struct list_head list;
	u32 id, flags;
	pid_t pid;
	struct file *master, *slave, *console;
	struct vt_pump pump[VT_JOB_PUMPS];
	bool hung_up;
	bool exited, silent, told;
	unsigned long exited_at;
	int wait_status;
	spinlock_t lock;
	struct work_struct free;
};

/* server.c */
void vt_server_kick(void);
void __noreturn vt_server_run(void);

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
void vt_stream_set(struct vt_job *job, int index, struct file *file, wait_queue_head_t *ready);
int vt_stream_start(struct vt_job *job);
void vt_stream_job_exited(struct vt_job *job);
int vt_stream_await(struct vt_job *job);

/* connect.c */
int vt_connect(struct vt_job *job, const char *port);

/* terminal.c */
void vt_terminal_init(void);
int vt_terminal_new(struct vt_job *job, u16 rows, u16 columns);
struct file *vt_terminal_open(struct vt_job *job);
void vt_terminal_opened(struct vt_job *job);
void vt_terminal_hangup(struct vt_job *job);
int vt_terminal_console(struct vt_job *job, struct file **output);
void vt_terminal_is_console(struct vt_job *job);
int vt_terminal_resize(struct vt_job *job, u16 rows, u16 columns);

/* spawn.c */
void vt_spawn(const struct vt_request *req);
int vt_launch(struct launch *launch);

/* reserve.c */
pid_t vt_reserve_child(int (*fn)(void *), void *arg);

/* program.c */
bool vt_program_wanted(void);
long vt_program_launch(struct launch *launch);
struct launch *vt_program_await(void);
bool vt_program_over(int *wait_status);
bool vt_machine_ended(void);
int vt_program_end_signal(int sig);
void vt_program_kill(void);

/* passwd.c */
struct vt_user {
	uid_t uid;
	gid_t gid;
	char home[128];
	unsigned int ngroups;
	gid_t groups[64];
};
int vt_user_resolve(const char *spec, struct vt_user *user);
long vt_user_request(const struct vt_request *req);

/* share.c */
long vt_share_request(const struct vt_request *req);

/* network.c */
void vt_network_setup(void);
const char *vt_memory_directory(void);

/* authority.c */
void vt_authority_setup(void);

/* mounts.c, unmount.c */
void vt_mounts_setup(void);
void vt_unmount_start(void);
bool vt_unmount_over(void);
int vt_mkdir(const char *name, umode_t mode);

/* halt.c */
void vt_halt_begin(u32 status);
void vt_halt_step(void);
bool vt_halting(void);
int vt_signal_all(int sig);

/* errand.c */
struct vt_errand;
typedef long vt_errand_run(struct vt_errand *errand);

/**
 * struct vt_errand - a request that a thread of its own answers
 * @reply, @reply_len: what it answers with, kvfree()d afterwards; NULL for a number alone
 * @data:              @req.data: @req.len bytes and a NUL
 */
struct vt_errand {
	struct work_struct work;
	struct vt_request req;
	vt_errand_run *run;
	u8 *reply;
	u32 reply_len;
	u8 data[] __aligned(8);
};
int vt_errand_init(void);
void vt_errand_start(const struct vt_request *req, vt_errand_run *run);

/* ps.c, attributes.c, files.c */
vt_errand_run vt_ps, vt_chown_errand, vt_attribute_set, vt_attribute_list;
const char *vt_errand_path(struct vt_errand *errand, size_t head);
vt_errand_run *vt_files_errand(u32 kind);
void vt_files_forget(void);

/**
 * vt_request_head() - The structure that a request's data begins with
 * @size: of it
 *
 * Return: the data, or NULL when there is not so much of it.
 */
static inline const void *vt_request_head(const struct vt_request *req, size_t size)
{
	return req->len >= size ? req->data : NULL;
}

#endif
