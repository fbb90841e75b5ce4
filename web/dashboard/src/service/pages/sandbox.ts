// SPDX-License-Identifier: GPL-2.0-only
// sandbox.ts - the page of one sandbox: what it is, what can be done, and tabs

import { guest, h, set, text, visible } from "../../base/dom.ts";
import { actions } from "../actions.ts";
import type { Sandbox } from "../api.ts";
import { showState } from "../look.ts";
import type { Context, Page, Tab } from "../page.ts";
import { filesTab } from "../tabs/files.ts";
import { overviewTab } from "../tabs/overview.ts";
import { processesTab } from "../tabs/processes.ts";
import { terminalTab } from "../tabs/terminal.ts";
import { treeTab } from "../tabs/tree.ts";

interface Kind {
	id: string;
	label: string;
	scope: "read" | "exec";
	make: (context: Context, id: string) => Tab;
}

const KINDS: Kind[] = [
	{ id: "overview", label: "Overview", scope: "read", make: overviewTab },
	{ id: "terminal", label: "Terminal", scope: "exec", make: terminalTab },
	{ id: "files", label: "Files", scope: "exec", make: filesTab },
	{ id: "processes", label: "Processes and logs", scope: "read", make: processesTab },
	{ id: "snapshots", label: "Snapshots", scope: "read", make: treeTab },
];

export function sandboxPage(context: Context): Page {
	const { service } = context;
	const kinds = KINDS.filter(({ scope }) => context.may(scope));
	let id = "", kind: Kind = kinds[0]!;
	let made = new Map<Kind, Tab>();
	const name = h("h1", {});
	const state = h("span");
	const reason = h("p", { class: "notice bad", role: "status", hidden: true });
	const gone = h("p", { class: "notice", role: "status", hidden: true }, "There is no such sandbox, or it has ended. ", h("a", { class: "link", href: "#sandboxes" }, "Back to the list"));
	const buttons = actions(context, false);
	const panel = h("div", { role: "tabpanel", class: "stack", id: "tab-panel" });
	const tabs = kinds.map((one) => h("button", {
		type: "button", role: "tab", class: "subtab", "data-tab": one.id, id: `subtab-${one.id}`, "aria-controls": "tab-panel",
		click: () => { location.hash = `sandbox/${id}/${one.id}`; },
	}, one.label));
	const list = h("div", { class: "subtabs", role: "tablist", "aria-label": "About this sandbox", keydown: (event) => arrow(event as KeyboardEvent) }, ...tabs);
	const element = h("div", { class: "stack" },
		h("div", { class: "page-head" }, h("a", { class: "link", href: "#sandboxes" }, "Sandboxes"), h("span", { class: "muted", "aria-hidden": "true" }, "/"), name, state, h("span", { class: "push" }), buttons.element),
		gone, reason, list, panel);

	function arrow(event: KeyboardEvent): void {
		const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
		if (!by)
			return;
		const next = (kinds.indexOf(kind) + by + kinds.length) % kinds.length;
		event.preventDefault();
		tabs[next]!.focus();
		tabs[next]!.click();
	}

	function leave(): void {
		made.get(kind)?.hide?.();
		for (const tab of made.values())
			tab.end?.();
		made = new Map();
		id = "";
	}

	const page: Page = {
		id: "sandbox", label: "Sandbox", element,
		show([wanted = "", sub]) {
			if (wanted !== id) {
				leave();
				id = wanted;
				set(name, guest(id));
				page.label = visible(id);
				if (!service.sandboxes.has(id))
					void service.refresh(id);
			} else {
				made.get(kind)?.hide?.();
			}
			kind = kinds.find((one) => one.id === sub) ?? kinds[0]!;
			tabs.forEach((tab, i) => {
				tab.setAttribute("aria-selected", String(kinds[i] === kind));
				tab.tabIndex = kinds[i] === kind ? 0 : -1;
				if (kinds[i] === kind)
					list.scrollLeft = tab.offsetLeft - list.clientWidth / 2 + tab.offsetWidth / 2;
			});
			panel.setAttribute("aria-labelledby", `subtab-${kind.id}`);
			if (!made.has(kind))
				made.set(kind, kind.make(context, id));
			set(panel, made.get(kind)!.element);
			made.get(kind)!.show?.();
		},
		hide: leave,
		update() {
			const sandbox: Sandbox | undefined = service.sandboxes.get(id);
			gone.hidden = !!sandbox || !service.loaded;
			buttons.element.hidden = !sandbox || !context.may("exec");
			state.hidden = !sandbox;
			reason.hidden = !sandbox?.reason;
			if (sandbox) {
				showState(state, sandbox.state);
				buttons.show(sandbox);
				text(reason, visible(sandbox.reason ?? ""));
			}
			made.get(kind)?.update?.();
		},
	};
	return page;
}
