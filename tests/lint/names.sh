#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Names that must not stand in the sources, and the line that must.

# shellcheck source=tests/lint/common.sh
. "$(dirname "$0")/common.sh"

all=$(files . | grep -vE '\.(pcap|pcapng|gz|zst|lz4|xz|bin|erf)$' |
    grep -v '^tests/fuzz/corpus/')
ours=$(product)

# search PATTERN FILES ADVICE
search() {
	# shellcheck disable=SC2086 # a list of files
	[ -z "$2" ] || grep -nHE -e "$1" $2 /dev/null | cut -c 1-160 |
	    sed "s|\$|; $3|"
}

# Bracketed, or this file would find itself.
found=$(search '(^|[^A-Za-z0-9_.}$*/-])/((wor[k]|roo[t]|hom[e])/|wor[k]([^A-Za-z0-9_/-]|$))' \
    "$all" "a path of one machine; compute it from the checkout")
rule "no path of one machine" "$found"

found=$(search '(TOD[O]|FIXM[E]|XX[X]:)([^A-Za-z]|$)|^[ 	]*#[ 	]*if[ 	]+0([^0-9a-z]|$)' \
    "$(printf '%s\n' "$all" | grep -E '\.(c|h|inc|S|sh|awk|mk)$')" \
    "finish it or file it")
rule "nothing unfinished, no dead code" "$found"

# Definitions stand in column 0 (the house format); calls never do.
prefix='(cap|bpf|btf|pcap)_'
found=$(
	search "^[A-Za-z_][A-Za-z0-9_ ]*[ *]${prefix}[a-z0-9_]*\(" "$ours" \
	    "system libraries own that prefix; rename"
	search "^#[ ]*define[ ]+(${prefix}|(CAP|BPF|BTF|PCAP)_)" "$ours" \
	    "system libraries own that prefix; rename"
	search "^[ 	]*(struct|union|enum)[ ]+${prefix}[a-z0-9_]+[ ]*(\{|\$)" \
	    "$ours" "system libraries own that prefix; rename"
	search "^(static |extern )[A-Za-z0-9_ ]*[ *]${prefix}[a-z0-9_]+[ ]*(=|;|\[)" \
	    "$ours" "system libraries own that prefix; rename"
	search "^(typedef .*|\}) \*?${prefix}[a-z0-9_]+;" "$ours" \
	    "system libraries own that prefix; rename"
)
rule "no name of ours begins with cap_, bpf_, btf_ or pcap_" "$found"

want='SPDX-License-Identifier: BSD-2-Clause'
found=$(printf '%s\n' "$all" |
    grep -E '\.(c|h|inc|S|sh|awk|mk|py|tbl)$|(^|/)(Makefile|run|test|\.clang-tidy|\.gitignore)$' |
    while IFS= read -r file; do
	head -n 3 "$file" | grep -qF "$want" ||
	    echo "$file:1: the first lines lack '$want'"
done)
rule "every source names its licence" "$found"
finish
