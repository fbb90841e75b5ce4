// SPDX-License-Identifier: GPL-2.0-only
// panel.ts - what a page of the dashboard is

import type { Chart } from "../parts/chart.ts";
import { h } from "../base/dom.ts";
import type { Live } from "../data/live.ts";
import type { View } from "../data/store.ts";

export interface Panel {
	id: string;
	label: string;
	/** Heading in the navigation. */
	group: string;
	element: HTMLElement;
	charts?: Chart[];
	/** It came into sight, or went out of it. */
	show?(): void;
	hide?(): void;
	/** What the kernel says is another thing now: the sandbox has ended, a recording stands elsewhere. */
	moved?(): void;
	/** Something is new; at most twice a second, only while in sight. */
	update?(live: Live): void;
}

/** A view of the kernel that is asked for again and again while its panel is in sight. */
export class Poller {
	private timer = 0;
	private active = false;

	/** @ask never throws: it shows what went wrong itself. */
	constructor(private readonly every: number, private readonly ask: () => Promise<void>) {}

	/** What never changes need not be asked for again. */
	static still = (): boolean => false;

	start(): void {
		this.active = true;
		void this.round();
	}

	stop(): void {
		this.active = false;
		clearTimeout(this.timer);
	}

	now(): void {
		if (this.active)
			void this.round();
	}

	private async round(): Promise<void> {
		clearTimeout(this.timer);
		const begun = performance.now();
		if (!document.hidden)
			await this.ask();
		clearTimeout(this.timer);
		/* A list of thousands takes a while: the guest's kernel has other things to do, too */
		if (this.active && !Poller.still())
			this.timer = window.setTimeout(() => void this.round(), Math.max(this.every, 4 * (performance.now() - begun)));
	}
}

/** The place where a panel says that its data could not be had. */
export class Notice {
	readonly element = h("p", { class: "notice", role: "status", hidden: true });

	show(error: unknown): void {
		const reason = error instanceof DOMException && error.name === "TimeoutError" ? "no answer in time"
			: error instanceof TypeError ? "the server has ended, and this was not asked for before"
				: error instanceof Error ? error.message : String(error);
		this.element.textContent = `Not available now: ${reason}`;
		this.element.hidden = false;
	}

	clear(): void {
		this.element.hidden = true;
	}
}

/** A card with a heading. */
export function card(title: string, ...children: (Node | null)[]): HTMLElement {
	return h("section", { class: "card" }, h("header", { class: "card-head" }, h("h3", {}, title)), ...children);
}

export type { View };
