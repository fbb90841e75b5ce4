// SPDX-License-Identifier: GPL-2.0-only
// interpreter.mjs - E2B's code interpreter, unchanged, against vitrined
//
// Usage: E2B_API_KEY=... E2B_API_URL=... E2B_SANDBOX_URL=... node interpreter.mjs
import assert from "node:assert/strict";
import { Sandbox } from "@e2b/code-interpreter";

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

let sandbox;
await test("a sandbox with an interpreter", async () => {
	sandbox = await Sandbox.create({ requestTimeoutMs: 180_000 });
	const run = await sandbox.runCode("x = 20\nprint('hello')\nx + 22");
	assert.equal(run.text, "42");
	assert.deepEqual(run.logs.stdout, ["hello\n"]);
	assert.equal(run.executionCount, 1);
});

await test("variables stay, and so do functions and imports", async () => {
	await sandbox.runCode("import math\ndef twice(n):\n    return 2 * n");
	assert.equal((await sandbox.runCode("twice(x) + math.floor(1.5)")).text, "41");
});

await test("output as it comes, of programs, too", async () => {
	const lines = [];
	const run = await sandbox.runCode("import sys, time\nfor i in range(3):\n    print(i); time.sleep(0.1)\nprint('bad', file=sys.stderr)\n!echo from a shell",
		{ onStdout: (message) => lines.push(message.line) });
	assert.equal(lines.join(""), "0\n1\n2\nfrom a shell\n");
	assert.equal(run.logs.stderr.join(""), "bad\n");
});

await test("an error has a name, a value and a traceback", async () => {
	const run = await sandbox.runCode("def deep():\n    return {}['missing']\ndeep()");
	assert.equal(run.error.name, "KeyError");
	assert.equal(run.error.value, "'missing'");
	assert.match(run.error.traceback, /in deep/);
	assert.equal((await sandbox.runCode("1 +")).error.name, "SyntaxError");
	assert.equal((await sandbox.runCode("x")).text, "20");
});

await test("results in several formats, charts as PNG", async () => {
	const run = await sandbox.runCode("class Chart:\n    def _repr_html_(self): return '<b>chart</b>'\n    def _repr_png_(self): return b'\\x89PNG'\ndisplay(Chart())\nChart()");
	assert.equal(run.results.length, 2);
	assert.equal(run.results[0].isMainResult, false);
	assert.equal(run.results[1].html, "<b>chart</b>");
	assert.equal(Buffer.from(run.results[1].png, "base64").toString("latin1"), "\x89PNG");
	// What matplotlib does is the image's: here is something with its interface
	await sandbox.runCode("import sys, types\nmatplotlib = types.ModuleType('matplotlib'); plot = types.ModuleType('matplotlib.pyplot')\nclass Figure:\n    def savefig(self, to, **options): to.write(b'\\x89PNG drawn')\nopen_ones = []\nplot.get_fignums = lambda: list(open_ones)\nplot.figure = lambda n: Figure()\nplot.close = lambda which: open_ones.clear()\nsys.modules['matplotlib'] = matplotlib; sys.modules['matplotlib.pyplot'] = plot");
	const drawn = await sandbox.runCode("open_ones.append(1)");
	assert.equal(Buffer.from(drawn.results[0].png, "base64").toString("latin1"), "\x89PNG drawn");
	assert.equal((await sandbox.runCode("2")).results.length, 1);
});

await test("environment of one run, and await", async () => {
	assert.equal((await sandbox.runCode("import os\nos.environ['OF_RUN']", { envs: { OF_RUN: "yes" } })).text, "'yes'");
	assert.equal((await sandbox.runCode("os.environ.get('OF_RUN', 'gone')")).text, "'gone'");
	assert.equal((await sandbox.runCode("import asyncio\nawait asyncio.sleep(0.01)\n'awaited'")).text, "'awaited'");
});

await test("contexts: separate, listed, restarted, removed", async () => {
	const other = await sandbox.createCodeContext({ cwd: "/tmp" });
	assert.equal((await sandbox.runCode("import os\nx = 1\nos.getcwd()", { context: other })).text, "'/tmp'");
	assert.equal((await sandbox.runCode("x")).text, "20");
	assert.equal((await sandbox.listCodeContexts()).length, 2);
	await sandbox.restartCodeContext(other);
	assert.equal((await sandbox.runCode("x", { context: other })).error.name, "NameError");
	await sandbox.removeCodeContext(other);
	await assert.rejects(sandbox.runCode("x", { context: other }));
	assert.equal((await sandbox.listCodeContexts()).length, 1);
});

await test("what takes too long is interrupted, and the context goes on", async () => {
	for (const code of ["import time\nwhile True: time.sleep(0.1)", "while True: print(1, flush=True); time.sleep(0.001)"]) {
		await assert.rejects(sandbox.runCode(code, { timeoutMs: 1000 }));
		assert.equal((await sandbox.runCode("x")).text, "20");
	}
});

await test("files and commands beside it, and a second sandbox with random numbers of its own", async () => {
	await sandbox.files.write("/tmp/data", "1,2\n");
	assert.equal((await sandbox.runCode("open('/tmp/data').read()")).text, "'1,2\\n'");
	const other = await Sandbox.create();
	const random = (s) => s.runCode("import random\nrandom.random()");
	assert.notEqual((await random(sandbox)).text, (await random(other)).text);
	await other.kill();
	await sandbox.kill();
});

console.log(`1..${count}`);
process.exit(failed ? 1 : 0);
