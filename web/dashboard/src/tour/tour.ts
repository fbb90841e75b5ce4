// SPDX-License-Identifier: GPL-2.0-only
// tour.ts - the guided tour: short experiments, as docs/tour.md has them

/** A page of the dashboard that an experiment is watched on: its id in the address. */
export type Watch = "overview" | "syscalls" | "memory" | "scheduler" | "interrupts" | "block" | "network" |
	"processes" | "events" | "follow" | "caches" | "files";

export interface Experiment {
	/** For links: #tour/ID */
	id: string;
	title: string;
	/** One sentence: what one will understand. */
	goal: string;
	/** To be typed in a shell in the sandbox (or on the host, where it says so), line by line. */
	command: string[];
	/** What to look at, and where. */
	steps: { watch: Watch; text: string }[];
	/** A command of the host that shows the same as text. */
	terminal: string;
	/** What one sees and why; paragraphs, with the kernel's functions named. */
	explanation: string[];
}

export { experiments } from "./experiments.ts";
