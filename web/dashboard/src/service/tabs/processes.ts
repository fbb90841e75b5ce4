// SPDX-License-Identifier: GPL-2.0-only
// processes.ts - what runs in a sandbox, and what commands of the service have written
//
// Commands that were started through the service keep their last output for some minutes after their
// end; it is read over .../exec/stream, from the past on. All processes of the guest are read from its
// /proc, when somebody asks: that is a command in the guest, and so counts as activity.

import { h, set, text, visible } from "../../base/dom.ts";
import { bytes } from "../../base/format.ts";
import { Table } from "../../parts/table.ts";
import { sandboxPath, words, type Executed, type Process } from "../api.ts";
import { attempt } from "../dialogs.ts";
import { ago } from "../look.ts";
import type { Context, Tab } from "../page.ts";

const EVERY_MS = 3000, LOG_CHARS = 400_000, PAGE = 4096;

interface Task { pid: number; parent: number; name: string; state: string; threads: number; resident: number }

/** Lines of /proc/PID/stat; a name may hold anything, brackets as well. */
export function tasks(stat: string): Task[] {
	return stat.split("\n").flatMap((line) => {
		const open = line.indexOf("("), close = line.lastIndexOf(")");
		if (open < 0 || close < open)
			return [];
		const rest = line.slice(close + 2).split(" ");
		return [{
			pid: Number(line.slice(0, open)), name: line.slice(open + 1, close), state: rest[0] ?? "?", parent: Number(rest[1]),
			threads: Number(rest[17]), resident: Number(rest[21]) * PAGE,
		}];
	});
}

export function processesTab({ api, service, may }: Context, id: string): Tab {
	let timer = 0, active = false, socket: WebSocket | null = null, shown = 0, written = 0;
	const problem = h("p", { class: "notice", role: "status", hidden: true });
	const rows = new WeakMap<HTMLElement, (process: Process) => void>();
	const commands = new Table<Process>({
		name: "commands", title: "Commands of the service", key: ({ pid, started_ms }) => `${pid}.${started_ms}`, sort: "-started", empty: "No command runs, and none has ended in the last minutes.",
		selected: () => shown ? [...known.values()].find(({ pid }) => pid === shown) ? `${shown}.${known.get(shown)!.started_ms}` : null : null,
		columns: [
			{ key: "pid", label: "Pid", value: ({ pid }) => pid },
			{ key: "command", label: "Command", text: true, value: ({ argv }) => argv.slice(0, 2).join(" ") === "/bin/sh -c" ? argv.slice(2).join(" ") : argv.join(" ") },
			{ key: "state", label: "State", text: true, plain: true, value: ({ ended_ms, exit_code }) => ended_ms ? exit_code === undefined ? "cut off" : `ended, ${exit_code}` : "runs" },
			{ key: "tag", label: "Tag", text: true, minor: true, value: ({ tag }) => tag ?? null },
			{ key: "started", label: "Started", minor: true, value: ({ started_ms }) => started_ms, show: ({ started_ms }) => ago(started_ms) },
			{
				key: "actions", label: "Actions", text: true, plain: true, value: () => null, cell: (process, cell) => {
					if (!rows.has(cell))
						rows.set(cell, commandActions(cell));
					rows.get(cell)!(process);
				},
			},
		],
	});
	const known = new Map<number, Process>();
	const output = h("pre", { class: "log", tabindex: "0", "aria-label": "Output", "data-log": "" });
	const logTitle = h("h3", {}, "Output");
	const log = h("section", { class: "card", hidden: true }, h("header", { class: "card-head" }, logTitle, h("span", { class: "push" }),
		h("button", { type: "button", class: "button", click: () => hideLog() }, "Close")), output);
	const all = new Table<Task>({
		name: "tasks", title: "All processes", key: ({ pid }) => pid, sort: "pid", empty: "Not asked for yet.",
		columns: [
			{ key: "pid", label: "Pid", value: ({ pid }) => pid },
			{ key: "name", label: "Name", text: true, value: ({ name }) => name },
			{ key: "state", label: "State", text: true, value: ({ state }) => state },
			{ key: "parent", label: "Parent", value: ({ parent }) => parent },
			{ key: "threads", label: "Threads", minor: true, value: ({ threads }) => threads },
			{ key: "resident", label: "Resident", value: ({ resident }) => resident, show: ({ resident }) => bytes(resident) },
		],
	});
	const askAll = h("button", { type: "button", class: "button", "data-action": "all-processes", hidden: !may("exec"), click: () => void attempt(everything) }, "Ask the guest");
	all.element.querySelector(".push")!.after(askAll);
	const element = h("div", { class: "stack" }, problem, commands.element, log, all.element);

	function commandActions(cell: HTMLElement): (process: Process) => void {
		let process: Process;
		const one = (name: string, label: string, what: () => unknown, style = ""): HTMLButtonElement =>
			h("button", { type: "button", class: `button ${style}`, "data-action": name, click: () => void what() }, label);
		const signal = (number: number) => () => attempt(async () => {
			await api.post(sandboxPath(id, `/processes/${process.pid}/signal`), { signal: number });
			await ask();
		});
		const log = one("output", "Output", () => showLog(process));
		const end = [one("terminate", "End", signal(15)), one("kill", "Kill", signal(9), "danger")];
		cell.replaceChildren(h("span", { class: "actions", hidden: !may("exec") }, log, ...end));
		return (now) => {
			process = now;
			for (const each of end)
				each.disabled = !!now.ended_ms;
			for (const each of [log, ...end])
				each.setAttribute("aria-label", `${each.textContent}: ${now.pid}`);
		};
	}

	async function ask(): Promise<void> {
		clearTimeout(timer);
		if (service.sandboxes.get(id)?.state === "running") {
			try {
				const { processes } = await api.get<{ processes: Process[] }>(sandboxPath(id, "/processes?ended=1"));
				processes.forEach((process) => known.set(process.pid, process));
				commands.update(processes);
				problem.hidden = true;
			} catch (error) {
				text(problem, words(error));
				problem.hidden = false;
			}
		} else {
			text(problem, "The sandbox does not run.");
			problem.hidden = false;
			commands.update([]);
		}
		if (active)
			timer = setTimeout(() => void ask(), EVERY_MS);
	}

	async function everything(): Promise<void> {
		const { stdout } = await api.post<Executed>(sandboxPath(id, "/exec"), { cmd: "cat /proc/[0-9]*/stat 2>/dev/null; :", timeout_sec: 20 });
		all.update(tasks(stdout));
	}

	function hideLog(): void {
		const was = socket;
		socket = null;
		was?.close();
		shown = 0;
		log.hidden = true;
	}

	async function showLog({ pid, argv }: Process): Promise<void> {
		hideLog();
		shown = pid;
		log.hidden = false;
		text(logTitle, `Output of ${pid}: ${visible(argv.at(-1) ?? "").slice(0, 80)}`);
		set(output);
		written = 0;
		output.focus();
		await attempt(async () => {
			const mine = socket = await api.socket(sandboxPath(id, "/exec/stream"));
			const decoders = { stdout: new TextDecoder(), stderr: new TextDecoder() };
			mine.onopen = () => mine.send(JSON.stringify({ type: "attach", pid, past: true }));
			mine.onmessage = ({ data }: MessageEvent<string>) => {
				if (socket !== mine)
					return;
				const message = JSON.parse(data) as { type: string; data?: string; encoding?: string; exit_code?: number; error?: { message: string } };
				if (message.type === "stdout" || message.type === "stderr")
					append(message.encoding === "base64" ? decoders[message.type].decode(Uint8Array.from(atob(message.data!), (c) => c.charCodeAt(0)), { stream: true }) : message.data!, message.type);
				else if (message.type === "exit")
					append(`\n[it has ended with status ${message.exit_code}]\n`, "note");
				else if (message.type === "error")
					append(`\n[${message.error?.message ?? "failed"}]\n`, "note");
			};
		});
	}

	/* Line ends and tabs are what they are; everything else that cannot be seen is written out */
	function append(said: string, kind: string): void {
		const follow = output.scrollTop + output.clientHeight >= output.scrollHeight - 24;
		const piece = said.split(/(\r?\n|\t)/).map((part, i) => i % 2 ? part.replace("\r", "") : visible(part)).join("");
		output.append(h("span", { "data-kind": kind }, piece));
		written += piece.length;
		while (written > LOG_CHARS && output.childElementCount > 1) {
			written -= output.firstElementChild!.textContent!.length;
			output.firstElementChild!.remove();
		}
		if (follow)
			output.scrollTop = output.scrollHeight;
	}

	return {
		element,
		show() {
			active = true;
			void ask();
		},
		hide() {
			active = false;
			clearTimeout(timer);
			hideLog();
		},
	};
}
