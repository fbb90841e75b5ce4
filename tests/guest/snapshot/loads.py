#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""loads - programs that people run, under load, each of which checks everything that it gets

Prints a line now and then: how often each has gone round, and how many errors there were. What is
not installed is left out. load.py has what can be done in one program.
"""
import hashlib
import os
import random
import shutil
import socket
import subprocess
import threading
import time

rounds = {}
errors = 0


def done(part, good, why=""):
    global errors
    rounds[part] += 1
    if not good:
        errors += 1
        print(f"wrong: {part} {why}", flush=True)


def run(*words, **kwargs):
    return subprocess.run(words, capture_output=True, text=True, check=False, **kwargs)


# ---- redis: every reply of a pipeline, and what it has saved meanwhile ----

def redis():
    subprocess.Popen(["redis-server", "--port", "7777", "--save", "1 10", "--appendonly", "yes", "--dir", "/root"],
                     stdout=subprocess.DEVNULL)
    while True:
        try:
            connection = socket.create_connection(("127.0.0.1", 7777))
            break
        except OSError:
            time.sleep(0.1)
    replies = connection.makefile("rb")
    known = {}

    def command(*words):
        parts = [str(word).encode() for word in words]
        return b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%s\r\n" % (len(part), part) for part in parts)

    def reply():
        line = replies.readline()
        if line[:1] == b"$":
            data = replies.read(int(line[1:]) + 2)[:-2] if line != b"$-1\r\n" else None
            return data
        return line[1:-2]

    counter = 0
    while True:
        keys = [random.randrange(500) for _ in range(100)]
        sent, wanted = b"", []
        for key in keys:
            sent += command("GET", f"key{key}")
            wanted.append(known.get(key))
            known[key] = b"value%d-%d" % (key, counter)
            sent += command("SET", f"key{key}", known[key].decode()) + command("INCR", "counter")
            counter += 1
            wanted += [b"OK", b"%d" % counter]
        connection.sendall(sent)
        done("redis", [reply() for _ in wanted] == wanted)
        time.sleep(0.01)


# ---- make -j: the same program, every time ----

def make():
    os.makedirs("/root/project", exist_ok=True)
    for i in range(12):
        with open(f"/root/project/part{i}.c", "w", encoding="utf-8") as file:
            for j in range(40):
                file.write(f"int f{i}_{j}(int x) {{ return x * {i + j} ^ (x >> {j % 7}); }}\n")
    with open("/root/project/main.c", "w", encoding="utf-8") as file:
        calls = [f"f{i}_{j}" for i in range(12) for j in range(40)]
        file.write("#include <stdio.h>\n" + "".join(f"int {call}(int);\n" for call in calls))
        file.write("int main(void) { unsigned s = 1;\n" + "".join(f"s = s * 31 + {call}((int)s);\n" for call in calls))
        file.write('printf("%u\\n", s); return 0; }\n')
    with open("/root/project/Makefile", "w", encoding="utf-8") as file:
        file.write("prog: $(patsubst %.c,%.o,$(wildcard *.c))\n\tgcc -o $@ $^\n%.o: %.c\n\tgcc -O1 -c -o $@ $<\n")
    first = None
    while True:
        subprocess.run("rm -f *.o prog", shell=True, cwd="/root/project", check=False)
        built = run("make", "-j3", cwd="/root/project")
        ran = run("/root/project/prog")
        with open("/root/project/prog", "rb") as file:
            result = (hashlib.sha256(file.read()).hexdigest(), ran.stdout)
        first = first or result
        done("make", not built.returncode and result == first, built.stderr[-300:])


# ---- sqlite3, in a transaction most of the time ----

def sqlite():
    subprocess.run(["sqlite3", "/root/bank.db", "CREATE TABLE accounts (id INTEGER PRIMARY KEY, money INTEGER)"],
                   check=True)
    shell = subprocess.Popen(["sqlite3", "/root/bank.db"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                             bufsize=1)
    shell.stdin.write("".join(f"INSERT INTO accounts VALUES ({i}, 100);\n" for i in range(50)))
    while True:
        shell.stdin.write("BEGIN;\n")
        for _ in range(20):
            one, two, money = random.randrange(50), random.randrange(50), random.randrange(30)
            shell.stdin.write(f"UPDATE accounts SET money = money - {money} WHERE id = {one};\n"
                              f"UPDATE accounts SET money = money + {money} WHERE id = {two};\n")
            time.sleep(0.005)
        shell.stdin.write("COMMIT; SELECT sum(money), count(*) FROM accounts;\n")
        done("sqlite", shell.stdout.readline() == "5000|50\n")


# ---- node: workers, timers, an HTTP server and its client ----

NODE = r"""
const http = require('http'), crypto = require('crypto');
const { Worker, isMainThread, parentPort } = require('worker_threads');
if (!isMainThread) {
    parentPort.on('message', (n) => parentPort.postMessage(
        [n, crypto.createHash('sha256').update(String(n)).digest('hex')]));
} else {
    const worker = new Worker(__filename);
    const hash = (n) => crypto.createHash('sha256').update(String(n)).digest('hex');
    const server = http.createServer((req, res) => { let all = ''; req.on('data', (d) => { all += d; });
        req.on('end', () => setTimeout(() => res.end(all + all), 3)); });
    const agent = new http.Agent({ keepAlive: true });
    const waiting = new Map();
    worker.on('message', ([n, h]) => { waiting.get(n)(h); waiting.delete(n); });
    const asked = (n) => new Promise((r) => { waiting.set(n, r); worker.postMessage(n); });
    const posted = (text) => new Promise((r) => { const q = http.request({ host: '127.0.0.1',
        port: server.address().port, method: 'POST',
        agent }, (res) => { let all = ''; res.on('data', (d) => { all += d; }); res.on('end', () => r(all)); });
        q.end(text); });
    server.listen(0, '127.0.0.1', async () => {
        for (let n = 0; ; n++) {
            const text = `${n}`.repeat(2000);
            const [h, t] = await Promise.all([asked(n), posted(text)]);
            console.log(h === hash(n) && t === text + text ? 'good' : `bad ${n}`);
        }
    });
}
"""


def node():
    with open("/root/load.js", "w", encoding="utf-8") as file:
        file.write(NODE)
    watch("node", "node", "/root/load.js")


def watch(part, *words):
    """A program that says "good" for each of its rounds"""
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    for line in process.stdout:
        done(part, line == "good\n", line)
    done(part, False, "has ended")


# ---- what only the image of make soak has ----

JAVA = """
import java.util.concurrent.*;
public class Load {
    public static void main(String[] args) throws Exception {
        ExecutorService pool = Executors.newFixedThreadPool(4);
        ConcurrentHashMap<Integer, Integer> map = new ConcurrentHashMap<>();
        for (int round = 0; ; round++) {
            final int r = round;
            java.util.List<Future<Long>> all = new java.util.ArrayList<>();
            for (int t = 0; t < 4; t++) {
                final int from = t * 1000;
                all.add(pool.submit(() -> { long sum = 0; for (int i = from; i < from + 1000; i++) {
                    map.put(i, i * r); sum += new String("n" + map.get(i)).length() > 1 ? map.get(i) : 0; }
                    return sum; }));
            }
            long sum = 0;
            for (Future<Long> one : all) sum += one.get();
            long want = 0;
            for (int i = 0; i < 4000; i++) want += i * r;
            System.out.println(sum == want ? "good" : "bad " + round);
            Thread.sleep(5);
        }
    }
}
"""


def java():
    with open("/root/Load.java", "w", encoding="utf-8") as file:
        file.write(JAVA)
    run("javac", "-d", "/root", "/root/Load.java")
    watch("java", "java", "-cp", "/root", "Load")


def stress():
    while True:
        ran = run("stress-ng", "--verify", "--metrics-brief", "--temp-path", "/tmp", "--timeout", "5", "--vm", "1",
                  "--vm-bytes", "32M", "--fork", "1", "--pipe", "1", "--futex", "1", "--timer", "1", "--shm", "1",
                  "--sem-sysv", "1", "--matrix", "1", "--memcpy", "1", "--hdd", "1", "--hdd-bytes", "8M")
        done("stress", not ran.returncode, ran.stderr[-500:])


def postgres():
    programs = "/usr/lib/postgresql/" + max(os.listdir("/usr/lib/postgresql")) + "/bin"

    def as_postgres(command):
        return run("su", "postgres", "-c", f"PATH={programs}:$PATH; cd /tmp; {command}")

    as_postgres("initdb -D /tmp/pg && pg_ctl -D /tmp/pg -o '-p 7778 -k /tmp' -w -l /tmp/pg.log start && "
                "createdb -h /tmp -p 7778 bench && pgbench -h /tmp -p 7778 -i bench")
    while True:
        ran = as_postgres("pgbench -h /tmp -p 7778 -c 3 -T 3 bench")
        sums = as_postgres("psql -h /tmp -p 7778 -At bench -c 'SELECT (SELECT sum(abalance) FROM pgbench_accounts) = "
                           "(SELECT sum(bbalance) FROM pgbench_branches), (SELECT sum(tbalance) FROM pgbench_tellers) "
                           "= (SELECT sum(delta) FROM pgbench_history)'")
        done("postgres", not ran.returncode and sums.stdout == "t|t\n", ran.stderr[-300:] + sums.stdout + sums.stderr)


def main():
    needs = {redis: "redis-server", make: "gcc", sqlite: "sqlite3", node: "node", java: "javac", stress: "stress-ng",
             postgres: "psql"}
    for part, program in needs.items():
        if shutil.which(program):
            rounds[part.__name__] = 0
            threading.Thread(target=part, daemon=True).start()
    while True:
        print(*(f"{part}={count}" for part, count in rounds.items()), f"errors={errors}", flush=True)
        time.sleep(0.2)


if __name__ == "__main__":
    main()
