// SPDX-License-Identifier: GPL-2.0-only
// live.ts - the connection to the server, and what came through it
//
// Theory of operation
// One stream brings rows of the history and the rare events, whatever is on show. The history is
// fetched first, and again after a break for what was missed; rows that come meanwhile wait, since
// the store takes them in order only. A snapshot is fetched each second while the page can be seen.
//
// The phase is the one thing that the reader is told. A server that says nothing for as long as it
// never is silent is stalled, whatever the connection looks like. When the sandbox has ended all
// that can be asked is asked once more, so that nothing on the page depends on a server that may go
// away; whether it has gone is looked for now and then. A recording is a sandbox that has ended and
// can be taken to another moment.

import { get, post, type GuestEvent, type History, type Observation, type Recorded, type Snapshot, type State,
	type StateAnswer, type StreamEvents } from "./api.ts";
import { Store, type ColumnInfo } from "./store.ts";
import { Stream, type Link, type Message } from "./sse.ts";
import { keepViews } from "./views.ts";

export type Phase = "connecting" | "live" | "paused" | "stalled" | "disconnected" | "ended" | "recording";

interface Hello { state: State; sandbox: string; newest: number; columns: ColumnInfo[]; recorded: Recorded | null }
interface Row { time_ms: number; values: (number | null)[] }

const RARE = "fork,exec,exit,signal,oom,oops";
const RARE_KEPT = 200;
const SNAPSHOTS_KEPT = 12;
/* Rows come ten times a second, heartbeats each five */
const SILENCE_LIVE = 3000;
const SILENCE_PAUSED = 9000;
const LOOK_WHEN_ENDED = 5000;

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
	/** Since when the server has been silent, while stalled. */
	heardAt = Date.now();
	/** It has ended, and its server has gone as well. */
	gone = false;
	/** Not null: a recording, and where it stands. */
	recorded: Recorded | null = null;
	/** The pause was ours, not another reader's. */
	pausedHere = false;
	private state: State = "running";
	private link: Link = "connecting";
	private filling = false;
	private lookedAt = 0;
	private asking = false;
	private waiting: Row[] = [];
	private readonly listeners = new Set<() => void>();
	private readonly movers = new Set<() => void>();
	private readonly stream = new Stream({
		url: () => `/api/events?samples=fine&limit=100&kind=${RARE}`,
		messages: (batch) => this.take(batch),
		heard: () => { this.heardAt = Date.now(); },
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

	/** Called when views that were asked for are not what they were: an end, another moment. */
	onMove(listener: () => void): void {
		this.movers.add(listener);
	}

	get snapshot(): Snapshot | undefined {
		return this.snapshots[this.snapshots.length - 1];
	}

	/** What "now" is, in ms: the newest row, or where a recording stands. */
	get at(): number {
		return this.recorded ? Math.min(this.recorded.moment_ms, this.store.latest()) : this.store.latest();
	}

	/** Nothing changes any more by itself. */
	get over(): boolean {
		return this.state === "ended";
	}

	start(): void {
		this.stream.start();
		setInterval(() => void this.tick(), 1000);
		void this.poll();
		document.addEventListener("visibilitychange", () => {
			if (!document.hidden)
				this.stream.hurry();
		});
		addEventListener("online", () => this.stream.hurry());
	}

	/** Try again at once; after an end, with whatever sandbox is there now. */
	reconnect(): void {
		if (this.over && !this.recorded) {
			this.state = "running";
			this.gone = false;
			this.stream.restart();
		} else {
			this.stream.hurry();
		}
		this.settle();
	}

	async control(body: Record<string, unknown>): Promise<Observation> {
		const answer = await post<StateAnswer>("/api/control", body);
		this.pausedHere = body["action"] === "pause" || (this.pausedHere && body["action"] !== "resume");
		this.takeState(answer);
		this.settle();
		return answer.observation;
	}

	private changed(): void {
		for (const listener of this.listeners)
			listener();
	}

	private moved(): void {
		for (const listener of this.movers)
			listener();
		this.changed();
	}

	private settle(): void {
		const silence = Date.now() - this.heardAt;
		const stalled = silence > (this.state === "paused" || document.hidden ? SILENCE_PAUSED : SILENCE_LIVE);
		const phase: Phase = this.recorded ? (this.link === "open" || this.link === "connecting" && this.phase === "recording" ? "recording" : "disconnected")
			: this.over ? "ended"
				: this.link === "open" ? (stalled ? "stalled" : this.state === "paused" ? "paused" : "live")
					: this.phase === "connecting" && this.link === "connecting" ? "connecting" : "disconnected";
		if (phase !== "paused" && phase !== "stalled" && phase !== "disconnected")
			this.pausedHere = this.pausedHere && phase !== "live";
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
			this.takeState(data as StateAnswer);
			this.settle();
		}
	}

	private takeState({ state, recorded }: { state: State; recorded: Recorded | null }): void {
		const ended = state === "ended" && this.state !== "ended";
		const moved = recorded?.moment_ms !== this.recorded?.moment_ms;
		this.state = state;
		this.recorded = recorded;
		if (ended && !recorded)
			void this.windUp();
		else if (moved)
			void this.poll().then(() => this.lookBack()).then(() => this.moved());
	}

	private hello(hello: Hello): void {
		if (this.sandbox && this.sandbox !== hello.sandbox)
			this.forget();
		this.sandbox = hello.sandbox;
		this.takeState(hello);
		this.settle();
		void this.fill(hello.columns);
	}

	/* The sandbox is over: have all that its server knows, before that goes away, too */
	private async windUp(): Promise<void> {
		this.stream.stop();
		await Promise.all([this.poll(), this.fill([]), this.rare.length ? null : this.lookBack()]);
		await keepViews();
		this.moved();
	}

	/* The rare events up to now: what was told before this page was there */
	private async lookBack(): Promise<void> {
		const last = new Stream({
			url: () => `/api/events?samples=none&limit=${RARE_KEPT}&kind=${RARE}&last=${RARE_KEPT}`,
			messages: (batch) => {
				for (const { event, data } of batch) {
					if (event !== "events")
						continue;
					this.rare.splice(0, this.rare.length, ...(JSON.parse(data) as StreamEvents).events.reverse().slice(0, RARE_KEPT));
					last.stop();
				}
				this.changed();
			},
		});
		last.start();
		setTimeout(() => last.stop(), 2000);
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
		if (columns.length)
			this.store.describe(columns);
		for (const row of this.waiting.splice(0))
			this.store.push(row.time_ms, row.values);
		this.filling = false;
		this.changed();
	}

	/* A server that hangs must not keep us from seeing that it does */
	private async tick(): Promise<void> {
		this.settle();
		if (this.asking)
			return;
		this.asking = true;
		if (this.over && !this.recorded)
			await this.lookWhetherGone();
		else
			await this.poll(true);
		this.asking = false;
	}

	private async lookWhetherGone(): Promise<void> {
		if (document.hidden || this.gone || Date.now() < this.lookedAt + LOOK_WHEN_ENDED)
			return;
		this.lookedAt = Date.now();
		try {
			await fetch("/healthz", { cache: "no-store", signal: AbortSignal.timeout(4000) });
		} catch {
			this.gone = true;
		}
	}

	private async poll(routine = false): Promise<void> {
		if (routine && (document.hidden || (this.snapshots.length && this.phase !== "live" && this.phase !== "paused")))
			return;
		try {
			const snapshot = await get<Snapshot>("/api/snapshot");
			if (this.snapshot && this.snapshot.sandbox.started_ms !== snapshot.sandbox.started_ms)
				this.forget();
			if (this.recorded)
				this.snapshots.length = 0;
			this.snapshots.push(snapshot);
			if (this.snapshots.length > SNAPSHOTS_KEPT)
				this.snapshots.shift();
			this.changed();
		} catch {
			/* the stream says when the server is gone */
		}
	}
}

