#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The tables of the pages in docs/, from the .inc files that the code is made
# of, and from case files, so that they cannot lie.
#
# usage: tables.sh --write | --check [ROOT]. A page says where its table goes:
# <!-- table NAME --> ... <!-- end of the table -->, the manual in comments of
# its own.
set -eu
mode=${1:-}
cd "${2:-$(dirname "$0")/..}"
case $mode in
--write | --check) ;;
*)
	echo "usage: docs/tables.sh --write | --check [ROOT]" >&2
	exit 2
	;;
esac

# rows FILE MACRO FORMAT: one line a row; FORMAT is awk over col[1..n].
rows() {
	awk -v macro="$2" '
	$0 ~ "^(" macro ") *\\(" {
		line = $0
		sub(/^[A-Z_]+ *\(/, "", line)
		sub(/\)[ \t]*$/, "", line)
		n = 0
		while (line != "") {
			sub(/^[ \t,]+/, "", line)
			if (substr(line, 1, 1) == "\"") {
				line = substr(line, 2)
				end = index(line, "\"")
			} else {
				end = index(line ",", ",")
			}
			field = substr(line, 1, end - 1)
			sub(/[ \t]+$/, "", field)
			gsub(/\|/, "\\|", field)
			col[++n] = field
			line = substr(line, end + 1)
		}
		'"$3"'
	}' "$1"
}

# shellcheck disable=SC2016 # awk and markdown
table() {
	case $1 in
	opcodes)
		echo '| code | name | what it does | group | fixed fields |'
		echo '|---|---|---|---|---|'
		rows exo/isa/opcodes.inc 'ISA_OP|ISA_ALT' '
		fixed = ""
		if (col[6] != 0) fixed = fixed " src=" col[6]
		if (col[7] != 0) fixed = fixed " off=" col[7]
		if (col[8] != 0) fixed = fixed " imm=" col[8]
		printf "| %s | `%s` | `%s` | %s |%s |\n", col[2], col[1],
		    col[9], tolower(col[4]), fixed'
		;;
	refusals)
		echo '| code | name | what is wrong | what to do |'
		echo '|---|---|---|---|'
		rows verifier/diag.inc VF_DIAG '
		printf "| VF%s | %s | %s | %s |\n", col[1], col[2], col[3],
		    col[4]'
		;;
	calls | machine)
		from=call
		[ "$1" = calls ] || from=machine
		echo '| number | call | argument | what it does |'
		echo '|---|---|---|---|'
		rows "exo/abi/$from.inc" EXO_CALL_ROW '
		printf "| %s | %s | `struct %s` | %s |\n", col[2], col[1],
		    col[3], col[4]'
		;;
	errors)
		echo '| number | error | meaning |'
		echo '|---|---|---|'
		rows exo/abi/err.inc EXO_ERR '
		printf "| -%s | EXO_%s | %s |\n", col[2], col[1], col[3]'
		;;
	contexts)
		echo '| program type | offset | bytes | field | gives | access |'
		echo '|---|---|---|---|---|---|'
		rows exo/abi/ctx.inc EXO_CTX_FIELD '
		printf "| %s | %s | %s | `%s` | %s | %s |\n", tolower(col[1]),
		    col[3], col[4], col[2], tolower(col[5]), tolower(col[6])'
		;;
	helpers)
		echo '| number | helper | program types | r1 | r2 | r3 | r4 | r5 | result | besides | steps |'
		echo '|---|---|---|---|---|---|---|---|---|---|---|'
		rows exo/isa/helpers.inc ISA_HELPER '
		line = "| " col[1] " | `" col[2] "` | " tolower(col[3]) " |"
		for (i = 5; i <= 9; i++)
			line = line " " \
			    (col[i] == "NONE" ? "" : tolower(col[i])) " |"
		fx = tolower(col[10])
		gsub(/isa_fx_/, "", fx)
		if (fx == "0") fx = ""
		print line " " tolower(col[4]) " | " fx " | " \
		    (col[11] == 0 ? "" : col[11]) " |"'
		;;
	maps)
		echo '| number | kind | what programs may do |'
		echo '|---|---|---|'
		rows exo/abi/map.inc EXO_MAP_KIND '
		can = tolower(col[4])
		gsub(/exo_map_/, "", can)
		gsub(/ \\\|/, ",", can)
		printf "| %s | `%s` | %s |\n", col[1], col[3], can'
		;;
	fields)
		echo '| field | bits | written | is there | what it is |'
		echo '|---|---|---|---|---|'
		sed 's|)[ \t]*/\* \(.*\) \*/$|, "\1")|' exo/space/fields.inc |
		    rows - SP_FIELD '
		split("META:always " \
		    "SEEN:where_the_parser_can_tell " \
		    "ETH:Ethernet " \
		    "TYPED:Ethernet,_SLL,_SLL2 " \
		    "TAG0:behind_a_TPID " \
		    "TAG1:behind_two " \
		    "AF:NULL,_LOOP " \
		    "IP4:type_is_0x0800 " \
		    "IP6:type_is_0x86dd " \
		    "IP6X:and_ip6.nh_is_an_extension_header " \
		    "ARP:type_is_0x0806_or_0x8035 " \
		    "L4:behind_the_IP_header " \
		    "PORTS:TCP,_UDP,_SCTP,_DCCP,_UDP-Lite " \
		    "ICMP:ICMP,_ICMPv6 " \
		    "TCP:TCP", names, " ")
		there = "?"
		for (i in names)
			if (index(names[i], col[4] ":") == 1)
				there = substr(names[i], length(col[4]) + 2)
		gsub(/_/, " ", there)
		form = col[6]
		if (form == "NUM") form = "decimal"
		if (form == "HEX") form = "hexadecimal"
		if (form == "IP4") form = "IPv4 address"
		if (form == "MAC") form = "Ethernet address"
		printf "| `%s` | %s | %s | %s | %s |\n", col[2], col[3], form,
		    there, (n > 6 ? col[7] : "")'
		;;
	words | atoms)
		echo '| text | what it is | in atoms |'
		echo '|---|---|---|'
		awk '
		/^== / { title = substr($0, 4) }
		/^text: / { text = substr($0, 7) }
		/^(means|same): / {
			means = substr($0, index($0, " ") + 1)
			gsub(/\|/, "\\|", text)
			if (length(means) > 80)
				means = substr(means, 1, \
				    index(substr(means, 40), " or ") + 39) \
				    "or ..."
			printf "| `%s` | %s | `%s` |\n", text, title, means
		}' "tests/cases/region/$1.case"
		;;
	region-errors)
		echo '| number | name | what is wrong | what to do |'
		echo '|---|---|---|---|'
		rows exo/space/text_errors.inc SP_TEXT_ERROR '
		printf "| %s | %s | %s | %s |\n", col[1], col[2], col[3],
		    col[4]'
		;;
	samples)
		echo '| sample | what it is | section | function | maps | try it on |'
		echo '|---|---|---|---|---|---|'
		awk '
		function row() {
			if (name != "")
				printf "| [`%s`](../filters/samples/%s) | %s | %s | `%s` | %s | %s |\n",
				    name, file, what, type, entry, maps, trace
		}
		FNR == 1 {
			row()
			file = name = FILENAME
			sub(/.*\//, "", file)
			sub(/\.bpf\.c$/, "", name)
			sub(/.*\//, "", name)
			what = type = entry = maps = kind = trace = ""
		}
		what == "" && /^ \* / {
			what = substr($0, 4)
			sub(/\..*/, "", what)
		}
		/^ \*\texopf replay -r / { trace = $5; sub(/.*\//, "", trace) }
		/__uint\(type, BPF_MAP_TYPE_/ {
			kind = tolower($0)
			sub(/.*bpf_map_type_/, "", kind)
			sub(/\).*/, "", kind)
		}
		/SEC\(".maps"\)/ {
			maps = maps (maps == "" ? "" : ", ") "`" $2 "` (" kind ")"
		}
		/^SEC\("[a-z]+"\)$/ {
			type = $0
			gsub(/^SEC\("|"\)$/, "", type)
			getline entry
			sub(/^int /, "", entry)
			sub(/\(.*/, "", entry)
		}
		END { row() }' filters/samples/*.bpf.c
		;;
	passes) # for the manual, in mdoc
		echo '.Bl -tag -width "chains" -compact'
		rows exo/jit/passes.inc JIT_PASS '
		print ".It Cm " col[2]
		text = col[3]
		gsub(/\\/, "\\e", text)
		print text'
		echo '.El'
		;;
	state | env | bind)
		echo '| number | meaning |'
		echo '|---|---|'
		rows exo/abi/state.inc \
		    "EXO_$(echo "$1" | tr '[:lower:]' '[:upper:]')_FIELD" '
		printf "| `%s` | %s |\n", col[1], col[2]'
		;;
	costs\ *) # of the ways that are named, as tests/bare/count.golden has them
		echo '| | instructions | to the null call |'
		echo '|---|---|---|'
		awk -v want="${1#costs }" '
		BEGIN {
			what["null_call"] = "a call that does nothing"
			what["null_call_structure"] = "the same with a structure"
			what["upcall_to_handler"] = "an exception to its handler"
			what["upcall_and_resume"] = "and on behind it"
			what["yield_and_back"] = "two environments: there and back"
			what["slot_switch_and_back"] = \
			    "a slot ends: to another, and back"
			what["yield_to_and_back"] = \
			    "the rest of a slot to another, and back"
			what["frames_1"] = "take a frame, zeroed"
			what["frames_64"] = "take 64 frames"
			what["release_1"] = "give one back"
			what["release_64"] = "give 64 back"
			what["page_fault_upcall"] = "a page fault to its handler"
			what["pte_1"] = "enter a page"
			what["pte_64_each"] = "each of 64 pages in a batch"
			what["page_fault_resume"] = "and on behind it"
			what["stlb_miss_upcall"] = \
			    "a miss of the S-TLB, to the handler"
			what["stlb_hit"] = "a hit of the S-TLB, and on"
			what["stlb_hit_tables"] = \
			    "the same with five tables, zeroed"
			what["pct_one_way"] = "a call of another environment, there"
			what["pct_round_trip"] = "and its answer"
			what["pct_async"] = "the same, not waiting"
			what["revocation_ask_and_surrender"] = \
			    "a frame that another is asked for, and gives"
			what["revocation_abort_1"] = \
			    "one that the kernel takes from it"
			what["sleep_wake"] = "sleep, by a program that says no"
			what["demux_exact_1"] = "a packet to a ring, of one binding"
			what["demux_exact_100"] = "the same, one binding of 100"
			what["demux_program_100"] = \
			    "the same, and a compiled program runs"
			what["demux_nobody_100"] = "a packet for none of 100"
			what["ash_answer"] = "a handler in the kernel answers"
			n = split(want, names, " ")
		}
		/^[a-z]/ { cost[$1] = $2 }
		END {
			for (i = 1; i <= n; i++) {
				if (!(names[i] in cost) || !(names[i] in what)) {
					print names[i] ": not counted" >"/dev/stderr"
					exit 2
				}
				printf "| %s | %s | %.1f |\n", what[names[i]],
				    cost[names[i]], \
				    cost[names[i]] / cost["null_call"]
			}
		}' tests/bare/count.golden
		;;
	attacks)
		echo '| flaw | what went wrong | its cases |'
		echo '|---|---|---|'
		awk '
		FNR == 1 { head = 1 }
		/^$/ { head = 0; why = "" }
		/^# / && !head { why = why (why == "" ? "" : " ") substr($0, 3) }
		/^== / && !/ \(safe\)$/ {
			name = substr($0, 4)
			gsub(/\|/, "\\|", why)
			file = FILENAME
			sub(/^tests\/cases\//, "", file)
			printf "| %s | %s | %s |\n", name, why, file
		}' tests/cases/verify/attack_*.case tests/cases/isa/attack.case
		;;
	*)
		echo "tables.sh: there is no table '$1'" >&2
		exit 2
		;;
	esac
}

status=0
new=$(mktemp)
part=$(mktemp)
trap 'rm -f "$new" "$part"' EXIT
for page in docs/*.md docs/exopf.1; do
	: > "$new"
	inside=
	while IFS= read -r line; do
		case $line in
		'<!-- table '*' -->' | '.\" table '*)
			name=${line#* table }
			table "${name% -->}" > "$part"
			{
				printf '%s\n' "$line"
				cat "$part"
			} >> "$new"
			inside=1
			;;
		'<!-- end of the table -->' | '.\" end of the table')
			printf '%s\n' "$line" >> "$new"
			inside=
			;;
		*)
			[ -n "$inside" ] || printf '%s\n' "$line" >> "$new"
			;;
		esac
	done < "$page"
	cmp -s "$page" "$new" && continue
	if [ "$mode" = --write ]; then
		cat "$new" > "$page"
	else
		echo "$page: its table differs from what it is made of;" \
		    "run docs/tables.sh --write"
		status=1
	fi
done
exit "$status"
