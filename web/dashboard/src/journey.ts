// SPDX-License-Identifier: GPL-2.0-only
// journey.ts - what a followed call says, made ready to be drawn
//
// The kernel's list of functions is in order of entry, with depth, start and duration. Walking it
// with a stack gives what the processor was doing at every moment: the innermost function, and so
// the layer. Times are nanoseconds from the entry of the call.

import type { Item } from "./views.ts";

export interface Func { depth: number; start: number; duration: number; symbol: string; layer: string; self: number }
export interface Segment { start: number; end: number; layer: string }
export interface Wait { start: number; end: number; reason: string }
export interface Request { start: number; end: number; op: string; bytes: number | null; sector: number | null; device: string }

export interface Journey {
	call: string; pid: number | null; comm: string; args: string; result: string;
	duration: number;
	funcs: Func[];
	segments: Segment[];
	waits: Wait[];
	requests: Request[];
	layers: [string, number][];
	truncated: boolean;
	key: string;
}

/** From the user's side of the kernel to the device. */
export const LAYERS = ["entry", "vfs", "page cache", "file system", "block", "device", "memory", "scheduler", "network", "signals", "ipc", "other"] as const;

export const layerIndex = (layer: string): number => {
	const at = (LAYERS as readonly string[]).indexOf(layer);
	return at < 0 ? LAYERS.length - 1 : at;
};

const tidy = (layer: unknown): string => {
	const name = String(layer ?? "other").replace(/_/g, " ");
	return (LAYERS as readonly string[]).includes(name) ? name : name === "filesystem" ? "file system" : name === "virtio" ? "device" : "other";
};

const number = (value: unknown): number => typeof value === "number" && Number.isFinite(value) ? value : 0;

function readFuncs(item: Item): Func[] {
	return item.rows("functions").map(([depth, start, duration, symbol, layer]) => ({
		depth: Math.max(0, Math.min(200, number(depth))), start: number(start), duration: Math.max(0, number(duration)),
		symbol: String(symbol ?? "?"), layer: tidy(layer), self: 0,
	}));
}

/** Who had the processor when; the functions' own times are added up on the way. */
export function segmentsOf(funcs: Func[], duration: number): Segment[] {
	const segments: Segment[] = [];
	const stack: Func[] = [];
	let cursor = 0;
	const until = (end: number): void => {
		if (end <= cursor)
			return;
		const top = stack[stack.length - 1];
		if (top)
			top.self += end - cursor;
		const layer = top?.layer ?? "entry";
		const last = segments[segments.length - 1];
		if (last && last.layer === layer && last.end === cursor)
			last.end = end;
		else
			segments.push({ start: cursor, end, layer });
		cursor = end;
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

/** Read the view; null when there is none. */
export function readJourney(item: Item): Journey | null {
	const call = item.str("call_name") ?? item.str("name") ?? item.str("call");
	if (call === null || !item.rows("functions").length && !item.has("duration_ns"))
		return null;
	const funcs = readFuncs(item);
	const ends = funcs.map((func) => func.start + func.duration);
	const duration = item.num("duration_ns") ?? ends.reduce((a, b) => Math.max(a, b), 0);
	const segments = segmentsOf(funcs, duration);
	const waits = item.list("off_cpu").map((wait) => {
		const start = wait.num("start_ns") ?? 0;
		return { start, end: wait.num("end_ns") ?? start + (wait.num("duration_ns") ?? 0), reason: wait.str("wchan") ?? wait.str("reason") ?? wait.str("symbol") ?? "" };
	});
	const requests = item.list("block").map((request) => {
		const start = request.num("issue_ns") ?? request.num("start_ns") ?? 0;
		return {
			start, end: request.num("complete_ns") ?? request.num("end_ns") ?? duration, op: request.str("op") ?? request.str("operation") ?? "request",
			bytes: request.num("bytes"), sector: request.num("sector"), device: request.str("device") ?? "",
		};
	});
	const given = item.item("layers").numbers().map(([name, ns]): [string, number] => [tidy(name), ns]);
	const layers = given.length ? given : sumLayers(segments);
	return {
		call, pid: item.num("pid"), comm: item.str("comm") ?? "", args: item.words("args").join(", "), result: item.str("result") ?? "–",
		duration: Math.max(1, duration), funcs, segments, waits, requests,
		layers: layers.filter(([, ns]) => ns > 0).sort((a, b) => layerIndex(a[0]) - layerIndex(b[0])),
		truncated: item.flag("truncated"), key: `${item.str("number") ?? ""}/${item.str("begin_ns") ?? ""}/${duration}/${funcs.length}`,
	};
}

function sumLayers(segments: Segment[]): [string, number][] {
	const sums = new Map<string, number>();
	for (const { layer, start, end } of segments)
		sums.set(layer, (sums.get(layer) ?? 0) + end - start);
	return [...sums];
}
