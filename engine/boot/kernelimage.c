/* SPDX-License-Identifier: GPL-2.0-only */
/* kernelimage.c - find the guest kernel and copy it into physical memory
 *
 * Host system calls: open, fstat, mmap, munmap, readlink.
 */
#include "kernelimage.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/memory/memory.h"
#include "vitrine/abi.h"
#include "vitrine/util.h"

/* The words before the entry (head.S) */
struct image_head {
	uint32_t without, magic, version;
};

static const char *default_path(char buffer[PATH_MAX])
{
	char self[PATH_MAX - 64];
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);
	char *slash;

	if (len > 0) {
		self[len] = '\0';
		slash = strrchr(self, '/');
		*slash = '\0';
		snprintf(buffer, PATH_MAX, "%s/kernel/vmlinux", self);
		if (!access(buffer, R_OK))
			return buffer;
		snprintf(buffer, PATH_MAX, "%s/../lib/vitrine/vmlinux", self);
		if (!access(buffer, R_OK))
			return buffer;
	}
	return VITRINE_LIBDIR "/vmlinux";
}

static int load_segments(const uint8_t *file, size_t size, uint64_t *entry)
{
	const Elf64_Ehdr *header = (const Elf64_Ehdr *)file;
	const Elf64_Phdr *ph;

	if (size < sizeof(*header) || memcmp(header->e_ident, ELFMAG, SELFMAG) ||
	    header->e_machine != EM_X86_64 || header->e_phentsize != sizeof(*ph) ||
	    header->e_phoff > size || header->e_phnum > (size - header->e_phoff) / sizeof(*ph))
		return -1;
	ph = (const Elf64_Phdr *)(file + header->e_phoff);
	for (unsigned i = 0; i < header->e_phnum; i++) {
		void *to;

		if (ph[i].p_type != PT_LOAD)
			continue;
		to = phys_ptr(ph[i].p_vaddr - VT_PAGE_OFFSET, ph[i].p_memsz);
		if (!to || ph[i].p_offset > size || ph[i].p_filesz > size - ph[i].p_offset ||
		    ph[i].p_filesz > ph[i].p_memsz)
			return -1;
		memcpy(to, file + ph[i].p_offset, ph[i].p_filesz);
	}
	*entry = header->e_entry;
	return phys_ptr(*entry - VT_PAGE_OFFSET - sizeof(struct image_head),
			sizeof(struct image_head) + 1)
		   ? 0
		   : -1;
}

static int check_head(const char *path, const struct image_head *head, struct error *err)
{
	if (head->magic != VT_ABI_MAGIC)
		return error_set(err, 0, "%s is no guest kernel of Vitrine (build it with `make`)",
				 path);
	if (head->version != VT_ABI_VERSION)
		return error_set(err, 0,
				 "%s speaks version %u of the boot interface, this program "
				 "version %u: build both from one tree with `make`",
				 path, head->version, VT_ABI_VERSION);
	return 0;
}

int kernelimage_load(const char *path, struct kernelimage *image, struct error *err)
{
	const struct image_head *head;
	char buffer[PATH_MAX];
	struct stat st;
	uint8_t *file;
	int failed;

	if (!path)
		path = default_path(buffer);
	cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st))
		return error_set(err, errno,
				 "cannot open the guest kernel %s (build it with `make`)", path);
	file = mmap(NULL, st.st_size ?: 1, PROT_READ, MAP_PRIVATE, fd, 0);
	if (file == MAP_FAILED)
		return error_set(err, errno, "cannot map the guest kernel %s", path);
	failed = load_segments(file, st.st_size, &image->entry);
	munmap(file, st.st_size ?: 1);
	if (failed)
		return error_set(err, 0,
				 "%s is no kernel for this program, or the sandbox has too "
				 "little memory for it",
				 path);
	head = phys_ptr(image->entry - VT_PAGE_OFFSET - sizeof(*head), sizeof(*head));
	image->observable = !(head->without & VT_ABI_NO_OBSERVE);
	return check_head(path, head, err);
}
