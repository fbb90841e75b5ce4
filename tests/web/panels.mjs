// SPDX-License-Identifier: GPL-2.0-only
// panels.mjs - the pages that look closer: processes, events, a followed call, and the kernel's tables
import { csv, done, expect, go, it, live, ok, open, sandbox, saved, sleep } from "./lib.mjs";

/* What a guest can call a process: markup, a quote, the other direction, a line's end */
const NAMES = ["<img src=x onerror=alert(1)>", "a\"'><b>&amp;", "\u202etxt.exe", "two\nlines", "=1+2"];
const octal = (text) => [...Buffer.from(text)].map((byte) => "\\" + byte.toString(8).padStart(3, "0")).join("");
const copies = NAMES.map((name) => `ln -s /bin/busybox "/tmp/$(printf '${octal(name)}')"; `).join("");

const box = await sandbox({ script: `mkdir -p /tmp; ${copies} sleep 1000` });
const page = await open(box.url);
let alerts = 0;
page.on("dialog", (dialog) => { alerts++; void dialog.dismiss(); });
await live(page);

/* comm is 15 bytes of the program's name, set through /proc by the shell itself */
const hostile = NAMES.map((name) => box.load(`printf '${octal(name)}' >/proc/$$/comm; while :; do "/tmp/$(printf '${octal(name)}')" 2>/dev/null; cat /nothing 2>/dev/null; sleep 0.3; done`));

await go(page, "processes");
const shown = (name) => [...Buffer.from(name).subarray(0, 15).toString("utf8")].join("").replace(/\n/, "\\n").replace("\u202e", "\\u202e");
await it("processes are a tree", () => expect(async () => await page.locator("[data-table=processes] tbody tr").count() >= 5, "fewer than five processes"));
for (const name of NAMES)
	await it(`the name ${JSON.stringify(name)} stays text`, () => expect(async () =>
		(await page.locator("[data-table=processes] tbody th").allTextContents()).some((text) => text === shown(name)),
	async () => `${shown(name)} is not in ${await page.locator("[data-table=processes] tbody th").allTextContents()}`));
await it("and makes no element", async () => {
	const made = await page.evaluate(() => document.querySelectorAll("main img, main b").length);
	return made === 0 || `${made} elements`;
});
await it("in a CSV it is no formula", async () => {
	const rows = csv((await saved(page, "[data-table=processes]", "csv")).text);
	return rows.some(([comm]) => comm === "'=1+2") || JSON.stringify(rows.map(([comm]) => comm));
});
await it("a process opens: its command, stack, descriptors, memory map", async () => {
	await page.locator("[data-table=processes] tbody th button").getByText("sleep", { exact: true }).first().click();
	await page.waitForSelector(".task");
	await expect(async () => /sleep/.test(await page.locator(".task-body").textContent()), "no command");
	await page.locator("[data-section=Stack]").click();
	await expect(async () => /nanosleep/.test(await page.locator(".task-body").textContent()), async () => page.locator(".task-body").textContent());
	await page.locator("[data-section=Descriptors]").click();
	await expect(async () => await page.locator("[data-table=descriptors] tbody tr").count() >= 3, "fewer than three descriptors");
	await page.locator("[data-section='Memory map']").click();
	await expect(async () => /\[stack\]/.test(await page.locator("[data-table=areas]").textContent()), "no stack in its memory map");
});

await go(page, "events");
const rows = page.locator(".vlist-row:not([hidden])");
const texts = () => page.locator(".vlist-row:not([hidden]) .what").allTextContents();
await it("events come", () => expect(async () => await rows.count() > 10, "no rows"));
await it("paths of a guest stay text in the feed", () => expect(async () => (await texts()).some((text) => text.includes("<img src=x")), async () => (await texts()).join("\n")));
await it("filter by call", async () => {
	await page.locator("input[name=call]").fill("openat");
	await page.locator("input[name=call]").press("Enter");
	await expect(async () => {
		const kinds = await page.locator(".vlist-row:not([hidden]) .kind").allTextContents();
		return kinds.includes("openat") && !kinds.some((kind) => ["read", "write", "close", "wait4"].includes(kind));
	}, async () => String(await page.locator(".vlist-row:not([hidden]) .kind").allTextContents()));
});
await it("errors only", async () => {
	await page.locator("input[name=errors]").check();
	await expect(async () => {
		const tones = await rows.evaluateAll((list) => list.filter((row) => row.querySelector(".kind").textContent === "openat").map((row) => row.dataset.tone));
		return tones.length && tones.every((tone) => tone === "error");
	}, async () => `not only failed calls: ${await rows.evaluateAll((list) => list.map((row) => `${row.dataset.tone} ${row.textContent}`).join("\n"))}`);
	await page.locator("input[name=errors]").uncheck();
	await page.locator("input[name=call]").fill("");
	await page.locator("input[name=call]").press("Enter");
});
await it("kinds can be left out", async () => {
	await page.locator(".chip[data-kind=syscall]").click();
	await expect(async () => {
		const kinds = await page.locator(".vlist-row:not([hidden]) .kind").allTextContents();
		return kinds.length && kinds.every((kind) => ["fork", "exec", "exit", "signal", "writeback", "block issue", "block done"].includes(kind));
	}, async () => String(await page.locator(".vlist-row:not([hidden]) .kind").allTextContents()));
	await page.locator(".chip[data-kind=syscall]").click();
});
await it("a kind that is not recorded is switched on: switches", async () => {
	await page.locator(".chip[data-kind=switch]").click();
	await expect(async () => (await page.locator(".vlist-row:not([hidden]) .kind").allTextContents()).includes("switch"), "no switch came");
	await page.locator(".chip[data-kind=switch]").click();
});
await it("search in what is here", async () => {
	const search = page.locator(".feed-card input[type=search]");
	await search.fill("onerror");
	await expect(async () => { const list = await texts(); return list.length && list.every((text) => text.includes("onerror")); }, async () => (await texts()).join("\n"));
	await search.fill("");
});
await it("hold and go on", async () => {
	await page.locator("[data-action=pause-feed]").click();
	await sleep(300);
	const before = await texts();
	await sleep(1500);
	const after = await texts();
	await page.locator("[data-action=pause-feed]").click();
	await expect(async () => (await texts()).join() !== before.join(), "it does not go on");
	return before.join() === after.join() || "it moved while it was held";
});
await it("an event opens, by mouse and by keyboard", async () => {
	await rows.nth(3).click();
	await page.waitForSelector(".vlist-details .fields dt");
	await page.locator(".vlist").focus();
	await page.keyboard.press("Escape");
	await page.waitForSelector(".vlist-details", { state: "hidden" });
	await page.keyboard.press("ArrowDown");
	await page.keyboard.press("Enter");
	await page.waitForSelector(".vlist-details .fields dt");
	await page.keyboard.press("Escape");
});
await it("events as CSV", async () => {
	const list = csv((await saved(page, ".feed-card", "csv")).text);
	return list.length > 10 && list[0].includes("text") && list.every(({ length }) => length === list[0].length);
});

await go(page, "follow");
await it("a write is followed through the layers", async () => {
	const load = box.load("while :; do dd if=/dev/zero of=/w bs=16k count=1 conv=fsync 2>/dev/null; sleep 0.2; done");
	await page.locator("input[name=call]").fill("fsync");
	await page.locator("[data-action=follow]").click();
	await expect(async () => await page.locator("[data-journey]").isVisible(), async () => page.locator(".notice").first().textContent(), 20);
	const layers = await page.locator("[data-journey] [data-layer]").evaluateAll((list) => list.map((element) => element.dataset.layer));
	load.kill("SIGTERM");
	const functions = await page.locator("[data-table=functions] tbody tr").count();
	return ["vfs", "file system", "block"].every((layer) => layers.includes(layer)) && functions > 20 || `${layers}; ${functions} functions`;
});
await it("its picture is not empty, and zooms by keyboard", async () => {
	const picture = () => page.locator("canvas.journey").evaluate((canvas) => canvas.toDataURL());
	const whole = await picture();
	await page.locator("canvas.journey").focus();
	await page.keyboard.press("+");
	await sleep(200);
	return whole.length > 4000 && await picture() !== whole;
});

await go(page, "scheduler");
await it("the run queue is drawn, with who is next and why", async () => {
	const loads = [1, 2, 3].map((nice) => box.load(`renice ${nice * 5} -p $$ >/dev/null; while :; do :; done`));
	await expect(async () => await page.locator(".eevdf-row[data-picked]").count() >= 3, async () => page.locator(".queue").allTextContents());
	await expect(async () => await page.locator(".eevdf-row[data-picked=true]").count() >= 1 && (await page.locator(".why-next").allTextContents()).some((why) => /eligible|deadline/.test(why)), "no pick");
	await expect(async () => await page.locator("[data-table=picks] tbody tr").count() >= 5, "no picks");
	for (const load of loads)
		load.kill("SIGTERM");
});

const TABLES = [["memory", "memory-figures", "total"], ["caches", "slab", "dentry"], ["caches", "page-cache", "busybox"],
	["files", "mounts", "proc"], ["files", "files", "pipe:"], ["block", "devices", "vda"]];
for (const [id, table, text] of TABLES) {
	await it(`${table} shows ${text}`, async () => {
		await go(page, id);
		await expect(async () => (await page.locator(`[data-table=${table}] tbody`).textContent()).includes(text), async () => `${await page.locator(".notice:visible").allTextContents()} ${await page.locator(`[data-table=${table}] tbody`).textContent()}`);
	});
}
await it("a file's pages are drawn", async () => {
	await go(page, "caches");
	await page.locator("[data-table=page-cache] tbody tr", { hasText: "busybox" }).first().locator("button").click();
	await page.waitForSelector(".strip span[data-kind=cached]");
});
await it("a listening socket and its owner", async () => {
	const load = box.load("ifconfig lo up; nc -l -p 7777 </dev/zero >/dev/null");
	await go(page, "network");
	await expect(async () => /:7777/.test(await page.locator("[data-table=sockets] tbody").textContent()), async () => page.locator("[data-table=sockets]").textContent());
	load.kill("SIGTERM");
});

for (const load of hostile)
	load.kill("SIGTERM");
ok(alerts === 0 && page.complaints.length === 0, "nothing of the guest's ran in the page", `${alerts} dialogs; ${page.complaints.join("\n")}`);
await done();
