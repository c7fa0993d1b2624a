#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Does tests/guest/classify.awk see every disagreement, and does each class of
# classes.tbl stand in the docs? Needs neither QEMU nor a kernel.

set -u
LC_ALL=C
export LC_ALL
cd "$(dirname "$0")/../.." || exit 2
tmp=$(mktemp -d) || exit 2
trap 'rm -rf "$tmp"' EXIT
count=0 bad=0

result() {
	count=$((count + 1))
	if [ "$1" = "$2" ]; then
		echo "ok $count - $3"
	else
		echo "not ok $count - $3"
		printf '# wanted: %s\n# got: %s\n' "$2" "$1"
		sed 's/^/# /' "$tmp/out"
		bad=1
	fi
}

# One row a program: its line, id, verdict, code, instruction.
ours() {
	printf '%s\t%s\t%s\t%s\t-\n' "$@"
}

cat >"$tmp/table" <<'END'
# a comment

linux p   odd-stack  ^13 misaligned stack access off N size N$
linux ln  odd-stack  ^13 stack
ours  pl  too-far    ^VF306$
END

# judge: exit status, and what stands before the line of totals.
judge() {
	awk -v table="$tmp/table" -f tests/guest/classify.awk "$tmp/priv" \
	    "$tmp/unpriv" "$tmp/answers" >"$tmp/out"
	status=$?
}

said() {
	if grep -qE -e "$1" "$tmp/out"; then echo yes; else echo no; fi
}

ours 1 a accepted - 2 b refused VF306 3 c accepted - >"$tmp/priv"
ours 1 a accepted - 2 b refused VF306 3 c refused VF351 >"$tmp/unpriv"
cat >"$tmp/answers" <<'END'
kernel 6.1
ready
b 1
r 1 0 13 17 misaligned stack access off -7 size 4
r 1 1 13 17 stack 5
r 1 2 0 9 
b 2
r 2 0 0 5 
r 2 1 0 5 
b 3
r 3 0 0 7 
r 3 1 13 7 R0 leaks addr as return value
end 3
END
judge
result "$status" 0 "classes for all disagreements: exit status 0"
result "$(said '^linux odd-stack +1 +1 +0 +a a$')" yes "one of Linux's alone"
result "$(said '^ours +too-far +1 +1 +0 +b b$')" yes "one of ours alone"
result "$(said '^all +1 +0 +1 +1$')" yes "counts, privileged"
result "$(said '^leaks +0 +1 +1 +1$')" yes "counts, leaks refused"
result "$(said '^none +1 +0 +0 +0$')" yes "counts, unprivileged"
result "$(said '^ok - 3 programs, 7 answers, 0 dis')" yes "the last line"

sed 's/^r 1 0 13 17 .*/r 1 0 22 17 R5 min value/' "$tmp/answers" >"$tmp/x"
mv "$tmp/x" "$tmp/answers"
judge
result "$status" 1 "a disagreement without a class: exit status 1"
result "$(said '^NO CLASS: linux all: 22 RN min value \(1: a\)$')" yes \
    "it is named"
result "$(said '^not ok - 3 programs, 7 answers, 1 dis')" yes "and counted"

sed -i 's/^r 1 0 22 17 .*/r 1 0 0 17 /; s/^r 2 0 0 5/r 2 0 13 5 x/
    /^r 3/d' "$tmp/answers"
judge
result "$status $(said '^no answer of Linux: 1 programs$')" "1 yes" \
    "a program without an answer"

cat >>"$tmp/answers" <<'END'
f 3 BUG: unable to handle page fault
t 2 1 512
END
judge
result "$status $(said '^THE KERNEL FELL: c: BUG: unable')" "1 yes" \
    "a kernel that fell"
result "$(said '^THE KERNEL FOUND A FAULT IN ITSELF: b, mode leaks, .*512')" \
    yes "a kernel that found a fault in itself"
result "$(said 'no answer of Linux')" no "where it fell, none is missing"

echo "linux p no-pattern" >>"$tmp/table"
judge
result "$status $(said '^classes: row 4 is none: no-pattern')" "1 yes" \
    "a row without a pattern"

: >"$tmp/answers"
judge
result "$status $(said '^no answer of Linux')" "1 yes" "no answers at all"

: >"$tmp/out"
undocumented=$(awk '/^(linux|ours) / { print $3 }' tests/guest/classes.tbl |
    sort -u | while IFS= read -r class; do
	grep -qE "^\| \`$class\` \|" docs/verifier-linux.md || echo "$class"
done)
result "$undocumented" "" "every class is explained in docs/verifier-linux.md"
# shellcheck disable=SC2016 # backquotes of Markdown
surplus=$(sed -n 's/^| `\([a-z0-9-]*\)` |.*/\1/p' docs/verifier-linux.md |
    sort -u | while IFS= read -r class; do
	grep -qE "^(linux|ours) +[plnPLN]+ +$class " tests/guest/classes.tbl ||
	    echo "$class"
done)
result "$surplus" "" "every class explained there is in use"
echo "1..$count"
exit $bad
