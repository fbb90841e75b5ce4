// SPDX-License-Identifier: GPL-2.0-only
// charts.mjs - each chart moves when its subject moves, and what is exported opens and parses
import { csv, done, expect, go, it, live, open, reading, sandbox, saved, sleep, value } from "./lib.mjs";

const box = await sandbox();
const page = await open(box.url);
await live(page);

/* Subject: what to run, on which page, which reading has to pass which figure while it runs. A busy
   host gives a loop little of a processor, so a figure only has to be far from that of idleness */
const SUBJECTS = [
	["a fork loop", "scheduler", "while :; do (:); done", [["life", "Forks", 20], ["life", "Exits", 20]]],
	["an exec loop", "scheduler", "while :; do /bin/true; done", [["life", "Execs", 10], ["switches", "Exit", 5], ["wakeups", "Wake-ups", 10]]],
	["reading a file", "memory", "while :; do echo 3 >/proc/sys/vm/drop_caches; cat /bin/busybox >/dev/null; done", [["cache", "Added", 50], ["cache", "Removed", 50]]],
	["writing and syncing", "block", "while :; do dd if=/dev/zero of=/tmp.data bs=64k count=32 conv=fsync 2>/dev/null; done",
		[["throughput", "Written", 100_000], ["iops", "Writes", 5], ["latency", "Mean", 1]]],
	["dirty pages", "memory", "while :; do dd if=/dev/zero of=/dirty bs=1M count=20 2>/dev/null; sleep 1; done", [["dirty", "Dirty", 1_000_000]]],
	["a busy loop", "scheduler", "while :; do :; done", [["cpu", "User", .02], ["load", "Runnable", .5]]],
	["two busy loops", "scheduler", "timeout 12 sh -c 'while :; do :; done' & while :; do :; done", [["switches", "Preempted", 3], ["delay", "99th percentile", 100_000]]],
	["a pipe", "syscalls", "timeout 10 yes | cat >/dev/null", [["families", "File I/O", 500]]],
	["looking for what is not there", "syscalls", "while :; do cat /nothing 2>/dev/null; done", [["errors", "Errors", 20], ["families", "Directories", 20]]],
	["memory touched first", "interrupts", "while :; do dd if=/dev/zero of=/dev/null bs=8M count=1 2>/dev/null; done", [["faults", "Minor", 100]]],
	["copies after a fork", "interrupts", "while :; do (x=1); done", [["faults", "Copy on write", 50], ["host", "Notifications", 50], ["host", "Maps", 10]]],
	["interrupts and softirqs", "interrupts", "while :; do dd if=/dev/zero of=/i bs=4k count=8 conv=fsync 2>/dev/null; done", [["interrupts", "Timer", 1], ["interrupts", "Virtio", 5]]],
	["packets on the loopback", "network", "ifconfig lo up; ping -i 0.01 -s 1000 127.0.0.1 >/dev/null", [["traffic", "Sent", 5000], ["traffic", "Received", 5000], ["packets", "Sent", 10]]],
];

for (const [subject, id, script, readings] of SUBJECTS) {
	await go(page, id);
	await page.waitForSelector(`main[data-panel=${id}]`);
	const load = box.load(script);
	for (const [chart, series, least] of readings) {
		await it(`${subject} moves ${chart}: ${series}`, () =>
			expect(async () => await reading(page, chart, series) >= least, async () => `${await reading(page, chart, series)} is less than ${least}`));
	}
	load.kill("SIGTERM");
	await load.over;
}

await it("memory in use grows with what a program allocates", async () => {
	await go(page, "memory");
	await sleep(1500);
	const before = await reading(page, "memory", "Anonymous");
	const load = box.load("dd if=/dev/zero of=/dev/null bs=96M count=100000 2>/dev/null");
	await expect(async () => await reading(page, "memory", "Anonymous") > before + 80e6, async () => `${before}, then ${await reading(page, "memory", "Anonymous")}`);
	load.kill("SIGTERM");
	await load.over;
});
await it("gauges: the processor is busy, then idle again", async () => {
	await go(page, "overview");
	const load = box.load("while :; do :; done");
	const gauge = async () => value(await page.locator("[data-tile=cpu] output").textContent());
	await expect(async () => await gauge() > .5, async () => `${await gauge()} when busy`);
	load.kill("SIGTERM");
	await load.over;
	await expect(async () => await gauge() < .5, async () => `${await gauge()} when idle`);
});
await it("rare events are told on the first page", () => {
	box.exec("/bin/true");
	return expect(async () => /busybox|true/.test(await page.locator(".feed").textContent()), async () => page.locator(".feed").textContent());
});

await go(page, "syscalls");
const cell = async (call, column) => page.evaluate(([name, at]) => [...document.querySelectorAll("[data-table=syscalls] tbody tr")]
	.find((row) => row.firstChild.textContent === name)?.children[at]?.textContent ?? "", [call, column]);
await it("the table counts calls: mkdir and rmdir, twenty times each", async () => {
	box.exec("for i in $(seq 20); do mkdir /d; rmdir /d; done");
	await expect(async () => await cell("mkdir", 2) === "20" && await cell("rmdir", 2) === "20", async () => `mkdir ${await cell("mkdir", 2)}, rmdir ${await cell("rmdir", 2)}`);
});
await it("it shows percentiles in order", async () => {
	const [p50, p90, p99] = (await Promise.all([7, 8, 9].map((column) => cell("mkdir", column)))).map(value);
	return p50 > 0 && p50 <= p90 && p90 <= p99 || `${p50} ${p90} ${p99}`;
});
await it("it sorts by a press on a head, either way", async () => {
	const names = () => page.locator("[data-table=syscalls] tbody tr th").allTextContents();
	await page.locator("[data-table=syscalls] thead button", { hasText: "Call" }).first().click();
	const up = await names();
	await page.locator("[data-table=syscalls] thead button", { hasText: "Call" }).first().click();
	const down = await names();
	return up.length > 5 && up[0] < up.at(-1) && down[0] > down.at(-1) || `${up[0]}..${up.at(-1)}, ${down[0]}..${down.at(-1)}`;
});
await it("it filters", async () => {
	await page.locator("[data-table=syscalls] input[type=search]").fill("mkdir");
	await expect(async () => (await page.locator("[data-table=syscalls] tbody tr").count()) === 1, "more than one row is left");
	await page.locator("[data-table=syscalls] input[type=search]").fill("");
});
await it("a press on a call shows its latencies", async () => {
	await page.locator("[data-table=syscalls] tr", { hasText: "mkdir" }).locator("button").click();
	await page.waitForSelector("svg.histogram rect", { state: "attached" });
});

await it("a table as CSV", async () => {
	const { name, text } = await saved(page, "[data-table=syscalls]", "csv");
	const rows = csv(text);
	const row = rows.find(([call]) => call === "mkdir");
	return name.endsWith(".csv") && rows[0][0] === "name" && row?.[2] === "20" && rows.every(({ length }) => length === rows[0].length) || text.slice(0, 400);
});
await it("a table as JSON", async () => {
	const { rows } = JSON.parse((await saved(page, "[data-table=syscalls]", "json")).text);
	return rows.find((row) => row.name === "mkdir")?.calls === 20;
});
await it("a chart as CSV", async () => {
	const rows = csv((await saved(page, "[data-chart=families]", "csv")).text);
	return rows[0][0] === "time" && rows.length > 50 && !Number.isNaN(Date.parse(rows[1][0])) && rows.every(({ length }) => length === 10) || JSON.stringify(rows.slice(0, 3));
});
await it("a chart as JSON", async () => {
	const { rows } = JSON.parse((await saved(page, "[data-chart=families]", "json")).text);
	return rows.some((row) => row["File I/O"] > 0) && rows.every((row) => Date.parse(row.time) > 0);
});
await done();
