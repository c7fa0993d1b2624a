#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# verify --batch: one answer a line, in order, whatever the line holds.

# shellcheck source=tests/flow/common.sh
. "$(dirname "$0")/common.sh"

exit=9500000000000000
ret0=b700000000000000$exit
map=18110000000000000000000000000000

# line ID TYPE INSNS [MEMBERS]
line()
{
	printf '{"id":%s,"name":"n%s","type":"%s","insns":"%s"%s}\n' \
	    "$1" "$1" "$2" "$3" "${4:+,$4}"
}

# answers FILTER: one value of every answer, on one line.
answers()
{
	jq -c "$1" "$tmp/out" | tr '\n' ' '
}

# judges NAME STATUS FILE [OPTION...]
judges()
{
	name=$1 status=$2 file=$3
	shift 3
	exits "$name" "$status" "$exopf" verify --batch "$file" "$@"
	is "$name: a line each" "$(wc -l <"$tmp/out")" \
	    "$(awk 'END { print NR }' "$file")"
}

{
	line 7 xdp $ret0
	line 3 socket_filter $exit
	line 5 sched_cls 94
	line 4 sched_act ''
	printf '{"id":"x","type":"mem","insns":"%s"}\n' $ret0
} >"$tmp/five"
judges "five lines" 2 "$tmp/five"
is "in order" "$(answers .id)" '7 3 5 4 "x" '
is "names are echoed" "$(answers .name)" '"n7" "n3" "n5" "n4" null '
is "lines are counted" "$(answers .line)" '1 2 3 4 5 '
is "verdicts" "$(answers .verdict)" \
    '"accepted" "refused" "error" "refused" "accepted" '
is "codes" "$(answers .code)" 'null "VF302" null "VF101" null '
is "instructions" "$(answers .insn)" 'null 0 null null null '
is "all answers have the same members" \
    "$(jq -r 'keys_unsorted | join(" ")' "$tmp/out" | sort -u)" \
    "line id name verdict code insn explored states us peak_mem reason"
is "costs of what was judged" "$(jq -s 'map(select(.verdict == "accepted")) |
    all(.explored == 2 and .states >= 0 and .us >= 0 and .peak_mem > 0)' \
    "$tmp/out")" true
is "an error costs nothing" "$(jq -c 'select(.verdict == "error") |
    [.explored, .states, .us, .peak_mem]' "$tmp/out" | sort -u)" \
    '[null,null,null,null]'
is "errors and refusals have a reason" "$(jq -s 'all((.reason == null) ==
    (.verdict == "accepted"))' "$tmp/out")" true

# Exit statuses.
line 1 xdp $ret0 >"$tmp/yes"
line 1 xdp $exit >"$tmp/no"
: >"$tmp/none"
judges "accepted" 0 "$tmp/yes"
judges "refused: judged all the same" 0 "$tmp/no"
judges "no line" 0 "$tmp/none"
exits "no such file" 2 "$exopf" verify --batch "$tmp/nowhere"
is "no such file: no answer" "$(cat "$tmp/out")" ""
exits "a folder" 2 "$exopf" verify --batch "$tmp"
for more in tcp '--raw 95' '--asm -' '--type xdp' '--linktype RAW' -O \
    '--explored 0' '--mem none' '--explored 18446744073709551616'; do
	# shellcheck disable=SC2086 # an option and its value
	exits "--batch with $more" 2 "$exopf" verify --batch "$tmp/yes" $more
	is "--batch with $more: no answer" "$(cat "$tmp/out")" ""
done
exits "--batch without a file" 2 "$exopf" verify --batch
judges "--json is welcome" 0 "$tmp/yes" --json

# Every program of the file gets its own budget.
cat "$tmp/yes" "$tmp/yes" >"$tmp/two"
judges "--explored" 0 "$tmp/two" --explored 1
is "--explored: the code" "$(answers .code)" '"VF901" "VF901" '
judges "--mem" 0 "$tmp/two" --mem 100
is "--mem: the code" "$(answers .code)" '"VF902" "VF902" '
exits "--explored, one program" 1 "$exopf" verify --raw $ret0 --explored 1
like "--explored, one program: the code" "$(cat "$tmp/out")" VF901
exits "--mem, one program" 1 "$exopf" verify --raw $ret0 --mem 100
like "--mem, one program: the code" "$(cat "$tmp/out")" VF902

# Without privileges: r0 = r1 shows an address.
leak=bf10000000000000$exit
{
	line 1 socket_filter $leak
	line 2 socket_filter $leak '"unprivileged":true'
	line 3 socket_filter $leak '"unprivileged":false'
} >"$tmp/leak"
judges "leaks" 0 "$tmp/leak"
is "leaks: by line" "$(answers .code)" 'null "VF351" null '
judges "leaks, --unprivileged" 0 "$tmp/leak" --unprivileged
is "leaks, --unprivileged: all" "$(answers .code)" '"VF351" "VF351" "VF351" '

# Maps: by name; the structure of a program is looked at first.
here='"maps":[{"insn":0,"map":"map_array_48b"}]'
{
	line 1 xdp $map$ret0 "$here"
	line 2 xdp $map$ret0
	line 3 xdp $map$ret0 '"maps":[{"insn":0,"map":"nobody"}]'
	line 4 xdp 1811000000000000 "$here"
	line 6 xdp $ret0 "$here"
	line 7 xdp 18110000000000000000000001000000$ret0 "$here"
} >"$tmp/maps"
judges "maps" 2 "$tmp/maps"
like "maps: structure first" "$(answers 'select(.id == (4, 7)) | .code')" \
    '^("VF10[67]" ?){2}$'
is "maps: one that nobody named" "$(answers 'select(.id == 2).verdict')" \
    '"refused" '
is "maps: one that nobody knows" "$(answers 'select(.id == 3) |
    [.verdict, .reason]')" \
    "[\"error\",\"there is no map 'nobody'\"] "
is "maps: no reference there" "$(answers 'select(.id == 6).verdict')" \
    '"error" '

# Whatever a line holds.
{
	printf '\n \nnull\n[]\n{\n{}\n\000\n{"a":1,"a":2}\n\377\376\n'
	line 1 xdp $ret0 | tr 'n' '\000'
	line 2 xdp $ret0 | tr -d '}'
	awk 'BEGIN { while (n++ < 100000) printf "["; print "" }'
	awk 'BEGIN { while (n++ < 5000) printf "{\"a\":"; print "" }'
	printf '%s\r\n' "$(line 3 xdp $ret0)"
	line 4 xdp $ret0 '"\u00fc\ud834\udd1e":[1e3,-0.5,null,true,{"":[]}]'
	line 5 xdp $ret0 '"x":18446744073709551616'
	printf '\357\273\277'
	line 6 xdp $ret0
	line 7 xdp $ret0 | tr -d '\n'
} >"$tmp/odd"
judges "odd lines" 2 "$tmp/odd"
is "odd lines: the good ones" "$(answers 'select(.verdict != "error") |
    [.line, .id, .verdict]')" '[14,3,"accepted"] [15,4,"accepted"] '\
'[16,5,"accepted"] [18,7,"accepted"] '

# A line of 100 MB is not held; one of small objects does not fill memory; a
# program of the greatest length is one line of 16 MB.
{
	line 1 xdp $ret0
	printf '{"type":"xdp","insns":"'
	head -c 100000000 /dev/zero | tr '\000' 0
	printf '"}\n'
	printf '['
	yes '{},' | head -n 15000000 | tr -d '\n'
	printf '0]\n{"id":4,"type":"xdp","insns":"'
	yes b700000000000000 | head -n 999999 | tr -d '\n'
	printf '%s"}\n{"id":5,"type":"xdp","insns":"' $exit
	yes b700000000000000 | head -n 1000000 | tr -d '\n'
	printf '%s"}\n' $exit
} >"$tmp/long"
# shellcheck disable=SC2016 # the inner shell's
exits "long lines" 2 sh -c 'ulimit -v 1200000 2>/dev/null
    exec "$@"' sh "$exopf" verify --batch "$tmp/long"
is "long lines: verdicts" "$(answers '[.line, .id, .verdict, .code]')" \
    '[1,1,"accepted",null] [2,null,"error",null] [3,null,"error",null] '\
'[4,4,"accepted",null] [5,5,"refused","VF102"] '
is "long lines: why" "$(answers 'select(.verdict == "error").reason')" \
    '"the line is longer than 64 MiB" '\
'"reading the line would take more than 512 MiB" '
rm "$tmp/long"

# Packed, from a file and from a pipe.
for pack in gzip xz zstd lz4; do
	$pack -c "$tmp/five" >"$tmp/packed" 2>/dev/null
	exits "$pack" 2 "$exopf" verify --batch "$tmp/packed"
	is "$pack: all" "$(answers .id)" '7 3 5 4 "x" '
	"$exopf" verify --batch - <"$tmp/packed" >"$tmp/out" 2>"$tmp/err"
	is "$pack, standard input" "$? $(answers .id)" '2 7 3 5 4 "x" '
done
head -c 60 "$tmp/packed" >"$tmp/cut"
exits "a packed file cut short" 2 "$exopf" verify --batch "$tmp/cut"
like "a packed file cut short: says so" "$(cat "$tmp/err")" 'cut short'

# An answer comes as soon as its line is whole, not at the end of the file.
mkfifo "$tmp/to" "$tmp/from"
"$exopf" verify --batch - <"$tmp/to" >"$tmp/from" 2>"$tmp/err" &
job=$!
exec 3>"$tmp/to" 4<"$tmp/from"
printf '{}\n' >&3
read -r answer <&4
like "the first answer, at once" "$answer" '"line":1.*"error"'
line 2 xdp $ret0 >&3
read -r answer <&4
like "the second answer, at once" "$answer" '"line":2.*"accepted"'
printf '{"id":3' >&3
exec 3>&-
read -r answer <&4
like "the last line needs no newline" "$answer" '"line":3.*"error"'
wait $job
is "the end of the pipe: exit status 2" $? 2
exec 4<&-

# SIGINT, while it waits in the middle of a line: what was answered is whole.
env --default-signal=INT "$exopf" verify --batch - <"$tmp/to" \
    >"$tmp/out" 2>"$tmp/err" &
job=$!
exec 3>"$tmp/to"
line 1 xdp $ret0 >&3
printf '{"id":2,"type":' >&3
i=0
while [ $i -lt 100 ] && [ ! -s "$tmp/out" ]; do
	sleep 0.1
	i=$((i + 1))
done
kill -s INT $job
wait $job
is "SIGINT: exit status" $? 130
exec 3>&-
is "SIGINT: the answers" "$(answers .id)" "1 "

# A reader that goes away ends it.
yes "$(line 1 xdp $ret0)" |
    { "$exopf" verify --batch - 2>"$tmp/err"; echo $? >"$tmp/status"; } |
    head -n 1 >"$tmp/out"
is "a reader that goes away" "$(cat "$tmp/status" "$tmp/err")" 2
like "a full disk" "$("$exopf" verify --batch "$tmp/two" 2>&1 >/dev/full)" \
    'standard output'
finish
