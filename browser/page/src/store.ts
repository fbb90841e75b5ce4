// SPDX-License-Identifier: GPL-2.0-only
// store.ts - a paused machine in the browser's database
//
// Theory of operation
// What is kept is pieces of memory, chunks of the disk that were written, and a record that says of
// which kernel, image and program they are. One transaction has all that has changed since the last
// one: either all of it is there afterwards, or none, whatever happens to the tab. Pieces that are
// zeros are not kept.
//
// The tab that has the lock owns what is kept. Another one begins anew and keeps nothing.

const DATABASE = "vitrine", VERSION = 1;
const RECORDS = "machines", PIECES = "pieces";
const LOCK = "vitrine-machine";

/** bytes of a piece of memory */
export const PIECE = 65536;

export interface Kept {
	/** what has to be the same for it to be of use: program, kernel, image, memory */
	identity: string;
	/** machine_save() */
	state: Uint8Array;
	/** numbers of pieces of memory, and of chunks of the disk */
	memory: number[];
	disk: number[];
	rows: number;
	columns: number;
	/** what the terminal showed */
	screen: string;
	/** milliseconds since 1970 */
	when: number;
}

export interface Changes {
	record: Omit<Kept, "memory" | "disk">;
	/** null: it is zeros now */
	memory: Map<number, Uint8Array | null>;
	disk: Map<number, Uint8Array>;
}

function asked<T>(request: IDBRequest<T>): Promise<T> {
	return new Promise((done, fail) => {
		request.onsuccess = () => done(request.result);
		request.onerror = () => fail(request.error);
	});
}

function committed(transaction: IDBTransaction): Promise<void> {
	return new Promise((done, fail) => {
		transaction.oncomplete = () => done();
		transaction.onabort = () => fail(transaction.error ?? new Error("the database refuses"));
		transaction.onerror = () => undefined; // onabort follows
	});
}

const key = (id: string, kind: "m" | "d", number: number) => [id, kind, number];

export class Store {
	private memory = new Set<number>();
	private disk = new Set<number>();

	private constructor(private readonly database: IDBDatabase, private readonly id: string) {
	}

	/** Return: null when there is no database here, or another tab owns what it has */
	static async open(id: string): Promise<{ store: Store | null; why: string }> {
		try {
			if (navigator.locks) {
				// held until the tab ends
				const mine = await new Promise<boolean>((answer) => {
					navigator.locks.request(LOCK, { ifAvailable: true }, (lock) => {
						answer(lock !== null);
						return lock ? new Promise(() => undefined) : undefined;
					}).catch(() => answer(true));
				});
				if (!mine)
					return { store: null, why: "another tab has the machine that is kept; this one is not kept" };
			}
			const request = indexedDB.open(DATABASE, VERSION);
			request.onupgradeneeded = () => {
				request.result.createObjectStore(RECORDS);
				request.result.createObjectStore(PIECES);
			};
			return { store: new Store(await asked(request), id), why: "" };
		} catch (error) {
			return { store: null, why: `nothing can be kept here: ${error instanceof Error ? error.message : error}` };
		}
	}

	/** What is kept, without its pieces, or null */
	async look(): Promise<Kept | null> {
		const kept = await asked(this.database.transaction(RECORDS).objectStore(RECORDS).get(this.id)) as Kept | undefined;
		return kept ?? null;
	}

	/** Give each piece of what is kept to somebody. Return: false when one is missing */
	async pieces(kept: Kept, memory: (number: number, data: Uint8Array) => void,
	             disk: (number: number, data: Uint8Array) => void): Promise<boolean> {
		const store = this.database.transaction(PIECES).objectStore(PIECES);
		const range = IDBKeyRange.bound([this.id], [this.id, []]);
		const [keys, values] = await Promise.all([asked(store.getAllKeys(range)), asked(store.getAll(range))]);
		const found = { m: new Set<number>(), d: new Set<number>() };

		keys.forEach((name, i) => {
			const [, kind, number] = name as unknown as [string, "m" | "d", number];
			found[kind].add(number);
			(kind === "m" ? memory : disk)(number, values[i] as Uint8Array);
		});
		this.memory = found.m;
		this.disk = found.d;
		return kept.memory.every((n) => found.m.has(n)) && kept.disk.every((n) => found.d.has(n));
	}

	/** All or nothing */
	async keep(changes: Changes): Promise<void> {
		const transaction = this.database.transaction([RECORDS, PIECES], "readwrite", { durability: "strict" });
		const done = committed(transaction), pieces = transaction.objectStore(PIECES);
		const memory = new Set(this.memory), disk = new Set(this.disk);

		for (const [number, data] of changes.memory) {
			if (data) {
				pieces.put(data, key(this.id, "m", number));
				memory.add(number);
			} else if (memory.delete(number)) {
				pieces.delete(key(this.id, "m", number));
			}
		}
		for (const [number, data] of changes.disk) {
			pieces.put(data, key(this.id, "d", number));
			disk.add(number);
		}
		transaction.objectStore(RECORDS).put({ ...changes.record, memory: [...memory], disk: [...disk] } satisfies Kept, this.id);
		await done;
		this.memory = memory;
		this.disk = disk;
	}

	async forget(): Promise<void> {
		const transaction = this.database.transaction([RECORDS, PIECES], "readwrite");
		const done = committed(transaction);

		transaction.objectStore(RECORDS).delete(this.id);
		transaction.objectStore(PIECES).delete(IDBKeyRange.bound([this.id], [this.id, []]));
		await done;
		this.memory.clear();
		this.disk.clear();
	}
}
