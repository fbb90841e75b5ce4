// SPDX-License-Identifier: GPL-2.0-only
// api.ts - calls to the service, as /openapi.yaml describes them, and the session that makes them
//
// The browser keeps one half of a session in a cookie that no script reads; this page keeps the other
// one and sends it as a header (service/pages/session.c says why). The key itself is not kept. What a
// browser does by itself (a WebSocket, a download) has no headers, and takes a ticket.

import { stored, store } from "../base/settings.ts";

export type State = "creating" | "running" | "pausing" | "paused" | "resuming" | "rolling" | "ending";
export type Scope = "read" | "exec" | "admin";

export interface Sandbox {
	id: string; template: string; state: State; reason?: string;
	vcpus: number; memory_mb: number; disk_mb: number;
	timeout_sec: number; idle_timeout_sec: number; on_timeout: "pause" | "kill";
	metadata: Record<string, string>;
	created_ms: number; started_ms: number; deadline_ms: number | null;
}
export interface Figures { id: string; timestamp_ms: number; cpu_pct: number; mem_bytes: number }
export interface Point { timestamp_ms: number; cpu_pct: number; mem_bytes: number; net: number }
export interface Metrics { step_ms: number; points: Point[] }
export interface Snapshot {
	name: string; sandbox_id: string; template: string; created_ms: number; parent: string | null; sandboxes: string[];
}
export interface Template { name: string; image: string; created_ms: number }
export interface Key { id: string; name: string; owner: string; scopes: Scope[]; created_ms: number }
export interface Audit { at_ms: number; key: string; action: string; object: string; outcome: string }
export interface File {
	path: string; name: string; type: "file" | "directory" | "symlink" | "other"; size: number; mode: number;
	owner?: string; group?: string; mtime_ms: number; target?: string;
}
export interface Process {
	pid: number; tag?: string; argv: string[]; cwd?: string; started_ms: number; ended_ms?: number; exit_code?: number;
}
export interface Executed { stdout: string; stderr: string; exit_code: number; encoding: "utf-8" | "base64"; truncated: boolean }
export interface Who { key: string; owner: string; scopes: Scope[]; version: string }
export interface Happened { at_ms: number; type: string; object: string }

/** What the service refused, or could not do, in its words; @code does not change. */
export class Fault extends Error {
	constructor(readonly status: number, readonly code: string, message: string) {
		super(message);
	}
}

/** What went wrong, as a sentence for the reader. */
export function words(error: unknown): string {
	if (error instanceof Fault)
		return error.message.charAt(0).toUpperCase() + error.message.slice(1) + (/[.!?]$/.test(error.message) ? "" : ".");
	if (error instanceof DOMException && error.name === "TimeoutError")
		return "The service has not answered in time.";
	if (error instanceof TypeError)
		return "The service does not answer.";
	return error instanceof Error ? error.message : String(error);
}

const SLOW = 120_000;

export class Api {
	/** The session is over: whoever looks has to sign in again. */
	over: () => void = () => undefined;
	private half = stored<string | null>("session", null);

	get signedIn(): boolean {
		return this.half !== null;
	}

	headers(): Record<string, string> {
		return this.half === null ? {} : { "X-Vitrine-Session": this.half };
	}

	private keep(half: string | null): void {
		this.half = half;
		store("session", half);
	}

	private async answer<T>(response: Response): Promise<T> {
		const text = await response.text();
		let body: unknown = null;
		try {
			body = text ? JSON.parse(text) : null;
		} catch {
			/* not ours: a proxy's page, perhaps */
		}
		if (!response.ok) {
			const said = (body as { error?: { code?: string; message?: string } } | null)?.error;
			if (response.status === 401 && this.half !== null) {
				this.keep(null);
				this.over();
			}
			throw new Fault(response.status, said?.code ?? "", said?.message ?? `the answer was ${response.status}`);
		}
		return body as T;
	}

	async call<T>(method: string, path: string, body?: unknown, timeout = SLOW): Promise<T> {
		return this.answer<T>(await fetch(path, {
			method, cache: "no-store", headers: { ...this.headers(), ...(body === undefined ? {} : { "Content-Type": "application/json" }) },
			...(body === undefined ? {} : { body: JSON.stringify(body) }), signal: AbortSignal.timeout(timeout),
		}));
	}

	get<T>(path: string, timeout = 20_000): Promise<T> {
		return this.call<T>("GET", path, undefined, timeout);
	}

	post<T>(path: string, body?: unknown): Promise<T> {
		return this.call<T>("POST", path, body);
	}

	async signIn(key: string): Promise<Who> {
		const made = await this.answer<Who & { session: string }>(await fetch("/v1/session", {
			method: "POST", headers: { "X-API-Key": key }, cache: "no-store", signal: AbortSignal.timeout(20_000),
		}));
		this.keep(made.session);
		return made;
	}

	async signOut(): Promise<void> {
		try {
			await this.call("DELETE", "/v1/session");
		} finally {
			this.keep(null);
		}
	}

	/** An address that works once, soon. @path: without a query, as the service sees it. */
	async ticket(path: string, query: Record<string, string | number> = {}): Promise<string> {
		const { ticket } = await this.post<{ ticket: string }>("/v1/session/ticket", { path });
		return `${path}?${new URLSearchParams({ ...Object.fromEntries(Object.entries(query).map(([name, value]) => [name, String(value)])), ticket })}`;
	}

	async socket(path: string, query: Record<string, string | number> = {}): Promise<WebSocket> {
		const address = await this.ticket(path, query);
		const socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}${address}`);
		socket.binaryType = "arraybuffer";
		return socket;
	}

	/** The content of a file, at most @limit bytes of it. */
	async read(id: string, path: string, limit: number): Promise<Uint8Array> {
		const response = await fetch(filesPath(id, "", { path }), {
			headers: { ...this.headers(), Range: `bytes=0-${limit - 1}` }, cache: "no-store", signal: AbortSignal.timeout(SLOW),
		});
		if (response.status === 416)
			return new Uint8Array();
		if (!response.ok)
			return this.answer<never>(response);
		return new Uint8Array(await response.arrayBuffer());
	}

	/** Write a file; @progress: of 1. */
	write(id: string, path: string, content: Blob, progress: (share: number) => void = () => undefined): Promise<void> {
		return new Promise((done, failed) => {
			const request = new XMLHttpRequest();
			request.open("PUT", filesPath(id, "", { path }));
			for (const [name, value] of Object.entries(this.headers()))
				request.setRequestHeader(name, value);
			request.upload.onprogress = (event) => event.lengthComputable && progress(event.loaded / event.total);
			request.onerror = () => failed(new TypeError("no answer"));
			request.onload = () => void this.answer(new Response(request.status === 204 ? null : request.responseText, { status: request.status })).then(() => done(), failed);
			request.send(content);
		});
	}
}

export const sandboxPath = (id: string, rest = ""): string => `/v1/sandboxes/${encodeURIComponent(id)}${rest}`;

/** Path of a call about files. */
export function filesPath(id: string, what: string, query: Record<string, string>): string {
	return `${sandboxPath(id, `/files${what}`)}?${new URLSearchParams(query)}`;
}
