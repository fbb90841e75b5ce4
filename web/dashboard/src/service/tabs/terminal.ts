// SPDX-License-Identifier: GPL-2.0-only
// terminal.ts - a shell in the sandbox: xterm.js over the WebSocket .../pty
//
// The shell lives as long as its connection: through other tabs of this sandbox's page, until the page
// is left. What it writes is drawn by the terminal, which understands escape sequences and no markup.
// Its title and its clipboard stay the guest's wish: nothing outside of the terminal follows them.

import { FitAddon } from "@xterm/addon-fit";
import { Terminal } from "@xterm/xterm";
import { h, set, text } from "../../base/dom.ts";
import { colour, onTheme, theme } from "../../base/theme.ts";
import { sandboxPath, words } from "../api.ts";
import type { Context, Tab } from "../page.ts";
import { strictDocument } from "../strict.ts";

const MONO = '"JetBrains Mono", Hack, ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace';
const LIGHT = {
	black: "#17202b", red: "#b3212a", green: "#1a7f4b", yellow: "#8a5a05", blue: "#1a62c9", magenta: "#8a3fa8", cyan: "#14707f", white: "#566270",
	brightBlack: "#566270", brightRed: "#c0292b", brightGreen: "#1a7f4b", brightYellow: "#93600a", brightBlue: "#2f6fd0", brightMagenta: "#9a4fb8", brightCyan: "#2a8da0", brightWhite: "#17202b",
};
const AT_ONCE = 512 * 1024, BACKLOG = 4 * 1024 * 1024;

const colours = (): Record<string, string> => ({
	background: colour("card"), foreground: colour("ink"), cursor: colour("accent"), cursorAccent: colour("card"),
	selectionBackground: theme() === "dark" ? "#31507a" : "#bcd3f2", ...(theme() === "dark" ? {} : LIGHT),
});

export function terminalTab({ api, service }: Context, id: string): Tab {
	let socket: WebSocket | null = null, ended = false, begun = false, waiting = false;
	const status = h("span", { class: "muted", role: "status" });
	const again = h("button", { type: "button", class: "button", "data-action": "reconnect", hidden: true, click: () => void connect() }, "New shell");
	const box = h("div", { class: "terminal", "data-terminal": id });
	const element = h("section", { class: "card terminal-card", "aria-label": "Terminal" },
		h("header", { class: "card-head" }, h("h3", {}, "Shell"), status, h("span", { class: "push" }),
			h("span", { class: "muted note-keys" }, "Ctrl+Shift+C copies, Ctrl+Shift+V pastes; Esc, then Shift+Tab leaves"), again), box);
	const terminal = new Terminal({
		fontFamily: MONO, fontSize: 13, cursorBlink: true, screenReaderMode: true, scrollback: 5000, theme: colours(), documentOverride: strictDocument(),
		minimumContrastRatio: 4.5,
	});
	const fit = new FitAddon();
	terminal.loadAddon(fit);
	const say = (message: string): void => text(status, message);
	const forget = onTheme(() => { terminal.options.theme = colours(); });

	/* Tab belongs to the shell; a reader without a mouse has to get out all the same */
	let escaped = false;
	terminal.attachCustomKeyEventHandler((event) => {
		if (event.type === "keydown" && event.key !== "Shift") {
			if (escaped && event.key === "Tab" && event.shiftKey) {
				event.preventDefault();
				escaped = false;
				(again.hidden ? document.querySelector<HTMLElement>("[role=tab][aria-selected=true]") : again)?.focus();
				return false;
			}
			escaped = event.key === "Escape";
		}
		if (event.type === "keydown" && event.ctrlKey && event.shiftKey && event.code === "KeyC") {
			event.preventDefault();
			void navigator.clipboard?.writeText(terminal.getSelection());
			return false;
		}
		return true;
	});

	function send(data: string | Uint8Array): void {
		if (socket?.readyState === WebSocket.OPEN)
			socket.send(data);
	}

	/*
	 * A guest may write faster than the terminal draws, and a browser goes on reading a WebSocket
	 * all the same: what waits is bounded, and the oldest of it is left out.
	 */
	let drawing = 0, waitingBytes = 0, leftOut = false;
	const backlog: Uint8Array[] = [];
	function draw(data: Uint8Array): void {
		backlog.push(data);
		waitingBytes += data.length;
		while (waitingBytes > BACKLOG && backlog.length > 1) {
			waitingBytes -= backlog.shift()!.length;
			leftOut = true;
		}
		next();
	}
	function next(): void {
		while (backlog.length && drawing < AT_ONCE) {
			const data = backlog.shift()!;
			waitingBytes -= data.length;
			drawing += data.length;
			if (leftOut)
				terminal.write("\x1b[0m\r\n\x1b[7m[the guest writes too fast: some of it is left out]\x1b[0m\r\n");
			leftOut = false;
			terminal.write(data, () => {
				drawing -= data.length;
				next();
			});
		}
	}

	function told(message: { type?: string; exit_code?: number; error?: { message?: string } }): void {
		if (message.type === "exit")
			say(`The shell has ended with status ${message.exit_code ?? "?"}.`);
		else if (message.type === "error")
			say(`${message.error?.message ?? "It failed"}.`);
	}

	async function connect(): Promise<void> {
		if (socket || waiting || ended)
			return;
		again.hidden = true;
		if (service.sandboxes.get(id)?.state !== "running") {
			say("The sandbox does not run.");
			return;
		}
		waiting = true;
		say("Connecting…");
		try {
			const mine = socket = await api.socket(sandboxPath(id, "/pty"), { rows: terminal.rows, columns: terminal.cols, kill_on_close: 1 });
			let opened = false;
			mine.onopen = () => {
				opened = true;
				say("");
				again.hidden = true;
				fit.fit();
				terminal.focus();
			};
			mine.onmessage = ({ data }: MessageEvent<string | ArrayBuffer>) => typeof data === "string" ? told(JSON.parse(data) as object) : draw(new Uint8Array(data));
			mine.onclose = () => {
				if (socket !== mine)
					return;
				socket = null;
				if (!status.textContent)
					say(opened ? "The connection has ended." : "There is no connection.");
				again.hidden = ended;
			};
		} catch (error) {
			say(words(error));
			again.hidden = false;
		}
		waiting = false;
	}

	terminal.onData((typed) => send(new TextEncoder().encode(typed)));
	terminal.onBinary((typed) => send(Uint8Array.from(typed, (c) => c.charCodeAt(0))));
	terminal.onResize(({ rows, cols }) => send(JSON.stringify({ type: "resize", rows, columns: cols })));
	const watch = new ResizeObserver(() => { if (box.clientWidth) fit.fit(); });
	watch.observe(box);
	set(box);
	return {
		element,
		show() {
			if (!begun) {
				begun = true;
				terminal.open(box);
				terminal.textarea?.setAttribute("aria-label", `Terminal of ${id}`);
			}
			fit.fit();
			terminal.focus();
			void connect();
		},
		update() {
			const state = service.sandboxes.get(id)?.state;
			if (state === "running" && !socket && !waiting && status.textContent === "The sandbox does not run.")
				void connect();
			if (state && state !== "running" && !socket && !waiting && !status.textContent)
				say("The sandbox does not run.");
		},
		end() {
			ended = true;
			forget();
			watch.disconnect();
			socket?.close();
			terminal.dispose();
		},
	};
}
