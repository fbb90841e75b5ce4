// SPDX-License-Identifier: GPL-2.0-only
// smooth.mjs - fifty thousand events a second: no frame over 50 ms, bounded memory
//
// The real server would thin them out, so a proxy in front of it answers /api/events itself, in
// the server's own words, ten times a second. Other programs on the machine can take the browser's
// time away, so it has three attempts of four seconds.
import http from "node:http";
import { done, expect, go, it, live, ok, open, sandbox, sleep } from "./lib.mjs";

const RATE = 50_000, BATCHES = 10;

let seq = 0;
function event() {
	seq++;
	const call = ["openat", "read", "write", "close", "newfstatat"][seq % 5];
	return {
		seq, kind: "syscall", ring: "routine", time_ms: Date.now(), pid: 100 + seq % 50, tgid: 100, comm: "firehose", cpu: 0, nr: seq % 5, call,
		family: "file_io", disposition: seq % 10 ? "kernel" : "guest", args: ["0x3", "0x7ffd3a20", "0x1000", "0x0", "0x0", "0x0"],
		result: seq % 7 ? 3 : -2, error: seq % 7 ? null : "ENOENT", duration_ns: 2000 + seq % 9000, followed: false,
		text: `${call}(AT_FDCWD</root>, "/usr/lib/x86_64-linux-gnu/file-${seq % 1000}", O_RDONLY|O_CLOEXEC) = 3`,
	};
}

const box = await sandbox();
const real = new URL(box.url);
let sent = 0;
const proxy = http.createServer((request, answer) => {
	const url = new URL(request.url, real);
	if (url.pathname === "/api/events" && url.searchParams.get("samples") !== "fine") {
		answer.writeHead(200, { "Content-Type": "text/event-stream" });
		answer.write(`event: hello\ndata: ${JSON.stringify({ state: "running", sandbox: box.name, newest: 0, limit: RATE, columns: [] })}\n\n`);
		const timer = setInterval(() => {
			if (answer.writableNeedDrain)
				return;
			const events = Array.from({ length: RATE / BATCHES }, event);
			answer.write(`id: ${seq}\nevent: events\ndata: ${JSON.stringify({ events, omitted: null, limit: RATE })}\n\n`);
			sent += events.length;
		}, 1000 / BATCHES);
		request.on("close", () => clearInterval(timer));
		return;
	}
	const onward = http.request(url, { method: request.method, headers: { ...request.headers, host: real.host, origin: real.origin, referer: real.href } }, (reply) => {
		answer.writeHead(reply.statusCode, reply.headers);
		reply.pipe(answer);
	});
	onward.on("error", () => answer.destroy());
	request.pipe(onward);
});
await new Promise((ready) => proxy.listen(0, "127.0.0.1", ready));
const page = await open(`http://127.0.0.1:${proxy.address().port}/`);
await live(page);
await go(page, "events");
await expect(async () => await page.locator(".vlist-row:not([hidden])").count() > 10, "no events");
await sleep(2000);

async function measure() {
	const before = sent, began = Date.now();
	const frames = await page.evaluate(() => new Promise((finish) => {
		const gaps = [];
		let last = performance.now();
		const end = last + 4000;
		const frame = (now) => {
			gaps.push(now - last);
			last = now;
			if (now < end)
				requestAnimationFrame(frame);
			else
				finish(gaps);
		};
		requestAnimationFrame((now) => { last = now; requestAnimationFrame(frame); });
	}));
	return { worst: Math.max(...frames), frames: frames.length, rate: (sent - before) * 1000 / (Date.now() - began) };
}

let best = null;
for (let attempt = 0; attempt < 3 && !(best && best.worst <= 50 && best.rate > RATE * .8); attempt++) {
	const now = await measure();
	console.log(`# ${Math.round(now.rate)} events/s: ${now.frames} frames, the longest ${now.worst.toFixed(1)} ms`);
	if (!best || now.worst < best.worst)
		best = now;
}
ok(best.rate > RATE * .8, `the page takes ${RATE} events a second`, `${best.rate}`);
ok(best.worst <= 50, "no frame takes longer than 50 ms", JSON.stringify(best));
await it("rows are made for what is in sight only", async () => {
	const rows = await page.locator(".vlist-row").count();
	return rows < 100 || `${rows} rows`;
});
await it("a reader who scrolls holds the list", async () => {
	await page.locator(".vlist").evaluate((list) => { list.scrollTop = 2600; });
	await expect(async () => await page.locator(".back").isVisible(), "no way back to live");
	const first = await page.locator(".vlist-row:not([hidden]) .what").first().textContent();
	await sleep(800);
	const same = first === await page.locator(".vlist-row:not([hidden]) .what").first().textContent();
	await page.locator(".back").click();
	return same || "the rows moved";
});
await it("memory is bounded", async () => {
	const text = await page.locator(".feed-card .note[role=status]").textContent();
	const here = Number(/^([\d\u202f]+) here/.exec(text)?.[1].replace(/\u202f/g, ""));
	return here >= 20_000 && here <= 25_000 || text;
});
await it("nothing was complained about", () => page.complaints.length === 0 || page.complaints.join("\n"));
proxy.closeAllConnections();
proxy.close();
await done();
