#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A sandbox with a network that is paused and goes on: its own connections go on, those to others end
. "$(dirname "$0")/../../lib.sh"
. "$(dirname "$0")/../../net/lib.sh"
uses debian
mkdir -p "$scratch/state"
export XDG_STATE_HOME=$scratch/state

serve echo
web=$(free_port)
vitrine run -d --ephemeral --name n-$$ --net --net-allow host --publish "$web:80" debian -- bash -c "
cat >/tmp/inside.py <<END
import socket, threading, time
server = socket.create_server(('127.0.0.1', 7))
def echo():
    conn, _ = server.accept()
    while data := conn.recv(9): conn.sendall(data)
threading.Thread(target=echo, daemon=True).start()
inside = socket.create_connection(('127.0.0.1', 7))
outside = socket.create_connection(('10.0.2.2', $port))
outside.sendall(b'before'); print(outside.recv(9).decode(), flush=True)
def wait():
    try: print('outside', outside.recv(9), flush=True)
    except OSError as e: print('outside', e.strerror, flush=True)
threading.Thread(target=wait).start()
while True:
    inside.sendall(b'x'); assert inside.recv(9) == b'x'
    time.sleep(0.05)
END
python3 /tmp/inside.py & cd /etc; exec python3 -m http.server 80" >/dev/null
logs_have() {
	vitrine logs n-$$ 2>/dev/null | grep -q "$1"
}
soon logs_have before
answers "$web"

it 'pause and resume'
host vitrine pause n-$$
expect n-$$
host vitrine resume n-$$
expect n-$$
it 'who waits for somebody outside hears that nobody is there'
soon logs_have outside
host vitrine logs n-$$
shows '*before*outside Connection reset by peer'
it 'who speaks with somebody inside goes on'
host vitrine exec n-$$ -- pgrep -fc inside.py
shows '[1-9]'
it 'a published port answers again'
answers "$web"
host curl -sf "http://127.0.0.1:$web/hostname"
status 0
it 'new connections are made'
host vitrine exec n-$$ -- bash -c "exec 3<>/dev/tcp/10.0.2.2/$port; echo again >&3; read -r line <&3; echo \$line"
expect again

it 'a fork has a network of its own, and no published ports'
host vitrine fork n-$$ --name f-$$
expect f-$$
host vitrine exec f-$$ -- bash -c "exec 3<>/dev/tcp/10.0.2.2/$port; echo clone >&3; read -r line <&3; echo \$line"
expect clone
host curl -sf "http://127.0.0.1:$web/hostname"
status 0
vitrine kill f-$$

it 'a published port that somebody else has: it stays paused, and one line says why'
vitrine pause n-$$ >/dev/null
python3 -c "import socket, time; s = socket.create_server(('127.0.0.1', $web)); time.sleep(1000)" &
servers+=($!)
answers "$web"
host vitrine resume n-$$
status 125
says "$web"
one_line
host sh -c "vitrine ps -a --format '{{.Name}} {{.Status}}' | grep n-$$"
expect "n-$$ paused"
vitrine rm n-$$ >/dev/null
