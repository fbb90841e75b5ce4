// SPDX-License-Identifier: GPL-2.0-only
// sandboxes.ts - the list: state, CPU and memory as they are, and what can be done

import { h, text } from "../../base/dom.ts";
import { bytes, exact, percent } from "../../base/format.ts";
import { Table } from "../../parts/table.ts";
import { actions } from "../actions.ts";
import type { Sandbox } from "../api.ts";
import { ago, deadline, metadataLine, showState } from "../look.ts";
import type { Context, Page } from "../page.ts";

const MIB = 1024 ** 2;

export function sandboxesPage(context: Context): Page {
	const { service } = context;
	const figures = ({ id, state }: Sandbox): { cpu: number | null; memory: number | null } => {
		const found = state === "running" ? service.figures.get(id) : undefined;
		return { cpu: found ? found.cpu_pct / 100 : null, memory: found ? found.mem_bytes : null };
	};
	const rows = new WeakMap<HTMLElement, (sandbox: Sandbox) => void>();
	const table = new Table<Sandbox>({
		name: "sandboxes", key: ({ id }) => id, sort: "-created", limit: 1000, empty: "Nothing runs, and nothing is paused. “New sandbox” makes one.",
		open: ({ id }) => { location.hash = `sandbox/${id}`; },
		tone: ({ reason }) => reason ? "bad" : "",
		columns: [
			{ key: "id", label: "Sandbox", text: true, value: ({ id }) => id },
			{ key: "state", label: "State", text: true, plain: true, value: ({ state }) => state, cell: ({ state }, cell) => showState(cell, state) },
			{ key: "cpu", label: "CPU", title: "Share of one CPU", value: (row) => figures(row).cpu, show: (row) => percent(figures(row).cpu), bar: (row) => (figures(row).cpu ?? 0) / row.vcpus },
			{ key: "memory", label: "Memory", value: (row) => figures(row).memory, show: (row) => bytes(figures(row).memory), bar: (row) => (figures(row).memory ?? 0) / (row.memory_mb * MIB) },
			{ key: "template", label: "Template", text: true, minor: true, value: ({ template }) => template },
			{ key: "created", label: "Created", minor: true, value: ({ created_ms }) => created_ms, show: ({ created_ms }) => ago(created_ms) },
			{ key: "deadline", label: "Deadline", text: true, plain: true, minor: true, value: ({ deadline_ms }) => deadline_ms, show: (row) => deadline(row) || "–" },
			{ key: "metadata", label: "Metadata", text: true, minor: true, most: 22, value: ({ metadata }) => metadataLine(metadata) },
			{
				key: "actions", label: "Actions", text: true, plain: true, minor: true, value: () => null, cell: (row, cell) => {
					if (!rows.has(cell)) {
						const made = actions(context, true);
						rows.set(cell, made.show);
						cell.replaceChildren(made.element);
					}
					rows.get(cell)!(row);
				},
			},
		],
	});
	const summary = h("p", { class: "summary muted", role: "status" });
	return {
		id: "sandboxes", label: "Sandboxes",
		element: h("div", { class: "stack" }, h("div", { class: "page-head" }, h("h1", {}, "Sandboxes"), summary), table.element),
		update() {
			const all = [...service.sandboxes.values()];
			const running = all.filter(({ state }) => state === "running").length;
			text(summary, !service.loaded ? "Asking…" : `${exact(running)} running, ${exact(all.filter(({ state }) => state === "paused").length)} paused` +
				(service.more ? "; there are more than are listed here" : ""));
			table.update(all);
		},
	};
}
