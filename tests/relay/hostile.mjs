// SPDX-License-Identifier: GPL-2.0-only
// hostile.mjs - what strangers try: places behind the relay, and packets that are none
//
// Usage: hostile.mjs URL HELLO SINK     (of a relay that allows 127.0.0.1:HELLO and :SINK)

import { connect as dial } from "node:net";
import { networkInterfaces } from "node:os";
import { CLOSE, CONNECT, CONTINUE, DATA, INFO, UDP, connect, done, fate, info, it, number, packet, Raw, ready } from "./raw.mjs";

const [url, ...ports] = process.argv.slice(2);
const [hello, sink] = ports.map(Number);
const BLOCKED = 0x48, INVALID = 0x41;

const places = {
	"loopback": ["127.0.0.1", 80], "loopback, elsewhere": ["127.8.8.8", 443], "loopback by name": ["localhost", 80],
	"loopback below a name": ["www.localhost", 80], "loopback of IPv6": ["::1", 80], "the same in brackets": ["[::1]", 80],
	"the unspecified address": ["0.0.0.0", 80], "the unspecified address of IPv6": ["::", 80],
	"private, 10/8": ["10.0.0.1", 80], "private, 172.16/12": ["172.20.1.1", 80], "private, 192.168/16": ["192.168.1.1", 80],
	"private of IPv6": ["fd00::1", 80], "link-local": ["169.254.1.1", 80], "link-local of IPv6": ["fe80::1", 80],
	"the metadata of clouds": ["169.254.169.254", 80], "a provider's own network": ["100.64.0.1", 80],
	"multicast": ["224.0.0.1", 80], "multicast of IPv6": ["ff02::1", 80], "broadcast": ["255.255.255.255", 80],
	"an IPv4 address in an IPv6 one": ["::ffff:127.0.0.1", 80], "the same in hexadecimal": ["::ffff:7f00:1", 80],
	"by NAT64": ["64:ff9b::7f00:1", 80], "by 6to4": ["2002:7f00:1::1", 80],
	"a short form": ["127.1", 80], "a number": ["2130706433", 80], "a number in hexadecimal": ["0x7f000001", 80],
	"octal parts": ["0177.0.0.1", 80], "hexadecimal parts": ["0x7f.0.0.0x1", 80],
	"a name with a private address": ["private.test", 80], "a name with the metadata's": ["metadata.test", 80],
	"a name that leads there by another": ["alias.test", 80],
	"a name that ends with a dot": ["private.test.", 80],
	"ssh of a public address": ["93.184.216.34", 22], "mail of a public address": ["93.184.216.34", 25],
};
for (const [name, [host, port]] of Object.entries(places)) {
	await it(`refused: ${name} (${host}:${port})`, async () => {
		const reason = await fate(url, host, port);
		return reason === BLOCKED || `${reason}`;
	});
}
await it("a name with a mapped address has none", async () => {
	const reason = await fate(url, "mapped.test", 80);
	return reason === 0x42 || `${reason}`;
});
await it("refused: datagrams to there, too", async () => {
	const reasons = [await fate(url, "127.0.0.1", 53, UDP), await fate(url, "private.test", 53, UDP)];
	return reasons.every((reason) => reason === BLOCKED) || `${reasons}`;
});
await it("refused: the relay's own host by its other addresses", async () => {
	for (const { address } of Object.values(networkInterfaces()).flat().filter((each) => !each.internal && each.family === "IPv4")) {
		const reason = await fate(url, address, 80);
		if (reason !== BLOCKED)
			return `${address}: ${reason}`;
	}
});
await it("refused: a name whose address changes behind the first answer (rebinding)", async () => {
	// at first public, then loopback: what is dialled is what was looked at, each time anew
	const first = await Promise.race([fate(url, "next.test", 80), new Promise((late) => setTimeout(late, 3000, "dials"))]);
	const then = await fate(url, "next.test", 80);
	return (first !== BLOCKED && then === BLOCKED) || `${first}, ${then}`;
});
await it("refused: of two addresses the private one is not even tried", async () => {
	const reason = await fate(url, "mixed.test", hello);
	return reason === BLOCKED || `${reason}`;
});
await it("refused: what was allowed by its name for one is not by its address for another", async () => {
	await Promise.race([fate(url, "named.test", 8443), new Promise((late) => setTimeout(late, 1000))]);
	return await fate(url, "93.184.216.77", 8443) === BLOCKED || "allowed";
});
await it("allowed: what a rule names", async () => await fate(url, "127.0.0.1", hello) === "open" || "not open");

// Packets
const hosts = { "nothing": "", "a zero byte": "a\0b", "a slash": "127.0.0.1/x", "a space": "127.0.0.1 ", "an end of line": "a\r\nb",
	"a user": "u@127.0.0.1", "300 letters": "a".repeat(300), "bytes that are no text": "\xff\xfe" };
for (const [name, host] of Object.entries(hosts)) {
	await it(`a host with ${name} is none`, async () => {
		const reason = await fate(url, host, hello);
		return reason === INVALID || `${reason}`;
	});
}
await it("port 0 and unknown protocols are none", async () => {
	const reasons = [await fate(url, "127.0.0.1", 0), await fate(url, "127.0.0.1", hello, 7)];
	return reasons.every((reason) => reason === INVALID) || `${reasons}`;
});
const broken = {
	"an empty message": [Buffer.alloc(0)], "four bytes": [Buffer.from([1, 0, 0, 0])], "an unknown type": [packet(9, 1)],
	"type 0": [packet(0, 0)], "a connection without a number": [connect(0, "127.0.0.1", hello)],
	"the same number twice": [connect(1, "127.0.0.1", sink), connect(1, "127.0.0.1", sink)],
	"the server's own word": [connect(1, "127.0.0.1", sink), number(CONTINUE, 1, 100)],
	"INFO again": [info()], "text": ["text"],
};
for (const [name, packets] of Object.entries(broken)) {
	await it(`${name} ends the client, and nobody else`, async () => {
		const other = await ready(url), raw = await ready(url, { v2: true });
		raw.send(...packets);
		const code = await Promise.race([raw.ended, new Promise((late) => setTimeout(late, 20000))]);
		other.send(connect(1, "127.0.0.1", hello));
		const alive = await other.next((p) => p.type === DATA);
		other.close();
		return (code === 1002 && alive !== null) || `${code} ${alive}`;
	});
}
await it("version 2 waits for INFO, whole", async () => {
	for (const first of [connect(1, "127.0.0.1", hello), packet(INFO, 0, [2]), packet(INFO, 0, [2, 0, 1, 255, 255, 255, 255]),
		packet(INFO, 0, [3, 0]), packet(INFO, 5, [2, 0]), packet(INFO, 0, [2, 0, 0xf0, 1, 0, 0, 0, 9])]) {
		const raw = new Raw(url, { v2: true });
		await raw.opened;
		raw.send(first);
		if (await Promise.race([raw.ended, new Promise((late) => setTimeout(late, 20000))]) !== 1002)
			return `${[...first]}`;
	}
});
await it("packets for connections that are over are no mistake", async () => {
	const raw = await ready(url);
	raw.send(packet(DATA, 77, [1]), packet(CLOSE, 77, [2]), connect(1, "127.0.0.1", hello));
	const answer = await raw.next((p) => p.type === DATA);
	raw.close();
	return answer !== null || "closed";
});
await it("a message that is too large ends the client", async () => {
	const raw = await ready(url);
	raw.send(connect(1, "127.0.0.1", sink), packet(DATA, 1, Buffer.alloc(300 * 1024)));
	return await raw.ended === 1009 || `${raw.code}`;
});
await it("who sends more than the window, to a host that takes nothing yet, loses the connection", async () => {
	const raw = await ready(url);
	raw.send(connect(1, "silent.test", 80));
	for (let i = 0; i < 600; i++)
		raw.send(packet(DATA, 1, [i & 255]));
	const answer = await raw.next((p) => p.type === CLOSE);
	raw.close();
	return answer?.payload[0] === INVALID || JSON.stringify(answer);
});
await it("frames that break RFC 6455 end the client", async () => {
	const { hostname, port } = new URL(url);
	for (const frame of [[0x82, 0x05, 1, 0, 0, 0, 0], [0xf2, 0x85, 0, 0, 0, 0, 1, 0, 0, 0, 0], [0x83, 0x80, 0, 0, 0, 0],
		[0x89, 0xfe, 1, 0, 0, 0, 0, 0], [0x82, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0]]) {
		const ended = await new Promise((answer) => {
			const socket = dial(port, hostname, () => socket.write("GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n" +
				"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n"));
			let sent = false;
			socket.on("data", () => { if (!sent) { sent = true; socket.write(Buffer.from(frame)); } });
			socket.on("close", () => answer(true));
			socket.on("error", () => answer(true));
			setTimeout(answer, 20000, false).unref();
		});
		if (!ended)
			return `${frame}`;
	}
});
await it("frames in pieces, and pings between them, are taken", async () => {
	const raw = await ready(url);
	const whole = connect(1, "127.0.0.1", hello);
	raw.ws.send(whole.subarray(0, 3), { fin: false });
	raw.ws.ping("x");
	raw.ws.send(whole.subarray(3), { fin: true });
	const answer = await raw.next((p) => p.type === DATA);
	raw.close();
	return answer !== null || "no answer";
});
// A connection's two ends
await it("version 1: after the client's CLOSE the host may still answer", async () => {
	const raw = await ready(url);
	raw.send(connect(1, "127.0.0.1", sink), packet(DATA, 1, Buffer.from("late")), packet(CLOSE, 1, [2]));
	const answer = await raw.next((p) => p.type === DATA);
	raw.close();
	return /^4 /.test(answer?.payload.toString()) || JSON.stringify(answer);
});
await it("our own extension: each direction ends by itself", async () => {
	const raw = await ready(url, { v2: true }, [[5, []], [0xf0, [0, 0, 1, 0]]]);
	raw.send(connect(1, "127.0.0.1", sink));
	await raw.next((p) => p.type === CONTINUE && p.stream === 1);
	raw.send(packet(DATA, 1, Buffer.from("half")), packet(CLOSE, 1, [2]));
	const answer = await raw.next((p) => p.type === DATA), end = await raw.next((p) => p.type === CLOSE);
	raw.close();
	return (/^4 /.test(answer?.payload.toString()) && end?.payload[0] === 2) || JSON.stringify([answer, end]);
});
await it("our own extension: no more bytes than the client takes", async () => {
	const raw = await ready(url, { v2: true }, [[0xf0, [5, 0, 0, 0]]]);
	raw.send(connect(1, "127.0.0.1", hello));
	const first = await raw.next((p) => p.type === DATA);
	const early = await raw.next(() => true, 1);
	raw.send(number(CONTINUE, 1, 1000));
	const second = await raw.next((p) => p.type === DATA);
	raw.close();
	return (first.payload.toString() === "hello" && !early && second.payload.toString() === " from 127.0.0.1\n") ||
		JSON.stringify([first, early, second]);
});
done();
