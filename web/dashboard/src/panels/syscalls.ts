// SPDX-License-Identifier: GPL-2.0-only
// syscalls.ts - system calls: families over time, and every call with its errors and percentiles
//
// The percentiles are of all calls since the observation began, or of the last ten seconds: the
// server's buckets only grow, so the difference of two snapshots is the histogram of what lies
// between them.

import { FAMILY_LABEL, get, type Call, type Snapshot } from "../data/api.ts";
import { chart } from "../parts/charts.ts";
import { charts } from "../parts/chart.ts";
import { h, set, text } from "../base/dom.ts";
import { count, duration, exact, percent, quantile, rate, timeOfDay } from "../base/format.ts";
import { showHistogram } from "../parts/histogram.ts";
import type { Live } from "../data/live.ts";
import { card, Notice, Poller, type Panel } from "./panel.ts";
import { Table } from "../parts/table.ts";

interface Row extends Call {
	perSecond: number | null;
	p50: number | null; p90: number | null; p99: number | null;
}

interface Missing {
	nr: number; name: string; family: string; count: number;
	last: { time_ms: number; pid: number; comm: string } | null;
}

/* What was made between two snapshots; @before: none for since the beginning */
function difference(now: Snapshot, before: Snapshot | undefined): Row[] {
	const old = new Map(before?.syscalls.calls.map((call) => [call.nr, call]));
	const seconds = before ? (now.time_ms - before.time_ms) / 1000 : 0;
	return now.syscalls.calls.map((call) => {
		const was = old.get(call.nr);
		const latency = before ? call.latency.map((n, i) => Math.max(0, n - (was?.latency[i] ?? 0))) : call.latency;
		const made = before ? Math.max(0, call.calls - (was?.calls ?? 0)) : call.calls;
		return {
			...call, latency, calls: made, errors: call.errors - (before ? was?.errors ?? 0 : 0),
			enosys: call.enosys - (before ? was?.enosys ?? 0 : 0), in_guest: call.in_guest - (before ? was?.in_guest ?? 0 : 0), time_ns: call.time_ns - (before ? was?.time_ns ?? 0 : 0),
			perSecond: seconds > 0 ? made / seconds : null,
			p50: quantile(latency, .5), p90: quantile(latency, .9), p99: quantile(latency, .99),
		};
	}).filter((row) => row.calls > 0);
}

export function syscalls(): Panel {
	let recent = false;
	let chosen = "";
	let most = 1;
	const list = [chart("families", { wide: true, height: 240 }), chart("errors", { wide: true, height: 120 })];
	const detailTitle = h("h3", {}, "Latency");
	const detail = h("div", {}, h("p", { class: "note" }, "Choose a call in the table to see how long it takes."));
	const table = new Table<Row>({
		name: "syscalls", title: "Calls", key: (row) => row.nr, sort: "-calls", empty: "No system call in this time.",
		open: (row) => { chosen = row.name; showDetail(row); },
		tone: (row) => row.enosys ? "bad" : "",
		columns: [
			{ key: "name", label: "Call", text: true, value: (row) => row.name },
			{ key: "family", label: "Family", text: true, plain: true, minor: true, value: (row) => FAMILY_LABEL[row.family] ?? row.family },
			{ key: "calls", label: "Calls", value: (row) => row.calls, show: (row) => exact(row.calls), bar: (row) => row.calls / most },
			{ key: "per_second", label: "Rate", title: "Of the last ten seconds", minor: true, value: (row) => row.perSecond, show: (row) => rate(row.perSecond) },
			{ key: "errors", label: "Errors", value: (row) => row.errors, show: (row) => row.errors ? `${exact(row.errors)} (${percent(row.errors / row.calls)})` : "0" },
			{ key: "enosys", label: "ENOSYS", minor: true, value: (row) => row.enosys, show: (row) => exact(row.enosys) },
			{ key: "time_ns", label: "Time", title: "Added up, waiting included", minor: true, value: (row) => row.time_ns, show: (row) => duration(row.time_ns) },
			{ key: "p50_ns", label: "p50", value: (row) => row.p50, show: (row) => duration(row.p50) },
			{ key: "p90_ns", label: "p90", value: (row) => row.p90, show: (row) => duration(row.p90) },
			{ key: "p99_ns", label: "p99", value: (row) => row.p99, show: (row) => duration(row.p99) },
			{ key: "in_guest", label: "In guest", title: "Answered in the guest itself (vDSO): without a time", minor: true, value: (row) => row.in_guest, show: (row) => exact(row.in_guest) },
		],
	});
	const missing = new Table<Missing>({
		name: "enosys", title: "Calls that this kernel does not have", key: (row) => row.nr, sort: "-count", filter: false,
		empty: "Nobody has asked for a call that is not there.",
		columns: [
			{ key: "name", label: "Call", text: true, value: (row) => row.name },
			{ key: "nr", label: "Number", value: (row) => row.nr },
			{ key: "count", label: "Times", value: (row) => row.count, show: (row) => exact(row.count) },
			{ key: "last", label: "Last by", text: true, plain: true, value: (row) => row.last ? `${row.last.comm} (${row.last.pid}), ${timeOfDay(row.last.time_ms)}` : null, show: (row) => row.last ? `${row.last.comm} (${row.last.pid}), ${timeOfDay(row.last.time_ms)}` : "–" },
		],
	});
	const notice = new Notice();
	const answered = h("p", { class: "note" });
	const choice = h("select", { "aria-label": "Time that the table covers", change: () => { recent = choice.selectedIndex === 1; } },
		h("option", {}, "Since the observation began"), h("option", {}, "In the last 10 s"));
	table.element.querySelector(".push")!.after(choice);

	function showDetail(row: Row): void {
		text(detailTitle, `Latency of ${row.name}`);
		showHistogram(detail, row.latency, row.name);
	}

	const poller = new Poller(2000, async () => {
		try {
			missing.update((await get<{ calls: Missing[] }>("/api/enosys")).calls);
			notice.clear();
		} catch (error) {
			notice.show(error);
		}
	});

	return {
		id: "syscalls", label: "System calls", group: "Live", charts: list,
		element: h("div", { class: "stack" }, charts(...list),
			h("div", { class: "split" }, table.element,
				h("div", { class: "stack side-cards" }, h("section", { class: "card" }, h("header", { class: "card-head" }, detailTitle), detail),
					card("Who answered", answered), notice.element, missing.element))),
		show: () => poller.start(),
		moved: () => poller.now(),
		hide: () => poller.stop(),
		update(live: Live) {
			const { snapshot, snapshots } = live;
			if (!snapshot)
				return;
			const rows = difference(snapshot, recent ? snapshots[Math.max(0, snapshots.length - 11)] : undefined);
			if (!recent && snapshots.length > 1) {
				const rates = new Map(difference(snapshot, snapshots[Math.max(0, snapshots.length - 11)]).map((row) => [row.nr, row.perSecond]));
				for (const row of rows)
					row.perSecond = rates.get(row.nr) ?? 0;
			}
			most = Math.max(1, ...rows.map((row) => row.calls));
			table.update(rows);
			const row = rows.find(({ name }) => name === chosen);
			if (row)
				showDetail(row);
			const { dispositions } = snapshot.syscalls;
			set(answered, `The guest kernel ${exact(dispositions["kernel"])}, the guest itself (vDSO) ` +
				`${exact(dispositions["guest"])}, nobody (denied) ${exact(dispositions["denied"])}. In all ` +
				`${count(snapshot.syscalls.total.calls)} calls, ${count(snapshot.syscalls.total.errors)} of them failed.`);
		},
	};
}
