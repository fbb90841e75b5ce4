// SPDX-License-Identifier: GPL-2.0-only
// e2b.mjs - E2B's own SDK, unchanged, against vitrined: prints what does not come out as it should
//
// Usage: E2B_API_KEY=... E2B_API_URL=... E2B_SANDBOX_URL=... node e2b.mjs
import assert from "node:assert/strict";
import { Sandbox, CommandExitError, NotFoundError, TimeoutError, FileType } from "e2b";

const tests = [];
const test = (name, run) => tests.push({ name, run });
const sleep = (ms) => new Promise((done) => setTimeout(done, ms));
async function soon(what, condition) {
	for (let i = 0; i < 100; i++) {
		if (await condition()) return;
		await sleep(100);
	}
	assert.fail(`never: ${what}`);
}

let sandbox;

test("create, isRunning, getInfo", async () => {
	sandbox = await Sandbox.create({ metadata: { test: "e2b", "with space": "a&b=c" }, envs: { FROM: "create" }, timeoutMs: 600_000 });
	assert.match(sandbox.sandboxId, /^[a-z0-9]{20}$/);
	assert.equal(await sandbox.isRunning(), true);
	const info = await sandbox.getInfo();
	assert.equal(info.sandboxId, sandbox.sandboxId);
	assert.equal(info.metadata.test, "e2b");
	assert.equal(info.state, "running");
	assert.ok(info.endAt > info.startedAt);
});

test("list with metadata and pages", async () => {
	const other = await Sandbox.create({ metadata: { test: "other" } });
	const found = await Sandbox.list({ query: { metadata: { test: "e2b", "with space": "a&b=c" } } }).nextItems();
	assert.deepEqual(found.map((s) => s.sandboxId), [sandbox.sandboxId]);
	const pages = Sandbox.list({ limit: 1 });
	const first = await pages.nextItems();
	assert.equal(first.length, 1);
	assert.equal(pages.hasNext, true);
	const second = await pages.nextItems();
	assert.deepEqual(new Set([first[0].sandboxId, second[0].sandboxId]), new Set([sandbox.sandboxId, other.sandboxId]));
	assert.equal(pages.hasNext, false);
	assert.equal(await other.kill(), true);
	assert.equal(await other.isRunning(), false);
	assert.equal(await Sandbox.kill(other.sandboxId), false);
});

test("commands: output, status, environment, directory", async () => {
	const run = await sandbox.commands.run("echo out; echo err >&2; echo $FROM $HERE; pwd", { envs: { HERE: "run" }, cwd: "/tmp" });
	assert.equal(run.exitCode, 0);
	assert.equal(run.stdout, "out\ncreate run\n/tmp\n");
	assert.equal(run.stderr, "err\n");
	await assert.rejects(sandbox.commands.run("exit 3"), (e) => e instanceof CommandExitError && e.exitCode === 3);
	await assert.rejects(sandbox.commands.run("true", { cwd: "/nowhere" }));
	const chunks = [];
	await sandbox.commands.run("for i in 1 2 3; do echo $i; sleep 0.1; done", { onStdout: (data) => chunks.push(data) });
	assert.equal(chunks.join(""), "1\n2\n3\n");
});

test("commands: much output, all of it", async () => {
	const run = await sandbox.commands.run("seq 1 100000");
	assert.equal(run.stdout.length, 588895);
	assert.ok(run.stdout.endsWith("\n100000\n"));
});

test("commands: a time that is over", async () => {
	await assert.rejects(sandbox.commands.run("sleep 60", { timeoutMs: 1000 }), TimeoutError);
});

test("commands: background, stdin, list, connect, kill", async () => {
	const cat = await sandbox.commands.run("cat", { background: true, stdin: true });
	await sandbox.commands.sendStdin(cat.pid, "hello\n");
	await soon("output", () => cat.stdout === "hello\n");
	const listed = await sandbox.commands.list();
	assert.ok(listed.some((p) => p.pid === cat.pid));
	let heard = "";
	const again = await sandbox.commands.connect(cat.pid, { onStdout: (data) => (heard += data) });
	await sandbox.commands.sendStdin(cat.pid, "again\n");
	await soon("the second client hears it", () => heard === "again\n");
	await again.disconnect();
	await sandbox.commands.closeStdin?.(cat.pid);
	const end = await cat.wait();
	assert.equal(end.exitCode, 0);
	assert.equal(end.stdout, "hello\nagain\n");
	const sleeper = await sandbox.commands.run("sleep 1000", { background: true });
	assert.equal(await sandbox.commands.kill(sleeper.pid), true);
	await assert.rejects(sleeper.wait());
	assert.equal(await sandbox.commands.kill(999999), false);
	await assert.rejects(sandbox.commands.connect(999999), NotFoundError);
});

test("pty: input, size, kill", async () => {
	let shown = "";
	const pty = await sandbox.pty.create({ cols: 80, rows: 24, onData: (data) => (shown += new TextDecoder().decode(data)) });
	await sandbox.pty.sendInput(pty.pid, new TextEncoder().encode("stty size; echo in-$((40+2))\n"));
	await soon("output", () => shown.includes("in-42") && shown.includes("24 80"));
	await sandbox.pty.resize(pty.pid, { cols: 100, rows: 30 });
	await sandbox.pty.sendInput(pty.pid, new TextEncoder().encode("stty size\n"));
	await soon("the new size", () => shown.includes("30 100"));
	assert.equal(await sandbox.pty.kill(pty.pid), true);
	await assert.rejects(pty.wait());
});

test("files: write and read in every form", async () => {
	const written = await sandbox.files.write("/home/user/a.txt", "text \u00e9\n");
	assert.equal(written.path, "/home/user/a.txt");
	assert.equal(await sandbox.files.read("/home/user/a.txt"), "text \u00e9\n");
	assert.equal(await sandbox.files.read("a.txt"), "text \u00e9\n");
	const bytes = new Uint8Array(3_000_000).map((_, i) => (i * 7) & 255);
	await sandbox.files.write("/home/user/deep/er/b.bin", bytes.buffer);
	assert.deepEqual(await sandbox.files.read("/home/user/deep/er/b.bin", { format: "bytes" }), bytes);
	await sandbox.files.write("/home/user/empty", "");
	assert.equal(await sandbox.files.read("/home/user/empty"), "");
	const many = await sandbox.files.write([{ path: "/home/user/many/1", data: "one" }, { path: "/home/user/many/2", data: "two" }]);
	assert.equal(many.length, 2);
	assert.equal(await sandbox.files.read("/home/user/many/2"), "two");
	await assert.rejects(sandbox.files.read("/home/user/none"), NotFoundError);
});

test("files: metadata", async () => {
	const written = await sandbox.files.write("/home/user/told", "text", { metadata: { Author: "me", purpose: "a test, of course" } });
	assert.deepEqual(written.metadata, { author: "me", purpose: "a test, of course" });
	assert.deepEqual((await sandbox.files.getInfo("/home/user/told")).metadata, { author: "me", purpose: "a test, of course" });
	await sandbox.files.rename("/home/user/told", "/home/user/moved");
	const listed = (await sandbox.files.list("/home/user")).find((entry) => entry.name === "moved");
	assert.equal(listed.metadata.author, "me");
	await sandbox.files.write("/home/user/moved", "other", { metadata: { only: "this" } });
	assert.deepEqual((await sandbox.files.getInfo("/home/user/moved")).metadata, { only: "this" });
	await assert.rejects(sandbox.files.write("/home/user/large", "x", { metadata: { much: "m".repeat(5000) } }));
	await sandbox.files.remove("/home/user/moved");
});

test("files: list, info, exists, makeDir, rename, remove", async () => {
	assert.equal(await sandbox.files.makeDir("/home/user/dir"), true);
	assert.equal(await sandbox.files.makeDir("/home/user/dir"), false);
	await sandbox.files.write("/home/user/dir/sub/file", "12345");
	const list = await sandbox.files.list("/home/user/dir", { depth: 2 });
	assert.deepEqual(list.map((e) => [e.path, e.type]), [["/home/user/dir/sub", FileType.DIR], ["/home/user/dir/sub/file", FileType.FILE]]);
	const info = await sandbox.files.getInfo("/home/user/dir/sub/file");
	assert.equal(info.size, 5);
	assert.equal(info.permissions, "-rw-r--r--");
	assert.equal(info.owner, "user");
	const moved = await sandbox.files.rename("/home/user/dir/sub/file", "/home/user/dir/moved");
	assert.equal(moved.path, "/home/user/dir/moved");
	assert.equal(await sandbox.files.exists("/home/user/dir/sub/file"), false);
	assert.equal(await sandbox.files.exists("/home/user/dir/moved"), true);
	await sandbox.files.remove("/home/user/dir");
	assert.equal(await sandbox.files.exists("/home/user/dir"), false);
	await assert.rejects(sandbox.files.list("/home/user/none"), NotFoundError);
});

test("files: watchDir", async () => {
	await sandbox.files.makeDir("/home/user/watched");
	const events = [];
	const handle = await sandbox.files.watchDir("/home/user/watched", (event) => events.push(`${event.type} ${event.name}`));
	await sandbox.files.write("/home/user/watched/new", "1");
	await soon("create", () => events.includes("create new"));
	await sandbox.commands.run("echo more >>/home/user/watched/new");
	await soon("write", () => events.includes("write new"));
	await sandbox.files.remove("/home/user/watched/new");
	await soon("remove", () => events.includes("remove new"));
	await handle.stop();
	await assert.rejects(sandbox.files.watchDir("/home/user/nowhere", () => {}), NotFoundError);
});

test("uploadUrl, downloadUrl", async () => {
	await sandbox.files.write("/home/user/signed", "by url");
	const url = await sandbox.downloadUrl("/home/user/signed", { useSignatureExpiration: 60 });
	const answer = await fetch(url);
	assert.equal(answer.status, 200);
	assert.equal(await answer.text(), "by url");
	assert.equal((await fetch(url.replace(/signature=v1_.../, "signature=v1_AAA"))).status >= 400, true);
});

test("getMetrics", async () => {
	let metrics = [];
	await soon("metrics", async () => (metrics = await sandbox.getMetrics()).length > 1);
	assert.equal(metrics[0].cpuCount, 1);
	assert.ok(metrics[0].memUsed > 1_000_000 && metrics[0].memUsed < metrics[0].memTotal);
	assert.deepEqual(await sandbox.getMetrics({ end: new Date(Date.now() - 3_600_000), start: new Date(Date.now() - 7_200_000) }), []);
});

test("setTimeout, connect", async () => {
	await sandbox.setTimeout(300_000);
	const info = await sandbox.getInfo();
	assert.ok(Math.abs(info.endAt - Date.now() - 300_000) < 60_000);
	const same = await Sandbox.connect(sandbox.sandboxId);
	assert.equal((await same.commands.run("echo same")).stdout, "same\n");
	await assert.rejects(Sandbox.connect("aaaaaaaaaaaaaaaaaaaa"), NotFoundError);
});

test("pause and connect: files and processes are there", async () => {
	await sandbox.commands.run("echo kept >/home/user/kept; sleep 1000 & echo $! >/home/user/pid", { background: false });
	assert.equal(await sandbox.pause(), true);
	assert.equal(await sandbox.pause(), false);
	assert.equal((await sandbox.getInfo()).state, "paused");
	await assert.rejects(sandbox.commands.run("true"));
	const paused = await Sandbox.list({ query: { state: ["paused"] } }).nextItems();
	assert.ok(paused.some((s) => s.sandboxId === sandbox.sandboxId));
	sandbox = await Sandbox.connect(sandbox.sandboxId, { timeoutMs: 300_000 });
	assert.equal(await sandbox.files.read("/home/user/kept"), "kept\n");
	assert.equal((await sandbox.commands.run("kill -0 $(cat /home/user/pid) && echo alive")).stdout, "alive\n");
});

test("a snapshot, and a sandbox from it", async () => {
	const snapshot = await sandbox.createSnapshot();
	const from = await Sandbox.create(snapshot.snapshotId);
	assert.equal(await from.files.read("/home/user/kept"), "kept\n");
	await from.kill();
	assert.equal(await Sandbox.deleteSnapshot(snapshot.snapshotId), true);
	assert.equal(await Sandbox.deleteSnapshot(snapshot.snapshotId), false);
});

test("a timeout pauses, a call lets it go on", async () => {
	const auto = await Sandbox.create({ timeoutMs: 1_000, lifecycle: { onTimeout: "pause", autoResume: true } });
	await soon("it is paused", async () => (await auto.getInfo()).state === "paused");
	await auto.commands.run("true");
	assert.equal((await auto.getInfo()).lifecycle?.autoResume, true);
	await auto.kill();
	const mortal = await Sandbox.create({ timeoutMs: 1_000 });
	await soon("it is gone", async () => (await mortal.isRunning()) === false);
});

test("fork", async () => {
	const forks = await sandbox.fork({ count: 2 });
	assert.equal(forks.length, 2);
	for (const fork of forks) {
		assert.notEqual(fork.sandboxId, sandbox.sandboxId);
		assert.equal(await fork.files.read("/home/user/kept"), "kept\n");
		await fork.kill();
	}
});

test("kill while a command runs", async () => {
	const running = await sandbox.commands.run("sleep 1000", { background: true });
	const end = assert.rejects(running.wait());
	assert.equal(await sandbox.kill(), true);
	await end;
	assert.equal(await sandbox.isRunning(), false);
	assert.equal(await sandbox.kill(), false);
});

console.log(`1..${tests.length}`);
let failed = 0;
for (const [i, { name, run }] of tests.entries()) {
	try {
		await Promise.race([run(), sleep(60_000).then(() => assert.fail("takes more than a minute"))]);
		console.log(`ok ${i + 1} - ${name}`);
	} catch (error) {
		failed++;
		console.log(`not ok ${i + 1} - ${name}`);
		console.log(String(error.stack ?? error).replace(/^/gm, "# "));
	}
}
process.exit(failed ? 1 : 0);
