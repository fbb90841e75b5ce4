// SPDX-License-Identifier: GPL-2.0-only
// build.mjs - bundle a dashboard and write it as a C file
//
// Theory of operation
// There are two editions, which share most of their sources: the observatory of one sandbox, and the
// service's, which has the reference of its calls beside it (docs.mjs). esbuild makes their scripts
// and style sheets of src/. With the page and the icon they become byte arrays in a C file, each as it
// is and compressed, with an ETag made of its content, so that the server hands them out without a
// file system (lib/assets.h). A depfile tells ninja what was read. Nothing but what is in the lock file
// goes in: no address of another host is in it.
//
// Usage: build.mjs EDITION ASSETS.C [DEPFILE]   build.mjs EDITION --files DIRECTORY   (for looking at it)

import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import esbuild from "esbuild";
import { docsPage } from "./docs.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const read = new Set([fileURLToPath(import.meta.url), join(here, "package-lock.json")]);
const HTML = "text/html; charset=utf-8", TEXT = "text/plain; charset=utf-8";

/* A file below this folder; it is noted as one that the bundle depends on */
function file(name) {
	read.add(join(here, name));
	return readFileSync(join(here, name));
}

function docs() {
	read.add(join(here, "docs.mjs"));
	return docsPage(file("../../service/api/openapi.yaml").toString());
}

const EDITIONS = {
	observatory: {
		scripts: { app: "src/main.ts", worker: "src/data/worker.ts" },
		files: () => [
			["/", HTML, file("src/index.html")],
			["/assets/icon.svg", "image/svg+xml", file("src/icon.svg")],
			["/assets/uplot-license.txt", TEXT, file("node_modules/uplot/LICENSE")],
		],
		credits: "uPlot is (c) Leon Sorokin, /assets/uplot-license.txt",
	},
	service: {
		scripts: { service: "src/service/main.ts", docs: "src/service/docs.ts" },
		files: () => [
			["/", HTML, file("src/service/index.html")],
			["/docs", HTML, Buffer.from(docs())],
			["/assets/icon.svg", "image/svg+xml", file("src/icon.svg")],
			["/assets/uplot-license.txt", TEXT, file("node_modules/uplot/LICENSE")],
			["/assets/xterm-license.txt", TEXT, file("node_modules/@xterm/xterm/LICENSE")],
		],
		credits: "uPlot is (c) Leon Sorokin, /assets/uplot-license.txt, xterm.js is MIT, /assets/xterm-license.txt",
	},
};

/** What the server answers with: path, media type, content */
async function bundle({ scripts, files, credits }) {
	const result = await esbuild.build({
		absWorkingDir: here,
		entryPoints: scripts,
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
		banner: { js: `/* Vitrine's dashboard, GPL-2.0-only; ${credits} */` },
	});

	for (const input of Object.keys(result.metafile.inputs))
		read.add(resolve(here, input));
	const assets = files().map(([path, type, data]) => ({ path, type, data }));
	for (const { path, contents } of result.outputFiles) {
		const name = path.split("/").pop();
		const type = name.endsWith(".css") ? "text/css" : "text/javascript";
		assets.push({ path: `/assets/${name}`, type: `${type}; charset=utf-8`, data: contents });
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
	return "/* Made by web/dashboard/build.mjs */\n#include \"lib/assets.h\"\n\n" +
		arrays.join("\n") + "\nconst struct asset assets[] = {\n" + table.join("\n") +
		"\n};\nconst size_t nassets = sizeof(assets) / sizeof(assets[0]);\n";
}

const [edition, first, second] = process.argv.slice(2);
if (!EDITIONS[edition] || !first)
	throw new Error(`usage: build.mjs ${Object.keys(EDITIONS).join("|")} ASSETS.C [DEPFILE]`);
const assets = await bundle(EDITIONS[edition]);
if (first === "--files") {
	for (const { path, data } of assets) {
		const name = join(second, path === "/" ? "index.html" : path === "/docs" ? "docs.html" : path);
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
