#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What shells offer. bash: asked as it asks, with the words cut where it cuts them. fish has a command
# that says what it offers. zsh has none: the line is typed, and its list read from its screen
. "$(dirname "$0")/../lib.sh"
needs zsh fish tmux
export XDG_RUNTIME_DIR=$scratch HOME=$scratch

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

in_fish() {
	local line=$1
	shift
	host fish --no-config --private --command 'source completion/vitrine.fish; complete -C $argv[1]' -- "$line"
	for word in "$@"; do
		cut -f1 <<<"$stdout" | grep -qxF -- "$word" || code=1
	done
	check "$code" "fish: '$line' offers $*"
}

# Ctrl-T shows what Tab would choose from, be it one
cat >"$scratch/zshrc" <<'END'
PROMPT='%% '
fpath=($PWD/completion $fpath)
autoload -Uz compinit
compinit -u -d $HOME/zcompdump
bindkey '^T' list-choices
clear
END
screen() {
	tmux -L "zsh$$" "$@"
}
trap 'screen kill-server 2>/dev/null; finish' EXIT
screen -f /dev/null new-session -d -x 200 -y 100 zsh -f
screen send-keys "source $scratch/zshrc" Enter

# The line that is typed is no offer
list_has() {
	stdout=$(screen capture-pane -p | grep -v '^% ')
	for word in "$@"; do
		grep -qE -- "(^| )$word( |\$)" <<<"$stdout" || return
	done
}

in_zsh() {
	local line=$1
	shift
	screen send-keys C-u
	screen send-keys C-l
	screen send-keys -l -- "$line"
	screen send-keys C-t
	soon list_has "$@"
	check $? "zsh: '$line' offers $*"
}

in_fish 'vitrine ' run exec stop trace image
in_fish 'vitrine st' stop
in_fish 'vitrine run --eph' --ephemeral
in_fish 'vitrine kill -s T' TERM TRAP TSTP
in_fish 'vitrine trace -e openat,clo' openat,clone openat,close
in_fish 'vitrine image build ' mini debian
in_fish 'vitrine run --env-file completion/vit' completion/vitrine.bash completion/vitrine.fish
in_fish 'vitrine run mini -- README' README.md
in_zsh 'vitrine ' run exec stop trace image
in_zsh 'vitrine st' stop
in_zsh 'vitrine run --eph' --ephemeral
in_zsh 'vitrine kill -s T' TERM TRAP TSTP
in_zsh 'vitrine trace -e openat,clo' openat,clone openat,close
in_zsh 'vitrine image build ' mini debian
in_zsh 'vitrine run --env-file completion/vit' vitrine.bash vitrine.fish
in_zsh 'vitrine run mini -- README' README.md

offers 'vitrine ' run exec stop trace image
offers 'vitrine st' stop
offers 'vitrine help k' kill
offers 'vitrine image ' build ls rm inspect
offers 'vitrine run --eph' --ephemeral
offers 'vitrine run --mount-profile ' full minimal
offers 'vitrine run --on-timeout ' kill pause
offers 'vitrine kill -s T' TERM TRAP TSTP
offers 'vitrine stop --signal US' USR1 USR2
offers 'vitrine trace -e openat,clo' openat,clone openat,close
offers 'vitrine trace -e !%f' '!%file' '!%file_io'
offers 'vitrine trace --format ' text json perfetto
offers 'vitrine trace run --eph' --ephemeral
offers 'vitrine trace exec --workd' --workdir
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
in_fish 'vitrine exec ' box
in_fish 'vitrine cp b' box:
in_fish 'vitrine cp box:/etc/pass' box:/etc/passwd
in_zsh 'vitrine exec ' box
in_zsh 'vitrine cp box:/etc/pass' box:/etc/passwd
it 'a name that is no word is not offered'
vitrine exec box sh -c 'mkdir /evil; touch "/evil/$(printf "a\nb")" "/evil/$(printf "\033c")" /evil/good' </dev/null
host vitrine __complete cp box:/evil/
expect 'box:/evil/good'
host vitrine kill box
status 0
