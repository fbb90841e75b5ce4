// SPDX-License-Identifier: GPL-2.0-only
// caches.ts - which files are in the page cache, which of their pages, and the slab caches

import { ApiError } from "../data/api.ts";
import { chart } from "../parts/charts.ts";
import { charts } from "../parts/chart.ts";
import { guest, h, set, text } from "../base/dom.ts";
import { bytes, exact, percent } from "../base/format.ts";
import { Notice, Poller, type Panel } from "./panel.ts";
import { Table } from "../parts/table.ts";
import { view, type Item } from "../data/views.ts";

const size = (key: string, label: string, minor = false) =>
	({ key, label, minor, value: (row: Item) => row.num(key), show: (row: Item) => bytes(row.num(key)) });

/* A file as a strip: what is cached, dirty, under writeback */
function strip(file: Item): HTMLElement {
	const pages = Math.max(1, file.num("pages") ?? 1);
	const track = h("div", { class: "strip", role: "img", "aria-label": "Pages of the file, from its beginning to its end" });
	for (const kind of ["cached", "dirty", "writeback"]) {
		for (const [first, count] of file.rows(kind)) {
			const part = h("span", { "data-kind": kind });
			part.style.setProperty("left", `${100 * Number(first) / pages}%`);
			part.style.setProperty("width", `max(1px, ${100 * Number(count) / pages}%)`);
			track.append(part);
		}
	}
	return track;
}

const pagesOf = (file: Item, kind: string): number => file.rows(kind).reduce((sum, [, count]) => sum + (Number(count) || 0), 0);

export function caches(): Panel {
	let path = "";
	const list = [chart("cache"), chart("dirty")];
	const notice = new Notice();
	const total = h("p", { class: "note" });
	const one = h("section", { class: "card", hidden: true });
	const files = new Table<Item>({
		name: "page-cache", title: "Files in the page cache, those with most first", sort: "-cached_bytes",
		key: (row) => `${row.str("device")}/${row.str("inode")}/${row.str("path")}`,
		open: (row) => { path = row.str("path") ?? ""; poller.now(); },
		columns: [
			{ key: "path", label: "File", text: true, value: (row) => row.str("path") ?? `inode ${row.str("inode")} (${row.str("file_system")})` },
			{ key: "file_system", label: "On", text: true, minor: true, value: (row) => `${row.str("file_system")} ${row.str("device")}` },
			size("size_bytes", "Size"),
			{ ...size("cached_bytes", "Cached"), bar: (row: Item) => (row.num("cached_bytes") ?? 0) / Math.max(1, row.num("size_bytes") ?? 1) },
			size("dirty_bytes", "Dirty"), size("writeback_bytes", "Writeback", true),
		],
	});
	const slab = new Table<Item>({
		name: "slab", title: "Slab caches", key: (row) => row.str("name") ?? "", sort: "-bytes", empty: "A cache is being created or destroyed just now.",
		columns: [
			{ key: "name", label: "Cache", text: true, value: (row) => row.str("name") },
			{ key: "active_objects", label: "Objects", value: (row) => row.num("active_objects"), show: (row) => exact(row.num("active_objects")) },
			{ key: "objects", label: "Room", minor: true, value: (row) => row.num("objects"), show: (row) => exact(row.num("objects")), bar: (row) => (row.num("active_objects") ?? 0) / Math.max(1, row.num("objects") ?? 1) },
			size("object_bytes", "Each"), size("slab_bytes", "Slab", true), size("bytes", "Memory"),
			{ key: "reclaimable", label: "Reclaimable", text: true, plain: true, minor: true, value: (row) => row.flag("reclaimable") ? "yes" : "no" },
		],
	});

	async function showOne(): Promise<void> {
		one.hidden = !path;
		if (!path)
			return;
		const close = h("button", { type: "button", class: "ghost", click: () => { path = ""; one.hidden = true; } }, "Close");
		try {
			const file = await view(`page-cache?path=${encodeURIComponent(path)}`);
			const cached = pagesOf(file, "cached"), pages = file.num("pages") ?? 0;
			set(one, h("header", { class: "card-head" }, h("h3", {}, guest(file.str("path") ?? path)), h("span", { class: "push" }), close), strip(file),
				h("p", { class: "note" }, `${exact(cached)} of ${exact(pages)} pages (${percent(pages ? cached / pages : 0)}) are cached, ` +
					`${exact(pagesOf(file, "dirty"))} dirty, ${exact(pagesOf(file, "writeback"))} under writeback.`));
		} catch (error) {
			set(one, h("header", { class: "card-head" }, h("h3", {}, guest(path)), h("span", { class: "push" }), close),
				h("p", { class: "note" }, error instanceof ApiError && error.status === 404 ? "There is no such file (any more)." : guest(error instanceof Error ? error.message : error)));
		}
	}

	const poller = new Poller(2000, async () => {
		try {
			const now = await view("page-cache");
			files.update(now.list("files"), now.num("files_count"));
			text(total, `${bytes(now.num("total_bytes"))} cached, ${bytes(now.num("dirty_bytes"))} dirty, ${exact(now.num("files_count") ?? now.list("files").length)} files with pages, of ${exact(now.num("inodes_count"))} inodes.`);
			const slabs = await view("slab");
			slab.update(slabs.list("caches"), slabs.num("caches_count"));
			await showOne();
			notice.clear();
		} catch (error) {
			notice.show(error);
		}
	});
	return {
		id: "caches", label: "Page cache, slab", group: "Look closer", charts: list,
		element: h("div", { class: "stack" }, charts(...list), notice.element, one, h("div", { class: "grid" }, h("div", { class: "stack" }, files.element, total), slab.element)),
		show: () => poller.start(),
		moved: () => poller.now(),
		hide: () => poller.stop(),
	};
}
