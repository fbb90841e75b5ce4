// SPDX-License-Identifier: GPL-2.0-only
// charts.ts - every chart of the dashboard, as a table of what it shows

import { FAMILIES, FAMILY_LABEL } from "../data/api.ts";
import { Chart, type ChartOptions, type Series } from "./chart.ts";
import { byteRate, bytes, count, duration, percent, rate } from "../base/format.ts";

const column = (label: string, name: string, colour?: number): Series =>
	({ label, ...(colour === undefined ? {} : { colour }), values: (view) => view.at(name) });

const perHundred = (value: number | null): string => percent(value === null ? null : value / 100);

type Recipe = Omit<ChartOptions, "name">;

const RECIPES = {
	families: {
		title: "System calls by family", stacked: true, format: rate,
		about: "System calls that the guest's programs made, a second",
		series: FAMILIES.map((family) => column(FAMILY_LABEL[family], `syscalls.${family}`)),
	},
	errors: {
		title: "Failed system calls", format: rate,
		about: "Calls that returned an error, and those of them that the kernel does not have",
		series: [column("Errors", "syscalls.errors", 4), column("ENOSYS", "syscalls.enosys", 1)],
	},
	cpu: {
		title: "CPU", stacked: true, format: percent, max: 1,
		series: [column("User", "cpu.user", 0), column("System", "cpu.system", 1), column("I/O wait", "cpu.iowait", 3), column("Interrupts", "cpu.irq", 4), column("Stolen by the host", "cpu.steal", 8)],
	},
	memory: {
		title: "Memory by use", stacked: true, format: bytes,
		about: "Physical memory of the guest by use; with what is free the parts add up to all of it",
		series: [
			column("Anonymous", "memory.anonymous", 0), column("Page cache", "memory.cached", 2), column("Buffers", "memory.buffers", 5),
			column("Slab", "memory.slab", 3), column("Page tables", "memory.page_tables", 1), column("Kernel stacks", "memory.kernel_stack", 6),
			column("Other", "memory.other", 7), { ...column("Free", "memory.free", 8), off: true },
		],
	},
	dirty: {
		title: "Written, not yet on the disk", format: bytes,
		series: [column("Dirty", "memory.dirty", 1), column("Under writeback", "memory.writeback", 4)],
	},
	cache: {
		title: "Page cache", format: rate, about: "Pages that came into the page cache, left it, and were written back",
		series: [column("Added", "page_cache.added", 2), column("Removed", "page_cache.removed", 4), column("Written back", "page_cache.written_back", 1)],
	},
	switches: {
		title: "Context switches by reason", stacked: true, format: rate,
		series: [
			column("Sleep", "switches.sleep", 0), column("Preempted", "switches.preempt", 4), column("Yield", "switches.yield", 6),
			column("Exit", "switches.exit", 1), column("From idle", "switches.idle", 8),
		],
	},
	delay: {
		title: "Run-queue delay", format: duration, about: "From being runnable to running",
		series: [column("Mean", "run_delay.mean", 0), column("99th percentile", "run_delay.p99", 4)],
	},
	load: {
		title: "Load", format: count, about: "Runnable threads now, and their mean over a minute",
		series: [column("Load, 1 min", "load.1", 0), column("Runnable", "running", 1)],
	},
	life: {
		title: "Births and deaths", format: rate,
		series: [column("Forks", "forks", 2), column("Execs", "execs", 0), column("Exits", "exits", 4), column("Signals", "signals", 1)],
	},
	wakeups: { title: "Wake-ups", format: rate, series: [column("Wake-ups", "wakeups", 5)] },
	faults: {
		title: "Page faults by kind", stacked: true, format: rate,
		about: "Refill: the page table allowed it and the host's mapping was missing. Minor: anonymous memory touched first. " +
			"File: page cache that was there. Major: waited for a device.",
		series: [
			column("Refill", "faults.refill", 8), column("Minor", "faults.minor", 0), column("Copy on write", "faults.cow", 3),
			column("File", "faults.file", 2), column("Major", "faults.major", 4), column("Bad", "faults.bad", 1),
		],
	},
	interrupts: {
		title: "Interrupts by source", stacked: true, format: rate,
		series: [column("Timer", "interrupts.timer", 0), column("Streams", "interrupts.stream", 2), column("Requests", "interrupts.request", 3), column("Virtio", "interrupts.virtio", 1)],
	},
	softirqs: {
		title: "Softirqs", stacked: true, format: rate,
		series: ["timer", "sched", "hrtimer", "rcu", "block", "net_rx", "net_tx", "tasklet"]
			.map((name) => column(name.toUpperCase(), `softirqs.${name}`)),
	},
	host: {
		title: "Work on the host", format: rate, about: "What the supervisor did on the host for the guest",
		series: [column("Notifications", "host.notifications", 0), column("Maps", "host.maps", 2), column("Unmaps", "host.unmaps", 4)],
	},
	throughput: {
		title: "Block throughput", format: byteRate,
		series: [column("Read", "block.read_bytes", 2), column("Written", "block.write_bytes", 1)],
	},
	iops: {
		title: "Block requests", format: rate,
		series: [column("Reads", "block.reads", 2), column("Writes", "block.writes", 1), column("Flushes", "block.flushes", 3)],
	},
	latency: { title: "Block latency", format: duration, about: "Mean, from issue to completion", series: [column("Mean", "block.latency", 0)] },
	flight: { title: "Requests in flight", format: count, series: [column("In flight", "block.in_flight", 3)] },
	traffic: {
		title: "Network traffic", format: byteRate,
		series: [column("Received", "network.received_bytes", 2), column("Sent", "network.sent_bytes", 1)],
	},
	packets: {
		title: "Packets", format: rate,
		series: [column("Received", "network.received", 2), column("Sent", "network.sent", 1)],
	},
	pressure: {
		title: "Pressure", format: perHundred, about: "Share of the last ten seconds in which some task waited for it (PSI)",
		series: [column("CPU", "pressure.cpu", 0), column("I/O", "pressure.io", 1), column("Memory", "pressure.memory", 3)],
	},
} satisfies Record<string, Recipe>;

/** A chart of the table; @change: what is different where it stands. */
export function chart(name: keyof typeof RECIPES, change: Partial<ChartOptions> = {}): Chart {
	return new Chart({ name, ...RECIPES[name], ...change });
}
