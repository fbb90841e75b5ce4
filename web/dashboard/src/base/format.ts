// SPDX-License-Identifier: GPL-2.0-only
// format.ts - numbers as an instrument shows them: three digits and a unit

const NONE = "–";

function three(value: number): string {
	const size = Math.abs(value);
	if (size >= 100 || Number.isInteger(value))
		return value.toFixed(0);
	return value.toFixed(size >= 10 ? 1 : 2).replace(/\.?0+$/, "");
}

function scaled(value: number, base: number, units: readonly string[]): string {
	let at = 0;
	let size = value;
	while (Math.abs(size) >= (base === 1024 ? 1000 : 999.5) && at < units.length - 1) {
		size /= base;
		at++;
	}
	return three(size) + (units[at] ? "\u202f" + units[at] : "");
}

/** 12.3 k; what is no number is a dash. */
export function count(value: number | null | undefined): string {
	return value === null || value === undefined || !Number.isFinite(value) ? NONE
		: scaled(value, 1000, ["", "k", "M", "G", "T", "P"]);
}

export function bytes(value: number | null | undefined): string {
	return value === null || value === undefined || !Number.isFinite(value) ? NONE
		: scaled(value, 1024, ["B", "KiB", "MiB", "GiB", "TiB", "PiB"]);
}

export const rate = (value: number | null | undefined): string => {
	const shown = count(value);
	return shown === NONE ? shown : shown + "/s";
};

export const byteRate = (value: number | null | undefined): string => {
	const shown = bytes(value);
	return shown === NONE ? shown : shown + "/s";
};

/** Nanoseconds. */
export function duration(ns: number | null | undefined): string {
	if (ns === null || ns === undefined || !Number.isFinite(ns))
		return NONE;
	if (ns === 0)
		return "0";
	const size = Math.abs(ns);
	if (size < 1e3)
		return three(ns) + "\u202fns";
	if (size < 1e6)
		return three(ns / 1e3) + "\u202fµs";
	if (size < 1e9)
		return three(ns / 1e6) + "\u202fms";
	return size < 120e9 ? three(ns / 1e9) + "\u202fs" : clock(ns / 1e9);
}

/** Seconds as 1:02:03. */
export function clock(seconds: number): string {
	const whole = Math.max(0, Math.floor(seconds));
	const two = (n: number): string => String(n).padStart(2, "0");
	const hours = Math.floor(whole / 3600);
	const rest = `${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`;
	return hours ? `${hours}:${rest}` : rest.replace(/^0/, "");
}

export function percent(share: number | null | undefined): string {
	return share === null || share === undefined || !Number.isFinite(share) ? NONE
		: three(share * 100) + "\u202f%";
}

/** Time of day, with milliseconds for events. */
export function timeOfDay(ms: number, fraction = false): string {
	const date = new Date(ms);
	if (Number.isNaN(date.getTime()))
		return NONE;
	const two = (n: number): string => String(n).padStart(2, "0");
	const base = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
	return fraction ? `${base}.${String(date.getMilliseconds()).padStart(3, "0")}` : base;
}

export function hex(value: number | string): string {
	if (typeof value === "string")
		return value.startsWith("0x") ? value : "0x" + value;
	return "0x" + value.toString(16);
}

/** A count with thousands apart, for tables where every digit matters. */
export function exact(value: number | null | undefined): string {
	if (value === null || value === undefined || !Number.isFinite(value))
		return NONE;
	return Math.round(value).toString().replace(/\B(?=(\d{3})+$)/g, "\u202f");
}

/**
 * A quantile of a histogram with logarithmic buckets (bucket n: 2^n to 2^(n+1)-1 ns), with even
 * spread assumed inside a bucket.
 */
export function quantile(buckets: readonly number[], q: number): number | null {
	let total = 0;
	for (const n of buckets)
		total += n;
	if (!total)
		return null;
	const wanted = q * total;
	let seen = 0;
	for (let i = 0; i < buckets.length; i++) {
		const n = buckets[i] ?? 0;
		if (n && seen + n >= wanted) {
			const low = i ? 2 ** i : 0;
			return low + (2 ** (i + 1) - low) * Math.max(0, Math.min(1, (wanted - seen) / n));
		}
		seen += n;
	}
	return 2 ** buckets.length;
}
