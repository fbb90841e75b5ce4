// SPDX-License-Identifier: GPL-2.0-only
// firehose.mjs - fifty thousand events a second for the page's feed, in the server's own words
//
// The real server would thin them out, so a proxy in front of it answers /api/events itself, ten
// times a second; everything else it passes on. A reader that is slow is waited for, as the kernel
// waits for a socket: nothing is left out, it only takes longer.
import http from "node:http";
import { expect, go, live, open, sandbox } from "./lib.mjs";

export const RATE = 50_000;
const BATCHES = 10;

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

/* Made once: making them over and over would take the processor from the page */
const batches = Array.from({ length: 20 }, () => {
	const events = Array.from({ length: RATE / BATCHES }, event);
	return `id: ${seq}\nevent: events\ndata: ${JSON.stringify({ events, omitted: null, limit: RATE })}\n\n`;
});

/** The feed of a sandbox's page, open and fed; @most events are sent in all. */
export async function firehose(most = Infinity) {
	const box = await sandbox();
	const real = new URL(box.url);
	let sent = 0, next = 0;
	const proxy = http.createServer((request, answer) => {
		const url = new URL(request.url, real);
		if (url.pathname === "/api/events" && url.searchParams.get("samples") !== "fine") {
			answer.writeHead(200, { "Content-Type": "text/event-stream" });
			answer.write(`event: hello\ndata: ${JSON.stringify({ state: "running", sandbox: box.name, newest: 0, limit: RATE, columns: [] })}\n\n`);
			const timer = setInterval(() => {
				if (answer.writableNeedDrain || sent >= most)
					return;
				answer.write(batches[next++ % batches.length]);
				sent += RATE / BATCHES;
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
	return {
		page,
		get sent() {
			return sent;
		},
		/** Show the feed, which begins the stream. */
		async begin() {
			await go(page, "events");
			await expect(async () => await page.locator(".vlist-row:not([hidden])").count() > 10, "no events");
		},
		/** What the page says that it has: rows that are here, events that it has received. */
		async has() {
			const text = await page.locator(".feed-card .note[role=status]").textContent();
			const [here, received] = [.../([\d\u202f]+) lines here, ([\d\u202f]+) events received/.exec(text) ?? []].slice(1).map((n) => Number(n.replace(/\u202f/g, "")));
			return { here, received, text };
		},
		/** Let so many more through. */
		more(events) {
			most = sent + events;
		},
		stop() {
			proxy.closeAllConnections();
			proxy.close();
		},
	};
}

/**
 * CPU time of the tasks of the page's thread while @body runs, in ms, the longest first. It is what
 * decides whether frames can be in time, and other programs on the machine do not lengthen it.
 */
export async function tasks(page, body) {
	const browser = page.context().browser();
	await browser.startTracing(page, { categories: ["toplevel"] });
	const result = await body();
	const { traceEvents } = JSON.parse((await browser.stopTracing()).toString());
	const main = new Set(traceEvents.filter(({ name, args }) => name === "thread_name" && args.name === "CrRendererMain").map(({ pid, tid }) => `${pid}/${tid}`));
	const times = traceEvents.filter(({ name, ph, tdur, pid, tid }) => ph === "X" && tdur && /RunTask/.test(name) && main.has(`${pid}/${tid}`))
		.map(({ tdur }) => tdur / 1000).sort((a, b) => b - a);
	return { result, times };
}
