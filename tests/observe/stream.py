#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""stream.py - /api/events: resume, filters, limits, gaps, pause, the end

Usage: stream.py URL CHECK [ARGUMENT]...

The guest is expected to run something that makes system calls and processes all the time.
"""
import sys
import time

from common import Failed, run, want


def kinds_of(server, query, seconds=2.0):
    with server.stream(query) as s:
        return list(s.events(seconds))


def order(server, *_):
    """Events come in order, each once, and the message's id is the newest one's"""
    last, count = 0, 0
    with server.stream("limit=20000") as s:
        for event, data, ident in s.messages(3):
            if event != "events":
                continue
            for one in data["events"]:
                want(one["seq"] > last, f"{one['seq']} behind {last}")
                last = one["seq"]
                count += 1
            want(ident >= last, f"id {ident}, newest {last}")
    want(count > 50, f"only {count} events")


def resume(server, *_):
    """Who comes back with Last-Event-ID gets what he missed: nothing twice, nothing left out"""
    query = "kind=fork,exec,exit"
    with server.stream(query) as s:
        seen = []
        for event, data, _ in s.messages(3):
            if event == "events":
                seen += [e["seq"] for e in data["events"]]
        last = s.last_id
    time.sleep(2)
    with server.stream(query, {"Last-Event-ID": str(last)}) as s:
        later = []
        for event, data, _ in s.messages(3):
            want(event != "gap", f"a gap: {data}")
            if event == "events":
                want(data["omitted"] is None, "something was left out")
                later += [e["seq"] for e in data["events"]]
    # The whole story, from the server's memory: the two readers together had all of it
    with server.stream(query + f"&last_event_id={seen[0] - 1}&limit=20000") as s:
        whole = []
        for event, data, _ in s.messages(1.5):
            if event == "events":
                whole += [e["seq"] for e in data["events"]]
    both = seen + later
    want(both == sorted(set(both)), "an event came twice")
    missing = [seq for seq in whole if seq <= both[-1] and seq not in set(both)]
    want(not missing, f"missing: {missing[:10]}")
    want(any(seq > last for seq in later), "nothing was missed in two seconds")


def filters(server, *_):
    """Each filter lets through what it says and nothing else"""
    pid = min(p["pid"] for p in server.json("/api/processes")["view"]["processes"]
              if p["comm"] == "sh")
    for event in kinds_of(server, "kind=exec,exit"):
        want(event["kind"] in ("exec", "exit"), f"kind: {event['kind']}")
    calls = kinds_of(server, "kind=syscall&call=openat,read,execve")
    want(calls, "no openat, read or execve")
    for event in calls:
        want(event["call"] in ("openat", "read", "execve"), event["call"])
    for event in kinds_of(server, "kind=syscall&family=memory"):
        want(event["family"] == "memory", event["family"])
    mine = kinds_of(server, f"pid={pid}")
    want(mine, f"nothing of {pid}")
    for event in mine:
        want(pid in (event["pid"], event["tgid"]), f"pid: {event['pid']}")
    for event in kinds_of(server, "comm=slee"):
        want("slee" in event["comm"], event["comm"])
    failed = kinds_of(server, "kind=syscall&errors=1")
    want(failed, "no failed calls")
    for event in failed:
        want(event["error"] and event["result"] < 0, f"no error: {event['text']}")
    slow = kinds_of(server, "kind=syscall&slow_us=20000")
    want(slow, "no slow calls")
    for event in slow:
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
        data = s.wait("gap", 5)
    want(data["reason"] == "backlog" and data["from"] == 2 and data["to"] >= 2, f"{data}")
    want(data["lost"] == data["to"] - data["from"] + 1, f"{data}")


def heartbeat(server, *_):
    """Silence is filled, so that both ends know of a dead connection"""
    begin = time.monotonic()
    with server.stream("kind=oops") as s:
        for event, text, _ in s.messages(8):
            if event is None:
                want(text == "heartbeat", text)
                # The first tick of a new channel has one, the next comes after five seconds
                if time.monotonic() - begin > 3:
                    return
    raise Failed("no heartbeat in 8 s")


def pause(server, *_):
    """Pausing stops samples and events, tells readers, and resuming is no gap"""
    with server.stream("samples=fine") as s:
        s.wait("sample")
        status, answer = server.post("/api/control", {"action": "pause"})
        want(status == 200 and answer["state"] == "paused", f"{status} {answer}")
        want(not answer["observation"]["sampler"], "the sampler is on")
        state = s.wait("state", 3)
        want(state["state"] == "paused", f"{state['state']}")
        list(s.messages(0.5))
        late = [m for m in s.messages(1.5) if m[0] in ("events", "sample")]
        want(not late, f"{len(late)} messages while paused")
        want(server.json("/api/snapshot")["state"] == "paused", "the snapshot is not paused")
        calls = server.json("/api/snapshot")["syscalls"]["total"]["calls"]
        time.sleep(0.5)
        want(server.json("/api/snapshot")["syscalls"]["total"]["calls"] > calls,
             "the counters stopped")
        status, answer = server.post("/api/control", {"action": "resume"})
        want(status == 200 and answer["state"] == "running", f"{status} {answer}")
        states, seen = [], set()
        for event, data, _ in s.messages(2.5):
            seen.add(event)
            if event == "state":
                states.append(data["state"])
        want("running" in states, f"{states}")
        want({"events", "sample"} <= seen and "gap" not in seen, f"{seen}")


def tracing(server, *_):
    """Tracing off ends the events, not the counters; on with kinds records those"""
    with server.stream() as s:
        next(s.events(5))
        server.post("/api/control", {"action": "tracing", "enabled": False})
        list(s.messages(0.5))
        want(not list(s.events(1)), "events without tracing")
        server.post("/api/control", {"action": "tracing", "enabled": True, "kinds": ["switch"]})
        seen = {e["kind"] for e in s.events(2)}
        want(seen == {"switch"}, f"{seen}")
    server.post("/api/control", {"action": "tracing", "enabled": True})


def end(server, *_):
    """The end is told, then the stream ends; the server stays for a moment"""
    with server.stream() as s:
        s.wait("hello")
        print("connected", flush=True)
        states = [data["state"] for event, data, _ in s.messages(20) if event == "state"]
        want(states and states[-1] == "ended", f"{states}")
        want(s.ended, "the stream goes on")
    want(server.json("/api/snapshot")["state"] == "ended", "the snapshot does not say so")
    status, _, _ = server.ask("/api/processes")
    want(status == 503, f"a view of an ended kernel: {status}")


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
    fine = server.json("/api/history?resolution=fine&columns=load.1")["time_ms"]
    steps = sorted(b - a for a, b in zip(fine, fine[1:]))
    want(80 <= steps[len(steps) // 2] <= 120, f"the median step is {steps[len(steps) // 2]} ms")
    coarse = server.json("/api/history?resolution=coarse&columns=load.1")["time_ms"]
    steps = sorted(b - a for a, b in zip(coarse, coarse[1:]))
    want(900 <= steps[len(steps) // 2] <= 1200, f"coarse: {steps[len(steps) // 2]} ms")


if __name__ == "__main__":
    run({f.__name__: f for f in (order, resume, filters, limit, gap, heartbeat, pause, tracing,
                                 end, history)}, sys.argv)
