// SPDX-License-Identifier: GPL-2.0-only
// settings.ts - what the browser remembers of a reader's choices

const PREFIX = "vitrine.";

/** A remembered value, or what to use without one; storage may be forbidden, then nothing is. */
export function stored<T>(name: string, otherwise: T): T {
	try {
		const text = localStorage.getItem(PREFIX + name);
		return text === null ? otherwise : JSON.parse(text) as T;
	} catch {
		return otherwise;
	}
}

export function store(name: string, value: unknown): void {
	try {
		localStorage.setItem(PREFIX + name, JSON.stringify(value));
	} catch {
		/* private windows: the choice lasts as long as the page */
	}
}
