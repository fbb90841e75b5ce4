// SPDX-License-Identifier: GPL-2.0-only
import { createServer } from "node:http";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { daemon } from "./daemon.mjs";
import { done, expect, it, ok, open, scratch, sleep, value } from "./lib.mjs";

const service = await daemon();
let alerts = 0;
const page = await open(service.url, { colorScheme: "light", permissions: ["clipboard-read", "clipboard-write"] });
page.setDefaultTimeout(20_000);
page.on("dialog", (dialog) => { alerts++; void dialog.dismiss(); });
const shots = process.env.SHOTS;
const shoot = (name) => shots && page.screenshot({ path: join(shots, `service-${name}.png`) });
const go = (to) => page.evaluate((hash) => { location.hash = hash; }, to);
const row = (table, text) => page.locator(`[data-table=${table}] tbody tr`, { hasText: text });
const stateOf = (id) => row("sandboxes", id).locator(".pill").getAttribute("data-state");
const dialog = page.locator("dialog[open]");
const press = async (name, within = page) => within.locator(`[data-action=${name}]:visible`).first().click();
const submit = () => press("submit", dialog);
const gone = () => expect(async () => await dialog.count() === 0, async () => `a dialog stays: ${await dialog.allTextContents()}`);
const headState = (state) => expect(async () => await page.locator(".page-head .pill").getAttribute("data-state") === state,
	async () => `it is ${await page.locator(".page-head .pill").getAttribute("data-state")}; ${await page.locator(".toast").allTextContents()}`);
const state = async (id) => (await service.call("GET", `/v1/sandboxes/${id}`)).body.state;
const run = async (id, cmd) => (await service.call("POST", `/v1/sandboxes/${id}/exec`, { cmd })).body;
const here = () => page.evaluate(() => location.hash.split("/")[1]);
const screen = () => page.locator(".terminal .xterm-rows").innerText();

await it("without a session there is a form, and nothing else", async () => {
	await page.waitForSelector("[data-form=signin]");
	return await page.locator("nav:visible, [data-table]").count() === 0;
});
await it("a wrong key is refused in words, and by keyboard one goes on", async () => {
	await page.keyboard.type("e2b_0000000000000000000000000000000000000000");
	await page.keyboard.press("Enter");
	await expect(async () => (await page.locator("#signin-problem").innerText()).includes("API key is not known"), async () => page.locator(".signin").innerText());
});
await it("the right one signs in", async () => {
	await page.keyboard.type(service.key);
	await page.keyboard.press("Enter");
	await page.waitForSelector("[data-table=sandboxes]");
	await expect(async () => await page.locator(".pill[role=status]").getAttribute("data-phase") === "live", "not live");
});
await it("the key is nowhere in the browser, and no script reads the cookie", async () => {
	const kept = await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie]));
	const [cookie] = await page.context().cookies();
	return !kept.includes(service.key) && !kept.includes(cookie.value) && cookie.httpOnly && cookie.sameSite === "Strict" || kept;
});

let id;
await it("a sandbox is created from the form, and its page opens", async () => {
	await page.locator("h1").click();
	await page.keyboard.press("n");
	await dialog.locator("[name=memory_mb]").fill("256");
	await dialog.locator("[name=metadata]").fill("team=red\nmarkup=<img src=x onerror=alert(1)>\nescape=\u001b[31m\u202egnp.exe");
	await dialog.locator("[name=env]").fill("GREETING=hello");
	await shoot("create");
	await submit();
	await headState("running");
	await gone();
	id = await here();
});
await it("what is wrong with a form is said in it, and what was typed stays", async () => {
	await press("create");
	await dialog.locator("[name=env]").fill("not a pair");
	await submit();
	await expect(async () => /name=value/.test(await dialog.locator("[role=alert]").innerText()), "no word");
	await dialog.locator("[name=env]").fill("A B=c");
	await submit();
	await expect(async () => /no name of a variable/.test(await dialog.locator("[role=alert]").innerText()), async () => dialog.innerText());
	const kept = await dialog.locator("[name=env]").inputValue();
	await page.keyboard.press("Escape");
	await gone();
	return kept === "A B=c" || kept;
});
await it("hostile metadata is text, with what cannot be seen written out", async () => {
	await expect(async () => (await page.locator(".facts-list").innerText()).includes("<img src=x onerror=alert(1)>"), async () => page.locator(".facts-list").innerText());
	const facts = await page.locator(".facts-list").innerText();
	const made = await page.locator("main img").count();
	return facts.includes("\\x1b[31m\\u202egnp.exe") && !made || facts;
});

let other;
await it("the list shows what others do, as they do it", async () => {
	await go("sandboxes");
	other = (await service.call("POST", "/v1/sandboxes", { memory_mb: 128 })).body.id;
	await expect(async () => await row("sandboxes", other).count() === 1 && await stateOf(other) === "running", "it does not appear", 10);
	await service.call("POST", `/v1/sandboxes/${other}/pause`);
	await expect(async () => await stateOf(other) === "paused", async () => `it is ${await stateOf(other)}`, 10);
	await service.call("DELETE", `/v1/sandboxes/${other}`);
	await expect(async () => await row("sandboxes", other).count() === 0, "it stays", 10);
});
await it("CPU and memory are those of now", async () => {
	await service.call("POST", `/v1/sandboxes/${id}/exec`, { cmd: "echo begun; while :; do :; done", background: true, tag: "busy" });
	const cell = (n) => row("sandboxes", id).locator(`td:nth-child(${n})`).innerText();
	await expect(async () => value(await cell(3)) > 0.15 && value(await cell(4)) > 1e6, async () => `${await cell(3)}, ${await cell(4)}`);
	await shoot("list");
});
await it("its page draws them, for other ranges and smoothed", async () => {
	await go(`sandbox/${id}`);
	await expect(async () => value(await page.locator("[data-chart=cpu] [data-series=CPU]").innerText()) > 0.15, "no CPU");
	const picture = () => page.locator("[data-chart=cpu] canvas").evaluate((canvas) => canvas.toDataURL());
	await sleep(4000);
	const rough = await picture();
	await press("smooth");
	await expect(async () => await picture() !== rough, "smoothing changes nothing");
	await shoot("overview");
	await page.locator("[data-action=range]").selectOption("1h");
	await expect(async () => (await page.locator("select[data-action=range]").inputValue()) === "1h", "no range");
	await page.locator("[data-action=range]").selectOption("5m");
	await press("smooth");
});

await it("a command runs in the terminal", async () => {
	await page.locator("[data-tab=terminal]").click();
	await expect(async () => /[#$] *$/m.test(await screen()), async () => `no prompt: ${await screen()}`);
	await page.keyboard.type("echo $GREETING $((6 * 7))\n");
	await expect(async () => /^hello 42/m.test(await screen()), screen);
});
await it("with its size, colours, and no markup", async () => {
	const { cols } = await page.locator(".terminal .xterm-rows").evaluate((rows) => ({ cols: Math.floor(rows.clientWidth / 8) }));
	await page.keyboard.type("clear; stty size; printf '\\033[38;2;200;30;30mred <b>bold</b>\\033[0m\\n'; printf '\\033]0;evil title\\007'\n");
	await expect(async () => /^red <b>bold<\/b>/m.test(await screen()) && /^\d+ \d+\s*$/m.test(await screen()), screen);
	const size = /^\d+ (\d+)/m.exec(await screen());
	const colour = await page.locator(".terminal .xterm-rows span", { hasText: "red <b>" }).last().evaluate((span) => getComputedStyle(span).color);
	await shoot("terminal");
	return Math.abs(Number(size?.[1]) - cols) < 12 && colour === "rgb(200, 30, 30)" && await page.locator(".terminal b").count() === 0 &&
		!(await page.title()).includes("evil") || `${size}, ${cols}, ${colour}, ${await page.title()}`;
});
await it("a guest that writes faster than can be drawn leaves the page alive", async () => {
	await page.keyboard.type("clear; yes 0123456789012345678901234567890123456789 | head -c 8000000; echo; echo the end\n");
	await expect(async () => /^the end/m.test(await screen()), screen, 90);
	await page.keyboard.type("clear; echo goes on\n");
	await expect(async () => /^goes on/m.test(await screen()), screen);
});
await it("it goes on behind other tabs, and Escape and Shift+Tab leave it", async () => {
	await page.keyboard.type("export KEPT=yes\n");
	await page.keyboard.press("Escape");
	await page.keyboard.press("Shift+Tab");
	const focused = await page.evaluate(() => document.activeElement?.getAttribute("data-tab"));
	await page.keyboard.press("ArrowRight");
	await page.waitForSelector("[data-files]");
	await page.locator("[data-tab=terminal]").click();
	await page.keyboard.type("clear; echo still $KEPT\n");
	await expect(async () => /^still yes/m.test(await screen()), screen);
	return focused === "terminal" || String(focused);
});
await it("a shell ends with its page", async () => {
	const shells = async () => (await service.call("GET", `/v1/sandboxes/${id}/processes`)).body.processes.filter(({ argv }) => argv.join(" ").includes("SHELL")).length;
	const before = await shells();
	await go("sandboxes");
	await expect(async () => await shells() === 0, async () => `${await shells()} of ${before} shells stay`);
	return before === 1 || `${before} shells`;
});

const NAMES = ["<img src=x onerror=alert(1)>", "a\u202eb", "new\nline", "' onmouseover='alert(2)", "--help"];
const files = () => page.locator("[data-table=files] tbody th").allInnerTexts();
await it("a file is uploaded", async () => {
	await go(`sandbox/${id}/files`);
	await page.waitForSelector("[data-files][data-path='/root']");
	writeFileSync(join(scratch, "up.txt"), "from the browser\n");
	writeFileSync(join(scratch, "zeros.bin"), Buffer.alloc(3 << 20));
	await page.locator("[data-action=pick]").setInputFiles([join(scratch, "up.txt"), join(scratch, "zeros.bin")]);
	await expect(async () => (await files()).includes("zeros.bin"), async () => String(await files()));
	const { stdout } = await run(id, "cat up.txt /root/up.txt 2>/dev/null; stat -c %s /root/zeros.bin");
	return stdout === `from the browser\n${3 << 20}\n` || stdout;
});
await it("and downloaded, as it is", async () => {
	const [download] = await Promise.all([page.waitForEvent("download"), press("download", row("files", "zeros.bin"))]);
	const path = join(scratch, "down.bin");
	await download.saveAs(path);
	const content = readFileSync(path);
	return download.suggestedFilename() === "zeros.bin" && content.length === 3 << 20 && content.every((byte) => !byte) || `${download.suggestedFilename()}, ${content.length}`;
});
await it("a small text is edited, and saved by Ctrl+S", async () => {
	await press("edit", row("files", "up.txt"));
	const area = dialog.locator("textarea");
	await expect(async () => await area.inputValue() === "from the browser\n", "not its text");
	await area.fill("changed <b>here</b>\n");
	await page.keyboard.press("Control+s");
	await gone();
	const { stdout } = await run(id, "cat /root/up.txt");
	return stdout === "changed <b>here</b>\n" || stdout;
});
await it("what is no text is not edited", async () => {
	await run(id, "printf 'a\\000b' >/root/binary; printf 'caf\\351' >/root/latin");
	await press("refresh");
	for (const name of ["binary", "latin"]) {
		await row("files", name).locator("[data-action=edit]").click();
		await expect(async () => /no text/.test((await page.locator(".toast").allInnerTexts()).join()), `no word about ${name}`);
		await page.locator(".toast button").first().click();
	}
});
await it("hostile names are text", async () => {
	for (const name of NAMES)
		await service.call("POST", `/v1/sandboxes/${id}/files/mkdir`, { path: `/root/names/${name}` });
	await press("refresh");
	await page.locator("[data-table=files] tbody th button", { hasText: "names" }).click();
	await page.waitForSelector("[data-files][data-path='/root/names']");
	await expect(async () => (await files()).length === NAMES.length, async () => String(await files()));
	const shown = (await files()).map((name) => name.replace(/^▸ /, ""));
	await shoot("names");
	return ["<img src=x onerror=alert(1)>", "a\\u202eb", "new\\nline", "' onmouseover='alert(2)", "--help"].every((name) => shown.includes(name)) || shown.join("|");
});
await it("and can be entered, renamed and removed", async () => {
	await page.locator("[data-table=files] tbody th button", { hasText: "<img" }).click();
	await expect(async () => (await page.locator(".crumbs").innerText()).includes("<img src=x"), async () => page.locator(".crumbs").innerText());
	await press("up");
	await press("rename", row("files", "--help"));
	await dialog.locator("[name=name]").fill("../../etc");
	await submit();
	await expect(async () => /no “\/” in it/.test(await dialog.innerText()), "no word");
	await dialog.locator("[name=name]").fill("plain");
	await submit();
	await gone();
	await press("remove", row("files", "new\\nline"));
	await submit();
	await gone();
	await expect(async () => (await files()).length === NAMES.length - 1 && (await files()).some((name) => name.includes("plain")), async () => String(await files()));
});
await it("a folder and a file are made", async () => {
	await press("mkdir");
	await dialog.locator("[name=name]").fill("made");
	await submit();
	await gone();
	await press("new-file");
	await dialog.locator("[name=name]").fill("note.txt");
	await submit();
	await expect(async () => await page.locator("dialog[data-dialog=editor]").count() === 1, "no editor");
	await dialog.locator("textarea").fill("written\n");
	await submit();
	await gone();
	const { stdout } = await run(id, "cat /root/names/note.txt; ls -d /root/names/made");
	return stdout === "written\n/root/names/made\n" || stdout;
});

await it("commands, with what they have written, and their end", async () => {
	await go(`sandbox/${id}/processes`);
	await press("output", row("commands", "busy"));
	await expect(async () => /begun/.test(await page.locator("[data-log]").innerText()), async () => page.locator("[data-log]").innerText());
	await press("all-processes");
	await expect(async () => await page.locator("[data-table=tasks] tbody tr").count() > 3, "no processes");
	await shoot("processes");
	await press("kill", row("commands", "busy"));
	await expect(async () => /ended with status 137/.test(await page.locator("[data-log]").innerText()), async () => page.locator("[data-log]").innerText());
});
await it("escape sequences of a command's output are written out", async () => {
	await service.call("POST", `/v1/sandboxes/${id}/exec`, { cmd: "printf '\\033[2J<i>x</i>'; sleep 100", background: true, tag: "odd" });
	await expect(async () => await row("commands", "odd").count() === 1, "not listed");
	await press("output", row("commands", "odd"));
	await expect(async () => (await page.locator("[data-log]").innerText()).includes("\\x1b[2J<i>x</i>"), async () => page.locator("[data-log]").innerText());
	return await page.locator("main i").count() === 0;
});

await it("pause, and what needs it running says that it does not", async () => {
	await press("pause-resume", page.locator(".page-head"));
	await headState("paused");
	await go(`sandbox/${id}/files`);
	await expect(async () => /does not run/.test(await page.locator("main [role=alert]:visible").innerText()), "no word");
});
await it("resume", async () => {
	await press("pause-resume", page.locator(".page-head"));
	await headState("running");
	await expect(async () => (await files()).length > 0, "its files do not come");
	return await state(id) === "running";
});
await it("a snapshot, and back to it", async () => {
	await go(`sandbox/${id}/snapshots`);
	await run(id, "echo before >/root/state");
	await press("take-snapshot");
	await dialog.locator("[name=name]").fill("clean");
	await submit();
	await gone();
	await expect(async () => await row("snapshots", "clean").count() === 1, "not listed");
	await run(id, "echo after >/root/state");
	await press("rollback", row("snapshots", "clean"));
	await submit();
	await gone();
	await headState("running");
	const { stdout } = await run(id, "cat /root/state");
	return stdout === "before\n" || stdout;
});
await it("snapshots are a tree, in which the sandbox stands", async () => {
	await press("take-snapshot");
	await dialog.locator("[name=name]").fill("below");
	await submit();
	await gone();
	await expect(async () => (await page.locator("[data-table=snapshots] tbody tr").evaluateAll((list) => list.map((one) => `${one.style.getPropertyValue("--indent")} ${one.dataset.key}`))).join() ===
		`0 snapshot:clean,1 snapshot:below,2 sandbox:${id}`, async () => page.locator("[data-table=snapshots]").innerText());
	await shoot("tree");
});
await it("a name that is taken is refused in words", async () => {
	await press("take-snapshot");
	await dialog.locator("[name=name]").fill("clean");
	await submit();
	await expect(async () => /There is a snapshot clean/.test(await dialog.innerText()), async () => dialog.innerText());
	await page.keyboard.press("Escape");
	await gone();
});
let forked;
await it("fork", async () => {
	await press("fork", page.locator(".page-head"));
	await expect(async () => (await page.locator("[data-table=snapshots] tbody tr").count()) === 4, async () => `${await page.locator(".toast").allInnerTexts()}`);
	forked = (await service.call("GET", "/v1/sandboxes")).body.sandboxes.map((one) => one.id).find((one) => one !== id);
	const { stdout } = await run(forked, "cat /root/state");
	return stdout === "before\n" || stdout;
});
await it("a new one from a snapshot", async () => {
	await press("start", row("snapshots", "clean"));
	await submit();
	await gone();
	await headState("running");
	const made = await here();
	const { stdout } = await run(made, "cat /root/state");
	await service.call("DELETE", `/v1/sandboxes/${made}`);
	return made !== id && stdout === "before\n" || `${made} ${stdout}`;
});
await it("a page of one that has ended says so", () => expect(async () => await page.locator("text=There is no such sandbox").isVisible(), "no word"));
await it("a snapshot is deleted, and what came from it stays", async () => {
	await go("snapshots");
	await press("remove", row("snapshots", "clean").first());
	await submit();
	await gone();
	await expect(async () => await row("snapshots", "clean").count() === 0 && await row("snapshots", "below").count() === 1, async () => page.locator("[data-table=snapshots]").innerText());
});
await it("delete asks first", async () => {
	await go("sandboxes");
	await press("delete", row("sandboxes", forked));
	await page.keyboard.press("Escape");
	await gone();
	if (await state(forked) !== "running")
		return "it did not ask";
	await press("delete", row("sandboxes", forked));
	await submit();
	await gone();
	await expect(async () => await row("sandboxes", forked).count() === 0, "it stays");
	return await state(forked) === undefined;
});
await it("deadlines are changed", async () => {
	await go(`sandbox/${id}`);
	await press("change");
	await dialog.locator("[name=timeout_sec]").fill("3600");
	await submit();
	await gone();
	await expect(async () => /pauses in (59|60)/.test((await page.locator(".facts-list").innerText()).replace(/\s/g, " ")) || /pauses in 1.h/.test(await page.locator(".facts-list").innerText()), async () => page.locator(".facts-list").innerText());
});
await it("a template is made and used, one that cannot be is refused", async () => {
	await go("templates");
	await press("new-template");
	await dialog.locator("[name=name]").fill("tiny");
	await dialog.locator("[name=image]").fill("mini");
	await submit();
	await gone();
	await expect(async () => await row("templates", "tiny").count() === 1, "not listed");
	await press("create");
	await dialog.locator("[name=source]").selectOption("template:tiny");
	await submit();
	await headState("running");
	await service.call("DELETE", `/v1/sandboxes/${await here()}`);
});
await it("what happens is told as it happens, and who did it", async () => {
	await go("events");
	const names = async (table) => (await page.locator(`[data-table=${table}] tbody tr`).allInnerTexts()).join("\n");
	await expect(async () => /sandbox.rolled_back/.test(await names("events")) && /snapshot.deleted/.test(await names("events")), () => names("events"));
	await expect(async () => /sandbox.pty/.test(await names("audit")) && /session.create/.test(await names("audit")), () => names("audit"));
	await shoot("events");
});

let second;
await it("a key is made, shown once, and works", async () => {
	await go("keys");
	await press("new-key");
	await dialog.locator("[name=name]").fill("reader");
	await dialog.locator("[name=scope][value=exec]").uncheck();
	await submit();
	second = await dialog.locator("[data-secret]").innerText();
	await page.keyboard.press("Escape");
	await gone();
	const list = await page.locator("[data-table=keys]").innerText();
	return (await fetch(`${service.url}/v1/sandboxes`, { headers: { "X-API-Key": second } })).status === 200 && !list.includes(second) || list;
});
await it("who may only read is shown nothing that he may not, and is signed out when his key is revoked", async () => {
	const reader = await open(service.url);
	await reader.locator("input[name=key]").fill(second);
	await reader.keyboard.press("Enter");
	await reader.waitForSelector("[data-table=sandboxes] tbody tr");
	const offered = await reader.locator("[data-action=create]:visible, [data-table] [data-action]:visible").count();
	await press("revoke", row("keys", "reader"));
	await submit();
	await gone();
	await reader.waitForSelector("[data-form=signin]");
	const why = await reader.locator("#signin-problem").innerText();
	await reader.context().close();
	return !offered && /session is over/.test(why) || `${offered}; ${why}`;
});

/* A page at another port of this host: the same site, which is sent the same cookies */
const heard = [];
const evil = createServer((request, answer) => {
	heard.push(request.headers.cookie ?? "");
	answer.setHeader("Content-Type", "text/html");
	answer.end("<!doctype html><title>evil</title>");
}).listen(0, "127.0.0.1");
await new Promise((ready) => evil.on("listening", ready));
await it("a page of another port makes nothing, reads nothing and opens no terminal", async () => {
	const before = (await service.call("GET", "/v1/sandboxes")).body.sandboxes.length;
	const foreign = await page.context().newPage();
	await foreign.goto(`http://127.0.0.1:${evil.address().port}/`);
	const tried = await foreign.evaluate(async ([url, id]) => {
		const results = [];
		for (const options of [{ mode: "no-cors" }, { headers: { "X-Vitrine-Session": "x".repeat(48) } }, { headers: { "Content-Type": "application/json" } }])
			for (const [method, path] of [["POST", "/v1/sandboxes"], ["POST", `/v1/sandboxes/${id}/pause`], ["POST", "/v1/session/ticket"]])
				results.push(await fetch(url + path, { method, credentials: "include", body: "{}", ...options }).then((answer) => answer.type === "opaque" ? "opaque" : answer.status, () => "refused"));
		results.push(await fetch(`${url}/v1/sandboxes`, { credentials: "include" }).then((answer) => answer.text(), () => "refused"));
		results.push(await new Promise((done) => {
			const socket = new WebSocket(`${url.replace("http", "ws")}/v1/sandboxes/${id}/pty`);
			socket.onopen = () => done("opened");
			socket.onerror = () => done("refused");
		}));
		const form = document.createElement("form");
		Object.assign(form, { method: "POST", action: `${url}/v1/sandboxes`, enctype: "text/plain", target: "_blank" });
		document.body.append(form);
		form.submit();
		return results;
	}, [service.url, id]);
	await sleep(1000);
	await foreign.close();
	const after = (await service.call("GET", "/v1/sandboxes")).body.sandboxes;
	return tried.every((one) => one === "opaque" || one === "refused") && after.length === before && await state(id) === "running" || JSON.stringify([tried, after]);
});
await it("the cookie that it was sent is worth nothing", async () => {
	const cookie = heard.find((one) => one.includes("vitrined_"));
	const answer = await fetch(`${service.url}/v1/sandboxes`, { headers: { Cookie: cookie ?? "none" } });
	return !!cookie && answer.status === 401 || `${cookie} ${answer.status}`;
});
evil.close();

await it("the page says what it may do, and that is little", async () => {
	const policy = (await fetch(service.url)).headers.get("content-security-policy");
	return policy.includes("default-src 'none'") && !/unsafe|https?:|\*|data:/.test(policy) || policy;
});
await it("everything has a name for those who do not see it", async () => {
	const bare = [];
	for (const to of ["sandboxes", "snapshots", "templates", "keys", "events", `sandbox/${id}`, `sandbox/${id}/files`, `sandbox/${id}/processes`, `sandbox/${id}/snapshots`]) {
		await go(to);
		await sleep(600);
		bare.push(...await page.evaluate((where) => [...document.querySelectorAll("button, input, select, textarea, a")].filter((element) => element.checkVisibility() &&
			!(element.getAttribute("aria-label") || element.textContent.trim() || element.labels?.[0]?.textContent.trim() || element.title)).map((element) => `${where}: ${element.outerHTML.slice(0, 120)}`), to));
	}
	return !bare.length || bare.join("\n");
});
for (const [width, height] of [[390, 844], [1280, 860], [1920, 1080]]) {
	for (const theme of ["light", "dark"]) {
		await it(`nothing is wider than the page at ${width}, ${theme}`, async () => {
			await page.setViewportSize({ width, height });
			if (await page.evaluate(() => document.documentElement.dataset.theme) !== theme)
				await press("theme");
			const wide = [];
			for (const [name, to] of [["list", "sandboxes"], ["overview", `sandbox/${id}`], ["terminal", `sandbox/${id}/terminal`], ["files", `sandbox/${id}/files`], ["tree", `sandbox/${id}/snapshots`], ["keys", "keys"]]) {
				await go(to);
				await sleep(shots ? 1500 : 500);
				await shoot(`${name}-${width}-${theme}`);
				const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
				if (over > 0)
					wide.push(`${name}: ${over} pixels`);
			}
			return !wide.length || wide.join();
		});
	}
}
await it("while the service is away the page says so, and after its new start one signs in again", async () => {
	await go("sandboxes");
	await service.restart(() => expect(() => page.locator(".banner", { hasText: "connection to the service is lost" }).isVisible(), "no word"));
	await page.waitForSelector("[data-form=signin]");
	const why = await page.locator("#signin-problem").innerText();
	return /session is over/.test(why) && (await service.call("GET", `/v1/sandboxes/${id}`)).body.state === "running" || why;
});
await it("signing out ends it, in all tabs", async () => {
	await page.locator("input[name=key]").fill(service.key);
	await page.keyboard.press("Enter");
	await page.waitForSelector("[data-table=sandboxes]");
	const half = await page.evaluate(() => JSON.parse(localStorage.getItem("vitrine.session")));
	const [cookie] = await page.context().cookies();
	const asked = () => fetch(`${service.url}/v1/session`, { headers: { Cookie: `${cookie.name}=${cookie.value}`, "X-Vitrine-Session": half } });
	const before = (await asked()).status;
	await press("sign-out");
	await page.waitForSelector("[data-form=signin]");
	const after = (await asked()).status;
	return before === 200 && after === 401 || `${before}, then ${after}`;
});
const odd = page.complaints.filter((one) => !/status of (4|503)/.test(one));
ok(alerts === 0 && !odd.length, "nothing of a guest's ran in the page, nothing outside was asked, and the policy was never broken", `${alerts} dialogs; ${odd.join("\n")}`);
await service.stop();
await done();
