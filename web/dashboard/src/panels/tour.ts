// SPDX-License-Identifier: GPL-2.0-only
// tour.ts - the guided tour as a page: what to type, what to watch, why it is so

import { h, text } from "../base/dom.ts";
import type { Live } from "../data/live.ts";
import type { Panel } from "./panel.ts";
import { experiments, type Experiment } from "../tour/tour.ts";

function copyButton(lines: string[]): HTMLElement {
	const button = h("button", {
		type: "button", class: "ghost small", click: () => {
			void navigator.clipboard?.writeText(lines.join("\n")).then(
				() => text(button, "Copied"), () => text(button, "Select it instead"));
		},
	}, "Copy");
	return button;
}

function details(experiment: Experiment, n: number, terminal: HTMLElement): HTMLElement {
	return h("details", { class: "card experiment", id: `tour-${experiment.id}`, open: n === 0 },
		h("summary", {}, h("span", { class: "ordinal" }, n + 1), h("span", {}, h("h3", {}, experiment.title), h("p", { class: "muted" }, experiment.goal))),
		h("div", { class: "command" }, h("pre", { tabindex: "0" }, experiment.command.join("\n")), copyButton(experiment.command)),
		h("ol", { class: "steps" }, ...experiment.steps.map((step) =>
			h("li", {}, step.text, " ", h("a", { href: `#${step.watch}` }, `Open ${step.watch}`)))),
		h("p", { class: "muted" }, "In a terminal of the host: ", terminal),
		...experiment.explanation.map((paragraph) => h("p", { class: "why" }, paragraph)));
}

/* docs/tour.md calls the sandbox "tour"; here it is the one that is looked at */
function name(command: string, sandbox: string): string {
	return sandbox ? command.replace(/\btour\b/g, sandbox) : command;
}

export function tour(live: Live): Panel {
	const lead = h("p", { class: "muted lead" });
	const terminals: [HTMLElement, string][] = [];
	function page(experiment: Experiment, n: number): HTMLElement {
		const terminal = h("code", {});
		terminals.push([terminal, experiment.terminal]);
		return details(experiment, n, terminal);
	}
	return {
		id: "tour", label: "Guided tour", group: "Learn",
		element: h("div", { class: "stack tour" },
			lead, ...experiments.map(page)),
		update() {
			text(lead, `Short experiments. Each has a command to run in a shell of the sandbox (vitrine exec ${live.sandbox || "NAME"} sh), what to watch here, and why it is so.`);
			for (const [element, command] of terminals)
				text(element, name(command, live.sandbox));
		},
		show() {
			const id = location.hash.split("/")[1];
			const chosen = id ? document.getElementById(`tour-${id}`) : null;
			if (chosen instanceof HTMLDetailsElement) {
				chosen.open = true;
				chosen.scrollIntoView();
			}
		},
	};
}
