#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Fuzz the verifier for FUZZ_TIME seconds each: libFuzzer, a plain loop, AFL++.
#
# usage: verify.sh BUILD; BUILD/fuzz/fuzz_verify is linked with libFuzzer,
# BUILD/fuzz_verify is the plain one, BUILD/afl/fuzz_verify AFL++'s (may be
# missing). The plain loop goes on where the last call stopped: its counts are
# lines of BUILD/fuzz_verify.totals. Exit 1: a fault was found.

set -u
cd "$(dirname "$0")/../.." || exit 2
build=$1
FUZZ_TIME=${FUZZ_TIME:-60}
SEED=${FUZZ_SEED:-1}
STEP=${FUZZ_STEP:-20000}
export FUZZ_TIME
failed=0

sh tests/fuzz/run.sh --one "$build/fuzz" fuzz_verify || failed=1

# What the plain loop has done so far, of this seed.
totals=$build/fuzz_verify.totals
from=$(awk -v s="$SEED" '$1 == "seed" && $2 == s { n = $4 } END { print n + 0 }' \
    "$totals" 2>/dev/null)
from=${from:-0}
stop=$(($(date +%s) + FUZZ_TIME))
while [ "$(date +%s)" -lt "$stop" ]; do
	to=$((from + STEP))
	if ! "$build/fuzz_verify" -g "$to" "$SEED" "$from" \
	    >"$build/fuzz_verify.log" 2>&1 </dev/null; then
		sed 's/^/# /' "$build/fuzz_verify.log"
		echo "not ok - plain loop: seed $SEED, programs $from to $to"
		failed=1
		break
	fi
	echo "seed $SEED to $to $(grep '^programs' "$build/fuzz_verify.log")" \
	    >>"$totals"
	from=$to
done
tail -n 3 "$build/fuzz_verify.log" | sed 's/^/# /'
awk '{ for (i = 5; i < NF; i++) {
		if ($i == "programs") p += $(i + 1)
		if ($i == "accepted") a += $(i + 1)
		if ($i == "explored") e += $(i + 1)
		if ($i == "seconds") s += $(i + 1)
	} }
	END { printf "# all calls so far: programs %d accepted %d explored %d seconds %d\n",
		p, a, e, s }' "$totals" /dev/null 2>/dev/null
[ "$failed" = 1 ] || echo "ok - plain loop: seed $SEED to $from"

if [ -x "$build/afl/fuzz_verify" ]; then
	AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES=1 AFL_SKIP_CPUFREQ=1 AFL_NO_UI=1 \
	    AFL_BENCH_UNTIL_CRASH=1 \
	    afl-fuzz -V "$FUZZ_TIME" -i tests/fuzz/corpus/fuzz_verify \
	    -o "$build/afl/out" -- "$build/afl/fuzz_verify" \
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
	echo "ok - AFL++ # SKIP afl-clang-fast is not installed"
fi
exit $failed
