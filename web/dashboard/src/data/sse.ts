// SPDX-License-Identifier: GPL-2.0-only
// sse.ts - server-sent events by fetch(), with our own reconnection
//
// Theory of operation
// EventSource hides why it failed, gives up at some errors and hammers at others, and hands out
// one event at a time. This reads the stream itself: messages come in batches, the place to go on
// at is sent as Last-Event-ID, and the pause between attempts doubles from half a second to ten.
// A stream that says nothing, not even a heartbeat, for fifteen seconds is dead.

export interface Message {
	event: string;
	data: string;
}

export type Link = "connecting" | "open" | "waiting" | "closed";

export interface StreamOptions {
	url: () => string;
	/** More headers of each request. */
	headers?: () => Record<string, string>;
	messages: (batch: Message[]) => void;
	/** Every change of the connection; @retry: ms until the next attempt. */
	link?: (state: Link, retry?: number) => void;
	/** Something came, a heartbeat at least. */
	heard?: () => void;
	/** The server will not have it (400, 401, 403): there is no use in asking again. */
	refused?: (why: string) => void;
}

const SILENCE = 15_000;
const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 10_000;

/** Splits a stream's text into messages; what is not complete stays for the next call. */
export class Parser {
	id = "";
	private rest = "";
	private event = "";
	private data: string[] = [];

	feed(chunk: string): Message[] {
		const batch: Message[] = [];
		/* A message may come in many chunks: only the new one is looked through */
		let from = 0;
		for (let at; (at = chunk.indexOf("\n", from)) >= 0; from = at + 1) {
			const raw = this.rest + chunk.slice(from, at);
			this.rest = "";
			const line = raw.endsWith("\r") ? raw.slice(0, -1) : raw;
			if (line === "") {
				if (this.data.length)
					batch.push({ event: this.event || "message", data: this.data.join("\n") });
				this.event = "";
				this.data = [];
				continue;
			}
			const colon = line.indexOf(":");
			if (colon === 0)
				continue;
			const name = colon < 0 ? line : line.slice(0, colon);
			const value = colon < 0 ? "" : line.slice(line[colon + 1] === " " ? colon + 2 : colon + 1);
			if (name === "data")
				this.data.push(value);
			else if (name === "event")
				this.event = value;
			else if (name === "id")
				this.id = value;
		}
		this.rest += chunk.slice(from);
		return batch;
	}
}

class Refused extends Error {}

async function reasonOf(answer: Response): Promise<string> {
	const body: unknown = await answer.json().catch(() => null);
	const said = (body as { error?: unknown } | null)?.error;
	const message = (said as { message?: unknown } | null)?.message ?? said;
	return typeof message === "string" ? message : `status ${answer.status}`;
}

export class Stream {
	private abort: AbortController | null = null;
	private timer: ReturnType<typeof setTimeout> | undefined;
	private pause = FIRST_PAUSE;
	private id = "";
	private running = false;

	constructor(private readonly options: StreamOptions) {}

	start(): void {
		if (this.running)
			return;
		this.running = true;
		this.pause = FIRST_PAUSE;
		void this.run();
	}

	stop(): void {
		this.running = false;
		clearTimeout(this.timer);
		this.abort?.abort();
		this.options.link?.("closed");
	}

	/** Begin again with another address; @forget: not where the last one ended. */
	restart(forget = true): void {
		this.stop();
		if (forget)
			this.id = "";
		this.start();
	}

	/** Do not wait for the pause to end. */
	hurry(): void {
		if (!this.running || this.abort)
			return;
		clearTimeout(this.timer);
		this.pause = FIRST_PAUSE;
		void this.run();
	}

	private async run(): Promise<void> {
		const abort = this.abort = new AbortController();
		let alarm: ReturnType<typeof setTimeout> | undefined;
		const wind = (): void => {
			clearTimeout(alarm);
			alarm = setTimeout(() => abort.abort(), SILENCE);
		};
		this.options.link?.("connecting");
		try {
			wind();
			await this.read(abort.signal, wind);
		} catch (error) {
			if (error instanceof Refused && this.abort === abort && this.running) {
				clearTimeout(alarm);
				this.abort = null;
				this.stop();
				this.options.refused?.(error.message);
				return;
			}
			/* other reasons do not matter: a pause, then again */
		}
		clearTimeout(alarm);
		abort.abort();
		if (this.abort !== abort || !this.running)
			return;
		this.abort = null;
		this.options.link?.("waiting", this.pause);
		this.timer = setTimeout(() => void this.run(), this.pause * (0.8 + 0.4 * Math.random()));
		this.pause = Math.min(LONGEST_PAUSE, this.pause * 2);
	}

	private async read(signal: AbortSignal, wind: () => void): Promise<void> {
		const headers: Record<string, string> = { Accept: "text/event-stream", ...this.options.headers?.() };
		if (this.id)
			headers["Last-Event-ID"] = this.id;
		const answer = await fetch(this.options.url(), { headers, signal, cache: "no-store" });
		if ([400, 401, 403].includes(answer.status))
			throw new Refused(await reasonOf(answer));
		if (!answer.ok || !answer.body)
			throw new Error(String(answer.status));
		this.pause = FIRST_PAUSE;
		this.options.heard?.();
		this.options.link?.("open");
		const parser = new Parser();
		const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
		for (;;) {
			const { done, value } = await reader.read();
			if (done)
				return;
			wind();
			this.options.heard?.();
			const batch = parser.feed(value);
			this.id = parser.id || this.id;
			if (batch.length && !signal.aborted)
				this.options.messages(batch);
		}
	}
}
