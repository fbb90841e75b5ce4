# SPDX-License-Identifier: GPL-2.0-only
# bash completion for vitrine; the program itself says what fits

# The words up to the cursor, which bash has cut at ':' and '='
_vitrine_words() {
	local line=${COMP_LINE:0:COMP_POINT} part
	words=()
	for part in "${COMP_WORDS[@]:0:COMP_CWORD+1}"; do
		if [ ${#words[@]} -gt 0 ] && [ -n "$part" ] && [[ $line == "${words[-1]}$part"* ]]; then
			line=${line#"${words[-1]}"}
			words[-1]+=$part
		else
			words+=("$part")
		fi
		[[ $line == "${words[-1]}"[[:space:]]* ]] && line=${line#"${words[-1]}"}
		line=${line#"${line%%[![:space:]]*}"}
	done
}

_vitrine() {
	local words word candidate cut
	_vitrine_words
	word=${words[-1]}
	COMPREPLY=()
	while IFS= read -r candidate; do
		if [ "$candidate" = :files ]; then
			compopt -o default 2>/dev/null
			mapfile -t -O ${#COMPREPLY[@]} COMPREPLY < <(compgen -f -- "$word")
		elif [[ $candidate == "$word"* ]]; then
			COMPREPLY+=("$candidate")
		fi
	done < <("${words[0]}" __complete "${words[@]:1}" 2>/dev/null)
	# What stands before the last ':' is not replaced
	cut=${word%"${word##*[:=]}"}
	COMPREPLY=("${COMPREPLY[@]#"$cut"}")
	[[ ${COMPREPLY[0]-} != *: ]] || compopt -o nospace 2>/dev/null
}

complete -F _vitrine vitrine
