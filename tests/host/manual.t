#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The manual has every command and every option that the program has
. "$(dirname "$0")/../lib.sh"
page=$top/man/vitrine.1

# in_manual WORD...: an option as mdoc writes it
missing() {
	local option
	for option in "$@"; do
		grep -qE "Fl -${option#--}( |$)" "$page" || echo "$option"
	done
}

mapfile -t verbs < <(vitrine --help | sed -nE 's/^  ([a-z]+) .*/\1/p')
mapfile -t images < <(vitrine image --help | sed -nE 's/^  ([a-z]+) .*/image \1/p')
for verb in "${verbs[@]}" "${images[@]}"; do
	it "$verb is in the manual"
	host grep -qE "^\.(Cm|Ss|It Cm|Brq Cm) (.* )?${verb#image }( |\$)" "$page"
	status 0
	[ "$verb" != image ] && [ "$verb" != help ] || continue
	# shellcheck disable=SC2086 # two words
	mapfile -t options < <(vitrine $verb --help | sed -nE 's/^  (-.|  )?,? *(--[a-z][a-z-]*).*/\2/p' | grep -vx -- --help)
	it "and what $verb takes"
	host echo "$(missing "${options[@]}")"
	expect ''
done

it 'it has no mistakes that mandoc or groff would tell of'
host sh -c 'LC_ALL=C man --warnings -E UTF-8 -l -Tutf8 -Z "$1" 2>&1 >/dev/null | head -5' - "$page"
expect ''
