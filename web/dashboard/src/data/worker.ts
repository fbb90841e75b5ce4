// SPDX-License-Identifier: GPL-2.0-only
// worker.ts - reads the stream of events on a thread of its own
//
// Fifty thousand events a second are twenty megabytes of JSON: parsed where the page is drawn,
// frames would be late. Here they are cut into slices, which the page gets as text and parses when
// it shows them (rows.ts). A search looks at all of them, so a slice takes a millisecond or two to
// parse: a frame always fits between two of them.

import type { StreamEvents, StreamGap } from "./api.ts";
import { Stream, type Message } from "./sse.ts";

/** @once: of a sandbox that has ended: what there was, and no more attempts. */
export type ToWorker = { start: string; once?: boolean } | { stop: true };

/** @generation counts the starts: what belongs to an earlier one is not for this reader. */
export interface FromWorker {
	generation: number;
	/** So many events, and the text of a JSON array of them. */
	count: number;
	events: string;
	/** At the end of a message. */
	omitted?: StreamEvents["omitted"];
	limit?: number;
	gap?: StreamGap;
	/** The server does not understand the filter, and says why. */
	refused?: string;
}

const SLICE = 250;
let url = "";
let generation = 0;

let once = false;

const stream: Stream = new Stream({
	url: () => url,
	messages: take,
	refused: (why) => send({ generation, count: 0, events: "", refused: why }),
	link: (state) => {
		if (state === "waiting" && once)
			stream.stop();
	},
});

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
			send({ generation, count: 0, events: "", gap: said as StreamGap });
			continue;
		}
		const { events, omitted, limit } = said as StreamEvents;
		/* One text instead of seven objects */
		for (const one of events)
			if (Array.isArray(one["args"]))
				one["args"] = one["args"].join(", ");
		for (let at = 0; at < events.length; at += SLICE) {
			const slice = events.slice(at, at + SLICE);
			send({ generation, count: slice.length, events: JSON.stringify(slice) });
		}
		if (omitted)
			send({ generation, count: 0, events: "", omitted, limit });
	}
}

self.addEventListener("message", (event: MessageEvent<ToWorker>) => {
	generation++;
	if ("start" in event.data) {
		url = event.data.start;
		once = event.data.once === true;
		stream.restart();
	} else {
		stream.stop();
	}
});
