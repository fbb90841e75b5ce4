/* SPDX-License-Identifier: GPL-2.0-only */
/* One loadable segment, copied to its address by the supervisor */
#define RO_EXCEPTION_TABLE_ALIGN 16
#include <generated/asm-offsets.h>
#include <asm/cache.h>
#include <asm/page.h>
#include <asm/thread_info.h>
#include <asm-generic/vmlinux.lds.h>

OUTPUT_FORMAT("elf64-x86-64")
OUTPUT_ARCH(i386:x86-64)
ENTRY(vitrine_entry)
jiffies = jiffies_64;
#if defined(CONFIG_TRACEPOINTS) && !defined(CONFIG_EVENT_TRACING)
/* observe/probes/trace_events.c */
PROVIDE(trace_event_buffer_reserve = vitrine_no_trace_event);
PROVIDE(trace_event_buffer_commit = vitrine_no_trace_event);
PROVIDE(trace_event_raw_init = vitrine_no_trace_event);
PROVIDE(trace_event_reg = vitrine_no_trace_event);
PROVIDE(trace_event_printf = vitrine_no_trace_event);
PROVIDE(trace_raw_output_prep = vitrine_no_trace_event);
PROVIDE(trace_output_call = vitrine_no_trace_event);
PROVIDE(trace_handle_return = vitrine_no_trace_event);
PROVIDE(__trace_trigger_soft_disabled = vitrine_no_trace_event);
PROVIDE(trace_print_flags_seq = vitrine_no_trace_event);
PROVIDE(trace_print_symbols_seq = vitrine_no_trace_event);
PROVIDE(trace_print_hex_seq = vitrine_no_trace_event);
PROVIDE(trace_print_bitmask_seq = vitrine_no_trace_event);
PROVIDE(trace_print_array_seq = vitrine_no_trace_event);
PROVIDE(blk_fill_rwbs = vitrine_no_trace_event);
#endif

PHDRS
{
	all PT_LOAD FLAGS(7);
}

SECTIONS
{
	. = KERNEL_LINK_ADDRESS;
	_text = .;
	_stext = .;
	.text : {
		HEAD_TEXT
		TEXT_TEXT
		SCHED_TEXT
		LOCK_TEXT
		IRQENTRY_TEXT
		SOFTIRQENTRY_TEXT
		KPROBES_TEXT
		*(.fixup)
	} :all
	_etext = .;
	.got : { *(.got.plt) *(.igot.plt) *(.got) *(.igot) }
	. = ALIGN(PAGE_SIZE);
	__init_begin = .;
	INIT_TEXT_SECTION(PAGE_SIZE)
	INIT_DATA_SECTION(PAGE_SIZE)
	PERCPU_SECTION(L1_CACHE_BYTES)
	.lock_prefixes : ALIGN(8) {
		__lock_prefixes_start = .;
		KEEP(*(.lock_prefixes))
		__lock_prefixes_end = .;
	}
	.exit.data : { EXIT_DATA }
	.exit.text : { EXIT_TEXT }
	. = ALIGN(PAGE_SIZE);
	__init_end = .;
	_sdata = .;
	RO_DATA(PAGE_SIZE)
	RW_DATA(L1_CACHE_BYTES, PAGE_SIZE, THREAD_SIZE)
#ifdef CONFIG_VITRINE_FOLLOW
	.patchable : ALIGN(8) {
		__patchable_start = .;
		KEEP(*(__patchable_function_entries))
		__patchable_end = .;
	}
#endif
	.rela.dyn : { *(.rela.*) }
	_edata = .;
	BSS_SECTION(0, 0, 0)
	_end = .;
	STABS_DEBUG
	DWARF_DEBUG
	ELF_DETAILS
	DISCARDS
}
