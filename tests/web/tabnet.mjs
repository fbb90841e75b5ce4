// SPDX-License-Identifier: GPL-2.0-only
// tabnet.mjs - the browser edition's network: a machine in a tab, a relay, servers of this host
//
// What comes back has to have been made by the server, or computed by the guest of what the server sent.

import { spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { createServer as createWeb } from "node:http";
import { createServer } from "node:net";
import { join } from "node:path";
import { done, expect, it, ok, open, scratch, start, until } from "./lib.mjs";

const PATIENCE = 180; // seconds: an emulator on a busy machine
const BIG = randomBytes(4 << 20);
const secret = randomBytes(8).toString("hex");

function listening(server) {
	return new Promise((done) => server.listen(0, "127.0.0.1", () => done(server.address().port)));
}
const web = createWeb((request, response) => {
	response.end(request.url === "/big" ? BIG : `${secret} ${request.headers.host}\n`);
});
/** Answers when the other side has ended its direction */
const late = createServer({ allowHalfOpen: true }, (socket) => {
	let size = 0;
	socket.on("data", (data) => { size += data.length; });
	socket.on("end", () => socket.end(`late ${size}\n`));
	socket.on("error", () => undefined);
});
/** Says one word and waits */
const held = new Set();
const slow = createServer((socket) => {
	held.add(socket);
	socket.write("begun\n");
	socket.on("error", () => undefined);
	socket.on("close", () => held.delete(socket));
});
const port = await listening(web), latePort = await listening(late), slowPort = await listening(slow);
const deadServer = createServer(), dead = await listening(deadServer);
deadServer.close();

const readyFile = join(scratch, "resolver");
const resolver = spawn("python3", [join(import.meta.dirname, "../net/resolver.py"), readyFile, "here.test=127.0.0.1", "inside.test=10.1.2.3"]);
process.on("exit", () => resolver.kill());
await until(() => existsSync(readyFile));
const dns = `127.0.0.1:${readFileSync(readyFile, "utf8").trim()}`;
const relayArguments = ["relay", "--dns", dns, ...[port, latePort, slowPort, dead].flatMap((each) => ["--allow", `127.0.0.1:${each}`])];
let relay = start("vitrine", relayArguments);
const relayUrl = await until(() => /ws:\/\/\S+/.exec(relay.text)?.[0]);
const server = start("vitrine", ["browser", "--relay", relayUrl, "mini"]);
const url = await until(() => /http:\/\/\S+/.exec(server.text)?.[0] || server.exitCode !== null);
if (typeof url !== "string") {
	ok(false, "vitrine browser starts", server.text);
	await done();
}

const screen = (page) => page.evaluate(() =>
	Array.from(document.querySelectorAll(".xterm-rows > div"), (row) => row.textContent.trimEnd()).join("\n").trimEnd());
const shows = (page, what) => expect(async () => {
	const text = await screen(page);
	if (/Kernel panic|BUG:/.test(text))
		throw new Error(text);
	return what.test(text);
}, async () => `no ${what} in:\n${await screen(page)}\n${await page.textContent("#status")} ${await page.textContent("#note")}\n${relay.text}`, PATIENCE);
const page = await open(url);
let number = 0;
/** What a command prints, by a mark that the guest computes */
async function run(command) {
	const mark = ++number;
	await page.keyboard.type(`clear; ${command}; echo "end_$((${mark}*7))_$?"\n`);
	await shows(page, new RegExp(`^end_${mark * 7}_\\d+$`, "m"));
	const text = await screen(page), at = text.search(new RegExp(`^end_${mark * 7}_`, "m"));
	return text.slice(0, at).split("\n").filter((line) => !line.includes("clear; ")).join("\n").trim() + ` ${/^end_\d+_(\d+)$/m.exec(text)[1]}`;
}

await it("a shell's prompt comes by itself", () => shows(page, /tab:~# *$/));
await it("the network is there before it: an address, a route, a resolver", async () => {
	const said = await run("ip -4 -o addr show eth0 | tr -s ' ' | cut -d' ' -f4; cat /etc/resolv.conf");
	return said === "10.0.2.15/24\nnameserver 10.0.2.3 0" || said;
});
await it("a page by its name: the relay is told the name, and resolves it", async () => {
	const said = await run(`wget -qO - http://here.test:${port}/`);
	return said === `${secret} here.test:${port} 0` || said;
});
await it("4 MiB, whole", async () => {
	const said = await run(`wget -qO - http://here.test:${port}/big | sha256sum | cut -c1-64`);
	return said === `${createHash("sha256").update(BIG).digest("hex")} 0` || said;
});
await it("ten at a time", async () => {
	const said = await run(`for i in 0 1 2 3 4 5 6 7 8 9; do wget -qO - http://here.test:${port}/ & done | grep -c ${secret.slice(0, 8)}`);
	return said === "10 0" || said;
});
await it("one direction ends, the other answers", async () => {
	const said = await run(`seq 1000 | nc here.test ${latePort}`);
	return said === "late 3893 0" || said;
});
await it("who refuses is refused at once", async () => {
	const said = await run(`wget -qO - http://here.test:${dead}/ 2>&1`);
	return /refused/.test(said) || said;
});
await it("what the relay's rules refuse cannot be reached", async () => {
	const said = await run("wget -qO - http://inside.test/ 2>&1; wget -qO - http://169.254.169.254/ 2>&1");
	return (/ 1$/.test(said) && !said.includes(secret)) || said;
});
await it("a machine that goes on after a reload has a network; connections from before are reset", async () => {
	await page.keyboard.type(`clear; (nc here.test ${slowPort}; echo "over_$((6*7))") & \n`);
	await shows(page, /begun$/m);
	await page.click("#keep");
	await expect(async () => /^kept at/.test(await page.textContent("#note")), async () => `note: ${await page.textContent("#note")}`, PATIENCE);
	await page.reload();
	await expect(async () => /^goes on from/.test(await page.textContent("#note")), async () => `note: ${await page.textContent("#note")}`, PATIENCE);
	await page.click(".xterm-screen");
	await shows(page, /over_42$/m);
	const said = await run(`wget -qO - http://here.test:${port}/`);
	return said === `${secret} here.test:${port} 0` || said;
});
await it("a relay that was started again is found again", async () => {
	relay.kill();
	await until(() => relay.exitCode !== null || relay.signalCode !== null);
	relay = start("vitrine", [...relayArguments, "--port", new URL(relayUrl).port]);
	await expect(async () => new RegExp(secret).test(await run(`wget -qO - http://here.test:${port}/ 2>&1`)), "no answer", PATIENCE);
});
for (const each of [web, late, slow])
	each.close();
for (const socket of held)
	socket.destroy();
resolver.kill();
await done();
