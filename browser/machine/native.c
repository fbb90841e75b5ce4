/* SPDX-License-Identifier: GPL-2.0-only */
/* native.c - a machine as a program of its own, to test it with and to measure it
 *
 * Usage: machine KERNEL DISK MEMORY_MIB [COMMAND [ARGUMENT]...]
 *
 * MACHINE_PAUSE has a number of looks (machine_looks()): each time it has made so many it is
 * paused, copied to a new machine, and goes on there. The disk is read, and written in memory only.
 * Input is standard input until it ends. With MACHINE_VERBOSE the kernel's messages go to standard
 * error; MACHINE_CMDLINE has more words for it. With MACHINE_NETWORK it has a network card.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "machine.h"

#define NS_PER_SECOND 1000000000ULL
#define SLICE_NS 20000000ULL
#define CMDLINE                                                                                    \
	"console=vitrine init=/sbin/vitrine-init root=/dev/vda rootfstype=ext4 rw "                \
	"vitrine.mounts=full panic=-1 dhash_entries=16384 ihash_entries=8192 thash_entries=8192"

static uint8_t *disk;
static bool verbose;

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * NS_PER_SECOND + (uint64_t)now.tv_nsec;
}

static uint64_t monotonic(void *of)
{
	return clock_ns(CLOCK_MONOTONIC);
}

static uint64_t realtime(void *of)
{
	return clock_ns(CLOCK_REALTIME);
}

static void random_bytes(void *of, void *data, size_t size)
{
	if (getrandom(data, size, 0) < 0)
		abort();
}

static void console(void *of, const char *text, size_t size)
{
	if (verbose && write(2, text, size) < 0)
		verbose = false;
}

static size_t output(void *of, uint32_t job, uint32_t stream, const uint8_t *data, size_t size)
{
	const ssize_t n = write(stream == 2 ? 2 : 1, data, size);

	return n < 0 ? size : (size_t)n; /* nobody reads: it is lost */
}

static void closed(void *of, uint32_t job, uint32_t stream)
{
}

static void disk_request(void *of, struct machine *machine, const struct machine_disk_request *r)
{
	switch (r->kind) {
	case MACHINE_DISK_READ:
		memcpy(r->data, disk + r->offset, r->size);
		break;
	case MACHINE_DISK_WRITE:
		memcpy(disk + r->offset, r->data, r->size);
		break;
	case MACHINE_DISK_ZERO:
		memset(disk + r->offset, 0, r->size);
		break;
	default:
		break;
	}
	machine_disk_done(machine, r->tag, false);
}

/* Nobody dials for it: what is asked for stays without an answer */
static bool network(void *of, const void *packet, size_t len)
{
	return false;
}

static void started(void *of, uint32_t job, int64_t pid)
{
	if (pid < 0)
		fprintf(stderr, "machine: the command cannot be started: %s\n",
			strerror((int)-pid));
}

static void ended(void *of, uint32_t job, uint32_t wait_status)
{
}

static void refused(void *of, int64_t error)
{
	fprintf(stderr, "machine: it does not stand still: %s\n", strerror((int)-error));
}

static const struct machine_host host = {
	.monotonic = monotonic,
	.realtime = realtime,
	.random = random_bytes,
	.console = console,
	.output = output,
	.closed = closed,
	.disk = disk_request,
	.network = network,
	.started = started,
	.ended = ended,
	.refused = refused,
};

static uint8_t *map(const char *name, size_t *size, int prot)
{
	const int fd = open(name, O_RDONLY | O_CLOEXEC);
	struct stat st;
	uint8_t *at;

	if (fd < 0 || fstat(fd, &st)) {
		fprintf(stderr, "machine: %s: %s\n", name, strerror(errno));
		exit(125);
	}
	*size = (size_t)st.st_size;
	at = mmap(NULL, *size, prot, MAP_PRIVATE, fd, 0);
	close(fd);
	if (at == MAP_FAILED) {
		perror("machine");
		exit(125);
	}
	return at;
}

static unsigned pauses;

/* What is left of a machine that stands still, in another one */
static struct machine *copy(struct machine *machine, const struct machine_config *config)
{
	uint8_t *saved = malloc(machine_save_size());
	const char *why = "no memory";
	struct machine *new;

	if (!saved)
		abort();
	machine_save(machine, saved);
	new = machine_restore(config, &host, saved, machine_save_size(), &why);
	if (!new) {
		fprintf(stderr, "machine: %s\n", why);
		exit(125);
	}
	memcpy(machine_memory(new), machine_memory(machine), config->memory);
	machine_free(machine);
	free(saved);
	pauses++;
	return new;
}

/* Input, or nothing until the machine goes on by itself */
static void await(struct machine *machine, bool *input)
{
	struct pollfd in = { .fd = *input ? 0 : -1, .events = POLLIN };
	const uint64_t now = monotonic(NULL), wakes = machine_wakes(machine);
	struct timespec left = { .tv_sec = 0 };
	char buffer[4096];
	ssize_t n;

	if (wakes != MACHINE_NEVER && wakes > now) {
		left.tv_sec = (time_t)((wakes - now) / NS_PER_SECOND);
		left.tv_nsec = (long)((wakes - now) % NS_PER_SECOND);
	}
	if (ppoll(&in, 1, wakes == MACHINE_NEVER ? NULL : &left, NULL) <= 0)
		return;
	n = read(0, buffer, sizeof(buffer));
	if (n > 0) {
		machine_input(machine, 0, buffer, (size_t)n);
	} else {
		machine_input_end(machine, 0);
		*input = false;
	}
}

int main(int argc, char **argv)
{
	static const char *const shell[] = { "sh", "-l", NULL };
	static const char *const env[] = {
		"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root",
		"TERM=dumb", NULL
	};
	static char cmdline[1024];
	struct machine_config config = { .cmdline = cmdline, .hostname = "vitrine" };
	struct machine_command command = { .argv = shell, .env = env, .cwd = "/" };
	enum machine_state state;
	struct machine *machine;
	uint64_t every = 0, next;
	bool input = true;
	const char *why;
	size_t size;

	if (argc < 4) {
		fprintf(stderr, "Usage: machine KERNEL DISK MEMORY_MIB [COMMAND [ARGUMENT]...]\n");
		return 2;
	}
	verbose = getenv("MACHINE_VERBOSE");
	snprintf(cmdline, sizeof(cmdline), "%s %s", CMDLINE, getenv("MACHINE_CMDLINE") ?: "");
	config.image = map(argv[1], &config.image_size, PROT_READ);
	disk = map(argv[2], &size, PROT_READ | PROT_WRITE);
	config.disks[0].size = size / 512 * 512;
	config.network = getenv("MACHINE_NETWORK");
	config.memory = strtoull(argv[3], NULL, 10) << 20;
	if (argc > 4)
		command.argv = (const char *const *)argv + 4;
	machine = machine_new(&config, &host, &why);
	if (!machine) {
		fprintf(stderr, "machine: %s\n", why);
		return 125;
	}
	if (machine_start(machine, &command)) {
		fprintf(stderr, "machine: the command is too long\n");
		return 125;
	}
	if (getenv("MACHINE_PAUSE"))
		every = strtoull(getenv("MACHINE_PAUSE"), NULL, 10);
	next = every ?: MACHINE_NEVER;
	do {
		state = machine_run(machine, SLICE_NS);
		if (state == MACHINE_WAITS)
			await(machine, &input);
		if (state == MACHINE_PAUSED) {
			machine = copy(machine, &config);
			next = every;
		} else if (machine_looks(machine) >= next) {
			machine_pause(machine);
			next = MACHINE_NEVER;
		}
	} while (state != MACHINE_ENDED);
	if (every)
		fprintf(stderr, "machine: %u pauses\n", pauses);
	return (int)machine_status(machine);
}
