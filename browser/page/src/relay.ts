// SPDX-License-Identifier: GPL-2.0-only
// relay.ts - the WebSocket to a relay (vitrine relay), whose packets the machine makes and reads
//
// When it is lost, all connections are over, and another one is opened: at once, then later and later.

const PROTOCOL = "wisp-v2";
const LEAST_MS = 500, MOST_MS = 30_000;
/** Bytes that the browser has not sent yet, and will still take more to */
const BACKLOG = 4 * 2 ** 20;

export interface Receiver {
	relay(there: boolean): void;
	packet(data: Uint8Array): void;
}

export class Relay {
	private socket: WebSocket | null = null;
	private wait = LEAST_MS;

	constructor(private readonly url: string, private readonly receiver: Receiver, private readonly note: (text: string) => void) {
		this.open();
	}

	private open(): void {
		let opened = false;
		const socket = new WebSocket(this.url, PROTOCOL);

		socket.binaryType = "arraybuffer";
		socket.onopen = () => {
			opened = true;
			this.socket = socket;
			this.wait = LEAST_MS;
			this.receiver.relay(true);
		};
		socket.onmessage = (event: MessageEvent<ArrayBuffer>) => this.receiver.packet(new Uint8Array(event.data));
		socket.onclose = () => {
			this.socket = null;
			this.receiver.relay(false);
			this.note(opened ? "the relay is gone; connections are over" : "there is no network: the relay does not answer");
			setTimeout(() => this.open(), this.wait);
			this.wait = Math.min(MOST_MS, this.wait * 2);
		};
	}

	/** Return: false when it cannot be sent */
	send(packet: Uint8Array<ArrayBuffer>): boolean {
		if (!this.socket || this.socket.bufferedAmount > BACKLOG)
			return false;
		this.socket.send(packet);
		return true;
	}
}
