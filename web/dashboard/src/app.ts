// SPDX-License-Identifier: GPL-2.0-only
// app.ts - the frame around the panels: state, navigation, window of time, theme, shortcuts
//
// Everything is drawn from one place: whatever is new marks the page, and the next animation frame
// draws the panel that is on show, twice a second at most.

import { stepFor, WINDOWS, type View } from "./data/store.ts";
import { h, s, set, text } from "./base/dom.ts";
import { clock, exact, timeOfDay } from "./base/format.ts";
import type { Live, Phase } from "./data/live.ts";
import type { Panel } from "./panels/panel.ts";
import { Moments } from "./parts/moments.ts";
import { onRange, range, setMoment, setRange } from "./parts/range.ts";
import { stored, store } from "./base/settings.ts";
import { theme, toggleTheme, onTheme } from "./base/theme.ts";

const PHASE_LABEL: Record<Phase, string> = {
	connecting: "Connecting", live: "Live", paused: "Paused", stalled: "No news", disconnected: "Disconnected", ended: "Ended",
	recording: "Recording",
};
const DRAW_EVERY = 480;

const SHORTCUTS: [string, string][] = [
	["1 … 9", "go to a page by its place"],
	["[ and ]", "the page before, the next page"],
	["Space", "pause and resume the observation, for all who watch"],
	["drag", "across a chart: look at that piece of time"],
	["Esc", "back to now"],
	["w", "widen the window of time"],
	["t", "dark or light"],
	["/", "filter on this page"],
	["?", "this list"],
];

export class App {
	private current: Panel | null = null;
	private span = stored<number>("window", 0);
	private dirty = false;
	private drawn = 0;
	private readonly tabs = new Map<Panel, HTMLButtonElement>();
	private readonly pill = h("span", { class: "pill", role: "status", "data-phase": "connecting" });
	private readonly name = h("bdi", { class: "sandbox", dir: "ltr" }, "");
	private readonly facts = h("span", { class: "facts" });
	private readonly pause = h("button", { type: "button", class: "button", "data-action": "pause", title: "Pause the observation, for all who watch", click: () => void this.togglePause() }, "Pause");
	private readonly reconnect = h("button", { type: "button", class: "button primary", "data-action": "reconnect", hidden: true, click: () => this.live.reconnect() }, "Reconnect");
	private readonly themeButton = h("button", { type: "button", class: "button icon", "data-action": "theme", click: () => toggleTheme() });
	private readonly windowChoice = h("select", { "aria-label": "Window of time", "data-action": "window", change: () => this.setWindow(this.windowChoice.selectedIndex) },
		...WINDOWS.map(({ label }, i) => h("option", { value: i }, label)));
	private readonly piece = h("button", { type: "button", class: "button piece", "data-action": "now", hidden: true, title: "Back to now (Esc)", click: () => setRange(null) });
	private readonly moments: Moments;
	private readonly banner = h("p", { class: "banner", role: "alert", hidden: true });
	private readonly main = h("main", { id: "panel", tabindex: "-1", role: "tabpanel" });
	private readonly help: HTMLDialogElement;

	constructor(private readonly live: Live, private readonly panels: Panel[]) {
		this.moments = new Moments(live);
		this.help = h("dialog", { class: "help", "aria-label": "Shortcuts" },
			h("h2", {}, "Shortcuts"),
			h("dl", {}, ...SHORTCUTS.flatMap(([key, what]) => [h("dt", {}, h("kbd", {}, key)), h("dd", {}, what)])),
			h("form", { method: "dialog" }, h("button", { class: "button primary" }, "Close")));
	}

	start(): void {
		document.body.replaceChildren(
			h("a", { class: "skip", href: "#panel", click: (event) => { event.preventDefault(); this.main.focus(); } }, "Skip to the content"),
			h("header", { class: "top" },
				h("span", { class: "brand" }, mark(), h("span", {}, "Vitrine")), this.name, this.pill, this.facts,
				h("span", { class: "push" }), this.reconnect, this.piece, this.windowChoice, this.pause, this.themeButton,
				h("button", { type: "button", class: "button icon", "aria-label": "Shortcuts", title: "Shortcuts (?)", click: () => this.help.showModal() }, "?")),
			this.moments.element, this.banner,
			h("div", { class: "frame" }, this.navigation(), this.main),
			this.help);
		this.windowChoice.selectedIndex = this.span = Math.max(0, Math.min(WINDOWS.length - 1, this.span));
		this.live.onChange(() => this.mark());
		this.live.onMove(() => this.current?.moved?.());
		onRange(() => this.showRange());
		setInterval(() => this.status(), 1000);
		document.addEventListener("keydown", (event) => this.key(event));
		addEventListener("hashchange", () => this.route());
		onTheme(() => this.showTheme());
		this.showTheme();
		this.status();
		this.route();
	}

	private navigation(): HTMLElement {
		const nav = h("nav", { class: "side", "aria-label": "Pages" });
		const list = h("div", { role: "tablist", "aria-orientation": "vertical", class: "tabs", keydown: (event) => this.arrow(event as KeyboardEvent) });
		let group = "";
		for (const panel of this.panels) {
			if (panel.group !== group)
				list.append(h("span", { class: "group", role: "presentation" }, group = panel.group));
			const tab = h("button", {
				type: "button", role: "tab", class: "tab", id: `tab-${panel.id}`, "aria-controls": "panel",
				"data-panel": panel.id, click: () => { location.hash = panel.id; },
			}, panel.label);
			this.tabs.set(panel, tab);
			list.append(tab);
		}
		nav.append(list);
		return nav;
	}

	private route(): void {
		const id = location.hash.slice(1).split("/")[0];
		this.go(this.panels.find((panel) => panel.id === id) ?? this.panels[0]!);
	}

	private go(panel: Panel): void {
		if (panel === this.current)
			return;
		this.current?.hide?.();
		this.current = panel;
		for (const [other, tab] of this.tabs) {
			tab.setAttribute("aria-selected", String(other === panel));
			tab.tabIndex = other === panel ? 0 : -1;
		}
		const tab = this.tabs.get(panel)!;
		const strip = tab.parentElement!;
		if (strip.scrollWidth > strip.clientWidth)
			strip.scrollLeft = tab.offsetLeft - strip.clientWidth / 2 + tab.offsetWidth / 2;
		this.main.setAttribute("aria-labelledby", `tab-${panel.id}`);
		set(this.main, h("h2", { class: "sr" }, panel.label), panel.element);
		this.main.dataset["panel"] = panel.id;
		scrollTo(0, 0);
		panel.show?.();
		this.drawn = 0;
		this.mark();
	}

	private step(by: number): void {
		const at = this.panels.indexOf(this.current!);
		location.hash = this.panels[(at + by + this.panels.length) % this.panels.length]!.id;
	}

	private arrow(event: KeyboardEvent): void {
		const by = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
		const at = this.panels.indexOf(this.current!);
		const to = event.key === "Home" ? 0 : event.key === "End" ? this.panels.length - 1
			: by ? (at + by + this.panels.length) % this.panels.length : -1;
		if (to < 0)
			return;
		event.preventDefault();
		location.hash = this.panels[to]!.id;
		this.tabs.get(this.panels[to]!)!.focus();
	}

	private key(event: KeyboardEvent): void {
		const target = event.target as HTMLElement;
		if (event.ctrlKey || event.metaKey || event.altKey || target.closest("input, select, textarea, dialog"))
			return;
		const digit = Number(event.key);
		if (digit >= 1 && digit <= 9 && this.panels[digit - 1])
			location.hash = this.panels[digit - 1]!.id;
		else if (event.key === "[" || event.key === "]")
			this.step(event.key === "]" ? 1 : -1);
		else if (event.key === "t")
			toggleTheme();
		else if (event.key === "w")
			this.setWindow((this.span + 1) % WINDOWS.length);
		else if (event.key === "Escape" && range())
			setRange(null);
		else if (event.key === "?")
			this.help.showModal();
		else if (event.key === " " && !target.closest("button, a, [role=tab], summary"))
			void this.togglePause();
		else if (event.key === "/")
			this.main.querySelector<HTMLInputElement>("input[type=search]")?.focus();
		else
			return;
		event.preventDefault();
	}

	private setWindow(index: number): void {
		this.span = this.windowChoice.selectedIndex = index;
		store("window", index);
		this.drawn = 0;
		this.mark();
	}

	private async togglePause(): Promise<void> {
		if (this.live.phase !== "live" && this.live.phase !== "paused")
			return;
		try {
			await this.live.control({ action: this.live.phase === "paused" ? "resume" : "pause" });
		} catch (error) {
			this.say(error instanceof Error ? error.message : String(error));
		}
	}

	private showTheme(): void {
		const to = theme() === "dark" ? "light" : "dark";
		this.themeButton.setAttribute("aria-label", `Switch to the ${to} theme`);
		this.themeButton.title = `Switch to the ${to} theme (t)`;
		text(this.themeButton, to === "light" ? "☀" : "☾");
		this.drawn = 0;
		this.mark();
	}

	private say(message: string): void {
		text(this.banner, message);
		this.banner.hidden = !message;
	}

	/* What the reader must know before believing what is on the page; nothing while it is live */
	private warning(): string {
		const { phase, snapshot, retryAt, heardAt, gone, pausedHere, recorded } = this.live;
		const others = (snapshot?.observation.readers ?? 1) > 1 ? `, for all ${exact(snapshot!.observation.readers)} who watch` : "";
		const wait = Math.max(0, Math.ceil((retryAt - Date.now()) / 1000));
		switch (phase) {
		case "ended":
			return `The sandbox has ended. What you see is how it was at the end${gone ? "; its server has gone as well: what is here is all that there is." : "."}`;
		case "paused":
			return `${pausedHere ? "You have paused the observation" : "Another reader has paused the observation"}${others}. The guest runs on; counters go on counting.`;
		case "stalled":
			return `The server has said nothing for ${exact((Date.now() - heardAt) / 1000)} s: it is stopped, or its machine is busy. What you see is how it was then.`;
		case "disconnected":
			return `The connection is lost. What you see is how it was then. ${wait ? `Next attempt in ${wait} s.` : "Trying again…"}`;
		case "recording":
			return recorded && !recorded.complete ? "The recording does not go on to the sandbox's end." : "";
		default:
			return "";
		}
	}

	private status(): void {
		const { phase, snapshot } = this.live;
		this.pill.dataset["phase"] = phase;
		text(this.pill, PHASE_LABEL[phase]);
		document.title = `${this.live.sandbox ? this.live.sandbox + " – " : ""}Vitrine${phase === "live" ? "" : ` (${PHASE_LABEL[phase]})`}`;
		text(this.name, this.live.sandbox);
		text(this.facts, snapshot ? `up ${clock(snapshot.uptime_ms / 1000)}` : "");
		text(this.pause, phase === "paused" ? "Resume" : "Pause");
		this.pause.hidden = phase !== "live" && phase !== "paused" && phase !== "stalled";
		this.reconnect.hidden = phase !== "disconnected" && !(phase === "ended" && this.live.gone);
		/* What stands still looks so */
		this.main.toggleAttribute("data-still", phase === "paused" || phase === "stalled" || phase === "disconnected");
		this.moments.update();
		this.say(this.warning());
	}

	private showRange(): void {
		const chosen = range();
		this.piece.hidden = !chosen;
		if (chosen)
			text(this.piece, `${timeOfDay(chosen.from)} – ${timeOfDay(chosen.to)} ✕`);
		this.drawn = 0;
		this.mark();
	}

	/* The piece of time that charts show */
	private view(): View {
		const { store } = this.live;
		const chosen = range();
		if (chosen)
			return store.view(chosen.to - chosen.from, stepFor(chosen.to - chosen.from), chosen.to);
		let { span, step }: { span: number; step: number } = WINDOWS[this.span]!;
		if (!span) {
			span = Math.max(10_000, store.latest() - store.earliest());
			step = stepFor(span);
		}
		return store.view(span, step);
	}

	private mark(): void {
		if (this.dirty)
			return;
		this.dirty = true;
		requestAnimationFrame((now) => this.frame(now));
	}

	/* All of a recording, unless somebody has chosen less */
	private told = false;
	private greet(): void {
		if (this.told || !this.live.recorded)
			return;
		this.told = true;
		this.span = this.windowChoice.selectedIndex = WINDOWS.length - 1;
	}

	private frame(now: number): void {
		if (this.drawn && now - this.drawn < DRAW_EVERY) {
			setTimeout(() => requestAnimationFrame((then) => this.frame(then)), DRAW_EVERY - (now - this.drawn));
			return;
		}
		this.dirty = false;
		this.drawn = now;
		this.greet();
		this.status();
		const panel = this.current;
		if (!panel)
			return;
		if (panel.charts?.length && this.live.store.latest()) {
			const view = this.view(), now = this.live.store.now(this.live.at);
			setMoment(this.live.recorded ? this.live.recorded.moment_ms : null);
			for (const chart of panel.charts)
				chart.draw(view, now);
		}
		panel.update?.(this.live);
	}
}

function mark(): SVGSVGElement {
	return s("svg", { viewBox: "0 0 32 32", width: 26, height: 26, "aria-hidden": "true" },
		s("rect", { x: 2, y: 2, width: 28, height: 28, rx: 7, class: "mark-back" }),
		s("path", { d: "M7 20h4l3-10 4 14 3-9h4", class: "mark-line" }));
}
