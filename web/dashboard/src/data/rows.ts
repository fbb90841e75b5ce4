// SPDX-License-Identifier: GPL-2.0-only
// rows.ts - many rows in little memory, of which few are ever looked at
//
// Theory of operation
// Rows come in slices, as the text of a JSON array, and stay text until somebody looks at one of
// them: at fifty thousand a second nobody sees more than one in twenty, and what is no object
// costs the collector nothing. The oldest slices go when there are enough rows behind them. A
// snapshot is a list of slices, so that a reader who holds the list holds little.

interface Slice<Row> {
	readonly count: number;
	text: string;
	rows: Row[] | null;
}

/* Once: the text has done its duty then */
function rowsOf<Row>(slice: Slice<Row>): Row[] {
	if (!slice.rows) {
		slice.rows = JSON.parse(slice.text) as Row[];
		slice.text = "";
	}
	return slice.rows;
}

export class Rows<Row> {
	length = 0;
	private slices: Slice<Row>[] = [];

	/** @kept: rows that stay, at least; one slice more at most. */
	constructor(private readonly kept: number) {}

	/** Rows behind the newest one, as JSON. */
	addText(count: number, text: string): void {
		this.add({ count, text, rows: null });
	}

	addRows(rows: Row[]): void {
		if (rows.length)
			this.add({ count: rows.length, text: "", rows });
	}

	private add(slice: Slice<Row>): void {
		this.slices.push(slice);
		this.length += slice.count;
		while (this.length - this.slices[0]!.count >= this.kept)
			this.length -= this.slices.shift()!.count;
	}

	/** The @i-th newest, from 0. */
	newest(i: number): Row | undefined {
		for (let n = this.slices.length - 1; n >= 0 && i >= 0; n--) {
			const slice = this.slices[n]!;
			if (i < slice.count)
				return rowsOf(slice)[slice.count - 1 - i];
			i -= slice.count;
		}
		return undefined;
	}

	/** Which one newest() gives that row for; -1 when it is gone. */
	indexOf(row: Row): number {
		let before = 0;
		for (let n = this.slices.length - 1; n >= 0; n--) {
			const slice = this.slices[n]!;
			/* A row that somebody has is of a slice that was looked at */
			const at = slice.rows?.lastIndexOf(row) ?? -1;
			if (at >= 0)
				return before + slice.count - 1 - at;
			before += slice.count;
		}
		return -1;
	}

	/** All of them, oldest first. */
	all(): Row[] {
		return this.slices.flatMap(rowsOf);
	}

	/** What is here now, and stays here. */
	snapshot(): Rows<Row> {
		const copy = new Rows<Row>(this.kept);
		copy.slices = [...this.slices];
		copy.length = this.length;
		return copy;
	}

	clear(): void {
		this.slices = [];
		this.length = 0;
	}
}
