// SPDX-License-Identifier: GPL-2.0-only
// disk.ts - a disk whose blocks come over HTTP when they are read, and whose writes stay here
//
// Theory of operation
// The index says which chunks the disk has and their digests. A chunk that is asked for comes from
// memory, from the browser's cache, or from the server as a range of the file, and is compared with
// its digest before anybody sees it; what does not match is an I/O error for the guest. Chunks are
// shared by all tabs through the cache, whose key is the digest: so a newer image finds what it has
// in common with an older one.
//
// Writes go to copies of chunks in memory.

import type { DiskIndex } from "./protocol.ts";

const CACHE = "vitrine-chunks-1";
const TRIES = 3;

async function digest(data: Uint8Array): Promise<string | null> {
	if (!globalThis.crypto?.subtle)
		return null; // not a secure context: https or localhost have it
	const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", data as BufferSource));
	return Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

export class Disk {
	/** bytes that came over the network, and from the cache */
	downloaded = 0;
	cached = 0;
	private readonly chunks = new Map<number, Uint8Array>();
	/** written since they were kept, and ever */
	private changed = new Set<number>();
	private readonly coming = new Map<number, Promise<Uint8Array>>();
	private cache: Cache | null = null;

	constructor(private readonly url: string, private readonly index: DiskIndex) {
	}

	/** What stands for the image, among others */
	identity = "";

	static async open(base: string): Promise<Disk> {
		const answer = await fetch(new URL("image/disk.json", base));
		if (!answer.ok)
			throw new Error(`image/disk.json: ${answer.status} ${answer.statusText}`);
		const text = await answer.text(), index = JSON.parse(text) as DiskIndex;
		if (!(index.size > 0 && index.chunk > 0 && index.chunk % 4096 === 0 &&
		      Array.isArray(index.chunks) && index.chunks.length === Math.ceil(index.size / index.chunk)))
			throw new Error("image/disk.json is not what it should be");
		const disk = new Disk(new URL("image/disk", base).href, index);
		disk.identity = await digest(new TextEncoder().encode(text)) ?? text;
		try {
			disk.cache = await caches.open(CACHE);
		} catch {
			// private windows have none: everything comes over the network
		}
		return disk;
	}

	get size(): number {
		return this.index.size;
	}

	private async fetchRange(number: number): Promise<Uint8Array> {
		const from = number * this.index.chunk;
		const size = Math.min(this.index.chunk, this.index.size - from);
		const answer = await fetch(this.url, { headers: { Range: `bytes=${from}-${from + size - 1}` } });

		if (answer.status === 200 && answer.body) { // a server without ranges: read up to there
			const all = new Uint8Array(await answer.arrayBuffer());
			return all.subarray(from, from + size);
		}
		if (answer.status !== 206)
			throw new Error(`${this.url}: ${answer.status} ${answer.statusText}`);
		const data = new Uint8Array(await answer.arrayBuffer());
		if (data.length !== size)
			throw new Error(`${this.url}: ${data.length} bytes instead of ${size}`);
		return data;
	}

	private async load(number: number): Promise<Uint8Array> {
		const wanted = this.index.chunks[number]!;
		const key = new URL(`chunk/${wanted}`, this.url).href;
		const kept = await this.cache?.match(key).catch(() => undefined);
		let data: Uint8Array | undefined;

		if (kept) {
			data = new Uint8Array(await kept.arrayBuffer());
			const found = await digest(data);
			if (found === null || found === wanted) {
				this.cached += data.length;
				return data;
			}
		}
		for (let tries = 1; ; tries++) {
			try {
				data = await this.fetchRange(number);
				const found = await digest(data);
				if (found !== null && found !== wanted)
					throw new Error(`chunk ${number} is not what the index says`);
				break;
			} catch (error) {
				if (tries === TRIES)
					throw error;
				await new Promise((done) => setTimeout(done, 200 * tries));
			}
		}
		this.downloaded += data.length;
		// A full quota costs speed the next time, nothing else
		this.cache?.put(key, new Response(data as BodyInit)).catch(() => undefined);
		return data;
	}

	/** A chunk, when it is here; for the common case without waiting */
	private here(number: number): Uint8Array | null {
		const chunk = this.chunks.get(number);
		if (chunk)
			return chunk;
		if (this.index.chunks[number] !== "")
			return null;
		const zeros = new Uint8Array(this.index.chunk);
		this.chunks.set(number, zeros);
		return zeros;
	}

	private bring(number: number): Promise<Uint8Array> {
		let coming = this.coming.get(number);
		if (!coming) {
			coming = this.load(number).then((data) => {
				// all chunks are as long, so that writes need not look
				const whole = data.length === this.index.chunk ? data : new Uint8Array(this.index.chunk);
				if (whole !== data)
					whole.set(data);
				this.chunks.set(number, whole);
				return whole;
			}).finally(() => this.coming.delete(number));
			this.coming.set(number, coming);
		}
		return coming;
	}

	/**
	 * Do something with each piece of [@from, @from + @size): at once when all chunks are here, and
	 * then null is returned; otherwise the promise of having done it.
	 */
	private each(from: number, size: number,
	             piece: (chunk: Uint8Array, at: number, done: number, length: number) => void): Promise<void> | null {
		const first = Math.floor(from / this.index.chunk), last = Math.floor((from + size - 1) / this.index.chunk);
		const missing: Promise<Uint8Array>[] = [];

		for (let n = first; n <= last; n++) {
			if (!this.here(n))
				missing.push(this.bring(n));
		}
		const all = () => {
			for (let done = 0; done < size;) {
				const at = (from + done) % this.index.chunk;
				const length = Math.min(this.index.chunk - at, size - done);
				piece(this.here(Math.floor((from + done) / this.index.chunk))!, at, done, length);
				done += length;
			}
		};
		if (missing.length)
			return Promise.all(missing).then(all);
		all();
		return null;
	}

	read(from: number, size: number, take: (data: Uint8Array, done: number) => void): Promise<void> | null {
		return this.each(from, size, (chunk, at, done, length) => take(chunk.subarray(at, at + length), done));
	}

	write(from: number, data: Uint8Array): Promise<void> | null {
		return this.each(from, data.length, (chunk, at, done, length) => {
			chunk.set(data.subarray(done, done + length), at);
			this.changed.add(Math.floor((from + done) / this.index.chunk));
		});
	}

	/** Copies of what was written since the last call */
	takeChanged(): Map<number, Uint8Array> {
		const taken = new Map(Array.from(this.changed, (number) => [number, this.chunks.get(number)!.slice()]));
		this.changed = new Set();
		return taken;
	}

	/** They could not be kept after all */
	giveBack(numbers: Iterable<number>): void {
		for (const number of numbers)
			this.changed.add(number);
	}

	/** A chunk that was written in an earlier life */
	put(number: number, data: Uint8Array): void {
		if (number < this.index.chunks.length && data.length === this.index.chunk)
			this.chunks.set(number, data);
	}
}
