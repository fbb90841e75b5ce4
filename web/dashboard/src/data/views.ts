// SPDX-License-Identifier: GPL-2.0-only
// views.ts - reading what the kernel's views say, field by field (docs/observatory.md)
//
// The text comes from the guest's kernel: a field may be missing, or of another type. What is not
// as it should be is null or empty, so that no panel breaks.

import { get } from "./api.ts";

export class Item {
	private readonly fields: Record<string, unknown>;

	constructor(value: unknown) {
		this.fields = value !== null && typeof value === "object" ? value as Record<string, unknown> : {};
	}

	has(name: string): boolean {
		return this.fields[name] !== null && this.fields[name] !== undefined;
	}

	num(name: string): number | null {
		const value = this.fields[name];
		return typeof value === "number" && Number.isFinite(value) ? value : null;
	}

	str(name: string): string | null {
		const value = this.fields[name];
		return typeof value === "string" ? value : typeof value === "number" ? String(value) : null;
	}

	flag(name: string): boolean {
		return this.fields[name] === true;
	}

	item(name: string): Item {
		return new Item(this.fields[name]);
	}

	list(name: string): Item[] {
		const value = this.fields[name];
		return Array.isArray(value) ? value.map((element) => new Item(element)) : [];
	}

	/** An array of texts or numbers, as texts. */
	words(name: string): string[] {
		const value = this.fields[name];
		return Array.isArray(value) ? value.filter((word) => typeof word !== "object").map(String) : [];
	}

	/** An array of arrays. */
	rows(name: string): unknown[][] {
		const value = this.fields[name];
		return Array.isArray(value) ? value.filter(Array.isArray) as unknown[][] : [];
	}

	/** Names and values of what are numbers. */
	numbers(): [string, number][] {
		return Object.entries(this.fields).filter((entry): entry is [string, number] => typeof entry[1] === "number");
	}

	texts(): [string, string][] {
		return Object.entries(this.fields).filter(([, value]) => typeof value === "string" || typeof value === "number")
			.map(([name, value]) => [name, String(value)]);
	}

	names(): string[] {
		return Object.keys(this.fields);
	}
}

/** What the pages show of the kernel, but for single tasks and files. */
const PATHS = ["processes", "scheduler", "memory", "block", "slab", "page-cache", "sockets", "mounts", "files", "host"];

const KEPT = 64;
const last = new Map<string, unknown>();

/** Ask for a view: /api/PATH. When the server has gone: what it said last. */
export async function view(path: string): Promise<Item> {
	try {
		const { view: said } = await get<{ view: unknown }>(`/api/${path}`);
		last.delete(path);
		last.set(path, said);
		for (const oldest of last.keys()) {
			if (last.size <= KEPT)
				break;
			if (!PATHS.includes(oldest))
				last.delete(oldest);
		}
		return new Item(said);
	} catch (error) {
		if (error instanceof TypeError && last.has(path))
			return new Item(last.get(path));
		throw error;
	}
}

/** Have every page's view, for when there is nobody left to ask. */
export async function keepViews(): Promise<void> {
	await Promise.all(PATHS.map((path) => view(path).catch(() => undefined)));
}
