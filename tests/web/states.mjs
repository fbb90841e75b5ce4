// SPDX-License-Identifier: GPL-2.0-only
// states.mjs - paused, disconnected and back, ended
import { done, expect, go, it, live, observe, open, phase, sandbox, sleep } from "./lib.mjs";

const box = await sandbox({ web: false, script: "while :; do cat /proc/loadavg >/dev/null; sleep 0.05; done" });
let server = await observe(box.name);
const port = Number(new URL(server.url).port);
const page = await open(server.url);
const becomes = (wanted, seconds) => expect(async () => await phase(page) === wanted, async () => `it is ${await phase(page)}`, seconds);

await it("a server for a sandbox that runs already is live", () => live(page));
await it("pause stops the pictures, and says so", async () => {
	await page.locator("[data-action=pause]").click();
	await becomes("paused");
	await sleep(1200);
	const figure = () => page.locator("[data-tile=calls] .spark-line").getAttribute("d");
	const before = await figure();
	await sleep(2500);
	return before === await figure() && await page.locator(".banner").isVisible();
});
await it("resume goes on", async () => {
	await page.locator("[data-action=pause]").click();
	await becomes("live");
});
await it("the space bar does the same", async () => {
	await page.locator("main").focus();
	await page.keyboard.press(" ");
	await becomes("paused");
	await page.keyboard.press(" ");
	await becomes("live");
});
await it("a second reader sees the pause", async () => {
	const other = await open(server.url);
	await live(other);
	await page.locator("[data-action=pause]").click();
	await expect(async () => await phase(other) === "paused", "it does not");
	await page.locator("[data-action=pause]").click();
	await becomes("live");
	await other.close();
});
await go(page, "events");
await expect(async () => await page.locator(".vlist-row:not([hidden])").count() > 3, "no events");
await it("without its server the page says that it is disconnected", async () => {
	await server.stop();
	await becomes("disconnected");
});
await it("when the server is back it is live again by itself", async () => {
	await sleep(1500);
	server = await observe(box.name, port);
	await becomes("live", 30);
	const seen = await page.locator(".vlist-row:not([hidden]) time").first().textContent();
	await expect(async () => await page.locator(".vlist-row:not([hidden]) time").first().textContent() !== seen, "no new events come", 20);
});
await it("the button does not wait", async () => {
	await server.stop();
	await becomes("disconnected");
	await sleep(6000);
	server = await observe(box.name, port);
	await page.locator("[data-action=reconnect]").click();
	await becomes("live", 5);
});
await it("the end of the sandbox is an end, and what was seen stays", async () => {
	await go(page, "overview");
	await sleep(1500);
	await box.stop();
	await becomes("ended");
	await sleep(8000);
	await becomes("ended");
	return await page.locator(".banner").isVisible() && /\d/.test(await page.locator("[data-tile=calls] .detail").textContent());
});
await it("nothing was complained about", () => page.complaints.length === 0 || page.complaints.join("\n"));
await done();
