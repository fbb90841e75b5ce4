// SPDX-License-Identifier: GPL-2.0-only
/* patchable.c - five no-ops become one
 *
 * The compiler leaves room for a call at the head of every function as five instructions of one
 * byte, and lists the places in .patchable (vmlinux.lds.S). One instruction of five bytes is what a
 * CPU passes over for nothing. Runs on the build host, on the linked image, once.
 */
#include <elf.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

static const uint8_t five[5] = { 0x90, 0x90, 0x90, 0x90, 0x90 };
static const uint8_t one[5] = { 0x0f, 0x1f, 0x44, 0x00, 0x00 };

static uint8_t *at_address(uint8_t *file, uint64_t va)
{
	const Elf64_Ehdr *header = (Elf64_Ehdr *)file;
	const Elf64_Phdr *ph = (Elf64_Phdr *)(file + header->e_phoff);

	for (unsigned i = 0; i < header->e_phnum; i++) {
		if (ph[i].p_type == PT_LOAD && va >= ph[i].p_vaddr &&
		    va + sizeof(one) <= ph[i].p_vaddr + ph[i].p_filesz)
			return file + ph[i].p_offset + (va - ph[i].p_vaddr);
	}
	return NULL;
}

static const Elf64_Shdr *find_section(const uint8_t *file, const char *name)
{
	const Elf64_Ehdr *header = (const Elf64_Ehdr *)file;
	const Elf64_Shdr *sh = (const Elf64_Shdr *)(file + header->e_shoff);
	const char *names = (const char *)file + sh[header->e_shstrndx].sh_offset;

	for (unsigned i = 0; i < header->e_shnum; i++) {
		if (!strcmp(names + sh[i].sh_name, name))
			return &sh[i];
	}
	return NULL;
}

int main(int argc, char **argv)
{
	const Elf64_Shdr *section;
	const uint64_t *list;
	struct stat st;
	uint8_t *file;
	int fd = argc == 2 ? open(argv[1], O_RDWR) : -1;

	if (fd < 0 || fstat(fd, &st))
		return perror("patchable: open"), 1;
	file = mmap(NULL, st.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (file == MAP_FAILED)
		return perror("patchable: mmap"), 1;
	section = find_section(file, ".patchable");
	if (!section)
		return fprintf(stderr, "patchable: %s has no .patchable\n", argv[1]), 1;
	list = (const uint64_t *)(file + section->sh_offset);
	for (uint64_t i = 0; i < section->sh_size / sizeof(*list); i++) {
		uint8_t *code = at_address(file, list[i]);

		if (code && !memcmp(code, five, sizeof(five)))
			memcpy(code, one, sizeof(one));
	}
	return 0;
}
