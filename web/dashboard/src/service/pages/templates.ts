// SPDX-License-Identifier: GPL-2.0-only
// templates.ts - names for images of the host, which sandboxes start from

import { h, text, visible } from "../../base/dom.ts";
import { Table } from "../../parts/table.ts";
import { words, type Template } from "../api.ts";
import { ask, field, sure } from "../dialogs.ts";
import { ago } from "../look.ts";
import type { Context, Page } from "../page.ts";

export function templatesPage({ api, may }: Context): Page {
	const problem = h("p", { class: "notice bad", role: "status", hidden: true });
	const rows = new WeakMap<HTMLElement, (template: Template) => void>();
	const table = new Table<Template>({
		name: "templates", key: ({ name }) => name, sort: "name", empty: "Only base, which is always there: the image that the service was started with.",
		columns: [
			{ key: "name", label: "Template", text: true, value: ({ name }) => name },
			{ key: "image", label: "Image of the host", text: true, value: ({ image }) => image },
			{ key: "created", label: "Made", value: ({ created_ms }) => created_ms, show: ({ created_ms }) => ago(created_ms) },
			{
				key: "actions", label: "Actions", text: true, plain: true, value: () => null, cell: (template, cell) => {
					if (!rows.has(cell)) {
						let now = template;
						const button = h("button", {
							type: "button", class: "button danger", "data-action": "remove", hidden: !may("admin"),
							click: () => void sure("Delete the template?", `${now.name} is forgotten. Its image stays, and sandboxes made from it.`, "Delete", () => api.call("DELETE", `/v1/templates/${encodeURIComponent(now.name)}`)).then(load),
						}, "Delete…");
						cell.replaceChildren(button);
						rows.set(cell, (next) => { now = next; button.setAttribute("aria-label", `Delete ${visible(next.name)}`); });
					}
					rows.get(cell)!(template);
				},
			},
		],
	});
	const make = h("button", { type: "button", class: "button primary", "data-action": "new-template", hidden: !may("admin"), click: () => void create() }, "New template…");

	async function load(): Promise<void> {
		try {
			table.update((await api.get<{ templates: Template[] }>("/v1/templates")).templates);
			problem.hidden = true;
		} catch (error) {
			text(problem, words(error));
			problem.hidden = false;
		}
	}

	async function create(): Promise<void> {
		const name = (label: string, of: string, hint: string): HTMLElement => field(label, h("input", { type: "text", name: of, required: true, maxlength: 64, autocomplete: "off", spellcheck: "false" }), hint);
		await ask({
			title: "New template", name: "template", action: "Make it", body: [name("Name", "name", ""), name("Image", "image", "As “vitrine image ls” on the host names it")],
			submit: async (data) => { await api.post("/v1/templates", { name: String(data.get("name")), image: String(data.get("image")) }); },
		});
		await load();
	}

	return {
		id: "templates", label: "Templates",
		element: h("div", { class: "stack" }, h("div", { class: "page-head" }, h("h1", {}, "Templates"), h("span", { class: "push" }), make), problem, table.element),
		show: () => void load(),
	};
}
