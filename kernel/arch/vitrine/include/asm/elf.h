/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _ASM_VITRINE_ELF_H
#define _ASM_VITRINE_ELF_H

#include <asm/auxvec.h>
#include <asm/ptrace.h>
#include <asm/user.h>

#define R_X86_64_NONE 0
#define R_X86_64_64 1
#define R_X86_64_PC32 2
#define R_X86_64_PLT32 4
#define R_X86_64_32 10
#define R_X86_64_32S 11

#define elf_check_arch(x) ((x)->e_machine == EM_X86_64)
#define ELF_CLASS ELFCLASS64
#define ELF_DATA ELFDATA2LSB
#define ELF_ARCH EM_X86_64
#define ELF_PLATFORM "x86_64"
#define ELF_EXEC_PAGESIZE 4096
#define ELF_ET_DYN_BASE (TASK_SIZE / 3 * 2)
#define CORE_DUMP_USE_REGSET

extern unsigned long vitrine_hwcap, vitrine_hwcap2;
#define ELF_HWCAP (vitrine_hwcap)
#define ELF_HWCAP2 (vitrine_hwcap2)
#define SET_PERSONALITY(ex) set_personality(PER_LINUX | (current->personality & ~PER_MASK))

typedef unsigned long elf_greg_t;
#define ELF_NGREG (sizeof(struct user_regs_struct) / sizeof(elf_greg_t))
typedef elf_greg_t elf_gregset_t[ELF_NGREG];
typedef struct user_i387_struct elf_fpregset_t;

#define ARCH_HAS_SETUP_ADDITIONAL_PAGES 1
struct linux_binprm;
int arch_setup_additional_pages(struct linux_binprm *bprm, int uses_interp);

unsigned long vitrine_sigframe_size(void);

#define ARCH_DLINFO                                                                                \
	do {                                                                                       \
		if (current->mm->context.vdso)                                                     \
			NEW_AUX_ENT(AT_SYSINFO_EHDR, (unsigned long)current->mm->context.vdso);    \
		NEW_AUX_ENT(AT_MINSIGSTKSZ, vitrine_sigframe_size());                              \
	} while (0)

#endif
