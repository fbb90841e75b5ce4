// SPDX-License-Identifier: GPL-2.0-only
// files.ts - files of a sandbox: look around, take in and out, change small texts
//
// Every name is the guest's and is shown as text, with what cannot be seen written out. Downloads are the
// browser's own, by a ticket, so that a file of any size goes to the disk and not through this page.

import { guest, h, set, text, visible } from "../../base/dom.ts";
import { bytes } from "../../base/format.ts";
import { Table } from "../../parts/table.ts";
import { filesPath, sandboxPath, words, type File as Entry } from "../api.ts";
import { ask, attempt, field, note, sure } from "../dialogs.ts";
import { moment } from "../look.ts";
import type { Context, Tab } from "../page.ts";
import { editable, edit } from "./editor.ts";

const ROOT = "/";
const join = (directory: string, name: string): string => (directory === ROOT ? "" : directory) + "/" + name;
const parent = (path: string): string => path.slice(0, path.lastIndexOf("/")) || ROOT;
const rights = (mode: number): string => [6, 3, 0].map((shift) => ["r", "w", "x"].map((letter, i) => mode >> shift & 4 >> i ? letter : "-").join("")).join("");
const ICON: Record<Entry["type"], string> = { directory: "▸ ", file: "", symlink: "↪ ", other: "◦ " };

export function filesTab({ api, service }: Context, id: string): Tab {
	let here = "/root", turn = 0, runs = false;
	const problem = h("p", { class: "notice bad", role: "alert", hidden: true });
	const crumbs = h("nav", { class: "crumbs", "aria-label": "Path" });
	const progress = h("progress", { max: 1, value: 0, hidden: true, "aria-label": "Upload" });
	const picker = h("input", { type: "file", multiple: true, hidden: true, "data-action": "pick", change: () => { void upload([...picker.files ?? []]); } });
	const button = (name: string, label: string, click: () => void): HTMLButtonElement => h("button", { type: "button", class: "button", "data-action": name, click }, label);
	const tools = [
		button("up", "Up", () => void go(parent(here))),
		button("upload", "Upload…", () => picker.click()),
		button("new-file", "New file…", () => void makeFile()),
		button("mkdir", "New folder…", () => void makeFolder()),
		button("refresh", "Refresh", () => void go(here)),
	];
	const rows = new WeakMap<HTMLElement, (entry: Entry) => void>();
	const table = new Table<Entry>({
		name: "files", key: ({ name }) => name, sort: "name", limit: 2000, empty: "Nothing in here.",
		open: (entry) => void open(entry),
		columns: [
			{ key: "name", label: "Name", text: true, value: ({ name }) => name, order: ({ type, name }) => (type === "directory" ? "0" : "1") + name, show: ({ type, name, target }) => ICON[type] + name + (target ? ` → ${target}` : "") },
			{ key: "size", label: "Size", value: ({ size, type }) => type === "file" ? size : null, show: ({ size, type }) => type === "file" ? bytes(size) : "–" },
			{ key: "mode", label: "Rights", text: true, minor: true, value: ({ mode }) => rights(mode) },
			{ key: "owner", label: "Owner", text: true, minor: true, value: ({ owner, group }) => `${owner ?? "?"}:${group ?? "?"}` },
			{ key: "mtime", label: "Changed", minor: true, value: ({ mtime_ms }) => mtime_ms, show: ({ mtime_ms }) => moment(mtime_ms) },
			{
				key: "actions", label: "Actions", text: true, plain: true, value: () => null, cell: (entry, cell) => {
					if (!rows.has(cell))
						rows.set(cell, entryActions(cell));
					rows.get(cell)!(entry);
				},
			},
		],
	});
	const element = h("div", { class: "stack", "data-files": id, dragover: (event) => event.preventDefault(), drop: (event) => drop(event as DragEvent) },
		h("div", { class: "controls" }, crumbs, h("span", { class: "push" }), ...tools, picker), progress, problem, table.element);

	function entryActions(cell: HTMLElement): (entry: Entry) => void {
		let entry: Entry;
		const one = (name: string, label: string, what: () => unknown, style = ""): HTMLButtonElement =>
			h("button", { type: "button", class: `button ${style}`, "data-action": name, click: () => void what() }, label);
		const all = [
			one("download", "Download", () => download(entry)), one("edit", "Edit", () => change(entry)), one("rename", "Rename…", () => rename(entry)),
			one("remove", "Delete…", () => remove(entry), "danger"),
		];
		cell.replaceChildren(h("span", { class: "actions" }, ...all));
		return (now) => {
			entry = now;
			all[0]!.hidden = now.type !== "file";
			all[1]!.hidden = !editable(now);
			for (const each of all)
				each.setAttribute("aria-label", `${each.textContent} ${visible(now.name)}`);
		};
	}

	async function go(path: string): Promise<void> {
		const mine = ++turn;
		problem.hidden = true;
		if (service.sandboxes.get(id)?.state !== "running") {
			runs = false;
			text(problem, "The sandbox does not run: its files cannot be looked at.");
			problem.hidden = false;
			return;
		}
		runs = true;
		try {
			const { entries } = await api.get<{ entries: Entry[] }>(filesPath(id, "/list", { path, depth: "1" }));
			if (mine !== turn)
				return;
			here = path;
			table.update(entries);
			trail();
		} catch (error) {
			if (mine !== turn)
				return;
			text(problem, visible(words(error)));
			problem.hidden = false;
			trail();
		}
	}

	function trail(): void {
		let path = "";
		const steps = here.split("/").filter(Boolean).map((name) => {
			const to = path += `/${name}`;
			return h("button", { type: "button", class: "link", "aria-current": to === here ? "location" : null, click: () => void go(to) }, guest(name, 60));
		});
		set(crumbs, h("button", { type: "button", class: "link", "aria-label": "The root directory", click: () => void go(ROOT) }, "/"),
			...steps.flatMap((step, i) => i ? [h("span", { class: "muted", "aria-hidden": "true" }, "/"), step] : [step]));
		tools[0]!.disabled = here === ROOT;
		element.dataset["path"] = here;
	}

	async function open(entry: Entry): Promise<void> {
		if (entry.type === "directory")
			await go(entry.path);
		else if (entry.type === "symlink")
			await attempt(async () => {
				/* What it leads to: a directory can be listed, all else is a file to take */
				const to = entry.target!.startsWith("/") ? entry.target! : join(parent(entry.path), entry.target!);
				const found = await api.get<Entry>(filesPath(id, "/stat", { path: to }));
				await (found.type === "directory" ? go(found.path) : open(found));
			});
		else if (editable(entry))
			await change(entry);
		else if (entry.type === "file")
			await download(entry);
	}

	async function download({ path, name }: Entry): Promise<void> {
		await attempt(async () => {
			const link = h("a", { href: await api.ticket(sandboxPath(id, "/files"), { path }), download: name });
			document.body.append(link);
			link.click();
			link.remove();
		});
	}

	async function upload(files: File[]): Promise<void> {
		let done = 0;
		for (const file of files) {
			progress.hidden = false;
			const good = await attempt(() => api.write(id, join(here, file.name), file, (share) => { progress.value = (done + share) / files.length; }));
			if (!good)
				break;
			done++;
		}
		progress.hidden = true;
		picker.value = "";
		if (done)
			note(`${done === 1 ? files[0]!.name : `${done} files`} uploaded to ${here}`, "good");
		await go(here);
	}

	function drop(event: DragEvent): void {
		event.preventDefault();
		void upload([...event.dataTransfer?.files ?? []]);
	}

	async function change(entry: Entry): Promise<void> {
		await attempt(() => edit(api, id, entry.path));
		await go(here);
	}

	const nameField = (value = ""): HTMLElement => field("Name", h("input", { type: "text", name: "name", required: true, maxlength: 255, value, autocomplete: "off", spellcheck: "false" }));
	const nameOf = (data: FormData): string => {
		const name = String(data.get("name"));
		if (name === "." || name === ".." || name.includes("/"))
			throw new Error("A name has no “/” in it, and is neither “.” nor “..”.");
		return name;
	};

	async function makeFolder(): Promise<void> {
		await ask({ title: "New folder", name: "mkdir", action: "Make it", body: [nameField()], submit: async (data) => { await api.post(filesPath(id, "/mkdir", {}), { path: join(here, nameOf(data)) }); } });
		await go(here);
	}

	async function makeFile(): Promise<void> {
		let path = "";
		const made = await ask({ title: "New file", name: "new-file", action: "Edit it", body: [nameField()], submit: async (data) => { path = join(here, nameOf(data)); } });
		if (made)
			await attempt(() => edit(api, id, path, true));
		await go(here);
	}

	async function rename(entry: Entry): Promise<void> {
		await ask({
			title: "Rename", name: "rename", action: "Rename", body: [nameField(entry.name)],
			submit: async (data) => { await api.post(filesPath(id, "/rename", {}), { path: entry.path, to: join(parent(entry.path), nameOf(data)) }); },
		});
		await go(here);
	}

	async function remove(entry: Entry): Promise<void> {
		await sure("Delete it?", `${entry.path}${entry.type === "directory" ? " and all that is in it" : ""} is removed for good.`, "Delete", () => api.call("DELETE", filesPath(id, "", { path: entry.path })));
		await go(here);
	}

	return {
		element,
		show: () => void go(here),
		update() {
			if (!runs && service.sandboxes.get(id)?.state === "running")
				void go(here);
		},
	};
}
