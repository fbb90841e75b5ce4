/* SPDX-License-Identifier: GPL-2.0-only */
/* random.c - getrandom() of the vDSO, called as libcs call it */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <unistd.h>

struct params { /* struct vgetrandom_opaque_params of linux/random.h, 6.11 */
	uint32_t size, prot, flags, reserved[13];
};

typedef ssize_t getrandom_fn(void *buffer, size_t len, unsigned flags, void *state, size_t size);

static void *vdso_symbol(const char *wanted)
{
	const char *base = (void *)getauxval(AT_SYSINFO_EHDR);
	const ElfW(Ehdr) *ehdr = (const void *)base;
	const ElfW(Phdr) *phdr = (const void *)(base + ehdr->e_phoff);
	const ElfW(Sym) *symbols = NULL;
	const char *names = NULL;
	const uint32_t *hash = NULL;

	for (int i = 0; i < ehdr->e_phnum; i++) {
		if (phdr[i].p_type != PT_DYNAMIC)
			continue;
		for (const ElfW(Dyn) *d = (const void *)(base + phdr[i].p_vaddr); d->d_tag; d++) {
			if (d->d_tag == DT_SYMTAB)
				symbols = (const void *)(base + d->d_un.d_ptr);
			if (d->d_tag == DT_STRTAB)
				names = base + d->d_un.d_ptr;
			if (d->d_tag == DT_HASH)
				hash = (const void *)(base + d->d_un.d_ptr);
		}
	}
	for (uint32_t i = 0; symbols && names && hash && i < hash[1]; i++) {
		if (!strcmp(names + symbols[i].st_name, wanted))
			return (void *)(base + symbols[i].st_value);
	}
	return NULL;
}

/* From here on getrandom() of the kernel is an error */
static void forbid(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getrandom, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { sizeof(code) / sizeof(code[0]), code };

	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

static void print_drawn(const char *how, const unsigned char bytes[16])
{
	printf("%s ", how);
	for (int i = 0; i < 16; i++)
		printf("%02x", bytes[i]);
	puts("");
}

/* With a key and bytes in hand already: wait until somebody writes to a pipe, then draw again */
static int draw_later(getrandom_fn *random, const char *pipe)
{
	unsigned char bytes[16], word;
	struct params params = { 0 };
	void *state;

	random(NULL, 0, 0, &params, ~0UL);
	state = mmap(NULL, 4096, params.prot, params.flags, -1, 0);
	random(bytes, sizeof(bytes), 0, state, params.size);
	puts("waits");
	fflush(stdout);
	if (read(open(pipe, O_RDONLY), &word, 1) != 1)
		return 1;
	random(bytes, sizeof(bytes), 0, state, params.size);
	print_drawn("vdso", bytes);
	if (syscall(SYS_getrandom, bytes, sizeof(bytes), 0) == sizeof(bytes))
		print_drawn("call", bytes);
	if (read(open("/dev/urandom", O_RDONLY), bytes, sizeof(bytes)) == sizeof(bytes))
		print_drawn("device", bytes);
	return 0;
}

int main(int argc, char **argv)
{
	getrandom_fn *random = vdso_symbol("__vdso_getrandom");
	unsigned char a[300] = { 0 }, b[300] = { 0 };
	struct params params = { 0 };
	unsigned zeros = 0;
	void *state;

	if (!random) {
		puts("the vDSO has no getrandom");
		return 0;
	}
	if (argc > 1)
		return draw_later(random, argv[1]);
	printf("parameters: %zd, ", random(NULL, 0, 0, &params, ~0UL));
	printf("state of %u bytes, prot %u\n", params.size, params.prot);
	state = mmap(NULL, 4096, params.prot, params.flags, -1, 0);
	printf("state: %s\n", state == MAP_FAILED ? strerrorname_np(errno) : "ok");
	printf("first: %zd\n", random(a, sizeof(a), 0, state, params.size));
	forbid();
	printf("with a key, without a call: %zd\n", random(b, sizeof(b), 0, state, params.size));
	for (unsigned i = 0; i < sizeof(b); i++)
		zeros += !b[i];
	printf("random: %s\n", zeros < 20 && memcmp(a, b, sizeof(a)) ? "yes" : "no");
	printf("wrong size of the state: %zd\n", random(b, sizeof(b), 0, state, params.size - 1));
	printf("across pages: %zd\n",
	       random(b, sizeof(b), 0, (char *)state + 4096 - 8, params.size));
	fflush(stdout);
	if (!fork()) {
		printf("in a child: %zd\n", random(b, sizeof(b), 0, state, params.size));
		fflush(stdout);
		_exit(0);
	}
	wait(NULL);
	return 0;
}
