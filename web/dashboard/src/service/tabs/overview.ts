// SPDX-License-Identifier: GPL-2.0-only
// overview.ts - what a sandbox uses, over time, and what is known of it
//
// Points come once; later only those after the last. What was not measured, while the sandbox was
// paused, is a hole in the line. Smoothing is a mean over the points around each: it changes what is
// drawn, not what the legend says or an export holds of the newest.

import { guest, h, set, text } from "../../base/dom.ts";
import { byteRate, bytes, percent } from "../../base/format.ts";
import { stored, store } from "../../base/settings.ts";
import type { Shown, Values } from "../../data/store.ts";
import { Chart, charts } from "../../parts/chart.ts";
import { onRange, range, setRange } from "../../parts/range.ts";
import { sandboxPath, words, type Metrics, type Point, type Sandbox } from "../api.ts";
import { dateTime, deadline, span } from "../look.ts";
import type { Context, Tab } from "../page.ts";
import { changeSandbox } from "../pages/create.ts";

const RANGES = { "5m": 300, "10m": 600, "1h": 3600, "2h": 7200, "6h": 21_600, "12h": 43_200, "24h": 86_400 } as const;
type Range = keyof typeof RANGES;
const LABEL: Record<Range, string> = { "5m": "5 min", "10m": "10 min", "1h": "1 h", "2h": "2 h", "6h": "6 h", "12h": "12 h", "24h": "24 h" };
const SMOOTH = 7;

/** The mean over the neighbours; a hole stays a hole. */
export function smooth(values: Values): Values {
	return values.map((value, i) => {
		if (value === null)
			return null;
		let sum = 0, n = 0;
		for (let k = Math.max(0, i - SMOOTH); k <= Math.min(values.length - 1, i + SMOOTH); k++) {
			const one = values[k];
			if (one !== null && one !== undefined) {
				sum += one;
				n++;
			}
		}
		return sum / n;
	});
}

/** Points as columns, with a hole where there are none for more than two steps. */
function columns(points: Point[], step: number, smoothed: boolean): Shown {
	const times: number[] = [], cpu: Values = [], memory: Values = [], net: Values = [];
	for (const point of points) {
		const at = point.timestamp_ms / 1000, before = times.at(-1);
		if (before !== undefined && at - before > 2.5 * step / 1000) {
			times.push(before + step / 1000);
			cpu.push(null);
			memory.push(null);
			net.push(null);
		}
		times.push(at);
		cpu.push(point.cpu_pct / 100);
		memory.push(point.mem_bytes);
		net.push(point.net / (step / 1000));
	}
	const all: Record<string, Values> = { cpu, memory, net };
	return { times, at: (name) => smoothed ? smooth(all[name]!) : all[name]! };
}

export function overviewTab(context: Context, id: string): Tab {
	const { api, service } = context;
	let chosen = stored<Range>("range", "5m"), smoothed = stored<boolean>("smoothed", false);
	let points: Point[] = [], step = 500, timer = 0, active = false, turn = 0;
	const problem = h("p", { class: "notice", role: "status", hidden: true });
	const list = [
		new Chart({ name: "cpu", title: "CPU", about: "Share of one CPU", format: percent, series: [{ label: "CPU", colour: 0, values: (view) => view.at("cpu") }] }),
		new Chart({ name: "memory", title: "Memory", format: bytes, series: [{ label: "Used", colour: 2, values: (view) => view.at("memory") }] }),
		new Chart({ name: "net", title: "Network", about: "Bytes in and out, a second", format: byteRate, series: [{ label: "Traffic", colour: 1, values: (view) => view.at("net") }] }),
	];
	const rangeChoice = h("select", { "aria-label": "Range of time", "data-action": "range", change: () => choose(rangeChoice.value as Range) },
		...Object.entries(LABEL).map(([value, label]) => h("option", { value, selected: value === chosen }, label)));
	const smoothBox = h("input", { type: "checkbox", "data-action": "smooth", checked: smoothed, change: () => { smoothed = smoothBox.checked; store("smoothed", smoothed); draw(); } });
	const back = h("button", { type: "button", class: "button piece", hidden: true, click: () => setRange(null) }, "Back to now");
	const empty = h("p", { class: "note", hidden: true }, "Nothing has been measured in this range.");
	const facts = h("dl", { class: "facts-list" });
	const change = h("button", {
		type: "button", class: "button", "data-action": "change", hidden: !context.may("exec"), click: () => {
			const sandbox = service.sandboxes.get(id);
			if (sandbox)
				void changeSandbox(context, sandbox);
		},
	}, "Change…");
	const element = h("div", { class: "stack" },
		h("div", { class: "controls" }, rangeChoice, h("label", {}, smoothBox, "Smoothed"), back, empty), problem, charts(...list),
		h("section", { class: "card" }, h("header", { class: "card-head" }, h("h3", {}, "About it"), h("span", { class: "push" }), change), facts));

	function choose(to: Range): void {
		chosen = to;
		store("range", to);
		points = [];
		setRange(null);
		void ask();
	}

	async function ask(): Promise<void> {
		const mine = ++turn;
		clearTimeout(timer);
		try {
			const last = points.at(-1)?.timestamp_ms ?? 0;
			const answer = await api.get<Metrics>(sandboxPath(id, `/metrics?range=${chosen}${last ? `&since_ms=${last}` : ""}`));
			if (mine !== turn)
				return;
			step = answer.step_ms;
			const from = Date.now() - 1000 * RANGES[chosen];
			points = [...points, ...answer.points].filter(({ timestamp_ms }) => timestamp_ms >= from);
			problem.hidden = true;
		} catch (error) {
			if (mine !== turn)
				return;
			text(problem, words(error));
			problem.hidden = false;
		}
		draw();
		if (active)
			timer = setTimeout(() => void ask(), document.hidden ? 10_000 : Math.max(1000, Math.min(15_000, step * 2)));
	}

	function draw(): void {
		const piece = range();
		const shown = piece ? points.filter(({ timestamp_ms }) => timestamp_ms >= piece.from && timestamp_ms <= piece.to) : points;
		back.hidden = !piece;
		empty.hidden = !!shown.length;
		if (!shown.length)
			return;
		const view = columns(shown, step, smoothed), now = columns(points.slice(-1), step, false);
		for (const chart of list)
			chart.draw(view, now);
	}

	function fact(label: string, value: string | Node | null): Node[] {
		return value ? [h("dt", {}, label), h("dd", {}, value)] : [];
	}

	let said = "";
	function tell(sandbox: Sandbox): void {
		/* Made anew only when it says something else: a selection in it stays */
		const { template, vcpus, memory_mb, disk_mb, created_ms, started_ms, timeout_sec, metadata } = sandbox;
		const limits = deadline(sandbox) || (timeout_sec ? `${span(timeout_sec * 1000)} after a resume` : "none");
		const now = JSON.stringify([sandbox, limits]);
		if (now === said)
			return;
		said = now;
		set(facts,
			...fact("Template", guest(template)), ...fact("Size", `${vcpus} CPU${vcpus === 1 ? "" : "s"}, ${bytes(memory_mb * 2 ** 20)} of memory, ${bytes(disk_mb * 2 ** 20)} of disk`),
			...fact("Created", dateTime(created_ms)), ...fact("Started", started_ms ? dateTime(started_ms) : null),
			...fact("Deadlines", limits),
			...Object.entries(metadata).flatMap(([name, value]) => [h("dt", {}, guest(name)), h("dd", {}, guest(value))]));
	}

	const forget = onRange(() => { if (active) draw(); });
	return {
		element,
		show() {
			active = true;
			void ask();
		},
		hide() {
			active = false;
			clearTimeout(timer);
		},
		end() {
			forget();
			list.forEach((chart) => chart.end());
			setRange(null);
		},
		update() {
			const sandbox = service.sandboxes.get(id);
			if (sandbox)
				tell(sandbox);
		},
	};
}
