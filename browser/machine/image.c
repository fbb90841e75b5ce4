/* SPDX-License-Identifier: GPL-2.0-only */
/* image.c - the kernel image into physical memory */
#include <string.h>

#include "internal.h"

#define LOADABLE 1
#define MACHINE_X86_64 62

struct elf_header {
	uint8_t ident[16];
	uint16_t type, machine;
	uint32_t version;
	uint64_t entry, phoff, shoff;
	uint32_t flags;
	uint16_t ehsize, phentsize, phnum, shentsize, shnum, shstrndx;
};

struct elf_segment {
	uint32_t type, flags;
	uint64_t offset, vaddr, paddr, filesz, memsz, align;
};

/* The words before the entry (head.S) */
struct image_head {
	uint32_t without, magic, version;
};

static int load_segments(struct machine *m, const uint8_t *file, size_t size, uint64_t *entry)
{
	struct elf_header header;

	if (size < sizeof(header))
		return -1;
	memcpy(&header, file, sizeof(header));
	if (memcmp(header.ident, "\177ELF", 4) || header.machine != MACHINE_X86_64 ||
	    header.phentsize != sizeof(struct elf_segment) || header.phoff > size ||
	    header.phnum > (size - header.phoff) / sizeof(struct elf_segment))
		return -1;
	for (unsigned n = 0; n < header.phnum; n++) {
		struct elf_segment part;
		uint8_t *to;

		memcpy(&part, file + header.phoff + n * sizeof(part), sizeof(part));
		if (part.type != LOADABLE)
			continue;
		to = guest_physical(m, part.vaddr - VT_PAGE_OFFSET, part.memsz);
		if (!to || part.offset > size || part.filesz > size - part.offset ||
		    part.filesz > part.memsz)
			return -1;
		memcpy(to, file + part.offset, part.filesz);
	}
	*entry = header.entry;
	return 0;
}

int image_load(struct machine *m, const uint8_t *file, size_t size, uint64_t *entry,
	       const char **why)
{
	struct image_head head;

	*why = "the file is no kernel, or there is too little memory for it";
	if (load_segments(m, file, size, entry) ||
	    guest_read(m, *entry - sizeof(head), &head, sizeof(head)))
		return -1;
	*why = "the file is no guest kernel of Vitrine";
	if (head.magic != VT_ABI_MAGIC)
		return -1;
	*why = "the kernel speaks another version of the boot interface";
	return head.version == VT_ABI_VERSION ? 0 : -1;
}
