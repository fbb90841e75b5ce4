#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Published ports: at the start and later, of streams and datagrams, and what goes wrong
. "$(dirname "$0")/../../lib.sh"
. "$(dirname "$0")/../../net/lib.sh"
uses debian
run_options=(--ephemeral)

web=$(free_port) web6=$(free_port) names=$(free_port) late=$(free_port)
start p-$$ --net --publish "$web:80" --publish "[::1]:$web6:80" --publish "$names:5353/udp" debian -- bash -c '
cat >/tmp/udp.py <<END
import socket
u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); u.bind(("0.0.0.0", 5353))
while True:
    data, who = u.recvfrom(70000); u.sendto(who[0].encode() + b" " + data, who)
END
cat >/tmp/web.py <<END
import http.server, socket
class Server(http.server.ThreadingHTTPServer):
    address_family = socket.AF_INET6
    request_queue_size = 128  # or a hundred clients wait for retries
Server(("::", 80), http.server.SimpleHTTPRequestHandler).serve_forever()
END
python3 /tmp/udp.py &
mkdir /tmp/www; cd /tmp/www; echo inside >index.html; head -c 3000000 /dev/zero >zeros
python3 /tmp/web.py'
soon curl -sf -o /dev/null "http://127.0.0.1:$web/"

it 'a server of the guest is reached at the published port'
host curl -s "http://127.0.0.1:$web/"
expect inside

it 'at an address of IPv6'
host curl -s "http://[::1]:$web6/"
expect inside

it 'what it sends arrives whole'
host bash -c "curl -s http://127.0.0.1:$web/zeros | wc -c"
expect 3000000

it 'datagrams, from two senders, who are the gateway'
host python3 -c "
import socket
for n in b'one', b'two':
    u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); u.settimeout(20)
    for _ in range(3): u.sendto(n, ('127.0.0.1', $names)); print(u.recv(99).decode(), end=' ')"
expect '10.0.2.2 one 10.0.2.2 one 10.0.2.2 one 10.0.2.2 two 10.0.2.2 two 10.0.2.2 two '

it 'a hundred clients at once'
host bash -c "for i in {1..100}; do curl -s http://127.0.0.1:$web/ & done | sort | uniq -c | tr -s ' '"
expect ' 100 inside'

it 'a port of a running sandbox, and another that is free'
host vitrine publish p-$$ "$late:80"
expect "127.0.0.1:$late:80/tcp"
it 'answers'
host curl -s "http://127.0.0.1:$late/"
expect inside
host vitrine publish p-$$ 0:80
shows '127.0.0.1:[1-9]*:80/tcp'
any=${stdout#127.0.0.1:} any=${any%%:*}
it 'which is any that is free'
host curl -s "http://127.0.0.1:$any/"
expect inside

it 'a list of them'
host vitrine publish p-$$
expect "127.0.0.1:$web:80/tcp
[::1]:$web6:80/tcp
127.0.0.1:$names:5353/udp
127.0.0.1:$late:80/tcp
127.0.0.1:$any:80/tcp"

it 'one is taken back'
host vitrine publish --remove p-$$ "$late:80"
status 0
host curl -s "http://127.0.0.1:$late/"
status 7
it 'and cannot be taken back twice'
host vitrine publish --remove p-$$ "$late:80"
says "$late:80 is not published"
one_line

it 'a port that another has: one line'
host vitrine publish p-$$ "$web:80"
says 'another program has that port'
one_line
it 'and before anything starts'
host vitrine run --ephemeral --net --publish "$web:80" debian -- true
says 'another program has that port'
one_line
status 125

it 'nobody listens in the guest: the connection ends'
vitrine publish p-$$ "$late:81" >/dev/null
# It was accepted: the reset comes while curl still connects, or later
host bash -c "curl -s -m 20 http://127.0.0.1:$late/; echo \$?"
[[ $stdout == 7 || $stdout == 56 ]]
check $? 'curl is told'
it 'and is reset, not refused'
host python3 -c "
import socket
s = socket.socket(); s.connect_ex(('127.0.0.1', $late))
try: print(s.recv(1) or 'end')
except OSError as error: print(error.strerror)"
shows 'Connection reset by peer'

it 'ps knows which sandboxes have a network'
host bash -c "vitrine ps --json | jq -r '.[] | select(.name == \"p-$$\") | .network'"
expect true

vitrine kill p-$$ >/dev/null
it 'ports are free again when the sandbox has ended'
host bash -c "curl -s -m 5 http://127.0.0.1:$web/"
status 7

start q-$$ debian -- sleep 100
it 'a sandbox without a network'
host vitrine publish q-$$ 8080:80
says 'has no network'
one_line
host vitrine net q-$$
says 'has no network'
vitrine kill q-$$ >/dev/null

it 'the ports that an image names'
needs umoci
(
	export XDG_DATA_HOME=$scratch/data
	tests/images/layout "$scratch/lay" && vitrine image import "$scratch/lay:app" app
) >/dev/null 2>&1
XDG_DATA_HOME=$scratch/data vitrine run -d --name i-$$ --net -P --entrypoint /bin/sleep app 100 >/dev/null
host vitrine publish i-$$
shows '127.0.0.1:[1-9]*:80/tcp'
vitrine kill i-$$ >/dev/null
host vitrine run --ephemeral --net -P debian -- true
says 'the image names no ports'
status 125

for bad in 80 a:b :80 80:0 ::1:80:80 80:80/sctp; do
	host vitrine run --net --publish "$bad" debian -- true
	says --publish
	status 2
done
host vitrine run --publish 8080:80 debian -- true
says 'the guest has no network; add --net'
status 2
