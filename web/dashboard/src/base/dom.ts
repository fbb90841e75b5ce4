// SPDX-License-Identifier: GPL-2.0-only
// dom.ts - elements are made, never parsed
//
// Everything that a guest can name reaches the page as a text node. visible() shows what a text
// node would hide: control characters, and the ones that change the direction of what follows.

export type Child = Node | string | number | null | undefined | false;
type Value = string | number | boolean | null | undefined | EventListener;
type Attributes = Record<string, Value>;

function apply(element: Element, attributes: Attributes): void {
	for (const [name, value] of Object.entries(attributes)) {
		if (value === null || value === undefined || value === false)
			continue;
		if (typeof value === "function")
			element.addEventListener(name, value);
		else
			element.setAttribute(name, value === true ? "" : String(value));
	}
}

/** An HTML element; an attribute that is a function becomes a listener of that name. */
export function h<K extends keyof HTMLElementTagNameMap>(
	tag: K, attributes: Attributes = {}, ...children: Child[]): HTMLElementTagNameMap[K] {
	const element = document.createElement(tag);
	apply(element, attributes);
	fill(element, ...children);
	return element;
}

/** The same for SVG. */
export function s<K extends keyof SVGElementTagNameMap>(
	tag: K, attributes: Attributes = {}, ...children: Child[]): SVGElementTagNameMap[K] {
	const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
	apply(element, attributes);
	fill(element, ...children);
	return element;
}

/** Append children; what is nothing is left out. */
export function fill(element: Element, ...children: Child[]): void {
	for (const child of children)
		if (child !== null && child !== undefined && child !== false)
			element.append(typeof child === "number" ? String(child) : child);
}

/** Make these the only children. */
export function set(element: Element, ...children: Child[]): void {
	element.replaceChildren();
	fill(element, ...children);
}

/** Change a text only when it differs: a write costs a layout. */
export function text(element: Element, value: string): void {
	if (element.textContent !== value)
		element.textContent = value;
}

const HIDDEN = /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/g;
const SHORT: Record<string, string> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/** A guest's text with everything that cannot be seen written out. */
export function visible(value: string): string {
	return value.replace(HIDDEN, (c) => {
		const code = c.charCodeAt(0);
		return SHORT[c] ?? (code < 256 ? "\\x" + code.toString(16).padStart(2, "0")
			: "\\u" + code.toString(16).padStart(4, "0"));
	});
}

/** An element for a guest's text: isolated, so that no letter of it turns its neighbours round. */
export function guest(value: unknown, limit = 400): HTMLElement {
	const shown = visible(String(value ?? ""));
	const cut = shown.length > limit ? shown.slice(0, limit) + "…" : shown;
	return h("bdi", { class: "guest", dir: "ltr" }, cut);
}
