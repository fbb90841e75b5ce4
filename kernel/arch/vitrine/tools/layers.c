// SPDX-License-Identifier: GPL-2.0-only
/* layers.c - tell the image which of its functions belong to which layer
 *
 * Usage: layers VMLINUX MAP
 *
 * Reads the linker's map: lines with an address, a size and an object file, whose directory
 * decides. Neighbours of the same layer become one range; the ranges go to vt_layer_ranges[] of the
 * image (observe/follow/layers.c). Runs on the build host, on the linked image, once.
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include "../observe/follow/layers.h"

/* The longest prefix of an object's path decides */
static const struct {
	const char *prefix;
	enum vt_layer layer;
} directories[] = {
	{ "arch/vitrine/", VT_LAYER_ENTRY },
	{ "arch/vitrine/kernel/irq.o", VT_LAYER_INTERRUPTS },
	{ "arch/vitrine/kernel/process.o", VT_LAYER_PROCESS },
	{ "arch/vitrine/kernel/signal.o", VT_LAYER_SIGNALS },
	{ "arch/vitrine/pid1/stream.o", VT_LAYER_DEVICE },
	{ "arch/vitrine/kernel/string.o", VT_LAYER_MEMORY },
	{ "arch/vitrine/kernel/time.o", VT_LAYER_TIME },
	{ "arch/vitrine/kernel/virtio.o", VT_LAYER_DEVICE },
	{ "arch/vitrine/mm/", VT_LAYER_MEMORY },
	{ "block/", VT_LAYER_BLOCK },
	{ "drivers/", VT_LAYER_DEVICE },
	{ "drivers/md/", VT_LAYER_BLOCK },
	{ "drivers/net/", VT_LAYER_NETWORK },
	{ "fs/", VT_LAYER_VFS },
	{ "fs/autofs/", VT_LAYER_FILE_SYSTEM },
	{ "fs/binfmt_", VT_LAYER_PROCESS },
	{ "fs/buffer.o", VT_LAYER_PAGE_CACHE },
	{ "fs/configfs/", VT_LAYER_FILE_SYSTEM },
	{ "fs/coredump.o", VT_LAYER_PROCESS },
	{ "fs/crypto/", VT_LAYER_FILE_SYSTEM },
	{ "fs/debugfs/", VT_LAYER_FILE_SYSTEM },
	{ "fs/devpts/", VT_LAYER_FILE_SYSTEM },
	{ "fs/erofs/", VT_LAYER_FILE_SYSTEM },
	{ "fs/exec.o", VT_LAYER_PROCESS },
	{ "fs/exfat/", VT_LAYER_FILE_SYSTEM },
	{ "fs/ext4/", VT_LAYER_FILE_SYSTEM },
	{ "fs/fat/", VT_LAYER_FILE_SYSTEM },
	{ "fs/fs-writeback.o", VT_LAYER_PAGE_CACHE },
	{ "fs/fuse/", VT_LAYER_FILE_SYSTEM },
	{ "fs/iomap/", VT_LAYER_PAGE_CACHE },
	{ "fs/isofs/", VT_LAYER_FILE_SYSTEM },
	{ "fs/jbd2/", VT_LAYER_FILE_SYSTEM },
	{ "fs/kernfs/", VT_LAYER_FILE_SYSTEM },
	{ "fs/mpage.o", VT_LAYER_PAGE_CACHE },
	{ "fs/nls/", VT_LAYER_FILE_SYSTEM },
	{ "fs/overlayfs/", VT_LAYER_FILE_SYSTEM },
	{ "fs/pipe.o", VT_LAYER_IPC },
	{ "fs/proc/", VT_LAYER_FILE_SYSTEM },
	{ "fs/quota/", VT_LAYER_FILE_SYSTEM },
	{ "fs/ramfs/", VT_LAYER_FILE_SYSTEM },
	{ "fs/signalfd.o", VT_LAYER_SIGNALS },
	{ "fs/squashfs/", VT_LAYER_FILE_SYSTEM },
	{ "fs/sysfs/", VT_LAYER_FILE_SYSTEM },
	{ "fs/verity/", VT_LAYER_FILE_SYSTEM },
	{ "ipc/", VT_LAYER_IPC },
	{ "kernel/cgroup/", VT_LAYER_PROCESS },
	{ "kernel/cred.o", VT_LAYER_SECURITY },
	{ "kernel/entry/", VT_LAYER_ENTRY },
	{ "kernel/exit.o", VT_LAYER_PROCESS },
	{ "kernel/fork.o", VT_LAYER_PROCESS },
	{ "kernel/futex/", VT_LAYER_IPC },
	{ "kernel/irq/", VT_LAYER_INTERRUPTS },
	{ "kernel/locking/", VT_LAYER_SCHEDULER },
	{ "kernel/nsproxy.o", VT_LAYER_PROCESS },
	{ "kernel/pid", VT_LAYER_PROCESS },
	{ "kernel/ptrace.o", VT_LAYER_SIGNALS },
	{ "kernel/sched/", VT_LAYER_SCHEDULER },
	{ "kernel/seccomp.o", VT_LAYER_SECURITY },
	{ "kernel/signal.o", VT_LAYER_SIGNALS },
	{ "kernel/softirq.o", VT_LAYER_INTERRUPTS },
	{ "kernel/sys.o", VT_LAYER_PROCESS },
	{ "kernel/time/", VT_LAYER_TIME },
	{ "kernel/workqueue.o", VT_LAYER_SCHEDULER },
	{ "lib/iov_iter.o", VT_LAYER_MEMORY },
	{ "lib/maple_tree.o", VT_LAYER_MEMORY },
	{ "lib/str", VT_LAYER_MEMORY },
	{ "lib/usercopy.o", VT_LAYER_MEMORY },
	{ "lib/xarray.o", VT_LAYER_PAGE_CACHE },
	{ "mm/", VT_LAYER_MEMORY },
	{ "mm/filemap.o", VT_LAYER_PAGE_CACHE },
	{ "mm/folio-compat.o", VT_LAYER_PAGE_CACHE },
	{ "mm/page-writeback.o", VT_LAYER_PAGE_CACHE },
	{ "mm/readahead.o", VT_LAYER_PAGE_CACHE },
	{ "mm/shmem.o", VT_LAYER_FILE_SYSTEM },
	{ "mm/truncate.o", VT_LAYER_PAGE_CACHE },
	{ "net/", VT_LAYER_NETWORK },
	{ "security/", VT_LAYER_SECURITY },
};

static struct vt_layer_range ranges[VT_LAYER_RANGES];
static unsigned int nr_ranges;

static _Noreturn void die(const char *what)
{
	fprintf(stderr, "layers: %s%s%s\n", what, errno ? ": " : "", errno ? strerror(errno) : "");
	exit(1);
}

static enum vt_layer layer_of_object(const char *path)
{
	enum vt_layer layer = VT_LAYER_OTHER;
	size_t longest = 0;

	for (size_t i = 0; i < sizeof(directories) / sizeof(directories[0]); i++) {
		size_t length = strlen(directories[i].prefix);

		if (length > longest && !strncmp(path, directories[i].prefix, length)) {
			longest = length;
			layer = directories[i].layer;
		}
	}
	return layer;
}

static int by_start(const void *a, const void *b)
{
	const struct vt_layer_range *left = a, *right = b;

	return left->start < right->start ? -1 : left->start > right->start;
}

static void add_range(uint64_t offset, const char *path)
{
	enum vt_layer layer = layer_of_object(path);

	if (nr_ranges && ranges[nr_ranges - 1].layer == layer &&
	    ranges[nr_ranges - 1].start <= offset)
		return;
	if (nr_ranges == VT_LAYER_RANGES)
		die("vt_layer_ranges[] is too small");
	ranges[nr_ranges++] = (struct vt_layer_range){ offset, layer };
}

/* "[section] address size object": the section's name is on a line of its own when it is long */
static void read_map(const char *name, uint64_t text, uint64_t end)
{
	FILE *map = fopen(name, "r");
	char line[4096], path[4096];
	unsigned long long address, size;

	if (!map)
		die(name);
	while (fgets(line, sizeof(line), map)) {
		const char *numbers = strstr(line, " 0x");

		if (line[0] == ' ' && numbers &&
		    sscanf(numbers, " 0x%llx 0x%llx %4095s", &address, &size, path) == 3 && size &&
		    address >= text && address < end && strstr(path, ".o"))
			add_range(address - text, path);
	}
	fclose(map);
	if (!nr_ranges)
		die("the map names no object in the text");
	qsort(ranges, nr_ranges, sizeof(ranges[0]), by_start);
}

static uint8_t *at_address(uint8_t *file, uint64_t va, uint64_t length)
{
	const Elf64_Ehdr *header = (Elf64_Ehdr *)file;
	const Elf64_Phdr *ph = (Elf64_Phdr *)(file + header->e_phoff);

	for (unsigned int i = 0; i < header->e_phnum; i++) {
		if (ph[i].p_type == PT_LOAD && va >= ph[i].p_vaddr &&
		    va + length <= ph[i].p_vaddr + ph[i].p_filesz)
			return file + ph[i].p_offset + (va - ph[i].p_vaddr);
	}
	die("no room in the image's file");
}

static uint64_t find_symbol(const uint8_t *file, const char *name)
{
	const Elf64_Ehdr *header = (const Elf64_Ehdr *)file;
	const Elf64_Shdr *sh = (const Elf64_Shdr *)(file + header->e_shoff);

	for (unsigned int i = 0; i < header->e_shnum; i++) {
		const Elf64_Sym *symbols = (const Elf64_Sym *)(file + sh[i].sh_offset);
		const char *names = (const char *)file + sh[sh[i].sh_link].sh_offset;

		if (sh[i].sh_type != SHT_SYMTAB)
			continue;
		for (uint64_t n = 0; n < sh[i].sh_size / sizeof(*symbols); n++) {
			if (!strcmp(names + symbols[n].st_name, name))
				return symbols[n].st_value;
		}
	}
	fprintf(stderr, "layers: no symbol %s\n", name);
	exit(1);
}

int main(int argc, char **argv)
{
	uint64_t text, end, table;
	struct stat st;
	uint8_t *file;
	int fd;

	if (argc != 3)
		die("usage: layers VMLINUX MAP");
	fd = open(argv[1], O_RDWR);
	if (fd < 0 || fstat(fd, &st))
		die(argv[1]);
	file = mmap(NULL, st.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (file == MAP_FAILED)
		die("mmap");
	text = find_symbol(file, "_stext");
	end = find_symbol(file, "_etext");
	table = find_symbol(file, "vt_layer_ranges");
	read_map(argv[2], text, end);
	memcpy(at_address(file, table, sizeof(ranges)), ranges, nr_ranges * sizeof(ranges[0]));
	return 0;
}
