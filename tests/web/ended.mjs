// SPDX-License-Identifier: GPL-2.0-only
// ended.mjs - the dashboard of a sandbox that has ended, and of a recording: every page shows something
import { join } from "node:path";
import { done, expect, go, it, live, observe, open, phase, sandbox, scratch, sleep } from "./lib.mjs";

const WORK = "ifconfig lo up; nc -l -p 7777 </dev/zero >/dev/null & while :; do cat /proc/loadavg /nothing >/dev/null 2>&1; dd if=/dev/zero of=/w bs=16k count=4 conv=fsync 2>/dev/null; sleep 0.1; done";
const becomes = (page, wanted, seconds) => expect(async () => await phase(page) === wanted, async () => `it is ${await phase(page)}`, seconds);

/* A page, a table on it, and what that has to say of the sandbox above */
const PAGES = [
	["syscalls", "syscalls", "openat"], ["memory", "memory-figures", "total"], ["scheduler", "picks", "sh"], ["interrupts", "faults", "minor"],
	["block", "devices", "vda"], ["network", "sockets", ":7777"], ["processes", "processes", "nc"], ["caches", "page-cache", "busybox"],
	["caches", "slab", "dentry"], ["files", "mounts", "proc"], ["files", "files", "socket"],
];

async function everyPage(page, how) {
	for (const [id, table, text] of PAGES) {
		await it(`${how}: ${id} shows ${text}`, async () => {
			await go(page, id);
			await expect(async () => (await page.locator(`[data-table=${table}] tbody`).textContent()).includes(text),
				async () => `${await page.locator(".notice:visible").allTextContents()} ${await page.locator(`[data-table=${table}]`).textContent()}`, 15);
			return await page.locator("main .notice:visible").count() === 0 || page.locator("main .notice:visible").first().textContent();
		});
	}
	await it(`${how}: charts have their lines`, async () => {
		await go(page, "overview");
		await expect(async () => /\d/.test(await page.locator("[data-chart=families] [data-series='File I/O']").textContent()), "no figure", 10);
		const { width, height } = await page.locator("[data-chart=families] canvas").boundingBox();
		return width > 100 && height > 50;
	});
	await it(`${how}: events of before the end`, async () => {
		await go(page, "events");
		await expect(async () => await page.locator(".vlist-row:not([hidden])").count() > 10, async () => page.locator(".feed-card").textContent(), 15);
		/* the last thing is that file systems are written: look for what was before */
		const search = page.locator(".feed-card input[type=search]");
		await search.fill("/proc/loadavg");
		await expect(async () => (await page.locator(".vlist-row:not([hidden]) .kind").allTextContents()).includes("openat"), async () => page.locator(".feed-card").textContent(), 10);
		await search.fill("");
	});
	await it(`${how}: births and deaths on the first page`, async () => {
		await go(page, "overview");
		return expect(async () => await page.locator(".feed li[data-kind]").count() > 3, async () => page.locator(".feed").textContent(), 10);
	});
	await it(`${how}: a process that nobody had opened`, async () => {
		await go(page, "processes");
		await page.locator("[data-table=processes] tbody th button").getByText("nc", { exact: true }).first().click();
		await page.waitForSelector(".task");
		return expect(async () => /accept|sleeping/.test(await page.locator(".task-body").textContent()), async () => page.locator(".task-body").textContent());
	});
}

const file = join(scratch, "session");
const box = await sandbox({ web: false, script: WORK });
const server = await observe(box.name, 0, ["--linger", "forever", "--record", file]);
const page = await open(server.url);
await live(page);
await sleep(5000);
await it("the end is told", async () => {
	await box.stop();
	await becomes(page, "ended");
	return /how it was at the end/.test(await page.locator(".banner").textContent());
});
await everyPage(page, "ended");
await it("a reader who comes after the end sees the same", async () => {
	const late = await open(server.url);
	await becomes(late, "ended");
	await everyPage(late, "late");
	await late.context().close();
});
await it("without its server the page keeps all that it has, and says so", async () => {
	await server.stop();
	await expect(async () => /server has gone/.test(await page.locator(".banner").textContent()), async () => page.locator(".banner").textContent(), 20);
	for (const [id, table, text] of PAGES) {
		await go(page, id);
		await expect(async () => (await page.locator(`[data-table=${table}] tbody`).textContent()).includes(text), `${table} has lost ${text}`, 10);
	}
});

const again = await observe("", 0, ["--replay", file]);
const replay = await open(again.url);
await it("a recording says that it is one", () => becomes(replay, "recording"));
await everyPage(replay, "recording");
await it("the slider takes it to another moment", async () => {
	await go(replay, "syscalls");
	const calls = async () => Number((await replay.locator("[data-table=syscalls] tbody tr").first().locator("td").nth(1).textContent()).replace(/\D/g, ""));
	const before = await expect(calls, "no calls");
	await replay.locator(".moments input").evaluate((input) => { input.value = "300"; input.dispatchEvent(new Event("input")); });
	await expect(async () => await calls() < before * .8, async () => `${before}, then ${await calls()}`);
	await replay.locator(".moments input").evaluate((input) => { input.value = "1000"; input.dispatchEvent(new Event("input")); });
	await expect(async () => await calls() === before, async () => `${before}, then ${await calls()}`);
});
await it("it plays", async () => {
	const label = () => replay.locator(".moment").textContent();
	await replay.locator("[data-action=play]").click();
	const first = await expect(label, "no label");
	await expect(async () => await label() !== first, "the moment stands still");
	await replay.locator("[data-action=play]").click();
});
await it("nothing was complained about", () => page.complaints.concat(replay.complaints).filter((text) => !/410|404/.test(text)).join("\n") || true);
await done();
