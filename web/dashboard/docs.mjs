// SPDX-License-Identifier: GPL-2.0-only
// docs.mjs - openapi.yaml as a page for people
//
// Made when the program is built, so that the page needs neither a parser nor scripts to be read:
// src/service/docs.ts adds the filter, the theme and buttons that copy. Everything is text from our
// own file, and is escaped all the same.

import { parse } from "yaml";

/* Where a call stands on the page: the first that fits */
const GROUPS = [
	["Sandboxes", /^\/v1\/sandboxes(\/\{id\}(\/(pause|resume|fork|ping|snapshot|rollback))?)?$/],
	["Commands", /\/(exec|exec\/stream|pty|processes.*)$/],
	["Files", /\{id\}\/files/],
	["Figures", /metrics|figures|observe/],
	["Snapshots and templates", /^\/v1\/(snapshots|templates|volumes)/],
	["Keys and sessions", /^\/v1\/(keys|audit|session)/],
	["Hosts", /^\/v1\/hosts/],
	["Events", /^\/v1\/events/],
	["The service", /./],
];
const METHODS = ["get", "post", "put", "patch", "delete"];
const EXAMPLES = {
	name: "before", snapshot: "before", image: "debian", cmd: "uname -a", path: "/root/file", to: "/root/other", key: "$KEY",
	sandbox_id: "$ID", scopes: ["read", "exec"], id: "$ID", pid: 7, depth: 1, template: "base",
};

const escape = (value) => String(value).replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
/** `code` in a text of ours */
const prose = (value) => escape(value).replace(/`([^`]+)`/g, "<code>$1</code>");
const plural = (n, what) => `${n} ${what}${n === 1 ? "" : "s"}`;

class Reference {
	constructor(text) {
		this.api = parse(text);
	}

	/** A schema without references; what stands beside a reference counts, too. */
	schema(schema) {
		if (!schema?.$ref)
			return schema ?? {};
		const { $ref, ...rest } = schema;
		return { ...$ref.split("/").slice(1).reduce((at, name) => at[name], this.api), ...rest };
	}

	type(raw) {
		const schema = this.schema(raw);
		if (schema.enum)
			return schema.enum.map((value) => `<code>${escape(value)}</code>`).join(", ");
		if (schema.type === "array")
			return `list of ${this.type(schema.items)}`;
		if (schema.additionalProperties?.type)
			return `texts by name`;
		const name = { string: "text", integer: "number", boolean: "true or false", object: "object", null: "null" };
		return [schema.type ?? "anything"].flat().map((one) => name[one] ?? one).join(" or ");
	}

	bounds(raw) {
		const schema = this.schema(raw);
		const { minimum, maximum, maxLength } = schema;
		return [
			schema.default === undefined ? "" : `default <code>${escape(schema.default)}</code>`,
			minimum !== undefined && maximum !== undefined ? `${minimum} to ${maximum}`
				: minimum !== undefined ? `from ${minimum}` : maximum !== undefined ? `up to ${maximum}` : "",
			maxLength ? `at most ${plural(maxLength, "character")}` : "",
		].filter(Boolean).join("; ");
	}

	/** Rows of an object's fields; those of objects in it follow, with a path. */
	rows(raw, where, before = "") {
		const schema = this.schema(raw);
		return Object.entries(schema.properties ?? {}).flatMap(([name, field]) => {
			const inner = this.schema(field);
			const below = inner.type === "array" ? this.schema(inner.items) : inner;
			const path = `${before}${name}${inner.type === "array" && below.properties ? "[]" : ""}`;
			return [{
				name: path, where, type: this.type(field), bounds: this.bounds(field),
				needed: schema.required?.includes(name), about: inner.description,
			}, ...(below.properties ? this.rows(below, where, `${path}.`) : [])];
		});
	}

	table(caption, rows, needs) {
		if (!rows.length)
			return "";
		const cells = ({ name, where, type, bounds, needed, about }) => `<tr><th scope="row"><code>${escape(name).replace(/([_.])/g, "$1<wbr>")}</code>` +
			`${needs && needed ? ' <span class="needed">needed</span>' : ""}</th><td>${where ? `<span class="muted">${escape(where)}</span> ` : ""}${type}</td>` +
			`<td>${[about ? prose(about) : "", bounds].filter(Boolean).join("; ")}</td></tr>`;
		return `<div class="scroller" tabindex="0" role="region" aria-label="${escape(caption)}"><table><caption>${escape(caption)}</caption>` +
			`<thead class="plain"><tr><th scope="col">Name</th><th scope="col">Kind</th><th scope="col">What it says</th></tr></thead>` +
			`<tbody>${rows.map(cells).join("")}</tbody></table></div>`;
	}

	example(name, raw) {
		const schema = this.schema(raw);
		if (schema.example !== undefined)
			return schema.example;
		if (EXAMPLES[name] !== undefined)
			return EXAMPLES[name];
		return schema.enum?.[0] ?? schema.default ?? { integer: schema.minimum ?? 1, boolean: true, array: [], object: {} }[schema.type] ?? name;
	}

	curl(method, path, { parameters, body, open, answers }) {
		let address = path.replace(/\{(\w+)\}/g, (_, name) => name === "id" ? "$ID" : name === "name" ? "$NAME" : `$${name.toUpperCase()}`);
		const query = parameters.filter((one) => one.in === "query" && one.required)
			.map((one) => `${one.name}=${encodeURI(this.example(one.name, one.schema))}`).join("&");
		const words = ["curl"];
		if (answers["101"])
			return `websocat -H "X-API-Key: $KEY" "ws://127.0.0.1:7437${address}${query ? "?" + query : ""}"`;
		if (answers["200"]?.content?.["text/event-stream"])
			words.push("-N");
		if (!open)
			words.push('-H "X-API-Key: $KEY"');
		if (method !== "get" && !(method === "post" && body?.json && Object.keys(this.needed(body.json)).length))
			words.push(`-X ${method.toUpperCase()}`);
		if (body?.json) {
			const fields = this.needed(body.json);
			if (Object.keys(fields).length || method !== "post")
				words.push(`-d ${this.quoted(JSON.stringify(fields))}`);
		} else if (body) {
			words.push("--data-binary @file");
		}
		return `${words.join(" ")} "$URL${address}${query ? "?" + query : ""}"`;
	}

	/* What has a variable of the shell in it is not quoted from the shell */
	quoted(text) {
		return text.includes("$") ? `"${text.replace(/"/g, '\\"')}"` : `'${text}'`;
	}

	needed(raw) {
		const schema = this.schema(raw);
		const names = schema.required ?? Object.keys(schema.properties ?? {}).slice(0, 1);
		return Object.fromEntries(names.map((name) => [name, this.example(name, schema.properties[name])]));
	}

	call(path, method, operation, shared) {
		const parameters = [...(shared ?? []), ...(operation.parameters ?? [])];
		const content = operation.requestBody?.content;
		const json = content?.["application/json"]?.schema;
		const answers = operation.responses ?? {};
		const open = operation.security?.length === 0;
		const good = Object.entries(answers).find(([code]) => code < 400)?.[1];
		const codes = Object.entries(answers).map(([code, { description }]) =>
			`<li><code data-tone="${code < 400 ? "good" : "bad"}">${code}</code> ${prose(description)}</li>`).join("");
		const line = this.curl(method, path, { parameters, body: content && { json }, open, answers });
		const id = `${method}-${path.replace(/\W+/g, "-").replace(/^-|-$/g, "") || "root"}`;
		return { id, method, path, summary: operation.summary, html: `<section class="card call" id="${id}" aria-labelledby="${id}-title">
<h3 id="${id}-title"><a href="#${id}"><span class="method" data-method="${method}">${method.toUpperCase()}</span> <code>${escape(path).replace(/(\/)/g, "$1<wbr>")}</code></a></h3>
<p>${prose(operation.summary)}${/[.?!]$/.test(operation.summary) ? "" : "."}${operation.description ? " " + prose(operation.description) : ""}</p>
<div class="curl"><pre tabindex="0" aria-label="An example for the shell"><code>${escape(line)}</code></pre></div>
${this.table("Parameters", parameters.map((one) => ({ name: one.name, where: { path: "in the path", query: "in the query", header: "a header" }[one.in], type: this.type(one.schema), bounds: this.bounds(one.schema), needed: one.required, about: one.description })), true)}
${json ? this.table("Fields of the request", this.rows(json), true) : content ? `<p class="note">The body is the content, as it is.</p>` : ""}
${this.table("Fields of the answer", this.rows(good?.content?.["application/json"]?.schema), false)}
<ul class="codes" aria-label="Answers">${codes}</ul>
</section>` };
	}

	groups() {
		const groups = new Map(GROUPS.map(([name]) => [name, []]));
		for (const [path, item] of Object.entries(this.api.paths)) {
			const group = GROUPS.find(([, pattern]) => pattern.test(path))[0];
			for (const method of METHODS)
				if (item[method])
					groups.get(group).push(this.call(path, method, item[method], item.parameters));
		}
		return [...groups].filter(([, calls]) => calls.length);
	}
}

/** The page; @text: of openapi.yaml. */
export function docsPage(text) {
	const reference = new Reference(text);
	const groups = reference.groups();
	const anchor = (name) => name.toLowerCase().replace(/\W+/g, "-");
	const navigation = groups.map(([name, calls]) => `<li><a class="group" href="#${anchor(name)}">${escape(name)}</a><ul>${calls.map((call) =>
		`<li data-call="${call.id}"><a href="#${call.id}"><span class="method" data-method="${call.method}">${call.method.toUpperCase()}</span> <span>${escape(call.path.replace("/v1/", "").replace("sandboxes/{id}/", "…/"))}</span></a></li>`).join("")}</ul></li>`).join("");
	const { title, version, description } = reference.api.info;
	return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escape(title)}: reference</title>
<link rel="icon" href="/assets/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/assets/docs.css">
<script type="module" src="/assets/docs.js"></script>
</head>
<body>
<a class="skip" href="#content">Skip to the content</a>
<header class="top"><a class="brand" href="/"><img src="/assets/icon.svg" width="26" height="26" alt=""> <span>Vitrine</span></a><span class="sandbox">API reference</span><span class="facts">version ${escape(version)}</span><span class="push"></span>
<a class="button" href="/openapi.yaml" download>openapi.yaml</a></header>
<div class="frame docs">
<nav class="side" aria-label="Calls"><details open><summary>Calls</summary><ul class="contents">${navigation}</ul></details></nav>
<main id="content" tabindex="-1">
<section class="card intro"><h1>${escape(title)}</h1>
${description.trim().split(/\n\n/).map((one) => `<p>${prose(one)}</p>`).join("\n")}
<p>Every call but those that say so needs a key, in the header <code>X-API-Key</code> or as <code>Authorization: Bearer</code>. The examples take it, the address and a sandbox from variables:</p>
<div class="curl"><pre tabindex="0" aria-label="Variables for the examples"><code>export URL=http://127.0.0.1:7437 KEY=e2b_... ID=...</code></pre></div></section>
${groups.map(([name, calls]) => `<section class="stack calls" aria-labelledby="${anchor(name)}"><h2 id="${anchor(name)}">${escape(name)}</h2>\n${calls.map((call) => call.html).join("\n")}</section>`).join("\n")}
<p class="notice nothing" role="status" hidden>No call matches the filter.</p>
</main></div>
</body>
</html>
`;
}
