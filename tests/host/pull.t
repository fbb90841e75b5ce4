#!/bin/bash
# Images from registries: Debian's own, and one that has every fault a registry can have
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../net/lib.sh" # for its certificates
needs openssl umoci skopeo docker-registry python3
export XDG_DATA_HOME=$scratch/data HOME=$scratch/home XDG_RUNTIME_DIR=$scratch/run
unset REGISTRY_AUTH_FILE DOCKER_CONFIG XDG_CONFIG_HOME
mkdir -p "$HOME/.docker" "$XDG_RUNTIME_DIR/containers"
store=$XDG_DATA_HOME/vitrine/store
run_options=()
servers=()
trap 'kill "${servers[@]}" 2>/dev/null; finish' EXIT

forget() {
	rm -rf "$XDG_DATA_HOME"
}

# serve FAULT...: the registry with faults; its address is $at
serve() {
	: >"$scratch/port"
	tests/images/registry.py "$scratch/lay" "$@" >"$scratch/port" 2>"$scratch/registry.log" &
	servers+=($!)
	soon test -s "$scratch/port"
	at=127.0.0.1:$(cat "$scratch/port")
}

host tests/images/layout "$scratch/lay"
status 0

# Debian's registry
port=$((20000 + RANDOM % 20000))
printf '%s\n' 'version: 0.1' 'log: {level: error}' \
	"storage: {filesystem: {rootdirectory: $scratch/registry}}" \
	"http: {addr: '127.0.0.1:$port'}" >"$scratch/registry.yml"
docker-registry serve "$scratch/registry.yml" >"$scratch/docker-registry.log" 2>&1 &
servers+=($!)
soon curl -fs "http://127.0.0.1:$port/v2/" >/dev/null
real=localhost:$port
for name in app base; do
	host skopeo copy -q --dest-tls-verify=false "oci:$scratch/lay:$name" "docker://$real/some/$name:1"
	status 0
done

host vitrine image pull "$real/some/app:1"
says 'is ready'
host vitrine run "$real/some/app:1"
expect hello
it 'no download is left over'
host sh -c "ls $store/blobs"
expect
host vitrine image pull "$real/some/app:1"
says 'up to date'
it 'layers that are there are not fetched'
host vitrine image pull --name base "$real/some/base:1"
status 0
[[ $stderr != *download* ]]
check $? 'the second image needs no download'
host vitrine run base -c 'echo $0'
shows '*'
host vitrine image ls -q
expect $'base\n'"$real/some/app:1"

# A digest pins, a lock holds, a tag that moved is refused
digest=$(vitrine image inspect --json "$real/some/app:1" | sed -n 's/.*"manifest": "\(.*\)".*/\1/p')
host vitrine image pull --name pinned "$real/some/app@$digest"
status 0
host vitrine image pull --name pinned --digest "${digest%?}$([ "${digest: -1}" = 0 ] && echo 1 || echo 0)" "$real/some/app:1"
status 125
host vitrine image lock "$real/some/app:1"
expect "$real/some/app:1 $digest"
host skopeo copy -q --dest-tls-verify=false "oci:$scratch/lay:base" "docker://$real/some/app:1"
host vitrine image pull "$real/some/app:1"
says 'is locked to'
host vitrine run "$real/some/app:1"
expect hello
host vitrine image lock --remove "$real/some/app:1"
status 0
host vitrine image pull "$real/some/app:1"
status 0

# Of several platforms, ours
cp -r "$scratch/lay" "$scratch/multi"
python3 - "$scratch/multi" <<'P'
import hashlib, json, os, sys
root = sys.argv[1]
top = json.load(open(root + "/index.json"))
find = {m["annotations"]["org.opencontainers.image.ref.name"]: m for m in top["manifests"]}
def entry(m, arch):
    return {"mediaType": m["mediaType"], "digest": m["digest"], "size": m["size"],
            "platform": {"os": "linux", "architecture": arch}}
index = json.dumps({"schemaVersion": 2, "manifests": [
    entry(find["base"], "arm64"), entry(find["app"], "amd64")]}).encode()
digest = hashlib.sha256(index).hexdigest()
open(root + "/blobs/sha256/" + digest, "wb").write(index)
top["manifests"].append({"mediaType": "application/vnd.oci.image.index.v1+json",
    "digest": "sha256:" + digest, "size": len(index),
    "annotations": {"org.opencontainers.image.ref.name": "multi"}})
json.dump(top, open(root + "/index.json", "w"))
P
rm -r "$scratch/lay"
mv "$scratch/multi" "$scratch/lay"
serve
host vitrine image pull --name multi "$at/x:multi"
status 0
host vitrine run multi
expect hello
host vitrine image pull --platform linux/riscv64 --name multi "$at/x:multi"
says 'it has nothing for linux/riscv64, but for linux/arm64, linux/amd64'
host vitrine image import --platform linux/amd64 "$scratch/lay:multi" multi2
status 0

# Logins, where docker and podman keep them
auth=$(printf user:secret | base64)
login() {
	printf '{"auths": {"%s": {"auth": "%s"}}}' "$at" "$auth" >"$1"
}
serve token
forget
host vitrine image pull "$at/x:app"
says 'wants a login'
one_line_of_error() { [ "$(printf '%s\n' "$stderr" | grep -c '^vitrine:')" = 1 ]; check $? "$what fails with one line"; }
one_line_of_error
login "$HOME/.docker/config.json"
host vitrine image pull "$at/x:app"
status 0
rm "$HOME/.docker/config.json"
login "$XDG_RUNTIME_DIR/containers/auth.json"
forget
host vitrine image pull "$at/x:app"
status 0
rm "$XDG_RUNTIME_DIR/containers/auth.json"
mkdir -p "$scratch/bin"
# shellcheck disable=SC2016
printf '#!/bin/sh\nread host\n[ "$host" = "%s" ] && echo "{\\"Username\\": \\"user\\", \\"Secret\\": \\"secret\\"}"\n' "$at" \
	>"$scratch/bin/docker-credential-test"
chmod +x "$scratch/bin/docker-credential-test"
printf '{"credsStore": "test"}' >"$HOME/.docker/config.json"
forget
it 'a credential helper is asked'
host env PATH="$scratch/bin:$PATH" vitrine image pull "$at/x:app"
status 0
printf '{"credsStore": "../x"}' >"$HOME/.docker/config.json"
forget
host vitrine image pull "$at/x:app"
says 'not the name of a credential helper'
printf 'not json' >"$HOME/.docker/config.json"
host vitrine image pull "$at/x:app"
says 'config.json cannot be read'
for kind in basic expiring; do
	serve $kind
	login "$HOME/.docker/config.json"
	forget
	host vitrine image pull "$at/x:app"
	status 0
done
rm "$HOME/.docker/config.json"

# With TLS: an authority of its own, names, and what is told to whom
certificates reg.localhost cdn.localhost
serve_tls() {
	serve "tls=$scratch/reg.localhost.pem,$scratch/reg.localhost.key" "$@"
	at=reg.localhost:${at#*:}
	forget
	login "$HOME/.docker/config.json"
}
serve_tls token redirect
it 'a registry that nobody vouches for is refused'
host vitrine image pull --name app "$at/x:app"
says "$at: SSL certificate problem"
one_line_of_error
it 'an authority from the environment, and another host for blobs, which hears no token'
host env SSL_CERT_FILE="$scratch/ca.pem" vitrine image pull --name app "$at/x:app"
status 0
host vitrine run app
expect hello
it "an authority from the user's own configuration"
forget
mkdir -p "$HOME/.config/containers/certs.d/$at"
cp "$scratch/ca.pem" "$HOME/.config/containers/certs.d/$at/ca.crt"
host vitrine image pull --name app "$at/x:app"
status 0
rm -r "$HOME/.config/containers/certs.d"
it 'a certificate for another name is refused'
at=wrong.localhost:${at#*:}
host env SSL_CERT_FILE="$scratch/ca.pem" vitrine image pull --name app "$at/x:app"
says 'no alternative certificate subject name matches'
one_line_of_error
serve_tls plaintoken
it 'a token server without TLS is not asked'
host env SSL_CERT_FILE="$scratch/ca.pem" vitrine image pull --name app "$at/x:app"
says 'sends us to a token server without TLS'
one_line_of_error
serve_tls token unsealed
it 'nor are blobs fetched without TLS'
host env SSL_CERT_FILE="$scratch/ca.pem" vitrine image pull --name app "$at/x:app"
says 'Protocol "http" not supported*'
one_line_of_error
rm "$HOME/.docker/config.json"

# What is named by another kind of digest cannot be verified
it 'a reference, and a layer, with a digest that is not sha256'
host vitrine image pull --name app "$at/x@sha512:$(printf 'a%.0s' {1..128})"
says "behind '@' there must be sha256: and 64 digits"
one_line_of_error
cp -r "$scratch/lay" "$scratch/lay512"
python3 - "$scratch/lay512" <<'P'
import hashlib, json, sys
root = sys.argv[1]
top = json.load(open(root + "/index.json"))
entry = [m for m in top["manifests"] if m["annotations"]["org.opencontainers.image.ref.name"] == "app"][0]
manifest = json.load(open(root + "/blobs/sha256/" + entry["digest"][7:]))
manifest["layers"][-1]["digest"] = "sha512:" + "a" * 128
text = json.dumps(manifest).encode()
entry.update(digest="sha256:" + hashlib.sha256(text).hexdigest(), size=len(text))
open(root + "/blobs/sha256/" + entry["digest"][7:], "wb").write(text)
json.dump(top, open(root + "/index.json", "w"))
P
host vitrine image import "$scratch/lay512:app" odd
says "is not a digest that can be verified (sha256)"
one_line_of_error
mv "$scratch/lay" "$scratch/lay256" && mv "$scratch/lay512" "$scratch/lay"
serve
host vitrine image pull --name odd "$at/x:app"
says "is not a digest that can be verified (sha256)"
one_line_of_error
rm -r "$scratch/lay" && mv "$scratch/lay256" "$scratch/lay"
host vitrine image ls -q
expect

# Servers with faults that pass
for fault in busy broken cut 'cut noranges busy' redirect 'cut redirect'; do
	[ "$fault" = 'cut noranges busy' ] && continue
	# shellcheck disable=SC2086
	serve $fault
	forget
	it "a registry that is: $fault"
	host vitrine image pull --name app "$at/x:app"
	status 0
	host vitrine run app
	expect hello
done

# and with faults that do not: nothing is kept but what is right
refuse() {
	serve "$1"
	forget
	host vitrine image pull "$at/x:app"
	says "$2"
	status 125
	host vitrine image ls -q
	expect
}
refuse down 'has trouble (status 503)'
refuse liar 'but sha256:'
refuse long 'sends more than it said'
refuse bomb 'sends more than it said'
digest=$(sed 's/.*\("digest":"[^"]*"[^}]*"app"\).*/\1/; s/"digest":"\([^"]*\)".*/\1/' "$scratch/lay/index.json")
serve swapped
host vitrine image pull --digest "sha256:$(printf 'a%.0s' {1..64})" "$at/x:app"
says 'the manifest that the registry sends is not'

# The registry goes away in the middle: what came is not fetched again
serve cut
forget
vitrine image pull --name app "$at/x:app" 2>/dev/null &
pull=$!
soon sh -c "ls $store/blobs/*.part >/dev/null 2>&1"
kill -KILL $pull
wait $pull 2>/dev/null
serve
it 'a pull that was killed goes on'
host vitrine image pull --name app "$at/x:app"
status 0
host vitrine run app
expect hello

it 'a registry that is gone for good in the middle: one line, and no image'
serve cut
forget
vitrine image pull --name app "$at/x:app" >"$scratch/out" 2>"$scratch/err" &
pull=$!
soon sh -c "ls $store/blobs/*.part >/dev/null 2>&1"
kill -KILL "${servers[-1]}"
wait $pull
code=$? what='vitrine image pull' stderr=$(cat "$scratch/err")
name=$title title=
status 125
name=
one_line_of_error
says "$at: "
host vitrine image ls -q
expect

host vitrine image pull nowhere.invalid/x
says 'Could not resolve host'
host vitrine image pull "127.0.0.1:1/x"
says 'Failed to connect'
host vitrine image pull 'Upper/x'
one_line
host vitrine image pull "$at/x@sha256:123"
one_line
host vitrine image pull
status 2
