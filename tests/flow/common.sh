# SPDX-License-Identifier: BSD-2-Clause
# What the flow tests share; sourced. tests/run.sh sets EXOPF and TEST_TMP,
# and starts them in the source root; by hand, the defaults below serve.
# shellcheck shell=sh disable=SC2034 # the scripts use what is set here

LC_ALL=C
export LC_ALL
src=$(pwd)
pcaps=${PCAPS:-$src/pcaps}
exopf=${EXOPF:-${BUILD:-build}/exopf}
case $exopf in
/*) ;;
*) exopf=$src/$exopf ;;
esac
if [ -n "${TEST_TMP:-}" ]; then
	tmp=$TEST_TMP
else
	tmp=$(mktemp -d)
	trap 'rm -rf "$tmp"' EXIT
fi
bad=0

[ -x "$exopf" ] || {
	echo "not ok - there is no $exopf; run make first"
	exit 1
}
for file in web4.pcap dns.pcap; do
	[ -f "$pcaps/$file" ] || {
		echo "not ok - there is no $pcaps/$file"
		exit 1
	}
done

arch=$(gcc -print-multiarch 2>/dev/null)

# compile NAME: C for BPF from standard input to $tmp/NAME.o
compile()
{
	cat >"$tmp/$1.c"
	clang -O2 -g -target bpf -I"/usr/include/$arch" -c "$tmp/$1.c" \
	    -o "$tmp/$1.o" 2>"$tmp/clang.err"
}

ok()
{
	echo "ok - $*"
}

not_ok()
{
	echo "not ok - $*"
	bad=1
}

skip()
{
	echo "skip - $1: $2"
}

# is NAME GOT WANTED
is()
{
	if [ "$2" = "$3" ]; then
		ok "$1"
	else
		not_ok "$1"
		echo "#   got:    $2"
		echo "#   wanted: $3"
	fi
}

# like NAME TEXT PATTERN: the text holds a match of an extended expression.
like()
{
	if printf '%s\n' "$2" | grep -qE -e "$3"; then
		ok "$1"
	else
		not_ok "$1"
		echo "#   got:      $2"
		echo "#   no match: $3"
	fi
}

# exits NAME STATUS COMMAND...: output goes to $tmp/out, talk to $tmp/err.
exits()
{
	what=$1 want=$2
	shift 2
	"$@" >"$tmp/out" 2>"$tmp/err" </dev/null
	is "$what: exit status $want" "$?" "$want"
}

# Packets of a capture, as tcpdump counts them.
count()
{
	file=$1
	shift
	tcpdump --count -nr "$file" "$@" 2>/dev/null | awk '{ print $1 }'
}

# field FILTER [FILE]: one value of a JSON result.
field()
{
	jq -r "$1" "${2:-$tmp/out}"
}

finish()
{
	exit "$bad"
}

for tool in tcpdump jq; do
	command -v "$tool" >/dev/null || {
		skip "$(basename "$0" .sh)" "$tool is not installed"
		exit 0
	}
done
