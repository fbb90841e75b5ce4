// SPDX-License-Identifier: GPL-2.0-only
// worker.ts - reads the stream of events on a thread of its own
//
// Fifty thousand events a second are twenty megabytes of JSON: parsed where the page is drawn,
// frames would be late. Here they are cut into slices that the page takes in a millisecond or two
// each, so that a frame always fits between two of them. What the page keeps is in panels/events.ts.

import type { GuestEvent, StreamEvents, StreamGap } from "./api.ts";
import { Stream, type Message } from "./sse.ts";

export type ToWorker = { start: string } | { stop: true };

/** @generation counts the starts: what belongs to an earlier one is not for this reader. */
export interface FromWorker {
	generation: number;
	events: GuestEvent[];
	/** At the end of a message. */
	omitted?: StreamEvents["omitted"];
	limit?: number;
	gap?: StreamGap;
}

const SLICE = 250;
let url = "";
let generation = 0;

const stream = new Stream({ url: () => url, messages: take });

function send(message: FromWorker): void {
	self.postMessage(message);
}

function take(batch: Message[]): void {
	for (const { event, data } of batch) {
		if (event !== "events" && event !== "gap")
			continue;
		let said: unknown;
		try {
			said = JSON.parse(data);
		} catch {
			continue;
		}
		if (event === "gap") {
			send({ generation, events: [], gap: said as StreamGap });
			continue;
		}
		const { events, omitted, limit } = said as StreamEvents;
		/* One text instead of seven objects: what the page keeps, its collector has to copy */
		for (const one of events)
			if (Array.isArray(one["args"]))
				one["args"] = one["args"].join(", ");
		for (let at = 0; at < events.length; at += SLICE)
			send({ generation, events: events.slice(at, at + SLICE) });
		if (omitted)
			send({ generation, events: [], omitted, limit });
	}
}

self.addEventListener("message", (event: MessageEvent<ToWorker>) => {
	generation++;
	if ("start" in event.data) {
		url = event.data.start;
		stream.restart();
	} else {
		stream.stop();
	}
});
