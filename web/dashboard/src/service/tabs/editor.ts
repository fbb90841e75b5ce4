// SPDX-License-Identifier: GPL-2.0-only
// editor.ts - a small text of a sandbox, changed in the page
//
// Only what is UTF-8 and has no NUL is a text here: anything else would come back as something else.

import { h, visible } from "../../base/dom.ts";
import type { Api, File as Entry } from "../api.ts";
import { ask } from "../dialogs.ts";

const LIMIT = 256 * 1024;

export const editable = ({ type, size }: Entry): boolean => type === "file" && size <= LIMIT;

function decode(content: Uint8Array): string {
	if (content.length > LIMIT)
		throw new Error("It has become too large to be edited here.");
	if (content.includes(0))
		throw new Error("It is no text: it can be downloaded, not edited.");
	try {
		return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(content);
	} catch {
		throw new Error("It is no text in UTF-8: it can be downloaded, not edited.");
	}
}

/** Edit a file until it is saved or left; @fresh: there is none yet. */
export async function edit(api: Api, id: string, path: string, fresh = false): Promise<boolean> {
	const before = fresh ? "" : decode(await api.read(id, path, LIMIT + 1));
	/* A text area knows one kind of line end; files of others keep theirs */
	const crlf = /\r\n/.test(before) && !/[^\r]\n/.test(before);
	const area = h("textarea", {
		class: "editor mono", name: "content", rows: 22, spellcheck: "false", autocomplete: "off", wrap: "off", "aria-label": `Content of ${visible(path)}`,
		autofocus: true, keydown: (event) => {
			const { key, ctrlKey, metaKey } = event as KeyboardEvent;
			if (key === "s" && (ctrlKey || metaKey)) {
				event.preventDefault();
				area.form!.requestSubmit();
			}
		},
	});
	area.value = before;
	return ask({
		title: visible(path), name: "editor", action: "Save", wide: true, body: [area],
		submit: async () => {
			const content = crlf ? area.value.replace(/\n/g, "\r\n") : area.value;
			await api.write(id, path, new Blob([content]));
		},
	});
}
