// SPDX-License-Identifier: GPL-2.0-only
// journey.ts - what a followed call says, made ready to be drawn
//
// The kernel's list of functions is in order of entry, with depth, start and duration. Walking it
// with a stack gives what the processor was doing at every moment: the innermost function, and so
// the layer. Times are nanoseconds from the entry of the call.

import type { Item } from "../data/views.ts";

export interface Func { depth: number; start: number; duration: number; symbol: string; layer: string; self: number }
export interface Segment { start: number; end: number; layer: string }
export interface Wait { start: number; end: number; reason: string }
export interface Request { start: number; end: number; op: string; bytes: number | null; sector: number | null; by: string }

export interface Journey {
	call: string; pid: number | null; comm: string; args: string; result: string;
	duration: number;
	/** What watching it took, left out of all times. */
	overhead: number | null;
	funcs: Func[];
	segments: Segment[];
	waits: Wait[];
	requests: Request[];
	layers: [string, number][];
	truncated: boolean;
	key: string;
}

/** From the user's side of the kernel to the device, then what lies beside that way. */
export const LAYERS = ["entry", "vfs", "page cache", "file system", "block", "device", "memory", "scheduler", "network", "ipc",
	"signals", "process", "security", "time", "interrupts", "other", "waiting"] as const;

const COLOURS = [0, 1, 2, 3, 4, 5, 6, 7, 5, 6, 4, 0, 1, 2, 7, 8, 8];

const indexOf = (layer: string): number => {
	const at = (LAYERS as readonly string[]).indexOf(layer);
	return at < 0 ? LAYERS.indexOf("other") : at;
};

/** Index of a layer's colour. */
export const layerColour = (layer: string): number => COLOURS[indexOf(layer)]!;

const tidy = (layer: unknown): string => LAYERS[indexOf(String(layer ?? ""))]!;

const number = (value: unknown): number => typeof value === "number" && Number.isFinite(value) ? value : 0;

function readFuncs(item: Item): Func[] {
	return item.rows("functions").map(([depth, start, duration, symbol, layer]) => ({
		depth: Math.max(0, Math.min(200, number(depth))), start: number(start), duration: Math.max(0, number(duration)),
		symbol: String(symbol ?? "?"), layer: tidy(layer), self: 0,
	}));
}

/** Who had the processor when; the functions' own times are added up on the way. @waits: in order */
export function segmentsOf(funcs: Func[], duration: number, waits: Wait[]): Segment[] {
	const segments: Segment[] = [];
	const stack: Func[] = [];
	let cursor = 0, next = 0;
	const add = (end: number, layer: string): void => {
		const last = segments[segments.length - 1];
		if (last && last.layer === layer && last.end === cursor)
			last.end = end;
		else
			segments.push({ start: cursor, end, layer });
		cursor = end;
	};
	const until = (end: number): void => {
		const top = stack[stack.length - 1];
		while (cursor < end) {
			while (waits[next] && waits[next]!.end <= cursor)
				next++;
			const wait = waits[next];
			if (wait && wait.start <= cursor) {
				add(Math.min(end, wait.end), "waiting");
				continue;
			}
			const stop = wait ? Math.min(end, wait.start) : end;
			if (top)
				top.self += stop - cursor;
			add(stop, top?.layer ?? "entry");
		}
	};
	const pop = (): void => {
		const frame = stack[stack.length - 1]!;
		until(frame.start + frame.duration);
		stack.pop();
	};
	for (const func of funcs) {
		while (stack.length && (stack[stack.length - 1]!.start + stack[stack.length - 1]!.duration <= func.start || stack[stack.length - 1]!.depth >= func.depth))
			pop();
		until(func.start);
		stack.push(func);
	}
	while (stack.length)
		pop();
	until(duration);
	return segments;
}

/** Read the view; null when no call is in it. */
export function readJourney(item: Item): Journey | null {
	const call = item.item("call");
	const name = call.str("name");
	if (name === null || item.str("state") !== "done")
		return null;
	const funcs = readFuncs(item);
	const duration = call.num("duration_ns") ?? funcs.reduce((most, func) => Math.max(most, func.start + func.duration), 0);
	const waits = item.list("off_cpu").map((wait) => {
		const start = wait.num("start_ns") ?? 0;
		return { start, end: start + (wait.num("duration_ns") ?? 0), reason: wait.flag("preempted") ? "preempted" : `in ${wait.str("reason") ?? "the scheduler"}` };
	}).sort((a, b) => a.start - b.start);
	const requests = item.list("block").map((request) => ({
		start: request.num("issue_ns") ?? 0, end: request.num("complete_ns") ?? duration, op: request.str("operation") ?? "request",
		bytes: request.num("bytes"), sector: request.num("sector"), by: request.flag("own") ? "" : ` by ${request.str("comm") ?? "another task"}`,
	}));
	const segments = segmentsOf(funcs, duration, waits);
	const given = item.item("layers").numbers().map(([layer, ns]): [string, number] => [tidy(layer), ns]);
	const layers = given.length ? given : sumLayers(segments);
	return {
		call: name, pid: call.num("pid"), comm: call.str("comm") ?? "", args: call.words("args").join(", "), result: call.str("result") ?? "–",
		duration: Math.max(1, duration), overhead: call.num("overhead_ns"), funcs, segments, waits, requests,
		layers: layers.filter(([, ns]) => ns > 0).sort((a, b) => indexOf(a[0]) - indexOf(b[0])),
		truncated: item.flag("truncated"), key: `${call.str("begin_ns") ?? ""}/${duration}/${funcs.length}`,
	};
}

function sumLayers(segments: Segment[]): [string, number][] {
	const sums = new Map<string, number>();
	for (const { layer, start, end } of segments)
		sums.set(layer, (sums.get(layer) ?? 0) + end - start);
	return [...sums];
}
