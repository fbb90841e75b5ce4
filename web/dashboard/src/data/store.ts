// SPDX-License-Identifier: GPL-2.0-only
// store.ts - time series in bounded memory, and views of them for charts
//
// Theory of operation
// A column is a ring of doubles beside one ring of times. Rows come from the server, oldest first:
// rates since the row before, and levels. A view cuts the last so many seconds into steps that are
// aligned to the clock, so that points do not shimmer while time goes by. Of a rate a step shows
// the mean, weighted with the time that each row stands for, so that no call is lost by thinning
// out; of a level it shows the newest. A hole in the rows stays a hole.

export type Values = (number | null)[];

const CAPACITY = 8192;

/** Widths of a view that a reader can choose, with the step that suits them; in ms. */
export const WINDOWS = [
	{ label: "1 min", span: 60_000, step: 500 },
	{ label: "5 min", span: 300_000, step: 1000 },
	{ label: "15 min", span: 900_000, step: 5000 },
	{ label: "1 h", span: 3_600_000, step: 20_000 },
	{ label: "All", span: 0, step: 0 },
] as const;

const STEPS = [100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 60_000, 120_000, 300_000, 600_000];

/** The step that suits a view of @span ms: a few hundred points. */
export const stepFor = (span: number): number => STEPS.find((step) => span / step <= 300) ?? STEPS[STEPS.length - 1]!;

/** What a chart draws: moments in seconds, and columns of as many values. */
export interface Shown {
	readonly times: number[];
	at(name: string): Values;
}

export class View implements Shown {
	/** Rows of the store by step; -1 where there is none. @starts[i] is the first of step i. */
	constructor(private readonly store: Store, readonly times: number[],
		private readonly starts: Int32Array, private readonly ends: Int32Array) {}

	/** A column as the chart shows it; all null when there is no such column. */
	at(name: string): Values {
		const column = this.store.column(name);
		const result: Values = new Array(this.times.length).fill(null);
		if (!column)
			return result;
		for (let step = 0; step < result.length; step++)
			result[step] = column.rate ? this.mean(column.data, step) : this.newest(column.data, step);
		return result;
	}

	private newest(data: Float64Array, step: number): number | null {
		for (let i = this.ends[step]!; i >= this.starts[step]! && i >= 0; i--) {
			const value = data[this.store.row(i)]!;
			if (!Number.isNaN(value))
				return value;
		}
		return null;
	}

	private mean(data: Float64Array, step: number): number | null {
		let total = 0, weight = 0;
		for (let i = Math.max(0, this.starts[step]!); i <= this.ends[step]!; i++) {
			const value = data[this.store.row(i)]!;
			const stands = this.store.interval(i);
			if (!Number.isNaN(value)) {
				total += value * stands;
				weight += stands;
			}
		}
		return weight > 0 ? total / weight : null;
	}
}

/** Point by point; null where any of them is. */
export function combine(f: (...values: number[]) => number, ...columns: Values[]): Values {
	const length = columns[0]?.length ?? 0;
	const result: Values = new Array(length).fill(null);
	for (let i = 0; i < length; i++) {
		const values = columns.map((column) => column[i]);
		if (values.every((value) => value !== null && value !== undefined)) {
			const value = f(...values as number[]);
			result[i] = Number.isFinite(value) ? value : null;
		}
	}
	return result;
}

export const sum = (...columns: Values[]): Values =>
	combine((...values) => values.reduce((a, b) => a + b, 0), ...columns);

export interface ColumnInfo {
	name: string;
	unit: string;
	kind: "rate" | "level";
}

interface Column {
	rate: boolean;
	data: Float64Array;
}

export class Store {
	private readonly times = new Float64Array(CAPACITY);
	private columns = new Map<string, Column>();
	private order: Column[] = [];
	private first = 0;
	private count = 0;

	get length(): number {
		return this.count;
	}

	clear(): void {
		this.first = this.count = 0;
		this.columns = new Map();
		this.order = [];
	}

	column(name: string): Column | undefined {
		return this.columns.get(name);
	}

	/** Names that begin with @prefix, without it. */
	names(prefix: string): string[] {
		return [...this.columns.keys()].filter((name) => name.startsWith(prefix))
			.map((name) => name.slice(prefix.length));
	}

	/** What the values of push() stand for from now on. */
	describe(columns: readonly ColumnInfo[]): void {
		this.order = columns.map(({ name, kind }) => {
			let column = this.columns.get(name);
			if (!column)
				this.columns.set(name, column = {
					rate: kind === "rate", data: new Float64Array(CAPACITY).fill(NaN),
				});
			return column;
		});
	}

	/** Index in the rings of the i-th row, 0 is the oldest. */
	row(i: number): number {
		return (this.first + i) % CAPACITY;
	}

	/** Milliseconds that the i-th row stands for. */
	interval(i: number): number {
		if (i === 0)
			return 100;
		return Math.min(1000, this.times[this.row(i)]! - this.times[this.row(i - 1)]!);
	}

	/** Newest row's time in ms, or 0. */
	latest(): number {
		return this.count ? this.times[this.row(this.count - 1)]! : 0;
	}

	/** Oldest row's time in ms, or 0. */
	earliest(): number {
		return this.count ? this.times[this.row(0)]! : 0;
	}

	/** Newest value of a column, not older than @age ms. */
	last(name: string, age = 2500): number | null {
		const data = this.columns.get(name)?.data;
		const from = this.latest() - age;
		for (let i = this.count - 1; data && i >= 0 && this.times[this.row(i)]! >= from; i--) {
			const value = data[this.row(i)]!;
			if (!Number.isNaN(value))
				return value;
		}
		return null;
	}

	/** Add a row, in the order of describe(); one that is not newer than the newest is known already. */
	push(ms: number, values: readonly (number | null | undefined)[]): void {
		if (!Number.isFinite(ms) || ms <= this.latest())
			return;
		if (this.count === CAPACITY)
			this.thin();
		const row = this.row(this.count++);
		this.times[row] = ms;
		for (const { data } of this.columns.values())
			data[row] = NaN;
		this.order.forEach(({ data }, i) => {
			const value = values[i];
			if (typeof value === "number")
				data[row] = value;
		});
	}

	/* Full: of the older half every second row goes, so that hours fit */
	private thin(): void {
		const keep: number[] = [];
		for (let i = 0; i < CAPACITY; i++)
			if (i >= CAPACITY / 2 || i % 2 === 0)
				keep.push(this.row(i));
		const pack = (data: Float64Array): void => {
			data.set(keep.map((row) => data[row]!));
		};
		pack(this.times);
		for (const { data } of this.columns.values())
			pack(data);
		this.first = 0;
		this.count = keep.length;
	}

	/** The last second before @at that is over: what a figure that stands for "now" is taken from, wherever it stands. */
	now(at = this.latest()): View {
		const end = Math.floor(at / 1000) * 1000;
		return this.view(1000, 1000, end);
	}

	/** The last @span ms in steps of @step, up to @end. */
	view(span: number, step: number, end = this.latest()): View {
		const steps = Math.ceil(span / step);
		const base = Math.ceil(end / step) - steps + 1;
		const times = Array.from({ length: steps }, (_, i) => (base + i) * step / 1000);
		const starts = new Int32Array(steps).fill(0);
		const ends = new Int32Array(steps).fill(-1);
		for (let i = this.count - 1; i >= 0; i--) {
			const at = Math.ceil(this.times[this.row(i)]! / step) - base;
			if (at < 0)
				break;
			if (at >= steps)
				continue;
			if (ends[at]! < 0)
				ends[at] = i;
			starts[at] = i;
		}
		return new View(this, times, starts, ends);
	}
}
