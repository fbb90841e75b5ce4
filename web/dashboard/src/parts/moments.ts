// SPDX-License-Identifier: GPL-2.0-only
// moments.ts - the bar of a recording: where it stands, and how to go elsewhere
//
// The moment is the server's: all who look at a recording look at the same one. While somebody drags,
// or it plays, one question at a time goes there, the newest one.

import { h, text } from "../base/dom.ts";
import { clock, timeOfDay } from "../base/format.ts";
import type { Live } from "../data/live.ts";

const PLAY_EVERY = 1000;

export class Moments {
	readonly element: HTMLElement;
	private readonly slider = h("input", {
		type: "range", min: 0, max: 1000, step: 1, "aria-label": "Moment of the recording",
		input: () => this.ask(this.from + Number(this.slider.value) / 1000 * (this.to - this.from)),
	});
	private readonly play = h("button", { type: "button", class: "button icon", "data-action": "play", click: () => this.toggle() });
	private readonly label = h("output", { class: "moment" });
	private from = 0;
	private to = 1;
	private at = 0;
	private wanted: number | null = null;
	private asking = false;
	private timer: number | undefined;

	constructor(private readonly live: Live) {
		this.element = h("div", { class: "moments", hidden: true }, this.play, this.slider, this.label);
		this.show();
	}

	/** What the server says; the slider is the reader's while they hold it. */
	update(): void {
		const { recorded } = this.live;
		this.element.hidden = !recorded;
		if (!recorded)
			return;
		this.from = recorded.from_ms;
		this.to = Math.max(recorded.to_ms, recorded.from_ms + 1);
		if (this.wanted === null && !this.asking) {
			this.at = recorded.moment_ms;
			this.slider.value = String(Math.round(1000 * (this.at - this.from) / (this.to - this.from)));
		}
		text(this.label, `${timeOfDay(this.at)}, ${clock((this.at - this.from) / 1000)} of ${clock((this.to - this.from) / 1000)}`);
	}

	private toggle(): void {
		if (this.timer) {
			this.stop();
			return;
		}
		if (this.at >= this.to - 1)
			this.ask(this.from);
		this.timer = window.setInterval(() => {
			if (this.at >= this.to - 1)
				this.stop();
			else
				this.ask(Math.min(this.to, this.at + PLAY_EVERY));
		}, PLAY_EVERY);
		this.show();
	}

	private stop(): void {
		clearInterval(this.timer);
		this.timer = undefined;
		this.show();
	}

	private show(): void {
		text(this.play, this.timer ? "❚❚" : "▶");
		this.play.setAttribute("aria-label", this.timer ? "Stop" : "Play");
	}

	private ask(ms: number): void {
		this.wanted = this.at = ms;
		this.slider.value = String(Math.round(1000 * (ms - this.from) / (this.to - this.from)));
		if (!this.asking)
			void this.go();
	}

	private async go(): Promise<void> {
		this.asking = true;
		while (this.wanted !== null) {
			const time_ms = this.wanted;
			this.wanted = null;
			await this.live.control({ action: "seek", time_ms }).catch(() => this.stop());
		}
		this.asking = false;
		this.update();
	}
}
