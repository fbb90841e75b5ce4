# SPDX-License-Identifier: GPL-2.0-only
# fish completion for vitrine; the program itself says what fits

function __vitrine_complete
	set -l words (commandline -opc) (commandline -ct)
	for candidate in (vitrine __complete $words[2..-1] 2>/dev/null)
		if test "$candidate" = :files
			__fish_complete_path (commandline -ct)
		else
			echo $candidate
		end
	end
end

complete -c vitrine -f -a '(__vitrine_complete)'
