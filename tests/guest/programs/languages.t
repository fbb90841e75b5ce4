#!/bin/bash
# Interpreters and their runtimes: threads, processes, event loops, a JIT
. "$(dirname "$0")/../../lib.sh"
uses debian
seconds=240

guest bash -c 'for i in {1..5}; do (echo $((i * i))) & done; wait' 
status 0

it 'a bash coprocess answers'
guest bash -c 'coproc cat; echo ping >&${COPROC[1]}; read -r x <&${COPROC[0]}; echo $x'
expect ping

guest bash -c 'diff <(seq 3) <(seq 4) | tail -1'
expect '> 4'

guest perl -e 'my $pid = fork; exit 7 unless $pid; waitpid $pid, 0; print $? >> 8, "\n"'
expect 7

it 'python threads share a lock'
guest python3 -c '
import threading
total, lock = 0, threading.Lock()
def work():
    global total
    for _ in range(1000):
        with lock: total += 1
threads = [threading.Thread(target=work) for _ in range(16)]
[t.start() for t in threads]; [t.join() for t in threads]
print(total)'
expect 16000

it 'a python process pool computes'
guest python3 -c '
import multiprocessing
def square(x): return x * x
if __name__ == "__main__":
    with multiprocessing.Pool(4) as pool: print(sum(pool.map(square, range(100))))'
expect 328350

it 'asyncio serves 50 clients and a subprocess'
guest python3 -c '
import asyncio
async def main():
    async def handle(r, w):
        w.write((await r.readline()).upper()); await w.drain(); w.close()
    server = await asyncio.start_server(handle, "127.0.0.1", 8000)
    async def ask(i):
        r, w = await asyncio.open_connection("127.0.0.1", 8000)
        w.write(b"hello %d\n" % i); return await r.readline()
    answers = await asyncio.gather(*[ask(i) for i in range(50)])
    p = await asyncio.create_subprocess_exec("echo", "sub", stdout=asyncio.subprocess.PIPE)
    print(len(set(answers)), (await p.communicate())[0].decode().strip())
asyncio.run(main())'
expect '50 sub'

it 'sqlite keeps a WAL data base on ext4'
guest python3 -c '
import sqlite3
db = sqlite3.connect("/tmp/t.db")
db.execute("pragma journal_mode=wal")
db.execute("create table t (x integer)")
db.executemany("insert into t values (?)", [(i,) for i in range(1000)]); db.commit()
print(db.execute("select sum(x) from t").fetchone()[0])'
expect 499500

guest sh -c 'python3 -m venv --without-pip /tmp/v && /tmp/v/bin/python -c "import sys; print(sys.prefix)"'
expect /tmp/v

it 'a python interval timer interrupts sleep'
guest python3 -c '
import signal, os, time
hits = []
signal.signal(signal.SIGALRM, lambda *_: hits.append(1))
signal.setitimer(signal.ITIMER_REAL, 0.01, 0.01)
while len(hits) < 10: time.sleep(1)
signal.setitimer(signal.ITIMER_REAL, 0)
print("ok")'
expect ok

it 'node compiles a hot loop and runs a worker thread'
guest node -e '
const { Worker } = require("worker_threads");
let x = 0; for (let i = 0; i < 3e7; i++) x = (x * 31 + i) | 0;
const w = new Worker("require(\"worker_threads\").parentPort.postMessage(6 * 7)", { eval: true });
w.on("message", m => console.log(typeof x, m));'
expect 'number 42'

it 'node serves HTTP to itself'
guest node -e '
const http = require("http");
const s = http.createServer((q, r) => r.end("served")).listen(0, "127.0.0.1", () =>
  http.get({ port: s.address().port, host: "127.0.0.1" }, r =>
    r.on("data", d => console.log(String(d))).on("end", () => s.close())));'
expect served

it 'sqlite3 counts recursively'
guest sqlite3 :memory: 'with recursive n(x) as (select 1 union all select x + 1 from n where x < 100000) select sum(x) from n;'
expect 5000050000

it 'node keeps 16 compiled workers apart'
guest node -e '
const { Worker } = require("worker_threads");
const code = `const { parentPort, workerData } = require("worker_threads");
	let x = workerData; for (let i = 0; i < 1e6; i++) x = (x * 31 + i) | 0; parentPort.postMessage(x);`;
const ask = n => new Promise(r => new Worker(code, { eval: true, workerData: n }).on("message", r));
Promise.all([...Array(16).keys()].map(ask)).then(all => {
  const right = n => { let x = n; for (let i = 0; i < 1e6; i++) x = (x * 31 + i) | 0; return x; };
  console.log(all.filter((x, n) => x === right(n)).length);
});'
expect 16

it 'a JIT with many threads: Erlang, 16 schedulers, 10,000 processes'
guest erl +S 16:16 +A 32 -noshell -eval '
Self = self(),
Pids = [spawn(fun() -> receive {N, From} -> From ! lists:sum(lists:seq(1, N)) end end) ||
	_ <- lists:seq(1, 10000)],
[Pid ! {100, Self} || Pid <- Pids],
Total = lists:sum([receive X -> X end || _ <- Pids]),
io:format("~p of ~p~n", [Total, erlang:system_info(schedulers_online)]), halt().'
expect '50500000 of 16'

it 'a Go program'
guest sh -c 'seq 100000 | fzf --filter 9999 | sort -n | head -3'
expect '9999
19999
29999'
