// SPDX-License-Identifier: GPL-2.0-only
// histogram.ts - latencies in logarithmic buckets, drawn as bars with the percentiles marked

import { h, s, set } from "../base/dom.ts";
import { duration, exact, quantile } from "../base/format.ts";

const BAR = 18, HEAD = 16, HEIGHT = 96, FOOT = 18;

/** Bars of the buckets that are not empty, and one on either side. */
export function histogram(buckets: readonly number[], label: string): HTMLElement {
	const used = buckets.map((n, i) => n ? i : -1).filter((i) => i >= 0);
	if (!used.length)
		return h("p", { class: "note" }, "Nothing was measured yet.");
	const first = Math.max(0, Math.min(...used) - 1), last = Math.min(buckets.length - 1, Math.max(...used) + 1);
	const top = Math.max(...buckets);
	const width = (last - first + 1) * BAR;
	const svg = s("svg", { viewBox: `0 0 ${width} ${HEIGHT + FOOT}`, class: "histogram", role: "img", "aria-label": `${label}: histogram of times` });
	for (let i = first; i <= last; i++) {
		const n = buckets[i] ?? 0;
		/* A root keeps rare, slow ones in sight beside the many quick ones */
		const tall = n ? Math.max(2, Math.sqrt(n / top) * (HEIGHT - HEAD)) : 0;
		const x = (i - first) * BAR;
		svg.append(s("rect", { x: x + 1.5, y: HEIGHT - tall, width: BAR - 3, height: tall, rx: 2, class: "bar-fill" },
			s("title", {}, `${duration(i ? 2 ** i : 0)} to ${duration(2 ** (i + 1))}: ${exact(n)}`)));
		if ((i - first) % 3 === 0 && i < last)
			svg.append(s("text", { x, y: HEIGHT + 13, class: "axis" }, duration(2 ** i)));
	}
	let free = 0;
	for (const q of [.5, .9, .99]) {
		const at = quantile(buckets, q);
		if (at === null)
			continue;
		const x = (Math.log2(Math.max(1, at)) - first) * BAR;
		free = Math.max(free, x - 8);
		svg.append(s("line", { x1: x, x2: x, y1: HEAD - 4, y2: HEIGHT, class: "mark-q" }),
			s("text", { x: free, y: 8, class: "axis" }, `p${q * 100}`));
		free += 20;
	}
	const quantiles = h("p", { class: "note" }, [.5, .9, .99].map((q) => `${q * 100} % within ${duration(quantile(buckets, q))}`).join(", "));
	const box = h("div", { class: "histogram-box" }, svg, quantiles);
	svg.style.setProperty("width", `${width * 1.4}px`);
	return box;
}

/** Put a new histogram into a place. */
export function showHistogram(place: HTMLElement, buckets: readonly number[], label: string): void {
	set(place, histogram(buckets, label));
}
