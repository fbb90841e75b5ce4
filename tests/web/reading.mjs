// SPDX-License-Identifier: GPL-2.0-only
// reading.mjs - what a reader can rely on: figures that agree, lists that say what is missing, a page
// that stands still when its server does
import { done, expect, go, it, live, observe, open, phase, reading, sandbox, sleep, value } from "./lib.mjs";

const box = await sandbox({ web: false, script: "while :; do cat /proc/loadavg /nothing >/dev/null 2>&1; sleep 0.05; done" });
const server = await observe(box.name);
const page = await open(server.url);
const other = await open(server.url);
await live(page);
await live(other);

await it("a rate is the same in its gauge and in its chart", () => expect(async () => page.evaluate(() => {
	const number = (text) => { const [, n, unit] = /^([\d.]+)\s?(k?)/.exec(text.replace(/\u202f/g, " ")); return Number(n) * (unit ? 1000 : 1); };
	const gauge = number(document.querySelector("[data-tile=calls] output").textContent);
	const parts = [...document.querySelectorAll("[data-chart=families] .entry .value")].map((value) => number(value.textContent));
	const sum = parts.reduce((a, b) => a + b, 0);
	return gauge > 0 && Math.abs(sum - gauge) < Math.max(10, gauge * .02);
}), "they differ", 10));
await it("whatever the window is", async () => {
	await page.locator("[data-action=window]").selectOption("2");
	await sleep(1500);
	const ok = await expect(async () => {
		const gauge = value(await page.locator("[data-tile=switches] output").textContent());
		let sum = 0;
		for (const series of ["Sleep", "Preempted", "Yield", "Exit", "From idle"])
			sum += await reading(page, "switches", series);
		return Math.abs(sum - gauge) < Math.max(10, gauge * .02);
	}, "they differ", 10);
	await page.locator("[data-action=window]").selectOption("0");
	return ok;
});
await it("what is free does not fill the chart of memory", async () => {
	const free = page.locator("[data-chart=memory] .entry", { hasText: "Free" });
	return await free.getAttribute("aria-pressed") === "false" && /\d/.test(await free.locator(".value").textContent());
});
await it("processes of programs, threads of the kernel, and all of them add up", async () => {
	await go(page, "processes");
	const note = await expect(async () => /processes of programs/.test(await page.locator("main").textContent()) && page.locator("main").textContent(), "no summary");
	const [, programs, kernel, all] = /(\d+) processes of programs, (\d+) threads of the kernel; (\d+) threads in all/.exec(note.replace(/\u202f/g, "")) ?? [];
	const rows = await page.locator("[data-table=processes] tbody tr").count();
	return Math.abs(rows - Number(programs)) <= 2 && Number(programs) + Number(kernel) <= Number(all) || note;
});
await it("the table has the page to itself until a process is chosen", async () => {
	const wide = async () => (await page.locator("[data-table=processes]").boundingBox()).width / (await page.locator("main").boundingBox()).width;
	const before = await wide();
	await page.locator("[data-table=processes] tbody th button").first().click();
	await page.waitForSelector(".task");
	const beside = await wide();
	await page.locator("[data-action=close-task]").click();
	await expect(async () => await wide() > .95, "it does not come back");
	return before > .95 && beside < .6 || `${before}, then ${beside}`;
});
await it("columns stand still while figures change", async () => {
	const lefts = () => page.locator("[data-table=processes] thead th").evaluateAll((heads) => heads.map((head) => Math.round(head.getBoundingClientRect().left)));
	/* For six seconds; the first figures may widen a column, whenever they come */
	const seen = [];
	for (let i = 0; i < 60; i++) {
		seen.push((await lefts()).join());
		if (i >= 12 && new Set(seen.slice(-12)).size <= 2)
			return true;
		await sleep(500);
	}
	return seen.join("\n");
});
await it("a filter looks at what is shown", async () => {
	await go(page, "memory");
	const rows = page.locator("[data-table=memory-figures] tbody tr");
	await expect(async () => await rows.count() > 5, "no figures");
	const shown = await rows.first().locator("td").textContent();
	await page.locator("[data-table=memory-figures] input[type=search]").fill(shown.replace(/\u202f/g, " "));
	await expect(async () => await rows.count() >= 1 && (await rows.first().textContent()).includes(shown), `${shown} is not found`);
	await page.locator("[data-table=memory-figures] input[type=search]").fill("000");
	await sleep(300);
	const texts = await rows.allTextContents();
	await page.locator("[data-table=memory-figures] input[type=search]").fill("");
	return texts.every((text) => text.replace(/\s/g, "").includes("000")) || texts.join("\n");
});

await it("under the pointer all charts show one time", async () => {
	await go(page, "overview");
	await sleep(1000);
	const over = await page.locator("[data-chart=families] .u-over").boundingBox();
	await page.mouse.move(over.x + over.width * .9, over.y + over.height / 2);
	await expect(async () => /^\d\d:\d\d:\d\d$/.test(await page.locator("[data-chart=families] .when").textContent()), "no time");
	const times = await page.locator("main .when").allTextContents();
	await page.mouse.move(5, 5);
	return times.length >= 6 && new Set(times).size === 1 || times.join();
});
await it("dragging chooses a piece of time for all charts, Escape goes back", async () => {
	await sleep(6000);
	const over = await page.locator("[data-chart=families] .u-over").boundingBox();
	await page.mouse.move(over.x + over.width * .93, over.y + 60);
	await page.mouse.down();
	await page.mouse.move(over.x + over.width * .96, over.y + 60, { steps: 4 });
	await page.mouse.move(over.x + over.width * .99, over.y + 60, { steps: 4 });
	await page.mouse.up();
	await page.waitForSelector("[data-action=now]:visible");
	const label = await page.locator("[data-action=now]").textContent();
	await sleep(1500);
	const same = label === await page.locator("[data-action=now]").textContent();
	await page.mouse.move(5, 5);
	await page.keyboard.press("Escape");
	await page.waitForSelector("[data-action=now]", { state: "hidden" });
	return same && /\d\d:\d\d:\d\d – \d\d:\d\d:\d\d/.test(label) || label;
});

await go(page, "events");
const rows = page.locator(".vlist-row:not([hidden])");
await expect(async () => await rows.count() > 10, "no events");
await it("a call's name, result and time stand once in a line", async () => {
	const lines = await expect(async () => {
		const list = await rows.evaluateAll((all) => all.map((row) => Object.fromEntries(["kind", "what", "result", "took"].map((name) => [name, row.querySelector(`.${name}`).textContent]))));
		return list.some(({ kind }) => kind === "openat") && list;
	}, "no openat");
	return lines.filter(({ kind }) => kind === "openat").every(({ what, result, took }) => what.startsWith("(") && !/<\d/.test(what) && result && took) || JSON.stringify(lines);
});
await it("details are in words and units", async () => {
	await rows.filter({ has: page.locator(".kind", { hasText: /^openat$/ }) }).first().click();
	const names = await page.locator(".vlist-details dt").allTextContents();
	const text = await page.locator(".vlist-details").textContent();
	await page.locator(".vlist").focus();
	await page.keyboard.press("Escape");
	return names.includes("Task") && names.includes("Took") && !names.some((name) => name.includes("_")) && /thread \d+ of process \d+/.test(text) || text;
});
await it("on a phone an error is seen", async () => {
	await page.setViewportSize({ width: 390, height: 780 });
	await expect(async () => (await page.locator(".vlist-row:not([hidden])[data-tone=error] .result").evaluateAll((all) =>
		all.map((result) => result.textContent === "ENOENT" && result.getBoundingClientRect().right <= innerWidth && result.scrollWidth <= result.clientWidth + 1))).some(Boolean), "no ENOENT in sight");
	await page.setViewportSize({ width: 1280, height: 860 });
});
await it("why a filter is wrong is said", async () => {
	await page.locator("input[name=call]").fill("openat,nonsense");
	await page.locator("input[name=call]").press("Enter");
	await expect(async () => /nonsense/.test(await page.locator(".feed-card .notice.bad").textContent()), async () => page.locator(".feed-card").textContent());
	await page.locator("input[name=call]").fill("");
	await page.locator("input[name=call]").press("Enter");
	await page.waitForSelector(".feed-card .notice.bad", { state: "hidden" });
	return expect(async () => await rows.count() > 3, "it does not go on");
});

const armed = async () => page.evaluate(async () => (await (await fetch("/api/follow")).json()).armed);
await it("a follow can be cancelled", async () => {
	await go(page, "follow");
	await page.locator("input[name=call]").fill("reboot");
	await page.locator("[data-action=follow]").click();
	await expect(armed, "nothing is waited for");
	await page.locator("[data-action=cancel-follow]").click();
	return expect(async () => await armed() === null, "it is still waited for");
});
await it("and does not outlive its page", async () => {
	await page.locator("[data-action=follow]").click();
	await expect(armed, "nothing is waited for");
	await go(page, "overview");
	await expect(async () => await armed() === null, "it is still waited for, on another page");
	await go(other, "follow");
	await other.locator("input[name=call]").fill("reboot");
	await other.locator("[data-action=follow]").click();
	await expect(armed, "nothing is waited for");
	await other.goto("about:blank");
	await expect(async () => await armed() === null, "it is still waited for, without its page");
	await other.goto(server.url);
	await live(other);
});
await it("what was followed is shown as the events show it", async () => {
	await go(page, "follow");
	await page.locator("input[name=call]").fill("openat");
	await page.locator("[data-action=follow]").click();
	await expect(async () => await page.locator("[data-journey]").isVisible(), async () => page.locator("main .notice").first().textContent());
	// Until its event has come, the call is shown with what its registers say
	const title = () => page.locator("[data-journey] h3").textContent();
	await expect(async () => /^openat\(AT_FDCWD.*"\/.*O_.*\) = /.test(await title()), title);
});
await it("the tour names this sandbox", async () => {
	await go(page, "tour");
	const text = await expect(async () => { const said = (await page.locator(".experiment code").allTextContents()).join("\n"); return said.includes("vitrine") && said; }, "no commands");
	return text.includes(box.name) && !/\btour\b/.test(text) && (await page.locator(".lead").textContent()).includes(box.name) || text;
});

await it("a pause says for whom it is, and who made it", async () => {
	await page.locator("[data-action=pause]").click();
	await expect(async () => /You have paused.*for all \d/.test(await page.locator(".banner").textContent()), async () => page.locator(".banner").textContent());
	await expect(async () => /Another reader has paused/.test(await other.locator(".banner").textContent()), async () => other.locator(".banner").textContent());
	const still = await page.locator("main").getAttribute("data-still");
	await page.locator("[data-action=pause]").click();
	await live(page);
	await live(other);
	return still === "" && await page.locator("main").getAttribute("data-still") === null;
});
await it("a server that is stopped does not look alive", async () => {
	server.child.kill("SIGSTOP");
	await expect(async () => await phase(page) === "stalled", async () => `it is ${await phase(page)}`, 10);
	const said = await page.locator(".banner").textContent();
	const still = await page.locator("main").getAttribute("data-still");
	server.child.kill("SIGCONT");
	await live(page);
	return /said nothing for \d+ s/.test(said) && still === "" || said;
});
await it("header, navigation and content begin and end at the same lines", async () => {
	await go(page, "overview");
	for (const width of [1280, 1920, 2560]) {
		await page.setViewportSize({ width, height: 900 });
		await sleep(200);
		const edges = await page.evaluate(() => ({
			brand: document.querySelector(".brand").getBoundingClientRect().left, group: document.querySelector(".group").getBoundingClientRect().left,
			help: [...document.querySelectorAll(".top > *")].at(-1).getBoundingClientRect().right, tiles: document.querySelector(".tiles").getBoundingClientRect().right,
		}));
		if (Math.abs(edges.brand - edges.group) > 1 || Math.abs(edges.help - edges.tiles) > 1)
			return `${width}: ${JSON.stringify(edges)}`;
	}
	await page.setViewportSize({ width: 1280, height: 860 });
});
await it("nothing was complained about", () => page.complaints.filter((text) => !/ 400 /.test(text)).join("\n") || true);
await done();
