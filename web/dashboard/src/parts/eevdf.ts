// SPDX-License-Identifier: GPL-2.0-only
// eevdf.ts - the run queue as the scheduler sees it, drawn on the axis of virtual time
//
// Each task has a place where its service is (vruntime) and where its request ends (deadline). Who
// is left of the weighted mean has had less than its share: it is eligible. Of those the earliest
// deadline runs. Zero of the axis is the mean, so that the picture stands still while time goes on.

import { guest, h, set } from "../base/dom.ts";
import { duration, exact } from "../base/format.ts";
import type { Item } from "../data/views.ts";

const WIDEST = 40, DEEPEST = 6;

interface Place { item: Item; name: string; at: number; deadline: number }

/* Where the entities of one queue stand, as distance from its mean */
function places(queue: Item): Place[] {
	const mean = queue.num("avg_vruntime_ns");
	const result: Place[] = [];
	for (const item of queue.list("entities").slice(0, WIDEST)) {
		const at = item.num("vruntime_ns"), deadline = item.num("deadline_ns");
		if (mean !== null && at !== null && deadline !== null)
			result.push({ item, at: at - mean, deadline: deadline - mean, name: item.str("comm") ?? item.str("group") ?? "group" });
	}
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
		if (value !== 0 && Math.abs(value) < (high - low) * .12)
			continue; /* it would lie on "mean" */
		const mark = h("span", { class: "tick" }, label);
		mark.style.setProperty("left", `${(100 * (value - low) / (high - low)).toFixed(2)}%`);
		if (value === low || value === high)
			mark.dataset["edge"] = value === low ? "low" : "high";
		element.append(mark);
	}
	return element;
}

function row(place: Place, low: number, high: number): HTMLElement {
	const { item } = place;
	const badge = (flag: string, label: string): Node | null => item.flag(flag) ? h("span", { class: `badge ${flag}` }, label) : null;
	return h("div", { class: "eevdf-row", role: "row", "data-eligible": String(item.flag("eligible")), "data-picked": String(item.flag("picked")) },
		h("span", { class: "task", role: "rowheader", title: `weight ${item.num("weight") ?? "–"}, nice ${item.num("nice") ?? "–"}, slice ${duration(item.num("slice_ns"))}` },
			guest(place.name, 24), h("span", { class: "muted" }, ` ${item.num("pid") ?? "group"}${item.num("nice") ? ` nice ${item.num("nice")}` : ""}`),
			badge("picked", "next"), badge("running", "runs"), badge("delayed", "delayed")),
		h("div", { role: "cell" }, track(place, low, high)),
		h("span", { class: "lag", role: "cell" }, duration(item.num("lag_ns"))));
}

/* One queue, and below it those of the groups in it: each has an axis of its own */
function drawLevel(queue: Item, title: string, depth: number): Node[] {
	const list = places(queue);
	if (!list.length)
		return [];
	const values = [0, ...list.flatMap(({ at, deadline }) => [at, deadline])];
	const spread = Math.max(...values) - Math.min(...values) || 1;
	const low = Math.min(...values) - spread * .06, high = Math.max(...values) + spread * .06;
	const groups = depth < DEEPEST ? list.filter(({ item }) => item.has("queue")) : [];
	return [
		h("div", { class: "eevdf", role: "table", "aria-label": title },
			h("div", { class: "eevdf-row head", role: "row" }, h("span", { role: "columnheader" }, guest(title, 30)),
				axis(low, high), h("span", { class: "lag", role: "columnheader" }, "Lag")),
			...list.map((place) => row(place, low, high))),
		...groups.flatMap(({ item, name }) => drawLevel(item.item("queue"), `In ${name}`, depth + 1)),
	];
}

/** Draw one CPU's queue into @box. */
export function drawQueue(box: HTMLElement, cpu: Item): void {
	const next = cpu.item("next");
	const drawn = drawLevel(cpu.item("fair"), "Task or group", 0);
	const others = [...cpu.list("realtime").map((task) => `${task.str("comm")} ${task.num("pid")} (${task.str("policy")} ${task.num("priority")})`),
		...cpu.list("deadline").map((task) => `${task.str("comm")} ${task.num("pid")} (deadline)`)];
	set(box, h("h4", {}, `CPU ${cpu.num("cpu") ?? 0}`, h("span", { class: "muted" }, `  ${exact(cpu.num("running"))} runnable${cpu.has("load") ? `, load ${exact(cpu.num("load"))}` : ""}`)),
		...drawn, drawn.length ? null : h("p", { class: "note" }, "Nothing is runnable at this moment: the processor sleeps until an interrupt."),
		next.has("why") ? h("p", { class: "why-next" }, "Next: ", guest(`${next.str("comm")} (${next.num("pid")})`, 40), ". ", guest(next.str("why"), 400)) : null,
		others.length ? h("p", { class: "note" }, "Before all of these: ", guest(others.join(", "))) : null);
}
