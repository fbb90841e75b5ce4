// SPDX-License-Identifier: GPL-2.0-only
// overview.ts - the first page: gauges, the four charts that say most, and what happened last

import { chart } from "../parts/charts.ts";
import { charts } from "../parts/chart.ts";
import { guest, h, set, text } from "../base/dom.ts";
import { bytes, count, duration, exact, percent, rate, timeOfDay } from "../base/format.ts";
import type { Live } from "../data/live.ts";
import { card, type Panel } from "./panel.ts";
import { combine } from "../data/store.ts";
import { Tile } from "../parts/tiles.ts";

const LAST_MINUTE = { span: 60_000, step: 1000 };
const SHOWN = 12;

export function overview(): Panel {
	let memory: number | null = null;
	const tiles = {
		cpu: new Tile({
			name: "cpu", label: "CPU", format: percent, full: 1, warn: .85,
			values: (view) => combine((idle, wait) => Math.max(0, 1 - idle - wait), view.at("cpu.idle"), view.at("cpu.iowait")),
		}),
		memory: new Tile({
			name: "memory", label: "Memory in use", format: bytes, full: () => memory, warn: .8, bad: .93,
			values: (view) => combine((available) => (memory ?? available) - available, view.at("memory.available")),
		}),
		calls: new Tile({ name: "calls", label: "System calls", format: rate, values: (view) => view.at("syscalls.total") }),
		faults: new Tile({
			name: "faults", label: "Page faults", format: rate,
			values: (view) => combine((...kinds) => kinds.reduce((a, b) => a + b, 0),
				...["refill", "minor", "major", "cow", "file", "bad"].map((kind) => view.at(`faults.${kind}`))),
		}),
		switches: new Tile({
			name: "switches", label: "Context switches", format: rate,
			values: (view) => combine((...kinds) => kinds.reduce((a, b) => a + b, 0),
				...["sleep", "preempt", "yield", "exit", "idle"].map((kind) => view.at(`switches.${kind}`))),
		}),
		cpuPressure: new Tile({
			name: "pressure-cpu", label: "CPU pressure", format: (value) => percent(value === null ? null : value / 100),
			values: (view) => view.at("pressure.cpu"), full: 100, warn: .3, bad: .7,
		}),
		ioPressure: new Tile({
			name: "pressure-io", label: "I/O pressure", format: (value) => percent(value === null ? null : value / 100),
			values: (view) => view.at("pressure.io"), full: 100, warn: .3, bad: .7,
		}),
		memoryPressure: new Tile({
			name: "pressure-memory", label: "Memory pressure", format: (value) => percent(value === null ? null : value / 100),
			values: (view) => view.at("pressure.memory"), full: 100, warn: .1, bad: .4,
		}),
	};
	const list = [chart("families"), chart("memory"), chart("cpu"), chart("faults"), chart("throughput"), chart("switches")];
	const feed = h("ol", { class: "feed" });
	const sandbox = h("dl", { class: "facts-list" });
	const health = h("p", { class: "note" });
	const element = h("div", { class: "stack" },
		h("div", { class: "tiles" }, ...Object.values(tiles).map((tile) => tile.element)),
		charts(...list),
		h("div", { class: "grid" }, card("Births, deaths, signals", feed), card("Sandbox", sandbox, health)));

	return {
		id: "overview", label: "Overview", group: "Live", element, charts: list,
		update(live) {
			const { snapshot } = live;
			const view = live.store.view(LAST_MINUTE.span, LAST_MINUTE.step, live.at), now = live.store.now(live.at);
			const available = snapshot?.memory.meminfo?.["mem_available_bytes"] ?? null;
			memory = snapshot?.memory.meminfo?.["mem_total_bytes"] ?? snapshot?.sandbox.memory_bytes ?? null;
			const load = snapshot?.scheduler.load;
			tiles.cpu.update(view, now, load ? `load ${load.map((l) => l.toFixed(2)).join("  ")}` : "");
			tiles.memory.update(view, now, memory ? `of ${bytes(memory)}${available !== null ? `, ${bytes(available)} available` : ""}` : "");
			tiles.calls.update(view, now, snapshot ? `${count(snapshot.syscalls.total.calls)} in all` : "");
			tiles.faults.update(view, now, snapshot ? `${count(Object.values(snapshot.faults).reduce((sum, { count: n }) => sum + n, 0))} in all` : "");
			tiles.switches.update(view, now, snapshot?.scheduler.threads ? `${exact(snapshot.scheduler.threads)} threads, with the kernel's` : "");
			for (const [tile, name] of [[tiles.cpuPressure, "cpu"], [tiles.ioPressure, "io"], [tiles.memoryPressure, "memory"]] as const)
				tile.update(view, now, snapshot && !snapshot.pressure[name] ? "kernel without psi=1" : "a task waited, 10 s mean");
			showFeed(live, feed);
			showFacts(live, sandbox, health);
		},
	};
}

let newest: unknown = null;

function showFeed(live: Live, feed: HTMLElement): void {
	const first = live.rare[0] ?? null;
	if (first === newest && feed.childElementCount)
		return;
	newest = first;
	set(feed, ...live.rare.slice(0, SHOWN).map((event) => h("li", { "data-kind": event.kind },
		h("time", { class: "muted mono" }, timeOfDay(event.time_ms)), h("span", { class: "kind" }, event.kind),
		h("span", { class: "what" }, guest(`${event.comm} ${event.pid} ${event.text}`, 160)))),
		live.rare.length ? null : h("li", { class: "muted" }, "Nothing yet: a fork, an exec, an exit or a signal shows here."));
}

function showFacts(live: Live, list: HTMLElement, health: HTMLElement): void {
	const { snapshot } = live;
	if (!snapshot)
		return;
	const { sandbox, observation, sampler, events } = snapshot;
	const rows: [string, string | Node][] = [
		["Image", guest(sandbox.image)],
		["Command", guest(sandbox.command.join(" "), 120)],
		["Host process", String(sandbox.pid)],
		["CPUs, memory", `${sandbox.cpus}, ${bytes(sandbox.memory_bytes)}`],
		["Counted since", `${timeOfDay(observation.since_ms)}${observation.from_boot ? ", from boot" : ""}`],
		["Events", `${exact(events.newest)} recorded, ${exact(events.lost)} lost`],
		["Readers", `${observation.readers}${observation.readers_dropped ? `, ${observation.readers_dropped} dropped` : ""}`],
	];
	set(list, ...rows.flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]));
	const deferred = sampler.files.reduce((sum, file) => sum + file.deferred, 0);
	const cost = sampler.files.reduce((sum, file) => sum + file.cost_ns * 1000 / Math.max(file.interval_ms, 1), 0);
	text(health, `Sampler: ${exact(sampler.ticks)} ticks, ${exact(sampler.overruns)} over the budget of ` +
		`${duration(sampler.budget_ns)}, ${exact(deferred)} readings deferred; costs ${duration(cost)} a second.`);
}
