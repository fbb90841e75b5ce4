// SPDX-License-Identifier: GPL-2.0-only
// events.ts - what happens, as it does, and who did what

import { h, text } from "../../base/dom.ts";
import { Table } from "../../parts/table.ts";
import { words, type Audit, type Happened } from "../api.ts";
import { moment } from "../look.ts";
import type { Context, Page } from "../page.ts";

export function eventsPage({ api, service, may }: Context): Page {
	let entries: Audit[] = [], active = false, timer = 0;
	const problem = h("p", { class: "notice bad", role: "status", hidden: true });
	const numbers = new WeakMap<object, number>();
	let numbered = 0;
	const number = (one: object): number => {
		if (!numbers.has(one))
			numbers.set(one, ++numbered);
		return numbers.get(one)!;
	};
	const live = new Table<Happened>({
		name: "events", title: "As they happen", key: number, sort: "-at", limit: 500, empty: "Nothing has happened since this page was opened.",
		columns: [
			{ key: "at", label: "When", text: true, plain: true, value: ({ at_ms }) => at_ms, show: ({ at_ms }) => moment(at_ms) },
			{ key: "type", label: "What", text: true, value: ({ type }) => type },
			{ key: "object", label: "To what", text: true, value: ({ object }) => object },
		],
	});
	const audit = new Table<Audit>({
		name: "audit", title: "Who did what", key: number, sort: "-at", limit: 2000,
		tone: ({ outcome }) => outcome === "ok" ? "" : "bad",
		columns: [
			{ key: "at", label: "When", text: true, plain: true, value: ({ at_ms }) => at_ms, show: ({ at_ms }) => moment(at_ms) },
			{ key: "action", label: "What", text: true, value: ({ action }) => action },
			{ key: "object", label: "To what", text: true, value: ({ object }) => object || null },
			{ key: "outcome", label: "Outcome", text: true, value: ({ outcome }) => outcome },
			{ key: "key", label: "Key", text: true, minor: true, value: ({ key }) => key },
		],
	});
	const older = h("button", { type: "button", class: "button", "data-action": "older", click: () => void more() }, "Older");
	audit.element.append(h("div", { class: "controls end" }, older));
	audit.element.hidden = !may("admin");

	async function read(before: number): Promise<Audit[]> {
		try {
			const answer = await api.get<{ audit: Audit[] }>(`/v1/audit${before ? `?before_ms=${before}` : ""}`);
			problem.hidden = true;
			return answer.audit;
		} catch (error) {
			text(problem, words(error));
			problem.hidden = false;
			return [];
		}
	}

	/* The newest page is read anew; what is older stays, and a moment that ends a page is not cut in two */
	async function newest(): Promise<void> {
		if (!may("admin"))
			return;
		const page = await read(0);
		const last = page.at(-1)?.at_ms ?? Infinity;
		const same = (a: Audit, b: Audit): boolean => a.at_ms === b.at_ms && a.action === b.action && a.object === b.object && a.outcome === b.outcome;
		const fresh = page.filter((one) => !entries.some((known) => same(known, one)));
		entries = page.length ? [...fresh, ...entries] : entries;
		older.hidden = page.length < 200 && entries.every(({ at_ms }) => at_ms >= last);
		audit.update(entries);
	}

	async function more(): Promise<void> {
		const page = await read(Math.min(...entries.map(({ at_ms }) => at_ms)));
		entries = [...entries, ...page];
		older.hidden = !page.length;
		audit.update(entries);
	}

	service.onEvent(() => {
		if (!active)
			return;
		clearTimeout(timer);
		timer = setTimeout(() => void newest(), 500);
	});
	return {
		id: "events", label: "Events",
		element: h("div", { class: "stack" }, h("div", { class: "page-head" }, h("h1", {}, "Events")), problem, live.element, audit.element),
		show() {
			active = true;
			void newest();
		},
		hide: () => { active = false; },
		update: () => live.update(service.happened),
	};
}
