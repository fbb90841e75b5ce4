#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""stream.py - /api/events: resume, filters, limits, gaps, pause, the end

Usage: stream.py URL CHECK [ARGUMENT]...

The guest is expected to run something that makes system calls and processes all the time. What has
to come is waited for, however long a busy machine takes; what must not come is looked for as long
as SILENCE.
"""
import sys
import time

from common import Failed, run, want

PATIENCE = 30.0
SILENCE = 1.5


def some(server, query, seconds=1.0):
    """What comes in so many seconds after the first event, of which there has to be one"""
    with server.stream(query) as s:
        first = next(s.events(PATIENCE), None)
        want(first, f"no event for {query}")
        return [first, *s.events(seconds)]


def wait_for(stream, good, what):
    """The messages up to and with the first for which good(event, data)"""
    seen = []
    for event, data, _ in stream.messages(PATIENCE):
        seen.append((event, data))
        if good(event, data):
            return seen
    raise Failed(f"no {what} in {PATIENCE} s")


def silent(stream, kinds, what):
    late = [event for event, _, _ in stream.messages(SILENCE) if event in kinds]
    want(not late, f"{what}: {late}")


def order(server, *_):
    """Events come in order, each once, and the message's id is the newest one's"""
    last, count = 0, 0
    with server.stream("limit=20000") as s:
        for event, data, ident in s.messages(PATIENCE):
            if event != "events":
                continue
            for one in data["events"]:
                want(one["seq"] > last, f"{one['seq']} behind {last}")
                last = one["seq"]
                count += 1
            want(ident >= last, f"id {ident}, newest {last}")
            if count > 2000:
                return
    raise Failed(f"only {count} events")


def resume(server, *_):
    """Who comes back with Last-Event-ID gets what he missed: nothing twice, nothing left out"""
    query = "kind=fork,exec,exit"
    with server.stream(query) as s:
        seen = [e["seq"] for e in s.events(3)]
        seen += [next(s.events(PATIENCE))["seq"]] if not seen else []
        last = s.last_id
    # Something that he misses, and then something that he doesn't
    some(server, query)
    later = []
    with server.stream(query, {"Last-Event-ID": str(last)}) as s:
        told = s.wait("hello", PATIENCE)["newest"]
        want(told > last, "nothing was missed")
        for event, data, _ in s.messages(PATIENCE):
            want(event != "gap", f"a gap: {data}")
            if event == "events":
                want(data["omitted"] is None, "something was left out")
                later += [e["seq"] for e in data["events"]]
                if later[-1] > told:
                    break
    # The whole story, from the server's memory: the two readers together had all of it
    with server.stream(query + f"&last_event_id={seen[0] - 1}&limit=20000") as s:
        whole = []
        for event, data, _ in s.messages(PATIENCE):
            if event == "events":
                whole += [e["seq"] for e in data["events"]]
                if whole[-1] >= later[-1]:
                    break
    both = seen + later
    want(both == sorted(set(both)), "an event came twice")
    missing = [seq for seq in whole if seq <= both[-1] and seq not in set(both)]
    want(not missing, f"missing: {missing[:10]}")
    want(set(both) <= set(whole), "more than there was")
    want(any(last < seq <= told for seq in later), "what was missed did not come")


def filters(server, *_):
    """Each filter lets through what it says and nothing else"""
    pid = min(p["pid"] for p in server.json("/api/processes")["view"]["processes"]
              if p["comm"] == "sh")
    for event in some(server, "kind=exec,exit"):
        want(event["kind"] in ("exec", "exit"), f"kind: {event['kind']}")
    for event in some(server, "kind=syscall&call=openat,read,execve"):
        want(event["call"] in ("openat", "read", "execve"), event["call"])
    for event in some(server, "kind=syscall&family=memory"):
        want(event["family"] == "memory", event["family"])
    for event in some(server, f"pid={pid}"):
        want(pid in (event["pid"], event["tgid"]), f"pid: {event['pid']}")
    for event in some(server, "comm=slee"):
        want("slee" in event["comm"], event["comm"])
    for event in some(server, "kind=syscall&errors=1"):
        want(event["error"] and event["result"] < 0, f"no error: {event['text']}")
    for event in some(server, "kind=syscall&slow_us=20000"):
        want(event["duration_ns"] >= 20000000, f"{event['duration_ns']} ns is not slow")


def limit(server, *_):
    """A flood is sampled: no more than asked for, rare events first, the rest counted"""
    events, omitted, life = 0, 0, 0
    begin = time.monotonic()
    with server.stream("limit=200") as s:
        for event, data, _ in s.messages(20):
            # Four seconds, unless the machine is busy with something else
            if time.monotonic() - begin > 4 and omitted > 1000:
                break
            if event != "events":
                continue
            want(data["limit"] <= 200, f"limit {data['limit']}")
            events += len(data["events"])
            life += sum(e["ring"] == "life" for e in data["events"])
            if data["omitted"]:
                omitted += data["omitted"]["total"]
                want(sum(data["omitted"]["kinds"].values()) == data["omitted"]["total"],
                     "kinds do not add up")
    took = time.monotonic() - begin
    want(events <= 200 * (took + 1.2), f"{events} events in {took:.1f} s")
    want(events > 200, f"only {events} events")
    want(omitted > 1000, f"only {omitted} were left out: is there a flood?")
    print(f"{events} shown, {life} of them rare, {omitted} counted")


def gap(server, *_):
    """Who was away for too long is told what he cannot get any more"""
    with server.stream("last_event_id=1&limit=100") as s:
        data = s.wait("gap", PATIENCE)
    want(data["reason"] == "backlog" and data["from"] == 2 and data["to"] >= 2, f"{data}")
    want(data["lost"] == data["to"] - data["from"] + 1, f"{data}")


def heartbeat(server, *_):
    """Silence is filled, so that both ends know of a dead connection"""
    begin = time.monotonic()
    with server.stream("kind=oops") as s:
        for event, text, _ in s.messages(PATIENCE):
            if event is None:
                want(text == "heartbeat", text)
                # The first tick of a new channel has one, the next comes after five seconds
                if time.monotonic() - begin > 3:
                    return
    raise Failed(f"no heartbeat in {PATIENCE} s")


def pause(server, *_):
    """Pausing stops samples and events, tells readers, and resuming is no gap"""
    with server.stream("kind=fork,exec,exit&samples=fine") as s:
        s.wait("sample", PATIENCE)
        status, answer = server.post("/api/control", {"action": "pause"})
        want(status == 200 and answer["state"] == "paused", f"{status} {answer}")
        want(not answer["observation"]["sampler"], "the sampler is on")
        wait_for(s, lambda event, data: event == "state" and data["state"] == "paused",
                 "news of the pause")
        silent(s, ("events", "sample"), "messages while paused")
        snapshot = server.json("/api/snapshot")
        want(snapshot["state"] == "paused", "the snapshot is not paused")
        calls = snapshot["syscalls"]["total"]["calls"]
        begin = time.monotonic()
        while server.json("/api/snapshot")["syscalls"]["total"]["calls"] == calls:
            want(time.monotonic() - begin < PATIENCE, "the counters stopped")
            time.sleep(0.1)
        status, answer = server.post("/api/control", {"action": "resume"})
        want(status == 200 and answer["state"] == "running", f"{status} {answer}")
        seen = wait_for(s, lambda event, data: event == "state" and data["state"] == "running",
                        "news of its end")
        seen += wait_for(s, lambda event, data: event == "events", "events after the pause")
        seen += wait_for(s, lambda event, data: event == "sample", "samples after the pause")
        want("gap" not in [event for event, _ in seen], "a gap")


def tracing(server, *_):
    """Tracing off ends the events, not the counters; on with kinds records those"""
    with server.stream() as s:
        want(next(s.events(PATIENCE), None), "no events")
        server.post("/api/control", {"action": "tracing", "enabled": False})
        wait_for(s, lambda event, data: event == "state" and not data["observation"]["kinds"],
                 "news that the kernel records nothing")
        silent(s, ("events",), "events without tracing")
        server.post("/api/control", {"action": "tracing", "enabled": True, "kinds": ["switch"]})
        first = next(s.events(PATIENCE), None)
        want(first, "no events after it")
        seen = {first["kind"], *(e["kind"] for e in s.events(2))}
        want(seen == {"switch"}, f"{seen}")
    server.post("/api/control", {"action": "tracing", "enabled": True})


def end(server, *_):
    """The end is told, then the stream ends; the server stays for a moment"""
    with server.stream() as s:
        s.wait("hello", PATIENCE)
        print("connected", flush=True)
        states = [data["state"] for event, data, _ in s.messages(PATIENCE) if event == "state"]
        want(states and states[-1] == "ended", f"{states}")
        want(s.ended, "the stream goes on")
    want(server.json("/api/snapshot")["state"] == "ended", "the snapshot does not say so")
    for view in ("processes", "memory", "mounts", "files", "sockets", "slab"):
        kept = server.json(f"/api/{view}")
        want(kept["state"] == "ended" and kept["view"], f"{view} is not kept: {kept}")
    with server.stream("last_event_id=0&kind=exec") as s:
        messages = list(s.messages(PATIENCE))
        want(messages[0][1]["state"] == "ended", f"{messages[0]}")
        want(any(event == "events" for event, _, _ in messages), "no events of before the end")
        want(s.ended, "the stream goes on")
    with server.stream("last=5") as s:
        messages = {event: data for event, data, _ in s.messages(PATIENCE) if event}
        want(len(messages["events"]["events"]) == 5 and not messages["events"]["omitted"],
             f"{messages['events']}")
        want(messages["gap"]["reason"] == "older" and messages["gap"]["lost"] > 5, f"{messages['gap']}")
    status, _, text = server.ask("/api/control", "POST", {"Content-Type": "application/json"},
                                 b'{"action":"pause"}')
    want(status == 410 and b"has ended" in text, f"{status} {text}")


def history(server, *_):
    """Rows are in order, evenly spaced, and every column is as long as time"""
    rows = server.json("/api/history?columns=syscalls.,load.1,memory.")
    times = rows["time_ms"]
    want(len(times) > 10 and times == sorted(set(times)), "times are not in order")
    for column, values in zip(rows["columns"], rows["values"]):
        want(len(values) == len(times), f"{column['name']}: {len(values)} values")
    want({c["name"] for c in rows["columns"]} >= {"syscalls.total", "load.1", "memory.free"},
         "columns")
    total = rows["values"][[c["name"] for c in rows["columns"]].index("syscalls.total")]
    want(any(v and v > 0 for v in total), "no system calls in the history")
    newer = server.json(f"/api/history?since={times[-1]}&columns=syscalls.total")
    want(all(t > times[-1] for t in newer["time_ms"]), "since does not work")
    rows = server.json("/api/history?columns=cpu.")
    parts = {"user", "system", "iowait", "irq", "steal", "idle"}
    want({c["name"] for c in rows["columns"]} == {f"cpu.{part}" for part in parts}, "parts of CPUs")
    for whole in zip(*rows["values"]):
        want(None in whole or abs(sum(whole) - 1) < 0.01, f"the parts of the CPUs: {whole}")
    steps = {}
    for resolution in ("fine", "coarse"):
        times = server.json(f"/api/history?resolution={resolution}&columns=load.1")["time_ms"]
        between = sorted(b - a for a, b in zip(times, times[1:]))
        steps[resolution] = between[len(between) // 2]
    want(steps["fine"] * 3 < steps["coarse"], f"the fine one is not finer: {steps}")


if __name__ == "__main__":
    run({f.__name__: f for f in (order, resume, filters, limit, gap, heartbeat, pause, tracing,
                                 end, history)}, sys.argv)
