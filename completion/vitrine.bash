# SPDX-License-Identifier: GPL-2.0-only
# bash completion for vitrine; verbs and options are asked of the program itself

_vitrine_verbs() {
	"$@" --help 2>/dev/null | awk '/^  [a-z]+ / { print $1 }'
}

_vitrine_options() {
	"$@" --help 2>/dev/null | grep -oE -- '--[a-z][a-z-]*'
}

_vitrine_sandboxes() {
	"$1" ps -q 2>/dev/null
}

_vitrine() {
	local program=${COMP_WORDS[0]} word=${COMP_WORDS[COMP_CWORD]}
	local verb=${COMP_WORDS[1]-} last=${COMP_WORDS[COMP_CWORD - 1]} choices=

	COMPREPLY=()
	if [ "$COMP_CWORD" = 1 ]; then
		choices=$(_vitrine_verbs "$program")
	elif [ "$verb" = image ] && [ "$COMP_CWORD" = 2 ]; then
		choices=$(_vitrine_verbs "$program" image)
	else
		case $last in
		--mount-profile) choices='full minimal' ;;
		--syscall-mode) choices='auto seccomp' ;;
		--wx) choices='allow deny' ;;
		--trace-format) choices='text json perfetto' ;;
		--disk | --env-file | --record | --replay | -S | -R | -r) ;;
		*)
			case $verb:$word in
			image:-*) choices=$(_vitrine_options "$program" image "${COMP_WORDS[2]}") ;;
			*:-*) choices=$(_vitrine_options "$program" "$verb") ;;
			run:*) choices=$("$program" image ls -q 2>/dev/null) ;;
			commit:* | diff:*) choices=$("$program" image disks -q 2>/dev/null) ;;
			exec:* | ps:* | kill:* | logs:* | top:* | observe:* | follow:* | trace:*) choices=$(_vitrine_sandboxes "$program") ;;
			help:*) choices=$(_vitrine_verbs "$program") ;;
			image:*)
				case ${COMP_WORDS[2]} in
				build) choices='mini debian' ;;
				inspect | rm | lock | export) choices=$("$program" image ls -q 2>/dev/null) ;;
				esac
				;;
			esac
			;;
		esac
	fi
	mapfile -t COMPREPLY < <(compgen -W "$choices" -- "$word")
}

complete -o default -F _vitrine vitrine
