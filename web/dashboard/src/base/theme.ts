// SPDX-License-Identifier: GPL-2.0-only
// theme.ts - dark or light: the system's until the reader chooses, then the reader's for good

import { stored, store } from "./settings.ts";

export type Theme = "light" | "dark";
const system = matchMedia("(prefers-color-scheme: dark)");
const listeners = new Set<() => void>();
let chosen = stored<Theme | null>("theme", null);

export function theme(): Theme {
	return chosen ?? (system.matches ? "dark" : "light");
}

function apply(): void {
	document.documentElement.dataset["theme"] = theme();
	for (const listener of listeners)
		listener();
}

export function toggleTheme(): void {
	chosen = theme() === "dark" ? "light" : "dark";
	store("theme", chosen);
	apply();
}

/**
 * Called at every change, until what it returns is called; colours of a canvas do not follow a style
 * sheet by themselves.
 */
export function onTheme(listener: () => void): () => void {
	listeners.add(listener);
	return () => listeners.delete(listener);
}

export function startTheme(): void {
	system.addEventListener("change", apply);
	apply();
}

/** A custom property of the style sheet as it is now. */
export function colour(name: string): string {
	return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

/** Eight series colours that keep apart for colour-blind readers, in both themes. */
export const SERIES = 9;
export const seriesColour = (i: number): string => colour(`series-${i % SERIES}`);
