// SPDX-License-Identifier: GPL-2.0-only
// vlist.ts - a list of any length of which only the rows in sight exist
//
// Theory of operation
// All rows have one height, but for the one that is opened, whose details take a known number of
// rows more. The newest row is at the top. A reader who scrolls away from there, or opens a row,
// holds the list: it shows what it showed, and counts what came since, until they return.

import { h, text } from "../base/dom.ts";
import { Rows } from "../data/rows.ts";

export interface ListOptions<Row> {
	label: string;
	height: number;
	/** Make the inside of a row once. */
	make: () => HTMLElement;
	/** Fill it, again and again. */
	fill: (element: HTMLElement, row: Row) => void;
	/** Details of an opened row. */
	details: (row: Row) => HTMLElement;
	/** The reader has begun or stopped to hold the list. */
	held?: (held: boolean) => void;
}

const DETAILS_ROWS = 9;

export class VirtualList<Row> {
	readonly element: HTMLElement;
	private readonly inner = h("div", { class: "vlist-inner" });
	private readonly details = h("div", { class: "vlist-details", hidden: true });
	private readonly pool: { element: HTMLElement; row: Row | null }[] = [];
	private rows = new Rows<Row>(0);
	private opened: Row | null = null;
	private focused: Row | null = null;
	private pending = false;
	private isHeld = false;
	private timer: number | undefined;

	constructor(private readonly options: ListOptions<Row>) {
		this.element = h("div", {
			class: "vlist", tabindex: "0", role: "listbox", "aria-label": options.label,
			scroll: () => this.scrolled(), keydown: (event) => this.key(event as KeyboardEvent),
		}, this.inner);
		this.inner.append(this.details);
		new ResizeObserver(() => this.draw()).observe(this.element);
	}

	get held(): boolean {
		return this.isHeld;
	}

	/** Back to the newest row. */
	release(): void {
		this.open(null);
		this.focused = null;
		this.element.scrollTop = 0;
		this.setHeld(false);
	}

	/** Shown soon. */
	update(rows: Rows<Row>): void {
		this.rows = rows;
		/* Ten times a second is as fast as anybody reads */
		this.timer ??= window.setTimeout(() => {
			this.timer = undefined;
			this.draw();
		}, this.isHeld ? 0 : 100);
	}

	private setHeld(held: boolean): void {
		if (held !== this.isHeld) {
			this.isHeld = held;
			this.options.held?.(held);
		}
	}

	private scrolled(): void {
		if (!this.opened && !this.focused)
			this.setHeld(this.element.scrollTop > this.options.height / 2);
		else if (this.element.scrollTop > 0)
			this.setHeld(true);
		this.draw();
	}

	private at(i: number): Row | undefined {
		return this.rows.newest(i);
	}

	private indexOf(row: Row | null): number {
		return row === null ? -1 : this.rows.indexOf(row);
	}

	private open(row: Row | null): void {
		this.opened = row;
		this.details.hidden = row === null;
		if (row !== null) {
			this.details.replaceChildren(this.options.details(row));
			this.setHeld(true);
		}
		this.draw();
	}

	private toggle(row: Row): void {
		this.focused = row;
		this.open(this.opened === row ? null : row);
	}

	private key(event: KeyboardEvent): void {
		const by = { ArrowDown: 1, ArrowUp: -1, PageDown: 15, PageUp: -15 }[event.key];
		if (by) {
			const at = this.focused ? this.indexOf(this.focused) : -1;
			const to = Math.max(0, Math.min(this.rows.length - 1, at + by));
			this.focused = this.at(to) ?? null;
			this.setHeld(true);
			const top = this.top(to);
			if (top < this.element.scrollTop)
				this.element.scrollTop = top;
			else if (top + this.options.height > this.element.scrollTop + this.element.clientHeight)
				this.element.scrollTop = top + this.options.height - this.element.clientHeight;
		} else if ((event.key === "Enter" || event.key === " ") && this.focused) {
			this.toggle(this.focused);
		} else if (event.key === "Escape" || event.key === "Home") {
			this.release();
		} else {
			return;
		}
		event.preventDefault();
		event.stopPropagation();
		this.draw();
	}

	private top(i: number): number {
		const open = this.indexOf(this.opened);
		return (i + (open >= 0 && this.opened && i > open ? DETAILS_ROWS : 0)) * this.options.height;
	}

	private draw(): void {
		if (this.pending)
			return;
		this.pending = true;
		requestAnimationFrame(() => {
			this.pending = false;
			this.render();
		});
	}

	private render(): void {
		const { height } = this.options;
		const visible = Math.ceil(this.element.clientHeight / height) + 2;
		const open = this.opened ? this.indexOf(this.opened) : -1;
		const total = this.rows.length + (open >= 0 ? DETAILS_ROWS : 0);
		this.inner.style.setProperty("height", `${total * height}px`);
		let first = Math.max(0, Math.floor(this.element.scrollTop / height) - 1);
		if (open >= 0 && first > open)
			first = Math.max(open, first - DETAILS_ROWS);
		while (this.pool.length < visible)
			this.pool.push(this.slot());
		this.pool.forEach((slot, n) => {
			const i = first + n;
			const row = n < visible ? this.at(i) : undefined;
			slot.element.hidden = row === undefined;
			if (row === undefined)
				return;
			if (slot.row !== row) {
				slot.row = row;
				this.options.fill(slot.element, row);
			}
			slot.element.style.setProperty("transform", `translateY(${this.top(i)}px)`);
			slot.element.setAttribute("aria-expanded", String(row === this.opened));
			slot.element.toggleAttribute("data-focused", row === this.focused);
		});
		if (open >= 0) {
			this.details.style.setProperty("transform", `translateY(${(open + 1) * height}px)`);
			this.details.style.setProperty("height", `${DETAILS_ROWS * height}px`);
		}
	}

	private slot(): { element: HTMLElement; row: Row | null } {
		const element = this.options.make();
		const slot: { element: HTMLElement; row: Row | null } = { element, row: null };
		element.classList.add("vlist-row");
		element.setAttribute("role", "option");
		element.style.setProperty("height", `${this.options.height}px`);
		element.addEventListener("click", () => {
			if (slot.row !== null && getSelection()?.isCollapsed !== false)
				this.toggle(slot.row);
		});
		this.inner.append(element);
		return slot;
	}
}

/** "and 12 more" of what came while a list was held. */
export function newcomers(button: HTMLElement, n: number): void {
	text(button, n > 0 ? `${n > 9999 ? "9999+" : n} new, back to live` : "Back to live");
}
