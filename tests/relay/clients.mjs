// SPDX-License-Identifier: GPL-2.0-only
// clients.mjs - published WISP clients against the relay: wisp-js in both versions, and v86's
//
// Usage: clients.mjs URL ECHO HELLO SOURCE UDP DEAD

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { client } from "@mercuryworkshop/wisp-js/client";
import { WebSocket } from "ws";
import { done, it } from "./raw.mjs";

const [url, ...ports] = process.argv.slice(2);
const [echo, hello, source, udp, dead] = ports.map(Number);
const PATIENCE = 60000; // milliseconds

function opened(version) {
	return new Promise((answer, fail) => {
		const connection = new client.ClientConnection(url, { wisp_version: version });
		connection.onopen = () => answer(connection);
		connection.onclose = () => fail(new Error("closed"));
		setTimeout(() => fail(new Error("no word")), PATIENCE).unref();
	});
}

/** All that comes until the end: { data, reason } */
function collect(stream) {
	return new Promise((answer, fail) => {
		const parts = [];
		stream.onmessage = (data) => parts.push(Buffer.from(data));
		stream.onclose = (reason) => answer({ data: Buffer.concat(parts), reason });
		setTimeout(() => fail(new Error(`${Buffer.concat(parts).length} bytes, then nothing`)), PATIENCE).unref();
	});
}

for (const version of [1, 2]) {
	const name = `wisp-js, version ${version}`;
	const connection = await opened(version);
	await it(`${name}: an answer, and its end`, async () => {
		if (connection.wisp_version !== version)
			return `it speaks version ${connection.wisp_version}`;
		const { data, reason } = await collect(connection.create_stream("here.test", hello));
		return (data.toString() === "hello from 127.0.0.1\n" && reason === 2) || `${data} ${reason}`;
	});
	await it(`${name}: bytes there and back, more than any window`, async () => {
		const stream = connection.create_stream("127.0.0.1", echo);
		const sent = Buffer.alloc(3000000, "0123456789abcdef#");
		const back = new Promise((answer) => {
			const parts = [];
			let size = 0;
			stream.onmessage = (data) => {
				parts.push(Buffer.from(data));
				size += data.length;
				if (size >= sent.length)
					answer(Buffer.concat(parts));
			};
			stream.onclose = (reason) => answer(`closed: ${reason}`);
		});
		for (let at = 0; at < sent.length; at += 5000)
			stream.send(new Uint8Array(sent.subarray(at, at + 5000)));
		const got = await back;
		stream.close(2);
		return sent.equals(got) || `${got.length ?? got} bytes`;
	});
	await it(`${name}: 64 MiB of a fast host, whole`, async () => {
		const { data, reason } = await collect(connection.create_stream("here.test", source));
		const pattern = Buffer.from(Array.from({ length: 251 * 261 }, (_, i) => i % 251));
		const hash = createHash("sha256"), want = createHash("sha256");
		for (let left = 64 << 20; left > 0; left -= pattern.length)
			want.update(pattern.subarray(0, left));
		hash.update(data);
		return (reason === 2 && hash.digest("hex") === want.digest("hex")) || `${data.length} bytes, ${reason}`;
	});
	await it(`${name}: 50 at a time`, async () => {
		const all = await Promise.all(Array.from({ length: 50 }, () => collect(connection.create_stream("here.test", hello))));
		return all.every(({ data }) => data.toString().startsWith("hello")) || "not all";
	});
	await it(`${name}: datagrams`, async () => {
		const stream = connection.create_stream("127.0.0.1", udp, "udp");
		const back = new Promise((answer) => { stream.onmessage = (data) => answer(Buffer.from(data).toString()); });
		stream.send(new TextEncoder().encode("quiet"));
		const said = await back;
		stream.close(2);
		return said === "QUIET" || said;
	});
	await it(`${name}: nobody listens, no such name, not allowed: each has its reason`, async () => {
		const reasons = [];
		for (const [host, port] of [["127.0.0.1", dead], ["missing.test", 80], ["10.0.0.1", 80]])
			reasons.push((await collect(connection.create_stream(host, port))).reason);
		return JSON.stringify(reasons) === JSON.stringify([0x44, 0x42, 0x48]) || JSON.stringify(reasons);
	});
	connection.close();
}

// v86 sends what its network card would: frames of Ethernet, made here
globalThis.WebSocket = WebSocket; // which node 20 has none of
const { V86 } = await import("v86");
const emulator = new V86({
	wasm_fn: async (imports) => (await WebAssembly.instantiate(
		readFileSync(new URL("node_modules/v86/build/v86.wasm", import.meta.url)), imports)).instance.exports,
	memory_size: 16 << 20, vga_memory_size: 1 << 20, autostart: false, disable_keyboard: true, disable_mouse: true,
	net_device: { type: "ne2k", relay_url: url.replace(/^ws/, "wisp") },
});
await new Promise((ready) => emulator.add_listener("emulator-loaded", ready));

const OURS = [0, 0x22, 0x15, 1, 2, 3], US = [192, 168, 86, 100];
const seen = [];
// the card's end of the bus, whatever it is called in this build
const bus = Object.values(emulator.bus).find((end) => typeof end?.send === "function");
bus.register("net0-receive", (frame) => seen.push(Buffer.from(frame)), null);

function sum(data) {
	let total = 0;
	for (let i = 0; i < data.length; i += 2)
		total += data[i] << 8 | (data[i + 1] ?? 0);
	while (total > 0xffff)
		total = (total & 0xffff) + (total >>> 16);
	return ~total & 0xffff;
}

function segment(to, port, from, seq, ack, flags, data = Buffer.alloc(0)) {
	const tcp = Buffer.alloc(20), ip = Buffer.alloc(20), ethernet = Buffer.from([0x52, 0x54, 0, 1, 2, 3, ...OURS, 8, 0]);
	tcp.writeUInt16BE(from, 0);
	tcp.writeUInt16BE(port, 2);
	tcp.writeUInt32BE(seq >>> 0, 4);
	tcp.writeUInt32BE(ack >>> 0, 8);
	tcp[12] = 5 << 4;
	tcp[13] = flags;
	tcp.writeUInt16BE(65535, 14);
	const pseudo = Buffer.from([...US, ...to, 0, 6, (20 + data.length) >> 8, (20 + data.length) & 255]);
	tcp.writeUInt16BE(sum(Buffer.concat([pseudo, tcp, data])), 16);
	ip[0] = 0x45;
	ip.writeUInt16BE(40 + data.length, 2);
	ip[8] = 64;
	ip[9] = 6;
	Buffer.from(US).copy(ip, 12);
	Buffer.from(to).copy(ip, 16);
	ip.writeUInt16BE(sum(ip), 10);
	bus.send("net0-send", new Uint8Array(Buffer.concat([ethernet, ip, tcp, data])));
}

async function take(is, patience = PATIENCE) {
	for (const end = Date.now() + patience; Date.now() < end;) {
		for (let i = 0; i < seen.length; i++) {
			const f = seen[i];
			if (f.readUInt16BE(12) !== 0x800 || f[23] !== 6)
				continue;
			const s = { flags: f[47], seq: f.readUInt32BE(38), ack: f.readUInt32BE(42), port: f.readUInt16BE(36),
				data: f.subarray(34 + (f[46] >> 4) * 4, 14 + f.readUInt16BE(16)) };
			if (is(s)) {
				seen.splice(i, 1);
				return s;
			}
		}
		await new Promise((next) => setTimeout(next, 20));
	}
	throw new Error("no such segment");
}

await it("v86: its client reaches a host, and brings its answer", async () => {
	const to = [127, 0, 0, 1];
	// Of what it is asked before the relay has spoken it never hears again: so, once more
	const exchange = async (port) => {
		segment(to, echo, port, 1000, 0, 2);
		const answer = await take((s) => s.port === port && (s.flags & 0x12) === 0x12, 3000);
		segment(to, echo, port, 1001, answer.seq + 1, 16);
		segment(to, echo, port, 1001, answer.seq + 1, 24, Buffer.from("there and back"));
		return (await take((s) => s.port === port && s.data.length > 0, 3000)).data.toString();
	};
	let said = null;
	for (let port = 40000; said === null && port < 40020; port++)
		said = await exchange(port).catch(() => null);
	return said === "there and back" || String(said);
});
done();
