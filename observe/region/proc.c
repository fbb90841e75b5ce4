// SPDX-License-Identifier: GPL-2.0-only
/* proc.c - take the texts of /proc files apart
 *
 * Theory of operation
 * A file is lines, a line is words; line_next() and word_number() are all there is to a parser but
 * tables of where a number goes. Texts are the guest's: a word that is no number counts as 0, a
 * line that is too short leaves the rest 0, and names are cut to their field. Nothing is written
 * outside the structure that is filled, and the cursor only moves forward.
 */
#include "samples.h"

#include <stdlib.h>
#include <string.h>
#include "vitrine/util.h"

#define TICK_NS 10000000UL /* of USER_HZ */
#define SECTOR 512UL	   /* the unit of diskstats, whatever the device has */
#define MS 1000000UL
#define KB 1024UL

/* What is left of a line */
struct line {
	const char *at, *end;
};

static bool line_next(const char **cursor, struct line *line)
{
	const char *at = *cursor;

	while (*at == '\n')
		at++;
	if (!*at) {
		*cursor = at;
		return false;
	}
	line->at = at;
	line->end = at + strcspn(at, "\n");
	*cursor = line->end;
	return true;
}

/* The next word; its length, 0 at the end of the line */
static size_t word_next(struct line *line, const char **word)
{
	while (line->at < line->end && (*line->at == ' ' || *line->at == '\t'))
		line->at++;
	*word = line->at;
	while (line->at < line->end && *line->at != ' ' && *line->at != '\t')
		line->at++;
	return line->at - *word;
}

static uint64_t word_number(struct line *line)
{
	const char *word;
	size_t len = word_next(line, &word);
	uint64_t n = 0;

	for (size_t i = 0; i < len && word[i] >= '0' && word[i] <= '9'; i++)
		n = n * 10 + (word[i] - '0');
	return n;
}

static void name_copy(char name[PROC_NAME_MAX], const char *word, size_t len)
{
	size_t n = len < PROC_NAME_MAX - 1 ? len : PROC_NAME_MAX - 1;

	memcpy(name, word, n);
	name[n] = '\0';
}

static size_t word_name(struct line *line, char name[PROC_NAME_MAX])
{
	const char *word;
	size_t len = word_next(line, &word);

	name_copy(name, word, len);
	return len;
}

/* A word up to and without @stop, which need not be followed by a blank ("eth0:123") */
static bool word_until(struct line *line, char stop, char name[PROC_NAME_MAX])
{
	const char *word, *found;

	while (line->at < line->end && *line->at == ' ')
		line->at++;
	word = line->at;
	found = memchr(word, stop, line->end - word);
	if (!found)
		return false;
	name_copy(name, word, found - word);
	line->at = found + 1;
	return true;
}

/* Numbers in the order of a table of fields of a structure, each with its unit */
struct field {
	size_t offset;
	uint64_t unit;
};

static void fields_fill(struct line *line, const struct field *fields, size_t count, void *into)
{
	for (size_t i = 0; i < count; i++)
		*(uint64_t *)((char *)into + fields[i].offset) = word_number(line) * fields[i].unit;
}

/* ---- stat ---- */

#define AT(member)                                                                                 \
	{                                                                                          \
		offsetof(struct proc_cpu, member), TICK_NS                                         \
	}
static const struct field cpu_fields[] = {
	AT(user_ns),   AT(nice_ns), AT(system_ns),  AT(idle_ns),
	AT(iowait_ns), AT(irq_ns),  AT(softirq_ns), AT(steal_ns),
};
#undef AT

static const struct {
	const char *name;
	size_t offset;
} stat_lines[] = {
	{ "intr", offsetof(struct proc_stat, interrupts) },
	{ "ctxt", offsetof(struct proc_stat, switches) },
	{ "processes", offsetof(struct proc_stat, forks) },
	{ "procs_running", offsetof(struct proc_stat, running) },
	{ "procs_blocked", offsetof(struct proc_stat, blocked) },
	{ "btime", offsetof(struct proc_stat, boot_s) },
};

void proc_stat(const char *text, struct proc_stat *stat)
{
	char name[PROC_NAME_MAX];
	struct line line;

	*stat = (struct proc_stat){ 0 };
	while (line_next(&text, &line)) {
		word_name(&line, name);
		if (!strcmp(name, "cpu"))
			fields_fill(&line, cpu_fields, ARRAY_SIZE(cpu_fields), &stat->all);
		else if (!strncmp(name, "cpu", 3) && stat->cpus < PROC_CPUS_MAX)
			fields_fill(&line, cpu_fields, ARRAY_SIZE(cpu_fields),
				    &stat->cpu[stat->cpus++]);
		for (size_t i = 0; i < ARRAY_SIZE(stat_lines); i++) {
			if (!strcmp(name, stat_lines[i].name))
				*(uint64_t *)((char *)stat + stat_lines[i].offset) =
				    word_number(&line);
		}
	}
}

/* ---- meminfo ---- */

#define AT(name, member)                                                                           \
	{                                                                                          \
		name, offsetof(struct proc_meminfo, member)                                        \
	}
static const struct {
	const char *name;
	size_t offset;
} meminfo_lines[] = {
	AT("MemTotal", total),
	AT("MemFree", free),
	AT("MemAvailable", available),
	AT("Buffers", buffers),
	AT("Cached", cached),
	AT("SwapCached", swap_cached),
	AT("Active", active),
	AT("Inactive", inactive),
	AT("Active(anon)", active_anon),
	AT("Inactive(anon)", inactive_anon),
	AT("Active(file)", active_file),
	AT("Inactive(file)", inactive_file),
	AT("Unevictable", unevictable),
	AT("Mlocked", mlocked),
	AT("SwapTotal", swap_total),
	AT("SwapFree", swap_free),
	AT("Dirty", dirty),
	AT("Writeback", writeback),
	AT("AnonPages", anon),
	AT("Mapped", mapped),
	AT("Shmem", shmem),
	AT("KReclaimable", reclaimable),
	AT("Slab", slab),
	AT("SReclaimable", slab_reclaimable),
	AT("SUnreclaim", slab_unreclaimable),
	AT("KernelStack", kernel_stack),
	AT("PageTables", page_tables),
	AT("CommitLimit", commit_limit),
	AT("Committed_AS", committed),
	AT("VmallocUsed", vmalloc_used),
	AT("Percpu", percpu),
	AT("AnonHugePages", anon_huge),
	AT("FileHugePages", file_huge),
};
#undef AT

void proc_meminfo(const char *text, struct proc_meminfo *info)
{
	char name[PROC_NAME_MAX];
	struct line line;

	*info = (struct proc_meminfo){ 0 };
	while (line_next(&text, &line)) {
		if (!word_until(&line, ':', name))
			continue;
		for (size_t i = 0; i < ARRAY_SIZE(meminfo_lines); i++) {
			if (!strcmp(name, meminfo_lines[i].name))
				*(uint64_t *)((char *)info + meminfo_lines[i].offset) =
				    word_number(&line) * KB;
		}
	}
}

/* ---- loadavg, vmstat, pressure ---- */

/* "0.42", also with something before it ("avg10=0.42"); 0 when it is not such a number */
static double decimal(const char *text, size_t len)
{
	double value = 0, unit = 0;

	for (size_t i = 0; i < len && i < 20; i++) {
		if (text[i] == '.' && unit == 0) {
			unit = 1;
			continue;
		}
		if (text[i] < '0' || text[i] > '9')
			break;
		value = value * 10 + (text[i] - '0');
		unit *= 10;
	}
	return unit > 0 ? value / unit : value;
}

void proc_loadavg(const char *text, struct proc_loadavg *load)
{
	char name[PROC_NAME_MAX];
	struct line line;

	*load = (struct proc_loadavg){ 0 };
	if (!line_next(&text, &line))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(load->load); i++)
		load->load[i] = decimal(name, word_name(&line, name));
	if (word_until(&line, '/', name))
		load->running = strtoull(name, NULL, 10);
	load->total = word_number(&line);
	load->last_pid = word_number(&line);
}

bool proc_vmstat(const char **at, struct proc_value *value)
{
	struct line line;

	if (!line_next(at, &line))
		return false;
	word_name(&line, value->name);
	value->value = word_number(&line);
	return true;
}

void proc_pressure(const char *text, struct proc_pressure *pressure)
{
	struct line line;
	char name[PROC_NAME_MAX], key[PROC_NAME_MAX];

	*pressure = (struct proc_pressure){ 0 };
	while (line_next(&text, &line)) {
		struct proc_pressure_line *into;

		word_name(&line, name);
		if (!strcmp(name, "some"))
			into = &pressure->some;
		else if (!strcmp(name, "full"))
			into = &pressure->full;
		else
			continue;
		into->present = true;
		while (word_until(&line, '=', key)) {
			size_t len = word_name(&line, name);

			if (!strcmp(key, "avg10"))
				into->avg10 = decimal(name, len);
			else if (!strcmp(key, "avg60"))
				into->avg60 = decimal(name, len);
			else if (!strcmp(key, "avg300"))
				into->avg300 = decimal(name, len);
			else if (!strcmp(key, "total"))
				into->total_ns = strtoull(name, NULL, 10) * 1000;
		}
	}
}

/* ---- tables ---- */

#define AT(member, unit)                                                                           \
	{                                                                                          \
		offsetof(struct proc_disk, member), unit                                           \
	}
static const struct field disk_fields[] = {
	AT(reads, 1),
	AT(reads_merged, 1),
	AT(read_bytes, SECTOR),
	AT(read_ns, MS),
	AT(writes, 1),
	AT(writes_merged, 1),
	AT(write_bytes, SECTOR),
	AT(write_ns, MS),
	AT(in_flight, 1),
	AT(busy_ns, MS),
	AT(weighted_ns, MS),
	AT(discards, 1),
	AT(discards_merged, 1),
	AT(discard_bytes, SECTOR),
	AT(discard_ns, MS),
	AT(flushes, 1),
	AT(flush_ns, MS),
};
#undef AT

bool proc_diskstats(const char **at, struct proc_disk *disk)
{
	struct line line;

	*disk = (struct proc_disk){ 0 };
	if (!line_next(at, &line))
		return false;
	disk->major = word_number(&line);
	disk->minor = word_number(&line);
	word_name(&line, disk->name);
	fields_fill(&line, disk_fields, ARRAY_SIZE(disk_fields), disk);
	return true;
}

#define AT(member)                                                                                 \
	{                                                                                          \
		offsetof(struct proc_netdev, member), 1                                            \
	}
static const struct field rx_fields[] = {
	AT(rx_bytes),
	AT(rx_packets),
	AT(rx_errors),
	AT(rx_dropped),
};
static const struct field tx_fields[] = {
	AT(tx_bytes),
	AT(tx_packets),
	AT(tx_errors),
	AT(tx_dropped),
};
#undef AT

bool proc_net_dev(const char **at, struct proc_netdev *dev)
{
	struct line line;

	*dev = (struct proc_netdev){ 0 };
	do { /* the two lines of headings have no colon */
		if (!line_next(at, &line))
			return false;
	} while (!word_until(&line, ':', dev->name));
	fields_fill(&line, rx_fields, ARRAY_SIZE(rx_fields), dev);
	for (int i = 0; i < 4; i++)
		word_number(&line); /* fifo, frame, compressed, multicast */
	fields_fill(&line, tx_fields, ARRAY_SIZE(tx_fields), dev);
	return true;
}

bool proc_schedstat(const char **at, struct proc_sched_cpu *cpu)
{
	char name[PROC_NAME_MAX];
	struct line line;

	*cpu = (struct proc_sched_cpu){ 0 };
	do {
		if (!line_next(at, &line))
			return false;
		word_name(&line, name);
	} while (strncmp(name, "cpu", 3));
	cpu->cpu = strtoul(name + 3, NULL, 10);
	for (int i = 0; i < 6; i++)
		word_number(&line); /* calls of the scheduler */
	cpu->run_ns = word_number(&line);
	cpu->wait_ns = word_number(&line);
	cpu->slices = word_number(&line);
	return true;
}

bool proc_slabinfo(const char **at, struct proc_slab *slab)
{
	char word[PROC_NAME_MAX];
	struct line line;

	*slab = (struct proc_slab){ 0 };
	do { /* "slabinfo - version", "# name ..." */
		if (!line_next(at, &line))
			return false;
		word_name(&line, slab->name);
	} while (slab->name[0] == '#' || !strcmp(slab->name, "slabinfo"));
	slab->active = word_number(&line);
	slab->objects = word_number(&line);
	slab->object_bytes = word_number(&line);
	slab->per_slab = word_number(&line);
	slab->pages_per_slab = word_number(&line);
	while (word_name(&line, word) && strcmp(word, "slabdata"))
		;
	slab->active_slabs = word_number(&line);
	slab->slabs = word_number(&line);
	return true;
}

bool proc_buddyinfo(const char **at, struct proc_buddy *buddy)
{
	char word[PROC_NAME_MAX];
	const char *rest;
	struct line line;

	*buddy = (struct proc_buddy){ 0 };
	do { /* "Node 0, zone   Normal   1 2 3" */
		if (!line_next(at, &line))
			return false;
		word_name(&line, word);
	} while (strcmp(word, "Node"));
	buddy->node = word_number(&line);
	word_name(&line, word);
	word_name(&line, buddy->zone);
	while (buddy->orders < PROC_ORDERS && word_next(&line, &rest)) {
		line.at = rest;
		buddy->free[buddy->orders++] = word_number(&line);
	}
	return true;
}

bool proc_interrupts(const char **at, struct proc_interrupt *interrupt)
{
	const char *word;
	struct line line;
	size_t len;

	*interrupt = (struct proc_interrupt){ 0 };
	do { /* the heading has no colon */
		if (!line_next(at, &line))
			return false;
	} while (!word_until(&line, ':', interrupt->name));
	while ((len = word_next(&line, &word))) {
		if (word[0] < '0' || word[0] > '9' || strspn(word, "0123456789") < len) {
			name_copy(interrupt->what, word, line.end - word);
			break;
		}
		line.at = word;
		interrupt->count += word_number(&line);
	}
	return true;
}
