// SPDX-License-Identifier: GPL-2.0-only
// dashboard.mjs - see bench/dashboard
import { close, sleep } from "../tests/web/lib.mjs";
import { firehose, RATE, tasks } from "../tests/web/firehose.mjs";

const [rounds = 5, seconds = 10] = process.argv.slice(2).map(Number);
const LATE = 50;
const COLUMNS = ["frames", "late", "median ms", "longest ms", "CPU ms", "events/s"];

const median = (list) => list.toSorted((a, b) => a - b)[list.length >> 1];

/* The time from each frame to the next */
const frames = (page) => page.evaluate((ms) => new Promise((finish) => {
	const gaps = [], end = performance.now() + ms;
	let last = 0;
	const frame = (now) => {
		if (last)
			gaps.push(now - last);
		last = now;
		if (now < end)
			requestAnimationFrame(frame);
		else
			finish(gaps);
	};
	requestAnimationFrame(frame);
}), seconds * 1000);

async function round(feed) {
	const before = (await feed.has()).received, began = performance.now();
	const { result: gaps, times } = await tasks(feed.page, () => frames(feed.page));
	const rate = ((await feed.has()).received - before) * 1000 / (performance.now() - began);
	return [gaps.length, gaps.filter((ms) => ms > LATE).length, median(gaps), Math.max(...gaps), times[0], rate];
}

const line = (name, values) => console.log([name.padEnd(8), ...values.map((value, i) =>
	(typeof value === "string" ? value : value.toFixed(i >= 2 && i <= 4 ? 1 : 0)).padStart(11))].join(""));

const feed = await firehose();
await feed.begin();
await sleep(3000);
line("round", COLUMNS);
const all = [];
for (let i = 1; i <= rounds; i++) {
	all.push(await round(feed));
	line(String(i), all.at(-1));
}
line("median", COLUMNS.map((_, i) => median(all.map((values) => values[i]))));
console.log(`late: frames that took longer than ${LATE} ms; sent were at most ${RATE} events/s`);
feed.stop();
await close();
process.exit(0);
