// SPDX-License-Identifier: GPL-2.0-only
// raw.mjs - WISP packet by packet, for what no published client would send

import { WebSocket } from "ws";

export const CONNECT = 1, DATA = 2, CONTINUE = 3, CLOSE = 4, INFO = 5;
export const TCP = 1, UDP = 2;

export function packet(type, stream, payload = []) {
	const head = Buffer.alloc(5);
	head[0] = type;
	head.writeUInt32LE(stream, 1);
	return Buffer.concat([head, Buffer.from(payload)]);
}

export function connect(stream, host, port, kind = TCP) {
	return packet(CONNECT, stream, [kind, port & 255, port >> 8, ...Buffer.from(host)]);
}

export function number(type, stream, value) {
	const payload = Buffer.alloc(4);
	payload.writeUInt32LE(value);
	return packet(type, stream, payload);
}

export function info(extensions = []) {
	const parts = [Buffer.from([2, 0])];
	for (const [id, payload] of extensions) {
		const head = Buffer.alloc(5);
		head[0] = id;
		head.writeUInt32LE(payload.length, 1);
		parts.push(head, Buffer.from(payload));
	}
	return packet(INFO, 0, Buffer.concat(parts));
}

/** A client: packets that have come wait in it */
export class Raw {
	constructor(url, { v2 = false, headers = {}, origin } = {}) {
		this.packets = [];
		this.waiting = [];
		this.code = null;
		this.status = 101;
		this.ws = new WebSocket(url, v2 ? ["wisp-v2"] : [], { headers, origin });
		this.opened = new Promise((done) => {
			this.ws.on("open", () => done(true));
			this.ws.on("unexpected-response", (_, response) => {
				this.status = response.statusCode;
				this.ws.terminate();
				done(false);
			});
			this.ws.on("error", () => done(false));
		});
		this.ended = new Promise((done) => this.ws.on("close", (code) => {
			this.code = code;
			this.wake();
			done(code);
		}));
		this.ws.on("message", (data) => {
			this.packets.push({ type: data[0], stream: data.readUInt32LE(1), payload: data.subarray(5) });
			this.wake();
		});
	}

	wake() {
		for (const each of this.waiting.splice(0))
			each();
	}

	send(...packets) {
		for (const each of packets)
			this.ws.send(each);
	}

	/** The next packet that is so; null: there is none within @seconds, or the end came first */
	async next(is = () => true, seconds = 20) {
		const end = Date.now() + seconds * 1000;
		for (;;) {
			const at = this.packets.findIndex(is);
			if (at >= 0)
				return this.packets.splice(at, 1)[0];
			if (this.code !== null || Date.now() > end)
				return null;
			await new Promise((done) => {
				this.waiting.push(done);
				setTimeout(done, 500);
			});
		}
	}

	close() {
		this.ws.terminate();
	}
}

/** A client that may open connections */
export async function ready(url, options = {}, extensions = []) {
	const raw = new Raw(url, options);
	if (!await raw.opened)
		return raw;
	if (options.v2) {
		await raw.next((p) => p.type === INFO);
		raw.send(info(extensions));
	}
	await raw.next((p) => p.type === CONTINUE && p.stream === 0);
	return raw;
}

/** What becomes of a connection: the reason of its end, or "open" */
export async function fate(url, host, port, kind = TCP) {
	const raw = await ready(url, { v2: true }, [[5, []], [1, []]]);
	raw.send(connect(1, host, port, kind));
	const answer = await raw.next((p) => p.stream === 1);
	raw.close();
	return !answer ? "nothing" : answer.type === CONTINUE ? "open" : answer.type === CLOSE ? answer.payload[0] : `type ${answer.type}`;
}

let tests = 0;

export function ok(good, name, why = "") {
	console.log(`${good ? "ok" : "not ok"} ${++tests} - ${name}`);
	if (!good)
		console.log(String(why).slice(0, 2000).replace(/^/gm, "# "));
}

export async function it(name, body) {
	try {
		const why = await body();
		ok(why === undefined || why === true, name, why);
	} catch (error) {
		ok(false, name, error.stack ?? error);
	}
}

export function done() {
	console.log(`1..${tests}`);
	process.exit(0);
}
