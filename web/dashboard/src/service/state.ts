// SPDX-License-Identifier: GPL-2.0-only
// state.ts - what is known of the sandboxes, kept true by the service's events
//
// Theory of operation
// The list is read once, and again whenever the stream of events begins anew or has been quiet for a
// while: another daemon on the same store tells its own listeners only. An event names a sandbox,
// which is asked for. What the reader himself has begun is shown at once, and is replaced by what the
// service says. Figures are asked for every two seconds, of all that run in one call, and only while
// somebody looks.

import { Stream, type Message } from "../data/sse.ts";
import { Fault, sandboxPath, type Api, type Figures, type Happened, type Sandbox, type State } from "./api.ts";

export type Phase = "connecting" | "live" | "disconnected";

const FIGURES_MS = 2000, AGAIN_MS = 15_000, KEPT = 500, MOST = 2000;

export class Service {
	phase: Phase = "connecting";
	readonly sandboxes = new Map<string, Sandbox>();
	readonly figures = new Map<string, Figures>();
	readonly happened: Happened[] = [];
	/** The list has come at least once. */
	loaded = false;
	/** There are more than are kept here. */
	more = false;
	private readonly listeners = new Set<() => void>();
	private readonly hearers = new Set<(event: Happened) => void>();
	private timers: number[] = [];
	private readonly stream: Stream;

	constructor(readonly api: Api) {
		this.stream = new Stream({
			url: () => "/v1/events", headers: () => api.headers(),
			messages: (batch) => this.messages(batch),
			link: (link) => {
				this.phase = link === "open" ? "live" : link === "connecting" && this.phase !== "disconnected" ? "connecting" : link === "waiting" ? "disconnected" : this.phase;
				if (link === "open")
					void this.reload();
				this.tell();
			},
			refused: () => void api.get("/v1/session").catch(() => undefined),
		});
	}

	start(): void {
		this.stream.start();
		this.timers = [
			setInterval(() => { if (!document.hidden) void this.measure(); }, FIGURES_MS),
			setInterval(() => { if (!document.hidden) void this.reload(); }, AGAIN_MS),
		];
		void this.measure();
	}

	stop(): void {
		this.stream.stop();
		this.timers.forEach((timer) => clearInterval(timer));
		this.hearers.clear();
		this.sandboxes.clear();
		this.figures.clear();
		this.happened.length = 0;
		this.loaded = false;
		this.phase = "connecting";
	}

	/** Something is new. */
	onChange(listener: () => void): () => void {
		this.listeners.add(listener);
		return () => this.listeners.delete(listener);
	}

	onEvent(listener: (event: Happened) => void): () => void {
		this.hearers.add(listener);
		return () => this.hearers.delete(listener);
	}

	private tell(): void {
		for (const listener of this.listeners)
			listener();
	}

	private messages(batch: Message[]): void {
		for (const { data } of batch) {
			const event = JSON.parse(data) as Happened;
			this.happened.unshift(event);
			this.happened.length = Math.min(this.happened.length, KEPT);
			if (event.type.startsWith("sandbox."))
				void this.refresh(event.object);
			for (const hearer of this.hearers)
				hearer(event);
		}
		this.tell();
	}

	async reload(): Promise<void> {
		const found = new Map<string, Sandbox>();
		let cursor: string | null = null;
		try {
			do {
				const page: { sandboxes: Sandbox[]; cursor: string | null } =
					await this.api.get(`/v1/sandboxes?limit=100${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ""}`);
				page.sandboxes.forEach((sandbox) => found.set(sandbox.id, sandbox));
				cursor = page.cursor;
			} while (cursor && found.size < MOST);
		} catch {
			return; /* the stream says that the connection is lost */
		}
		this.more = !!cursor;
		this.loaded = true;
		this.sandboxes.clear();
		found.forEach((sandbox, id) => this.sandboxes.set(id, sandbox));
		this.tell();
	}

	async refresh(id: string): Promise<void> {
		try {
			this.put(await this.api.get<Sandbox>(sandboxPath(id)));
		} catch (error) {
			if (error instanceof Fault && error.status === 404)
				this.drop(id);
		}
	}

	put(sandbox: Sandbox): void {
		this.sandboxes.set(sandbox.id, sandbox);
		this.tell();
	}

	private drop(id: string): void {
		this.sandboxes.delete(id);
		this.figures.delete(id);
		this.tell();
	}

	private async measure(): Promise<void> {
		try {
			const { figures } = await this.api.get<{ figures: Figures[] }>("/v1/figures");
			this.figures.clear();
			figures.forEach((one) => this.figures.set(one.id, one));
			this.tell();
		} catch {
			/* a gap */
		}
	}

	/** One step of a sandbox's life; it is shown as being under way until the service has answered. */
	async step(id: string, action: "pause" | "resume" | "fork" | "rollback" | "snapshot", body?: unknown): Promise<Sandbox> {
		const under: Partial<Record<string, State>> = { pause: "pausing", resume: "resuming", rollback: "rolling" };
		const now = this.sandboxes.get(id);
		if (now && under[action])
			this.put({ ...now, state: under[action]! });
		try {
			const made = await this.api.post<Sandbox>(sandboxPath(id, `/${action}`), body);
			this.put(made);
			return made;
		} catch (error) {
			await this.refresh(id);
			throw error;
		}
	}

	async remove(id: string): Promise<void> {
		const now = this.sandboxes.get(id);
		if (now)
			this.put({ ...now, state: "ending" });
		try {
			await this.api.call("DELETE", sandboxPath(id));
			this.drop(id);
		} catch (error) {
			await this.refresh(id);
			throw error;
		}
	}
}
