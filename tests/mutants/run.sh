#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The mutation check: single faults in the verifier, each of which our tests
# must catch.
#
# usage: run.sh BUILD all|fuzz		all that were not tried yet, and a table
#        run.sh BUILD all|fuzz NAME	this one, once more
#
# `all` tries the verifier's unit suites, the quick ones first, then MUTANT_RUNS
# (20000) generated programs, then the long suites, then the program vectors
# where EXOPF_VECTORS names some, and stops at what fails first. `fuzz` is about the generator and the oracles: it
# tries 100000 generated programs only, on the faults that are unsound.
#
# A table tests/mutants/*.mut holds faults:
#
#	== name
#	file: verifier/FILE
#	kind: unsound (wrong verdicts or facts), or weak (refuses or costs more)
#	what: what the fault makes the verifier believe
#	-the old text, whole lines, which stand once in FILE
#	+the new one
#
# A line that begins with a blank is in both texts; @@ parts two places of one
# file. What was found is a line each in BUILD/mutants/results-all (or -fuzz),
# so that a run goes on where it was stopped. A change of the sources makes
# them void, a change of a fault its own. The tree without a fault must pass
# first. Exit 1: a fault was not caught.

set -u
LC_ALL=C
export LC_ALL
src=$(cd "$(dirname "$0")/../.." && pwd)
build=$1 how=$2 only=${3:-}
case $build in
/*) ;;
*) build=$src/$build ;;
esac
dir=$build/mutants
results=$dir/results-$how
case $how in
all) runs=${MUTANT_RUNS:-20000} ;;
fuzz) runs=${MUTANT_RUNS:-100000} ;;
*)
	echo "mutants: HOW is all or fuzz"
	exit 2
	;;
esac
seed=${FUZZ_SEED:-1}
tab=$(printf '\t')

table() {
	awk "$@" -f "$src/tests/mutants/mutant.awk" "$src"/tests/mutants/*.mut
}

# The sources, without what no judgement depends on.
sources="Makefile exo filters include libos-net verifier"
parts="cases diff fuzz/fuzz_verify.c fuzz/replay_main.c module.mk support \
targets.mk unit vectors"

build_in() {
	programs="build/unit build/fuzz_verify"
	[ -z "${EXOPF_VECTORS:-}" ] || programs="$programs build/exopf"
	# shellcheck disable=SC2086 # a list of programs
	make -C "$1" -s BUILD=build OPT=-O1 WERROR= SAN= COVER= $programs \
	    >"$dir/make.log" 2>&1 </dev/null
}

# What is said of a program that ended; nothing when all is well. It is cut off
# at the first failure.
suite() {
	{
		CK_FORK=no timeout -k 5 300 stdbuf -oL \
		    build/unit --tap "$1" 2>&1 </dev/null
		echo "status $?"
	} | awk -v suite="$1" '
	/^not ok/ {
		sub(/^not ok [0-9]+ - [^:]*:[^:]*:/, "")
		print suite ": " substr($0, 1, 90)
		exit
	}
	/^status / && $2 != 0 { print suite ": exit status " $2 }'
}

vectors() {
	[ -n "${EXOPF_VECTORS:-}" ] || return
	EXOPF=build/exopf timeout -k 5 300 sh tests/vectors/check.sh \
	    >"$dir/vectors.log" 2>&1 </dev/null
	case $? in
	0 | 77) ;;
	*) echo "vectors: $(grep '^not ok' "$dir/vectors.log" | head -n 1)" ;;
	esac
}

fuzz() {
	timeout -k 5 3600 build/fuzz_verify -g "$runs" "$seed" 0 1 \
	    >"$dir/fuzz.log" 2>&1 </dev/null && return
	awk -v status=$? '
	/^FAULT/ && fault == "" { fault = substr($0, 7) }
	/^IS program/ && nr == "" { nr = $3 }
	/^FAULT signal/ { nr = $5 }
	END {
		if (nr == "")
			print "fuzz: exit status " status
		else
			print "fuzz: program " nr ": " substr(fault, 1, 80)
	}' "$dir/fuzz.log"
}

# judge TREE FILE: prints what fails there first. Cases come first with few
# lengths of packets: what they say of verdicts takes no time.
judge() {
	cd "$1" || exit 2
	if [ "$how" = fuzz ]; then
		fuzz
		return
	fi
	number="t_vf_tnum t_vf_scalar t_vf_range"
	quick=cases
	case $2 in
	verifier/order.*) quick="t_vf_order cases" ;;
	verifier/tnum.*) quick="t_vf_tnum cases" ;;
	verifier/range.*) quick="t_vf_range cases" ;;
	verifier/scalar.*) quick="t_vf_scalar cases" ;;
	esac
	for name in $quick fuzz t_vf_cases t_vf_limits $number t_vf_order \
	    vectors; do
		case $name in
		cases) said=$(EXOPF_CASE_STEP=99 suite t_vf_cases) ;;
		fuzz | vectors) said=$($name) ;;
		*) said=$(suite "$name") ;;
		esac
		[ -z "$said" ] || break
	done
	printf '%s\n' "$said" | tr '\t' ' '
}

# The tree without a fault: copied, built, and found to pass.
prepare() {
	# shellcheck disable=SC2086 # a list of folders
	sum=$(cd "$src" && find $sources tests/cases tests/diff tests/fuzz/*.c \
	    tests/support tests/unit tests/vectors tests/*.mk -type f |
	    sort | xargs cat | sha256sum)
	if [ "$(cat "$dir/sources" 2>/dev/null)" != "$sum" ]; then
		mkdir -p "$dir/tree/build" && rm -rf "$dir/build" &&
		    mv "$dir/tree/build" "$dir/build" && rm -rf "$dir/tree" &&
		    rm -f "$dir/passed-"* "$dir/sources" &&
		    mkdir -p "$dir/tree/tests/fuzz" &&
		    mv "$dir/build" "$dir/tree/build" || exit 2
		for part in $parts; do
			cp -a "$src/tests/$part" "$dir/tree/tests/$part" ||
			    exit 2
		done
		# shellcheck disable=SC2086 # a list of folders
		(cd "$src" && cp -a $sources "$dir/tree") || exit 2
		build_in "$dir/tree" || {
			tail -n 20 "$dir/make.log"
			exit 2
		}
		printf '%s\n' "$sum" >"$dir/sources"
	fi
	key=$how-$runs-$seed-${EXOPF_VECTORS:-}
	[ "$(cat "$dir/passed-$how" 2>/dev/null)" != "$key" ] || return 0
	rm -f "$results"
	said=$(judge "$dir/tree" none)
	[ -z "$said" ] || {
		echo "mutants: the tree without a fault fails: $said"
		exit 2
	}
	printf '%s\n' "$key" >"$dir/passed-$how"
}

# One fault, NAME FILE KIND ID: a line of the results.
try() {
	began=$(date +%s)
	rm -rf "$dir/work" && cp -a "$dir/tree" "$dir/work" || exit 2
	table -v want="$1" -v tree="$dir/tree" >"$dir/work/$2" || exit 2
	if build_in "$dir/work"; then
		said=$(judge "$dir/work" "$2")
	else
		tail -n 20 "$dir/make.log"
		echo "mutants: $1 does not compile"
		exit 2
	fi
	printf '%s\t%s\t%s\t%s\t%d\t%s\n' "$1" "$4" "$2" "$3" \
	    $(($(date +%s) - began)) "${said:-SURVIVED}" >>"$results"
	tail -n 1 "$results" | awk -F "$tab" '{
		printf "%-22s %-18s %-7s %4d s  %s\n", $1, substr($3, 10), $4,
		    $5, $6
	}'
}

# What is to be tried, in order.
wanted() {
	table | awk -F "$tab" -v how="$how" -v only="$only" \
	    -v results="$results" '
	BEGIN {
		while ((getline line <results) > 0) {
			split(line, f, "\t")
			done[f[1], f[2]] = 1
		}
	}
	only != "" ? $1 == only : (how == "all" || $3 == "unsound") &&
	    !(($1, $4) in done)'
}

summary() {
	table | awk -F "$tab" -v how="$how" -v results="$results" '
	BEGIN {
		while ((getline line <results) > 0) {
			split(line, f, "\t")
			said[f[1], f[2]] = f[6]
			seconds[f[1], f[2]] = f[5]
		}
	}
	how == "fuzz" && $3 != "unsound" { next }
	{
		n++
		s = said[$1, $4]
		printf "%-22s %-18s %-7s %4d s  %s\n", $1, substr($2, 10), $3,
		    seconds[$1, $4], s
		caught += s != "" && s != "SURVIVED"
	}
	END {
		printf "mutants: %d of %d caught%s\n", caught, n,
		    how == "fuzz" ? " by generated programs alone" : ""
		exit caught != n
	}'
}

table >/dev/null || exit 2
prepare
wanted >"$dir/wanted"
[ -z "$only" ] || [ -s "$dir/wanted" ] || {
	echo "mutants: there is no fault $only"
	exit 2
}
while IFS=$tab read -r name file kind id; do
	try "$name" "$file" "$kind" "$id" </dev/null
done <"$dir/wanted"
rm -rf "$dir/work"
if [ -n "$only" ]; then
	table -v want="$only" -v field=text
	table -v want="$only" -v field=what
	[ "$(tail -n 1 "$results" | cut -f 6)" != SURVIVED ]
	exit
fi
summary
