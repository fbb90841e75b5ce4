/* SPDX-License-Identifier: GPL-2.0-only */
/* node.c - memory policies on a machine with one node */
#include <errno.h>
#include <linux/mempolicy.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096UL
#define BITS 64
#define BAD ((void *)-1L)

static char *area, *unused; /* four written pages, and one that nobody has touched */

static const char *result(long ret)
{
	static char text[24];

	if (ret < 0)
		return strerrorname_np(errno);
	snprintf(text, sizeof(text), "%ld", ret);
	return text;
}

static const char *name(int mode)
{
	static const char *const names[] = { "default",	   "preferred", "bind",
					     "interleave", "local",	"preferred many" };
	static char text[64];

	snprintf(text, sizeof(text), "%s%s%s", names[mode & 7],
		 mode & MPOL_F_STATIC_NODES ? " static" : "",
		 mode & MPOL_F_RELATIVE_NODES ? " relative" : "");
	return text;
}

static void policy(const char *of, void *addr)
{
	uint64_t nodes = 0;
	int mode = -1;

	if (syscall(SYS_get_mempolicy, &mode, &nodes, BITS, addr, addr ? MPOL_F_ADDR : 0))
		printf("%s: %s\n", of, strerrorname_np(errno));
	else
		printf("%s: %s, nodes %#lx\n", of, name(mode), nodes);
}

static void ask(void)
{
	uint64_t nodes = 0;
	int mode = -1;

	policy("at first", NULL);
	printf("allowed: %s",
	       result(syscall(SYS_get_mempolicy, NULL, &nodes, BITS, NULL, MPOL_F_MEMS_ALLOWED)));
	printf(", nodes %#lx\n", nodes);
	printf("allowed, of an address: %s\n",
	       result(syscall(SYS_get_mempolicy, NULL, &nodes, BITS, area,
			      MPOL_F_MEMS_ALLOWED | MPOL_F_ADDR)));
	printf("into a mask of no bits: %s\n",
	       result(syscall(SYS_get_mempolicy, NULL, &nodes, 0, NULL, 0)));
	printf("node of a page: %s",
	       result(syscall(SYS_get_mempolicy, &mode, NULL, 0, area, MPOL_F_NODE | MPOL_F_ADDR)));
	printf(", %d\n", mode);
	printf("node of no page: %s\n",
	       result(syscall(SYS_get_mempolicy, &mode, NULL, 0, BAD, MPOL_F_NODE | MPOL_F_ADDR)));
	printf("next node, without interleaving: %s\n",
	       result(syscall(SYS_get_mempolicy, &mode, NULL, 0, NULL, MPOL_F_NODE)));
	printf("to a bad address: %s\n", result(syscall(SYS_get_mempolicy, BAD, NULL, 0, NULL, 0)));
}

static const struct {
	const char *what;
	int mode;
	uint64_t nodes;
} modes[] = {
	{ "preferred 0", MPOL_PREFERRED, 1 },
	{ "preferred none", MPOL_PREFERRED, 0 },
	{ "bind 0", MPOL_BIND, 1 },
	{ "bind 0 and 1", MPOL_BIND, 3 },
	{ "bind 1", MPOL_BIND, 2 },
	{ "bind none", MPOL_BIND, 0 },
	{ "interleave 0, static", MPOL_INTERLEAVE | MPOL_F_STATIC_NODES, 1 },
	{ "interleave 0, relative", MPOL_INTERLEAVE | MPOL_F_RELATIVE_NODES, 1 },
	{ "static and relative", MPOL_BIND | MPOL_F_STATIC_NODES | MPOL_F_RELATIVE_NODES, 1 },
	{ "local", MPOL_LOCAL, 0 },
	{ "local 0", MPOL_LOCAL, 1 },
	{ "preferred many 0", MPOL_PREFERRED_MANY, 1 },
	{ "no mode", 7439, 1 },
	{ "default 0", MPOL_DEFAULT, 1 },
	{ "default", MPOL_DEFAULT, 0 },
};

static void set(void)
{
	int status;

	for (unsigned int i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		long ret = syscall(SYS_set_mempolicy, modes[i].mode, &modes[i].nodes, BITS);

		if (ret)
			printf("%s: %s\n", modes[i].what, result(ret));
		else
			policy(modes[i].what, NULL);
	}
	printf("set from a bad address: %s\n",
	       result(syscall(SYS_set_mempolicy, MPOL_BIND, BAD, BITS)));
	syscall(SYS_set_mempolicy, MPOL_INTERLEAVE, &(uint64_t){ 1 }, BITS);
	if (fork() == 0) {
		policy("a child's", NULL);
		_exit(0);
	}
	wait(&status);
	syscall(SYS_set_mempolicy, MPOL_DEFAULT, NULL, 0);
}

static long bind_area(void *at, unsigned long len, uint64_t nodes, int flags)
{
	return syscall(SYS_mbind, at, len, MPOL_BIND, &nodes, BITS, flags);
}

static void bind_memory(void)
{
	unsigned long home = syscall(SYS_set_mempolicy_home_node, area, PAGE, 0, 0) ? errno : 0;

	printf("home node without a policy: %s\n", strerrorname_np(home));
	printf("mbind: %s\n", result(bind_area(area, 4 * PAGE, 1, MPOL_MF_STRICT | MPOL_MF_MOVE)));
	policy("the area's", area);
	policy("the program's", NULL);
	printf("home node: %s\n",
	       result(syscall(SYS_set_mempolicy_home_node, area, 4 * PAGE, 0, 0)));
	printf("home node that is not there: %s\n",
	       result(syscall(SYS_set_mempolicy_home_node, area, 4 * PAGE, 1, 0)));
	printf("mbind between pages: %s\n", result(bind_area(area + 1, PAGE, 1, 0)));
	printf("mbind with other flags: %s\n", result(bind_area(area, PAGE, 1, 64)));
	printf("mbind where nothing is: %s\n", result(bind_area((void *)PAGE, PAGE, 1, 0)));
}

static void move(void)
{
	void *pages[] = { area, unused, (void *)PAGE };
	int there[] = { 0, 0, 0 }, elsewhere[] = { 1 }, status[] = { 99, 99, 99 };

	printf("where pages are: %s",
	       result(syscall(SYS_move_pages, 0, 3, pages, NULL, status, 0)));
	printf(", %d %d %d\n", status[0], status[1], status[2]);
	printf("move: %s",
	       result(syscall(SYS_move_pages, 0, 3, pages, there, status, MPOL_MF_MOVE)));
	printf(", %d %d %d\n", status[0], status[1], status[2]);
	printf("move elsewhere: %s\n",
	       result(syscall(SYS_move_pages, 0, 1, pages, elsewhere, status, MPOL_MF_MOVE)));
	printf("move nobody's: %s\n",
	       result(syscall(SYS_move_pages, 4000000, 1, pages, there, status, MPOL_MF_MOVE)));
	printf("migrate: %s\n",
	       result(syscall(SYS_migrate_pages, 0, BITS, &(uint64_t){ 1 }, &(uint64_t){ 1 })));
	printf("migrate elsewhere: %s\n",
	       result(syscall(SYS_migrate_pages, 0, BITS, &(uint64_t){ 1 }, &(uint64_t){ 2 })));
}

static void show(void)
{
	FILE *file = fopen("/proc/self/numa_maps", "r");
	char line[512];

	if (!file) {
		perror("numa_maps");
		return;
	}
	while (fgets(line, sizeof(line), file)) {
		unsigned long start;
		int rest;

		if (sscanf(line, "%lx%n", &start, &rest) == 1 && start == (unsigned long)area)
			printf("numa_maps:%s", line + rest);
	}
	fclose(file);
}

int main(void)
{
	setvbuf(stdout, NULL, _IONBF, 0);
	area = mmap(NULL, 8 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	area += PAGE; /* nobody's neighbour */
	unused = area + 5 * PAGE;
	mprotect(area, 4 * PAGE, PROT_READ | PROT_WRITE);
	mprotect(unused, PAGE, PROT_READ | PROT_WRITE);
	memset(area, 1, 4 * PAGE);
	ask();
	set();
	bind_memory();
	move();
	show();
	return 0;
}
