// SPDX-License-Identifier: GPL-2.0-only
// task.ts - one task: where it is in the kernel, its descriptors, its memory, its limits

import { guest, h, set, text } from "../base/dom.ts";
import { bytes, duration, exact } from "../base/format.ts";
import { Table } from "../parts/table.ts";
import type { Item } from "../data/views.ts";

const SECTIONS = ["Status", "Stack", "Descriptors", "Memory map", "Threads", "Limits"] as const;

export interface Details {
	element: HTMLElement;
	update(task: Item): void;
}

function facts(rows: [string, string | Node | null][]): HTMLElement {
	return h("dl", { class: "facts-list" }, ...rows.filter(([, value]) => value !== null && value !== "")
		.flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]));
}

function status(task: Item): HTMLElement {
	const memory = task.item("memory"), who = task.item("credentials");
	const path = (name: string): Node | null => task.has(name) ? guest(task.str(name)) : null;
	return facts([
		["Command", task.words("cmdline").length ? guest(task.words("cmdline").join(" ")) : null],
		["Program", path("exe")], ["Directory", path("cwd")],
		["State", task.str("state")],
		["In call", task.has("call") ? guest(`${task.str("call")}(${task.words("call_args").join(", ")})`) : "none"],
		["Sleeps in", path("wchan")],
		["Parent, process", `${task.num("ppid") ?? "–"}, ${task.num("tgid") ?? "–"}`],
		["User, group", `${who.num("euid") ?? task.num("uid") ?? "–"}, ${who.num("egid") ?? task.num("gid") ?? "–"}`],
		["Scheduling", `${task.str("policy") ?? "–"}, nice ${task.num("nice") ?? "–"}`],
		["On the CPU", duration(task.num("run_ns"))], ["Waited for it", duration(task.num("run_delay_ns"))],
		["Switches", `${exact(task.num("switches_voluntary"))} voluntary, ${exact(task.num("switches_preempted"))} preempted`],
		["Faults", `${exact(task.num("faults_minor"))} minor, ${exact(task.num("faults_major"))} major`],
		["Memory", task.has("memory") ? `${bytes(memory.num("rss_bytes"))} resident (peak ${bytes(memory.num("rss_peak_bytes"))}), ${bytes(memory.num("vsize_bytes"))} mapped` : "none of its own"],
		["Storage", `${bytes(task.num("read_bytes"))} read, ${bytes(task.num("written_bytes"))} written`],
		["Seccomp", who.str("seccomp")], ["Control group", path("cgroup")],
		["Signals", task.item("signals").words("pending").length ? `pending ${task.item("signals").words("pending").join(" ")}` : "none pending"],
	]);
}

function stack(task: Item): HTMLElement {
	const frames = task.list("stack");
	return frames.length ? h("ol", { class: "stacktrace" }, ...frames.map((frame) =>
		h("li", {}, guest(frame.str("symbol")), h("span", { class: "muted mono address" }, frame.str("address") ?? ""))))
		: h("p", { class: "note" }, "It is running in user mode, or just now on the CPU: there is no kernel stack to show.");
}

export function taskDetails(): Details {
	let open: typeof SECTIONS[number] = "Status";
	let task: Item | null = null;
	const title = h("h3");
	const body = h("div", { class: "task-body", role: "tabpanel", tabindex: "0" });
	const tabs = h("div", { role: "tablist", class: "subtabs", "aria-label": "What to show of the task" }, ...SECTIONS.map((name) => h("button", {
		type: "button", role: "tab", class: "subtab", "data-section": name, click: () => { open = name; show(); },
	}, name)));
	const descriptors = new Table<Item>({
		name: "descriptors", key: (row) => row.num("fd") ?? -1, sort: "fd", empty: "No descriptor is open.",
		columns: [
			{ key: "fd", label: "Fd", value: (row) => row.num("fd") },
			{ key: "path", label: "Of", text: true, value: (row) => row.str("path") },
			{ key: "type", label: "Type", text: true, plain: true, minor: true, value: (row) => row.str("type") },
			{ key: "access", label: "Access", text: true, value: (row) => [row.str("access"), ...row.words("flags")].join(" ") },
			{ key: "position_bytes", label: "At", value: (row) => row.num("position_bytes"), show: (row) => bytes(row.num("position_bytes")) },
			{ key: "size_bytes", label: "Size", minor: true, value: (row) => row.num("size_bytes"), show: (row) => bytes(row.num("size_bytes")) },
		],
	});
	const areas = new Table<Item>({
		name: "areas", key: (row) => row.str("start") ?? "", sort: "start", empty: "It has no memory of its own, or it is changing it just now.",
		columns: [
			{ key: "start", label: "Start", text: true, value: (row) => row.str("start"), order: (row) => Number(row.str("start")) },
			{ key: "size_bytes", label: "Size", value: (row) => row.num("size_bytes"), show: (row) => bytes(row.num("size_bytes")) },
			{ key: "permissions", label: "Rights", text: true, plain: true, value: (row) => row.str("permissions") },
			{ key: "rss_bytes", label: "Resident", value: (row) => row.num("rss_bytes"), show: (row) => bytes(row.num("rss_bytes")), bar: (row) => (row.num("rss_bytes") ?? 0) / Math.max(1, row.num("size_bytes") ?? 1) },
			{ key: "pss_bytes", label: "Share", title: "A page that n processes map counts 1/n", value: (row) => row.num("pss_bytes"), show: (row) => bytes(row.num("pss_bytes")) },
			{ key: "dirty_bytes", label: "Dirty", minor: true, value: (row) => row.num("dirty_bytes"), show: (row) => bytes(row.num("dirty_bytes")) },
			{ key: "host_bytes", label: "On the host", minor: true, title: "Pages that the host process has mapped now", value: (row) => row.num("host_bytes"), show: (row) => bytes(row.num("host_bytes")) },
			{ key: "path", label: "Of", text: true, value: (row) => row.str("path"), show: (row) => row.str("path") ?? "anonymous" },
		],
	});
	const threads = new Table<Item>({
		name: "threads", key: (row) => row.num("pid") ?? -1, sort: "pid",
		columns: [
			{ key: "comm", label: "Thread", text: true, value: (row) => row.str("comm") },
			{ key: "pid", label: "Pid", value: (row) => row.num("pid") },
			{ key: "state", label: "State", text: true, plain: true, value: (row) => row.str("state") },
			{ key: "call", label: "In call", text: true, value: (row) => row.str("call"), show: (row) => row.str("call") ?? "–" },
			{ key: "wchan", label: "Sleeps in", text: true, value: (row) => row.str("wchan"), show: (row) => row.str("wchan") ?? "–" },
			{ key: "time_ns", label: "Time", value: (row) => (row.num("utime_ns") ?? 0) + (row.num("stime_ns") ?? 0), show: (row) => duration((row.num("utime_ns") ?? 0) + (row.num("stime_ns") ?? 0)) },
		],
	});
	const limits = new Table<Item>({
		name: "limits", key: (row) => row.str("name") ?? "", sort: "name", filter: false,
		columns: [
			{ key: "name", label: "Limit", text: true, value: (row) => row.str("name") },
			{ key: "soft", label: "Soft", value: (row) => row.num("soft"), show: (row) => row.has("soft") ? exact(row.num("soft")) : "none" },
			{ key: "hard", label: "Hard", value: (row) => row.num("hard"), show: (row) => row.has("hard") ? exact(row.num("hard")) : "none" },
		],
	});
	for (const table of [descriptors, areas, threads, limits])
		table.element.classList.add("bare");

	function show(): void {
		for (const tab of tabs.children)
			tab.setAttribute("aria-selected", String((tab as HTMLElement).dataset["section"] === open));
		if (!task)
			return;
		const { element, update } = {
			"Status": { element: null, update: () => set(body, status(task!)) },
			"Stack": { element: null, update: () => set(body, stack(task!)) },
			"Descriptors": { element: descriptors.element, update: () => descriptors.update(task!.list("descriptors")) },
			"Memory map": { element: areas.element, update: () => areas.update(task!.list("areas")) },
			"Threads": { element: threads.element, update: () => threads.update(task!.list("task_list")) },
			"Limits": { element: limits.element, update: () => limits.update(task!.list("limits")) },
		}[open];
		update();
		if (element && body.firstChild !== element)
			set(body, element);
	}

	return {
		element: h("section", { class: "card task" }, h("header", { class: "card-head" }, title), tabs, body),
		update(now) {
			task = now;
			set(title, guest(now.str("comm")), h("span", { class: "muted" }, ` ${now.num("pid") ?? ""}`));
			text(title.lastElementChild!, ` ${now.num("pid") ?? ""}`);
			show();
		},
	};
}
