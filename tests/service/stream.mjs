// SPDX-License-Identifier: GPL-2.0-only
// stream.mjs - WebSockets of the service: commands as they run, terminals, clients that do not behave
//
// Usage: KEY=... URL=http://... ID=... node stream.mjs
import assert from "node:assert/strict";
import net from "node:net";
import { WebSocket } from "undici";

const { KEY, URL: url, ID } = process.env;
const base = `${url.replace(/^http/, "ws")}/v1/sandboxes/${ID}`;
const sleep = (ms) => new Promise((done) => setTimeout(done, ms));
const tests = [];
const test = (name, run) => tests.push({ name, run });

function open(path) {
	const socket = new WebSocket(`${base}/${path}`, { headers: { "X-API-Key": KEY } });
	socket.binaryType = "arraybuffer";
	const got = { socket, messages: [], bytes: "", closed: false };
	socket.onmessage = ({ data }) => {
		if (typeof data === "string") got.messages.push(JSON.parse(data));
		else got.bytes += new TextDecoder().decode(data);
	};
	socket.onclose = () => (got.closed = true);
	got.ready = new Promise((done, failed) => ((socket.onopen = done), (socket.onerror = () => failed(new Error("refused")))));
	got.say = (message) => socket.send(typeof message === "string" ? message : JSON.stringify(message));
	got.text = (type) => got.messages.filter((m) => m.type === type).map((m) => m.data).join("");
	return got;
}

async function soon(what, condition) {
	for (let i = 0; i < 150; i++) {
		if (await condition()) return;
		await sleep(100);
	}
	assert.fail(`never: ${what}`);
}

async function call(method, path, body) {
	const answer = await fetch(`${url}/v1/sandboxes/${ID}/${path}`, { method, headers: { "X-API-Key": KEY }, body: body && JSON.stringify(body) });
	return answer.status === 204 ? null : answer.json();
}

test("start, output, status", async () => {
	const s = open("exec/stream");
	await s.ready;
	s.say({ type: "start", cmd: "echo out; echo err >&2; exit 4" });
	await soon("the end", () => s.closed);
	assert.equal(s.messages[0].type, "start");
	assert.equal(s.text("stdout"), "out\n");
	assert.equal(s.text("stderr"), "err\n");
	assert.deepEqual(s.messages.at(-1), { type: "exit", exit_code: 4 });
});

test("stdin, its end, signals", async () => {
	const s = open("exec/stream");
	await s.ready;
	s.say({ type: "start", cmd: "cat", args: [] });
	s.say({ type: "stdin", data: "one\n" });
	s.say({ type: "stdin", data_base64: Buffer.from("two\n").toString("base64") });
	await soon("output", () => s.text("stdout") === "one\ntwo\n");
	s.say({ type: "stdin_end" });
	await soon("the end", () => s.messages.at(-1).exit_code === 0);
	const t = open("exec/stream");
	await t.ready;
	t.say({ type: "start", cmd: "sleep", args: ["1000"] });
	await soon("start", () => t.messages.length);
	t.say({ type: "signal", signal: 15 });
	await soon("the end", () => t.messages.at(-1).exit_code === 143);
});

test("a client that goes changes nothing, and another one attaches", async () => {
	const s = open("exec/stream");
	await s.ready;
	s.say({ type: "start", cmd: "while read line; do echo got $line; done", tag: "loop" });
	await soon("start", () => s.messages.length);
	s.socket.close();
	await soon("closed", () => s.closed);
	assert.ok((await call("GET", "processes")).processes.some((p) => p.tag === "loop"));
	const t = open("exec/stream");
	await t.ready;
	t.say({ type: "attach", tag: "loop" });
	await soon("attached", () => t.messages[0]?.type === "start");
	t.say({ type: "stdin", data: "it\n" });
	await soon("output", () => t.text("stdout") === "got it\n");
	t.say({ type: "signal", signal: 9 });
	await soon("the end", () => t.closed);
});

test("kill_on_close", async () => {
	const s = open("exec/stream");
	await s.ready;
	s.say({ type: "start", cmd: "sleep 1000", tag: "closing", kill_on_close: true });
	await soon("start", () => s.messages.length);
	s.socket.close();
	await soon("it is killed", async () => !(await call("GET", "processes")).processes.some((p) => p.tag === "closing"));
});

test("pty", async () => {
	const s = open("pty?rows=30&columns=90");
	await s.ready;
	s.socket.send(new TextEncoder().encode("stty size; echo sum-$((40+2))\n"));
	await soon("output", () => s.bytes.includes("30 90") && s.bytes.includes("sum-42"));
	s.say({ type: "resize", rows: 10, columns: 40 });
	s.socket.send(new TextEncoder().encode("stty size\nexit 3\n"));
	await soon("the new size", () => s.bytes.includes("10 40"));
	await soon("the end", () => s.messages.at(-1)?.exit_code === 3);
});

test("a client that does not read makes the command wait", async () => {
	const socket = net.connect(new URL(url).port, "127.0.0.1");
	const head = `GET /v1/sandboxes/${ID}/exec/stream HTTP/1.1\r\nHost: x\r\nX-API-Key: ${KEY}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n`;
	const text = JSON.stringify({ type: "start", cmd: "i=0; while [ $i -lt 20000 ]; do echo xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx; i=$((i+1)); echo $i >/tmp/count; done", tag: "flood" });
	const frame = Buffer.alloc(8 + text.length);
	frame.set([0x81, 0xfe, text.length >> 8, text.length & 255]);
	frame.write(text, 8);
	socket.write(head);
	socket.write(frame);
	socket.pause();
	const count = async () => Number((await call("POST", "exec", { cmd: "cat /tmp/count" })).stdout);
	let last = -1;
	await soon("it stands still", async () => {
		const now = await count();
		const same = now > 0 && now === last;
		last = now;
		await sleep(300);
		return same;
	});
	assert.ok(last < 20000, `${last} lines were written`);
	socket.destroy();
	await soon("it goes on without the client", async () => (await count()) === 20000);
});

test("what is no WebSocket, and what a client must not send", async () => {
	assert.equal((await call("GET", "exec/stream")).error.code, "bad_request");
	for (const message of ["{", "[]", JSON.stringify({ type: "stdin" }), JSON.stringify({ type: "start", cmd: "x", colour: 1 }), JSON.stringify({ type: "attach", tag: "none" })]) {
		const s = open("exec/stream");
		await s.ready;
		s.say(message);
		await soon(`the end of ${message}`, () => s.closed);
		assert.equal(s.messages[0].type, "error", message);
	}
	const frames = { "not masked": [0x81, 0x02, 0x7b, 0x7d], "reserved bits": [0xf1, 0x82, 0, 0, 0, 0, 0x7b, 0x7d],
		"too large": [0x81, 0xff, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0], "a continuation of nothing": [0x80, 0x81, 0, 0, 0, 0, 1], "a long ping": [0x89, 0xfe, 1, 0, 0, 0, 0, 0] };
	for (const [what, bytes] of Object.entries(frames)) {
		const socket = net.connect(new URL(url).port, "127.0.0.1");
		let over = false;
		socket.on("close", () => (over = true)).on("error", () => {}).resume();
		socket.write(`GET /v1/sandboxes/${ID}/exec/stream HTTP/1.1\r\nHost: x\r\nX-API-Key: ${KEY}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n`);
		socket.write(Buffer.from([...bytes, ...new Array(300).fill(0)]));
		await soon(`the end: ${what}`, () => over);
	}
});

console.log(`1..${tests.length}`);
let failed = 0;
for (const [i, { name, run }] of tests.entries()) {
	try {
		await Promise.race([run(), sleep(60_000).then(() => assert.fail("takes more than a minute"))]);
		console.log(`ok ${i + 1} - ${name}`);
	} catch (error) {
		failed++;
		console.log(`not ok ${i + 1} - ${name}`);
		console.log(String(error.stack ?? error).replace(/^/gm, "# "));
	}
}
process.exit(failed ? 1 : 0);
