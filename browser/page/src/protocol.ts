// SPDX-License-Identifier: GPL-2.0-only
// protocol.ts - what the page and the machine's worker say to each other

/** Where a disk's blocks are, and what they are: image.json beside the disk */
export interface DiskIndex {
	/** bytes */
	size: number;
	/** bytes of a chunk */
	chunk: number;
	/** for each chunk the hexadecimal SHA-256, or "" when it is zeros */
	chunks: string[];
}

export interface Settings {
	/** where machine.wasm, kernel.gz, image/ are */
	base: string;
	/** MiB of physical memory */
	memory: number;
	argv: string[];
	env: string[];
	hostname: string;
	/** address of a relay, or "" */
	relay: string;
	rows: number;
	columns: number;
}

export type ToWorker =
	| { kind: "begin"; settings: Settings }
	| { kind: "input"; data: Uint8Array }
	| { kind: "resize"; rows: number; columns: number }
	/** keep the machine as it is; @screen: what the terminal shows */
	| { kind: "keep"; screen: string }
	/** forget what is kept */
	| { kind: "forget" }
	/** the page has shown so many bytes */
	| { kind: "shown"; bytes: number };

export type FromWorker =
	| { kind: "progress"; text: string }
	/** @screen: of a machine that was kept */
	| { kind: "started"; screen: string | null; when: number }
	/** @bytes were written; @why: it could not be kept, null: it is */
	| { kind: "kept"; bytes: number; ms: number; why: string | null }
	| { kind: "forgotten" }
	| { kind: "note"; text: string }
	| { kind: "output"; data: Uint8Array }
	| { kind: "kernel"; text: string }
	| { kind: "figures"; downloaded: number; cached: number; memory: number }
	| { kind: "ended"; status: number }
	| { kind: "failed"; why: string };
