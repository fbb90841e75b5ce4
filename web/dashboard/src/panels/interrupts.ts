// SPDX-License-Identifier: GPL-2.0-only
// interrupts.ts - page faults, interrupts, softirqs, and what the host did for them

import type { Timed } from "../data/api.ts";
import { chart } from "../parts/charts.ts";
import { charts } from "../parts/chart.ts";
import { h } from "../base/dom.ts";
import { duration, exact } from "../base/format.ts";
import type { Panel } from "./panel.ts";
import { Table } from "../parts/table.ts";

type Row = [string, Timed];

const timed = (name: string, title: string, label: string): Table<Row> => new Table<Row>({
	name, title, key: ([kind]) => kind, sort: "-count", filter: false,
	columns: [
		{ key: "kind", label, text: true, plain: true, value: ([kind]) => kind.replace(/_/g, " ") },
		{ key: "count", label: "Times", value: ([, row]) => row.count, show: ([, row]) => exact(row.count) },
		{ key: "time_ns", label: "Time", value: ([, row]) => row.time_ns, show: ([, row]) => duration(row.time_ns) },
		{ key: "mean_ns", label: "Mean", value: ([, row]) => row.count ? row.time_ns / row.count : null, show: ([, row]) => duration(row.count ? row.time_ns / row.count : null) },
	],
});

const counted = (name: string, title: string, label: string): Table<[string, number]> => new Table<[string, number]>({
	name, title, key: ([kind]) => kind, sort: "-count", filter: false,
	columns: [
		{ key: "kind", label, text: true, plain: true, value: ([kind]) => kind.replace(/_/g, " ") },
		{ key: "count", label: "Times", value: ([, n]) => n, show: ([, n]) => exact(n) },
	],
});

export function interrupts(): Panel {
	const list = [chart("faults", { wide: true, height: 220 }), chart("interrupts"), chart("softirqs"), chart("host", { wide: true })];
	const faults = timed("faults", "Page faults", "Kind");
	const softirqs = timed("softirqs", "Softirqs", "Softirq");
	const sources = counted("interrupts", "Interrupts", "Source");
	const host = counted("host", "Host operations", "Operation");
	return {
		id: "interrupts", label: "Faults and interrupts", group: "Live", charts: list,
		element: h("div", { class: "stack" }, charts(...list),
			h("div", { class: "grid" }, faults.element, softirqs.element, sources.element, host.element)),
		update({ snapshot }) {
			if (!snapshot)
				return;
			faults.update(Object.entries(snapshot.faults));
			softirqs.update(Object.entries(snapshot.softirqs).filter(([, row]) => row.count));
			sources.update(Object.entries(snapshot.interrupts));
			host.update(Object.entries(snapshot.host));
		},
	};
}
