# SPDX-License-Identifier: GPL-2.0-only
# bash completion for vitrined: its help says which options there are

_vitrined() {
	local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}
	case $before in
	--config) compopt -o default 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$word") ;;
	--base) mapfile -t COMPREPLY < <(compgen -W "$(vitrine image ls -q 2>/dev/null)" -- "$word") ;;
	--listen | --store | --domain | --connections | -l) COMPREPLY=() ;;
	*)
		mapfile -t COMPREPLY < <(compgen -W "doctor key $(vitrined --help 2>/dev/null |
			sed -nE 's/^  (-.|  )?,? *(--[a-z][a-z-]*).*/\2/p')" -- "$word")
		;;
	esac
}
complete -F _vitrined vitrined
