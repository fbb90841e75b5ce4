#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What bash offers: asked as bash asks, with the words cut where it cuts them
. "$(dirname "$0")/../lib.sh"
export XDG_RUNTIME_DIR=$scratch

cat >"$scratch/ask" <<'END'
. completion/vitrine.bash
COMP_LINE=$1 COMP_POINT=${#1}
# bash cuts at blanks, and ':' and '=' are words
mapfile -t COMP_WORDS < <(sed -E 's/([:=])/\n\1\n/g; s/ +/\n/g' <<<"$1" | sed -n '/./p')
[[ $1 != *[[:space:]] ]] || COMP_WORDS+=('')
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
_vitrine
printf '%s\n' "${COMPREPLY[@]}"
END

# offers LINE WORD...: all of these are among what is offered
offers() {
	local line=$1
	shift
	host bash "$scratch/ask" "$line"
	for word in "$@"; do
		grep -qxF -- "$word" <<<"$stdout" || code=1
	done
	check "$code" "'$line' offers $*"
}

offers 'vitrine ' run exec stop trace image
offers 'vitrine st' stop
offers 'vitrine help k' kill
offers 'vitrine image ' build ls rm inspect
offers 'vitrine run --eph' --ephemeral
offers 'vitrine run --mount-profile ' full minimal
offers 'vitrine kill -s T' TERM TRAP TSTP
offers 'vitrine stop --signal US' USR1 USR2
offers 'vitrine trace -e openat,clo' openat,clone openat,close
offers 'vitrine trace -e !%f' '!%file' '!%file_io'
offers 'vitrine trace --format ' text json perfetto
offers 'vitrine trace run --eph' --ephemeral
offers 'vitrine trace --events s' sched
offers 'vitrine follow -t 1 open' openat open_by_handle_at
offers 'vitrine image build ' mini debian
offers 'vitrine image build --pack' --packages
offers 'vitrine run --env-file completion/vit' completion/vitrine.bash completion/vitrine.fish
offers 'vitrine run -v completion/vit' completion/vitrine.bash
offers 'vitrine run --vol' --volume
offers 'vitrine run ./completion/_' ./completion/_vitrine
offers 'vitrine run mini -- README' README.md
it 'what is not there is not offered'
host bash "$scratch/ask" 'vitrine run mini --'
expect ''

uses mini
start box mini -- sleep 1000
offers 'vitrine run mi' mini
offers 'vitrine exec ' box
offers 'vitrine trace ' box run
offers 'vitrine cp b' box:
offers 'vitrine cp box:/etc/pass' /etc/passwd
offers 'vitrine cp README.md box:/us' /usr
it 'a name that is no word is not offered'
vitrine exec box sh -c 'mkdir /evil; touch "/evil/$(printf "a\nb")" "/evil/$(printf "\033c")" /evil/good' </dev/null
host vitrine __complete cp box:/evil/
expect 'box:/evil/good'
host vitrine kill box
status 0
