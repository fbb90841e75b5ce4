/* SPDX-License-Identifier: GPL-2.0-only */
/* One text segment; below it lie the pages of vma.c's [vvar] */
OUTPUT_FORMAT("elf64-x86-64")
OUTPUT_ARCH(i386:x86-64)

SECTIONS
{
	PROVIDE(_vdso_counts = . - 3 * 4096);
	PROVIDE(_vdso_data = . - 2 * 4096);
	PROVIDE(_timens_data = . - 4096);
	. = SIZEOF_HEADERS;

	.hash : { *(.hash) } :text
	.gnu.hash : { *(.gnu.hash) }
	.dynsym : { *(.dynsym) }
	.dynstr : { *(.dynstr) }
	.gnu.version : { *(.gnu.version) }
	.gnu.version_d : { *(.gnu.version_d) }
	.gnu.version_r : { *(.gnu.version_r) }
	.dynamic : { *(.dynamic) } :text :dynamic
	.rodata : { *(.rodata*) *(.data*) *(.bss*) *(.got*) } :text
	.note : { *(.note.*) } :text :note
	.eh_frame_hdr : { *(.eh_frame_hdr) } :text :eh_frame_hdr
	.eh_frame : { KEEP(*(.eh_frame)) } :text
	.text : { *(.text*) } :text =0x90909090
	/DISCARD/ : { *(.discard) *(.discard.*) *(__ex_table) *(.comment) }
}

PHDRS
{
	text PT_LOAD FLAGS(5) FILEHDR PHDRS;
	dynamic PT_DYNAMIC FLAGS(4);
	note PT_NOTE FLAGS(4);
	eh_frame_hdr 0x6474e550;
}

VERSION
{
	LINUX_2.6 {
	global:
		clock_gettime;
		__vdso_clock_gettime;
		gettimeofday;
		__vdso_gettimeofday;
		clock_getres;
		__vdso_clock_getres;
		getcpu;
		__vdso_getcpu;
		time;
		__vdso_time;
		getrandom;
		__vdso_getrandom;
	local: *;
	};
}
