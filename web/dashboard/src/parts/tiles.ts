// SPDX-License-Identifier: GPL-2.0-only
// tiles.ts - gauges: one figure, how full it is, and where it came from in the last minute

import { h, s, text } from "../base/dom.ts";
import type { Values, View } from "../data/store.ts";

export interface TileOptions {
	name: string;
	label: string;
	format: (value: number | null) => string;
	values: (view: View) => Values;
	/** What a full meter is; without it there is no meter. */
	full?: number | (() => number | null);
	/** Shares from which it is worth a look, and a worry. */
	warn?: number;
	bad?: number;
}

const WIDTH = 100, HEIGHT = 24;

export class Tile {
	readonly element: HTMLElement;
	private readonly figure = h("output", { class: "figure" }, "–");
	private readonly detail = h("span", { class: "detail" });
	private readonly meter = h("span", { class: "meter-fill" });
	private readonly area = s("path", { class: "spark-area" });
	private readonly line = s("path", { class: "spark-line" });

	constructor(private readonly options: TileOptions) {
		this.element = h("div", { class: "tile", "data-tile": options.name },
			h("span", { class: "label" }, options.label), this.figure, this.detail,
			s("svg", { class: "spark", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", "aria-hidden": "true" }, this.area, this.line),
			options.full === undefined ? null : h("span", { class: "meter" }, this.meter));
	}

	/** @now: what the figure is of, @view: where it came from. */
	update(view: View, now: View, detail = ""): void {
		const values = this.options.values(view);
		const newest = this.options.values(now)[0] ?? null;
		text(this.figure, this.options.format(newest));
		text(this.detail, detail);
		const full = typeof this.options.full === "function" ? this.options.full() : this.options.full;
		if (full) {
			const share = Math.max(0, Math.min(1, (newest ?? 0) / full));
			this.meter.style.setProperty("width", `${(share * 100).toFixed(1)}%`);
			this.element.dataset["tone"] = share >= (this.options.bad ?? 2) ? "bad" : share >= (this.options.warn ?? 2) ? "warn" : "";
		}
		this.spark(values, full ?? null);
	}

	private spark(values: Values, full: number | null): void {
		const top = full ?? Math.max(1e-9, ...values.map((value) => value ?? 0));
		const step = WIDTH / Math.max(1, values.length - 1);
		let path = "", area = "", start = 0, open = false;
		values.forEach((value, i) => {
			const x = (i * step).toFixed(1);
			if (value === null) {
				if (open)
					area += `V${HEIGHT}H${start}Z`;
				open = false;
				return;
			}
			const y = (HEIGHT - 1 - Math.min(1, value / top) * (HEIGHT - 3)).toFixed(1);
			if (!open) {
				start = Number(x);
				path += `M${x} ${y}`;
				area += `M${x} ${HEIGHT}L${x} ${y}`;
			} else {
				path += `L${x} ${y}`;
				area += `L${x} ${y}`;
			}
			open = true;
		});
		this.line.setAttribute("d", path);
		this.area.setAttribute("d", open ? area + `V${HEIGHT}Z` : area);
	}
}
