// SPDX-License-Identifier: GPL-2.0-only
// tab.mjs - the browser edition: a kernel and a shell in a tab
//
// What the guest is asked for it has to compute: a page that only shows a log has no such marker.

import { execFileSync } from "node:child_process";
import { request } from "node:http";
import { done, expect, it, ok, open, start, until } from "./lib.mjs";

const PATIENCE = 180; // seconds: an emulator on a busy machine
const server = start("vitrine", ["browser", "mini"]);
const url = await until(() => /http:\/\/\S+/.exec(server.text)?.[0] || server.exitCode !== null);
if (typeof url !== "string") {
	ok(false, "vitrine browser starts", server.text);
	await done();
}
const release = execFileSync("vitrine", ["run", "--ephemeral", "mini", "--", "uname", "-r"]).toString().trim();

/** What the terminal shows */
const screen = (page) => page.evaluate(() =>
	Array.from(document.querySelectorAll(".xterm-rows > div"), (row) => row.textContent.trimEnd()).join("\n").trimEnd());
const shows = (page, what) => expect(async () => {
	const text = await screen(page);
	if (/Kernel panic|BUG:/.test(text))
		throw new Error(text);
	return what.test(text);
}, async () => `no ${what} in:\n${await screen(page)}\n${await page.textContent("#status")}`, PATIENCE);
const type = (page, text) => page.keyboard.type(`${text}\n`);
const state = (page) => page.getAttribute("#status", "data-state");

/** An answer of the server's to a request that no browser would make */
const ask = (path, headers) => new Promise((answer, fail) => {
	const { hostname, port } = new URL(url);
	request({ hostname, port, path, headers }, (response) => {
		let size = 0;
		response.on("data", (data) => { size += data.length; });
		response.on("end", () => answer({ status: response.statusCode, headers: response.headers, size }));
	}).on("error", fail).end();
});

const page = await open(url);
await it("a shell's prompt comes by itself", () => shows(page, /tab:~# *$/));
await it("it is the same kernel, and it computes", async () => {
	await type(page, "echo READY_$((6*7))_$(uname -r)");
	await shows(page, new RegExp(`^READY_42_${release.replace(/\./g, "\\.")}$`, "m"));
});
await it("Ctrl-C reaches who runs", async () => {
	await type(page, "sleep 1000; echo woken_$((40+2))");
	await page.keyboard.press("Control+C");
	await type(page, "echo next_$((40+3))");
	await shows(page, /^next_43$/m);
	return !/^woken_42$/m.test(await screen(page)) || "sleep was not interrupted";
});
await it("files that were written are read, and programs run", async () => {
	await type(page, "cd /tmp; seq 20000 >a; sort -rn a | head -1 >b; cat b; wc -l <a");
	await shows(page, /^20000\n20000$/m);
});
await it("the terminal has the window's size, at every width without a scroll bar", async () => {
	const columns = async (name) => {
		await type(page, `echo ${name} $(stty size)`);
		await shows(page, new RegExp(`^${name} \\d+ \\d+$`, "m"));
		return Number(new RegExp(`^${name} \\d+ (\\d+)$`, "m").exec(await screen(page))[1]);
	};
	const wide = await columns("wide");
	await page.setViewportSize({ width: 390, height: 700 });
	await expect(async () => await page.evaluate(() => document.querySelector(".xterm-screen").clientWidth) < 390,
		"the terminal does not follow the window");
	const narrow = await columns("narrow");
	const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
	await page.setViewportSize({ width: 1280, height: 860 });
	return (narrow < wide && narrow > 20 && over <= 0) || `${wide} and ${narrow} columns, ${over} pixels over`;
});
await it("kernel messages can be looked at", async () => {
	await page.click("#kernel summary");
	await expect(async () => /Linux version|EXT4-fs/.test(await page.textContent("#log")), "no messages");
});
/** Press Keep and wait for the word of it */
async function keep(of) {
	await of.click("#keep");
	await expect(async () => /^kept at/.test(await of.textContent("#note")), async () => `note: ${await of.textContent("#note")}`, PATIENCE);
}
await it("a machine that is kept goes on after a reload, with what runs in it", async () => {
	await page.click("#kernel summary");
	await page.click(".xterm-screen");
	await type(page, "secret=$((6*111)); echo kept >/root/file; (while sleep 1; do echo tick >>/tmp/ticks; done) & echo begun");
	await shows(page, /^begun$/m);
	await keep(page);
	await page.reload();
	await expect(async () => /^goes on from/.test(await page.textContent("#note")), async () => `note: ${await page.textContent("#note")}`, PATIENCE);
	await shows(page, /^begun$/m); // what the terminal showed
	await type(page, "n=$(wc -l </tmp/ticks); sleep 3; echo state $secret $(cat /root/file) $(($(wc -l </tmp/ticks) > n))");
	await shows(page, /^state 666 kept 1$/m);
});
await it("with the right time, and random numbers of its own", async () => {
	const draw = async () => {
		await type(page, "echo random $(head -c 8 /dev/urandom | od -An -tx8) at $(date +%s)");
		await shows(page, /^random +[0-9a-f]{16} at \d+$/m);
		const all = [...(await screen(page)).matchAll(/^random +([0-9a-f]{16}) at (\d+)$/gm)].at(-1);
		return { bytes: all[1], late: Math.abs(Date.now() / 1000 - Number(all[2])) };
	};
	await type(page, "clear");
	await keep(page);
	const first = await draw();
	await page.reload(); // back to before the bytes were drawn
	await expect(async () => /^goes on from/.test(await page.textContent("#note")), "it does not go on", PATIENCE);
	await until(async () => !/^random/m.test(await screen(page)), 5);
	await page.click(".xterm-screen");
	const second = await draw();
	return (first.bytes !== second.bytes && second.late < 60) || JSON.stringify([first, second]);
});
await it("a second tab says that it is not the owner", async () => {
	const other = await page.context().newPage();
	await other.goto(url);
	await expect(async () => /another tab/.test(await other.textContent("#note")), async () => `note: ${await other.textContent("#note")}`, PATIENCE);
	await other.close();
	await page.bringToFront();
});
await it("when little has changed, little is written", async () => {
	await keep(page);
	await expect(async () => await page.isEnabled("#keep"), "one at a time");
	await page.evaluate(() => { document.getElementById("note").textContent = ""; });
	await keep(page);
	const mebibytes = Number(/: ([\d.]+) MiB/.exec(await page.textContent("#note"))[1]);
	return mebibytes < 16 || `${mebibytes} MiB`;
});
await it("what is kept and damaged is not used: a new machine starts, and says why", async () => {
	await page.evaluate(() => new Promise((done, fail) => {
		const request = indexedDB.open("vitrine");
		request.onsuccess = () => {
			const transaction = request.result.transaction("pieces", "readwrite"), store = transaction.objectStore("pieces");
			store.getAllKeys().onsuccess = (event) => store.delete(event.target.result[0]);
			transaction.oncomplete = () => { request.result.close(); done(); };
			transaction.onerror = fail;
		};
	}));
	await page.evaluate(() => Object.defineProperty(document, "visibilityState", { get: () => "visible" }));
	await page.reload();
	await expect(async () => /is of no use/.test(await page.textContent("#note")), async () => `note: ${await page.textContent("#note")}`, PATIENCE);
	await shows(page, /tab:~# *$/);
});
await it("Start anew forgets it", async () => {
	await type(page, "touch /root/gone; echo made");
	await shows(page, /^made$/m);
	await keep(page);
	await page.click("#anew");
	await expect(async () => await state(page) === "run" && !/goes on/.test(await page.textContent("#note")),
		async () => `note: ${await page.textContent("#note")}`, PATIENCE);
	await shows(page, /tab:~# *$/);
	await type(page, "ls /root/gone || echo not_there");
	await shows(page, /^not_there$/m);
});
await it("the shell's end is the machine's", async () => {
	await page.click(".xterm-screen");
	await type(page, "exit 3");
	await expect(async () => await state(page) === "end", async () => `status: ${await page.textContent("#status")}`, PATIENCE);
	return /3/.test(await page.textContent("#status")) || "without its status";
});
await it("the second time blocks come from the cache", async () => {
	await page.reload();
	await shows(page, /tab:~# *$/);
	await expect(async () => /^0\.0 MiB loaded, [1-9][\d.]* MiB from the cache/.test(await page.textContent("#figures")),
		async () => `figures: ${await page.textContent("#figures")}`);
});
ok(page.complaints.length === 0, "the browser has nothing to complain about", page.complaints.join("\n"));
await page.context().close();

await it("a link chooses what runs", async () => {
	const other = await open(`${url}#cmd=echo%20linked_$((1%2B1))`);
	await shows(other, /^linked_2$/m);
	await other.context().close();
});
await it("blocks that are not what the index says do not reach the guest", async () => {
	const other = await open("about:blank");
	await other.route("**/image/disk", async (route) => {
		const answer = await route.fetch();
		const body = await answer.body();
		body[body.length - 1] ^= 1;
		await route.fulfill({ response: answer, body });
	});
	await other.goto(url);
	await other.click("#kernel summary");
	await expect(async () => /chunk \d+ is not what the index says/.test(await other.textContent("#log")),
		async () => `messages: ${await other.textContent("#log")}`, PATIENCE);
	await other.unrouteAll({ behavior: "ignoreErrors" });
	await other.context().close();
});
await it("a server that goes is said in a line", async () => {
	const other = await open("about:blank");
	await other.route("**/kernel.gz", (route) => route.abort());
	await other.goto(url);
	await expect(async () => await state(other) === "bad", "no word of it");
	await other.unrouteAll({ behavior: "ignoreErrors" });
	await other.context().close();
});

await it("a part of the disk, and what is none", async () => {
	const part = await ask("/image/disk", { range: "bytes=512-1023" });
	const last = await ask("/image/disk", { range: "bytes=-10" });
	const beyond = await ask("/image/disk", { range: "bytes=99999999999-" });
	return (part.status === 206 && part.size === 512 && /^bytes 512-1023\/\d+$/.test(part.headers["content-range"]) &&
		last.status === 206 && last.size === 10 && beyond.status === 416) || JSON.stringify([part, last, beyond]);
});
await it("what a browser has already is not sent again", async () => {
	const first = await ask("/machine.wasm", {}), second = await ask("/machine.wasm", { "if-none-match": first.headers.etag });
	return (first.status === 200 && second.status === 304 && second.size === 0) || JSON.stringify([first, second]);
});
await it("who asks by another name, or for another file, gets nothing", async () => {
	const other = await ask("/", { host: "evil.example" }), file = await ask("/../../etc/passwd", {});
	return (other.status === 421 && file.status === 404) || JSON.stringify([other, file]);
});
await it("the page may share memory with its workers", async () => {
	const { headers } = await ask("/", {});
	return headers["cross-origin-opener-policy"] === "same-origin" && headers["cross-origin-embedder-policy"] === "require-corp";
});
server.kill("SIGTERM");
ok(await server.over === 0, "a signal ends the server in order", server.text);
await done();
