#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""killed - a process of a sandbox is killed while it is paused, copied or let go on

Usage: killed.py ROUNDS [SEED [KIND]...]

In each round one command runs on a sandbox (pause, resume, snapshot, fork, removal of a snapshot),
and at a random moment of it a random process is killed that the command or the sandbox has: the
command itself, a supervisor, one of its helpers, whoever collapses layers in the background. Then
there is either the old state or the new one, whole: what was reported is there and goes on with
the memory and the disk of one instant, what was kept before still is, and a sandbox of which
nothing was killed goes on. Prints what was wrong; nothing when all was right.
"""
import collections
import os
import random
import re
import signal
import subprocess
import sys
import time

NAME = f"victim{os.getpid()}"
PATIENCE = 60

# Memory and disk say the same, in every moment; the file's content comes from the disk when it is checked
PROGRAM = """
dd if=/dev/urandom of=/root/much bs=64k count=16 2>/dev/null; cp /root/much /dev/shm/much
md5sum /root/much /dev/shm/much >/root/sums; i=0; echo 0 >/root/n; sync; echo up
while :; do
    read j </root/n; [ "$i" = "$j" ] || echo "BAD: $i in memory, $j on the disk"
    i=$((i + 1)); echo $i >/root/n; usleep 5000
done
"""
CHECK = """echo 3 >/proc/sys/vm/drop_caches; md5sum -c /root/sums >/dev/null 2>&1 || echo sums
a=$(cat /root/n); for i in 1 2 3 4 5 6 7 8 9; do usleep 50000; [ "$(cat /root/n)" = "$a" ] || exit 0; done
usleep 5000000; [ "$(cat /root/n)" != "$a" ] || echo stands"""

wrong = []
counts = collections.Counter()


def vitrine(*args, **kwargs):
    return subprocess.run(["vitrine", *args], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=PATIENCE, **kwargs)


def processes():
    """Those whose command line has the name of a sandbox of ours, and their children: pid -> parent"""
    found, parents = {}, {}
    for entry in os.listdir("/proc"):
        if not entry.isdigit() or int(entry) == os.getpid():
            continue
        try:
            with open(f"/proc/{entry}/stat", encoding="utf-8", errors="replace") as file:
                state, parent = file.read().rpartition(")")[2].split()[:2]
            with open(f"/proc/{entry}/cmdline", "rb") as file:
                line = file.read()
        except OSError:
            continue
        if state == "Z":
            continue
        parents[int(entry)] = int(parent)
        if NAME.encode() in line and b"killed.py" not in line:
            found[int(entry)] = int(parent)
    more = True
    while more:
        more = {pid: parent for pid, parent in parents.items() if parent in found and pid not in found}
        found.update(more)
    return found


def about(pid):
    """What a report says of it"""
    try:
        with open(f"/proc/{pid}/comm", encoding="utf-8") as comm, open(f"/proc/{pid}/cmdline", "rb") as line:
            words = line.read().replace(b"\0", b" ").decode(errors="replace").strip()
            return f"{pid} {comm.read().strip()} ({words[:60]})"
    except OSError:
        return "nobody"


def sandboxes():
    """name -> (status, pid)"""
    lines = vitrine("ps", "-a", "--format", "{{.Name}} {{.Status}} {{.Pid}}").stdout.splitlines()
    return {words[0]: (words[1], words[2] if len(words) > 2 else "") for words in map(str.split, lines)}


def snapshots():
    return vitrine("snapshot", "ls", "-q").stdout.split()


def report(what, *details):
    wrong.append(what)
    print(what, *(detail.strip() for detail in details if detail), flush=True)


def files():
    """What there is, for a report"""
    return "\n" + "\n".join(f"{at}: {' '.join(files)}" for at, _, files in os.walk(os.environ["XDG_STATE_HOME"]))


def check(name, what):
    """A sandbox that runs is whole"""
    answer = vitrine("exec", name, "--", "sh", "-c", CHECK)
    if answer.returncode or answer.stdout:
        report(f"{what}: {name} is not whole:", answer.stdout, answer.stderr)
    logs = vitrine("logs", name).stdout
    if "BAD" in logs:
        report(f"{what}: {name}:", re.search("BAD.*", logs).group())


def check_snapshot(snapshot, what):
    clone = f"{NAME}-check"
    answer = vitrine("run", "--from", snapshot, "--name", clone)
    if answer.returncode:
        report(f"{what}: snapshot {snapshot} does not start:", answer.stderr)
        return
    check(clone, f"{what}, from {snapshot}")
    vitrine("kill", clone)


def start():
    vitrine("rm", "-f", NAME)
    answer = vitrine("run", "-d", "--ephemeral", "--memory", "128M", "--cpus", "1", "--name", NAME, "mini", "--",
                     "sh", "-c", PROGRAM)
    if answer.returncode:
        report("it does not start:", answer.stderr)
        sys.exit()
    end = time.monotonic() + PATIENCE
    while "up" not in vitrine("logs", NAME).stdout and time.monotonic() < end:
        time.sleep(0.05)


class Command:
    """A command that is killed, or something else is, while it runs"""

    def __init__(self, *args):
        before = processes()
        source = sandboxes().get(NAME, ("", ""))[1]
        begin = time.monotonic()
        self.what = " ".join(args)
        process = subprocess.Popen(["vitrine", *args], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True)
        time.sleep(random.random() * self.lasts[args[0]])
        now = processes()
        victims = [pid for pid in now if random.random() < 0.5 or pid not in before] or list(now)
        self.victim = random.choice(victims) if victims else 0
        self.whom = about(self.victim)
        try:
            if self.victim:
                os.kill(self.victim, signal.SIGKILL)
        except ProcessLookupError:
            self.victim = 0
        self.of_source = False
        at = self.victim
        while at:
            self.of_source |= str(at) == source
            at = now.get(at, 0)
        self.itself = self.victim == process.pid
        try:
            self.stdout, self.stderr = process.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            self.stdout, self.stderr = process.communicate()
            report(f"{self.what}: does not end; killed {self.whom}")
        self.good = process.returncode == 0
        if not self.itself:
            self.lasts[args[0]] = max(self.lasts[args[0]] * 0.9, 1.3 * (time.monotonic() - begin))
        kind = "itself" if self.itself else "source" if self.of_source else "helper" if self.victim else "nobody"
        counts[f"{args[0]} {kind}"] += 1
        self.what = f"{self.what}, {kind} killed: {self.whom}"
        end = time.monotonic() + 30
        while self.victim and NAME not in sandboxes() and time.monotonic() < end:
            time.sleep(0.05)  # whoever writes it down is not killed, and goes on

    lasts = collections.defaultdict(lambda: 0.1)


def running():
    return sandboxes().get(NAME, ("", ""))[0] == "running"


def paused():
    return sandboxes().get(NAME, ("", ""))[0] == "paused"


def settled():
    """What was begun in the background is over: nobody but the sandboxes and their helpers"""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        of_ours = processes()
        alive = {int(pid) for state, pid in sandboxes().values() if pid.isdigit()}
        if all(pid in alive or parent in of_ours for pid, parent in of_ours.items()):
            return
        time.sleep(0.05)


def resume_whole(what):
    answer = vitrine("resume", NAME)
    if answer.returncode:
        report(f"{what}: it cannot be resumed:", answer.stderr)
        start()
    else:
        check(NAME, what)


def pause_round():
    command = Command("pause", NAME)
    if command.good and not paused():
        report(f"{command.what}: was reported, and is not paused")
    if paused():
        resume_whole(command.what)
    elif running():
        if not command.of_source:
            check(NAME, command.what)
    elif not command.of_source:
        report(f"{command.what}: it is gone:", command.stderr, files())
    return command.of_source


def resume_round():
    if vitrine("pause", NAME).returncode:
        report("cannot pause")
    command = Command("resume", NAME)
    if paused():
        resume_whole(command.what)
    elif running():
        # a helper of the new one may be what was killed
        if command.itself or not command.victim:
            check(NAME, command.what)
    elif not command.good and command.itself:
        report(f"{command.what}: it is gone")
    elif not command.good and command.victim:
        report(f"{command.what}: it is neither paused nor running:", command.stderr)
    return command.victim and not command.itself


def snapshot_round():
    new = f"{NAME}-{random.randrange(4)}"
    if new in snapshots():
        vitrine("snapshot", "rm", new)
    command = Command("snapshot", NAME, new)
    if command.good and new not in snapshots():
        report(f"{command.what}: was reported, and is not there")
    if new in snapshots():
        check_snapshot(new, command.what)
    if not command.of_source:
        if running():
            check(NAME, command.what)
        else:
            report(f"{command.what}: the source is gone", command.stderr)
    return command.of_source


def fork_round():
    command = Command("fork", NAME, "--name", f"{NAME}-twin")
    twin = f"{NAME}-twin" in sandboxes()
    if command.good and not twin and (command.itself or not command.victim):
        report(f"{command.what}: was reported, and does not run")
    if not command.of_source:
        if running():
            check(NAME, command.what)
        else:
            report(f"{command.what}: the source is gone", command.stderr)
    if twin:
        if not command.victim or command.itself or command.of_source:
            check(f"{NAME}-twin", command.what)
        vitrine("kill", f"{NAME}-twin")
        vitrine("rm", "-f", f"{NAME}-twin")
    return command.of_source


def rm_round():
    there = snapshots()
    if not there:
        return False
    victim = random.choice(there)
    command = Command("snapshot", "rm", victim)
    if command.good and victim in snapshots():
        report(f"{command.what}: was reported, and is still there")
    for other in set(there) - {victim}:
        if other not in snapshots():
            report(f"{command.what}: {other} is gone, too")
    if snapshots():
        check_snapshot(random.choice(snapshots()), command.what)
    return command.of_source


def main():
    random.seed(int(sys.argv[2]) if len(sys.argv) > 2 else None)
    rounds = [pause_round, pause_round, resume_round, resume_round, snapshot_round, fork_round, rm_round]
    if len(sys.argv) > 3:
        rounds = [one for one in rounds if one.__name__.removesuffix("_round") in sys.argv[3:]]
    hurt = False
    for number in range(int(sys.argv[1])):
        if hurt or not running() or number % 40 == 0:
            start()
            hurt = False
        before = snapshots()
        try:
            hurt = random.choice(rounds)()
        except subprocess.TimeoutExpired as late:
            report(f"{late.cmd[1:]} does not end")
        settled()
        lost = [name for name in before if name not in snapshots()]
        if len(lost) > 1:
            report(f"snapshots are gone: {lost}")
        answer = vitrine("snapshot", "fsck")
        if answer.returncode or answer.stderr:
            report("fsck:", answer.stdout, answer.stderr)
        if len(wrong) > 5:
            break
    vitrine("rm", "-f", NAME)
    for snapshot in snapshots():
        vitrine("snapshot", "rm", snapshot)
    vitrine("snapshot", "prune")
    left = [os.path.join(at, name) for at, folders, files in os.walk(os.environ["XDG_STATE_HOME"])
            for name in files if name != "lock"]
    if left:
        report("left on the disk:", *left[:10])
    print(dict(sorted(counts.items())), file=sys.stderr)


main()
