# SPDX-License-Identifier: GPL-2.0-only
# fish completion for vitrine; verbs and options are asked of the program itself

function __vitrine_verbs
	vitrine --help 2>/dev/null | string match -rg '^  ([a-z]+) +.*'
end

function __vitrine_options
	set -l words (commandline -opc)
	test (count $words) -ge 2; or return
	set -l verb $words[2]
	if test "$verb" = image; and test (count $words) -ge 3
		set verb image $words[3]
	end
	vitrine $verb --help 2>/dev/null | string match -rag -- '--[a-z][a-z-]*'
end

complete -c vitrine -n __fish_use_subcommand -f -a '(__vitrine_verbs)'
complete -c vitrine -n 'not __fish_use_subcommand' -a '(__vitrine_options)'
complete -c vitrine -n '__fish_seen_subcommand_from run' -a '(vitrine image ls -q 2>/dev/null)'
complete -c vitrine -n '__fish_seen_subcommand_from exec ps kill logs top observe follow trace' -f -a '(vitrine ps -q 2>/dev/null)'
complete -c vitrine -n '__fish_seen_subcommand_from commit diff' -f -a '(vitrine image disks -q 2>/dev/null)'
complete -c vitrine -n '__fish_seen_subcommand_from image' -a '(vitrine image --help 2>/dev/null | string match -rg "^  ([a-z]+) +.*") mini debian (vitrine image ls -q 2>/dev/null)'
