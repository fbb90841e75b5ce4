// SPDX-License-Identifier: GPL-2.0-only
// build.mjs - bundle the page of the browser edition into a directory
//
// Usage: build.mjs DIRECTORY [DEPFILE]

import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import esbuild from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const [out, depfile] = process.argv.slice(2);
const read = new Set([fileURLToPath(import.meta.url), join(here, "package-lock.json")]);

mkdirSync(out, { recursive: true });
const result = await esbuild.build({
	absWorkingDir: here,
	entryPoints: { page: "src/page.ts", worker: "src/worker.ts" },
	outdir: resolve(out),
	bundle: true,
	minify: true,
	metafile: true,
	format: "esm",
	target: "es2022",
	charset: "utf8",
	legalComments: "none",
	logLevel: "warning",
	banner: { js: "/* Vitrine's browser edition, GPL-2.0-only; xterm.js is MIT, see xterm-license.txt */" },
});
for (const input of Object.keys(result.metafile.inputs))
	read.add(resolve(here, input));
for (const [from, to] of [
	["src/index.html", "index.html"],
	["../../web/dashboard/src/icon.svg", "icon.svg"],
	["node_modules/@xterm/xterm/LICENSE", "xterm-license.txt"],
]) {
	read.add(join(here, from));
	copyFileSync(join(here, from), join(out, to));
}
if (depfile) {
	const names = [...read].map((name) => relative(process.cwd(), name).replace(/ /g, "\\ "));
	writeFileSync(depfile, `${join(out, "page.js")}: ${names.join(" ")}\n`);
}
