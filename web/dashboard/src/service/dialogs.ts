// SPDX-License-Identifier: GPL-2.0-only
// dialogs.ts - questions, forms, and what has gone wrong
//
// A form stays open until what it asks for has been done; a refusal is shown in it, in the service's
// words, with everything that was typed still there.

import { h, set, text, visible, type Child } from "../base/dom.ts";
import { words } from "./api.ts";

const notes = h("div", { class: "toasts", role: "alert", "aria-live": "assertive" });

/** Where notes appear; once in the page. */
export const noteArea = (): HTMLElement => notes;

/** Say something that the reader has to see, for a while. */
export function note(message: string, tone: "bad" | "good" = "bad"): void {
	const close = h("button", { type: "button", class: "button icon plain", "aria-label": "Close", click: () => element.remove() }, "✕");
	const element = h("p", { class: "toast", "data-tone": tone }, h("span", {}, visible(message)), close);
	notes.append(element);
	while (notes.childElementCount > 4)
		notes.firstElementChild!.remove();
	setTimeout(() => element.remove(), tone === "bad" ? 15_000 : 5000);
}

/** Do something, and say what went wrong. Returns whether it went well. */
export async function attempt(what: () => Promise<unknown>): Promise<boolean> {
	try {
		await what();
		return true;
	} catch (error) {
		note(words(error));
		return false;
	}
}

export interface FormOptions {
	title: string;
	name: string;
	body: Child[];
	/** On the button that does it. */
	action: string;
	danger?: boolean;
	wide?: boolean;
	/** Throws what the service says against it. Another element is shown in place of the form. */
	submit: (data: FormData) => Promise<void | HTMLElement>;
}

/** Ask in a dialog. Resolves with whether it was done. */
export function ask(options: FormOptions): Promise<boolean> {
	return new Promise((resolve) => {
		let done = false;
		const problem = h("p", { class: "notice bad", role: "alert", hidden: true });
		const go = h("button", { class: `button ${options.danger ? "danger" : "primary"}`, "data-action": "submit" }, options.action);
		const cancel = h("button", { type: "button", class: "button", click: () => dialog.close() }, "Cancel");
		const content = h("div", { class: "dialog-body" }, ...options.body);
		const form = h("form", { class: "form", submit: (event) => { event.preventDefault(); void submit(); } },
			h("h2", { id: "dialog-title" }, options.title), content, problem,
			h("div", { class: "controls end" }, cancel, go));
		const dialog = h("dialog", { class: options.wide ? "wide" : null, "aria-labelledby": "dialog-title", "data-dialog": options.name, close: () => { dialog.remove(); resolve(done); } }, form);

		async function submit(): Promise<void> {
			go.disabled = true;
			problem.hidden = true;
			try {
				const shown = await options.submit(new FormData(form));
				done = true;
				if (!shown) {
					dialog.close();
					return;
				}
				set(content, shown);
				go.remove();
				text(cancel, "Close");
				cancel.focus();
			} catch (error) {
				text(problem, visible(words(error)));
				problem.hidden = false;
			}
			go.disabled = false;
			if (document.activeElement === document.body)
				go.focus();
		}

		document.body.append(dialog);
		dialog.showModal();
		dialog.querySelector<HTMLElement>("[autofocus], input, textarea, select")?.focus();
	});
}

/** Is the reader sure? What he agrees to is done while the dialog waits. */
export function sure(title: string, about: string, action: string, what: () => Promise<unknown>): Promise<boolean> {
	return ask({ title, name: "sure", body: [h("p", {}, visible(about))], action, danger: true, submit: async () => { await what(); } });
}

/** A field with its label; @hint: a sentence below it. */
export function field(label: string, input: HTMLElement, hint = ""): HTMLElement {
	return h("label", { class: "field" }, h("span", {}, label), input, hint ? h("small", { class: "muted" }, hint) : null);
}

/** "a=b" a line, as an object; throws with what is wrong. */
export function pairs(value: string, what: string): Record<string, string> {
	const found: Record<string, string> = {};
	for (const line of value.split("\n").map((one) => one.trim()).filter(Boolean)) {
		const at = line.indexOf("=");
		if (at < 1)
			throw new Error(`${what}: “${line.slice(0, 60)}” is not name=value.`);
		found[line.slice(0, at)] = line.slice(at + 1);
	}
	return found;
}
