// SPDX-License-Identifier: GPL-2.0-only
// page.ts - a terminal at a machine that runs in this tab
//
// The machine is kept in the browser's database: when the button is pressed, when the page is hidden, and
// each minute in which it had something to do. The next time it goes on from there.
//
// Words behind "#" of the address choose what runs: #cmd=python3&memory=256. So a link is enough to
// show something to somebody.

import "./page.css";
import { FitAddon } from "@xterm/addon-fit";
import { SerializeAddon } from "@xterm/addon-serialize";
import { Terminal } from "@xterm/xterm";
import type { FromWorker, Settings, ToWorker } from "./protocol.ts";

const MEMORY = 128, MEMORY_LEAST = 64, MEMORY_MOST = 1024;
const KERNEL_LINES = 2000, SCREEN_LINES = 200, KEEP_MS = 60_000;

function element<T extends HTMLElement>(id: string): T {
	return document.getElementById(id) as T;
}

const status = element("status"), figures = element("figures"), log = element("log"), note = element("note");
const keepButton = element<HTMLButtonElement>("keep"), anewButton = element<HTMLButtonElement>("anew");
const terminal = new Terminal({
	fontFamily: '"JetBrains Mono", Hack, ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace',
	fontSize: 14,
	cursorBlink: true,
	screenReaderMode: true,
	scrollback: 5000,
	theme: { background: "#10151b", foreground: "#e3e8ee", cursor: "#6ba6ff", selectionBackground: "#31507a" },
});
const fit = new FitAddon(), serialize = new SerializeAddon();
const worker = new Worker(new URL("worker.js", document.baseURI), { type: "module" });
const lines: string[] = [];
let runs = false, busy = false;

function send(message: ToWorker): void {
	worker.postMessage(message);
}

function setStatus(text: string, state: "wait" | "run" | "end" | "bad"): void {
	status.textContent = text;
	status.dataset["state"] = state;
}

function mebibytes(bytes: number): string {
	return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}

function addKernel(text: string): void {
	lines.push(text);
	lines.splice(0, Math.max(0, lines.length - KERNEL_LINES));
	if (!element<HTMLDetailsElement>("kernel").open)
		return;
	log.textContent = lines.join("");
	log.scrollTop = log.scrollHeight;
}

function setNote(text: string): void {
	note.textContent = text;
}

function keep(): void {
	if (!runs)
		return;
	busy = false;
	keepButton.disabled = true;
	send({ kind: "keep", screen: serialize.serialize({ scrollback: SCREEN_LINES }) });
}

/** The relay that the server names in network.json, or none */
async function findRelay(): Promise<string> {
	try {
		const answer = await fetch(new URL("network.json", document.baseURI));
		const said = answer.ok ? await answer.json() as { relay?: unknown } : {};
		return typeof said.relay === "string" ? said.relay : "";
	} catch {
		return "";
	}
}

/** What the address asks for */
function settings(relay: string): Settings {
	const words = new URLSearchParams(location.hash.slice(1));
	const memory = Number(words.get("memory") ?? MEMORY);
	const command = words.get("cmd");

	return {
		base: document.baseURI,
		memory: Number.isFinite(memory) ? Math.min(MEMORY_MOST, Math.max(MEMORY_LEAST, Math.round(memory / 2) * 2)) : MEMORY,
		argv: ["sh", "-lc", `${command ? `${command}; ` : ""}if command -v bash >/dev/null; then exec bash -l; else exec sh -l; fi`],
		env: ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "USER=root",
			"TERM=xterm-256color", "LANG=C.UTF-8"],
		hostname: "tab",
		relay,
		rows: terminal.rows,
		columns: terminal.cols,
	};
}

worker.onmessage = (event: MessageEvent<FromWorker>) => {
	const message = event.data;

	switch (message.kind) {
	case "progress":
		setStatus(message.text, "wait");
		break;
	case "started":
		setStatus("running", "run");
		runs = true;
		keepButton.disabled = anewButton.disabled = false;
		if (message.screen !== null) {
			setNote(`goes on from ${new Date(message.when).toLocaleString()}`);
			terminal.write(message.screen);
		}
		terminal.focus();
		break;
	case "kept":
		keepButton.disabled = !runs;
		setNote(message.why === null ? `kept at ${new Date().toLocaleTimeString()}: ${mebibytes(message.bytes)} in ${Math.round(message.ms)} ms`
			: `not kept: ${message.why}`);
		break;
	case "forgotten":
		location.reload();
		break;
	case "note":
		setNote(message.text);
		break;
	case "output":
		busy = true;
		terminal.write(message.data, () => send({ kind: "shown", bytes: message.data.length }));
		break;
	case "kernel":
		addKernel(message.text);
		break;
	case "figures":
		figures.textContent = `${mebibytes(message.downloaded)} loaded, ${mebibytes(message.cached)} from the ` +
			`cache, ${mebibytes(message.memory)} of memory`;
		break;
	case "ended":
		runs = false;
		keepButton.disabled = true;
		setStatus(message.status ? `ended with status ${message.status}` : "ended", "end");
		terminal.write("\r\n\x1b[90m[the sandbox has ended; reload the page for a new one]\x1b[0m\r\n");
		break;
	case "failed":
		setStatus(message.why, "bad");
		break;
	}
};
worker.onerror = (event) => setStatus(`the machine has failed: ${event.message}`, "bad");

terminal.loadAddon(fit);
terminal.loadAddon(serialize);
terminal.open(element("terminal"));
fit.fit();
new ResizeObserver(() => fit.fit()).observe(element("terminal"));
terminal.onData((text) => send({ kind: "input", data: new TextEncoder().encode(text) }));
terminal.onBinary((text) => send({ kind: "input", data: Uint8Array.from(text, (c) => c.charCodeAt(0)) }));
terminal.onResize(({ rows, cols }) => send({ kind: "resize", rows, columns: cols }));
element("kernel").addEventListener("toggle", () => addKernel(""));
keepButton.addEventListener("click", () => {
	keep();
	terminal.focus();
});
anewButton.addEventListener("click", () => {
	runs = false;
	setStatus("starting anew", "wait");
	send({ kind: "forget" });
});
document.addEventListener("visibilitychange", () => {
	if (document.visibilityState === "hidden")
		keep();
});
setInterval(() => {
	if (busy)
		keep();
}, KEEP_MS);
void findRelay().then((relay) => send({ kind: "begin", settings: settings(relay) }));
