// SPDX-License-Identifier: GPL-2.0-only
// api.ts - the server's answers, as web/openapi.yaml describes them
//
// Only what the dashboard uses. What the kernel's views hold is read field by field (views.ts),
// since a kernel of another version may say less.

import type { ColumnInfo } from "./store.ts";

export type State = "running" | "paused" | "ended";
export type Family = "file_io" | "directory" | "descriptor" | "identity" | "memory" | "signal" |
	"scheduler" | "network" | "other";

export const FAMILIES: readonly Family[] = ["file_io", "directory", "descriptor", "identity", "memory",
	"signal", "scheduler", "network", "other"];
export const FAMILY_LABEL: Record<Family, string> = {
	file_io: "File I/O", directory: "Directories", descriptor: "Descriptors", identity: "Identity",
	memory: "Memory", signal: "Signals", scheduler: "Scheduler", network: "Network", other: "Other",
};

export const KINDS = ["syscall", "fault", "switch", "wakeup", "fork", "exec", "exit", "signal", "oom",
	"oops", "block_issue", "block_done", "softirq", "page_cache", "writeback", "packet", "followed",
	"migrate", "ipi", "shootdown"] as const;
export type Kind = typeof KINDS[number];

export interface Timed { count: number; time_ns: number }

export interface Percentiles { p50_ns: number; p90_ns: number; p99_ns: number }

export interface Call {
	nr: number; name: string; family: Family;
	calls: number; errors: number; enosys: number; in_guest: number; time_ns: number;
	percentiles: Percentiles | null;
	latency: number[];
}

export interface Observation {
	counters: boolean; events: boolean; sampler: boolean;
	kinds: Kind[]; calls: string[] | null;
	interval_ms: number; since_ms: number; from_boot: boolean;
	readers: number; readers_dropped: number;
}

export interface SchedulerCounters {
	switches: Record<string, number>;
	run_delay: number[];
	run_delay_percentiles: Percentiles | null;
	load: number[] | null; running: number | null; threads: number | null; tasks: number;
	forks: number; execs: number; exits: number; signals: number; ooms: number; oopses: number;
}

export interface BlockOperation {
	issued: number; completed: number; errors: number; bytes: number; time_ns: number;
	latency: number[]; percentiles: Percentiles | null;
}

export interface BlockDevice {
	name: string; device: string; reads: number; read_bytes: number; read_ns: number;
	writes: number; written_bytes: number; write_ns: number; in_flight: number; busy_ns: number;
}

export interface PressureLine { avg10: number; avg60: number; avg300: number; total_ns: number }

export interface SampledFile {
	name: string; bytes: number; time_ms: number | null; cost_ns: number; interval_ms: number;
	taken: number; deferred: number; truncated: number;
}

/** Where a recording stands: from_ms <= moment_ms <= to_ms. */
export interface Recorded { from_ms: number; to_ms: number; moment_ms: number; complete: boolean }

export interface StateAnswer { state: State; observation: Observation; recorded: Recorded | null }

export interface Snapshot {
	time_ms: number; state: State; recorded: Recorded | null; uptime_ms: number;
	sandbox: {
		name: string; pid: number; image: string; command: string[]; started_ms: number;
		memory_bytes: number; cpus: number;
	};
	observation: Observation;
	syscalls: {
		total: { calls: number; errors: number; enosys: number; in_guest: number; time_ns: number };
		dispositions: Record<string, number>;
		calls: Call[];
	};
	faults: Record<string, Timed>;
	host: Record<string, number>;
	scheduler: SchedulerCounters;
	memory: {
		meminfo: Record<string, number> | null;
		vmstat: Record<string, number> | null;
		slab: { bytes: number; caches: number } | null;
		buddy: { node: number; zone: string; free: number[] }[] | null;
	};
	interrupts: Record<string, number>;
	softirqs: Record<string, Timed>;
	block: { operations: Record<string, BlockOperation>; in_flight: number; devices: BlockDevice[] | null };
	network: {
		packets_sent: number; packets_received: number; bytes_sent: number; bytes_received: number;
		devices: ({ name: string } & Record<string, number | string>)[] | null;
	};
	pressure: Record<string, { some: PressureLine | null; full: PressureLine | null } | null>;
	sampler: { ticks: number; overruns: number; budget_ns: number; files: SampledFile[] };
	events: { newest: number; oldest: number; read: number; lost: number };
}

export interface History {
	state: State; interval_ms: number; columns: ColumnInfo[]; time_ms: number[];
	values: (number | null)[][];
}

export interface GuestEvent {
	seq: number; kind: Kind; ring: string; time_ms: number; pid: number; tgid: number;
	comm: string; cpu: number; text: string;
	call?: string; disposition?: string; error?: string | null; duration_ns?: number | null;
	[field: string]: unknown;
}

export interface StreamEvents {
	events: GuestEvent[];
	omitted: { total: number; kinds: Record<string, number>; calls: Record<string, number> } | null;
	limit: number;
}

export interface StreamGap { from: number; to: number; lost: number; reason: string }

export interface Follow {
	armed: { call: string | null; pid: number | null; min_ns: number } | null;
	/** The call as events show it. */
	text: string | null;
	view: Record<string, unknown> | null;
}

export class ApiError extends Error {
	constructor(readonly status: number, message: string) {
		super(message);
	}
}

async function answer<T>(request: Promise<Response>): Promise<T> {
	const response = await request;
	const body: unknown = await response.json().catch(() => null);
	if (!response.ok) {
		const said = (body as { error?: unknown } | null)?.error;
		throw new ApiError(response.status, typeof said === "string" ? said : `status ${response.status}`);
	}
	if (body === null || typeof body !== "object")
		throw new ApiError(response.status, "the answer is no JSON");
	return body as T;
}

export function get<T>(path: string, signal?: AbortSignal): Promise<T> {
	return answer<T>(fetch(path, { cache: "no-store", signal: signal ?? AbortSignal.timeout(10_000) }));
}

export function post<T>(path: string, body: unknown): Promise<T> {
	return answer<T>(fetch(path, {
		method: "POST", body: JSON.stringify(body), headers: { "Content-Type": "application/json" },
		signal: AbortSignal.timeout(10_000),
	}));
}
