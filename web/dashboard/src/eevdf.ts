// SPDX-License-Identifier: GPL-2.0-only
// eevdf.ts - the run queue as the scheduler sees it, drawn on the axis of virtual time
//
// Each task has a place where its service is (vruntime) and where its request ends (deadline). Who
// is left of the weighted mean has had less than its share: it is eligible. Of those the earliest
// deadline runs. Zero of the axis is the mean, so that the picture stands still while time goes on.

import { guest, h, set } from "./dom.ts";
import { duration, exact } from "./format.ts";
import type { Item } from "./views.ts";

const WIDEST = 40;

interface Place { item: Item; name: string; at: number; deadline: number; depth: number; eligible: boolean; current: boolean; picked: boolean }

/* Signed virtual times are texts or numbers; differences are what matters, so BigInt where it is one */
function difference(item: Item, field: string, mean: number | null, relative: string): number | null {
	const given = item.num(relative);
	if (given !== null)
		return given;
	const value = item.num(field);
	return value === null || mean === null ? null : value - mean;
}

function places(cpu: Item): Place[] {
	const mean = cpu.num("avg_vruntime");
	const result: Place[] = [];
	const walk = (entities: Item[], depth: number): void => {
		for (const item of entities) {
			const at = difference(item, "vruntime", mean, "vruntime_relative");
			const deadline = difference(item, "deadline", mean, "deadline_relative");
			if (at !== null && deadline !== null && result.length < WIDEST)
				result.push({
					item, at, deadline, depth, name: item.str("comm") ?? item.str("cgroup") ?? item.str("path") ?? "group",
					eligible: item.flag("eligible"), current: item.flag("current"), picked: item.flag("picked") || item.flag("pick"),
				});
			walk(item.list("children").length ? item.list("children") : item.list("entities"), depth + 1);
		}
	};
	walk(cpu.list("entities").length ? cpu.list("entities") : cpu.list("queue"), 0);
	return result;
}

function track(place: Place, low: number, high: number): HTMLElement {
	const x = (value: number): string => `${(100 * (value - low) / (high - low)).toFixed(2)}%`;
	const span = h("span", { class: "request" }), dot = h("span", { class: "vruntime", title: `vruntime ${duration(place.at)} from the mean` });
	const end = h("span", { class: "deadline", title: `deadline ${duration(place.deadline)} from the mean` });
	const zero = h("span", { class: "mean" });
	span.style.setProperty("left", x(Math.min(place.at, place.deadline)));
	span.style.setProperty("width", `${(100 * Math.abs(place.deadline - place.at) / (high - low)).toFixed(2)}%`);
	dot.style.setProperty("left", x(place.at));
	end.style.setProperty("left", x(place.deadline));
	zero.style.setProperty("left", x(0));
	return h("div", { class: "track" }, zero, span, end, dot);
}

function axis(low: number, high: number): HTMLElement {
	const element = h("div", { class: "track axis-track" });
	for (const [value, label] of [[low, duration(low)], [0, "mean"], [high, duration(high)]] as const) {
		const mark = h("span", { class: "tick" }, label);
		mark.style.setProperty("left", `${(100 * (value - low) / (high - low)).toFixed(2)}%`);
		if (value === low || value === high)
			mark.dataset["edge"] = value === low ? "low" : "high";
		element.append(mark);
	}
	return element;
}

/** Draw one CPU's queue into @box. */
export function drawQueue(box: HTMLElement, cpu: Item): void {
	const list = places(cpu);
	const why = cpu.str("why") ?? cpu.item("pick").str("why");
	const head = h("h4", {}, `CPU ${cpu.num("cpu") ?? 0}`, h("span", { class: "muted" },
		`  ${exact(list.length)} runnable, load ${exact(cpu.num("total_weight") ?? cpu.num("load") ?? cpu.num("weight"))}`));
	if (!list.length) {
		set(box, head, h("p", { class: "note" }, "Nothing is runnable at this moment: the processor sleeps until an interrupt."));
		return;
	}
	const values = [0, ...list.flatMap(({ at, deadline }) => [at, deadline])];
	const spread = Math.max(...values) - Math.min(...values) || 1;
	const low = Math.min(...values) - spread * .06, high = Math.max(...values) + spread * .06;
	set(box, head, h("div", { class: "eevdf", role: "table", "aria-label": "Run queue" },
		h("div", { class: "eevdf-row head", role: "row" }, h("span", { role: "columnheader" }, "Task"), axis(low, high), h("span", { class: "lag", role: "columnheader" }, "Lag")),
		...list.map((place) => {
			const label = h("span", { class: "task", role: "rowheader" }, guest(place.name, 24), h("span", { class: "muted" }, ` ${place.item.num("pid") ?? ""}`),
				place.current ? h("span", { class: "badge" }, "runs") : null, place.picked ? h("span", { class: "badge pick" }, "picked") : null);
			label.style.setProperty("--indent", String(place.depth));
			label.title = `weight ${place.item.num("weight") ?? "–"}, nice ${place.item.num("nice") ?? "–"}, slice ${duration(place.item.num("slice_ns") ?? place.item.num("slice"))}`;
			const row = h("div", { class: "eevdf-row", role: "row", "data-eligible": String(place.eligible) }, label, track(place, low, high),
				h("span", { class: "lag", role: "cell" }, duration(place.item.num("lag_ns") ?? place.item.num("vlag") ?? -place.at)));
			row.dataset["picked"] = String(place.picked);
			return row;
		})),
		h("p", { class: "note" }, why ? guest(why, 400) : ""));
}
