// SPDX-License-Identifier: GPL-2.0-only
// keys.ts - API keys: what they may, and since when; a new one is shown once

import { h, text, visible } from "../../base/dom.ts";
import { Table } from "../../parts/table.ts";
import { words, type Key } from "../api.ts";
import { ask, field, sure } from "../dialogs.ts";
import { ago } from "../look.ts";
import type { Context, Page } from "../page.ts";

const SCOPES = [["read", "see sandboxes and figures"], ["exec", "make, change and delete sandboxes, run commands, files"], ["admin", "keys, templates, and all else"]] as const;
const LIMITS = [["max_sandboxes", "Sandboxes"], ["max_vcpus", "CPUs"], ["max_memory_mb", "Memory, MiB"], ["max_disk_mb", "Disk, MiB"], ["max_requests", "Requests a second"]] as const;

export function keysPage({ api, may, who }: Context): Page {
	const problem = h("p", { class: "notice", role: "status", hidden: may("admin") }, "Keys are shown to keys with the scope admin.");
	const rows = new WeakMap<HTMLElement, (key: Key) => void>();
	const table = new Table<Key>({
		name: "keys", key: ({ id }) => id, sort: "created",
		columns: [
			{ key: "name", label: "Key", text: true, value: ({ name }) => name, show: ({ name, id }) => name + (id === who.key ? " (yours)" : "") },
			{ key: "id", label: "Id", text: true, minor: true, value: ({ id }) => id },
			{ key: "owner", label: "Owner", text: true, value: ({ owner }) => owner },
			{ key: "scopes", label: "May", text: true, plain: true, value: ({ scopes }) => scopes.join(", ") },
			{ key: "created", label: "Made", minor: true, value: ({ created_ms }) => created_ms, show: ({ created_ms }) => ago(created_ms) },
			{
				key: "actions", label: "Actions", text: true, plain: true, value: () => null, cell: (key, cell) => {
					if (!rows.has(cell)) {
						let now = key;
						const button = h("button", {
							type: "button", class: "button danger", "data-action": "revoke",
							click: () => void sure("Revoke the key?", `Whoever uses ${now.name} is refused from now on, and whoever has signed in with it is signed out. Sandboxes stay.`, "Revoke", () => api.call("DELETE", `/v1/keys/${encodeURIComponent(now.id)}`)).then(load),
						}, "Revoke…");
						cell.replaceChildren(button);
						rows.set(cell, (next) => {
							now = next;
							button.disabled = next.id === who.key;
							button.setAttribute("aria-label", `Revoke ${visible(next.name)}`);
						});
					}
					rows.get(cell)!(key);
				},
			},
		],
	});
	const make = h("button", { type: "button", class: "button primary", "data-action": "new-key", hidden: !may("admin"), click: () => void create() }, "New key…");
	table.element.hidden = !may("admin");

	async function load(): Promise<void> {
		if (!may("admin"))
			return;
		try {
			table.update((await api.get<{ keys: Key[] }>("/v1/keys")).keys);
			problem.hidden = true;
		} catch (error) {
			text(problem, words(error));
			problem.hidden = false;
		}
	}

	/* What is shown once */
	function shown(key: string): HTMLElement {
		const copy = h("button", {
			type: "button", class: "button", "data-action": "copy",
			click: () => void navigator.clipboard?.writeText(key).then(() => text(copy, "Copied"), () => text(copy, "Not allowed")),
		}, "Copy");
		return h("div", { class: "stack" }, h("p", {}, "This is the key. It is shown this once: the service keeps its hash only."),
			h("div", { class: "secret" }, h("code", { "data-secret": "" }, key), copy));
	}

	async function create(): Promise<void> {
		const name = (label: string, of: string, value: string, hint = ""): HTMLElement => field(label, h("input", { type: "text", name: of, required: true, maxlength: 63, value, autocomplete: "off", spellcheck: "false" }), hint);
		await ask({
			title: "New key", name: "key", action: "Make it", wide: true,
			body: [
				h("div", { class: "fieldset" }, name("Name", "name", ""), name("Owner", "owner", who.owner, "Whose sandboxes it sees")),
				h("fieldset", { class: "scopes" }, h("legend", {}, "It may"),
					...SCOPES.map(([scope, about]) => h("label", {}, h("input", { type: "checkbox", name: "scope", value: scope, checked: scope !== "admin" }), h("b", {}, scope), about))),
				h("div", { class: "fieldset" }, ...LIMITS.map(([limit, label]) => field(label, h("input", { type: "number", name: limit, value: 0, min: 0, step: 1, required: true, inputmode: "numeric" })))),
				h("p", { class: "muted" }, "Limits are of what there is at a time; 0 is none."),
			],
			submit: async (data) => {
				const made = await api.post<{ key: string }>("/v1/keys", {
					name: String(data.get("name")), owner: String(data.get("owner")), scopes: data.getAll("scope"),
					...Object.fromEntries(LIMITS.map(([limit]) => [limit, Number(data.get(limit))])),
				});
				return shown(made.key);
			},
		});
		await load();
	}

	return {
		id: "keys", label: "Keys",
		element: h("div", { class: "stack" }, h("div", { class: "page-head" }, h("h1", {}, "Keys"), h("span", { class: "push" }), make), problem, table.element),
		show: () => void load(),
	};
}
