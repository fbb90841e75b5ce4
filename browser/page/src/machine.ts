// SPDX-License-Identifier: GPL-2.0-only
// machine.ts - machine.wasm (browser/machine) and what it asks of its surroundings
//
// Theory of operation
// The module runs for a slice of time and comes back; between two slices messages are handled. It
// says when it waits and until when, so an idle machine costs nothing. Timers of a page come late
// and not more often than each few milliseconds, so a slice that is due at once is asked for
// through a channel of messages.

import type { Disk } from "./disk.ts";

const SLICE_MS = 12;
const RUNS = 0, ENDED = 2, PAUSED = 3;
const PAGE = 4096;
const READ = 0, WRITE = 1;

/** The module's exports, see wasm.c */
interface Exports extends WebAssembly.Exports {
	memory: WebAssembly.Memory;
	_initialize(): void;
	room(size: number): number;
	give_back(at: number): void;
	begin(image: number, imageSize: number, memory: number, diskSize: number, cmdline: number, hostname: number,
	      saved: number, savedSize: number, network: number): number;
	relay(there: number): void;
	packet(data: number, size: number): void;
	pause(): number;
	busy(): number;
	go_on(): void;
	memory_at(): number;
	dirty_at(): number;
	kept(): void;
	save_size(): number;
	save(to: number): void;
	start(job: number, words: number, argc: number, envc: number, cwd: number, user: number, tty: number,
	      rows: number, columns: number): number;
	run(ms: number): number;
	wakes(): number;
	status(): number;
	input(job: number, data: number, size: number): number;
	output_ready(): void;
	resize(job: number, rows: number, columns: number): void;
	disk_done(tag: number, failed: number): void;
}

export interface Surroundings {
	output(data: Uint8Array): void;
	/** how many bytes of output may be given now */
	room(): number;
	kernel(text: string): void;
	/** a packet for the relay; false when it cannot be sent */
	network(packet: Uint8Array<ArrayBuffer>): boolean;
	started(pid: number): void;
	ended(status: number): void;
}

/** A machine that stood still for a moment */
export interface Moment {
	state: Uint8Array;
	/** pieces of memory that have changed since the last one; null: zeros */
	memory: Map<number, Uint8Array | null>;
	disk: Map<number, Uint8Array>;
}

const CMDLINE = "console=vitrine init=/sbin/vitrine-init root=/dev/vda rootfstype=ext4 rw vitrine.mounts=full " +
	"panic=-1 dhash_entries=16384 ihash_entries=8192 thash_entries=8192";
/** What the card is given before the first program runs */
const ADDRESSES = " vitrine.net=10.0.2.15/24,10.0.2.2,10.0.2.3";

export class Machine {
	private x!: Exports;
	private readonly channel = new MessageChannel();
	private timer: ReturnType<typeof setTimeout> | undefined;
	private asked = false;
	private over = false;
	private held = false;
	private waiting: Uint8Array[] = [];
	private readonly text = new TextDecoder();
	private bytes = 0;
	/** who waits for the machine to stand still, and pieces that could not be kept the last time */
	private waits: { done(moment: Moment): void; fail(error: Error): void } | null = null;
	private owed = new Set<number>();

	constructor(private readonly disk: Disk, private readonly around: Surroundings, private readonly networked: boolean) {
		this.channel.port1.onmessage = () => this.slice();
	}

	private memory(): Uint8Array {
		return new Uint8Array(this.x.memory.buffer);
	}

	private put(data: Uint8Array): number {
		const at = this.x.room(data.length);
		if (!at)
			throw new Error("the tab has not enough memory");
		this.memory().set(data, at);
		return at;
	}

	private word(text: string): number {
		return this.put(new TextEncoder().encode(text + "\0"));
	}

	private readWord(at: number): string {
		const memory = this.memory();
		return this.text.decode(memory.subarray(at, memory.indexOf(0, at)));
	}

	private request(kind: number, offset: number, size: number, data: number, tag: number): void {
		let later: Promise<void> | null = null;

		if (kind === READ)
			later = this.disk.read(offset, size, (piece, done) => this.memory().set(piece, data + done));
		else if (kind === WRITE)
			later = this.disk.write(offset, this.memory().slice(data, data + size));
		if (!later) {
			this.x.disk_done(tag, 0);
			return;
		}
		const done = (failed: number) => {
			this.x.disk_done(tag, failed);
			this.soon();
		};
		later.then(() => done(0), (error) => {
			this.around.kernel(`disk: ${error instanceof Error ? error.message : error}\n`);
			done(1);
		});
	}

	private imports(): WebAssembly.Imports {
		return {
			host: {
				monotonic: () => performance.now(),
				realtime: () => performance.timeOrigin + performance.now(),
				random: (at: number, size: number) => {
					for (let done = 0; done < size; done += 65536)
						crypto.getRandomValues(this.memory().subarray(at + done, at + Math.min(size, done + 65536)));
				},
				console: (at: number, size: number) =>
					this.around.kernel(this.text.decode(this.memory().subarray(at, at + size))),
				output: (_job: number, _stream: number, at: number, size: number) => {
					const taken = Math.min(size, this.around.room());
					this.held = taken < size;
					if (taken)
						this.around.output(this.memory().slice(at, at + taken));
					return taken;
				},
				closed: () => undefined,
				disk: (kind: number, _disk: number, offset: number, size: number, data: number, tag: number) =>
					this.request(kind, offset, size, data, tag),
				network: (at: number, size: number) => this.around.network(this.memory().slice(at, at + size)) ? 1 : 0,
				started: (_job: number, pid: number) => this.around.started(pid),
				ended: () => undefined,
				refused: (error: number) => {
					this.waits?.fail(new Error(`the kernel does not stand still (error ${-error})`));
					this.waits = null;
				},
			},
			// nothing of the C library's asks for these, but it mentions them
			wasi_snapshot_preview1: new Proxy({}, { get: () => () => 52 }) as WebAssembly.ModuleImports,
		};
	}

	async load(module: Promise<Response>): Promise<void> {
		const { instance } = await WebAssembly.instantiateStreaming(module, this.imports());
		this.x = instance.exports as Exports;
		this.x._initialize();
	}

	private make(kernel: Uint8Array, memory: number, hostname: string, saved: Uint8Array): void {
		const image = this.put(kernel), cmdline = this.word(CMDLINE + (this.networked ? ADDRESSES : "")), name = this.word(hostname), state = this.put(saved);
		const why = this.x.begin(image, kernel.length, memory, this.disk.size, cmdline, name,
			saved.length ? state : 0, saved.length, this.networked ? 1 : 0);
		for (const at of [image, cmdline, name, state])
			this.x.give_back(at);
		if (why)
			throw new Error(this.readWord(why));
		this.bytes = memory;
	}

	/** Load the kernel; the machine begins with start() */
	begin(kernel: Uint8Array, memory: number, hostname: string): void {
		this.make(kernel, memory, hostname, new Uint8Array(0));
	}

	/** One that was kept; @fill gives its memory, and then it goes on with wake() */
	async restore(state: Uint8Array, memory: number, hostname: string, piece: number,
	              fill: (put: (number: number, data: Uint8Array) => void) => Promise<boolean>): Promise<void> {
		this.make(new Uint8Array(0), memory, hostname, state);
		const at = this.x.memory_at();
		const whole = await fill((number, data) => {
			if ((number + 1) * piece <= memory && data.length === piece)
				this.memory().set(data, at + number * piece);
		});
		if (!whole)
			throw new Error("a piece of what was kept is missing");
	}

	wake(): void {
		this.soon();
	}

	/** Let it stand still, copy what has changed, and go on */
	moment(): Promise<Moment> {
		if (this.over || this.waits)
			return Promise.reject(new Error(this.over ? "the machine has ended" : "one at a time"));
		return new Promise((done, fail) => {
			this.waits = { done, fail };
			if (this.x.pause()) {
				this.waits = null;
				fail(new Error("the tab has not enough memory"));
			}
			this.soon();
		});
	}

	/** The pieces of a moment could not be kept */
	owe(moment: Moment): void {
		for (const number of moment.memory.keys())
			this.owed.add(number);
		this.disk.giveBack(moment.disk.keys());
	}

	/** bytes of a piece: set by who keeps them */
	piece = 65536;

	private copyMemory(): Map<number, Uint8Array | null> {
		const memory = this.memory(), at = this.x.memory_at(), dirty = this.x.dirty_at();
		const pages = this.piece / PAGE, pieces = new Map<number, Uint8Array | null>();

		for (let number = 0; number < this.bytes / this.piece; number++) {
			const marks = memory.subarray(dirty + number * pages, dirty + (number + 1) * pages);
			if (!this.owed.has(number) && !marks.includes(1))
				continue;
			const from = at + number * this.piece;
			const words = new BigUint64Array(memory.buffer, from, this.piece / 8);
			pieces.set(number, words.some((word) => word !== 0n) ? memory.slice(from, from + this.piece) : null);
		}
		this.owed.clear();
		return pieces;
	}

	/** It stands still, and no disk has anything to say */
	private copy(): void {
		const to = this.x.room(this.x.save_size());
		this.x.save(to);
		const moment = {
			state: this.memory().slice(to, to + this.x.save_size()),
			memory: this.copyMemory(),
			disk: this.disk.takeChanged(),
		};
		this.x.give_back(to);
		this.x.kept();
		this.x.go_on();
		this.waits?.done(moment);
		this.waits = null;
		this.soon();
	}

	start(argv: string[], env: string[], rows: number, columns: number): void {
		const words = this.word([...argv, ...env].join("\0")), cwd = this.word("/root");
		if (this.x.start(0, words, argv.length, env.length, cwd, 0, 1, rows, columns))
			throw new Error("the command is too long");
		this.x.give_back(words);
		this.x.give_back(cwd);
		this.soon();
	}

	private soon(): void {
		clearTimeout(this.timer);
		if (this.asked || this.over)
			return;
		this.asked = true;
		this.channel.port2.postMessage(null);
	}

	private slice(): void {
		this.asked = false;
		if (this.over)
			return;
		this.feed();
		const state = this.x.run(SLICE_MS);
		if (state === ENDED) {
			this.over = true;
			this.waits?.fail(new Error("the machine has ended"));
			this.around.ended(this.x.status());
		} else if (state === PAUSED) {
			if (!this.x.busy())
				this.copy();
			// otherwise the last answer of a disk asks again
		} else if (state === RUNS) {
			this.soon();
		} else {
			const left = this.x.wakes() - performance.now();
			if (left < 1)
				this.soon();
			else if (left < Infinity)
				this.timer = setTimeout(() => this.soon(), Math.min(left, 0x7fffffff));
		}
	}

	/** What the guest's terminal has room for */
	private feed(): void {
		while (this.waiting.length) {
			const data = this.waiting[0]!;
			const at = this.put(data), taken = this.x.input(0, at, data.length);
			this.x.give_back(at);
			if (taken < data.length) {
				this.waiting[0] = data.subarray(taken);
				return;
			}
			this.waiting.shift();
		}
	}

	input(data: Uint8Array): void {
		this.waiting.push(data);
		this.soon();
	}

	/** Output has been shown: there is room again */
	ready(): void {
		if (!this.held || this.over)
			return;
		this.held = false;
		this.x.output_ready();
		this.soon();
	}

	/** The relay is there, or gone */
	relay(there: boolean): void {
		if (this.over || !this.bytes)
			return;
		this.x.relay(there ? 1 : 0);
		this.soon();
	}

	/** A packet of the relay's */
	packet(data: Uint8Array): void {
		if (this.over || !this.bytes)
			return;
		const at = this.put(data);
		this.x.packet(at, data.length);
		this.x.give_back(at);
		this.soon();
	}

	resize(rows: number, columns: number): void {
		if (this.over)
			return;
		this.x.resize(0, rows, columns);
		this.soon();
	}

	/** bytes of the module's memory */
	get size(): number {
		return this.x ? this.x.memory.buffer.byteLength : 0;
	}
}
