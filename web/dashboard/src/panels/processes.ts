// SPDX-License-Identifier: GPL-2.0-only
// processes.ts - the tree of processes, and one task in every detail

import { h, set, guest, text } from "../base/dom.ts";
import { bytes, duration, exact, percent } from "../base/format.ts";
import { Notice, Poller, type Panel } from "./panel.ts";
import { Table } from "../parts/table.ts";
import { taskDetails } from "./task.ts";
import { view, type Item } from "../data/views.ts";

interface Row { item: Item; pid: number; depth: number; order: number; cpu: number | null }

/* Children below their parents, in the order of pids; a parent that is not there makes a root */
function tree(processes: Item[], cpu: Map<number, number>): Row[] {
	const children = new Map<number, Item[]>();
	const known = new Set(processes.map((item) => item.num("pid")));
	for (const item of processes) {
		const parent = item.num("ppid") ?? 0;
		const at = known.has(parent) && parent !== item.num("pid") ? parent : 0;
		children.set(at, [...children.get(at) ?? [], item]);
	}
	const rows: Row[] = [];
	const seen = new Set<number>();
	const walk = (parent: number, depth: number): void => {
		for (const item of children.get(parent) ?? []) {
			const pid = item.num("pid") ?? -1;
			if (seen.has(pid))
				continue;
			seen.add(pid);
			rows.push({ item, pid, depth, order: rows.length, cpu: cpu.get(pid) ?? null });
			if (depth < 60)
				walk(pid, depth + 1);
		}
	};
	walk(0, 0);
	return rows;
}

/* Descriptors; near the limit the next open() may fail, so the limit is told */
function open(item: Item): string {
	const count = item.num("descriptors_count");
	const limit = item.num("descriptors_limit");
	return count !== null && limit !== null && count > 0 && count >= limit * 0.9 ? `${exact(count)} of ${exact(limit)}` : exact(count);
}

export function processes(): Panel {
	let selected: number | null = null;
	let kernel = false;
	let before = new Map<number, number>();
	let beforeNs = 0;
	const notice = new Notice();
	const summary = h("p", { class: "note" });
	const detail = h("div", { class: "stack" });
	const hint = h("p", { class: "note" }, "Choose a process to see its kernel stack, descriptors and memory map.");
	const close = h("button", { type: "button", class: "button", "data-action": "close-task", click: () => { location.hash = "processes"; choose(null); } }, "All processes");
	const table = new Table<Row>({
		name: "processes", title: "Processes", key: (row) => row.pid, sort: "comm",
		indent: (row) => row.depth, selected: () => selected, limit: 600,
		open: (row) => { location.hash = `processes/${row.pid}`; choose(row.pid); },
		columns: [
			{ key: "comm", label: "Process", text: true, value: (row) => row.item.str("comm"), order: (row) => row.order },
			{ key: "pid", label: "Pid", value: (row) => row.pid },
			{ key: "uid", label: "User", minor: true, value: (row) => row.item.num("uid") },
			{ key: "state", label: "State", text: true, plain: true, minor: true, value: (row) => row.item.str("state") },
			{ key: "cpu", label: "CPU", value: (row) => row.cpu, show: (row) => percent(row.cpu), bar: (row) => row.cpu ?? 0 },
			{ key: "rss_bytes", label: "Memory", value: (row) => row.item.num("rss_bytes"), show: (row) => bytes(row.item.num("rss_bytes")) },
			{ key: "threads", label: "Threads", minor: true, value: (row) => row.item.num("threads") },
			{ key: "descriptors_count", label: "Open", minor: true, value: (row) => row.item.num("descriptors_count"), show: (row) => open(row.item) },
			{ key: "time_ns", label: "Time", minor: true, value: (row) => used(row.item), show: (row) => duration(used(row.item)) },
			{ key: "call", label: "In call", text: true, value: (row) => row.item.str("call"), show: (row) => row.item.str("call") ?? "–" },
			{ key: "wchan", label: "Sleeps in", text: true, minor: true, value: (row) => row.item.str("wchan"), show: (row) => row.item.str("wchan") ?? "–" },
		],
	});
	const toggle = h("input", { type: "checkbox", name: "kernel", change: () => { kernel = toggle.checked; poller.now(); } });
	close.hidden = true;
	table.element.querySelector(".push")!.after(close, h("label", {}, toggle, "Kernel threads"));

	/* The table has all of the page until there is something beside it */
	const split = h("div", { class: "split one" }, h("div", { class: "stack" }, table.element, summary, hint), detail);

	function choose(pid: number | null): void {
		selected = pid;
		split.classList.toggle("one", pid === null);
		split.classList.toggle("even", pid !== null);
		hint.hidden = pid !== null;
		close.hidden = pid === null;
		set(detail);
		if (pid !== null)
			set(detail, h("section", { class: "card" }, h("p", { class: "muted" }, `Asking about ${pid}…`)));
		poller.now();
		taskPoller.stop();
		if (pid !== null)
			taskPoller.start();
	}

	const details = taskDetails();
	const taskPoller = new Poller(2000, async () => {
		const pid = selected;
		try {
			const task = await view(`task/${pid}`);
			if (pid !== selected)
				return;
			details.update(task);
			if (detail.firstChild !== details.element)
				set(detail, details.element);
		} catch (error) {
			if (pid === selected)
				set(detail, h("section", { class: "card" }, h("p", {}, `Process ${pid} cannot be shown${detail.firstChild === details.element ? " any more" : ""}: `, guest(error instanceof Error ? error.message : error))));
		}
	});

	const poller = new Poller(1500, async () => {
		try {
			const now = await view("processes");
			const nowNs = now.num("time_ns") ?? 0;
			const all = now.list("processes");
			const cpu = new Map<number, number>();
			const times = new Map<number, number>();
			for (const item of all) {
				const pid = item.num("pid") ?? -1;
				times.set(pid, used(item));
				const was = before.get(pid);
				if (was !== undefined && nowNs > beforeNs)
					cpu.set(pid, Math.max(0, (used(item) - was) / (nowNs - beforeNs)));
			}
			before = times;
			beforeNs = nowNs;
			const count = now.num("processes_count");
			const ofKernel = now.num("kernel_count") ?? (now.flag("truncated") ? null : all.filter((item) => item.flag("kernel")).length);
			const programs = count !== null && ofKernel !== null ? count - ofKernel : null;
			table.update(tree(all.filter((item) => kernel || !item.flag("kernel")), cpu), kernel ? count : programs);
			text(summary, `${exact(programs ?? count)} processes of programs, ${exact(ofKernel)} threads of the kernel; ${exact(now.num("threads_count"))} threads in all.`);
			notice.clear();
		} catch (error) {
			notice.show(error);
		}
	});

	return {
		id: "processes", label: "Processes", group: "Look closer",
		element: h("div", { class: "stack" }, notice.element, split),
		show() {
			poller.start();
			const pid = Number(location.hash.split("/")[1]);
			if (pid > 0)
				choose(pid);
			else if (selected !== null)
				taskPoller.start();
		},
		moved() {
			poller.now();
			taskPoller.now();
		},
		hide() {
			poller.stop();
			taskPoller.stop();
		},
	};
}

function used(item: Item): number {
	return (item.num("utime_ns") ?? 0) + (item.num("stime_ns") ?? 0);
}
