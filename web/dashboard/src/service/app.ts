// SPDX-License-Identifier: GPL-2.0-only
// app.ts - the frame around the service's pages: signing in and out, navigation, theme, shortcuts

import { h, s, set, text } from "../base/dom.ts";
import { onTheme, theme, toggleTheme } from "../base/theme.ts";
import { Api, words, type Who } from "./api.ts";
import { attempt, noteArea } from "./dialogs.ts";
import type { Context, Page } from "./page.ts";
import { createSandbox } from "./pages/create.ts";
import { eventsPage } from "./pages/events.ts";
import { keysPage } from "./pages/keys.ts";
import { sandboxPage } from "./pages/sandbox.ts";
import { sandboxesPage } from "./pages/sandboxes.ts";
import { snapshotsPage } from "./pages/snapshots.ts";
import { templatesPage } from "./pages/templates.ts";
import { signIn } from "./signin.ts";
import { Service, type Phase } from "./state.ts";

const PHASE_LABEL: Record<Phase, string> = { connecting: "Connecting", live: "Live", disconnected: "Disconnected" };

const SHORTCUTS: [string, string][] = [
	["1 … 5", "go to a page by its place"],
	["n", "a new sandbox"],
	["/", "filter on this page"],
	["t", "dark or light"],
	["Esc", "close what is open; back to the list"],
	["Esc Shift+Tab", "out of the terminal"],
	["Ctrl+S", "save a file that is being edited"],
	["?", "this list"],
];

export class App {
	private readonly api = new Api();
	private readonly service = new Service(this.api);
	private who: Who | null = null;
	private pages: Page[] = [];
	private current: Page | null = null;
	private dirty = false;
	private readonly links = new Map<Page, HTMLAnchorElement>();
	private readonly pill = h("span", { class: "pill", role: "status", "data-phase": "connecting" });
	private readonly owner = h("bdi", { class: "sandbox", dir: "ltr" });
	private readonly create = h("button", { type: "button", class: "button primary", "data-action": "create", title: "New sandbox (n)", click: () => this.openCreate() }, "New sandbox");
	private readonly out = h("button", { type: "button", class: "button", "data-action": "sign-out", click: () => void this.signOut() }, "Sign out");
	private readonly themeButton = h("button", { type: "button", class: "button icon", "data-action": "theme", click: () => toggleTheme() });
	private readonly banner = h("p", { class: "banner", role: "alert", hidden: true });
	private readonly nav = h("nav", { class: "side", "aria-label": "Pages" });
	private readonly main = h("main", { id: "panel", tabindex: "-1" });
	private readonly help: HTMLDialogElement;

	constructor() {
		this.help = h("dialog", { class: "help", "aria-label": "Shortcuts" },
			h("h2", {}, "Shortcuts"),
			h("dl", {}, ...SHORTCUTS.flatMap(([key, what]) => [h("dt", {}, h("kbd", {}, key)), h("dd", {}, what)])),
			h("form", { method: "dialog" }, h("button", { class: "button primary" }, "Close")));
	}

	start(): void {
		document.body.replaceChildren(
			h("a", { class: "skip", href: "#panel", click: (event) => { event.preventDefault(); this.main.focus(); } }, "Skip to the content"),
			h("header", { class: "top" },
				h("a", { class: "brand", href: "#sandboxes" }, mark(), h("span", {}, "Vitrine")), this.owner, this.pill,
				h("span", { class: "push" }), this.create, this.out, this.themeButton,
				h("button", { type: "button", class: "button icon", "data-action": "help", "aria-label": "Shortcuts", title: "Shortcuts (?)", click: () => this.help.showModal() }, "?")),
			this.banner, h("div", { class: "frame" }, this.nav, this.main), noteArea(), this.help);
		document.addEventListener("keydown", (event) => this.key(event));
		addEventListener("hashchange", () => this.route());
		this.service.onChange(() => this.mark());
		setInterval(() => this.mark(), 1000);
		onTheme(() => this.showTheme());
		this.showTheme();
		this.api.over = () => this.leave("The session is over. Sign in again to go on.");
		void this.enter();
	}

	private async enter(): Promise<void> {
		if (!this.api.signedIn) {
			this.leave();
			return;
		}
		try {
			this.who = await this.api.get<Who>("/v1/session");
		} catch (error) {
			if (this.api.signedIn)
				this.say(`${words(error)} Trying again…`);
			if (this.api.signedIn)
				setTimeout(() => void this.enter(), 3000);
			return;
		}
		this.say("");
		this.show(true);
		const who = this.who;
		const context: Context = { api: this.api, service: this.service, who, may: (scope) => who.scopes.includes(scope) || who.scopes.includes("admin") };
		this.pages = [sandboxesPage(context), snapshotsPage(context), templatesPage(context), keysPage(context), eventsPage(context)];
		this.detail = sandboxPage(context);
		this.create.hidden = !context.may("exec");
		this.navigation();
		this.service.start();
		this.route();
	}
	private detail: Page | null = null;

	/* Nobody is signed in, or nobody any more */
	private leave(why = ""): void {
		this.current?.hide?.();
		this.current = this.detail = this.who = null;
		this.pages = [];
		this.service.stop();
		this.show(false);
		for (const dialog of document.querySelectorAll<HTMLDialogElement>("dialog[open]"))
			dialog.close();
		document.title = "Sign in – Vitrine";
		this.main.dataset["page"] = "signin";
		set(this.main, signIn(this.api, () => void this.enter(), why));
		this.main.querySelector<HTMLInputElement>("input")?.focus();
	}

	private show(inside: boolean): void {
		for (const element of [this.nav, this.pill, this.create, this.out, this.owner])
			element.hidden = !inside;
		this.nav.parentElement!.classList.toggle("outside", !inside);
		text(this.owner, this.who?.owner ?? "");
	}

	private async signOut(): Promise<void> {
		await attempt(() => this.api.signOut());
		this.leave();
	}

	private navigation(): void {
		this.links.clear();
		for (const page of this.pages)
			this.links.set(page, h("a", { class: "tab", href: `#${page.id}`, "data-page": page.id }, page.label));
		set(this.nav, h("div", { class: "tabs" }, ...this.links.values(), h("a", { class: "tab", href: "/docs" }, "API reference")));
	}

	private route(): void {
		if (!this.who)
			return;
		const [id, ...rest] = location.hash.slice(1).split("/").map((part) => { try { return decodeURIComponent(part); } catch { return part; } });
		const page = id === "sandbox" && rest[0] ? this.detail! : this.pages.find((one) => one.id === id) ?? this.pages[0]!;
		if (page !== this.current) {
			this.current?.hide?.();
			this.current = page;
			set(this.main, page.element);
			this.main.dataset["page"] = page.id;
			scrollTo(0, 0);
		}
		for (const [other, link] of this.links) {
			const here = other === page || (page === this.detail && other.id === "sandboxes");
			const strip = link.parentElement!;
			if (here) {
				link.setAttribute("aria-current", "page");
				strip.scrollLeft = link.offsetLeft - strip.clientWidth / 2 + link.offsetWidth / 2;
			} else
				link.removeAttribute("aria-current");
		}
		page.show?.(rest);
		this.mark();
	}

	private openCreate(): void {
		if (!this.who || this.create.hidden)
			return;
		void createSandbox({ api: this.api, service: this.service, who: this.who, may: () => true });
	}

	private key(event: KeyboardEvent): void {
		const target = event.target as HTMLElement;
		/* An open dialog has all keys, also when nothing in it has the focus */
		if (!this.who || document.querySelector("dialog[open]") || event.ctrlKey || event.metaKey || event.altKey || target.closest("input, select, textarea, dialog, .xterm"))
			return;
		const digit = Number(event.key);
		if (digit >= 1 && digit <= 9 && this.pages[digit - 1])
			location.hash = this.pages[digit - 1]!.id;
		else if (event.key === "t")
			toggleTheme();
		else if (event.key === "n")
			this.openCreate();
		else if (event.key === "?")
			this.help.showModal();
		else if (event.key === "Escape" && this.current === this.detail)
			location.hash = "sandboxes";
		else if (event.key === "/")
			this.main.querySelector<HTMLInputElement>("input[type=search]")?.focus();
		else
			return;
		event.preventDefault();
	}

	private showTheme(): void {
		const to = theme() === "dark" ? "light" : "dark";
		this.themeButton.setAttribute("aria-label", `Switch to the ${to} theme`);
		this.themeButton.title = `Switch to the ${to} theme (t)`;
		text(this.themeButton, to === "light" ? "☀" : "☾");
	}

	private say(message: string): void {
		text(this.banner, message);
		this.banner.hidden = !message;
	}

	private mark(): void {
		if (this.dirty || !this.who)
			return;
		this.dirty = true;
		requestAnimationFrame(() => {
			this.dirty = false;
			if (this.who)
				this.draw();
		});
	}

	private draw(): void {
		const { phase } = this.service;
		this.pill.dataset["phase"] = phase;
		text(this.pill, PHASE_LABEL[phase]);
		this.say(phase === "disconnected" ? "The connection to the service is lost. What you see is how it was then. Trying again…" : "");
		document.title = `${this.current?.label ?? "Sandboxes"} – Vitrine`;
		this.current?.update?.();
	}
}

function mark(): SVGSVGElement {
	return s("svg", { viewBox: "0 0 32 32", width: 26, height: 26, "aria-hidden": "true" },
		s("rect", { x: 2, y: 2, width: 28, height: 28, rx: 7, class: "mark-back" }),
		s("path", { d: "M7 20h4l3-10 4 14 3-9h4", class: "mark-line" }));
}
