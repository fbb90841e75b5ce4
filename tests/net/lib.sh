# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# lib.sh - servers on the host for tests of the guest's network; sourced behind tests/lib.sh
#
#	serve echo                 a server of tests/net/peer.py: $port
#	serve hello 6              on ::1
#	resolver NAME=ADDRESS...   a resolver: $dns is ADDRESS:PORT; names it was asked for are in $scratch/asked
#	answers PORT               wait until something listens there
#	certificates NAME...       $scratch/ca.pem, and NAME.pem and .key for all the names
#	web [CERTIFICATE KEY]      a web server: $port; what has reached it is in $scratch/web.log

servers=()

stop_servers() {
	[ ${#servers[@]} = 0 ] || kill "${servers[@]}" 2>/dev/null
	servers=()
}
trap 'stop_servers; finish' EXIT

serve() {
	local ready=$scratch/ready.$RANDOM
	python3 "$top/tests/net/peer.py" "$ready" "$@" >/dev/null 2>"$scratch/peer.err" &
	servers+=($!)
	soon test -e "$ready"
	port=$(cat "$ready")
}

resolver() {
	local ready=$scratch/ready.$RANDOM
	python3 "$top/tests/net/resolver.py" "$ready" "$@" >>"$scratch/asked" 2>/dev/null &
	servers+=($!)
	soon test -e "$ready"
	dns=127.0.0.1:$(cat "$ready")
}

answers() {
	soon bash -c "exec 3<>/dev/tcp/${2:-127.0.0.1}/$1" 2>/dev/null
}

# A port of the host's that nobody has, below those that connections get
free_port() {
	python3 -c '
import random, socket
while True:
    s = socket.socket(); port = random.randrange(20000, 30000)
    try: s.bind(("127.0.0.1", port)); print(port); break
    except OSError: pass'
}

# certificates NAME...: a certificate authority, and a certificate for names of hosts: $scratch/ca.pem and
# NAME.pem, NAME.key of the first name
certificates() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=tests \
		-addext 'basicConstraints=critical,CA:TRUE' -addext 'keyUsage=critical,keyCertSign' \
		-keyout "$scratch/ca.key" -out "$scratch/ca.pem" 2>/dev/null
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$1" -keyout "$scratch/$1.key" \
		-out "$scratch/csr" 2>/dev/null
	openssl x509 -req -in "$scratch/csr" -CA "$scratch/ca.pem" -CAkey "$scratch/ca.key" -CAcreateserial -days 2 \
		-extfile <(echo "subjectAltName=$(printf 'DNS:%s\n' "$@" | paste -sd,)") -out "$scratch/$1.pem" 2>/dev/null
}

# web [CERTIFICATE KEY]: a server of tests/net/web.py: $port; what reaches it is in $scratch/web.log
web() {
	local ready=$scratch/ready.$RANDOM
	python3 "$top/tests/net/web.py" "$ready" "$scratch/web.log" "$@" >/dev/null 2>"$scratch/web.err" &
	servers+=($!)
	soon test -e "$ready"
	port=$(cat "$ready")
}
