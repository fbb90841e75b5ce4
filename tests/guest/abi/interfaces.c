/* SPDX-License-Identifier: GPL-2.0-only */
/* interfaces.c - interfaces of the kernel that programs reach by no library: each once, for real */
#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/netlink.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fanotify.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/msg.h>
#include <sys/prctl.h>
#include <sys/rseq.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	if (!f || fputs(text, f) < 0 || fclose(f))
		printf("%s: %s\n", path, strerror(errno));
}

static void sysv(void)
{
	struct {
		long type;
		char text[16];
	} message = { 1, "by message" };
	int shm = shmget(IPC_PRIVATE, 4096, 0600), sem = semget(IPC_PRIVATE, 1, 0600);
	int queue = msgget(IPC_PRIVATE, 0600);
	char *shared = shmat(shm, NULL, 0);

	if (shared == (void *)-1 || sem < 0 || queue < 0)
		return perror("sysv");
	if (!fork()) {
		strcpy(shared, "by memory");
		msgsnd(queue, &message, sizeof(message.text), 0);
		semop(sem, &(struct sembuf){ .sem_op = 1 }, 1);
		_exit(0);
	}
	semop(sem, &(struct sembuf){ .sem_op = -1 }, 1);
	memset(&message, 0, sizeof(message));
	msgrcv(queue, &message, sizeof(message.text), 0, 0);
	printf("sysv: %s, %s\n", shared, message.text);
	wait(NULL);
	shmctl(shm, IPC_RMID, NULL);
	semctl(sem, 0, IPC_RMID);
	msgctl(queue, IPC_RMID, NULL);
}

/* Everything that is opened on the file system is seen, and one file's opening is refused */
static void fanotify(void)
{
	int fd = fanotify_init(FAN_CLASS_CONTENT | FAN_CLOEXEC, O_RDONLY), child;
	struct fanotify_event_metadata event;
	struct stat st;

	write_file("/tmp/watched", "x");
	if (fd < 0 || fanotify_mark(fd, FAN_MARK_ADD, FAN_OPEN_PERM, AT_FDCWD, "/tmp/watched"))
		return perror("fanotify");
	child = fork();
	if (!child)
		_exit(open("/tmp/watched", O_RDONLY) < 0 ? errno : 0);
	if (read(fd, &event, sizeof(event)) != sizeof(event) || fstat(event.fd, &st))
		return perror("fanotify");
	printf("fanotify: %s opens %lld byte", event.pid == child ? "the child" : "another",
	       (long long)st.st_size);
	if (write(fd, &(struct fanotify_response){ event.fd, FAN_DENY }, 8) != 8)
		return perror("fanotify");
	close(event.fd);
	waitpid(child, &child, 0);
	printf(", gets %s\n", strerror(WEXITSTATUS(child)));
	close(fd);
}

static void landlock(void)
{
	struct landlock_ruleset_attr attr = { .handled_access_fs = LANDLOCK_ACCESS_FS_READ_FILE };
	struct landlock_path_beneath_attr tmp = { .allowed_access = LANDLOCK_ACCESS_FS_READ_FILE };
	int fd = syscall(SYS_landlock_create_ruleset, &attr, sizeof(attr), 0), status;

	write_file("/tmp/allowed", "x");
	tmp.parent_fd = open("/tmp", O_PATH);
	if (fd < 0 || syscall(SYS_landlock_add_rule, fd, LANDLOCK_RULE_PATH_BENEATH, &tmp, 0))
		return perror("landlock");
	if (!fork()) {
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
		if (syscall(SYS_landlock_restrict_self, fd, 0))
			_exit(1);
		if (open("/tmp/allowed", O_RDONLY) < 0)
			_exit(2);
		_exit(open("/etc/passwd", O_RDONLY) < 0 ? errno : 3);
	}
	wait(&status);
	printf("landlock: beneath /tmp only, else %s\n", strerror(WEXITSTATUS(status)));
}

static void binfmt(void)
{
	int status;

	mkdir("/tmp/binfmt", 0700);
	if (mount("none", "/tmp/binfmt", "binfmt_misc", 0, NULL))
		return perror("binfmt");
	write_file("/tmp/binfmt/register", ":vt:M::VITR::/bin/cat:");
	write_file("/tmp/interpreted", "VITR is read by its interpreter\n");
	chmod("/tmp/interpreted", 0700);
	fflush(stdout);
	if (!fork()) {
		execl("/tmp/interpreted", "program", (char *)NULL);
		_exit(errno);
	}
	wait(&status);
	printf("binfmt: exit %d\n", WEXITSTATUS(status));
	write_file("/tmp/binfmt/vt", "-1");
	umount("/tmp/binfmt");
}

static void rseq(void)
{
	const volatile struct rseq *area =
	    (void *)((char *)__builtin_thread_pointer() + __rseq_offset);
	unsigned cpu;

	syscall(SYS_getcpu, &cpu, NULL, NULL);
	printf("rseq: %s, cpu %s\n", __rseq_size ? "registered" : "not there",
	       area->cpu_id == cpu ? "as getcpu says" : "another");
}

/* The kernel's table of connections, asked for as conntrack(8) does */
static void conntrack(void)
{
	struct {
		struct nlmsghdr header;
		struct nfgenmsg message;
	} request = { { .nlmsg_len = sizeof(request),
			.nlmsg_type = NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_GET,
			.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP },
		      { .nfgen_family = AF_INET } };
	union {
		struct nlmsghdr header;
		char room[4096];
	} answer;
	int fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_NETFILTER), *error;

	if (fd < 0 || send(fd, &request, sizeof(request), 0) < 0 ||
	    recv(fd, &answer, sizeof(answer), 0) < 0)
		return perror("conntrack");
	error = NLMSG_DATA(&answer.header);
	if (answer.header.nlmsg_type == NLMSG_ERROR)
		printf("conntrack: %s\n", strerror(-*error));
	else
		printf("conntrack: %s\n",
		       answer.header.nlmsg_type == NLMSG_DONE ? "no connection" : "listed");
}

int main(void)
{
	sysv();
	fanotify();
	landlock();
	binfmt();
	rseq();
	conntrack();
	return 0;
}
