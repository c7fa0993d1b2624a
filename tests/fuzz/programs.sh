#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Fuzz by generated programs for FUZZ_TIME seconds each: libFuzzer, a plain loop,
# AFL++.
#
# usage: programs.sh BUILD NAME, fuzz_verify or fuzz_jit; BUILD/fuzz/NAME is
# linked with libFuzzer, BUILD/NAME is the plain one, BUILD/afl/NAME AFL++'s (may
# be missing). The plain loop goes on where the last call stopped: its counts
# are lines of BUILD/NAME.totals. Exit 1: a fault was found.

set -u
cd "$(dirname "$0")/../.." || exit 2
build=$1 name=$2
FUZZ_TIME=${FUZZ_TIME:-60}
SEED=${FUZZ_SEED:-1}
STEP=${FUZZ_STEP:-20000}
export FUZZ_TIME
failed=0

sh tests/fuzz/run.sh --one "$build/fuzz" "$name" || failed=1

# What the plain loop has done so far, of this seed.
totals=$build/$name.totals
from=$(awk -v s="$SEED" '$1 == "seed" && $2 == s { n = $4 } END { print n + 0 }' \
    "$totals" 2>/dev/null)
from=${from:-0}
stop=$(($(date +%s) + FUZZ_TIME))
while [ "$(date +%s)" -lt "$stop" ]; do
	to=$((from + STEP))
	if ! "$build/$name" -g "$to" "$SEED" "$from" \
	    >"$build/$name.log" 2>&1 </dev/null; then
		sed 's/^/# /' "$build/$name.log"
		echo "not ok - plain loop: seed $SEED, programs $from to $to"
		failed=1
		break
	fi
	echo "seed $SEED to $to $(grep '^programs' "$build/$name.log")" \
	    >>"$totals"
	from=$to
done
tail -n 3 "$build/$name.log" | sed 's/^/# /'
awk '{ for (i = 5; i < NF; i++) {
		if ($i !~ /^[a-z-]+$/ || $(i + 1) !~ /^[0-9]+$/)
			continue
		if (!($i in sum))
			names[++n] = $i
		sum[$i] += $(i + 1)
	} }
	END {
		printf "# all calls so far:"
		for (i = 1; i <= n; i++)
			printf " %s %d", names[i], sum[names[i]]
		print ""
	}' "$totals" /dev/null 2>/dev/null
[ "$failed" = 1 ] || echo "ok - plain loop: seed $SEED to $from"

if [ -x "$build/afl/$name" ]; then
	AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES=1 AFL_SKIP_CPUFREQ=1 AFL_NO_UI=1 \
	    AFL_BENCH_UNTIL_CRASH=1 \
	    afl-fuzz -V "$FUZZ_TIME" -i "tests/fuzz/corpus/$name" \
	    -o "$build/afl/out" -- "$build/afl/$name" \
	    >"$build/afl/log" 2>&1 </dev/null
	runs=$(awk '$1 == "execs_done" { print $3 }' \
	    "$build/afl/out/default/fuzzer_stats" 2>/dev/null)
	if ls "$build"/afl/out/default/crashes/id* >/dev/null 2>&1; then
		echo "not ok - AFL++: see $build/afl/out/default/crashes"
		failed=1
	elif [ "${runs:-0}" -gt 0 ]; then
		echo "ok - AFL++: $runs runs"
	else
		tail -n 20 "$build/afl/log" | sed 's/^/# /'
		echo "not ok - AFL++ did not run"
		failed=1
	fi
else
	echo "ok - AFL++ # SKIP there is no $build/afl/$name"
fi
exit $failed
