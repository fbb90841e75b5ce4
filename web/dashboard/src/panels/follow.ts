// SPDX-License-Identifier: GPL-2.0-only
// follow.ts - one system call on its way through the kernel: choose, arm, and look at what came

import { get, post, type Follow } from "../data/api.ts";
import { guest, h, set, text, visible } from "../base/dom.ts";
import { duration, exact, percent } from "../base/format.ts";
import { layerColour, readJourney, type Func, type Journey } from "../parts/journey.ts";
import { JourneyView } from "../parts/journeyview.ts";
import type { Live } from "../data/live.ts";
import { card, Poller, type Panel } from "./panel.ts";
import { Table } from "../parts/table.ts";
import { onTheme, seriesColour } from "../base/theme.ts";
import { Item } from "../data/views.ts";

interface Row { symbol: string; layer: string; calls: number; total: number; self: number }

function sumUp(funcs: Func[]): Row[] {
	const rows = new Map<string, Row>();
	for (const func of funcs) {
		const row = rows.get(func.symbol) ?? { symbol: func.symbol, layer: func.layer, calls: 0, total: 0, self: 0 };
		row.calls++;
		row.total += func.duration;
		row.self += func.self;
		rows.set(func.symbol, row);
	}
	return [...rows.values()];
}

function layerBar(journey: Journey): HTMLElement {
	const whole = journey.layers.reduce((sum, [, ns]) => sum + ns, 0) || 1;
	const bar = h("div", { class: "layer-bar", "aria-hidden": "true" });
	const list = h("ul", { class: "legend" });
	for (const [layer, ns] of journey.layers) {
		const part = h("span", {}), swatch = h("span", { class: "swatch" });
		for (const element of [part, swatch])
			element.style.setProperty("background", seriesColour(layerColour(layer)));
		part.style.setProperty("flex-grow", String(ns));
		bar.append(part);
		list.append(h("li", { class: "entry", "data-layer": layer }, swatch, layer, h("span", { class: "value" }, `${duration(ns)} (${percent(ns / whole)})`)));
	}
	return h("div", {}, bar, list);
}

export function follow(live: Live): Panel {
	let journey: Journey | null = null;
	let asked = false;
	const call = h("input", { type: "text", name: "call", list: "calls", value: "write", placeholder: "any", size: 12, autocomplete: "off" });
	const calls = h("datalist", { id: "calls" });
	const pid = h("input", { type: "number", name: "pid", min: 1, placeholder: "any", class: "short" });
	const least = h("input", { type: "number", name: "least", min: 0, value: 0, class: "short" });
	const state = h("p", { class: "notice", role: "status" }, "Choose a call and press Follow: the next call that fits is recorded, function by function, and drawn here.");
	const title = h("h3"), facts = h("p", { class: "note" }), layers = h("div");
	const drawing = new JourneyView();
	const result = h("section", { class: "card", hidden: true, "data-journey": "" }, h("header", { class: "card-head" }, title), facts, layers, drawing.element);
	const table = new Table<Row>({
		name: "functions", title: "Functions", key: (row) => row.symbol, sort: "-self", limit: 200,
		columns: [
			{ key: "symbol", label: "Function", text: true, value: (row) => row.symbol },
			{ key: "layer", label: "Layer", text: true, plain: true, value: (row) => row.layer },
			{ key: "calls", label: "Times", value: (row) => row.calls, show: (row) => exact(row.calls) },
			{ key: "self", label: "Own time", value: (row) => row.self, show: (row) => duration(row.self), bar: (row) => row.self / (journey?.duration ?? 1) },
			{ key: "total", label: "With what it called", value: (row) => row.total, show: (row) => duration(row.total) },
		],
	});
	table.element.hidden = true;

	const cancel = h("button", { type: "button", class: "button", "data-action": "cancel-follow", hidden: true, click: () => void disarm() }, "Cancel");

	/* What was asked for here does not outlive the page: a kernel that waits for a call is slower */
	async function disarm(): Promise<void> {
		const was = asked;
		asked = false;
		try {
			take(await post<Follow>("/api/follow", { off: true }), true);
			if (was)
				text(state, "Cancelled. Nothing is waited for.");
		} catch (error) {
			text(state, `That cannot be cancelled: ${visible(error instanceof Error ? error.message : String(error))}`);
		}
	}

	addEventListener("pagehide", () => {
		if (asked)
			void fetch("/api/follow", { method: "POST", keepalive: true, body: '{"off":true}', headers: { "Content-Type": "application/json" } });
	});

	async function arm(event: Event): Promise<void> {
		event.preventDefault();
		try {
			asked = true;
			const answer = await post<Follow>("/api/follow", {
				call: call.value.trim() || null, pid: Number(pid.value) > 0 ? Number(pid.value) : null, min_ns: Math.round(Number(least.value) * 1000) || 0,
			});
			take(answer, true);
			poller.now();
		} catch (error) {
			asked = false;
			text(state, `That cannot be followed: ${visible(error instanceof Error ? error.message : String(error))}`);
		}
	}

	function take(answer: Follow, fresh = false): void {
		const { armed } = answer;
		if (armed)
			text(state, `Waiting for ${armed.call ?? "any call"}${armed.pid ? ` of ${armed.pid}` : ""}${armed.min_ns ? ` that takes ${duration(armed.min_ns)} or longer` : ""}…`);
		const now = answer.view && !fresh ? readJourney(new Item(answer.view)) : null;
		cancel.hidden = !armed;
		if (now && now.key !== journey?.key)
			draw(now, answer.text);
		else if (now && answer.text !== told)
			name(now, answer.text); /* its event came behind it */
		if (live.over && !journey)
			text(state, "The sandbox has ended, and no call was followed before.");
		if (!armed && !fresh && journey && asked) {
			text(state, "Here it is. Press Follow for the next one.");
			asked = false;
		}
		state.dataset["armed"] = String(!!armed);
	}

	let told: string | null = null;
	function name(now: Journey, said: string | null): void {
		told = said;
		set(title, guest(said?.replace(/ <\d+\.\d+>$/, "") ?? `${now.call}(${now.args}) = ${now.result}`, 300));
	}

	function draw(now: Journey, said: string | null): void {
		journey = now;
		result.hidden = table.element.hidden = false;
		name(now, said);
		const asleep = now.waits.reduce((sum, wait) => sum + wait.end - wait.start, 0);
		set(facts, guest(now.comm), ` ${now.pid ?? ""}: ${duration(now.duration)} in all`, asleep ? `, ${duration(asleep)} of it asleep` : "",
			`, ${exact(now.funcs.length)} functions`, now.requests.length ? `, ${exact(now.requests.length)} requests to a device` : "", now.truncated ? "; cut, there was more" : "", now.overhead ? `. Watching took ${duration(now.overhead)}, which is left out` : "", ".");
		set(layers, layerBar(now));
		drawing.show(now);
		table.update(sumUp(now.funcs));
	}
	onTheme(() => { if (journey) set(layers, layerBar(journey)); });

	const poller = new Poller(700, async () => {
		try {
			take(await get<Follow>("/api/follow"));
		} catch (error) {
			text(state, `Following is not available now: ${visible(error instanceof Error ? error.message : String(error))}`);
		}
	});

	return {
		id: "follow", label: "Follow a call", group: "Look closer",
		element: h("div", { class: "stack" },
			card("Follow one call", h("form", { class: "controls", submit: (event) => void arm(event) },
				h("label", {}, "Call", call), calls, h("label", {}, "Process or thread", pid), h("label", {}, "At least µs", least),
				h("button", { class: "button primary", "data-action": "follow" }, "Follow"), cancel), state),
			result, table.element),
		show: () => poller.start(),
		hide() {
			poller.stop();
			if (asked)
				void disarm();
		},
		moved: () => poller.now(),
		update() {
			const names = live.snapshot?.syscalls.calls.map(({ name }) => name) ?? [];
			if (calls.childElementCount !== names.length)
				set(calls, ...names.map((name) => h("option", { value: name })));
		},
	};
}
