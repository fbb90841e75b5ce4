// SPDX-License-Identifier: GPL-2.0-only
// screenshots.mjs - the pictures of docs/images (scripts/screenshots runs it)
import { join } from "node:path";
import { done, expect, go, it, live, open, sandbox, sleep } from "./lib.mjs";

/* Work of all kinds, in waves, so that every chart has something to show */
const WORK = [
	"while :; do find / -xdev >/dev/null 2>&1; sleep 1; done",
	"while :; do dd if=/dev/zero of=/var.log bs=16k count=4 conv=fsync 2>/dev/null; sleep 0.2; done",
	"while :; do cat /bin/busybox | gzip -c | gzip -dc >/dev/null; sleep 0.3; done",
	"while :; do seq 20000 | sort -n | tail -1 >/dev/null; sleep 0.5; done",
	"ifconfig lo up; ping -i 0.05 -s 1400 127.0.0.1 >/dev/null",
	"renice 5 -p $$ >/dev/null; while :; do i=$((i + 1)); [ $((i % 20000)) = 0 ] && sleep 0.2; done",
	"while :; do i=$((i + 1)); [ $((i % 50000)) = 0 ] && sleep 0.3; done",
	"while :; do cat /etc/nothing 2>/dev/null; (:); echo 3 >/proc/sys/vm/drop_caches; sleep 0.2; done",
];

const box = await sandbox({ image: process.env.SHOTS_IMAGE, name: "demo" });
const loads = WORK.map((script) => box.load(script));
await sleep(Number(process.env.SHOTS_WAIT ?? 62) * 1000);

async function shoot(page, name, clip) {
	await page.screenshot({ path: join(process.env.SHOTS, `${name}.png`), ...(clip ? { clip } : {}) });
}

for (const theme of ["light", "dark"]) {
	await it(`desktop, ${theme}`, async () => {
		const page = await open(box.url, { viewport: { width: 1280, height: 800 }, colorScheme: theme });
		await live(page);
		await sleep(2500);
		await shoot(page, `overview-${theme}`);
		if (theme === "light") {
			await go(page, "scheduler");
			await expect(async () => await page.locator(".eevdf-row[data-picked=true]").count() > 0 && await page.locator(".eevdf-row").count() >= 4, "no run queue");
			await page.locator("main button", { hasText: "Hold picture" }).click();
			await page.locator(".queue").scrollIntoViewIfNeeded();
			await page.evaluate(() => { document.querySelector(".top").style.position = "static"; }); /* it would lie on the picture */
			await page.locator("section", { has: page.locator(".queue") }).screenshot({ path: join(process.env.SHOTS, "eevdf.png") });
			await go(page, "syscalls");
			await sleep(2500);
			await page.locator("[data-table=syscalls] tbody button").first().click();
			await page.locator("[data-table=syscalls]").scrollIntoViewIfNeeded();
			await sleep(1500);
			await shoot(page, "syscalls");
		} else {
			await go(page, "follow");
			await page.locator("input[name=call]").fill("fsync");
			await page.locator("[data-action=follow]").click();
			await expect(async () => await page.locator("[data-journey]").isVisible(), "nothing was followed", 30);
			await sleep(1500);
			await page.setViewportSize({ width: 1280, height: 960 });
			await sleep(500);
			await shoot(page, "follow");
			await page.setViewportSize({ width: 1280, height: 800 });
			await go(page, "events");
			await sleep(4000);
			await shoot(page, "events");
		}
	});
}
await it("a phone", async () => {
	const page = await open(box.url, { viewport: { width: 390, height: 780 }, colorScheme: "dark", deviceScaleFactor: 1.5, isMobile: true });
	await live(page);
	await sleep(2500);
	await shoot(page, "phone");
});
for (const load of loads)
	load.kill("SIGTERM");
await done();
