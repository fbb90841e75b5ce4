// SPDX-License-Identifier: GPL-2.0-only
// files.ts - mounts with how full they are, how long requests of shared folders take, and every open file

import { h } from "../base/dom.ts";
import { bytes, duration, exact, percent } from "../base/format.ts";
import { Notice, Poller, type Panel } from "./panel.ts";
import { Table } from "../parts/table.ts";
import { Item, view } from "../data/views.ts";

const share = (row: Item): number | null => row.num("total_bytes") ? (row.num("used_bytes") ?? 0) / row.num("total_bytes")! : null;

export function files(): Panel {
	const notice = new Notice();
	const mounts = new Table<Item>({
		name: "mounts", title: "Mounts", key: (row) => row.num("id") ?? row.str("target") ?? "", sort: "target",
		columns: [
			{ key: "target", label: "Where", text: true, value: (row) => row.str("target") },
			{ key: "source", label: "What", text: true, value: (row) => row.str("source") },
			{ key: "type", label: "Type", text: true, plain: true, value: (row) => row.str("type") },
			{ key: "total_bytes", label: "Size", value: (row) => row.num("total_bytes"), show: (row) => bytes(row.num("total_bytes")) },
			{ key: "used", label: "In use", value: share, show: (row) => percent(share(row)), bar: (row) => share(row) ?? 0 },
			{ key: "files", label: "Files", minor: true, value: (row) => row.num("files"), show: (row) => exact(row.num("files")) },
			{ key: "options", label: "Options", text: true, minor: true, value: (row) => row.words("options").join(",") },
		],
	});
	const open = new Table<Item>({
		name: "files", title: "Open files", key: (row) => `${row.num("pid")}/${row.num("fd")}`, sort: "pid", limit: 300,
		columns: [
			{ key: "path", label: "File", text: true, value: (row) => row.str("path") },
			{ key: "pid", label: "Pid", value: (row) => row.num("pid") },
			{ key: "comm", label: "Process", text: true, value: (row) => row.str("comm") },
			{ key: "fd", label: "Fd", value: (row) => row.num("fd") },
			{ key: "type", label: "Type", text: true, plain: true, minor: true, value: (row) => row.str("type") },
			{ key: "access", label: "Access", text: true, value: (row) => [row.str("access"), ...row.words("flags")].join(" ") },
			{ key: "position_bytes", label: "At", minor: true, value: (row) => row.num("position_bytes"), show: (row) => bytes(row.num("position_bytes")) },
			{ key: "size_bytes", label: "Size", minor: true, value: (row) => row.num("size_bytes"), show: (row) => bytes(row.num("size_bytes")) },
		],
	});
	const time = (key: string, label: string) =>
		({ key, label, value: (row: Item) => row.num(key), show: (row: Item) => duration(row.num(key)) });
	const shared = new Table<Item>({
		name: "share-requests", title: "Requests of shared folders", key: (row) => row.str("kind") ?? "", sort: "count", filter: false,
		columns: [
			{ key: "kind", label: "Request", text: true, value: (row) => row.str("kind") },
			{ key: "count", label: "Count", value: (row) => row.num("count"), show: (row) => exact(row.num("count")) },
			time("mean_ns", "On average"), time("max_ns", "At most"),
		],
	});
	shared.element.hidden = true;
	/* A recording has nothing of it, and a sandbox without shared folders neither */
	const fromHost = async () => {
		const requests = (await view("host").catch(() => new Item(null))).item("share_requests");
		const kinds = requests.names().map((kind) => {
			const one = requests.item(kind);
			return new Item({ kind, count: one.num("count"), mean_ns: one.num("mean_ns"), max_ns: one.num("max_ns") });
		});
		shared.element.hidden = !kinds.length;
		shared.update(kinds, kinds.length);
	};
	const poller = new Poller(2500, async () => {
		await fromHost();
		try {
			const mounted = await view("mounts"), opened = await view("files");
			mounts.update(mounted.list("mounts"), mounted.num("mounts_count"));
			open.update(opened.list("files"), opened.num("files_count"));
			notice.clear();
		} catch (error) {
			notice.show(error);
		}
	});
	return {
		id: "files", label: "Mounts, open files", group: "Look closer",
		element: h("div", { class: "stack" }, mounts.element, shared.element, notice.element, open.element),
		show: () => poller.start(),
		moved: () => poller.now(),
		hide: () => poller.stop(),
	};
}
