// SPDX-License-Identifier: GPL-2.0-only
// templates.mjs - E2B's template builder, unchanged, against vitrined
//
// Usage: E2B_API_KEY=... E2B_API_URL=... E2B_SANDBOX_URL=... node templates.mjs DIRECTORY
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { Sandbox, Template, BuildError, waitForFile } from "e2b";

const directory = process.argv[2];
let count = 0, failed = 0;
async function test(name, run) {
	try {
		await run();
		console.log(`ok ${++count} - ${name}`);
	} catch (error) {
		failed++;
		console.log(`not ok ${++count} - ${name}`);
		console.log(String(error.stack).replace(/^/gm, "# "));
	}
}

fs.mkdirSync(path.join(directory, "src/deep"), { recursive: true });
fs.writeFileSync(path.join(directory, "src/one"), "one\n");
fs.writeFileSync(path.join(directory, "src/deep/two words"), "two\n");
fs.writeFileSync(path.join(directory, "script.sh"), "echo started >/tmp/started; exec sleep 100000\n");
const template = (base) => Template({ fileContextPath: directory })[base[0]](base[1]);
const build = async (t, name, options = {}) => {
	const logs = [];
	const info = await Template.build(t, name, { onBuildLogs: (entry) => logs.push(entry.message), ...options });
	return { info, logs };
};

await test("a template of every kind of step", async () => {
	assert.equal(await Template.exists("stepped"), false);
	const { info, logs } = await build(
		template(["fromTemplate", "base"])
			.setUser("root")
			.setEnvs({ COLOR: "light blue", OTHER: "1" })
			.setWorkdir("/work/place")
			.runCmd(["echo from the step", "pwd >where", "echo $COLOR >>where"])
			.copy("src", "/data", { mode: 0o640 })
			.copy("script.sh", "bin/")
			.copy("src/one", "/data/renamed")
			.makeDir("/made").makeSymlink("/data/one", "/made/link")
			.setStartCmd("sh bin/script.sh", waitForFile("/tmp/started")),
		"stepped", { cpuCount: 1, memoryMB: 256 });
	assert.equal(info.templateId, "stepped");
	assert.ok(logs.some((line) => line.includes("from the step")), "output of a step is told");
	assert.equal(await Template.exists("stepped"), true);
});

let sandbox;
await test("a sandbox of it", async () => {
	sandbox = await Sandbox.create("stepped", { envs: { OTHER: "2" } });
	const run = await sandbox.commands.run("pwd; cat where; cat /data/one '/data/deep/two words' /data/renamed /made/link; echo $COLOR $OTHER; stat -c %a /data/one");
	assert.equal(run.stdout, "/work/place\n/work/place\nlight blue\none\ntwo\none\none\nlight blue 2\n640\n");
	const started = await sandbox.commands.run("cat /tmp/started; ps | grep -c '[s]leep 100000'");
	assert.equal(started.stdout, "started\n1\n");
	assert.equal((await sandbox.getInfo()).memoryMB, 256);
});

await test("its name is another one's after a second build, and old sandboxes go on", async () => {
	await build(template(["fromTemplate", "stepped"]).runCmd("echo again >/again"), "stepped");
	const other = await Sandbox.create("stepped");
	assert.equal((await other.commands.run("cat /again; echo $COLOR; pwd")).stdout, "again\nlight blue\n/work/place\n");
	assert.equal((await sandbox.commands.run("cat /data/one")).stdout, "one\n");
	await other.kill();
	await sandbox.kill();
});

await test("a step that fails is named, and leaves nothing", async () => {
	await assert.rejects(build(template(["fromTemplate", "base"]).runCmd("true").runCmd("echo why >&2; exit 7"), "failing"),
		(error) => error instanceof BuildError && /status 7/.test(error.message));
	assert.equal(await Template.exists("failing"), false);
	await assert.rejects(build(template(["fromImage", "no-such-image"]), "failing"), BuildError);
	await assert.rejects(build(template(["fromTemplate", "no-such-template"]), "failing"));
	assert.deepEqual(await Sandbox.list().nextItems(), []);
});

await test("files that were sent are not sent again", async () => {
	const { logs } = await build(template(["fromTemplate", "base"]).copy("src", "/data"), "cached");
	assert.ok(logs.some((line) => line.includes("already cached")), logs.join("\n"));
});

console.log(`1..${count}`);
process.exit(failed ? 1 : 0);
