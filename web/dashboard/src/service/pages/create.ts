// SPDX-License-Identifier: GPL-2.0-only
// create.ts - the form for a new sandbox, and the one for what can be changed of it

import { h } from "../../base/dom.ts";
import { sandboxPath, type Sandbox, type Snapshot, type Template } from "../api.ts";
import { ask, field, pairs } from "../dialogs.ts";
import type { Context } from "../page.ts";

const NETWORKS = [["", "None"], ["public", "The internet, not the host's networks"], ["any", "Everything"]] as const;

const number = (name: string, value: number, min: number, max: number): HTMLInputElement =>
	h("input", { type: "number", name, value, min, max, step: 1, required: true, inputmode: "numeric" });
const lines = (name: string, placeholder: string, value = ""): HTMLTextAreaElement =>
	h("textarea", { name, rows: 2, placeholder, spellcheck: "false" }, value);

function timeouts(now: Pick<Sandbox, "timeout_sec" | "idle_timeout_sec" | "on_timeout">): HTMLElement {
	return h("div", { class: "fieldset" },
		field("Time limit, seconds", number("timeout_sec", now.timeout_sec, 0, 2_592_000), "0: none"),
		field("Idle limit, seconds", number("idle_timeout_sec", now.idle_timeout_sec, 0, 2_592_000), "0: none"),
		field("Then", h("select", { name: "on_timeout" },
			h("option", { value: "pause", selected: now.on_timeout === "pause" }, "pause it"),
			h("option", { value: "kill", selected: now.on_timeout === "kill" }, "end it"))));
}

const timeoutsOf = (data: FormData): Record<string, unknown> => ({
	timeout_sec: Number(data.get("timeout_sec")), idle_timeout_sec: Number(data.get("idle_timeout_sec")), on_timeout: String(data.get("on_timeout")),
});

/** Ask what it is to be and make it; its page opens. @snapshot: that it goes on from. */
export async function createSandbox(context: Context, snapshot = ""): Promise<void> {
	const { api, service } = context;
	/* Lists that cannot be had are empty: base is always there */
	const [templates, snapshots] = await Promise.all([
		api.get<{ templates: Template[] }>("/v1/templates").then((answer) => answer.templates, () => [] as Template[]),
		api.get<{ snapshots: Snapshot[] }>("/v1/snapshots").then((answer) => answer.snapshots, () => [] as Snapshot[]),
	]);
	const names = ["base", ...templates.map(({ name }) => name).filter((name) => name !== "base")];
	const size = h("div", { class: "fieldset" },
		field("CPUs", number("vcpus", 1, 1, 64)), field("Memory, MiB", number("memory_mb", 512, 64, 1 << 20)),
		field("Disk, MiB", number("disk_mb", 1024, 64, 1 << 24)));
	const source = h("select", { name: "source", autofocus: true, change: () => { size.hidden = source.value.startsWith("snapshot:"); } },
		h("optgroup", { label: "Templates" }, ...names.map((name) => h("option", { value: `template:${name}` }, name))),
		snapshots.length ? h("optgroup", { label: "Snapshots" }, ...snapshots.map(({ name }) => h("option", { value: `snapshot:${name}`, selected: name === snapshot }, name))) : null);
	size.hidden = source.value.startsWith("snapshot:");
	await ask({
		title: "New sandbox", name: "create", action: "Create", wide: true,
		body: [
			field("Start from", source), size,
			timeouts({ timeout_sec: 0, idle_timeout_sec: 0, on_timeout: "pause" }),
			field("Network", h("select", { name: "network" }, ...NETWORKS.map(([value, label]) => h("option", { value }, label)))),
			field("Metadata", lines("metadata", "name=value, one a line")),
			field("Environment", lines("env", "NAME=value, one a line")),
		],
		submit: async (data) => {
			const [kind, ...name] = String(data.get("source")).split(":");
			const network = String(data.get("network"));
			const made = await api.post<Sandbox>("/v1/sandboxes", {
				[kind!]: name.join(":"), ...timeoutsOf(data),
				...(kind === "snapshot" ? {} : { vcpus: Number(data.get("vcpus")), memory_mb: Number(data.get("memory_mb")), disk_mb: Number(data.get("disk_mb")) }),
				...(network ? { network: { mode: network } } : {}),
				metadata: pairs(String(data.get("metadata")), "Metadata"), env: pairs(String(data.get("env")), "Environment"),
			});
			service.put(made);
			location.hash = `sandbox/${made.id}`;
		},
	});
}

/** Change deadlines and metadata of one. */
export function changeSandbox({ api, service }: Context, sandbox: Sandbox): Promise<boolean> {
	return ask({
		title: "Change the sandbox", name: "change", action: "Change",
		body: [
			timeouts(sandbox),
			field("Metadata", lines("metadata", "name=value, one a line",
				Object.entries(sandbox.metadata).map(([name, value]) => `${name}=${value}`).join("\n")), "A time limit counts from now."),
		],
		submit: async (data) => {
			service.put(await api.call<Sandbox>("PATCH", sandboxPath(sandbox.id), { ...timeoutsOf(data), metadata: pairs(String(data.get("metadata")), "Metadata") }));
		},
	});
}
