// SPDX-License-Identifier: GPL-2.0-only
// worker.ts - the machine's side of the page: it runs here, so that the page stays responsive
//
// A machine that was kept goes on, if it is of this kernel, image and program; otherwise one is
// started, and a note says why.

import { Disk } from "./disk.ts";
import { Machine, type Surroundings } from "./machine.ts";
import { Relay } from "./relay.ts";
import type { FromWorker, Settings, ToWorker } from "./protocol.ts";
import { PIECE, Store, type Kept } from "./store.ts";

/** Bytes of output that the page may not have shown yet */
const OUTPUT_AHEAD = 256 * 1024;
const FIGURES_MS = 1000;

let machine: Machine | null = null;
let store: Store | null = null;
let relay: Relay | null = null;
let settings: Settings;
let identity = "";
let unshown = 0;
let keeping = false;

function say(message: FromWorker, transfer: Transferable[] = []): void {
	(self as unknown as DedicatedWorkerGlobalScope).postMessage(message, transfer);
}

const words = (error: unknown) => error instanceof Error ? error.message : String(error);

async function fetchKernel(base: string): Promise<Uint8Array> {
	const answer = await fetch(new URL("kernel.gz", base));
	if (!answer.ok || !answer.body)
		throw new Error(`kernel.gz: ${answer.status} ${answer.statusText}`);
	const plain = answer.body.pipeThrough(new DecompressionStream("gzip"));
	return new Uint8Array(await new Response(plain).arrayBuffer());
}

/** What a kept machine has to have in common with this page */
async function identify(base: string, disk: Disk): Promise<string> {
	const tags = await Promise.all(["kernel.gz", "machine.wasm"].map(async (name) => {
		const answer = await fetch(new URL(name, base), { method: "HEAD" });
		return answer.headers.get("etag") ?? answer.headers.get("last-modified") ?? answer.headers.get("content-length") ?? "";
	}));
	return JSON.stringify([...tags, disk.identity, settings.memory, settings.relay !== ""]);
}

const around: Surroundings = {
	output: (data) => {
		unshown += data.length;
		say({ kind: "output", data }, [data.buffer as ArrayBuffer]);
	},
	room: () => Math.max(0, OUTPUT_AHEAD - unshown),
	kernel: (text) => say({ kind: "kernel", text }),
	network: (packet) => relay?.send(packet) ?? false,
	started: (pid) => say(pid < 0 ? { kind: "failed", why: `the command cannot be started (error ${-pid})` }
		: { kind: "started", screen: null, when: 0 }),
	ended: (status) => {
		store?.forget().catch(() => undefined);
		say({ kind: "ended", status });
	},
};

/** The machine that was kept, or null */
async function goOn(kept: Kept, disk: Disk, module: () => Promise<Response>): Promise<Machine | null> {
	try {
		const old = new Machine(disk, around, settings.relay !== "");
		old.piece = PIECE;
		await old.load(module());
		await old.restore(kept.state, settings.memory * 2 ** 20, settings.hostname, PIECE,
			(put) => store!.pieces(kept, put, (number, data) => disk.put(number, data)));
		say({ kind: "started", screen: kept.screen, when: kept.when });
		old.resize(settings.rows, settings.columns);
		old.wake();
		return old;
	} catch (error) {
		say({ kind: "note", text: `what was kept is of no use (${words(error)}); a new machine starts` });
		await store?.forget();
		return null;
	}
}

async function begin(): Promise<void> {
	const module = () => fetch(new URL("machine.wasm", settings.base));
	let disk: Disk;

	say({ kind: "progress", text: "loading" });
	const opened = await Store.open(new URL(settings.base).pathname);
	store = opened.store;
	if (opened.why)
		say({ kind: "note", text: opened.why });
	disk = await Disk.open(settings.base);
	identity = await identify(settings.base, disk);
	const kept = await store?.look().catch(() => null) ?? null;
	if (kept && kept.identity === identity)
		machine = await goOn(kept, disk, module);
	else if (kept)
		say({ kind: "note", text: "what was kept is of another kernel, image or memory size; a new machine starts" });
	if (!machine) {
		if (kept)
			disk = await Disk.open(settings.base);
		const fresh = new Machine(disk, around, settings.relay !== "");
		fresh.piece = PIECE;
		say({ kind: "progress", text: "loading the kernel" });
		const [kernel] = await Promise.all([fetchKernel(settings.base), fresh.load(module())]);
		fresh.begin(kernel, settings.memory * 2 ** 20, settings.hostname);
		say({ kind: "progress", text: "the kernel starts" });
		fresh.start(settings.argv, settings.env, settings.rows, settings.columns);
		machine = fresh;
	}
	const begun = machine;
	if (settings.relay)
		relay = new Relay(settings.relay, begun, (text) => say({ kind: "note", text }));
	setInterval(() => say({ kind: "figures", downloaded: disk.downloaded, cached: disk.cached, memory: machine!.size }),
		FIGURES_MS);
}

async function keep(screen: string): Promise<void> {
	if (!machine || keeping)
		return;
	if (!store) {
		say({ kind: "kept", bytes: 0, ms: 0, why: "this machine is not kept" });
		return;
	}
	const began = performance.now();
	keeping = true;
	try {
		const moment = await machine.moment();
		const bytes = [...moment.memory.values(), ...moment.disk.values()].reduce((sum, data) => sum + (data?.length ?? 0), 0);
		try {
			await store.keep({
				record: { identity, state: moment.state, rows: settings.rows, columns: settings.columns, screen, when: Date.now() },
				memory: moment.memory,
				disk: moment.disk,
			});
			say({ kind: "kept", bytes, ms: performance.now() - began, why: null });
		} catch (error) {
			machine.owe(moment);
			throw error;
		}
	} catch (error) {
		say({ kind: "kept", bytes: 0, ms: performance.now() - began, why: words(error) });
	} finally {
		keeping = false;
	}
}

self.onmessage = (event: MessageEvent<ToWorker>) => {
	const message = event.data;

	switch (message.kind) {
	case "begin":
		settings = message.settings;
		begin().catch((error) => say({ kind: "failed", why: words(error) }));
		break;
	case "input":
		machine?.input(message.data);
		break;
	case "resize":
		machine?.resize(message.rows, message.columns);
		break;
	case "keep":
		void keep(message.screen);
		break;
	case "forget":
		Promise.resolve(store?.forget()).then(() => say({ kind: "forgotten" }), () => say({ kind: "forgotten" }));
		break;
	case "shown":
		unshown -= message.bytes;
		machine?.ready();
		break;
	}
};
