// SPDX-License-Identifier: GPL-2.0-only
// build.mjs - bundle the dashboard and write it as a C file
//
// Theory of operation
// esbuild makes a script for the page, one for its worker, and one style sheet of src/. With index.html and the icon they become
// byte arrays in assets.c, each as it is and compressed, with an ETag made of its content, so that
// the server hands them out without a file system (observe/http/assets.h). A depfile tells ninja what
// was read. Nothing but what is in the lock file goes in: no address of another host is in it.
//
// Usage: build.mjs ASSETS.C [DEPFILE]      build.mjs --files DIRECTORY      (for looking at it)

import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import esbuild from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const read = new Set([fileURLToPath(import.meta.url), join(here, "package-lock.json")]);

/** What the server answers with: path, media type, content */
async function bundle() {
	const result = await esbuild.build({
		absWorkingDir: here,
		entryPoints: { app: "src/main.ts", worker: "src/data/worker.ts" },
		outdir: "/out",
		bundle: true,
		minify: true,
		write: false,
		metafile: true,
		format: "esm",
		target: "es2022",
		charset: "utf8",
		legalComments: "none",
		logLevel: "warning",
		banner: { js: "/* Vitrine's dashboard, GPL-2.0-only; uPlot is (c) Leon Sorokin, /assets/uplot-license.txt */" },
	});

	for (const input of Object.keys(result.metafile.inputs))
		read.add(resolve(here, input));

	const assets = [];
	for (const [path, name, type] of [
		["/", "index.html", "text/html; charset=utf-8"],
		["/assets/icon.svg", "icon.svg", "image/svg+xml"],
		["/assets/uplot-license.txt", "../node_modules/uplot/LICENSE", "text/plain; charset=utf-8"],
	]) {
		read.add(join(here, "src", name));
		assets.push({ path, type, data: readFileSync(join(here, "src", name)) });
	}
	for (const file of result.outputFiles) {
		const name = file.path.split("/").pop();
		const type = name.endsWith(".css") ? "text/css" : "text/javascript";
		assets.push({ path: `/assets/${name}`, type: `${type}; charset=utf-8`, data: file.contents });
	}
	return assets;
}

function bytes(name, data) {
	const lines = [];
	for (let i = 0; i < data.length; i += 32)
		lines.push("\t" + Array.from(data.subarray(i, i + 32)).join(",") + ",");
	return `static const unsigned char ${name}[] = {\n${lines.join("\n")}\n};\n`;
}

function source(assets) {
	const arrays = [], table = [];
	assets.forEach(({ path, type, data }, i) => {
		const packed = gzipSync(data, { level: 9 });
		const etag = createHash("sha256").update(data).digest("hex").slice(0, 20);
		arrays.push(bytes(`plain_${i}`, data), bytes(`packed_${i}`, packed));
		table.push(`\t{ "${path}", "${type}", "\\"${etag}\\"", plain_${i}, sizeof(plain_${i}), ` +
			`packed_${i}, sizeof(packed_${i}) },`);
	});
	return "/* Made by web/dashboard/build.mjs */\n#include \"observe/http/assets.h\"\n\n" +
		arrays.join("\n") + "\nconst struct asset assets[] = {\n" + table.join("\n") +
		"\n};\nconst size_t nassets = sizeof(assets) / sizeof(assets[0]);\n";
}

const [first, second] = process.argv.slice(2);
const assets = await bundle();
if (first === "--files") {
	for (const { path, data } of assets) {
		const name = join(second, path === "/" ? "index.html" : path);
		mkdirSync(dirname(name), { recursive: true });
		writeFileSync(name, data);
	}
} else {
	writeFileSync(first, source(assets));
	if (second) {
		const names = [...read].map((name) => relative(process.cwd(), name).replace(/ /g, "\\ "));
		writeFileSync(second, `${first}: ${names.join(" ")}\n`);
	}
}
