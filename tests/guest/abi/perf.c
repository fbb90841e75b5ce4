/* SPDX-License-Identifier: GPL-2.0-only */
/* perf.c - perf_event_open(): what the kernel counts and samples without hardware that does
 *
 * Samples come through the ring that is mapped from the event. Where a figure depends on the
 * machine, only that it is as it has to be is printed.
 */
#include <errno.h>
#include <linux/perf_event.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define RING_PAGES 64
#define SPIN_ROUNDS 150000000UL
#define CLOCK_SAMPLES 10
#define STACK_BYTES 1024
#define USER_REGISTERS (1 << PERF_IP | 1 << PERF_SP)
#define PERF_SP 7 /* PERF_REG_X86_SP and so on: asm/perf_regs.h */
#define PERF_IP 8

static struct perf_event_attr attribute(uint32_t type, uint64_t config)
{
	return (struct perf_event_attr){ .size = sizeof(struct perf_event_attr),
					 .type = type,
					 .config = config,
					 .disabled = 1 };
}

static int open_event(struct perf_event_attr *attr, pid_t pid)
{
	return (int)syscall(SYS_perf_event_open, attr, pid, -1, -1, 0);
}

static uint64_t count(int fd)
{
	uint64_t value = 0;

	ioctl(fd, PERF_EVENT_IOC_DISABLE, 0);
	if (read(fd, &value, sizeof(value)) != sizeof(value))
		perror("read");
	close(fd);
	return value;
}

static int counter(uint64_t config)
{
	struct perf_event_attr attr = attribute(PERF_TYPE_SOFTWARE, config);
	int fd = open_event(&attr, 0);

	if (fd < 0)
		perror("perf_event_open");
	ioctl(fd, PERF_EVENT_IOC_ENABLE, 0);
	return fd;
}

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static __attribute__((noinline, noclone)) void spin(unsigned long rounds)
{
	while (rounds--)
		asm volatile("");
}

static void spin_end(void)
{
	asm volatile("");
}

static void counts(void)
{
	char *memory =
	    mmap(NULL, 64 << 12, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint64_t value, ns, all;
	int fd;

	fd = counter(PERF_COUNT_SW_PAGE_FAULTS);
	memset(memory, 1, 64 << 12);
	value = count(fd);
	printf("page faults: %s\n", value && value <= 70 ? "as many as there were" : "wrong");

	fd = counter(PERF_COUNT_SW_CONTEXT_SWITCHES);
	for (int i = 0; i < 10; i++)
		usleep(1000);
	printf("switches: %s\n", count(fd) >= 10 ? "one for each sleep" : "too few");

	/* What others took of the machine meanwhile is in it, as on any virtual machine */
	all = clock_ns(CLOCK_MONOTONIC);
	fd = counter(PERF_COUNT_SW_TASK_CLOCK);
	ns = clock_ns(CLOCK_THREAD_CPUTIME_ID);
	spin(SPIN_ROUNDS);
	ns = clock_ns(CLOCK_THREAD_CPUTIME_ID) - ns;
	value = count(fd);
	all = clock_ns(CLOCK_MONOTONIC) - all;
	printf("task clock: %s\n", value > ns / 4 * 3 && value <= all ? "the CPU's time" : "wrong");
}

/* The number of a tracepoint, as tracefs has it */
static int tracepoint(const char *name)
{
	char path[128];
	FILE *file;
	int id = -1;

	snprintf(path, sizeof(path), "/sys/kernel/tracing/events/%s/id", name);
	file = fopen(path, "r");
	if (!file || fscanf(file, "%d", &id) != 1)
		printf("%s: %s\n", path, strerror(errno));
	if (file)
		fclose(file);
	return id;
}

/* An event for each getppid() of a process */
static int open_calls(pid_t pid, uint64_t sample_type)
{
	struct perf_event_attr attr =
	    attribute(PERF_TYPE_TRACEPOINT, (uint64_t)tracepoint("raw_syscalls/sys_enter"));
	int fd;

	attr.sample_type = sample_type;
	attr.sample_period = sample_type ? 1 : 0;
	attr.wakeup_events = 1;
	attr.sample_stack_user = sample_type & PERF_SAMPLE_STACK_USER ? STACK_BYTES : 0;
	attr.sample_regs_user = sample_type & PERF_SAMPLE_REGS_USER ? USER_REGISTERS : 0;
	fd = open_event(&attr, pid);
	if (fd < 0)
		perror("perf_event_open");
	if (ioctl(fd, PERF_EVENT_IOC_SET_FILTER, "id == 110"))
		perror("filter");
	ioctl(fd, PERF_EVENT_IOC_ENABLE, 0);
	return fd;
}

/* Copy the next sample's body: false when there is none */
static bool next_sample(struct perf_event_mmap_page *ring, uint64_t *body, size_t size)
{
	const char *data = (const char *)ring + getpagesize();
	uint64_t mask = RING_PAGES * (uint64_t)getpagesize() - 1;
	struct perf_event_header header;
	uint64_t at;

	while ((at = ring->data_tail) != __atomic_load_n(&ring->data_head, __ATOMIC_ACQUIRE)) {
		for (size_t i = 0; i < sizeof(header); i++)
			((char *)&header)[i] = data[(at + i) & mask];
		for (size_t i = 0; i < header.size - sizeof(header) && i < size; i++)
			((char *)body)[i] = data[(at + sizeof(header) + i) & mask];
		ring->data_tail = at + header.size;
		if (header.type == PERF_RECORD_SAMPLE)
			return true;
	}
	return false;
}

static struct perf_event_mmap_page *map_ring(int fd)
{
	void *ring = mmap(NULL, (1 + RING_PAGES) * (size_t)getpagesize(), PROT_READ | PROT_WRITE,
			  MAP_SHARED, fd, 0);

	if (ring == MAP_FAILED) {
		perror("mmap");
		exit(1);
	}
	return ring;
}

static __attribute__((noinline, noclone, optimize("no-omit-frame-pointer"))) long inner(void)
{
	long pid = 0;

	for (int i = 0; i < 5; i++) {
		pid += syscall(SYS_getppid);
		asm volatile("");
	}
	return pid;
}

static __attribute__((noinline, noclone, optimize("no-omit-frame-pointer"))) long outer(void)
{
	long pid = inner();

	asm volatile("");
	return pid;
}

static bool within(uint64_t ip, const void *function, size_t length)
{
	return ip > (uint64_t)function && ip <= (uint64_t)function + length;
}

/* syscall() of libc has no frame of its own: the chain goes from it to whoever called its caller */
static void show_chain(const uint64_t *body)
{
	uint64_t n = body[1];
	const uint64_t *ips = body + 2;
	bool kernel = false, user = false, caller = false;

	for (uint64_t i = 0; i < n && i < 128; i++) {
		kernel |= ips[i] == (uint64_t)PERF_CONTEXT_KERNEL && i + 1 < n && ips[i + 1] >> 44;
		user |= ips[i] == (uint64_t)PERF_CONTEXT_USER;
		caller |= user && within(ips[i], outer, 64);
	}
	printf("its callers: %s, %s, %s\n", kernel ? "kernel" : "no kernel",
	       user ? "user" : "no user", caller ? "outer" : "unknown");
}

static void tracepoints(void)
{
	struct perf_event_mmap_page *ring;
	uint64_t body[512], samples = 0;
	int fd = open_calls(0, 0);

	for (int i = 0; i < 100; i++)
		syscall(SYS_getppid);
	printf("getppid: %lu\n", (unsigned long)count(fd));

	fd = open_calls(0, PERF_SAMPLE_TID | PERF_SAMPLE_CALLCHAIN);
	ring = map_ring(fd);
	outer();
	ioctl(fd, PERF_EVENT_IOC_DISABLE, 0);
	while (next_sample(ring, body, sizeof(body))) {
		if (!samples++)
			show_chain(body);
	}
	printf("samples: %lu, of %s\n", (unsigned long)samples,
	       (uint32_t)body[0] == (uint32_t)getpid() ? "us" : "somebody");
	munmap(ring, (1 + RING_PAGES) * (size_t)getpagesize());
	close(fd);

	fd = open_calls(0, PERF_SAMPLE_REGS_USER | PERF_SAMPLE_STACK_USER);
	ring = map_ring(fd);
	outer();
	if (next_sample(ring, body, sizeof(body)))
		printf("registers: %s, stack: %lu bytes\n",
		       body[0] == PERF_SAMPLE_REGS_ABI_64 &&
			       within((uint64_t)body, (void *)body[1], 1 << 16)
			   ? "ours"
			   : "not ours",
		       (unsigned long)body[3]);
	munmap(ring, (1 + RING_PAGES) * (size_t)getpagesize());
	close(fd);
}

static void clock_samples(void)
{
	struct perf_event_attr attr = attribute(PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CPU_CLOCK);
	struct perf_event_mmap_page *ring;
	uint64_t body[16], all = 0, there = 0;
	int fd;

	attr.sample_type = PERF_SAMPLE_IP;
	attr.sample_period = 1000000;
	attr.exclude_kernel = 1;
	fd = open_event(&attr, 0);
	ring = map_ring(fd);
	/* A busy host leaves a CPU for milliseconds, in which only one sample is taken */
	for (int turn = 0; all < CLOCK_SAMPLES && turn < 50; turn++) {
		ioctl(fd, PERF_EVENT_IOC_ENABLE, 0);
		spin(SPIN_ROUNDS);
		ioctl(fd, PERF_EVENT_IOC_DISABLE, 0);
		while (next_sample(ring, body, sizeof(body))) {
			all++;
			there += within(body[0], (char *)spin - 1,
					(uintptr_t)spin_end - (uintptr_t)spin);
		}
	}
	printf("clock: %s, %s\n", all >= CLOCK_SAMPLES ? "samples" : "too few samples",
	       there > all / 10 * 8 ? "where the time goes" : "somewhere else");
	close(fd);
}

static void wakeup(void)
{
	struct pollfd poller = { .events = POLLIN };
	struct perf_event_mmap_page *ring;
	pid_t child = fork();

	if (!child) {
		usleep(200000);
		syscall(SYS_getppid);
		pause();
	}
	poller.fd = open_calls(child, PERF_SAMPLE_TID);
	ring = map_ring(poller.fd);
	printf("another's event: %s\n",
	       poll(&poller, 1, 30000) == 1 && ring->data_head ? "wakes" : "sleeps");
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	close(poller.fd);
}

static void try(const char *what, struct perf_event_attr attr)
{
	int fd = open_event(&attr, 0);

	printf("%s: %s\n", what, fd < 0 ? strerror(errno) : "ok");
	close(fd);
}

int main(void)
{
	struct perf_event_attr attr = attribute(PERF_TYPE_HARDWARE, PERF_COUNT_HW_CPU_CYCLES);

	setvbuf(stdout, NULL, _IOLBF, 0);
	try("cycles", attr);
	counts();
	tracepoints();
	clock_samples();
	wakeup();
	if (setuid(65534))
		perror("setuid");
	attr = attribute(PERF_TYPE_SOFTWARE, PERF_COUNT_SW_PAGE_FAULTS);
	try("nobody, the kernel too", attr);
	attr.exclude_kernel = 1;
	try("nobody, his own", attr);
	return 0;
}
