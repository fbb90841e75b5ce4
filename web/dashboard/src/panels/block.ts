// SPDX-License-Identifier: GPL-2.0-only
// block.ts - block I/O: throughput, requests, latency, what is in flight, and the devices

import { chart } from "../parts/charts.ts";
import { charts } from "../parts/chart.ts";
import { h, set } from "../base/dom.ts";
import { bytes, duration, exact, percent } from "../base/format.ts";
import { histogram } from "../parts/histogram.ts";
import { card, Notice, Poller, type Panel } from "./panel.ts";
import { Table } from "../parts/table.ts";
import { view, type Item } from "../data/views.ts";

interface Request { device: string; item: Item }

export function block(): Panel {
	const list = [chart("throughput"), chart("iops"), chart("latency"), chart("flight")];
	const notice = new Notice();
	const times = h("div", { class: "grid inner" });
	const size = (key: string, label: string, minor = false) =>
		({ key, label, minor, value: (row: Item) => row.num(key), show: (row: Item) => bytes(row.num(key)) });
	const number = (key: string, label: string, minor = false) =>
		({ key, label, minor, value: (row: Item) => row.num(key), show: (row: Item) => exact(row.num(key)) });
	const devices = new Table<Item>({
		name: "devices", title: "Devices", key: (row) => row.str("name") ?? "", sort: "name", filter: false,
		columns: [
			{ key: "name", label: "Device", text: true, value: (row) => row.str("name") },
			size("size_bytes", "Size"), { key: "scheduler", label: "Scheduler", text: true, plain: true, minor: true, value: (row) => row.str("scheduler") },
			number("queue_depth", "Depth", true), number("reads", "Reads"), size("read_bytes", "Read"), number("writes", "Writes"),
			size("written_bytes", "Written"), number("flushes", "Flushes", true),
			{ key: "read_ns", label: "Per read", minor: true, value: (row) => mean(row, "read_ns", "reads"), show: (row) => duration(mean(row, "read_ns", "reads")) },
			{ key: "write_ns", label: "Per write", minor: true, value: (row) => mean(row, "write_ns", "writes"), show: (row) => duration(mean(row, "write_ns", "writes")) },
			{ key: "busy_ns", label: "Busy", value: (row) => row.num("busy_ns"), show: (row) => duration(row.num("busy_ns")) },
			{ key: "in_flight", label: "In flight", value: (row) => (row.num("in_flight_reads") ?? 0) + (row.num("in_flight_writes") ?? 0) },
		],
	});
	const requests = new Table<Request>({
		name: "requests", title: "Requests in flight", filter: false, sort: "-age_ns", empty: "No request is in flight at this moment.",
		key: ({ device, item }) => `${device}/${item.num("tag")}/${item.num("sector")}`,
		columns: [
			{ key: "device", label: "Device", text: true, value: ({ device }) => device },
			{ key: "op", label: "Operation", text: true, plain: true, value: ({ item }) => item.str("op") },
			{ key: "sector", label: "Sector", value: ({ item }) => item.num("sector"), show: ({ item }) => exact(item.num("sector")) },
			{ key: "bytes", label: "Size", value: ({ item }) => item.num("bytes"), show: ({ item }) => bytes(item.num("bytes")) },
			{ key: "age_ns", label: "Age", value: ({ item }) => item.num("age_ns"), show: ({ item }) => duration(item.num("age_ns")) },
			{ key: "state", label: "State", text: true, plain: true, value: ({ item }) => item.str("state") },
		],
	});
	const poller = new Poller(1000, async () => {
		try {
			const found = (await view("block")).list("devices");
			devices.update(found);
			requests.update(found.flatMap((device) =>
				device.list("requests").map((item) => ({ device: device.str("name") ?? "", item }))));
			notice.clear();
		} catch (error) {
			notice.show(error);
		}
	});
	return {
		id: "block", label: "Block I/O", group: "Live", charts: list,
		element: h("div", { class: "stack" }, charts(...list), notice.element, devices.element, requests.element, card("Latency by operation", times)),
		show: () => poller.start(),
		moved: () => poller.now(),
		hide: () => poller.stop(),
		update({ snapshot }) {
			if (!snapshot)
				return;
			set(times, ...Object.entries(snapshot.block.operations).filter(([, op]) => op.completed).map(([name, op]) =>
				h("div", {}, h("h4", {}, `${name}: ${exact(op.completed)} done, ${bytes(op.bytes)}${op.errors ? `, ${exact(op.errors)} failed (${percent(op.errors / op.completed)})` : ""}`),
					histogram(op.latency, name))));
			if (!times.childElementCount)
				set(times, h("p", { class: "note" }, "No request has been completed yet."));
		},
	};
}

function mean(row: Item, time: string, count: string): number | null {
	const n = row.num(count);
	return n ? (row.num(time) ?? 0) / n : null;
}
