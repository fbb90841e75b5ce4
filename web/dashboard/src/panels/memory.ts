// SPDX-License-Identifier: GPL-2.0-only
// memory.ts - memory by use, the page cache's traffic, free lists and reclaim

import { chart } from "../parts/charts.ts";
import { charts } from "../parts/chart.ts";
import { h, set } from "../base/dom.ts";
import { bytes, exact } from "../base/format.ts";
import { card, Notice, Poller, type Panel } from "./panel.ts";
import { Table } from "../parts/table.ts";
import { view, type Item } from "../data/views.ts";

/* Faults are counted by kind on a page of their own; the kernel's pgfault is another count */
const KEPT_EVENTS = /^(pgscan|pgsteal|pswp|compact|oom_kill|allocstall|pageout|kswapd|workingset)/;

/* Free blocks by order: how much of each zone is free in which pieces */
function freeLists(zones: Item[]): HTMLElement {
	const orders = Math.max(0, ...zones.map((zone) => zone.list("free_lists").length));
	const head = h("tr", {}, h("th", { scope: "col", class: "text" }, "Zone"),
		...Array.from({ length: orders }, (_, order) => h("th", { scope: "col" }, bytes(4096 * 2 ** order))));
	const rows = zones.filter((zone) => (zone.num("managed_bytes") ?? 1) > 0).map((zone) => {
		const lists = zone.list("free_lists");
		const sizes = lists.map((list) => (list.num("free_blocks") ?? 0) * (list.num("block_bytes") ?? 0));
		const most = Math.max(1, ...sizes);
		return h("tr", {}, h("th", { scope: "row", class: "text" }, zone.str("name") ?? ""), ...lists.map((list, i) => {
			const cell = h("td", { class: "heat", title: `${bytes(sizes[i])} free` }, exact(list.num("free_blocks")));
			cell.style.setProperty("--heat", String(Math.round(80 * Math.sqrt((sizes[i] ?? 0) / most))) + "%");
			return cell;
		}));
	});
	return h("div", { class: "scroller", tabindex: "0", role: "region", "aria-label": "Free lists" }, h("table", {}, h("thead", { class: "plain" }, head), h("tbody", {}, ...rows)));
}

export function memory(): Panel {
	const list = [chart("memory", { wide: true, height: 260 }), chart("cache"), chart("dirty")];
	const notice = new Notice();
	const zones = h("div");
	const figures = new Table<[string, number]>({
		name: "memory-figures", title: "Figures", key: ([name]) => name, sort: "-bytes",
		columns: [
			{ key: "name", label: "What", text: true, plain: true, value: ([name]) => name.replace(/_bytes$/, "").replace(/_/g, " ") },
			{ key: "bytes", label: "Size", value: ([, value]) => value, show: ([, value]) => bytes(value) },
		],
	});
	const events = new Table<[string, number]>({
		name: "memory-events", title: "Reclaim and compaction", key: ([name]) => name, sort: "-count",
		columns: [
			{ key: "event", label: "Event", text: true, value: ([name]) => name },
			{ key: "count", label: "Times", value: ([, value]) => value, show: ([, value]) => exact(value) },
		],
	});
	const groups = new Table<Item>({
		name: "cgroups", title: "Control groups", key: (row) => row.str("path") ?? "", sort: "-usage_bytes", empty: "No control group with memory.",
		columns: [
			{ key: "path", label: "Group", text: true, value: (row) => row.str("path") },
			...([["usage_bytes", "In use"], ["anon_bytes", "Anonymous"], ["file_bytes", "Files"], ["kernel_bytes", "Kernel"], ["limit_bytes", "Limit"]] as const)
				.map(([key, label]) => ({ key, label, value: (row: Item) => row.num(key), show: (row: Item) => bytes(row.num(key)) })),
			{ key: "oom_kills", label: "OOM kills", value: (row) => row.num("oom_kills") },
		],
	});
	const poller = new Poller(2000, async () => {
		try {
			const now = await view("memory");
			set(zones, freeLists(now.list("zones")));
			figures.update(now.numbers().filter(([name, value]) => name.endsWith("_bytes") && value > 0));
			events.update(now.item("events").numbers().filter(([name, value]) => value > 0 && KEPT_EVENTS.test(name)));
			groups.update(now.list("cgroups"), now.num("cgroups_count"));
			notice.clear();
		} catch (error) {
			notice.show(error);
		}
	});
	return {
		id: "memory", label: "Memory", group: "Live", charts: list,
		element: h("div", { class: "stack" }, charts(...list), notice.element, card("Free blocks by size (buddy allocator)", zones),
			h("div", { class: "grid" }, figures.element, events.element), groups.element),
		show: () => poller.start(),
		moved: () => poller.now(),
		hide: () => poller.stop(),
	};
}
