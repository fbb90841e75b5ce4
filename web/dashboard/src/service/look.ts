// SPDX-License-Identifier: GPL-2.0-only
// look.ts - how sandboxes look everywhere: their state, how long something has been or will be

import { h, text } from "../base/dom.ts";
import type { Sandbox, State } from "./api.ts";

const LABEL: Record<State, string> = {
	creating: "Creating", running: "Running", pausing: "Pausing", paused: "Paused", resuming: "Resuming",
	rolling: "Rolling back", ending: "Ending",
};
const PHASE: Record<State, string> = {
	creating: "busy", running: "live", pausing: "busy", paused: "paused", resuming: "busy", rolling: "busy", ending: "busy",
};

/** A pill that says a state; made once, and changed in place. */
export function showState(cell: HTMLElement, state: State): void {
	let pill = cell.querySelector<HTMLElement>(".pill");
	if (!pill) {
		pill = h("span", { class: "pill" });
		cell.replaceChildren(pill);
	}
	pill.dataset["phase"] = PHASE[state] ?? "busy";
	pill.dataset["state"] = state;
	text(pill, LABEL[state] ?? state);
}

/** 4 min, 3 h 20 min, 2 d 4 h. */
export function span(ms: number): string {
	const seconds = Math.max(0, Math.round(ms / 1000));
	const two = (a: number, unit: string, b: number, smaller: string): string => `${a}\u202f${unit}${b ? ` ${b}\u202f${smaller}` : ""}`;
	if (seconds < 60)
		return `${seconds}\u202fs`;
	if (seconds < 3600)
		return two(Math.floor(seconds / 60), "min", seconds < 600 ? seconds % 60 : 0, "s");
	if (seconds < 86400)
		return two(Math.floor(seconds / 3600), "h", Math.floor(seconds / 60) % 60, "min");
	return two(Math.floor(seconds / 86400), "d", Math.floor(seconds / 3600) % 24, "h");
}

export const ago = (ms: number): string => `${span(Date.now() - ms)} ago`;

/** What happens to it when, if anything does. */
export function deadline({ state, deadline_ms, idle_timeout_sec, on_timeout }: Sandbox): string {
	const verb = on_timeout === "kill" ? "ends" : "pauses";
	if (state === "paused")
		return "";
	return [
		deadline_ms ? `${verb} in ${span(deadline_ms - Date.now())}` : "",
		idle_timeout_sec ? `${verb} after ${span(idle_timeout_sec * 1000)} idle` : "",
	].filter(Boolean).join(", ");
}

export function dateTime(ms: number): string {
	return new Date(ms).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "medium" });
}

/** The time of day, with the date unless it is today's. */
export function moment(ms: number): string {
	return new Date(ms).toDateString() === new Date().toDateString() ? new Date(ms).toLocaleTimeString(undefined, { timeStyle: "medium" })
		: new Date(ms).toLocaleString(undefined, { dateStyle: "short", timeStyle: "short" });
}

/** name=value of all metadata, as one line. */
export const metadataLine = (metadata: Record<string, string>): string =>
	Object.entries(metadata).map(([name, value]) => `${name}=${value}`).join("  ");
