// SPDX-License-Identifier: GPL-2.0-only
// cpus.mjs - the scheduler page with eight CPUs: all of them are there, and fit on a phone
import { done, expect, go, it, live, open, sandbox } from "./lib.mjs";

const box = await sandbox({ options: ["--cpus", "8"], script: "for i in 1 2 3 4 5 6 7 8 9 10 11 12; do (while :; do :; done) & done; wait" });
for (const width of [390, 1280, 1920]) {
	const page = await open(box.url, { viewport: { width, height: 900 } });
	await live(page);
	await go(page, "scheduler");
	await it(`${width}: eight run queues, each with its number`, async () => {
		await expect(async () => await page.locator(".queue").count() === 8, "there are not eight");
		const names = await page.locator(".queue").evaluateAll((all) => all.map((queue) => queue.textContent.match(/CPU (\d+)/)?.[1]));
		return names.join() === "0,1,2,3,4,5,6,7" || names.join();
	});
	await it(`${width}: nothing is wider than the window`, async () => {
		const wide = await page.evaluate(() => document.documentElement.scrollWidth);
		return wide <= width || `${wide} pixels`;
	});
	await it(`${width}: names of tasks are in sight`, () => page.locator(".eevdf-row .task").evaluateAll((all) =>
		all.length > 0 && all.every((task) => task.getBoundingClientRect().right <= innerWidth && task.getBoundingClientRect().width > 20)));
	await it(`${width}: a pick says on which CPU`, async () =>
		/CPU/.test(await page.locator("table:has([data-column=comm]), table").filter({ hasText: "Had waited" }).first().textContent()));
	if (process.env.SHOTS)
		await page.screenshot({ path: `${process.env.SHOTS}/cpus-${width}.png`, fullPage: true });
	await page.close();
}
await done();
