// SPDX-License-Identifier: GPL-2.0-only
// export.ts - tables and charts as files: CSV (RFC 4180) and JSON

import { h } from "../base/dom.ts";

export type Cell = string | number | null;

export interface Sheet {
	name: string;
	columns: string[];
	rows: Cell[][];
}

// A spreadsheet takes a text that begins like this for a formula: a guest's names must stay text
const FORMULA = /^[=+\-@\t\r]/;

function field(cell: Cell): string {
	if (cell === null)
		return "";
	if (typeof cell === "number")
		return Number.isFinite(cell) ? String(cell) : "";
	const safe = FORMULA.test(cell) ? "'" + cell : cell;
	return /[",\r\n]/.test(safe) ? `"${safe.replace(/"/g, '""')}"` : safe;
}

export function toCsv(sheet: Sheet): string {
	return [sheet.columns, ...sheet.rows].map((row) => row.map(field).join(",") + "\r\n").join("");
}

export function toJson(sheet: Sheet): string {
	const rows = sheet.rows.map((row) =>
		Object.fromEntries(sheet.columns.map((column, i) => [column, row[i] ?? null])));
	return JSON.stringify({ name: sheet.name, rows }, null, "\t") + "\n";
}

function save(name: string, type: string, content: string): void {
	const url = URL.createObjectURL(new Blob([content], { type }));
	const link = h("a", { href: url, download: name });
	document.body.append(link);
	link.click();
	link.remove();
	setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

/** Two small buttons that save what make() returns when they are pressed. */
export function exportButtons(make: () => Sheet): HTMLElement {
	const button = (kind: "csv" | "json"): HTMLElement => h("button", {
		class: "ghost small", type: "button", "data-export": kind,
		title: `Save as ${kind.toUpperCase()}`, "aria-label": `Save as ${kind.toUpperCase()}`,
		click: () => {
			const sheet = make();
			if (kind === "csv")
				save(`${sheet.name}.csv`, "text/csv", toCsv(sheet));
			else
				save(`${sheet.name}.json`, "application/json", toJson(sheet));
		},
	}, kind.toUpperCase());
	return h("span", { class: "exports" }, button("csv"), button("json"));
}
