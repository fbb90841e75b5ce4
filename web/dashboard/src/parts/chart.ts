// SPDX-License-Identifier: GPL-2.0-only
// chart.ts - a live chart: uPlot with our axes, a legend that is also the reading, and export
//
// Theory of operation
// A chart is a description: series are functions of a view of the store. It is drawn only while
// it can be seen. The legend is HTML: it shows the newest values, or those under the cursor, which
// all charts share, with its time in the heading; a press on an entry hides that series. The newest
// values are those of the last whole second, whatever the window is. Stacked areas are summed here.
// Dragging chooses a piece of time for all charts (range.ts).

import uPlot from "uplot";
import { h, set, text } from "../base/dom.ts";
import { exportButtons, type Sheet } from "./export.ts";
import { bytes, byteRate, timeOfDay } from "../base/format.ts";
import type { Shown, Values } from "../data/store.ts";
import { moment, setRange } from "./range.ts";
import { colour, onTheme, seriesColour } from "../base/theme.ts";

export interface Series {
	label: string;
	/** Index of its colour; its place without one. */
	colour?: number;
	values: (view: Shown) => Values;
	/** Not shown until somebody wants it: it would leave no room for the others. */
	off?: boolean;
}

export interface ChartOptions {
	/** Names the file of an export, and the element for tests. */
	name: string;
	title: string;
	/** What it shows, in a sentence. */
	about?: string;
	format: (value: number | null) => string;
	series: Series[];
	stacked?: boolean;
	/** Fixed top of the axis, for shares. */
	max?: number;
	height?: number;
	wide?: boolean;
}

const BINARY = Array.from({ length: 50 }, (_, i) => 2 ** i);
const all = new Set<Chart>();
onTheme(() => all.forEach((chart) => chart.rebuild()));

export class Chart {
	readonly element: HTMLElement;
	private readonly plot: HTMLElement;
	private readonly legend: { value: HTMLElement; entry: HTMLElement; swatch: HTMLElement }[] = [];
	private readonly hidden: boolean[];
	private uplot: uPlot | null = null;
	private times: number[] = [];
	private raw: Values[] = [];
	private now: (number | null)[] = [];
	private width = 0;
	private readonly watch = new ResizeObserver(() => this.resize());
	private readonly when = h("time", { class: "when muted" });

	constructor(private readonly options: ChartOptions) {
		this.hidden = options.series.map(({ off }) => !!off);
		this.plot = h("div", { class: "plot", role: "img", "aria-label": `${options.title}, a chart over time` });
		this.plot.style.setProperty("min-height", `${options.height ?? 180}px`);
		const entries = options.series.map((series, i) => this.entry(series, i));
		this.element = h("figure", {
			class: options.wide ? "card chart wide" : "card chart", "data-chart": options.name,
		},
			h("figcaption", {}, h("h3", { title: options.about }, options.title), this.when,
				exportButtons(() => this.sheet())),
			this.plot,
			h("ul", { class: "legend", "aria-label": `${options.title}: newest values` }, ...entries));
		this.watch.observe(this.plot);
		all.add(this);
	}

	private entry(series: Series, i: number): HTMLElement {
		const value = h("span", { class: "value", "data-series": series.label }, "–");
		const swatch = h("span", { class: "swatch" });
		const entry = h("button", {
			type: "button", class: "entry", "aria-pressed": String(!this.hidden[i]), title: `Show or hide ${series.label}`,
			click: () => {
				this.hidden[i] = !this.hidden[i];
				entry.setAttribute("aria-pressed", String(!this.hidden[i]));
				this.rebuild();
			},
		}, swatch, h("span", { class: "name" }, series.label), value);
		this.legend.push({ value, entry, swatch });
		return h("li", {}, entry);
	}

	/** Take a new view, and what is now; costs little when the chart is not on show. */
	draw(view: Shown, now: Shown): void {
		if (!this.element.isConnected || !this.width)
			return;
		this.times = view.times;
		this.now = this.options.series.map((series) => lastOf(series.values(now)));
		this.raw = this.options.series.map((series) => series.values(view));
		if (!this.uplot)
			this.build();
		this.uplot!.setData(this.data(), false);
		this.scale();
		if (this.uplot!.cursor.idx === null || this.uplot!.cursor.idx === undefined)
			this.read(null);
	}

	rebuild(): void {
		this.uplot?.destroy();
		this.uplot = null;
		if (this.times.length && this.width && this.element.isConnected) {
			this.build();
			this.uplot!.setData(this.data(), false);
			this.scale();
			this.read(null);
		}
	}

	/** It will not be shown any more. */
	end(): void {
		this.watch.disconnect();
		this.uplot?.destroy();
		this.uplot = null;
		all.delete(this);
	}

	/** The newest values, as the legend shows them. */
	newest(): (number | null)[] {
		return this.now;
	}

	private colour(i: number): string {
		return seriesColour(this.options.series[i]!.colour ?? i);
	}

	private data(): uPlot.AlignedData {
		if (!this.options.stacked)
			return [this.times, ...this.raw.map((values, i) => this.hidden[i] ? values.map(() => null) : values)];
		const below = new Float64Array(this.times.length);
		return [this.times, ...this.raw.map((values, i) => values.map((value, t) => {
			if (value === null)
				return null;
			return below[t]! += this.hidden[i] ? 0 : value;
		}))];
	}

	private scale(): void {
		const data = this.uplot!.data;
		let top = 0;
		for (let i = 1; i < data.length; i++)
			for (const value of data[i]!)
				if (value !== null && value !== undefined && value > top)
					top = value;
		this.uplot!.batch(() => {
			this.uplot!.setScale("x", { min: this.times[0]!, max: this.times[this.times.length - 1]! });
			this.uplot!.setScale("y", { min: 0, max: this.options.max ?? (top > 0 ? top * 1.08 : 1) });
		});
	}

	private build(): void {
		const { options } = this;
		const muted = colour("muted");
		const grid = { stroke: colour("grid"), width: 1 };
		const font = "11px " + getComputedStyle(document.body).fontFamily;
		const binary = options.format === bytes || options.format === byteRate;
		this.legend.forEach(({ swatch }, i) => swatch.style.setProperty("background", this.colour(i)));
		this.uplot = new uPlot({
			width: this.width,
			height: options.height ?? 180,
			padding: [8, 30, 0, 0],
			legend: { show: false },
			cursor: { sync: { key: "vitrine" }, drag: { x: true, y: false, setScale: false, dist: 8 }, points: { size: 6 }, y: false },
			scales: { x: { time: true, auto: false }, y: { auto: false } },
			series: [{}, ...options.series.map((series, i) => ({
				label: series.label,
				stroke: this.colour(i),
				width: options.stacked ? 1 : 1.5,
				spanGaps: false,
				points: { show: false },
				...(options.stacked ? { fill: this.colour(i) + "b0" }
					: options.series.length === 1 ? { fill: this.colour(i) + "24" } : {}),
			}))],
			bands: options.stacked
				? options.series.slice(1).map((_, i) => ({ series: [i + 2, i + 1] as [number, number] })) : [],
			axes: [
				{
					stroke: muted, grid: { show: false }, ticks: { ...grid, size: 4 }, font, space: 64, size: 28, gap: 4,
					values: (_, splits) => splits.map((at) => timeOfDay(at * 1000)),
				},
				{
					stroke: muted, grid, ticks: { show: false }, font, size: 62, gap: 6, space: 34,
					...(binary ? { incrs: BINARY } : {}),
					values: (_, splits) => splits.map((value) => options.format(value)),
				},
			],
			hooks: {
				setCursor: [(plot) => this.read(plot.cursor.idx ?? null)],
				setSelect: [(plot) => this.choose(plot)],
				draw: [(plot) => this.drawMoment(plot)],
			},
		}, this.data(), this.plot);
		this.uplot.over.addEventListener("dblclick", () => setRange(null));
	}

	private read(at: number | null): void {
		text(this.when, at === null ? "" : timeOfDay((this.times[at] ?? NaN) * 1000));
		this.legend.forEach(({ value }, i) =>
			text(value, this.options.format(at === null ? this.now[i] ?? null : this.raw[i]?.[at] ?? null)));
	}

	/* A piece was dragged over; charts that only follow the pointer of another one have none */
	private choose(plot: uPlot): void {
		const { left, width } = plot.select;
		if (width < 8)
			return;
		plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
		setRange({ from: plot.posToVal(left, "x") * 1000, to: plot.posToVal(left + width, "x") * 1000 });
	}

	private drawMoment(plot: uPlot): void {
		const at = moment();
		if (at === null)
			return;
		const x = Math.round(plot.valToPos(at / 1000, "x", true));
		if (x < plot.bbox.left || x > plot.bbox.left + plot.bbox.width)
			return;
		plot.ctx.save();
		plot.ctx.fillStyle = colour("accent");
		plot.ctx.fillRect(x, plot.bbox.top, Math.max(1, devicePixelRatio), plot.bbox.height);
		plot.ctx.restore();
	}

	private resize(): void {
		const width = Math.floor(this.plot.clientWidth);
		if (width === this.width)
			return;
		this.width = width;
		if (this.uplot && width)
			this.uplot.setSize({ width, height: this.options.height ?? 180 });
	}

	private sheet(): Sheet {
		return {
			name: `vitrine-${this.options.name}`,
			columns: ["time", ...this.options.series.map((series) => series.label)],
			rows: this.times.map((at, i) =>
				[new Date(at * 1000).toISOString(), ...this.raw.map((values) => values[i] ?? null)]),
		};
	}
}

/* The last step is still filling: a value that is missing there is looked for just before it */
function lastOf(values: Values): number | null {
	for (let i = values.length - 1; i >= 0 && i >= values.length - 4; i--)
		if (values[i] !== null && values[i] !== undefined)
			return values[i]!;
	return null;
}

/** Charts side by side. */
export function charts(...list: Chart[]): HTMLElement {
	const element = h("div", { class: "grid" });
	set(element, ...list.map((chart) => chart.element));
	return element;
}
