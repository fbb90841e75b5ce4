// SPDX-License-Identifier: GPL-2.0-only
// daemon.mjs - vitrined with a first key, and calls to it, for tests of its pages
//
// Its state is the test's own; sandboxes that outlive it are removed at the end.

import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { expect, scratch, start } from "./lib.mjs";

/** Start it; @options: of the program. */
export async function daemon(options = []) {
	mkdirSync(join(scratch, "state"), { mode: 0o700, recursive: true });
	process.env.XDG_STATE_HOME = join(scratch, "state");
	let child = start("vitrined", ["--listen", "127.0.0.1:0", ...options]);
	const url = await expect(() => /serving at (\S+)/.exec(child.text)?.[1], () => `vitrined does not serve: ${child.text}`);
	const key = await expect(() => /shown once\): (\S+)/.exec(child.text)?.[1], () => `no key: ${child.text}`);
	return {
		url, key,
		/** End it in order, do something, and start it again at the same address. */
		async restart(between) {
			child.kill("SIGTERM");
			await child.over;
			await between();
			child = start("vitrined", ["--listen", new URL(url).host, ...options]);
			await expect(() => child.text.includes("serving at"), () => `vitrined does not serve again: ${child.text}`);
		},
		/** A call; its answer, with status and body. */
		async call(method, path, body, headers = {}) {
			const answer = await fetch(url + path, {
				method, body: body === undefined ? undefined : JSON.stringify(body), headers: { "X-API-Key": key, ...headers },
			});
			const text = await answer.text();
			return { status: answer.status, headers: answer.headers, body: text && answer.headers.get("content-type")?.includes("json") ? JSON.parse(text) : text };
		},
		async stop() {
			child.kill("SIGTERM");
			await child.over;
			for (const name of execFileSync("vitrine", ["ps", "-q", "-a"]).toString().split("\n").filter(Boolean))
				execFileSync("vitrine", ["rm", "-f", name], { stdio: "ignore" });
		},
	};
}
