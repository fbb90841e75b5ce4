// SPDX-License-Identifier: GPL-2.0-only
// live.ts - the connection to the server, and what came through it
//
// Theory of operation
// One stream brings rows of the history and the rare events, whatever is on show. The history is
// fetched first, and again after a break for what was missed; rows that come meanwhile wait, since
// the store takes them in order only. A snapshot is fetched each second while the page can be seen.
// The phase is the one thing that the reader is told: live, paused, disconnected, ended.

import { get, post, type GuestEvent, type History, type Observation, type Snapshot, type State,
	type StreamEvents } from "./api.ts";
import { Store, type ColumnInfo } from "./store.ts";
import { Stream, type Link, type Message } from "./sse.ts";

export type Phase = "connecting" | "live" | "paused" | "disconnected" | "ended";

interface Hello { state: State; sandbox: string; newest: number; columns: ColumnInfo[] }
interface Row { time_ms: number; values: (number | null)[] }

const RARE = "fork,exec,exit,signal,oom,oops";
const RARE_KEPT = 200;
const SNAPSHOTS_KEPT = 12;

export class Live {
	readonly store = new Store();
	/** Newest last: what "in the last ten seconds" is taken from. */
	readonly snapshots: Snapshot[] = [];
	/** Rare events, newest first. */
	readonly rare: GuestEvent[] = [];
	phase: Phase = "connecting";
	sandbox = "";
	/** When the next attempt is made (ms since 1970), while disconnected. */
	retryAt = 0;
	private state: State = "running";
	private link: Link = "connecting";
	private filling = false;
	private waiting: Row[] = [];
	private readonly listeners = new Set<() => void>();
	private readonly stream = new Stream({
		url: () => `/api/events?samples=fine&limit=100&kind=${RARE}`,
		messages: (batch) => this.take(batch),
		link: (link, retry) => {
			this.link = link;
			this.retryAt = retry ? Date.now() + retry : 0;
			this.settle();
		},
	});

	/** Called when rows, a snapshot, rare events or the phase are new. */
	onChange(listener: () => void): void {
		this.listeners.add(listener);
	}

	get snapshot(): Snapshot | undefined {
		return this.snapshots[this.snapshots.length - 1];
	}

	start(): void {
		this.stream.start();
		setInterval(() => void this.poll(), 1000);
		void this.poll();
		document.addEventListener("visibilitychange", () => {
			if (!document.hidden)
				this.stream.hurry();
		});
		addEventListener("online", () => this.stream.hurry());
	}

	/** Try again at once; after an end, with whatever sandbox is there now. */
	reconnect(): void {
		if (this.phase === "ended") {
			this.state = "running";
			this.stream.restart();
		} else {
			this.stream.hurry();
		}
		this.settle();
	}

	async control(body: Record<string, unknown>): Promise<Observation> {
		const { state, observation } = await post<{ state: State; observation: Observation }>("/api/control", body);
		this.state = state;
		this.settle();
		return observation;
	}

	private changed(): void {
		for (const listener of this.listeners)
			listener();
	}

	private settle(): void {
		const phase: Phase = this.state === "ended" ? "ended"
			: this.link === "open" ? (this.state === "paused" ? "paused" : "live")
				: this.phase === "connecting" && this.link === "connecting" ? "connecting" : "disconnected";
		this.phase = phase;
		this.changed();
	}

	private take(batch: Message[]): void {
		for (const { event, data } of batch) {
			try {
				this.handle(event, JSON.parse(data));
			} catch {
				/* a message that is no JSON says nothing */
			}
		}
		this.changed();
	}

	private handle(event: string, data: unknown): void {
		if (event === "hello") {
			this.hello(data as Hello);
		} else if (event === "sample") {
			const row = data as Row;
			if (this.filling)
				this.waiting.push(row);
			else
				this.store.push(row.time_ms, row.values);
		} else if (event === "events") {
			this.rare.unshift(...(data as StreamEvents).events.reverse());
			this.rare.length = Math.min(this.rare.length, RARE_KEPT);
		} else if (event === "state") {
			this.state = (data as { state: State }).state;
			if (this.state === "ended")
				this.stream.stop();
			this.settle();
		}
	}

	private hello(hello: Hello): void {
		if (this.sandbox && this.sandbox !== hello.sandbox)
			this.forget();
		this.sandbox = hello.sandbox;
		this.state = hello.state;
		this.settle();
		void this.fill(hello.columns);
	}

	private forget(): void {
		this.store.clear();
		this.snapshots.length = this.rare.length = 0;
	}

	private async fill(columns: ColumnInfo[]): Promise<void> {
		this.filling = true;
		try {
			const since = this.store.latest();
			const history = await get<History>("/api/history" + (since ? `?since=${since}` : ""));
			this.store.describe(history.columns);
			history.time_ms.forEach((ms, i) => this.store.push(ms, history.values.map((column) => column[i])));
		} catch {
			/* then the charts begin now */
		}
		this.store.describe(columns);
		for (const row of this.waiting.splice(0))
			this.store.push(row.time_ms, row.values);
		this.filling = false;
		this.changed();
	}

	private async poll(): Promise<void> {
		if (document.hidden || (this.snapshots.length && this.phase !== "live" && this.phase !== "paused"))
			return;
		try {
			const snapshot = await get<Snapshot>("/api/snapshot");
			if (this.snapshot && this.snapshot.sandbox.started_ms !== snapshot.sandbox.started_ms)
				this.forget();
			this.snapshots.push(snapshot);
			if (this.snapshots.length > SNAPSHOTS_KEPT)
				this.snapshots.shift();
			this.changed();
		} catch {
			/* the stream says when the server is gone */
		}
	}
}
