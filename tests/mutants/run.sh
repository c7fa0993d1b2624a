#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The mutation check: single faults in the verifier, in the compiler, or in accept
# conditions, each of which our tests must catch.
#
# usage: run.sh [-j|-a] BUILD all|fuzz		go on, one fault after the other
#        run.sh [-j|-a] BUILD all|fuzz NAME	this one, once more
#
# -a is about accept conditions: tests/mutants/accept/*.mut, BUILD/mutants-accept,
# t_vf_accept, diff_accept, fuzz_accept (20000).
# -j is about the compiler: its tables are tests/mutants/jit/*.mut, results are
# kept in BUILD/mutants-jit, suites are those of the compiler, then diff_jit, and
# fuzz_jit makes the programs (20000). What follows is said of the verifier.
#
# `all` tries each fault that was not tried yet: the suite of its file and the
# cases, with few packets; MUTANT_RUNS (5000) generated programs until one is
# judged wrongly, if the fault is unsound or the suites see nothing; if neither
# sees anything all suites of the verifier, then the program vectors, where
# EXOPF_VECTORS names some. `fuzz` is about the generator and its oracles: it goes on with
# generated programs up to MUTANT_RUNS (100000) for unsound faults that these
# did not catch.
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
# file. What was found is a line each in BUILD/mutants/results, so that a run
# goes on where it was stopped. A change of the sources makes them void, a
# change of a fault its own. The tree without a fault must pass first. The
# last line counts what was caught. Exit 1: a fault was not, or not by
# generated programs when those were asked for.

set -u
LC_ALL=C
export LC_ALL
src=$(cd "$(dirname "$0")/../.." && pwd)
subject=verifier
case $1 in
-j)
	subject=jit
	shift
	;;
-a)
	subject=accept
	shift
	;;
esac
build=$1 how=$2 only=${3:-}
case $build in
/*) ;;
*) build=$src/$build ;;
esac
case $subject in
jit)
	dir=$build/mutants-jit fuzzer=fuzz_jit few=20000
	tables=$src/tests/mutants/jit
	diff=diff_jit folders=pcaps
	;;
accept)
	dir=$build/mutants-accept fuzzer=fuzz_accept few=20000
	tables=$src/tests/mutants/accept
	diff=diff_accept folders=pcaps
	;;
*)
	dir=$build/mutants fuzzer=fuzz_verify few=5000
	tables=$src/tests/mutants
	diff='' folders=''
	;;
esac
results=$dir/results
case $how in
all) runs=${MUTANT_RUNS:-$few} ;;
fuzz) runs=${MUTANT_RUNS:-100000} ;;
*)
	echo "mutants: HOW is all or fuzz"
	exit 2
	;;
esac
seed=${FUZZ_SEED:-1}
tab=$(printf '\t')

table() {
	awk "$@" -f "$src/tests/mutants/mutant.awk" "$tables"/*.mut
}

# The sources, without what no judgement depends on.
sources="Makefile exo filters include libos-net verifier $folders"
parts="cases diff fuzz/$fuzzer.c fuzz/replay_main.c module.mk support \
targets.mk unit vectors"

build_in() {
	programs="build/unit build/$fuzzer ${diff:+build/$diff}"
	[ -z "${EXOPF_VECTORS:-}" ] || programs="$programs build/exopf"
	# shellcheck disable=SC2086 # a list of programs
	make -C "$1" -s BUILD=build OPT=-O1 WERROR= SAN= COVER= $programs \
	    >"$dir/make.log" 2>&1 </dev/null || {
		tail -n 20 "$dir/make.log"
		echo "mutants: $1 does not compile"
		exit 2
	}
}

# What fails in one suite; it is cut off there.
suite() {
	{
		CK_FORK=no timeout -k 5 300 stdbuf -oL \
		    build/unit --tap "$1" 2>&1 </dev/null
		echo "status $?"
	} | awk -v suite="$1" '
	/^not ok/ {
		sub(/^not ok [0-9]+ - [^:]*:[^:]*:/, "")
		print suite ": " substr($0, 1, 70)
		exit
	}
	/^status / && $2 != 0 { print suite ": exit status " $2 }'
}

# What fails first in the suites that take no time: that of the fault's file,
# and what cases say of verdicts.
quick() {
	said=
	case $1 in
	verifier/order.*) said=$(suite t_vf_order) ;;
	verifier/tnum.*) said=$(suite t_vf_tnum) ;;
	verifier/range.*) said=$(suite t_vf_range) ;;
	verifier/scalar.*) said=$(suite t_vf_scalar) ;;
	verifier/mem.* | verifier/prog.*) said=$(suite t_vf_const) ;;
	exo/jit/x64.*) said=$(suite t_jit_x64) ;;
	exo/hosted/code_mem.*) said=$(suite t_code_mem) ;;
	esac
	if [ -z "$said" ] && [ "$subject" = jit ]; then
		said=$(suite t_jit_cases)
	elif [ -z "$said" ] && [ "$subject" = accept ]; then
		said=$(suite t_vf_accept)
	elif [ -z "$said" ]; then
		said=$(EXOPF_CASE_STEP=99 suite t_vf_cases)
	fi
	printf '%s\n' "$said" | tr '\t' ' '
}

slow() {
	suites="t_vf_limits t_vf_order t_vf_tnum t_vf_scalar t_vf_cases t_vf_range t_vf_const"
	[ "$subject" != accept ] || suites=t_vf_accept
	[ "$subject" != jit ] ||
	    suites="t_jit_x64 t_jit_cases t_jit_far t_jit_harden t_code_mem t_helper_loop"
	for name in $suites; do
		said=$(suite "$name")
		[ -z "$said" ] || break
	done
	[ -n "$said" ] || said=$(compared)
	[ -n "$said" ] || [ "$subject" != verifier ] || said=$(vectors)
	printf '%s\n' "$said" | tr '\t' ' '
}

# fuzz FROM: programs FROM to $runs, until one is judged wrongly.
fuzz() {
	timeout -k 5 3600 "build/$fuzzer" -g "$runs" "$seed" "$1" 1 \
	    >"$dir/fuzz.log" 2>&1 </dev/null && return
	awk -v status=$? '
	/^FAULT/ && fault == "" { fault = $2 }
	/^IS program/ && nr == "" { nr = $3 }
	/^FAULT signal/ && nr == "" { nr = $5; fault = "signal " $3 + 0 }
	END {
		if (nr == "")
			print "exit status " status
		else
			print nr " " fault
	}' "$dir/fuzz.log" | tr -d :
}

# What filters do on packets, where there is a program that tells it.
compared() {
	[ -z "$diff" ] || timeout -k 5 300 "build/$diff" -q \
	    >"$dir/diff.log" 2>&1 </dev/null ||
	    echo "$diff: $(head -n 1 "$dir/diff.log" | cut -c 1-70)"
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

# The tree without a fault: copied, built, and found to pass.
prepare() {
	# shellcheck disable=SC2086 # a list of folders
	sum=$(cd "$src" && find $sources tests/cases tests/diff tests/fuzz/*.c \
	    tests/support tests/unit tests/vectors tests/*.mk -type f |
	    sort | xargs cat | sha256sum)
	key="$sum $seed ${EXOPF_VECTORS:-}"
	[ "$(cat "$dir/passed" 2>/dev/null)" != "$key" ] || return 0
	# objects are kept: make knows which are old
	mkdir -p "$dir/tree/build" && rm -rf "$dir/build" "$dir/passed" &&
	    mv "$dir/tree/build" "$dir/build" && rm -rf "$dir/tree" &&
	    mkdir -p "$dir/tree/tests/fuzz" &&
	    mv "$dir/build" "$dir/tree/build" || exit 2
	for part in $parts; do
		cp -a "$src/tests/$part" "$dir/tree/tests/$part" || exit 2
	done
	# shellcheck disable=SC2086 # a list of folders
	(cd "$src" && cp -a $sources "$dir/tree") || exit 2
	build_in "$dir/tree"
	cd "$dir/tree" || exit 2
	said=$(fuzz 0 && slow)
	[ -z "$said" ] || {
		echo "mutants: the tree without a fault fails: $said"
		exit 2
	}
	rm -f "$results"
	printf '%s\n' "$key" >"$dir/passed"
}

# One fault, NAME FILE KIND ID FROM: a line of the results.
try() {
	began=$(date +%s)
	rm -rf "$dir/work" && cp -a "$dir/tree" "$dir/work" || exit 2
	table -v want="$1" -v tree="$dir/tree" >"$dir/work/$2" || exit 2
	build_in "$dir/work"
	cd "$dir/work" || exit 2
	suites_said='' fuzz_said=''
	[ "$how" = fuzz ] || suites_said=$(quick "$2")
	if [ "$3" = unsound ] || [ -z "$suites_said" ]; then
		fuzz_said=$(fuzz "$5")
	fi
	[ "$how" = fuzz ] || [ -n "$suites_said$fuzz_said" ] ||
	    suites_said=$(slow)
	printf '%s\t%s\t%s\t%s\t%d\t%d\t%s\t%s\n' "$1" "$4" "$2" "$3" \
	    $(($(date +%s) - began)) "$runs" "${fuzz_said:--}" \
	    "${suites_said:--}" >>"$results"
	tail -n 1 "$results" | show
}

show() {
	awk -F "$tab" '{
		printf "%-24s %-10s %-7s %4d s  %-14s %s\n", $1,
		    substr($3, match($3, /[^\/]*$/)), $4, $5, $7, $8
	}'
}

# What is known of the faults, in the order of the tables: a row of results
# each; without a row, what it would be made of. A later row adds to earlier
# ones.
known() {
	table | awk -F "$tab" -v results="$results" '
	BEGIN {
		OFS = "\t"
		while ((getline line <results) > 0) {
			split(line, f, "\t")
			k = f[1] FS f[2]
			time[k] += f[5]
			runs[k] = f[6]
			if (f[7] != "-")
				fuzz[k] = f[7]
			if (f[8] != "-")
				said[k] = f[8]
		}
	}
	{
		k = $1 FS $4
		print $1, $4, $2, $3, time[k] + 0, runs[k] + 0,
		    k in fuzz ? fuzz[k] : "-", k in said ? said[k] : "-"
	}'
}

# What is to be tried: name, file, kind, number, program to begin with.
wanted() {
	known | awk -F "$tab" -v how="$how" -v only="$only" -v runs="$runs" '
	BEGIN { OFS = "\t" }
	only != "" ? $1 == only : how == "all" ? $6 == 0 : \
	    $4 == "unsound" && $6 < runs && $7 == "-" {
		print $1, $3, $4, $2, only != "" ? 0 : $6
	}'
}

# The last lines: how many are caught by what, and those that are not.
summary() {
	known | awk -F "$tab" -v how="$how" '
	$4 == "unsound" {
		unsound++
		by_fuzz += $7 != "-"
		if ($7 == "-" && how == "fuzz")
			missed = missed " " $1
	}
	{
		by_suites += $8 != "-"
		caught += $7 != "-" || $8 != "-"
		if ($7 == "-" && $8 == "-" && how == "all")
			missed = missed " " $1
	}
	END {
		printf "by suites %d of %d; by generated programs %d of the " \
		    "%d that are unsound\n", by_suites, NR, by_fuzz, unsound
		if (missed != "")
			print "not caught:" missed
		printf "mutants: %d of %d caught\n", caught, NR
		exit missed != ""
	}'
}

table >/dev/null || exit 2
prepare
wanted >"$dir/wanted"
[ -z "$only" ] || [ -s "$dir/wanted" ] || {
	echo "mutants: there is no fault $only"
	exit 2
}
while IFS=$tab read -r name file kind id from; do
	try "$name" "$file" "$kind" "$id" "$from" </dev/null || exit 2
done <"$dir/wanted"
cd "$src" || exit 2
rm -rf "$dir/work"
if [ -n "$only" ]; then
	table -v want="$only" -v field=text
	table -v want="$only" -v field=what
	! tail -n 1 "$results" | grep -q "$tab-$tab-\$"
	exit
fi
known | show
summary
