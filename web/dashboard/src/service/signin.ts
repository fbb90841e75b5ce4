// SPDX-License-Identifier: GPL-2.0-only
// signin.ts - the way in: an API key, which is exchanged for a session and then forgotten

import { h, text } from "../base/dom.ts";
import { words, type Api } from "./api.ts";

/** The form; @entered is called when a session has begun. */
export function signIn(api: Api, entered: () => void, why = ""): HTMLElement {
	const input = h("input", {
		type: "password", name: "key", required: true, autocomplete: "current-password", spellcheck: "false", placeholder: "e2b_…",
		"aria-describedby": "signin-hint signin-problem", autofocus: true,
	});
	const problem = h("p", { class: "notice bad", id: "signin-problem", role: "alert", hidden: !why }, why);
	const button = h("button", { class: "button primary" }, "Sign in");
	const form = h("form", {
		class: "card form signin", "data-form": "signin", submit: (event) => {
			event.preventDefault();
			void submit();
		},
	},
		h("h1", {}, "Sandboxes"),
		h("p", { class: "muted", id: "signin-hint" }, "Sign in with an API key of this service. It is not kept: the browser gets a session, which ends when you sign out, and after half a day without use."),
		h("label", { class: "field" }, h("span", {}, "API key"), input), problem,
		h("div", { class: "controls end" }, h("a", { class: "link", href: "/docs" }, "API reference"), h("span", { class: "push" }), button),
		h("p", { class: "note" }, "The first start of ", h("code", {}, "vitrined"), " prints a key; ", h("code", {}, "vitrined key"), " makes another one."));

	async function submit(): Promise<void> {
		button.disabled = true;
		problem.hidden = true;
		try {
			await api.signIn(input.value.trim());
			entered();
		} catch (error) {
			text(problem, words(error));
			problem.hidden = false;
			input.select();
			input.focus();
		}
		button.disabled = false;
	}
	return form;
}
