// SPDX-License-Identifier: GPL-2.0-only
// snapshots.ts - all snapshots of this owner's, as trees

import { h } from "../../base/dom.ts";
import { snapshotTree } from "../tabs/tree.ts";
import type { Context, Page } from "../page.ts";

export function snapshotsPage(context: Context): Page {
	const made = snapshotTree(context, null);
	let active = false;
	context.service.onEvent(() => { if (active) void made.ask(); });
	return {
		id: "snapshots", label: "Snapshots",
		element: h("div", { class: "stack" }, h("div", { class: "page-head" }, h("h1", {}, "Snapshots")), made.element),
		show() {
			active = true;
			void made.ask();
		},
		hide: () => { active = false; },
		update: made.draw,
	};
}
