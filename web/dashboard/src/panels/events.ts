// SPDX-License-Identifier: GPL-2.0-only
// events.ts - the feed: what happens, as it happens, filtered at the server and searched here
//
// Theory of operation
// The stream runs in a worker while the panel is in sight. The server counts what it leaves out;
// both that and gaps are rows of their own, never silent. So many rows are kept (rows.ts), so memory
// is bounded however fast they come, and the list makes elements only for those in sight.

import { FAMILIES, FAMILY_LABEL, KINDS, type GuestEvent, type Kind, type StreamGap } from "../data/api.ts";
import { h, set, text, visible, guest } from "../base/dom.ts";
import { exportButtons } from "../parts/export.ts";
import { bytes, count, duration, exact, timeOfDay } from "../base/format.ts";
import type { Live } from "../data/live.ts";
import type { Panel } from "./panel.ts";
import { Rows } from "../data/rows.ts";
import { newcomers, VirtualList } from "../parts/vlist.ts";
import type { FromWorker, ToWorker } from "../data/worker.ts";
import { stored, store } from "../base/settings.ts";

const KEPT = 10_000;
const QUIET: readonly Kind[] = ["switch", "wakeup", "fault", "softirq", "page_cache", "packet", "migrate", "ipi", "shootdown"];

type Row = GuestEvent | { kind: "gap" | "omitted"; time_ms: number; text: string; detail: [string, string][] };

const isEvent = (row: Row): row is GuestEvent => row.kind !== "gap" && row.kind !== "omitted";

export class Feed {
	readonly rows = new Rows<Row>(KEPT);
	received = 0;
	lost = 0;
	left = 0;
	private lastSecond = 0;
	private since = performance.now();
	perSecond = 0;

	measure(n: number): void {
		this.received += n;
		this.lastSecond += n;
		const now = performance.now();
		if (now - this.since >= 1000) {
			this.perSecond = this.lastSecond * 1000 / (now - this.since);
			this.lastSecond = 0;
			this.since = now;
		}
	}

	clear(): void {
		this.rows.clear();
		this.received = this.lost = this.left = this.perSecond = this.lastSecond = 0;
	}
}

function omittedRow(omitted: NonNullable<FromWorker["omitted"]>, limit: number, ms: number): Row {
	const most = Object.entries(omitted.calls).sort((a, b) => b[1] - a[1]).slice(0, 4).map(([name, n]) => `${name} ${count(n)}`);
	return {
		kind: "omitted", time_ms: ms,
		text: `${exact(omitted.total)} more, left out to keep to ${exact(limit)} a second${most.length ? `: ${most.join(", ")}` : ""}`,
		detail: [...Object.entries(omitted.kinds), ...Object.entries(omitted.calls)].map(([name, n]) => [name, exact(n)]),
	};
}

function gapRow(gap: StreamGap): Row {
	if (gap.reason === "older")
		return { kind: "gap", time_ms: Date.now(), text: `${exact(gap.lost)} earlier events match`, detail: [["first", exact(gap.from)], ["last", exact(gap.to)]] };
	const why = gap.reason === "backlog" ? "away for longer than the server remembers" : "overwritten before they were read";
	return {
		kind: "gap", time_ms: Date.now(), text: `Gap: up to ${exact(gap.lost)} events are missing (${why})`,
		detail: [["first", exact(gap.from)], ["last", exact(gap.to)], ["reason", gap.reason]],
	};
}

function tone(row: Row): string {
	if (!isEvent(row))
		return row.kind;
	if (row.kind === "syscall")
		return row.error ? "error" : row.disposition ?? "kernel";
	return row.ring === "life" ? "life" : row.kind === "fault" ? "fault" : "other";
}

function make(): HTMLElement {
	return h("div", { class: "event" }, h("time"), h("span", { class: "kind" }), h("span", { class: "who" }),
		h("bdi", { class: "what", dir: "ltr" }), h("bdi", { class: "result", dir: "ltr" }), h("span", { class: "took" }));
}

/* A line's text without what stands in columns of their own: the call's name, its result, its time */
function parts(row: Row): { what: string; result: string } {
	let what = row.text, result = "";
	if (!isEvent(row))
		return { what, result };
	if (row.kind !== "syscall")
		return { what: what.replace(/^(executes|forks|exits) /, (verb) => row.kind === "exit" && verb === "exits " ? "" : verb === "forks " ? "child " : ""), result };
	what = what.replace(/ <\d+\.\d+>$/, "");
	if (row.call && what.startsWith(`${row.call}(`))
		what = what.slice(row.call.length);
	const at = what.lastIndexOf(") = ");
	if (at >= 0) {
		result = what.slice(at + 4);
		what = what.slice(0, at + 1);
	}
	return { what, result: row.error ? row.error : result };
}

function fill(element: HTMLElement, row: Row): void {
	const [time, kind, who, what, result, took] = element.children as unknown as HTMLElement[];
	const shown = parts(row);
	element.dataset["tone"] = tone(row);
	text(time!, timeOfDay(row.time_ms, true));
	text(kind!, isEvent(row) ? visible(row.kind === "syscall" ? row.call ?? "syscall" : row.kind.replace(/_/g, " ")) : "");
	text(who!, isEvent(row) ? visible(`${row.comm} ${row.pid}`) : "");
	text(what!, visible(shown.what.slice(0, 300)));
	text(result!, visible(shown.result.slice(0, 80)));
	text(took!, isEvent(row) && typeof row.duration_ns === "number" ? duration(row.duration_ns) : "");
}

/* What has a sentence of its own below, or says the same as the line */
const TOLD = new Set(["seq", "kind", "ring", "time_ms", "pid", "tgid", "comm", "cpu", "text", "call", "nr", "family", "args", "result", "error",
	"disposition", "duration_ns", "followed"]);

const ANSWERED: Record<string, string> = { kernel: "the guest kernel", guest: "the guest itself (vDSO)", denied: "nobody: it was denied" };

/* A field by its unit, which its name ends in */
function fieldText(name: string, value: unknown): string {
	if (typeof value === "number")
		return name.endsWith("_ns") ? duration(value) : name.endsWith("_bytes") || name === "bytes" ? bytes(value) : name.endsWith("_ms") ? timeOfDay(value, true) : String(value);
	return typeof value === "string" ? value : value === null ? "–" : value === true ? "yes" : value === false ? "no" : JSON.stringify(value);
}

const fieldName = (name: string): string => {
	const words = name.replace(/_(ns|ms|bytes)$/, "").replace(/_/g, " ");
	return words.charAt(0).toUpperCase() + words.slice(1);
};

function eventFields(row: GuestEvent): [string, string][] {
	const { what, result } = parts(row);
	const fields: [string, string][] = [["Time", timeOfDay(row.time_ms, true)], ["Task", `${row.comm}, thread ${row.pid} of process ${row.tgid}`]];
	if (row.kind === "syscall") {
		const full = / = (.*?)( <\d+\.\d+>)?$/.exec(row.text.slice(row.text.lastIndexOf(") = ") + 1))?.[1];
		fields.push(["Call", `${row.call ?? "?"}${what}`], [row.error ? "Error" : "Result", full ?? result],
			["Took", duration(row.duration_ns)], ["Answered by", ANSWERED[row.disposition ?? ""] ?? "–"],
			["Registers", String(row["args"] ?? "")]);
	} else {
		fields.push(["What", row.text.replace(/ <\d+\.\d+>$/, "")]);
		if (typeof row.duration_ns === "number")
			fields.push(["Took", duration(row.duration_ns)]);
	}
	for (const [name, value] of Object.entries(row))
		if (!TOLD.has(name))
			fields.push([fieldName(name), fieldText(name, value)]);
	fields.push(["Number", `${exact(row.seq)} (${row.ring} events), CPU ${row.cpu}`]);
	return fields;
}

function details(row: Row): HTMLElement {
	const fields = isEvent(row) ? eventFields(row) : row.detail;
	return h("dl", { class: "fields" }, ...fields.flatMap(([name, value]) => [h("dt", {}, visible(name)), h("dd", {}, guest(value, 2000))]));
}

export function events(live: Live): Panel {
	const feed = new Feed();
	let frozen: Rows<Row> | null = null;
	/* What matches the search, while there is one */
	const found = new Rows<Row>(KEPT);
	let paused = false;
	let needle = "";
	let held = 0;
	let kinds = new Set<Kind>(stored<Kind[]>("kinds", KINDS.filter((kind) => !QUIET.includes(kind))));

	const list = new VirtualList<Row>({
		label: "Events, newest first", height: 26, make, fill, details,
		held: (is) => { is ? freeze() : thaw(); },
	});
	const back = h("button", { type: "button", class: "button primary back", hidden: true, click: () => list.release() }, "Back to live");
	const pause = h("button", { type: "button", class: "button", "data-action": "pause-feed", "aria-pressed": "false", click: () => setPaused(!paused) }, "Hold feed");
	const status = h("p", { class: "note", role: "status" });
	const refused = h("p", { class: "notice bad", role: "alert", hidden: true });
	const input = (name: string, label: string, kind: string, size: number): HTMLInputElement =>
		h("input", { type: kind, size, name, placeholder: label, "aria-label": label, min: kind === "number" ? 0 : null, change: () => restart() });
	const call = input("call", "Calls: openat,read", "text", 16);
	const pid = input("pid", "Pid", "number", 6);
	const comm = input("comm", "Task name", "text", 12);
	const slow = input("slow", "Slower than µs", "number", 8);
	const family = h("select", { "aria-label": "Family", change: () => restart() }, h("option", { value: "" }, "All families"),
		...FAMILIES.map((f) => h("option", { value: f }, FAMILY_LABEL[f])));
	const errors = h("input", { type: "checkbox", name: "errors", change: () => restart() });
	const limit = h("select", { "aria-label": "Most events a second", change: () => restart() },
		...[200, 500, 2000, 20000].map((n) => h("option", { value: n, selected: n === 500 }, `${exact(n)}/s`)));
	const search = h("input", {
		type: "search", placeholder: "Search these events", "aria-label": "Search in the events that are here",
		input: () => { needle = search.value.toLowerCase(); refilter(); },
	});
	const chips = h("div", { class: "chips", role: "group", "aria-label": "Kinds of events" }, ...KINDS.map((kind) => {
		const chip = h("button", {
			type: "button", class: "chip", "data-kind": kind, "aria-pressed": String(kinds.has(kind)),
			click: () => void toggleKind(kind, chip),
		}, kind.replace(/_/g, " "));
		return chip;
	}));

	const worker = new Worker("/assets/worker.js", { type: "module", name: "events" });
	let generation = 0;
	worker.addEventListener("message", (event: MessageEvent<FromWorker>) => {
		if (event.data.generation === generation)
			take(event.data);
	});

	function tell(message: ToWorker): void {
		generation++;
		worker.postMessage(message);
	}

	function stream(on: boolean): void {
		if (!on || !kinds.size)
			return tell({ stop: true });
		const query = new URLSearchParams({ limit: limit.value, samples: "none", kind: [...kinds].join(",") });
		for (const [name, value] of [["call", call.value.replace(/\s/g, "")], ["pid", pid.value], ["comm", comm.value], ["slow_us", slow.value], ["family", family.value]] as const)
			if (value)
				query.set(name, value);
		if (errors.checked)
			query.set("errors", "1");
		refused.hidden = true;
		/* Of what is over there is what the server has kept */
		if (live.over)
			query.set("last", "4000");
		tell({ start: `/api/events?${query}`, once: live.over });
	}

	const matches = (row: Row): boolean => !needle || `${row.text} ${isEvent(row) ? `${row.comm} ${row.pid} ${row.call ?? row.kind}` : ""}`.toLowerCase().includes(needle);

	function take({ count: fresh, events, omitted, limit: most, gap, refused: why }: FromWorker): void {
		feed.measure(fresh);
		if (why) {
			text(refused, `The server does not understand this filter: ${visible(why)}`);
			refused.hidden = false;
			return;
		}
		if (gap) {
			feed.lost += gap.reason === "older" ? 0 : gap.lost;
			put([gapRow(gap)]);
		} else if (omitted) {
			feed.left += omitted.total;
			put([omittedRow(omitted, most ?? 0, feed.rows.newest(0)?.time_ms ?? Date.now())]);
		} else if (needle) {
			put(JSON.parse(events) as Row[]);
		} else {
			feed.rows.addText(fresh, events);
			held += fresh;
			show();
		}
	}

	function put(fresh: Row[]): void {
		feed.rows.addRows(fresh);
		held += fresh.length;
		if (needle)
			found.addRows(fresh.filter(matches));
		show();
	}

	const current = (): Rows<Row> => needle ? found : feed.rows;

	function refilter(): void {
		found.clear();
		if (needle)
			found.addRows(feed.rows.all().filter(matches));
		if (frozen)
			frozen = current().snapshot();
		show();
	}

	function show(): void {
		list.update(frozen ?? current());
		if (frozen)
			newcomers(back, held);
	}

	function freeze(): void {
		if (!frozen) {
			frozen = current().snapshot();
			held = 0;
		}
		back.hidden = false;
		newcomers(back, held);
	}

	function thaw(): void {
		if (!paused)
			frozen = null;
		back.hidden = !frozen;
		show();
	}

	function setPaused(on: boolean): void {
		paused = on;
		pause.setAttribute("aria-pressed", String(on));
		text(pause, on ? "Go on" : "Hold feed");
		if (on) {
			freeze();
			back.hidden = !list.held;
		} else {
			list.release();
			thaw();
		}
	}

	async function toggleKind(kind: Kind, chip: HTMLElement): Promise<void> {
		if (!kinds.delete(kind))
			kinds.add(kind);
		chip.setAttribute("aria-pressed", String(kinds.has(kind)));
		store("kinds", [...kinds]);
		const recorded = live.over ? undefined : live.snapshot?.observation.kinds;
		if (kinds.has(kind) && recorded && !recorded.includes(kind)) {
			try {
				await live.control({ action: "tracing", enabled: true, kinds: [...recorded, kind] });
			} catch (error) {
				text(status, `${kind} cannot be recorded: ${error instanceof Error ? error.message : String(error)}`);
			}
		}
		restart();
	}

	function restart(): void {
		feed.clear();
		found.clear();
		frozen = null;
		list.release();
		show();
		stream(true);
	}

	async function record(): Promise<void> {
		const recorded = live.over ? undefined : live.snapshot?.observation.kinds;
		const wanted = [...kinds].filter((kind) => recorded && !recorded.includes(kind));
		if (recorded && wanted.length)
			await live.control({ action: "tracing", enabled: true, kinds: [...recorded, ...wanted] }).catch(() => undefined);
	}

	const legend = h("ul", { class: "legend tones" }, ...([["kernel", "answered by the guest kernel"], ["guest", "answered in the guest"],
		["denied", "denied"], ["error", "failed"], ["life", "births, deaths, signals"]] as const).map(([name, label]) =>
		h("li", { class: "entry" }, h("span", { class: "swatch", "data-tone": name }), label)));

	return {
		id: "events", label: "Events", group: "Look closer",
		element: h("section", { class: "card feed-card" },
			h("details", { class: "filters", open: !matchMedia("(max-width: 860px)").matches }, h("summary", {}, "Filters"),
				h("div", { class: "controls" }, chips),
				h("div", { class: "controls" }, call, family, pid, comm, slow, h("label", {}, errors, "Errors only"), h("label", {}, "Most", limit)), refused),
			h("div", { class: "controls" }, pause, h("button", { type: "button", class: "button", click: () => restart() }, "Clear"), search, h("span", { class: "push" }), back,
				exportButtons(() => ({
					name: "vitrine-events", columns: ["seq", "time", "kind", "pid", "comm", "call", "disposition", "duration_ns", "text"],
					rows: (frozen ?? current()).all().map((row) => isEvent(row)
						? [row.seq, new Date(row.time_ms).toISOString(), row.kind, row.pid, row.comm, row.call ?? null, row.disposition ?? null, row.duration_ns ?? null, row.text]
						: [null, new Date(row.time_ms).toISOString(), row.kind, null, null, null, null, null, row.text]),
				}))),
			list.element, legend, status),
		show() {
			void record();
			if (live.over)
				restart();
			else
				stream(true);
		},
		hide: () => stream(false),
		moved: () => restart(),
		update() {
			const recorded = live.over ? undefined : live.snapshot?.observation.kinds;
			for (const chip of chips.children)
				chip.toggleAttribute("data-unrecorded", !!recorded && !recorded.includes((chip as HTMLElement).dataset["kind"] as Kind));
			set(status, `${exact(feed.rows.length)} lines here, ${exact(feed.received)} events received${live.over ? "" : `, ${exact(Math.round(feed.perSecond))} a second`}`,
				feed.left ? `, ${exact(feed.left)} left out by the limit` : "", feed.lost ? `, ${exact(feed.lost)} lost in gaps` : "",
				needle ? `; ${exact(found.length)} match the search` : "", ".");
		},
	};
}
