# SPDX-License-Identifier: GPL-2.0-only
# fish completion for vitrined: its help says which options there are

function __vitrined_options
	printf "doctor\nkey\n"
	vitrined --help 2>/dev/null | sed -nE 's/^  (-.|  )?,? *(--[a-z][a-z-]*).*/\2/p'
end

complete -c vitrined -f -a '(__vitrined_options)'
complete -c vitrined -l config -r -F
