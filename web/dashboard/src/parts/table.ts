// SPDX-License-Identifier: GPL-2.0-only
// table.ts - tables that sort, filter, and export, and whose rows stay where they are
//
// Rows have keys: an update changes texts in place, so that a selection, a focus or a reader's
// finger does not lose the row it is on. A column is as wide as its widest text has been, so that
// columns stand still while figures change. The filter looks at what is shown.

import { h, text, visible } from "../base/dom.ts";
import { exact } from "../base/format.ts";
import { exportButtons, type Cell, type Sheet } from "./export.ts";

export interface Column<Row> {
	key: string;
	label: string;
	title?: string;
	/** What sorting and export use. */
	value: (row: Row) => Cell;
	/** What sorting uses, if it is something else. */
	order?: (row: Row) => Cell;
	/** What is shown; the value without it. */
	show?: (row: Row) => string;
	/** Text to the left, numbers (without this) to the right. */
	text?: boolean;
	/** Text of ours, not of the guest: no typewriter. */
	plain?: boolean;
	/** Left out where there is little room. */
	minor?: boolean;
	/** At most so many letters wide; what is longer is cut. */
	most?: number;
	/** Fills the cell itself, with more than a text; at every update. */
	cell?: (row: Row, cell: HTMLElement) => void;
	/** Width of a bar behind the number, 0 to 1. */
	bar?: (row: Row) => number;
}

export interface TableOptions<Row> {
	name: string;
	title?: string;
	columns: Column<Row>[];
	key: (row: Row) => string | number;
	/** Column to sort by at first; "-" before it: the largest first. */
	sort: string;
	open?: (row: Row) => void;
	filter?: boolean;
	empty?: string;
	/** Most rows that are made; the rest is counted. */
	limit?: number;
	tone?: (row: Row) => string;
	/** Steps that the first column is moved to the right, for trees. */
	indent?: (row: Row) => number;
	/** The key of the row that is looked at. */
	selected?: () => string | number | null;
}

function shownOf<Row>(column: Column<Row>, row: Row): string {
	const value = column.show ? column.show(row) : column.value(row);
	return value === null ? "–" : String(value);
}

/* Narrow spaces of units are typed as plain ones, or not at all */
const searchable = (shown: string): string => shown.toLowerCase().replace(/\s/g, "");

interface Shown {
	element: HTMLTableRowElement;
	cells: HTMLElement[];
}

export class Table<Row> {
	readonly element: HTMLElement;
	private rows: Row[] = [];
	private readonly shown = new Map<string | number, Shown>();
	private readonly body = h("tbody");
	private readonly note = h("p", { class: "note" });
	private readonly heads = new Map<string, HTMLTableCellElement>();
	private readonly current = new Map<string | number, Row>();
	private sortKey: string;
	private down: boolean;
	private needle = "";
	private total: number | null = null;
	private readonly widths: number[];

	constructor(private readonly options: TableOptions<Row>) {
		this.down = options.sort.startsWith("-");
		this.widths = options.columns.map(({ label }) => label.length);
		this.sortKey = options.sort.replace(/^-/, "");
		const search = options.filter === false ? null : h("input", {
			type: "search", placeholder: "Filter", "aria-label": `Filter ${options.title ?? options.name}`,
			input: (event) => {
				this.needle = searchable((event.target as HTMLInputElement).value);
				this.render();
			},
		});
		this.element = h("section", { class: "card table-card", "data-table": options.name },
			h("header", { class: "card-head" }, options.title ? h("h3", {}, options.title) : null,
				h("span", { class: "push" }), search, exportButtons(() => this.sheet())),
			h("div", { class: "scroller", tabindex: "0", role: "region", "aria-label": options.title ?? options.name },
				h("table", {}, h("thead", {}, h("tr", {}, ...options.columns.map((c) => this.head(c)))), this.body)),
			this.note);
		this.mark();
	}

	private head(column: Column<Row>): HTMLTableCellElement {
		const cell = h("th", { scope: "col", class: this.classes(column) }, h("button", {
			type: "button", title: column.title, click: () => this.sortBy(column),
		}, column.label));
		this.heads.set(column.key, cell);
		return cell;
	}

	private classes(column: Column<Row>): string {
		return (column.text ? "text" : "number") + (column.plain ? " plain" : "") + (column.minor ? " minor" : "");
	}

	private sortBy(column: Column<Row>): void {
		this.down = this.sortKey === column.key ? !this.down : !column.text;
		this.sortKey = column.key;
		this.mark();
		this.render();
	}

	private mark(): void {
		for (const [key, cell] of this.heads) {
			if (key === this.sortKey)
				cell.setAttribute("aria-sort", this.down ? "descending" : "ascending");
			else
				cell.removeAttribute("aria-sort");
		}
	}

	/** @total: of which @rows are as many as had room; null: these are all. */
	update(rows: Row[], total: number | null = null): void {
		this.rows = rows;
		this.total = total !== null && total > rows.length ? total : null;
		this.render();
	}

	private chosen(): Row[] {
		const { columns } = this.options;
		let rows = this.rows;
		if (this.needle)
			rows = rows.filter((row) => columns.some((column) => searchable(shownOf(column, row)).includes(this.needle)));
		const by = columns.find((column) => column.key === this.sortKey);
		if (!by)
			return rows;
		const sign = this.down ? -1 : 1;
		return [...rows].sort((a, b) => {
			const order = by.order ?? by.value;
			const x = order(a), y = order(b);
			if (x === y)
				return 0;
			if (x === null)
				return 1;
			if (y === null)
				return -1;
			if (typeof x === "number" && typeof y === "number")
				return sign * (x - y);
			return sign * String(x).localeCompare(String(y), "en", { numeric: true });
		});
	}

	private render(): void {
		const all = this.chosen();
		const rows = all.slice(0, this.options.limit ?? 400);
		const gone = new Set(this.shown.keys());
		let before: Node | null = this.body.firstChild;
		for (const row of rows) {
			const key = this.options.key(row);
			if (this.shown.has(key) && !gone.has(key))
				continue; /* a key twice: the first one has it */
			gone.delete(key);
			this.current.set(key, row);
			const shown = this.shown.get(key) ?? this.make(key);
			this.fill(shown, row);
			if (before === shown.element)
				before = before.nextSibling;
			else
				this.body.insertBefore(shown.element, before);
		}
		for (const key of gone) {
			this.shown.get(key)!.element.remove();
			this.shown.delete(key);
			this.current.delete(key);
		}
		this.widen();
		const rest = all.length - rows.length;
		const missing = this.total === null ? "" : `These are ${exact(this.rows.length)} of ${exact(this.total)}: the kernel gives no more.`;
		text(this.note, [!this.rows.length ? this.options.empty ?? "Nothing here yet."
			: !all.length ? "No row matches the filter." : rest ? `${exact(rest)} more rows are not shown; the export has them.` : "", missing].filter(Boolean).join(" "));
		this.note.hidden = !this.note.textContent;
	}

	/* Never narrower than before */
	private widen(): void {
		this.options.columns.forEach((column, i) => {
			const cell = this.heads.get(column.key)!;
			const wanted = `calc(${Math.min(this.widths[i]!, column.most ?? (column.text ? 32 : 24))}ch + 20px)`;
			if (cell.style.minWidth !== wanted)
				cell.style.setProperty("min-width", wanted);
		});
	}

	private make(key: string | number): Shown {
		const cells = this.options.columns.map((column, i) => {
			const cell = h(i === 0 ? "th" : "td", { class: this.classes(column), scope: i === 0 ? "row" : null });
			if (i === 0 && this.options.open) {
				const open = h("button", {
					type: "button", class: "link", click: () => {
						const row = this.current.get(key);
						if (row)
							this.options.open!(row);
					},
				});
				cell.append(open);
				return open;
			}
			const inner = h("bdi", { dir: "ltr" });
			if (column.most)
				cell.style.setProperty("max-width", `calc(${column.most}ch + 20px)`);
			cell.append(inner);
			return inner;
		});
		const element = h("tr", { "data-key": String(key) }, ...cells.map((cell) => cell.parentElement));
		const shown = { element, cells };
		this.shown.set(key, shown);
		return shown;
	}

	private fill(shown: Shown, row: Row): void {
		this.options.columns.forEach((column, i) => {
			const cell = shown.cells[i]!;
			if (column.cell) {
				column.cell(row, cell);
				return;
			}
			const shownText = visible(shownOf(column, row));
			if (column.most)
				cell.title = shownText.length > column.most ? shownText.slice(0, 300) : "";
			text(cell, shownText.length > 300 ? shownText.slice(0, 300) + "…" : shownText);
			this.widths[i] = Math.max(this.widths[i]!, shownText.length + (i === 0 && this.options.indent ? 2 * this.options.indent(row) : 0));
			if (column.bar) {
				const share = Math.round(100 * Math.max(0, Math.min(1, column.bar(row) || 0)));
				cell.parentElement!.style.setProperty("--bar", share + "%");
				cell.parentElement!.classList.add("bar");
			}
		});
		if (this.options.indent)
			shown.element.style.setProperty("--indent", String(this.options.indent(row)));
		if (this.options.selected)
			shown.element.toggleAttribute("data-selected", this.options.selected() === this.options.key(row));
		if (this.options.tone)
			shown.element.dataset["tone"] = this.options.tone(row);
	}

	private sheet(): Sheet {
		return {
			name: `vitrine-${this.options.name}`,
			columns: this.options.columns.map((column) => column.key),
			rows: this.chosen().map((row) => this.options.columns.map((column) => column.value(row))),
		};
	}
}
