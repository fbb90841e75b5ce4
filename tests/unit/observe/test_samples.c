// SPDX-License-Identifier: GPL-2.0-only
/* test_samples.c - copies under a sequence lock, and what the kernel's files say */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <string.h>
#include "fake_region.h"
#include "observe/region/samples.h"

static struct region region;
static struct vt_telemetry *t;

static int setup(void **state)
{
	t = fake_region_new(&region, 4096);
	return 0;
}

static int teardown(void **state)
{
	fake_region_free(&region);
	return 0;
}

static char *slot_text(unsigned slot)
{
	return (char *)t + VT_TELEMETRY_SAMPLES + slot * (size_t)VT_SAMPLE_SIZE;
}

static void put(unsigned slot, const char *name, const char *text)
{
	struct vt_sample *sample = &t->sampler.samples[slot];

	strncpy(sample->name, name, sizeof(sample->name) - 1);
	sample->length = strlen(text);
	memcpy(slot_text(slot), text, strlen(text));
	sample->taken++;
	sample->sequence += 2;
}

static void a_sample_is_found_by_name(void **state)
{
	struct sample sample = { 0 };

	put(0, "stat", "one");
	put(3, "net/dev", "two");
	assert_true(sample_read(&region, "net/dev", &sample));
	assert_string_equal(sample.text, "two");
	assert_true(sample_read(&region, "stat", &sample));
	assert_string_equal(sample.text, "one");
	assert_false(sample_read(&region, "slabinfo", &sample));
	t->sampler.samples[0].sequence |= 1;
	assert_false(sample_read(&region, "stat", &sample));
	sample_free(&sample);
}

static void lengths_are_not_believed(void **state)
{
	struct sample sample = { 0 };

	put(VT_SAMPLES_MAX - 1, "stat", "one");
	memset(slot_text(VT_SAMPLES_MAX - 1), 'x', VT_SAMPLE_SIZE);
	t->sampler.samples[VT_SAMPLES_MAX - 1].length = UINT32_MAX;
	assert_true(sample_read(&region, "stat", &sample));
	assert_int_equal(sample.len, VT_SAMPLE_SIZE);
	slot_text(VT_SAMPLES_MAX - 1)[100] = '\0';
	assert_true(sample_read(&region, "stat", &sample));
	assert_int_equal(sample.len, 100);
	sample_free(&sample);
}

#define ROUNDS 200000
#define TEXT 300

static void *writer(void *arg)
{
	struct vt_sample *slot = &t->sampler.samples[0];
	char text[TEXT];

	for (unsigned i = 1; i <= ROUNDS; i++) {
		memset(text, 'a' + i % 26, TEXT);
		__atomic_store_n(&slot->sequence, slot->sequence + 1, __ATOMIC_SEQ_CST);
		memcpy(slot_text(0), text, TEXT);
		__atomic_store_n(&slot->sequence, slot->sequence + 1, __ATOMIC_SEQ_CST);
		__atomic_store_n(&slot->taken, i, __ATOMIC_RELEASE);
	}
	return NULL;
}

static void a_copy_is_whole_or_none(void **state)
{
	struct sample sample = { 0 };
	pthread_t thread;

	put(0, "stat", "a");
	t->sampler.samples[0].length = TEXT;
	memset(slot_text(0), 'a', TEXT);
	assert_int_equal(pthread_create(&thread, NULL, writer, NULL), 0);
	while (__atomic_load_n(&t->sampler.samples[0].taken, __ATOMIC_ACQUIRE) < ROUNDS) {
		if (!sample_read(&region, "stat", &sample))
			continue;
		for (size_t i = 1; i < TEXT; i++)
			assert_int_equal(sample.text[i], sample.text[0]);
	}
	pthread_join(thread, NULL);
	sample_free(&sample);
}

static void a_task_is_whole_or_none(void **state)
{
	struct vt_task_counters task;

	assert_false(region_task(&region, 5, &task));
	assert_false(region_task(&region, VT_TELEMETRY_TASKS, &task));
	t->tasks[5].pid = 17;
	memset(t->tasks[5].comm, 'x', sizeof(t->tasks[5].comm));
	assert_true(region_task(&region, 5, &task));
	assert_int_equal(task.pid, 17);
	assert_int_equal(strlen(task.comm), sizeof(task.comm) - 1);
}

/* ---- texts, as Linux 6.12 prints them ---- */

static void stat_is_read(void **state)
{
	struct proc_stat stat;

	proc_stat("cpu  10 2 30 400 5 6 7 8 0 0\n"
		  "cpu0 10 2 30 400 5 6 7 8 0 0\n"
		  "intr 123 0 0\nctxt 456\nbtime 1700000000\nprocesses 78\n"
		  "procs_running 2\nprocs_blocked 1\nsoftirq 9 1 2\n",
		  &stat);
	assert_int_equal(stat.all.user_ns, 100000000);
	assert_int_equal(stat.cpus, 1);
	assert_int_equal(stat.cpu[0].idle_ns, 4000000000);
	assert_int_equal(stat.all.steal_ns, 80000000);
	assert_int_equal(stat.interrupts, 123);
	assert_int_equal(stat.switches, 456);
	assert_int_equal(stat.forks, 78);
	assert_int_equal(stat.running, 2);
	assert_int_equal(stat.blocked, 1);
}

static void meminfo_is_read(void **state)
{
	struct proc_meminfo info;

	proc_meminfo(
	    "MemTotal:        1000 kB\nMemFree:          400 kB\n"
	    "Active(anon):      12 kB\nPageTables:         3 kB\nHugePages_Total:       0\n",
	    &info);
	assert_int_equal(info.total, 1024000);
	assert_int_equal(info.free, 400 * 1024);
	assert_int_equal(info.active_anon, 12 * 1024);
	assert_int_equal(info.page_tables, 3 * 1024);
}

static void small_files_are_read(void **state)
{
	const char *at = "nr_free_pages 100\npgfault 18446744073709551615\n";
	struct proc_pressure pressure;
	struct proc_loadavg load;
	struct proc_value value;

	proc_loadavg("0.50 1.25 10.00 3/120 4567\n", &load);
	assert_true(load.load[0] == 0.5 && load.load[1] == 1.25 && load.load[2] == 10);
	assert_int_equal(load.running, 3);
	assert_int_equal(load.total, 120);
	assert_int_equal(load.last_pid, 4567);

	assert_true(proc_vmstat(&at, &value));
	assert_string_equal(value.name, "nr_free_pages");
	assert_true(proc_vmstat(&at, &value));
	assert_int_equal(value.value, UINT64_MAX);
	assert_false(proc_vmstat(&at, &value));

	proc_pressure("some avg10=1.50 avg60=0.30 avg300=0.00 total=123\n"
		      "full avg10=0.00 avg60=0.00 avg300=0.00 total=45\n",
		      &pressure);
	assert_true(pressure.some.present && pressure.full.present);
	assert_true(pressure.some.avg10 == 1.5);
	assert_int_equal(pressure.full.total_ns, 45000);
}

static void devices_are_read(void **state)
{
	const char *disks = " 254       0 vda 10 1 80 7 20 2 160 9 3 11 16 4 5 24 6 1 2\n"
			    " 254       1 vda1 1 2 3\n";
	const char *net = "Inter-|   Receive                |  Transmit\n"
			  " face |bytes    packets errs drop|bytes    packets errs drop\n"
			  "    lo:     100       2    3    4    0     0          0         0      "
			  "500       6    7    8    0     0       0          0\n";
	struct proc_netdev dev;
	struct proc_disk disk;

	assert_true(proc_diskstats(&disks, &disk));
	assert_string_equal(disk.name, "vda");
	assert_int_equal(disk.major, 254);
	assert_int_equal(disk.reads, 10);
	assert_int_equal(disk.read_bytes, 80 * 512);
	assert_int_equal(disk.write_ns, 9000000);
	assert_int_equal(disk.in_flight, 3);
	assert_int_equal(disk.discards, 4);
	assert_int_equal(disk.discard_bytes, 24 * 512);
	assert_int_equal(disk.flushes, 1);
	assert_true(proc_diskstats(&disks, &disk));
	assert_int_equal(disk.writes, 0);
	assert_false(proc_diskstats(&disks, &disk));

	assert_true(proc_net_dev(&net, &dev));
	assert_string_equal(dev.name, "lo");
	assert_int_equal(dev.rx_bytes, 100);
	assert_int_equal(dev.tx_bytes, 500);
	assert_int_equal(dev.tx_dropped, 8);
	assert_false(proc_net_dev(&net, &dev));
}

static void tables_of_memory_are_read(void **state)
{
	const char *slabs =
	    "slabinfo - version: 2.1\n"
	    "# name            <active_objs> <num_objs> <objsize> <objperslab> <pagesperslab>\n"
	    "kmalloc-64        120    128     64   64    1 : tunables    0    0    0 : slabdata"
	    "      2      2      0\n";
	const char *buddies = "Node 0, zone    DMA32      1      2      3\n"
			      "Node 0, zone   Normal      4      5      6\n";
	struct proc_buddy buddy;
	struct proc_slab slab;

	assert_true(proc_slabinfo(&slabs, &slab));
	assert_string_equal(slab.name, "kmalloc-64");
	assert_int_equal(slab.active, 120);
	assert_int_equal(slab.object_bytes, 64);
	assert_int_equal(slab.slabs, 2);
	assert_false(proc_slabinfo(&slabs, &slab));
	assert_true(proc_buddyinfo(&buddies, &buddy));
	assert_true(proc_buddyinfo(&buddies, &buddy));
	assert_string_equal(buddy.zone, "Normal");
	assert_int_equal(buddy.orders, 3);
	assert_int_equal(buddy.free[2], 6);
	assert_false(proc_buddyinfo(&buddies, &buddy));
}

static void tables_of_interrupts_are_read(void **state)
{
	const char *interrupts = "           CPU0       CPU1\n"
				 "  0:         40          2   vitrine  timer\n"
				 "LOC:          7          0\n";
	const char *softirqs = "                    CPU0\n          HI:          3\n";
	const char *sched = "version 16\ntimestamp 4294\n"
			    "cpu0 0 0 1 2 3 4 1000 2000 30\ndomain0 3 0\n";
	struct proc_interrupt interrupt;
	struct proc_sched_cpu cpu;

	assert_true(proc_interrupts(&interrupts, &interrupt));
	assert_string_equal(interrupt.name, "0");
	assert_int_equal(interrupt.count, 42);
	assert_string_equal(interrupt.what, "vitrine  timer");
	assert_true(proc_interrupts(&interrupts, &interrupt));
	assert_string_equal(interrupt.name, "LOC");
	assert_int_equal(interrupt.count, 7);
	assert_false(proc_interrupts(&interrupts, &interrupt));
	assert_true(proc_interrupts(&softirqs, &interrupt));
	assert_string_equal(interrupt.name, "HI");
	assert_int_equal(interrupt.count, 3);
	assert_true(proc_schedstat(&sched, &cpu));
	assert_int_equal(cpu.run_ns, 1000);
	assert_int_equal(cpu.wait_ns, 2000);
	assert_int_equal(cpu.slices, 30);
	assert_false(proc_schedstat(&sched, &cpu));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_sample_is_found_by_name),
		TEST(lengths_are_not_believed),
		TEST(a_copy_is_whole_or_none),
		TEST(a_task_is_whole_or_none),
		TEST(stat_is_read),
		TEST(meminfo_is_read),
		TEST(small_files_are_read),
		TEST(devices_are_read),
		TEST(tables_of_memory_are_read),
		TEST(tables_of_interrupts_are_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
