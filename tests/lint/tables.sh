#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Does every row of a table have its test?
#
# A row counts as tested when a unit, diff or flow test or a case file says
# the word that only a test of it would say:
#   verifier/diag.inc    VF<number> or VF_<NAME>
#   exo/abi/call.inc     EXO_CALL_<NAME>_NR
#   exo/abi/machine.inc  the same, or lnet_<name> (EXIT: lnet_quit), in a program of
#                        tests/bare, too
#   exo/abi/err.inc      EXO_<NAME>
#   exo/abi/map.inc      EXO_MAP_<NAME>
#   exo/space/text_errors.inc  SP_TEXT_<NAME>
#   exo/isa/helpers.inc  call <name>, as assembler text
# The bodies of tables (*.inc) do not count, nor do comments in C.
#
# The rows of exo/isa/opcodes.inc are judged by a test that sees which of them
# really ran, t_every_row_runs; here it only has to be there.

# shellcheck source=tests/lint/common.sh
. "$(dirname "$0")/common.sh"

words=$(mktemp) && machine=$(mktemp) || exit 2
trap 'rm -f "$words" "$machine"' EXIT

# words FOLDER...: every word of tests, once; of "call name" also call:name.
words() {
	files "$@" | grep -vE '\.(inc|md)$' | while IFS= read -r file; do
		case $file in
		*.[ch])
			sed 's,/\*.*\*/,,; /^[ \t]*\/\*/,/\*\//d; s,//.*,,' \
			    "$file"
			;;
		*) cat "$file" ;;
		esac
	done | sed 's/call \(bpf_\)\{0,1\}\([a-z][a-z0-9_]*\)/& call:\2/g' |
	    tr -c 'A-Za-z0-9_:' '\n' | sed 's/:$//' | sort -u
}

words tests/unit tests/cases tests/diff tests/flow >"$words"
words tests/bare | sort -u - "$words" >"$machine"

# untested TABLE AWK WORDS: AWK prints "LINE<tab>word word..." for each row.
untested() {
	[ -e "$1" ] || return 0
	awk "$2" "$1" | while IFS='	' read -r line any; do
		for word in $any; do
			grep -qxF -e "$word" "$3" && continue 2
		done
		echo "$1:$line: no test says ${any% *}; add one"
	done
}

# A table that vanished, or whose rows changed their form, is not "tested".
rows() {
	if [ ! -e "$1" ]; then
		echo "$1: there is no such table; adapt tests/lint/tables.sh"
	elif ! grep -qE "^($2) *\(" "$1"; then
		echo "$1: no row begins with $2; adapt tests/lint/tables.sh"
	fi
}

# table TABLE MACRO AWK [WORDS]
table() {
	found=$(rows "$1" "$2")
	[ -n "$found" ] || found=$(untested "$1" "$3" "${4:-$words}")
	rule "every row of $1 has its test" "$found"
}

# shellcheck disable=SC2016 # awk's variables
split='function name(i,    s) {
	s = $0; sub(/^[A-Z_]+ *\(/, "", s); split(s, col, /[ \t]*,[ \t]*/)
	gsub(/[ \t")]/, "", col[i]); return col[i] }'
table verifier/diag.inc VF_DIAG "$split"'
	/^VF_DIAG *\(/ { print NR "\tVF" name(1) " VF_" name(2) }'
table exo/abi/call.inc EXO_CALL_ROW "$split"'
	/^EXO_CALL_ROW *\(/ { print NR "\tEXO_CALL_" name(1) "_NR " }'
table exo/abi/machine.inc EXO_CALL_ROW "$split"'
	/^EXO_CALL_ROW *\(/ {
		wrapped = name(1) == "EXIT" ? "quit" : tolower(name(1))
		print NR "\tEXO_CALL_" name(1) "_NR lnet_" wrapped }' \
    "$machine"
table exo/abi/map.inc EXO_MAP_KIND "$split"'
	/^EXO_MAP_KIND *\(/ { print NR "\tEXO_MAP_" name(2) " " }'
table exo/space/text_errors.inc SP_TEXT_ERROR "$split"'
	/^SP_TEXT_ERROR *\(/ { print NR "\tSP_TEXT_" name(2) " " }'
table exo/isa/helpers.inc ISA_HELPER "$split"'
	/^ISA_HELPER *\(/ { print NR "\tcall:" name(2) " " }'
table exo/abi/err.inc EXO_ERR "$split"'
	/^EXO_ERR *\(/ { print NR "\tEXO_" name(1) " " }'

found=$(grep -q 'tcase_add_test([a-z]*, t_every_row_runs)' \
    tests/unit/t_isa_cases.c 2>/dev/null ||
    echo "tests/unit/t_isa_cases.c: t_every_row_runs is gone; without it" \
	"nothing says that every opcode has its case")
rule "a test counts the rows of exo/isa/opcodes.inc" "$found"

found=$(for file in tests/unit/t_*.c; do
	[ -e "$file" ] || continue
	name=$(basename "$file" .c)
	grep -qx "SUITE($name)" tests/unit/suites.inc 2>/dev/null ||
	    echo "$file:1: it never runs; add SUITE($name) to" \
		"tests/unit/suites.inc"
done)
rule "every tests/unit/t_*.c is in suites.inc" "$found"
finish
