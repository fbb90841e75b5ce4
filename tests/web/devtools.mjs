// SPDX-License-Identifier: GPL-2.0-only
// devtools.mjs - a trace in Chrome's format, opened where people open it: a viewer shows its tracks
//
// Debian's Chromium has no trace viewer of its own at chrome://tracing, but its developer tools'
// performance panel reads the same format. It draws on a canvas, so what it shows is taken from the
// calls that draw text.
import { execFileSync } from "node:child_process";
import { createServer } from "node:net";
import { join } from "node:path";
import { done, expect, it, open, scratch } from "./lib.mjs";

const file = join(scratch, "trace.json");
execFileSync("vitrine", ["trace", "--trace-format", "perfetto", "--events", "all", "-o", file, "run", "--ephemeral", "--name", "devtools", "mini", "--",
	"sh", "-c", "cat /etc/passwd >/dev/null; dd if=/dev/zero of=/file bs=4k count=64 conv=fsync 2>/dev/null; usleep 300000"], { timeout: 60_000 });

/* The tools are served at the port that is for debuggers */
const port = await new Promise((ready) => {
	const server = createServer().listen(0, "127.0.0.1", () => {
		const { port } = server.address();
		server.close(() => ready(port));
	});
});
const page = await open(`http://127.0.0.1:${port}/devtools/devtools_app.html?panel=timeline`, {
	viewport: { width: 1600, height: 1000 },
}, {
	args: [`--remote-debugging-port=${port}`, "--remote-allow-origins=*"],
	before: () => {
		window.painted = new Set();
		const fillText = CanvasRenderingContext2D.prototype.fillText;
		CanvasRenderingContext2D.prototype.fillText = function (text, ...rest) {
			window.painted.add(text);
			return fillText.call(this, text, ...rest);
		};
	},
});
const painted = () => page.evaluate(() => [...window.painted]);
const paints = (pattern) => expect(async () => (await painted()).some((text) => pattern.test(text)),
	async () => `${pattern} is not among: ${(await painted()).join(", ")}`);

await it("a viewer of Chrome's format opens it", async () => {
	await page.locator("input[type=file]").first().setInputFiles(file);
	await paints(/^processors \(\d+\)$/);
});
await it("processes are tracks, by name", async () => {
	for (const name of ["cat", "dd", "usleep"])
		await paints(new RegExp(`^${name} \\(\\d+\\)$`));
});
await done();
