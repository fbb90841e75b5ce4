// SPDX-License-Identifier: GPL-2.0-only
// network.ts - traffic, connections and requests with what was decided, devices, and the sockets with who holds them

import { chart } from "../parts/charts.ts";
import { charts } from "../parts/chart.ts";
import { h } from "../base/dom.ts";
import { bytes, duration, exact } from "../base/format.ts";
import { Notice, Poller, type Panel } from "./panel.ts";
import { Table } from "../parts/table.ts";
import { Item, view } from "../data/views.ts";

function owners(row: Item): string {
	return row.list("owners").map((owner) => `${owner.str("comm") ?? "?"} ${owner.num("pid") ?? ""}:${owner.num("fd") ?? ""}`).join(", ");
}

function queue(row: Item, key: string): string {
	if (row.has("backlog"))
		return key === "receive_queue_bytes" ? `${exact(row.num("backlog"))} waiting` : `of ${exact(row.num("backlog_limit"))}`;
	return bytes(row.num(key));
}

export function network(): Panel {
	const list = [chart("traffic"), chart("packets")];
	const notice = new Notice();
	const number = (key: string, label: string, minor = false) =>
		({ key, label, minor, value: (row: Item) => row.num(key), show: (row: Item) => key.startsWith("bytes") ? bytes(row.num(key)) : exact(row.num(key)) });
	const devices = new Table<Item>({
		name: "net-devices", title: "Devices", key: (row) => row.str("name") ?? "", sort: "name", filter: false,
		columns: [
			{ key: "name", label: "Device", text: true, value: (row) => row.str("name") },
			number("bytes_received", "Received"), number("packets_received", "Packets in"), number("errors_received", "Errors in", true), number("dropped_received", "Dropped in", true),
			number("bytes_sent", "Sent"), number("packets_sent", "Packets out"), number("errors_sent", "Errors out", true), number("dropped_sent", "Dropped out", true),
		],
	});
	const sockets = new Table<Item>({
		name: "sockets", title: "Sockets", key: (row) => `${row.str("namespace")}/${row.str("inode")}/${row.str("local")}/${row.str("remote")}`, sort: "family",
		empty: "No socket is open.",
		columns: [
			{ key: "family", label: "Family", text: true, plain: true, value: (row) => row.str("family") },
			{ key: "type", label: "Type", text: true, plain: true, value: (row) => row.str("protocol") ?? row.str("type") },
			{ key: "state", label: "State", text: true, plain: true, value: (row) => row.str("state"), show: (row) => row.str("state") ?? "–" },
			{ key: "local", label: "Local", text: true, value: (row) => row.str("local"), show: (row) => row.str("local") ?? "–" },
			{ key: "remote", label: "Remote", text: true, value: (row) => row.str("remote"), show: (row) => row.str("remote") ?? "–" },
			{ key: "receive_queue_bytes", label: "Receive queue", minor: true, value: (row) => row.num("receive_queue_bytes") ?? row.num("backlog"), show: (row) => queue(row, "receive_queue_bytes") },
			{ key: "send_queue_bytes", label: "Send queue", minor: true, value: (row) => row.num("send_queue_bytes"), show: (row) => queue(row, "send_queue_bytes") },
			{ key: "owners", label: "Held by", text: true, value: owners },
		],
	});
	const text = (key: string, label: string, plain = false, minor = false) =>
		({ key, label, text: true, plain, minor, value: (row: Item) => row.str(key), show: (row: Item) => row.str(key) ?? "–" });
	const amount = (key: string, label: string) =>
		({ key, label, value: (row: Item) => row.num(key), show: (row: Item) => row.has(key) ? bytes(row.num(key)) : "–" });
	const age = { key: "ms", label: "Since", value: (row: Item) => row.num("ms"), show: (row: Item) => duration((row.num("ms") ?? 0) * 1e6) };
	const connections = new Table<Item>({
		name: "connections", title: "Connections with others", sort: "ms",
		key: (row) => `${row.str("direction")}/${row.str("protocol")}/${row.str("address")}/${row.num("port")}/${row.num("guest_port")}`,
		empty: "No connection leads out of the sandbox.",
		columns: [
			text("direction", "Way", true), text("protocol", "Protocol", true), text("name", "Name"), text("address", "Address"),
			{ key: "port", label: "Port", value: (row) => row.num("port") },
			amount("sent", "Sent"), amount("received", "Received"), age, text("verdict", "Verdict", true), text("rule", "Rule"),
		],
	});
	const requests = new Table<Item>({
		name: "requests", title: "Requests", sort: "time", empty: "No request has been made.",
		key: (row) => `${row.str("time")}/${row.num("guest_port")}/${row.str("method")}/${row.str("path")}`,
		columns: [
			text("time", "When"), text("verdict", "Verdict", true), text("method", "Method", true), text("host", "Host"), text("path", "Path"),
			{ key: "status", label: "Status", value: (row) => row.num("status"), show: (row) => row.has("status") ? String(row.num("status")) : "–" },
			amount("sent", "Sent"), amount("received", "Received"), { ...age, label: "Took" }, text("rule", "Rule"),
		],
	});
	connections.element.hidden = requests.element.hidden = true;
	/* A recording has nothing of it, and a sandbox without a network neither */
	const outside = async () => {
		const now = await view("host").catch(() => null);
		const there = now?.has("network") ? now.item("network") : null;
		connections.element.hidden = !there;
		requests.element.hidden = !there?.has("requests");
		connections.update(there?.list("connections") ?? [], (there?.list("connections").length ?? 0) + (there?.num("left_out") ?? 0));
		requests.update(there?.list("requests") ?? [], there?.list("requests").length ?? 0);
	};
	const poller = new Poller(1500, async () => {
		await outside();
		try {
			const now = await view("sockets");
			sockets.update(now.list("sockets"), now.num("sockets_count"));
			notice.clear();
		} catch (error) {
			notice.show(error);
		}
	});
	return {
		id: "network", label: "Network", group: "Live", charts: list,
		element: h("div", { class: "stack" }, charts(...list), connections.element, requests.element, devices.element, notice.element, sockets.element),
		show: () => poller.start(),
		moved: () => poller.now(),
		hide: () => poller.stop(),
		update({ snapshot }) {
			devices.update((snapshot?.network.devices ?? []).map((device) => new Item(device)));
		},
	};
}
