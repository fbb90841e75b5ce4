// SPDX-License-Identifier: GPL-2.0-only
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { daemon } from "./daemon.mjs";
import { done, expect, it, ok, open, until } from "./lib.mjs";

const service = await daemon();
const page = await open(`${service.url}/docs`, { colorScheme: "light", permissions: ["clipboard-read", "clipboard-write"] });
const shots = process.env.SHOTS;
const shoot = (of, name) => shots && of.screenshot({ path: join(shots, `${name}.png`) });
const shown = () => page.locator(".call:visible").count();

/* Calls of the description, read in another way than the page's maker reads it */
const yaml = readFileSync("../../service/api/openapi.yaml", "utf8");
const calls = [];
for (const line of yaml.slice(yaml.indexOf("\npaths:"), yaml.indexOf("\ncomponents:")).split("\n")) {
	const path = /^ {2}(\/\S*):$/.exec(line)?.[1];
	const method = /^ {4}(get|post|put|patch|delete):$/.exec(line)?.[1];
	if (path)
		calls.path = path;
	else if (method)
		calls.push(`${method.toUpperCase()} ${calls.path}`);
}

await it("it says what it may do, and that is little", async () => {
	const { headers, status } = await service.call("GET", "/docs", undefined, { "X-API-Key": "" });
	const policy = headers.get("content-security-policy");
	return status === 200 && policy.includes("default-src 'none'") && !/unsafe|https?:|\*/.test(policy) || `${status} ${policy}`;
});
await it("what has not changed is not sent again", async () => {
	const { headers } = await service.call("GET", "/docs");
	const again = await service.call("GET", "/docs", undefined, { "If-None-Match": headers.get("etag") });
	return again.status === 304 || String(again.status);
});
await it("every call of the description is there", async () => {
	const titles = (await page.locator(".call > h3").allTextContents()).map((text) => text.trim().replace(/\s+/g, " "));
	const missing = calls.filter((call) => !titles.includes(call));
	return calls.length > 30 && !missing.length && titles.length === calls.length || `missing: ${missing}; ${titles.length} of ${calls.length}`;
});
await it("each has an example, and its fields", async () => {
	const bare = await page.locator(".call").evaluateAll((list) => list.filter((call) => !/curl|websocat/.test(call.querySelector("pre").textContent)).map((call) => call.id));
	const fields = await page.locator("#post-v1-sandboxes tbody th").allTextContents();
	const line = await page.locator("#post-v1-sandboxes-id-rollback pre").textContent();
	return !bare.length && ["template", "memory_mb", "network.mode", "deadline_ms"].every((name) => fields.some((text) => text.trim().startsWith(name))) &&
		line === `curl -H "X-API-Key: $KEY" -d '{"snapshot":"before"}' "$URL/v1/sandboxes/$ID/rollback"` || `${bare}; ${fields}; ${line}`;
});
await it("links within it lead somewhere", async () => {
	const dead = await page.evaluate(() => [...document.querySelectorAll("a[href^='#']")].map((a) => a.getAttribute("href")).filter((href) => !document.getElementById(href.slice(1))));
	return !dead.length || dead.join();
});
await it("the filter is reached by / and leaves what fits", async () => {
	const all = await shown();
	await page.keyboard.press("/");
	await page.keyboard.type("rollback snapshot");
	await expect(async () => await shown() === 1, async () => `${await shown()} are shown`);
	const listed = await page.locator(".contents [data-call]:visible").count();
	await page.keyboard.press("Escape");
	await expect(async () => await shown() === all, async () => `${await shown()} of ${all} are shown`);
	return listed === 1 || `${listed} are listed`;
});
await it("what fits nothing says so", async () => {
	await page.locator("input[type=search]").fill("zzzz");
	await expect(() => page.locator(".nothing").isVisible(), "no word");
	await page.locator("input[type=search]").fill("");
});
await it("an example is copied", async () => {
	const call = page.locator("#get-v1-sandboxes-id");
	await call.locator("button").click();
	const copied = await until(() => page.evaluate(() => navigator.clipboard.readText()));
	return copied === await call.locator("pre").textContent() || copied;
});
await it("t makes it dark, and it stays so", async () => {
	await page.locator("h1").click();
	await page.keyboard.press("t");
	await page.reload();
	await expect(async () => await page.evaluate(() => document.documentElement.dataset.theme) === "dark", "it is light");
});
await shoot(page, "docs-1280-dark");
for (const [width, height] of [[390, 844], [1280, 860], [1920, 1080]]) {
	await it(`at ${width} nothing is wider than the page`, async () => {
		const other = await open(`${service.url}/docs`, { viewport: { width, height }, colorScheme: "light" });
		await other.waitForSelector("[data-action=theme]");
		await shoot(other, `docs-${width}`);
		await other.evaluate(() => { location.hash = "post-v1-sandboxes"; });
		await shoot(other, `docs-${width}-call`);
		const wide = await other.evaluate(() => document.documentElement.scrollWidth - innerWidth);
		ok(!other.complaints.length, `and the browser complains of nothing at ${width}`, other.complaints.join("\n"));
		return wide <= 0 || `${wide} pixels`;
	});
}
await it("without scripts it can be read", async () => {
	const other = await open(`${service.url}/docs`, { javaScriptEnabled: false });
	return await other.locator(".call").count() === calls.length && await other.locator("#get-health pre").isVisible();
});
ok(!page.complaints.length, "the browser complains of nothing, and nobody else is asked", page.complaints.join("\n"));
await service.stop();
await done();
