// SPDX-License-Identifier: GPL-2.0-only
// range.ts - the piece of time that all charts show: up to now, or one that a reader has chosen
//
// Dragging across any chart chooses a piece, for all of them; a double click, Escape or the button
// in the header goes back to now.

export interface Range { from: number; to: number }

let chosen: Range | null = null;
const listeners = new Set<() => void>();

/** In ms since 1970; null: up to now. */
export const range = (): Range | null => chosen;

export function setRange(to: Range | null): void {
	chosen = to && to.to - to.from >= 500 ? to : null;
	for (const listener of listeners)
		listener();
}

/** Called at every change, until what it returns is called. */
export function onRange(listener: () => void): () => void {
	listeners.add(listener);
	return () => listeners.delete(listener);
}

let mark: number | null = null;

/** Where a recording stands, in ms; drawn as a line. */
export const moment = (): number | null => mark;
export function setMoment(at: number | null): void {
	mark = at;
}
