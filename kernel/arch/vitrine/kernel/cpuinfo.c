// SPDX-License-Identifier: GPL-2.0-only
/* cpuinfo.c - /proc/cpuinfo from the CPUID instruction, which no host can refuse */
#include <linux/clocksource.h>
#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/seq_file.h>
#include <linux/string.h>
#include <asm/timex.h>
#include <asm/vitrine.h>

struct cpuid {
	u32 a, b, c, d;
};

static struct cpuid cpuid(u32 leaf, u32 sub)
{
	struct cpuid r;

	asm volatile("cpuid" : "=a"(r.a), "=b"(r.b), "=c"(r.c), "=d"(r.d) : "0"(leaf), "2"(sub));
	return r;
}

enum { REG_A, REG_B, REG_C, REG_D };

/* Names as Linux prints them, by leaf, sub-leaf, register and bit: those that programs look for */
static const struct flag {
	u32 leaf;
	u8 sub, reg, bit;
	const char *name;
} flags[] = {
	{ 1, 0, REG_D, 0, "fpu" },
	{ 1, 0, REG_D, 4, "tsc" },
	{ 1, 0, REG_D, 8, "cx8" },
	{ 1, 0, REG_D, 15, "cmov" },
	{ 1, 0, REG_D, 19, "clflush" },
	{ 1, 0, REG_D, 23, "mmx" },
	{ 1, 0, REG_D, 24, "fxsr" },
	{ 1, 0, REG_D, 25, "sse" },
	{ 1, 0, REG_D, 26, "sse2" },
	{ 1, 0, REG_D, 28, "ht" },
	{ 0x80000001, 0, REG_D, 11, "syscall" },
	{ 0x80000001, 0, REG_D, 20, "nx" },
	{ 0x80000001, 0, REG_D, 27, "rdtscp" },
	{ 0x80000001, 0, REG_D, 29, "lm" },
	{ 1, 0, REG_C, 0, "pni" },
	{ 1, 0, REG_C, 1, "pclmulqdq" },
	{ 1, 0, REG_C, 9, "ssse3" },
	{ 1, 0, REG_C, 12, "fma" },
	{ 1, 0, REG_C, 13, "cx16" },
	{ 1, 0, REG_C, 19, "sse4_1" },
	{ 1, 0, REG_C, 20, "sse4_2" },
	{ 1, 0, REG_C, 22, "movbe" },
	{ 1, 0, REG_C, 23, "popcnt" },
	{ 1, 0, REG_C, 25, "aes" },
	{ 1, 0, REG_C, 26, "xsave" },
	{ 1, 0, REG_C, 28, "avx" },
	{ 1, 0, REG_C, 29, "f16c" },
	{ 1, 0, REG_C, 30, "rdrand" },
	{ 1, 0, REG_C, 31, "hypervisor" },
	{ 0x80000001, 0, REG_C, 0, "lahf_lm" },
	{ 0x80000001, 0, REG_C, 5, "abm" },
	{ 0x80000001, 0, REG_C, 6, "sse4a" },
	{ 0x80000001, 0, REG_C, 7, "misalignsse" },
	{ 0x80000001, 0, REG_C, 8, "3dnowprefetch" },
	{ 7, 0, REG_B, 0, "fsgsbase" },
	{ 7, 0, REG_B, 3, "bmi1" },
	{ 7, 0, REG_B, 5, "avx2" },
	{ 7, 0, REG_B, 8, "bmi2" },
	{ 7, 0, REG_B, 9, "erms" },
	{ 7, 0, REG_B, 11, "rtm" },
	{ 7, 0, REG_B, 16, "avx512f" },
	{ 7, 0, REG_B, 17, "avx512dq" },
	{ 7, 0, REG_B, 18, "rdseed" },
	{ 7, 0, REG_B, 19, "adx" },
	{ 7, 0, REG_B, 21, "avx512ifma" },
	{ 7, 0, REG_B, 23, "clflushopt" },
	{ 7, 0, REG_B, 24, "clwb" },
	{ 7, 0, REG_B, 28, "avx512cd" },
	{ 7, 0, REG_B, 29, "sha_ni" },
	{ 7, 0, REG_B, 30, "avx512bw" },
	{ 7, 0, REG_B, 31, "avx512vl" },
	{ 7, 0, REG_C, 1, "avx512vbmi" },
	{ 7, 0, REG_C, 6, "avx512_vbmi2" },
	{ 7, 0, REG_C, 8, "gfni" },
	{ 7, 0, REG_C, 9, "vaes" },
	{ 7, 0, REG_C, 10, "vpclmulqdq" },
	{ 7, 0, REG_C, 11, "avx512_vnni" },
	{ 7, 0, REG_C, 12, "avx512_bitalg" },
	{ 7, 0, REG_C, 14, "avx512_vpopcntdq" },
	{ 7, 0, REG_C, 22, "rdpid" },
	{ 7, 0, REG_C, 25, "cldemote" },
	{ 7, 0, REG_C, 27, "movdiri" },
	{ 7, 0, REG_C, 28, "movdir64b" },
	{ 7, 0, REG_D, 4, "fsrm" },
	{ 7, 0, REG_D, 14, "serialize" },
	{ 7, 0, REG_D, 23, "avx512_fp16" },
	{ 7, 1, REG_A, 4, "avx_vnni" },
	{ 7, 1, REG_A, 5, "avx512_bf16" },
	{ 13, 1, REG_A, 0, "xsaveopt" },
	{ 13, 1, REG_A, 1, "xsavec" },
	{ 13, 1, REG_A, 2, "xgetbv1" },
	{ 0x80000007, 0, REG_D, 8, "constant_tsc" },
	{ 0x80000007, 0, REG_D, 8, "nonstop_tsc" },
};

static void show_flags(struct seq_file *m)
{
	u32 max_basic = cpuid(0, 0).a, max_extended = cpuid(0x80000000, 0).a;
	unsigned int i;

	seq_puts(m, "flags\t\t:");
	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		struct cpuid r;

		if (flags[i].leaf > (flags[i].leaf >> 31 ? max_extended : max_basic))
			continue;
		r = cpuid(flags[i].leaf, flags[i].sub);
		if ((&r.a)[flags[i].reg] & BIT(flags[i].bit))
			seq_printf(m, " %s", flags[i].name);
	}
	seq_putc(m, '\n');
}

/* Cycles per second, measured once against the host's clock */
static unsigned long measured_hz(void)
{
	static unsigned long hz;
	u64 start, cycles, ns;

	if (hz)
		return hz;
	start = vt_host->clock_monotonic();
	cycles = get_cycles();
	do {
		ns = vt_host->clock_monotonic() - start;
	} while (ns < 2 * NSEC_PER_MSEC);
	hz = div64_u64((get_cycles() - cycles) * NSEC_PER_SEC, ns);
	return hz;
}

static int cpu_show(struct seq_file *m, void *v)
{
	const unsigned int cpu = (unsigned long)v - 1, cores = num_online_cpus();
	struct cpuid leaf0 = cpuid(0, 0), leaf1 = cpuid(1, 0), sizes, cache;
	u32 vendor[4] = { leaf0.b, leaf0.d, leaf0.c, 0 };
	u32 family = leaf1.a >> 8 & 15, model = leaf1.a >> 4 & 15;
	u32 max_extended = cpuid(0x80000000, 0).a, brand[13] = { 0 };
	unsigned long hz = measured_hz();
	unsigned int i;

	if (family == 15)
		family += leaf1.a >> 20 & 255;
	if (family >= 6)
		model += (leaf1.a >> 16 & 15) << 4;
	for (i = 0; i < 3 && max_extended >= 0x80000004; i++) {
		struct cpuid r = cpuid(0x80000002 + i, 0);

		memcpy(&brand[i * 4], &r, sizeof(r));
	}
	sizes = max_extended >= 0x80000008 ? cpuid(0x80000008, 0) : (struct cpuid){ 0x3028 };
	cache = max_extended >= 0x80000006 ? cpuid(0x80000006, 0) : (struct cpuid){ 0 };

	seq_printf(m, "processor\t: %u\nvendor_id\t: %s\ncpu family\t: %u\nmodel\t\t: %u\n", cpu,
		   (char *)vendor, family, model);
	seq_printf(m, "model name\t: %s\nstepping\t: %u\n", skip_spaces((char *)brand),
		   leaf1.a & 15);
	seq_printf(m, "cpu MHz\t\t: %lu.%03lu\ncache size\t: %u KB\n", hz / 1000000,
		   hz / 1000 % 1000, cache.c >> 16);
	seq_printf(m,
		   "physical id\t: 0\nsiblings\t: %u\ncore id\t\t: %u\ncpu cores\t: %u\n"
		   "apicid\t\t: %u\ninitial apicid\t: %u\n",
		   cores, cpu, cores, cpu, cpu);
	seq_printf(m, "fpu\t\t: yes\nfpu_exception\t: yes\ncpuid level\t: %u\nwp\t\t: yes\n",
		   leaf0.a);
	show_flags(m);
	seq_printf(m, "bugs\t\t:\nbogomips\t: %lu.%02lu\nclflush size\t: %u\n", hz * 2 / 1000000,
		   hz * 2 / 10000 % 100, (leaf1.b >> 8 & 255) * 8);
	seq_printf(m,
		   "cache_alignment\t: 64\naddress sizes\t: %u bits physical, %u bits virtual\n"
		   "power management:\n\n",
		   sizes.a & 255, sizes.a >> 8 & 255);
	return 0;
}

static void *cpu_start(struct seq_file *m, loff_t *pos)
{
	return *pos < num_online_cpus() ? (void *)(unsigned long)(*pos + 1) : NULL;
}

static void *cpu_next(struct seq_file *m, void *v, loff_t *pos)
{
	++*pos;
	return cpu_start(m, pos);
}

static void cpu_stop(struct seq_file *m, void *v)
{
}

const struct seq_operations cpuinfo_op = {
	.start = cpu_start,
	.next = cpu_next,
	.stop = cpu_stop,
	.show = cpu_show,
};
