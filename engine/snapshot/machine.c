// SPDX-License-Identifier: GPL-2.0-only
/* machine.c - what a sandbox ran on, and whether that is here
 *
 * Theory of operation
 * Guests execute CPUID themselves, so what they have chosen by it (memcpy() of a libc, code of a
 * JIT) must be there when they go on: every feature of the host that they were on. FPU images are
 * kept as the host wrote them, so the layout of those must be the same. A thread may have been
 * stopped inside the host's vDSO, by its address there, so that must be the same text.
 */
#include "machine.h"

#include <cpuid.h>
#include <elf.h>
#include <string.h>
#include <sys/auxv.h>

#include "engine/disk/crc32.h"
#include "vitrine/util.h"

#define LEAF_XSTATE 0xdU
#define VDSO_MAX (64UL << 10)
#define OSXSAVE (1U << 27)

enum cpu_register { EAX, EBX, ECX, EDX };

/* clang-format off */
static const struct {
	uint32_t leaf, subleaf;
	enum cpu_register reg;
	const char *name; /* for messages */
} words[] = {
	{ 1, 0, ECX, "1.ecx" }, { 1, 0, EDX, "1.edx" },
	{ 7, 0, EBX, "7.ebx" }, { 7, 0, ECX, "7.ecx" }, { 7, 0, EDX, "7.edx" },
	{ 7, 1, EAX, "7.1.eax" },
	{ 0x80000001, 0, ECX, "80000001.ecx" }, { 0x80000001, 0, EDX, "80000001.edx" },
};

/* Those that programs choose their code by; others are named by their word and bit */
static const struct {
	unsigned word, bit;
	const char *name;
} features[] = {
	{ 0, 0, "sse3" }, { 0, 9, "ssse3" }, { 0, 12, "fma" }, { 0, 13, "cx16" }, { 0, 19, "sse4_1" },
	{ 0, 20, "sse4_2" }, { 0, 22, "movbe" }, { 0, 23, "popcnt" }, { 0, 25, "aes" }, { 0, 28, "avx" },
	{ 0, 29, "f16c" }, { 0, 30, "rdrand" }, { 2, 3, "bmi1" }, { 2, 5, "avx2" }, { 2, 8, "bmi2" },
	{ 2, 9, "erms" }, { 2, 16, "avx512f" }, { 2, 17, "avx512dq" }, { 2, 18, "rdseed" }, { 2, 19, "adx" },
	{ 2, 29, "sha_ni" }, { 2, 30, "avx512bw" }, { 2, 31, "avx512vl" }, { 3, 1, "avx512vbmi" },
	{ 3, 9, "vaes" }, { 3, 10, "vpclmulqdq" }, { 3, 11, "avx512_vnni" }, { 4, 4, "fsrm" },
	{ 4, 22, "amx_bf16" }, { 4, 24, "amx_tile" }, { 4, 25, "amx_int8" }, { 5, 4, "avx_vnni" },
	{ 5, 5, "avx512_bf16" }, { 6, 5, "lzcnt" },
};
/* clang-format on */
static_assert(ARRAY_SIZE(words) == SNAPSHOT_CPU_WORDS, "words[]");

/* Bits that say how a CPU is set up or how it is watched, not what programs can execute */
static const uint32_t ignored[SNAPSHOT_CPU_WORDS] = {
	/* dtes64, monitor, ds_cpl, vmx, smx, est, tm2, xtpr, pdcm, pcid, dca, x2apic, tsc_deadline,
	 * hypervisor */
	[0] = 1U << 2 | 1U << 3 | 1U << 4 | 1U << 5 | 1U << 6 | 1U << 7 | 1U << 8 | 1U << 14 |
	      1U << 15 | 1U << 17 | 1U << 18 | 1U << 21 | 1U << 24 | 1U << 31,
	/* what only a kernel uses: mce, apic, mtrr, mca, ds, acpi, ss, ht, tm, pbe */
	[1] = 1U << 7 | 1U << 9 | 1U << 12 | 1U << 14 | 1U << 21 | 1U << 22 | 1U << 27 | 1U << 28 |
	      1U << 29 | 1U << 31,
	/* tsc_adjust, smep, cqm, rdt, smap, intel_pt */
	[2] = 1U << 1 | 1U << 7 | 1U << 12 | 1U << 15 | 1U << 20 | 1U << 25,
	/* umip, la57, bus_lock_detect */
	[3] = 1U << 2 | 1U << 16 | 1U << 24,
	/* of mitigations, hybrid, pconfig, arch_lbr */
	[4] =
	    1U << 9 | 1U << 10 | 1U << 11 | 1U << 13 | 1U << 15 | 1U << 18 | 1U << 19 | 0x3fU << 26,
	/* lass, hreset, lam */
	[5] = 1U << 6 | 1U << 22 | 1U << 26,
	/* svm, extapic, cr8, ibs, skinit, wdt, topoext, perfctr */
	[6] = 1U << 2 | 1U << 3 | 1U << 4 | 1U << 10 | 1U << 12 | 1U << 13 | 0x7fU << 22,
	[7] = 0,
};

static uint32_t cpuid_word(uint32_t leaf, uint32_t subleaf, enum cpu_register reg)
{
	unsigned regs[4] = { 0 };

	if (!__get_cpuid_count(leaf, subleaf, &regs[EAX], &regs[EBX], &regs[ECX], &regs[EDX]))
		return 0;
	return regs[reg];
}

/* The host's vDSO is one ELF file in memory, up to the end of its section headers */
static uint32_t vdso_crc(void)
{
	const uint8_t *base = (const uint8_t *)getauxval(AT_SYSINFO_EHDR);
	const Elf64_Ehdr *header = (const Elf64_Ehdr *)base;
	size_t len;

	if (!base)
		return 0;
	len = header->e_shoff + (size_t)header->e_shnum * header->e_shentsize;
	return crc32_ieee(base, len < VDSO_MAX ? len : VDSO_MAX);
}

static uint64_t xcr0(void)
{
	uint32_t low, high;

	if (!(cpuid_word(1, 0, ECX) & OSXSAVE))
		return 0;
	asm volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
	return (uint64_t)high << 32 | low;
}

void snapshot_cpu_here(struct snapshot_cpu *cpu)
{
	*cpu = (struct snapshot_cpu){
		.hwcap = getauxval(AT_HWCAP),
		.hwcap2 = getauxval(AT_HWCAP2),
		.xcr0 = xcr0(),
		.xstate_size = cpuid_word(LEAF_XSTATE, 0, EBX),
		.vdso = vdso_crc(),
	};
	for (unsigned i = 0; i < SNAPSHOT_CPU_WORDS; i++)
		cpu->words[i] = cpuid_word(words[i].leaf, words[i].subleaf, words[i].reg);
}

static int missing(unsigned word, uint32_t lost, struct error *err)
{
	for (size_t i = 0; i < ARRAY_SIZE(features); i++) {
		if (features[i].word == word && lost >> features[i].bit & 1)
			return error_set(err, 0,
					 "this machine's CPU lacks %s, which the sandbox may use",
					 features[i].name);
	}
	return error_set(err, 0,
			 "this machine's CPU lacks bit %d of CPUID %s, which the sandbox may use",
			 __builtin_ctz(lost), words[word].name);
}

int snapshot_cpu_fits(const struct snapshot_cpu *was, const struct snapshot_cpu *here,
		      struct error *err)
{
	for (unsigned i = 0; i < SNAPSHOT_CPU_WORDS; i++) {
		const uint32_t lost = was->words[i] & ~here->words[i] & ~ignored[i];

		if (lost)
			return missing(i, lost, err);
	}
	if (was->hwcap2 & ~here->hwcap2)
		return error_set(err, 0,
				 "this host does not offer programs what the sandbox may use "
				 "(hwcap2 %#llx)",
				 (unsigned long long)(was->hwcap2 & ~here->hwcap2));
	if (was->xcr0 != here->xcr0 || was->xstate_size != here->xstate_size)
		return error_set(
		    err, 0,
		    "this machine's CPU has other registers (XCR0 %#llx, %u bytes) than "
		    "the sandbox's (%#llx, %u)",
		    (unsigned long long)here->xcr0, here->xstate_size,
		    (unsigned long long)was->xcr0, was->xstate_size);
	if (was->vdso != here->vdso)
		return error_set(
		    err, 0,
		    "this host's kernel has another vDSO than the one that the sandbox "
		    "was paused on");
	return 0;
}
