// SPDX-License-Identifier: GPL-2.0-only
/* setup.c - from the supervisor's call to a machine that the generic kernel can use */
#include <linux/console.h>
#include <linux/delay.h>
#include <linux/elf.h>
#include <linux/export.h>
#include <linux/init.h>
#include <linux/memblock.h>
#include <linux/mm.h>
#include <linux/pm.h>
#include <linux/random.h>
#include <linux/reboot.h>
#include <linux/sched/task_stack.h>
#include <linux/start_kernel.h>
#include <linux/panic_notifier.h>
#include <asm/keep.h>
#include <asm/sections.h>
#include <asm/setup.h>
#include <asm/vitrine.h>

struct vt_boot *vt_boot __section(".data");
unsigned long vitrine_hwcap, vitrine_hwcap2;
unsigned long empty_zero_page[ZERO_PAGES_SIZE / sizeof(long)] __aligned(PAGE_SIZE);
EXPORT_SYMBOL(empty_zero_page);
pgd_t swapper_pg_dir[PTRS_PER_PGD] __aligned(PAGE_SIZE);
void (*pm_power_off)(void);

void vitrine_resume_entry(void); /* suspend/leave.S */

#define HALT_PANIC 125 /* exit status of a sandbox whose kernel died */

/* Tell the supervisor where it finds us; what it calls is in the image, which does not move */
void vitrine_meet_host(void)
{
	vt_boot->kernel.pending = &vitrine_cpus[0].pending;
	vt_boot->kernel.fault = vitrine_kernel_fault;
	vt_boot->kernel.die = vitrine_kernel_die;
	vt_boot->kernel.die_stack = (unsigned long)vitrine_die_stack + sizeof(vitrine_die_stack);
	vt_boot->kernel.map = vitrine_kernel_map;
	vt_boot->kernel.resume = (unsigned long)vitrine_resume_entry;
}

void __init vitrine_start(void);
void __init vitrine_start(void)
{
	vitrine_meet_host();
	vitrine_unlock_prefixes();
	vitrine_cputime_init();
	vitrine_hwcap = vt_boot->hwcap;
	vitrine_hwcap2 = vt_boot->hwcap2;
	start_kernel();
}

unsigned long vitrine_sigframe_size(void)
{
	return vt_boot->sigframe_size;
}

bool vitrine_wx_denied;

static int __init wx_setup(char *arg)
{
	if (strcmp(arg, "deny") && strcmp(arg, "allow"))
		return -EINVAL;
	vitrine_wx_denied = !strcmp(arg, "deny");
	return 0;
}
early_param("vitrine.wx", wx_setup);

static int panic_halt(struct notifier_block *nb, unsigned long event, void *text)
{
	vt_host->halt(HALT_PANIC);
	return NOTIFY_DONE;
}

static struct notifier_block panic_block = { .notifier_call = panic_halt, .priority = INT_MIN };

void __init setup_arch(char **cmdline_p)
{
	unsigned long max_zone_pfn[MAX_NR_ZONES] = { 0 };

	if (vt_boot->version != VT_ABI_VERSION)
		panic("the supervisor speaks boot ABI %u, this kernel %u", vt_boot->version,
		      VT_ABI_VERSION);
	atomic_notifier_chain_register(&panic_notifier_list, &panic_block);
	strscpy(boot_command_line, vt_boot->cmdline, COMMAND_LINE_SIZE);
	vitrine_keep_setup(boot_command_line);
	*cmdline_p = boot_command_line;
	setup_initial_init_mm(_stext, _etext, _edata, _end);
	memblock_add(0, vt_boot->mem_size);
	memblock_reserve(0, __pa(_end));
	parse_early_param();
	min_low_pfn = 0;
	max_low_pfn = max_pfn = vt_boot->mem_size >> PAGE_SHIFT;
	high_memory = __va(vt_boot->mem_size);
	max_zone_pfn[ZONE_NORMAL] = max_pfn;
	vitrine_cpus_possible();
	vitrine_node_init();
	vitrine_growth_init();
	sparse_init();
	free_area_init(max_zone_pfn);
	add_bootloader_randomness(vt_boot->seed, sizeof(vt_boot->seed));
}

void __init mem_init(void)
{
	memblock_free_all();
}

void __init trap_init(void)
{
}

/* The command that ended the sandbox chose the status before it asked for power off */
void machine_restart(char *command)
{
	vt_host->halt(0);
}

void machine_halt(void)
{
	vt_host->halt(0);
}

void machine_power_off(void)
{
	vt_host->halt(0);
}
