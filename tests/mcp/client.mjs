// SPDX-License-Identifier: GPL-2.0-only
// client.mjs - the protocol's own client, unchanged, and what an agent does with the tools
//
// Usage: client.mjs stdio | client.mjs URL KEY
import assert from "node:assert/strict";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";

const [where, key] = process.argv.slice(2);
const local = where === "stdio";
const client = new Client({ name: "test", version: "1" });
const connect = () => client.connect(local
	? new StdioClientTransport({ command: "vitrine", args: ["mcp"], env: process.env })
	: new StreamableHTTPClientTransport(new URL(`${where}/mcp`), { requestInit: { headers: { "X-API-Key": key } } }));

let count = 0;
async function test(name, run) {
	count++;
	try {
		await run();
		console.log(`ok ${count} - ${name}`);
	} catch (error) {
		console.log(`not ok ${count} - ${name}\n${String(error.stack ?? error).replace(/^/gm, "# ")}`);
	}
}
const call = async (name, args = {}, options) => {
	const result = await client.callTool({ name, arguments: args }, undefined, options);
	return { ...result, text: result.content[0].text };
};
const good = async (name, args, options) => {
	const result = await call(name, args, options);
	assert.ok(!result.isError, result.text);
	return result;
};
const refused = async (name, args, words) => {
	const result = await call(name, args);
	assert.ok(result.isError);
	assert.match(result.text, words);
};
let sandbox;
const run = (command, more) => good("sandbox_run", { sandbox, command, ...more });

await test("it connects, and says what it is for", async () => {
	await connect();
	assert.equal(client.getServerVersion().name, "vitrine");
	assert.match(client.getInstructions(), /snapshot/);
	await client.ping();
});
await test("tools have schemas that the client can check", async () => {
	const { tools } = await client.listTools();
	for (const name of ["sandbox_create", "sandbox_run", "sandbox_list", "sandbox_fork", "sandbox_snapshot", "sandbox_rollback",
		"sandbox_pause", "sandbox_resume", "sandbox_end", "file_read", "file_write", "processes", "why_slow", "failed_calls"])
		assert.equal(tools.find((tool) => tool.name === name)?.inputSchema.type, "object", name);
	assert.equal(tools.find(({ name }) => name === "file_read").annotations.readOnlyHint, true);
});
await test("create", async () => {
	const { structuredContent } = await good("sandbox_create", local ? { image: "mini", memory_mb: 128 } : {});
	[sandbox] = structuredContent.sandboxes;
});
await test("run: output, errors and exit status", async () => {
	const { text, structuredContent } = await run("echo out; echo err >&2; echo $WORD; exit 3", { env: { WORD: "a b" }, cwd: "/tmp" });
	assert.match(text, /^out\na b\n--- standard error\nerr\n\(exit status 3\)\n$/);
	assert.equal(structuredContent.exit_code, 3);
});
await test("run: a program with its arguments, and something to read", async () => {
	const { text } = await good("sandbox_run", { sandbox, args: ["tr", "a-z", "A-Z"], stdin: "shout\n" });
	assert.match(text, /^SHOUT\n/);
});
await test("run: what goes on in the background is not waited for", async () => {
	await run("sleep 1000 & echo $! >/tmp/pid");
});
await test("run: what takes too long is ended", async () => {
	const { structuredContent } = await run("sleep 1000", { timeout_sec: 1 });
	assert.equal(structuredContent.timed_out, true);
});
await test("run: much output is cut, and the command goes on", async () => {
	const { structuredContent } = await run("seq 400000; exit 5");
	assert.deepEqual(structuredContent, { exit_code: 5, timed_out: false, truncated: true });
});
await test("files, also such as are no text", async () => {
	const text = "first\n\u00e4 \u2603\n", bytes = Buffer.from([0, 1, 255, 10, 0]);
	await good("file_write", { sandbox, path: "/tmp/text", content: text });
	await good("file_write", { sandbox, path: "/tmp/bytes", content: bytes.toString("base64"), encoding: "base64" });
	assert.equal((await good("file_read", { sandbox, path: "/tmp/text" })).text, text);
	const read = await good("file_read", { sandbox, path: "/tmp/bytes" });
	assert.equal(read.structuredContent.encoding, "base64");
	assert.deepEqual(Buffer.from(read.text, "base64"), bytes);
	assert.match((await run("wc -c </tmp/bytes")).text, /^5\n/);
	await refused("file_read", { sandbox, path: "/tmp/none" }, /o such file|not found/i);
});
await test("snapshot, something bad, roll back", async () => {
	const snapshot = "before-it";
	await good("sandbox_snapshot", { sandbox, snapshot });
	await run("rm /tmp/text; kill $(cat /tmp/pid)");
	assert.match((await good("snapshot_list")).text, /before-it/);
	await good("sandbox_rollback", { sandbox, snapshot });
	assert.match((await run("cat /tmp/text; kill -0 $(cat /tmp/pid) && echo alive")).text, /^first[^]*alive/);
});
await test("fork: each goes on by itself", async () => {
	const { structuredContent: { sandboxes } } = await good("sandbox_fork", { sandbox, count: 2 });
	assert.equal(sandboxes.length, 2);
	await good("sandbox_run", { sandbox: sandboxes[0], command: "echo other >/tmp/text" });
	assert.match((await good("sandbox_run", { sandbox: sandboxes[1], command: "cat /tmp/text" })).text, /^first/);
	const { structuredContent: { items } } = await good("sandbox_list");
	assert.ok([sandbox, ...sandboxes].every((name) => JSON.stringify(items).includes(name)));
	for (const name of sandboxes)
		await good("sandbox_end", { sandbox: name });
});
await test("pause, and the next command lets it go on", async () => {
	await good("sandbox_pause", { sandbox });
	assert.match((await run("echo awake")).text, /^awake/);
});
await test("why does it hang?", async () => {
	await run("mkfifo /tmp/fifo; cat /tmp/fifo >/dev/null 2>&1 &");
	const { structuredContent: { items } } = await good("processes", { sandbox });
	const { pid } = items.find(({ comm }) => comm === "cat");
	const { structuredContent: task } = await good("processes", { sandbox, pid });
	assert.equal(task.call, "openat");
	assert.ok(task.stack.some(({ symbol }) => symbol.startsWith("fifo_open")));
});
await test("why is it slow?", async () => {
	await run("while :; do cat /etc/hostname >/dev/null; done >/dev/null 2>&1 &");
	const { text } = await good("why_slow", { sandbox, seconds: 2 });
	assert.match(text, /usecs\/call[^]*openat[^]*vitrine top/);
});
await test("why does it fail?", async () => {
	const { text } = await good("failed_calls", { sandbox, command: "cat /no/config", calls: "openat" });
	assert.match(text, /calls that failed\n.*openat\(.*"\/no\/config".*ENOENT/);
});
await test("several at a time, and one that is not wanted any more", async () => {
	const wanted = new AbortController();
	const slow = call("sandbox_run", { sandbox, command: "sleep 1000" }, { signal: wanted.signal });
	const others = await Promise.all([1, 2, 3].map((n) => run(`echo ${n}`)));
	assert.deepEqual(others.map(({ text }) => text[0]), ["1", "2", "3"]);
	wanted.abort("changed my mind");
	await assert.rejects(slow);
	await client.ping();
});
await test("what cannot be is refused in words that a model can use", async () => {
	await refused("sandbox_run", { sandbox: "../../etc", command: "id" }, /name|no sandbox|not found/i);
	await refused("sandbox_run", { sandbox: "nobody", command: "id" }, /no sandbox|not found/i);
	await refused("sandbox_run", { sandbox }, /command or args/);
	await refused("sandbox_run", { sandbox, command: "id", shell: "zsh" }, /shell: there is no such argument/);
	await refused("sandbox_run", { sandbox, command: "id", timeout_sec: 0 }, /timeout_sec: a number from 1/);
	await refused("sandbox_run", { command: "id" }, /sandbox: this argument is missing/);
	await refused("file_write", { sandbox, path: "/x", content: "%%%%", encoding: "base64" }, /base64/);
	if (local) await refused("sandbox_create", { image: "/etc/passwd" }, /no file/);
	await assert.rejects(client.callTool({ name: "no_such_tool", arguments: {} }), /no such tool/);
});
await test("end", async () => {
	await good("sandbox_end", { sandbox });
	await refused("sandbox_run", { sandbox, command: "id" }, /no sandbox|not found|ended/i);
	await client.close();
});
console.log(`1..${count}`);
process.exit();
