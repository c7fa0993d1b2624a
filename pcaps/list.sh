#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The table of README.md: figures from the files, words from captures.tab.
#
# usage: list.sh            print the table
#        list.sh --write    put it into README.md
#        list.sh --check    exit 1 when README.md says anything else, or a
#                           capture has no row, or a row no capture
#
# A row of captures.tab: file|any or vm|what is in it|clients; servers. "vm"
# are those that needed capture-vm.sh.

set -eu
cd "$(dirname "$0")"
LC_ALL=C
export LC_ALL

for tool in capinfos zstd gzip; do
	command -v "$tool" >/dev/null || {
		echo "list.sh: $tool is missing (wireshark-common, zstd, gzip)" >&2
		exit 2
	}
done
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 2' INT TERM HUP

# The capture itself, out of its wrapping.
plain()
{
	case $1 in
	*.gz) gzip -dc "$1" >"$work/plain" ;;
	*.zst) zstd -qdc "$1" >"$work/plain" ;;
	*) cp "$1" "$work/plain" ;;
	esac
}

# Link types of a capture, each once.
links()
{
	capinfos "$work/plain" 2>/dev/null | awk '
	/^File encapsulation:/ {
		sub(/^[^:]*: */, "")
		file = $0
	}
	/^ +Encapsulation = / {
		sub(/^ +Encapsulation = /, "")
		sub(/ \([0-9]+ - [^)]*\)$/, "")
		if (!seen[$0]++)
			list = list (list ? ", " : "") $0
	}
	END { print list ? list : file }'
}

row()
{
	plain "$1"
	packets=$(capinfos -Tmrc "$work/plain" 2>/dev/null | awk -F, '{print $2}')
	printf '| %s | %s | %s | %s | %s | %s |\n' "$1" "$(links)" "$packets" \
	    "$(wc -c <"$1" | tr -d ' ')" "$3" \
	    "$4$([ "$2" = any ] || echo '; in QEMU')"
}

table()
{
	echo "| file | link type | packets | bytes | what is in it | made by |"
	echo "|---|---|---:|---:|---|---|"
	while IFS='|' read -r file where what how; do
		[ ! -f "$file" ] || row "$file" "$where" "$what" "$how"
	done <captures.tab
}

# README.md with the table between its two marks replaced.
page()
{
	table >"$work/table"
	awk -v table="$work/table" '
	/^<!-- end of the table -->/ { inside = 0 }
	!inside { print }
	/^<!-- table by list.sh -->/ {
		inside = 1
		while ((getline line < table) > 0)
			print line
	}' README.md
}

# Files without a row, rows without a file.
strays()
{
	cut -d '|' -f 1 captures.tab | sort >"$work/rows"
	for file in *.pcap *.pcapng *.pcap.* *.pcapng.*; do
		[ ! -f "$file" ] || echo "$file"
	done | sort >"$work/files"
	diff "$work/rows" "$work/files"
}

case ${1:-} in
'') table ;;
--write)
	page >"$work/page"
	cat "$work/page" >README.md
	;;
--check)
	strays >&2 || exit 1
	page | diff README.md - >&2 || exit 1
	;;
*)
	sed -n '/^# usage/,/^$/s/^# //p' "$0" >&2
	exit 2
	;;
esac
