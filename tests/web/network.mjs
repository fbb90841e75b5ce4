// SPDX-License-Identifier: GPL-2.0-only
// network.mjs - the tables of connections with others and of requests, and of requests of shared folders
//
// The web server is this very process: what asks it must not be waited for without letting it answer.
import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { csv, done, expect, go, it, live, open, sandbox, saved, scratch, start } from "./lib.mjs";

const server = createServer((request, response) => response.end(`${request.url}\n`));
await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
const { port } = server.address();
const ready = join(scratch, "resolver");
start("python3", [new URL("../net/resolver.py", import.meta.url).pathname, ready, "api.test=10.0.2.2"]);
await expect(() => existsSync(ready), "no resolver");

const at = `http://api.test:${port}`;
const box = await sandbox({ options: ["--net=rules", "--dns", `127.0.0.1:${readFileSync(ready, "utf8").trim()}`, "--net-allow", "10.0.2.2",
	"-v", `${scratch}:/w`, "--net-allow", `tcp:host:${port}`, "--http-allow", `GET ${at}/v1/*`] });
const page = await open(box.url);
let alerts = 0;
page.on("dialog", (dialog) => { alerts++; void dialog.dismiss(); });
await live(page);
await go(page, "network");
const rows = (table) => page.locator(`[data-table=${table}] tbody tr`).evaluateAll((list) => list.map((row) => [...row.children].map((cell) => cell.textContent).join("|")));
const has = (table, ...words) => expect(async () => (await rows(table)).some((row) => words.every((word) => row.includes(word))),
	async () => `${words} is not in ${(await rows(table)).join("\n")}`);

await it("there is none at first, and both tables say so", async () => {
	await expect(async () => /No connection leads out/.test(await page.locator("[data-table=connections]").textContent()), "no such words");
	await expect(async () => /No request has been made/.test(await page.locator("[data-table=requests]").textContent()), "no such words");
});
await it("a request that was allowed, with its status", () => {
	box.load(`wget -q -O - ${at}/v1/allowed`);
	return has("requests", "allowed", "GET", "api.test", "/v1/allowed", "200", `http-allow GET ${at}/v1/*`);
});
await it("one that was refused, with the reason", () => {
	box.load(`wget -q -O - ${at}/v2/refused`);
	return has("requests", "refused", "/v2/refused", "403", "no rule allows it");
});
await it("a path stays text", async () => {
	box.load(`wget -q -O - '${at}/v1/%3Cb%3E&<img/src=x/onerror=alert(1)>' || true; wget -q -O - "${at}/v1/a'b&lt;b"`);
	await has("requests", "/v1/a'b&lt;b");
	const made = await page.evaluate(() => document.querySelectorAll("main img, main b").length);
	return made === 0 && alerts === 0 || `${made} elements, ${alerts} alerts`;
});
const held = box.load(`sleep 1000 | nc api.test ${port}`);
await it("a connection, by the name that the guest was told, with its verdict and what it has sent", () =>
	has("connections", "out", "tcp", "api.test", "127.0.0.1", String(port), "allowed"));
await it("it goes when it ends", async () => {
	box.exec("killall nc");
	held.kill("SIGTERM");
	await expect(async () => !(await rows("connections")).some((row) => row.includes("api.test")), async () => (await rows("connections")).join("\n"));
});
await it("requests as CSV", async () => {
	const list = csv((await saved(page, "[data-table=requests]", "csv")).text);
	return list[0].includes("verdict") && list.some((row) => row.includes("/v2/refused")) || JSON.stringify(list);
});
await it("how long requests of shared folders take", async () => {
	box.exec("echo x >/w/shared; cat /w/shared");
	await go(page, "files");
	await expect(async () => (await rows("share-requests")).some((row) => /^create\|1\|\d.*s\|\d.*s$/.test(row)), async () => (await rows("share-requests")).join("\n"));
});
const without = await sandbox();
const other = await open(without.url);
await live(other);
await it("a sandbox without a network has neither table", async () => {
	await go(other, "network");
	await expect(async () => await other.locator("[data-table=sockets]").isVisible(), "no sockets");
	return !await other.locator("[data-table=connections]").isVisible() && !await other.locator("[data-table=requests]").isVisible();
});
await it("nothing is complained about", () => page.complaints.length === 0 || page.complaints.join("\n"));
server.close();
await done();
