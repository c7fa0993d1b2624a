#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Run groups of tests in parallel, count what they say, show what failed.
#
# usage: run.sh [-q] [-v] -b BUILD KIND[@BUILD]...
#   kinds: unit oom fuzz diff flow proofs bare lint fresh; -q the quick form of each;
#   boot is the quick form of bare; -v shows the output of all groups, not only of
#   those that fail.
#
# A group is one program: a suite of the unit program, a fuzzer, a script. It
# says `ok`, `not ok` or `ok ... # SKIP reason` for each test (TAP); one that
# says nothing is one test by its exit status, 77 meaning skipped, with the
# last line as the reason. Logs are kept in BUILD/log. The last line is
# 'N passed, N failed' (', N skipped').
#
# A group sees: SRC and BUILD (absolute), EXOPF (the tool), TEST_TMP (a folder
# of its own, removed afterwards), EXOPF_QUICK=1 with -q; it starts in SRC.

set -u

# One group: run.sh --job NAME BUILD COMMAND. Leaves NAME.log and NAME.sum.
if [ "${1:-}" = --job ]; then
	name=$2 BUILD=$3
	EXOPF=$BUILD/exopf
	log=$LOG/$(printf %s "$name" | tr '/@' '__')
	TEST_TMP=$(mktemp -d "${TMPDIR:-/tmp}/exopf-test.XXXXXX") || exit 1
	export BUILD EXOPF TEST_TMP
	began=$(date +%s)
	timeout -k 10 "${TEST_TIMEOUT:-1200}" sh -c "$4" \
	    >"$log.log" 2>&1 </dev/null
	status=$?
	rm -rf "$TEST_TMP"
	awk -v name="$name" -v status="$status" -v sum="$log.sum" \
	    -v seconds=$(($(date +%s) - began)) '
	/^ok([ \t]|$)/ || /^skip([ \t]|$)/ {
		if (/^skip/ || /# *[Ss][Kk][Ii][Pp]/) {
			skipped++
			reason = $0
			sub(/^(ok|skip)[ \t]*[0-9]*[ \t]*(- )?/, "", reason)
			reasons = reasons "skip " name ": " reason "\n"
		} else
			passed++
	}
	/^not ok([ \t]|$)/ { failed++ }
	/^1\.\.0.*#/ { reasons = reasons "skip " name ": " $0 "\n"; skipped++ }
	/^1\.\.[1-9]/ { plan = substr($1, 4) + 0 }
	NF { last = $0 }
	END {
		said = passed + failed + skipped
		if (plan && plan != said && !failed) {
			failed = 1
			why = "the plan says " plan " tests, " said " ran"
		}
		if (status == 77 && !said) {
			skipped = 1
			reasons = "skip " name ": " last "\n"
		} else if (status == 124 || status == 137) {
			failed++
			why = "it took too long"
		} else if (status != 0 && !failed) {
			failed = 1
			why = "exit status " status
		} else if (!said)
			passed = 1
		printf "%s%d %d %d\n", reasons, passed, failed, skipped > sum
		printf "%-4s %-34s %5d passed%s%s  %d s%s\n",
		    failed ? "FAIL" : passed ? "ok" : "skip", name, passed,
		    failed ? ", " failed " failed" : "",
		    skipped ? ", " skipped " skipped" : "", seconds,
		    why ? " (" why ")" : ""
	}' "$log.log"
	exit 0
fi

absolute() {
	case $1 in
	/*) printf '%s' "$1" ;;
	*) printf '%s/%s' "$SRC" "$1" ;;
	esac
}

SRC=$(cd "$(dirname "$0")/.." && pwd)
cd "$SRC" || exit 2
export SRC
LC_ALL=C
export LC_ALL
build=build verbose=
while getopts qvb: option; do
	case $option in
	q)
		EXOPF_QUICK=1
		export EXOPF_QUICK
		;;
	v) verbose=1 ;;
	b) build=$OPTARG ;;
	*) exit 2 ;;
	esac
done
shift $((OPTIND - 1))
build=$(absolute "$build")
LOG=$build/log
export LOG
mkdir -p "$LOG" && rm -f "$LOG"/*.log "$LOG"/*.sum "$LOG"/*.bad || exit 2

# Sanitizers end a program at the first finding, with all they know.
: "${UBSAN_OPTIONS:=print_stacktrace=1}"
: "${ASAN_OPTIONS:=detect_stack_use_after_return=1}"
export UBSAN_OPTIONS ASAN_OPTIONS

# One group a line: name, build, command, parted by tabs.
group() {
	printf '%s\t%s\t%s\n' "$1$at" "$dir" "$2"
}

scripts() {
	for script in "$1"/*.sh; do
		case $script in
		*/common.sh | "$1/*.sh") continue ;; # sourced, or no script
		esac
		group "$1/$(basename "$script" .sh)" "sh $script" |
		    sed 's,^tests/,,'
	done
}

# A leak check at the end of each of a thousand forked tests takes minutes; one
# at the end of a suite is as sharp. Only tests that must die need a fork.
forks() {
	case $dir in
	*/asan)
		grep -qE 'raise_signal|exit_test' "tests/unit/$suite.c" ||
		    printf 'CK_FORK=no '
		;;
	esac
}

fuzz_groups() {
	runs=20000
	[ "${EXOPF_QUICK:-}" = 1 ] && runs=2000
	for source in tests/fuzz/fuzz_*.c; do
		[ -e "$source" ] || continue
		name=$(basename "$source" .c)
		inputs=
		for folder in "tests/fuzz/corpus/$name" tests/cases; do
			[ -d "$folder" ] && inputs="$inputs $folder"
		done
		group "fuzz/$name" "$dir/$name -c $LOG/crash-$name.bin \
-r ${FUZZ_RUNS:-$runs} ${FUZZ_SEED:-1} $inputs"
	done
}

groups() {
	for kind; do
		dir=$build at=
		case $kind in
		*@*)
			dir=$(absolute "${kind#*@}")
			at=@$(basename "$dir")
			;;
		esac
		case ${kind%%@*} in
		unit)
			suites=$("$dir/unit" --list) || suites=
			[ -n "$suites" ] || group unit "$dir/unit --list; false"
			for suite in $suites; do
				group "unit/$suite" \
				    "$(forks)$dir/unit --tap $suite"
			done
			;;
		oom) group oom "$dir/unit --tap --case oom" ;;
		fuzz) fuzz_groups ;;
		diff)
			for source in tests/diff/*.c; do
				[ -e "$source" ] || continue
				name=$(basename "$source" .c)
				group "diff/$name" "$dir/$name"
			done
			scripts tests/diff
			;;
		flow) scripts tests/flow | grep -v '^flow/fresh	' ;;
		fresh) group flow/fresh "sh tests/flow/fresh.sh" ;;
		proofs) scripts tests/proofs ;;
		bare) scripts tests/bare ;;
		boot) scripts tests/bare | sed 's/	sh /	EXOPF_QUICK=1 sh /' ;;
		lint) scripts tests/lint ;;
		*) group "$kind" "echo \"run.sh knows no kind '$kind'\"; false" ;;
		esac
	done
}

jobs=${JOBS:-$(nproc)}
groups "$@" >"$LOG/groups"
tr '\t\n' '\0\0' <"$LOG/groups" |
    xargs -0 -n 3 -P "$jobs" sh "$SRC/tests/run.sh" --job

shown=0
while IFS='	' read -r name _ command; do
	log=$LOG/$(printf %s "$name" | tr '/@' '__')
	[ -e "$log.sum" ] || echo "0 1 0" >"$log.sum"
	failed=$(tail -n 1 "$log.sum" | cut -d " " -f 2)
	if [ "$failed" != 0 ] || [ -n "$verbose" ]; then
		echo "--- $name: $command"
		if [ -n "$verbose" ]; then
			cat "$log.log"
		else
			grep -v '^ok' "$log.log" >"$log.bad"
			head -n 100 "$log.bad"
			[ "$(wc -l <"$log.bad")" -le 100 ] || {
				echo "... and at the end of $log.log:"
				tail -n 60 "$log.log"
			}
		fi
		shown=1
	fi
done <"$LOG/groups"
[ "$shown" = 0 ] || echo "---"
cat "$LOG"/*.sum 2>/dev/null | awk '
	/^skip / { print; next }
	{ passed += $1; failed += $2; skipped += $3 }
	END {
		if (passed + failed + skipped == 0) {
			print "no test ran"
			failed = 1
		}
		printf "%d passed, %d failed", passed, failed
		if (skipped)
			printf ", %d skipped", skipped
		print ""
		exit failed != 0
	}'
