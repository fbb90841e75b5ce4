// SPDX-License-Identifier: GPL-2.0-only
// tree.ts - snapshots as the tree that they are: which came from which, and what stands where
//
// A snapshot's parent is what its sandbox had gone on from. Sandboxes are leaves: they stand at the
// snapshot that they went on from last.

import { h, text, visible } from "../../base/dom.ts";
import { Table } from "../../parts/table.ts";
import { fork, pauseOrResume, snapshot as takeSnapshot } from "../actions.ts";
import { words, type Snapshot } from "../api.ts";
import { attempt, sure } from "../dialogs.ts";
import { ago } from "../look.ts";
import type { Context, Tab } from "../page.ts";
import { createSandbox } from "../pages/create.ts";

/** A row of the tree: a snapshot, or a sandbox that stands there. */
interface Node { key: string; depth: number; order: number; snapshot?: Snapshot; sandbox?: string }

/** Rows in the order of the tree; @only: the sandbox whose tree it is, null for all. */
export function tree(list: Snapshot[], only: string | null): Node[] {
	const names = new Set(list.map(({ name }) => name));
	const below = new Map<string | null, Snapshot[]>();
	for (const one of list) {
		const parent = one.parent !== null && names.has(one.parent) ? one.parent : null;
		below.set(parent, [...below.get(parent) ?? [], one]);
	}
	const nodes: Node[] = [];
	const walk = (at: Snapshot, depth: number): void => {
		nodes.push({ key: `snapshot:${at.name}`, depth, order: nodes.length, snapshot: at });
		for (const sandbox of at.sandboxes)
			nodes.push({ key: `sandbox:${sandbox}`, depth: depth + 1, order: nodes.length, sandbox });
		for (const child of below.get(at.name) ?? [])
			walk(child, depth + 1);
	};
	const concerns = (at: Snapshot): boolean => only === null || at.sandbox_id === only || at.sandboxes.includes(only) || (below.get(at.name) ?? []).some(concerns);
	for (const root of below.get(null) ?? [])
		if (concerns(root))
			walk(root, 0);
	return nodes;
}

/** The tree as a table; @id: the sandbox that it is about, null for all. */
export function snapshotTree(context: Context, id: string | null): { element: HTMLElement; ask: () => Promise<void>; draw: () => void } {
	const { api, service } = context;
	let list: Snapshot[] = [];
	const problem = h("p", { class: "notice bad", role: "status", hidden: true });
	const rows = new WeakMap<HTMLElement, (node: Node) => void>();
	const table = new Table<Node>({
		name: "snapshots", key: ({ key }) => key, sort: "name", limit: 1000,
		empty: id ? "This sandbox has no snapshots. A snapshot keeps it as it is now, with all that runs in it." : "There are no snapshots. A sandbox's page takes them.",
		indent: ({ depth }) => depth, selected: () => id ? `sandbox:${id}` : null,
		open: ({ sandbox, snapshot }) => { location.hash = `sandbox/${sandbox ?? snapshot!.sandbox_id}${sandbox ? "" : "/snapshots"}`; },
		columns: [
			{ key: "name", label: "Snapshot", text: true, value: ({ snapshot, sandbox }) => snapshot?.name ?? sandbox!, order: ({ order }) => order, show: ({ snapshot, sandbox }) => snapshot ? `◆ ${snapshot.name}` : `● ${sandbox}${sandbox === id ? " (this one)" : ""}` },
			{ key: "from", label: "Of", text: true, minor: true, value: ({ snapshot, sandbox }) => snapshot?.sandbox_id ?? service.sandboxes.get(sandbox!)?.state ?? null },
			{ key: "template", label: "Template", text: true, minor: true, value: ({ snapshot }) => snapshot?.template ?? null },
			{ key: "created", label: "Taken", value: ({ snapshot }) => snapshot?.created_ms ?? null, show: ({ snapshot }) => snapshot ? ago(snapshot.created_ms) : "" },
			{
				key: "actions", label: "Actions", text: true, plain: true, value: () => null, cell: (node, cell) => {
					if (!rows.has(cell))
						rows.set(cell, nodeActions(cell));
					rows.get(cell)!(node);
				},
			},
		],
	});
	const take = h("button", { type: "button", class: "button primary", "data-action": "take-snapshot", hidden: !id || !context.may("exec"), click: () => { const now = service.sandboxes.get(id!); if (now) void takeSnapshot(context, now).then(ask); } }, "Take a snapshot…");
	table.element.querySelector(".push")!.after(take);

	function nodeActions(cell: HTMLElement): (node: Node) => void {
		let node: Node;
		const one = (name: string, label: string, what: () => unknown, style = ""): HTMLButtonElement =>
			h("button", { type: "button", class: `button ${style}`, "data-action": name, click: () => void what() }, label);
		const back = one("rollback", "Roll back…", () => sure("Roll back?", `${id} goes on from ${node.snapshot!.name}. What has happened in it since is lost, unless a snapshot has it.`, "Roll back", () => service.step(id!, "rollback", { snapshot: node.snapshot!.name })).then(ask));
		const start = one("start", "New sandbox…", () => createSandbox(context, node.snapshot!.name));
		const del = one("remove", "Delete…", () => sure("Delete the snapshot?", `${node.snapshot!.name} is removed. What came from it stays.`, "Delete", () => api.call("DELETE", `/v1/snapshots/${encodeURIComponent(node.snapshot!.name)}`)).then(ask), "danger");
		const forks = one("fork", "Fork", () => { const now = service.sandboxes.get(node.sandbox!); return now && fork(context, now).then(ask); });
		const pause = one("pause-resume", "Pause", () => { const now = service.sandboxes.get(node.sandbox!); return now && pauseOrResume(context, now); });
		const all = [back, start, del, forks, pause];
		cell.replaceChildren(h("span", { class: "actions", hidden: !context.may("exec") }, ...all));
		return (now) => {
			node = now;
			const state = now.sandbox ? service.sandboxes.get(now.sandbox)?.state : undefined;
			back.hidden = !id || !now.snapshot;
			back.disabled = !id || service.sandboxes.get(id)?.state !== "running";
			start.hidden = del.hidden = !now.snapshot;
			forks.hidden = pause.hidden = !now.sandbox;
			forks.disabled = state !== "running";
			pause.disabled = state !== "running" && state !== "paused";
			text(pause, state === "paused" ? "Resume" : "Pause");
			for (const each of all)
				each.setAttribute("aria-label", `${each.textContent} ${visible(now.snapshot?.name ?? now.sandbox!)}`);
		};
	}

	const draw = (): void => table.update(tree(list, id));
	async function ask(): Promise<void> {
		try {
			list = (await api.get<{ snapshots: Snapshot[] }>("/v1/snapshots")).snapshots;
			problem.hidden = true;
		} catch (error) {
			text(problem, words(error));
			problem.hidden = false;
		}
		draw();
	}

	return { element: h("div", { class: "stack" }, problem, table.element), ask, draw };
}

export function treeTab(context: Context, id: string): Tab {
	const made = snapshotTree(context, id);
	const forget = context.service.onEvent(() => void made.ask());
	return { element: made.element, show: () => void attempt(made.ask), update: made.draw, end: () => forget() };
}
