// SPDX-License-Identifier: GPL-2.0-only
// actions.ts - what a reader can do with a sandbox, wherever he sees it

import { h, text } from "../base/dom.ts";
import type { Sandbox } from "./api.ts";
import { ask, attempt, field, note, sure } from "./dialogs.ts";
import type { Context } from "./page.ts";

export function pauseOrResume({ service }: Context, { id, state }: Sandbox): Promise<boolean> {
	return attempt(() => service.step(id, state === "paused" ? "resume" : "pause"));
}

export function fork({ service }: Context, { id }: Sandbox): Promise<boolean> {
	return attempt(async () => {
		const made = await service.step(id, "fork");
		note(`${made.id} goes on from where ${id} is.`, "good");
	});
}

export function remove({ service }: Context, { id }: Sandbox): Promise<boolean> {
	return sure("Delete the sandbox?", `${id} ends, and what it has written is lost. Its snapshots stay.`, "Delete", () => service.remove(id));
}

export function snapshot({ service }: Context, { id }: Sandbox): Promise<boolean> {
	return ask({
		title: "Take a snapshot", name: "snapshot", action: "Take it",
		body: [
			h("p", { class: "muted" }, "The sandbox is written down with all that runs in it, and goes on."),
			field("Name", h("input", { type: "text", name: "name", required: true, maxlength: 64, pattern: "[a-zA-Z0-9][a-zA-Z0-9._\\-]*", autocomplete: "off" }), "Letters, digits, “.”, “_” and “-”"),
		],
		submit: async (data) => { await service.step(id, "snapshot", { name: String(data.get("name")) }); },
	});
}

/** Buttons for one; @compact: those of a row. The element stays, and show() changes it in place. */
export function actions(context: Context, compact: boolean): { element: HTMLElement; show: (sandbox: Sandbox) => void } {
	let sandbox: Sandbox;
	const button = (name: string, label: string, what: () => Promise<unknown>, style = ""): HTMLButtonElement =>
		h("button", { type: "button", class: `button ${style}`, "data-action": name, click: () => { void run(what); } }, label);
	const pause = button("pause-resume", "Pause", () => pauseOrResume(context, sandbox));
	const forks = button("fork", "Fork", () => fork(context, sandbox));
	const snap = button("snapshot", "Snapshot…", () => snapshot(context, sandbox));
	const del = button("delete", "Delete…", () => remove(context, sandbox), "danger");
	const all = compact ? [pause, del] : [pause, forks, snap, del];
	let busy = false;

	async function run(what: () => Promise<unknown>): Promise<void> {
		busy = true;
		show(sandbox);
		await what();
		busy = false;
		show(sandbox);
	}

	function show(now: Sandbox): void {
		sandbox = context.service.sandboxes.get(now.id) ?? now;
		const { state, id } = sandbox;
		text(pause, state === "paused" || state === "resuming" ? "Resume" : "Pause");
		pause.disabled = busy || (state !== "running" && state !== "paused");
		forks.disabled = snap.disabled = busy || state !== "running";
		del.disabled = busy || state === "ending";
		for (const one of all)
			one.setAttribute("aria-label", `${one.textContent} ${id}`);
	}

	return { element: h("span", { class: compact ? "actions" : "controls", hidden: !context.may("exec") }, ...all), show };
}
