#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# How a replay ends: by signals, with nobody to read what it says, on a full
# disk, with more outputs than descriptors. Totals add up, outputs are whole.

# shellcheck source=tests/flow/common.sh
. "$(dirname "$0")/common.sh"

web=$pcaps/web4.pcap
dns=$pcaps/dns.pcap
nweb=$(count "$web")


# A trace that stays open: all packets are there, the end is not.
mkfifo "$tmp/fifo"

# SIGINT while waiting for input. A shell starts background jobs with SIGINT
# ignored, so timeout sends it to a foreground one.
{ cat "$web"; sleep 3; } >"$tmp/fifo" &
writer=$!
env --default-signal=INT timeout --foreground --preserve-status -s INT 1 \
    "$exopf" replay --json -r "$tmp/fifo" -o "$tmp/int/{name}.pcap" \
    tcp=tcp rest='not tcp' >"$tmp/out" 2>"$tmp/err"
is "SIGINT: exit status 130" "$?" 130
kill "$writer" 2>/dev/null
wait "$writer" 2>/dev/null
is "SIGINT: interrupted" "$(field .interrupted)" true
is "SIGINT: every packet that came was counted" "$(field .packets)" "$nweb"
is "SIGINT: the outputs are whole" \
    "$(($(count "$tmp/int/tcp.pcap") + $(count "$tmp/int/rest.pcap")))" \
    "$nweb"
is "SIGINT: matched is what was written" \
    "$(field '.bindings[0].matched == .bindings[0].output.packets')" true

# SIGTERM in the middle of a long trace.
set --
i=0
while [ $i -lt 400 ]; do
	set -- "$@" -r "$web"
	i=$((i + 1))
done
"$exopf" replay --json "$@" -o "$tmp/term/{name}.pcap" \
    --rest "$tmp/term/rest.pcap" tcp=tcp udp=udp >"$tmp/out" 2>"$tmp/err" &
job=$!
i=0
while [ "$i" -lt 100 ] && [ ! -e "$tmp/term/rest.pcap" ]; do
	sleep 0.01
	i=$((i + 1))
done
kill -TERM "$job"
wait "$job"
status=$?
case $status in
143)
	ok "SIGTERM: exit status 143"
	is "SIGTERM: interrupted" "$(field .interrupted)" true
	;;
0) ok "SIGTERM: it had finished before" ;;
*) not_ok "SIGTERM: exit status $status" ;;
esac
is "SIGTERM: the totals add up" "$(field '.any + .unmatched == .packets')" true
sum=0
for name in tcp udp rest; do
	sum=$((sum + $(count "$tmp/term/$name.pcap")))
done
is "SIGTERM: the outputs hold what was counted" "$sum" "$(field .packets)"

# SIGUSR1: totals so far, at once although it waits for input; on it goes.
{ cat "$web"; sleep 1; cp "$tmp/err" "$tmp/soon"; tail -c +25 "$web"; } \
    >"$tmp/fifo" &
writer=$!
"$exopf" replay --json -r "$tmp/fifo" tcp=tcp >"$tmp/out" 2>"$tmp/err" &
job=$!
sleep 0.5
kill -USR1 "$job"
wait "$job"
is "SIGUSR1: exit status 0" "$?" 0
wait "$writer"
like "SIGUSR1: a table on standard error, at once" "$(cat "$tmp/soon")" \
    '^total +[0-9]'
is "SIGUSR1: it went on to the end" "$(field .packets)" $((2 * nweb))
is "SIGUSR1: not interrupted" "$(field .interrupted)" false

# Nobody reads the result.
{
	sleep 0.3
	"$exopf" replay -r "$web" -o "$tmp/pipe.pcap" all= 2>"$tmp/err"
	echo $? >"$tmp/status"
} | true
is "closed pipe: exit status 2" "$(cat "$tmp/status")" 2
is "closed pipe: quiet" "$(cat "$tmp/err")" ""
is "closed pipe: the output is whole" "$(count "$tmp/pipe.pcap")" "$nweb"
if [ -w /dev/full ]; then
	"$exopf" replay -r "$web" all= >/dev/full 2>"$tmp/err"
	is "full standard output: exit status 2" "$?" 2
	like "full standard output: said so" "$(cat "$tmp/err")" \
	    'standard output'
fi

# Packets to standard output, the table to standard error.
"$exopf" replay -r "$web" -o - tcp=tcp >"$tmp/stdout.pcap" 2>"$tmp/err"
is "-o -: exit status 0" "$?" 0
is "-o -: the packets" "$(count "$tmp/stdout.pcap")" "$(count "$web" tcp)"
like "-o -: the table" "$(cat "$tmp/err")" '^total'
exits "-o - with --json" 2 "$exopf" replay --json -r "$web" -o - tcp=tcp
mkdir "$tmp/dash"
for name in -.pcap -.cap -.pcapng -.ng; do
	(cd "$tmp/dash" && "$exopf" replay -r "$web" -o $name tcp=tcp) \
	    >"$tmp/stdout.pcap" 2>"$tmp/err"
	is "-o $name: exit status 0" "$?" 0
	is "-o $name: the packets" "$(count "$tmp/stdout.pcap")" \
	    "$(count "$web" tcp)"
	like "-o $name: the table" "$(cat "$tmp/err")" '^total'
done
# Names that only look like it.
echo '-=tcp' >"$tmp/dash/names"
(
	cd "$tmp/dash" || exit
	"$exopf" replay -r "$web" -o -.d/x.pcap --rest ./-.cap tcp=tcp \
	    >out1 2>err1
	"$exopf" replay -r "$web" -o '{name}.pcap' -f names >out2 2>err2
)
for n in 1 2; do
	like "a file, the table goes to standard output ($n)" \
	    "$(cat "$tmp/dash/out$n")" '^total'
done
is "a directory that begins with -." "$(count "$tmp/dash/-.d/x.pcap")" \
    "$(count "$web" tcp)"
is "a file in . that begins with -." "$(count "$tmp/dash/-.cap")" \
    "$(count "$web" 'not tcp')"
is "the output of a binding named -" "$(count "$tmp/dash/-.pcap")" \
    "$(count "$web" tcp)"
# What cannot do is known before anything is written.
for rest in - -.pcap -.ng; do
	(cd "$tmp/dash" && "$exopf" replay -r "$web" -o - --rest $rest \
	    tcp=tcp) >"$tmp/out" 2>"$tmp/err"
	is "-o - --rest $rest: exit status 2" "$?" 2
	is "-o - --rest $rest: nothing is written" "$(wc -c <"$tmp/out")" 0
	like "-o - --rest $rest: it is said" "$(cat "$tmp/err")" \
	    'cannot both be standard output'
done
echo precious >"$tmp/dash/tcp.pcap"
exits "--rest is the output of a binding" 2 "$exopf" replay -r "$web" \
    -o "$tmp/dash/{name}.pcap" --rest "$tmp/dash/udp.pcap" tcp=tcp udp=udp
like "it is said" "$(cat "$tmp/err")" 'the output of udp as well'
exits "a name that is too long" 2 "$exopf" replay -r "$web" \
    -o "$tmp/dash/{name}$(printf '/%04100d' 0).pcap" tcp=tcp
like "it is said" "$(cat "$tmp/err")" 'too long'
is "nothing was emptied" "$(cat "$tmp/dash/tcp.pcap")" precious

# One file under two names is told before it is emptied.
mkdir -p "$tmp/same/d"
echo precious >"$tmp/same/a.pcap"
ln "$tmp/same/a.pcap" "$tmp/same/hard.pcap"
ln -s a.pcap "$tmp/same/soft.pcap"
ln -s new.pcap "$tmp/same/dangling.pcap"
# same NAME PATTERN ARGUMENT...: refused with a message that matches.
same()
{
	what=$1 pattern=$2
	shift 2
	(cd "$tmp/same" && "$exopf" replay -r "$web" "$@") \
	    >"$tmp/out" 2>"$tmp/err"
	is "one file, $what: exit status 2" "$?" 2
	like "one file, $what: both are named" "$(cat "$tmp/err")" "$pattern"
	is "one file, $what: nothing was emptied or made" \
	    "$(cat "$tmp/same/a.pcap") $(find "$tmp/same" | wc -l)" "precious 6"
}
rest='--rest .*: is the output of a as well'
same "./ in the rest" "$rest" -o '{name}.pcap' --rest ./a.pcap a=tcp
same "./ in the pattern" "$rest" -o './{name}.pcap' --rest a.pcap a=tcp
same "//, .." "$rest" -o '{name}.pcap' --rest d//../a.pcap a=tcp
same "absolute" "$rest" -o '{name}.pcap' --rest "$tmp/same/a.pcap" a=tcp
same "a hard link" "$rest" -o '{name}.pcap' --rest hard.pcap a=tcp
same "a symbolic link" "$rest" -o '{name}.pcap' --rest soft.pcap a=tcp
same "in no directory yet" "$rest" -o 'x/y/{name}.pcap' \
    --rest x/./z/../y/a.pcap a=tcp
same "two bindings" '^exopf: hard\.pcap, the output of hard, and soft' \
    -o '{name}.pcap' hard=tcp soft=udp
same "two bindings, a link that dangles" 'output of dangling.*output of new' \
    -o '{name}.pcap' dangling=tcp new=udp
same "two bindings, one text" '^exopf: bca\.pcap: is the output of a as .* ca ' \
    -o '{owner}{name}.pcap' a,owner=bc=tcp ca,owner=b=udp
# The null device may be had by all.
ln -s /dev/null "$tmp/dash/n1.pcap"
ln -s /dev/null "$tmp/dash/n2.pcap"
exits "two outputs that go nowhere" 0 "$exopf" replay -r "$web" \
    -o "$tmp/dash/{name}.pcap" n1=tcp n2=udp

# A file that is standard output counts as such.
ln -s /dev/stdout "$tmp/dash/so.pcap"
ln -s /dev/fd/1 "$tmp/dash/so2.pcap"
{ "$exopf" replay -r "$web" -o "$tmp/dash/{name}.pcap" so=tcp udp=udp \
    2>"$tmp/err"; } | cat >"$tmp/stdout.pcap"
is "a link to standard output: the packets" "$(count "$tmp/stdout.pcap")" \
    "$(count "$web" tcp)"
like "a link to standard output: the table" "$(cat "$tmp/err")" '^total'
# shellcheck disable=SC2094 # that is the point
"$exopf" replay -r "$web" -o "$tmp/stdout.pcap" so=tcp >"$tmp/stdout.pcap" \
    2>"$tmp/err"
is "standard output by its name: the packets" "$(count "$tmp/stdout.pcap")" \
    "$(count "$web" tcp)"
{ "$exopf" replay --json -r "$web" -o "$tmp/dash/{name}.pcap" so=tcp \
    2>"$tmp/err"; } | cat >"$tmp/out"
like "a link to standard output, --json" "$(field '.errors[]')" \
    'so\.pcap: is standard output'
{ "$exopf" replay -r "$web" -o "$tmp/dash/{name}.pcap" so=tcp so2=udp \
    2>"$tmp/err"; } | cat >"$tmp/out"
like "two links to standard output" "$(cat "$tmp/err")" 'are one file'
{ "$exopf" replay -r "$web" -o - --rest "$tmp/dash/so.pcap" so=tcp \
    2>"$tmp/err"; } | cat >"$tmp/out"
like "standard output and a link to it" "$(cat "$tmp/err")" \
    'is the output of so as well'
is "nothing is written then" "$(wc -c <"$tmp/out")" 0

# 20,000 outputs with 256 descriptors.
n=20000
[ "${EXOPF_QUICK:-}" = 1 ] && n=2000
seq "$n" | awk '{ print "p" $1 "=udp port " $1 }' >"$tmp/many"
(
	# shellcheck disable=SC3045 # dash, bash and busybox have it
	ulimit -n 256
	"$exopf" replay --json -r "$dns" -f "$tmp/many" \
	    -o "$tmp/many.d/{name}.pcap" >"$tmp/out" 2>"$tmp/err"
)
is "$n outputs: exit status" "$?" 0
is "$n outputs: there they are" "$(find "$tmp/many.d" -type f | wc -l)" "$n"
is "$n outputs: the one for DNS" "$(count "$tmp/many.d/p53.pcap")" \
    "$(count "$dns" 'udp port 53')"
is "$n outputs: their records are what was matched" \
    "$(field '([.bindings[].matched] | add) ==
        ([.bindings[].output.packets] | add)')" true
is "$n outputs: none is less than a header" \
    "$(find "$tmp/many.d" -type f -size -24c | wc -l)" 0

# Rings of many owners: what they hold at once is bounded. Half a gigabyte goes
# through them, in one batch of packets.
seq 2000 | awk '{ print "p" $1 ",owner=o" $1 "=" }' >"$tmp/owners"
rm -f "$tmp/fifo"
mkfifo "$tmp/fifo"
tcpdump -nr "$web" -c 250 -w - 2>/dev/null >"$tmp/some.pcap"
"$exopf" replay -q --json -r "$tmp/some.pcap" -r "$tmp/fifo" \
    -f "$tmp/owners" -o "$tmp/owners.d/{name}.pcap" >"$tmp/out" 2>"$tmp/err" &
job=$!
# it opens the second trace when it is through with the first
{
	awk '/^VmHWM/ { print $2 }' "/proc/$job/status" >"$tmp/peak"
	head -c 24 "$web"
} >"$tmp/fifo"
wait "$job"
is "2,000 owners: exit status" "$?" 0
is "2,000 owners: every one has all" \
    "$(field '[.bindings[].output.packets] | min')" 250
peak=$(cat "$tmp/peak")
if [ "$peak" -lt 400000 ]; then
	ok "2,000 owners: less than 400 MB at once"
else
	not_ok "2,000 owners: $peak KB at once"
fi
rm -rf "$tmp/owners.d"

# A full disk: one output has no room; the run goes on, what is lost counts.
cat >"$tmp/full.sh" <<'END'
mount -t tmpfs -o size=64k none "$1/full" || exit 77
"$2" replay --json -r "$3" -o "$1/full/{name}.pcap" \
    --rest "$1/good.pcap" tcp=tcp none='ip[0] == 0' >"$1/out" 2>"$1/err"
status=$?
cp "$1/full/tcp.pcap" "$1/full/none.pcap" "$1"
exit $status
END
mkdir "$tmp/full"
unshare -rm sh "$tmp/full.sh" "$tmp" "$exopf" "$web" 2>"$tmp/why"
status=$?
if [ "$status" = 77 ] || [ ! -f "$tmp/tcp.pcap" ]; then
	skip "full disk" "no private tmpfs here: $(head -n 1 "$tmp/why")"
else
	is "full disk: exit status 2" "$status" 2
	is "full disk: all packets were read" "$(field .packets)" "$nweb"
	is "full disk: written and lost are what was matched" \
	    "$(field '.bindings[0] | .output.packets + .output.lost ==
	        .matched and .output.lost > 0')" true
	is "full disk: the file holds what was written" \
	    "$(count "$tmp/tcp.pcap")" "$(field '.bindings[0].output.packets')"
	is "full disk: said once" "$(grep -c 'tcp\.pcap' "$tmp/err")" 1
	is "full disk: the other output is whole" "$(count "$tmp/good.pcap")" \
	    "$(field .unmatched)"
	is "full disk: no room for a header, the output is empty" \
	    "$(wc -c <"$tmp/none.pcap")" 0
	like "full disk: and that is said" "$(cat "$tmp/err")" \
	    'none\.pcap: .*; it is empty'
fi

# A closed standard output is no place for the first file that is opened.
"$exopf" replay -r - -o "$tmp/closed.{name}.pcap" all= <"$web" >&- 2>"$tmp/err"
is "closed standard output: exit status" "$?" 2
is "closed standard output: the capture is whole" \
    "$(count "$tmp/closed.all.pcap")" "$nweb"
finish
