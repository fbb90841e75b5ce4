// SPDX-License-Identifier: GPL-2.0-only
// load.mjs - the page loads, is live, back-filled, themed, reachable by keyboard, and fits a phone
import { done, expect, go, it, live, ok, open, phase, reading, sandbox, saved, sleep } from "./lib.mjs";

const PAGES = ["overview", "syscalls", "memory", "scheduler", "interrupts", "block", "network", "processes", "events", "follow", "caches", "files"];

const box = await sandbox({ script: "while :; do cat /proc/loadavg >/dev/null; sleep 0.05; done" });
await sleep(4000);
const opened = Date.now();
const page = await open(box.url);

await it("the page is live", () => live(page));
await it("its name is the sandbox's", () => expect(async () => (await page.title()).includes(box.name), "the title does not name it"));
await it("charts are back-filled from before the page was opened", () => expect(async () => {
	const { rows } = JSON.parse((await saved(page, "[data-chart=families]", "json")).text);
	return rows.filter((row) => row["File I/O"] !== null && Date.parse(row.time) < opened - 1500).length >= 2;
}, "no value is older than the page"));
await it("figures change by themselves", async () => {
	const seen = new Set();
	await expect(async () => seen.add(await page.locator("[data-tile=calls] output").textContent()).size >= 3, () => `only ${[...seen]}`);
});
await it("system calls are counted", () => expect(async () => await reading(page, "families", "File I/O") > 5, "no file I/O"));

for (const id of PAGES) {
	await go(page, id);
	await page.waitForSelector(`main[data-panel=${id}]`);
	await sleep(700);
}
ok(page.complaints.length === 0, "no page makes the browser complain, or ask another host", page.complaints.join("\n"));

await it("the tabs follow arrows, Home and End", async () => {
	await go(page, "overview");
	await page.locator("[data-panel=overview]").first().focus();
	await page.keyboard.press("ArrowDown");
	await page.waitForSelector("main[data-panel=syscalls]");
	await page.keyboard.press("End");
	await expect(async () => !(await page.locator("main[data-panel=syscalls]").count()), "End does nothing");
	await page.keyboard.press("Home");
	await page.waitForSelector("main[data-panel=overview]");
	const selected = await page.locator("[role=tab][aria-selected=true]").count();
	return selected === 1 || `${selected} tabs are selected`;
});
await it("shortcuts: a digit, brackets, and the list of them", async () => {
	await page.keyboard.press("4");
	await page.waitForSelector("main[data-panel=scheduler]");
	await page.keyboard.press("[");
	await page.waitForSelector("main[data-panel=memory]");
	await page.keyboard.press("?");
	await page.waitForSelector("dialog[open]");
	await page.keyboard.press("Escape");
	await page.waitForSelector("dialog[open]", { state: "detached" });
});
await it("the focus can be seen, and everything has a name", async () => {
	await page.keyboard.press("Tab");
	const seen = await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle);
	const nameless = await page.evaluate(() => [...document.querySelectorAll("button, input, select, a")].filter((element) =>
		!(element.textContent.trim() || element.getAttribute("aria-label") || element.getAttribute("title") || element.closest("label")?.textContent.trim()))
		.map((element) => element.className || element.tagName));
	return seen !== "none" && !nameless.length || `outline ${seen}; nameless: ${nameless}`;
});

await it("the theme follows the system until it is chosen, then stays", async () => {
	const theme = () => page.evaluate(() => document.documentElement.dataset.theme);
	await page.emulateMedia({ colorScheme: "dark" });
	await expect(async () => await theme() === "dark", "dark is not followed");
	await page.emulateMedia({ colorScheme: "light" });
	await expect(async () => await theme() === "light", "light is not followed");
	await page.keyboard.press("t");
	await expect(async () => await theme() === "dark", "the choice is ignored");
	await page.reload();
	await expect(async () => await theme() === "dark", "the choice is forgotten");
	await live(page);
	await page.locator("[data-action=theme]").click();
});
await it("texts have a contrast of 4.5 or more in both themes", async () => {
	const bad = [];
	for (const theme of ["light", "dark"]) {
		bad.push(...await page.evaluate((name) => {
			document.documentElement.dataset.theme = name;
			const style = getComputedStyle(document.documentElement);
			const light = (property) => {
				const hex = style.getPropertyValue(property).trim();
				const part = (i) => {
					const c = parseInt(hex.slice(i, i + 2), 16) / 255;
					return c <= .03928 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4;
				};
				return .2126 * part(1) + .7152 * part(3) + .0722 * part(5);
			};
			const pairs = [["--ink", "--card"], ["--ink", "--page"], ["--muted", "--card"], ["--muted", "--page"], ["--muted", "--raised"], ["--accent", "--card"],
				["--good", "--raised"], ["--warn", "--raised"], ["--bad", "--raised"], ["--accent-ink", "--accent"], ["--series-3", "--card"]];
			return pairs.map(([a, b]) => [name, a, b, (Math.max(light(a), light(b)) + .05) / (Math.min(light(a), light(b)) + .05)]).filter((row) => row[3] < 4.5);
		}, theme));
	}
	return !bad.length || JSON.stringify(bad);
});

const phone = await open(box.url, { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true });
await live(phone);
for (const id of PAGES) {
	await it(`${id} fits a width of 360 pixels`, async () => {
		await go(phone, id);
		await phone.waitForSelector(`main[data-panel=${id}]`);
		await sleep(900);
		const width = await phone.evaluate(() => document.documentElement.scrollWidth);
		return width <= 360 || `it is ${width} wide`;
	});
}
await it("still live at the end", async () => await phase(page) === "live");
await done();
