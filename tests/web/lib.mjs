// SPDX-License-Identifier: GPL-2.0-only
// lib.mjs - a sandbox with its dashboard, a browser, and checks that are lines of TAP
//
// Everything that was started is ended with the test, however it ends.

import { spawn, execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";

const FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
	"--disable-background-networking", "--disable-component-update", "--disable-sync"];

export const scratch = mkdtempSync(join(tmpdir(), "vitrine-web-"));
process.env.XDG_RUNTIME_DIR = scratch;

const children = new Set();
let tests = 0, failures = 0, browser = null;

/** One line of TAP; @why it failed, if it did. */
export function ok(good, name, why = "") {
	tests++;
	console.log(`${good ? "ok" : "not ok"} ${tests} - ${good ? name : name.replace(/#/g, "")}`);
	if (!good) {
		failures++;
		console.log(String(why).slice(0, 3000).replace(/^/gm, "# "));
	}
}

/** Run a test; what it throws makes it fail. */
export async function it(name, body) {
	try {
		const why = await body();
		ok(why === undefined || why === true, name, why);
	} catch (error) {
		ok(false, name, error.stack ?? error);
	}
}

/** Ask again until it is true; the last answer otherwise. */
export async function until(what, seconds = 30) {
	const end = Date.now() + seconds * 1000;
	for (;;) {
		const found = await what();
		if (found || Date.now() > end)
			return found;
		await new Promise((done) => setTimeout(done, 150));
	}
}

/** Fail with a sentence unless it becomes true. */
export async function expect(what, message, seconds = 30) {
	const found = await until(what, seconds);
	if (!found)
		throw new Error(typeof message === "function" ? await message() : message);
	return found;
}

export const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

/** Start a program; its standard error is kept, and can be waited for. */
export function start(command, args, options = {}) {
	const child = spawn(command, args, { stdio: [options.input ? "pipe" : "ignore", "pipe", "pipe"], ...options });
	child.text = "";
	child.stdout.on("data", (data) => { child.text += data; });
	child.stderr.on("data", (data) => { child.text += data; });
	child.over = new Promise((done) => child.on("exit", (code, signal) => {
		children.delete(child);
		done(code ?? signal);
	}));
	children.add(child);
	return child;
}

async function address(child) {
	const found = await until(() => /http:\/\/[^\s/]+:\d+\/\S*/.exec(child.text)?.[0] || child.exitCode !== null);
	if (typeof found !== "string")
		throw new Error(`no address in: ${child.text}`);
	return found;
}

let number = 0;

/** A sandbox that does nothing until told to; @options: of "vitrine run". */
export async function sandbox({ options = [], image = "mini", script = "sleep 1000", web = true, name = `web-${process.pid}-${++number}` } = {}) {
	const child = start("vitrine", ["run", "--ephemeral", "--name", name, "--memory", "512M", ...(web ? ["--web"] : []), ...options,
		image, "--", "sh", "-c", `echo begun; ${script}`]);
	await expect(() => child.text.includes("begun") || child.exitCode !== null, () => `the sandbox did not start: ${child.text}`, 30);
	return {
		name, child,
		url: web ? await address(child) : "",
		/** Run a shell script in it and wait. */
		exec: (text) => execFileSync("vitrine", ["exec", name, "sh", "-c", text], { timeout: 60_000 }).toString(),
		/** Run one until it is ended by its kill(). */
		load: (text) => start("vitrine", ["exec", name, "sh", "-c", text]),
		async stop() {
			child.kill("SIGTERM");
			await child.over;
		},
	};
}

/** The server alone, for a sandbox that runs (or, without a name, for what @options say). */
export async function observe(name, port = 0, options = []) {
	const child = start("vitrine", ["observe", ...(port ? ["--port", String(port)] : []), ...options, ...(name ? [name] : [])]);
	return { child, url: await address(child), async stop() { child.kill("SIGTERM"); await child.over; } };
}

/**
 * A page; what the browser complains about is kept in page.complaints. The browser starts with the
 * first page, and has its @args; @before runs in the page before anything of its own.
 */
export async function open(url, options = {}, { args = [], before } = {}) {
	browser ??= await chromium.launch({ executablePath: "/usr/bin/chromium", args: [...FLAGS, ...args] });
	const context = await browser.newContext({ viewport: { width: 1280, height: 860 }, acceptDownloads: true, ...options });
	const page = await context.newPage();
	if (before)
		await page.addInitScript(before);
	page.setDefaultTimeout(60_000);
	page.complaints = [];
	page.on("console", (message) => { if (message.type() === "error" && !/ERR_CONNECTION_REFUSED|ERR_INCOMPLETE|ERR_EMPTY|ERR_CONNECTION_RESET/.test(message.text())) page.complaints.push(message.text()); });
	page.on("pageerror", (error) => page.complaints.push(String(error)));
	page.on("request", (request) => { if (!request.url().startsWith(new URL(url).origin) && !/^(blob|data):/.test(request.url())) page.complaints.push(`asked for ${request.url()}`); });
	await page.goto(url);
	return page;
}

export const go = (page, id) => page.evaluate((to) => { location.hash = to; }, id);
export const phase = (page) => page.locator(".pill").getAttribute("data-phase");
export const live = (page, seconds = 40) => expect(async () => await phase(page) === "live", async () => `the page is ${await phase(page)}`, seconds);

const UNITS = { "": 1, k: 1e3, M: 1e6, G: 1e9, B: 1, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3, "%": .01, ns: 1, "µs": 1e3, ms: 1e6, s: 1e9 };

/** The number behind a text like "12.3 k/s". */
export function value(text) {
	const found = /^(-?[\d.]+)\s?([^\s/]*)/.exec(text.replace(/\u202f/g, " ").trim());
	return found && found[2] in UNITS ? Number(found[1]) * UNITS[found[2]] : NaN;
}

/** What a chart's legend shows for a series. */
export const reading = async (page, chart, series) =>
	value(await page.locator(`[data-chart="${chart}"] [data-series="${series}"]`).textContent());

/** Press an export button and return what it saves. */
export async function saved(page, scope, kind) {
	const [download] = await Promise.all([page.waitForEvent("download"), page.locator(scope).locator(`[data-export=${kind}]`).click()]);
	const path = join(scratch, `${Math.random()}`);
	await download.saveAs(path);
	return { name: download.suggestedFilename(), text: readFileSync(path, "utf8") };
}

/** Rows of a CSV text, as RFC 4180 has it. */
export function csv(text) {
	const rows = [[]];
	let field = "", quoted = false;
	for (let i = 0; i < text.length; i++) {
		const c = text[i];
		if (quoted) {
			if (c === '"' && text[i + 1] === '"')
				field += text[++i];
			else if (c === '"')
				quoted = false;
			else
				field += c;
		} else if (c === '"') {
			quoted = true;
		} else if (c === "," || c === "\r") {
			rows.at(-1).push(field);
			field = "";
		} else if (c === "\n") {
			rows.push([]);
		} else {
			field += c;
		}
	}
	if (quoted || rows.pop().length)
		throw new Error("the text ends in the middle of a row");
	return rows;
}

/** End the browser and everything else that was started. */
export async function close() {
	await browser?.close();
	for (const child of children)
		child.kill("SIGTERM");
	await Promise.race([Promise.all([...children].map((child) => child.over)), sleep(5000)]);
	for (const child of children)
		child.kill("SIGKILL");
	rmSync(scratch, { recursive: true, force: true });
}

/** The end of every test file. */
export async function done() {
	await close();
	console.log(`1..${tests}`);
	process.exit(failures ? 1 : 0);
}
