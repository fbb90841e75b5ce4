// SPDX-License-Identifier: GPL-2.0-only
// journeyview.ts - draws a followed call: its way through the layers, and below it function by function
//
// Theory of operation
// One canvas, one axis of time. Above, a lane for each layer from the entry down to the device; the
// line goes to the lane whose code has the processor, so that a write is seen to sink to the disk and
// come back. Sleeps are hatched, requests to a device lie in its lane. Below, functions nest as they
// called one another. The wheel or + and - zoom where the pointer is, dragging and arrows move.

import { h, text, visible } from "../base/dom.ts";
import { bytes, duration as shown } from "../base/format.ts";
import { LAYERS, layerColour, type Func, type Journey } from "./journey.ts";
import { colour, onTheme, seriesColour } from "../base/theme.ts";

const LANE = 26, ROW = 18, AXIS = 22, GAP = 16, MOST_ROWS = 40;

export class JourneyView {
	readonly element: HTMLElement;
	private readonly canvas = h("canvas", { class: "journey", tabindex: "0", role: "img" });
	private readonly tip = h("p", { class: "journey-tip note", "aria-live": "polite" });
	private journey: Journey | null = null;
	private from = 0;
	private to = 1;
	private width = 0;
	private pending = false;
	private left = 92;
	private lanes: string[] = [];
	private drag: { x: number; from: number; to: number } | null = null;

	constructor() {
		const button = (label: string, title: string, act: () => void): HTMLElement =>
			h("button", { type: "button", class: "button icon", title, "aria-label": title, click: act }, label);
		this.element = h("div", { class: "journey-box" },
			h("div", { class: "controls" }, button("+", "Zoom in", () => this.zoom(.5)), button("−", "Zoom out", () => this.zoom(2)),
				h("button", { type: "button", class: "button", click: () => this.fit() }, "Whole call"), this.tip),
			this.canvas);
		new ResizeObserver(() => this.draw()).observe(this.element);
		onTheme(() => this.draw());
		this.canvas.addEventListener("wheel", (event) => {
			if (!event.ctrlKey && Math.abs(event.deltaX) < Math.abs(event.deltaY) && !event.shiftKey)
				return;
			event.preventDefault();
			if (event.ctrlKey)
				this.zoom(event.deltaY > 0 ? 1.25 : .8, this.time(event.offsetX));
			else
				this.move((event.deltaX || event.deltaY) / this.plotWidth());
		}, { passive: false });
		this.canvas.addEventListener("dblclick", (event) => this.into(event));
		this.canvas.addEventListener("pointerdown", (event) => { this.drag = { x: event.offsetX, from: this.from, to: this.to }; });
		addEventListener("pointerup", () => { this.drag = null; });
		this.canvas.addEventListener("pointermove", (event) => this.pointer(event));
		this.canvas.addEventListener("keydown", (event) => this.key(event));
	}

	show(journey: Journey): void {
		this.journey = journey;
		this.lanes = LAYERS.filter((layer) => layer !== "waiting" && journey.segments.some((segment) => segment.layer === layer) ||
			layer === "device" && journey.requests.length > 0);
		this.canvas.setAttribute("aria-label", `The way of ${journey.call} through the kernel; the table below says the same in numbers`);
		text(this.tip, "Double click a function to look at it alone; + and − zoom, arrows move.");
		this.fit();
	}

	private fit(): void {
		this.from = 0;
		this.to = this.journey?.duration ?? 1;
		this.draw();
	}

	private plotWidth(): number {
		return Math.max(1, this.width - this.left - 8);
	}

	private time(x: number): number {
		return this.from + (x - this.left) / this.plotWidth() * (this.to - this.from);
	}

	private x(time: number): number {
		return this.left + (time - this.from) / (this.to - this.from) * this.plotWidth();
	}

	private zoom(by: number, around = (this.from + this.to) / 2): void {
		const whole = this.journey?.duration ?? 1;
		const span = Math.max(50, Math.min(whole, (this.to - this.from) * by));
		const share = (around - this.from) / (this.to - this.from);
		this.from = Math.max(0, Math.min(whole - span, around - span * share));
		this.to = this.from + span;
		this.draw();
	}

	private move(share: number): void {
		const whole = this.journey?.duration ?? 1, span = this.to - this.from;
		this.from = Math.max(0, Math.min(whole - span, this.from + share * span));
		this.to = this.from + span;
		this.draw();
	}

	private key(event: KeyboardEvent): void {
		const act: Record<string, () => void> = {
			"+": () => this.zoom(.5), "=": () => this.zoom(.5), "-": () => this.zoom(2), "0": () => this.fit(), "Escape": () => this.fit(),
			"ArrowLeft": () => this.move(-.2), "ArrowRight": () => this.move(.2),
		};
		if (!act[event.key])
			return;
		act[event.key]!();
		event.preventDefault();
		event.stopPropagation();
	}

	private top(): number {
		return AXIS + this.lanes.length * LANE + GAP;
	}

	private hit(event: MouseEvent): Func | null {
		const depth = Math.floor((event.offsetY - this.top()) / ROW), at = this.time(event.offsetX);
		if (depth < 0 || event.offsetX < this.left)
			return null;
		const slack = (this.to - this.from) / this.plotWidth();
		return this.journey?.funcs.find((func) => func.depth - this.base() === depth && at >= func.start - slack && at <= func.start + func.duration + slack) ?? null;
	}

	private base(): number {
		return this.journey?.funcs[0]?.depth ?? 0;
	}

	private into(event: MouseEvent): void {
		const func = this.hit(event);
		if (!func)
			return;
		const margin = Math.max(20, func.duration * .05);
		this.from = Math.max(0, func.start - margin);
		this.to = Math.min(this.journey!.duration, func.start + func.duration + margin);
		this.draw();
	}

	private pointer(event: PointerEvent): void {
		if (this.drag && event.buttons) {
			const span = this.drag.to - this.drag.from;
			const whole = this.journey?.duration ?? 1;
			this.from = Math.max(0, Math.min(whole - span, this.drag.from - (event.offsetX - this.drag.x) / this.plotWidth() * span));
			this.to = this.from + span;
			this.draw();
			return;
		}
		const { journey } = this;
		if (!journey)
			return;
		const func = this.hit(event);
		const at = this.time(event.offsetX);
		const wait = journey.waits.find(({ start, end }) => at >= start && at <= end);
		const lane = this.lanes[Math.floor((event.offsetY - AXIS) / LANE)];
		const request = lane === "device" ? journey.requests.find(({ start, end }) => at >= start && at <= end) : undefined;
		if (func)
			text(this.tip, `${visible(func.symbol)}: ${shown(func.duration)} (${shown(func.self)} its own), ${func.layer}, at ${shown(func.start)}`);
		else if (request)
			text(this.tip, `${visible(request.op)} of ${bytes(request.bytes)} to the device${visible(request.by)}: ${shown(request.end - request.start)}`);
		else if (wait && event.offsetY < this.top())
			text(this.tip, `Asleep for ${shown(wait.end - wait.start)} ${visible(wait.reason)}`);
	}

	private draw(): void {
		if (this.pending)
			return;
		this.pending = true;
		requestAnimationFrame(() => {
			this.pending = false;
			this.paint();
		});
	}

	private paint(): void {
		const { journey } = this;
		this.width = this.element.clientWidth;
		if (!journey || !this.width)
			return;
		this.left = this.width < 520 ? 76 : 92;
		const depths = Math.min(MOST_ROWS, 1 + journey.funcs.reduce((most, func) => Math.max(most, func.depth - this.base()), 0));
		const height = this.top() + depths * ROW + 8;
		const scale = devicePixelRatio || 1;
		this.canvas.width = this.width * scale;
		this.canvas.height = height * scale;
		this.canvas.style.setProperty("height", `${height}px`);
		const context = this.canvas.getContext("2d");
		if (!context)
			return;
		context.scale(scale, scale);
		context.textBaseline = "middle";
		this.axis(context, height);
		this.way(context, journey);
		this.functions(context, journey);
	}

	private axis(context: CanvasRenderingContext2D, height: number): void {
		context.font = "11px " + getComputedStyle(this.element).fontFamily;
		const span = this.to - this.from;
		const wanted = Math.max(2, Math.floor(this.plotWidth() / 90));
		const power = 10 ** Math.floor(Math.log10(span / wanted));
		const step = power * ([1, 2, 5, 10].find((n) => span / (n * power) <= wanted) ?? 10);
		context.textAlign = "center";
		for (let at = Math.ceil(this.from / step) * step; at <= this.to; at += step) {
			const x = Math.round(this.x(at)) + .5;
			context.strokeStyle = colour("grid");
			context.beginPath();
			context.moveTo(x, AXIS);
			context.lineTo(x, height);
			context.stroke();
			context.fillStyle = colour("muted");
			if (x > this.left + 8 && x < this.width - 20)
				context.fillText(shown(at), x, AXIS / 2);
		}
		context.textAlign = "left";
		this.lanes.forEach((layer, i) => {
			context.fillStyle = colour("ink");
			context.fillText(layer, 2, AXIS + (i + .5) * LANE);
		});
	}

	private way(context: CanvasRenderingContext2D, journey: Journey): void {
		const laneY = (layer: string): number => AXIS + (Math.max(0, this.lanes.indexOf(layer)) + .5) * LANE;
		const right = this.width - 8;
		context.save();
		context.beginPath();
		context.rect(this.left, 0, right - this.left, this.top());
		context.clip();
		for (const wait of journey.waits) {
			const x0 = Math.max(this.left, this.x(wait.start)), x1 = Math.min(right, this.x(wait.end));
			if (x1 <= x0)
				continue;
			context.fillStyle = colour("raised");
			context.fillRect(x0, AXIS, x1 - x0, this.lanes.length * LANE);
			if (x1 - x0 > 60) {
				context.fillStyle = colour("muted");
				context.textAlign = "center";
				context.fillText(`asleep ${shown(wait.end - wait.start)}`, (x0 + x1) / 2, AXIS + LANE / 2);
				context.textAlign = "left";
			}
		}
		for (const request of journey.requests) {
			const x0 = this.x(request.start), x1 = Math.max(this.x(request.end), this.x(request.start) + 2);
			context.fillStyle = seriesColour(layerColour("device")) + "55";
			context.fillRect(x0, laneY("device") - 9, x1 - x0, 18);
		}
		let lastX = -1, lastY = -1;
		for (const segment of journey.segments) {
			if (segment.end < this.from || segment.start > this.to || segment.layer === "waiting")
				continue;
			const x0 = this.x(segment.start), x1 = this.x(segment.end), y = laneY(segment.layer);
			if (x1 - lastX < .35)
				continue;
			context.strokeStyle = colour("muted");
			context.lineWidth = 1;
			if (lastY >= 0 && lastY !== y) {
				context.beginPath();
				context.moveTo(x0, lastY);
				context.lineTo(x0, y);
				context.stroke();
			}
			context.strokeStyle = seriesColour(layerColour(segment.layer));
			context.lineWidth = 8;
			context.beginPath();
			context.moveTo(x0, y);
			context.lineTo(Math.max(x1, x0 + 1), y);
			context.stroke();
			lastX = x1;
			lastY = y;
		}
		this.labels(context, journey, laneY("device") + 15);
		context.restore();
	}

	/* What the requests are, under their bars, where there is room */
	private labels(context: CanvasRenderingContext2D, journey: Journey, y: number): void {
		let end = 0;
		context.fillStyle = colour("muted");
		for (const request of journey.requests) {
			const label = `${visible(request.op)} ${bytes(request.bytes)}`;
			const x0 = this.x(request.start), width = context.measureText(label).width;
			if (this.x(request.end) - x0 > width && x0 >= end) {
				end = x0 + width + 12;
				context.fillText(label, x0, y);
			}
		}
	}

	private functions(context: CanvasRenderingContext2D, journey: Journey): void {
		const top = this.top(), right = this.width - 8, base = this.base();
		context.save();
		context.beginPath();
		context.rect(this.left, top, right - this.left, 4000);
		context.clip();
		const ends = new Float64Array(MOST_ROWS).fill(-1);
		context.font = "11px " + colour("mono");
		for (const func of journey.funcs) {
			const row = func.depth - base;
			if (row < 0 || row >= MOST_ROWS || func.start + func.duration < this.from || func.start > this.to)
				continue;
			const x0 = Math.max(this.left, this.x(func.start)), x1 = Math.min(right, this.x(func.start + func.duration));
			if (x1 < ends[row]! + .4)
				continue; /* under a pixel beside one that is drawn already */
			ends[row] = Math.max(x1, x0 + .6);
			context.fillStyle = seriesColour(layerColour(func.layer)) + "4d";
			context.fillRect(x0, top + row * ROW, Math.max(.8, x1 - x0 - .8), ROW - 2);
			if (x1 - x0 > 34) {
				context.fillStyle = colour("ink");
				const most = Math.floor((x1 - x0 - 8) / 6.7);
				const name = visible(func.symbol);
				context.fillText(name.length > most ? name.slice(0, Math.max(1, most - 1)) + "…" : name, x0 + 4, top + row * ROW + ROW / 2);
			}
		}
		context.restore();
		context.fillStyle = colour("muted");
		context.font = "11px " + getComputedStyle(this.element).fontFamily;
		context.fillText("functions", 2, top + ROW / 2);
	}
}
