// SPDX-License-Identifier: GPL-2.0-only
// scheduler.ts - switches, delays and load over time; the EEVDF queue; who was picked last

import { chart } from "../parts/charts.ts";
import { charts } from "../parts/chart.ts";
import { h, set } from "../base/dom.ts";
import { drawQueue } from "../parts/eevdf.ts";
import { duration, exact } from "../base/format.ts";
import { showHistogram } from "../parts/histogram.ts";
import { card, Notice, Poller, type Panel } from "./panel.ts";
import { Table } from "../parts/table.ts";
import { view, type Item } from "../data/views.ts";

export function scheduler(): Panel {
	let frozen = false;
	const list = [chart("switches"), chart("delay"), chart("load"), chart("life"), chart("cpu"), chart("wakeups")];
	const notice = new Notice();
	const queues = h("div", { class: "queues" });
	const freeze = h("button", {
		type: "button", class: "button", "aria-pressed": "false", click: () => {
			frozen = !frozen;
			freeze.setAttribute("aria-pressed", String(frozen));
			freeze.textContent = frozen ? "Go on" : "Hold picture";
		},
	}, "Hold picture");
	const picture = card("Who runs next (EEVDF)",
		h("p", { class: "note" }, "The axis is virtual time: a dot shows the service that a task has had, the bar its request, the tick its deadline. " +
			"A task left of the mean has had less than its share and is eligible. Of the eligible ones, the one with the earliest deadline runs next."), queues);
	picture.querySelector("header")!.append(h("span", { class: "push" }), freeze);
	const picks = new Table<Item>({
		name: "picks", title: "Last picks", key: (row) => `${row.str("time_ns")}/${row.num("cpu")}`, sort: "-time_ns", limit: 64, filter: false,
		empty: "No task has been picked since somebody looks.",
		columns: [
			{ key: "comm", label: "Task", text: true, value: (row) => row.num("pid") === 0 ? "idle" : row.str("comm") },
			{ key: "pid", label: "Pid", value: (row) => row.num("pid") },
			{ key: "cpu", label: "CPU", value: (row) => row.num("cpu") },
			{ key: "time_ns", label: "Ago", value: (row) => row.num("time_ns"), show: (row) => duration(nowNs - (row.num("time_ns") ?? nowNs)) },
			{ key: "ran_ns", label: "Ran", value: (row) => row.num("ran_ns"), show: (row) => duration(row.num("ran_ns")) },
			{ key: "delay_ns", label: "Had waited", value: (row) => row.num("delay_ns"), show: (row) => duration(row.num("delay_ns")) },
			{ key: "lag_ns", label: "Lag", minor: true, value: (row) => row.num("lag_ns"), show: (row) => duration(row.num("lag_ns")) },
			{ key: "stopped", label: "Stopped by", text: true, plain: true, value: (row) => row.str("stopped"), show: (row) => row.str("stopped") ?? "runs" },
		],
	});
	let nowNs = 0;
	const delays = h("div");
	const counts = h("p", { class: "note" });
	const poller = new Poller(600, async () => {
		if (frozen)
			return;
		try {
			const now = await view("scheduler");
			nowNs = now.num("time_ns") ?? 0;
			const cpus = now.list("cpus");
			while (queues.childElementCount > cpus.length)
				queues.lastElementChild!.remove();
			cpus.forEach((cpu, i) => {
				if (!queues.children[i])
					queues.append(h("div", { class: "queue" }));
				drawQueue(queues.children[i] as HTMLElement, cpu);
			});
			picks.update(cpus.flatMap((cpu) => cpu.list("picks")));
			notice.clear();
		} catch (error) {
			notice.show(error);
		}
	});
	return {
		id: "scheduler", label: "Scheduler", group: "Live", charts: list,
		element: h("div", { class: "stack" }, charts(...list), notice.element, picture,
			h("div", { class: "grid" }, picks.element, card("Run-queue delay of single waits", delays, counts))),
		show: () => poller.start(),
		moved: () => poller.now(),
		hide: () => poller.stop(),
		update({ snapshot }) {
			if (!snapshot)
				return;
			showHistogram(delays, snapshot.scheduler.run_delay, "Run-queue delay");
			const { forks, execs, exits, signals, ooms, oopses, threads } = snapshot.scheduler;
			set(counts, `${exact(threads)} threads, with the kernel's; ${exact(forks)} forks, ${exact(execs)} execs, ${exact(exits)} exits, ` +
				`${exact(signals)} signals, ${exact(ooms)} OOM kills, ${exact(oopses)} oopses.`);
		},
	};
}
