#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Sum up what gcov saw: lines and branches, by file and by module.
#
# usage: cover.sh BUILD [MODULE PERCENT], after programs built with COVER=1
# ran. With a module, the last line is of its branches, and the exit status is
# 1 when fewer than so many per cent of them were taken.
#
# A branch counts when it was taken at least once. Branches are the compiler's
# at -O0, two for each conditional jump: those of `&&`, of switches, of builtins
# that report overflow and of assertions are among them, and no line is left
# out. Percentages are cut off, not rounded.

set -u
cd "$(dirname "$0")/../.." || exit 2
build=$1
module=${2:-}
least=${3:-0}

sum=$(find "$build/obj" -name '*.gcno' | grep -v "^$build/obj/tests/" | sort |
    while IFS= read -r notes; do
	gcov -n -b "$notes" 2>/dev/null
done | awk '
	function part(text, n) {
		n = text
		sub(/%.*/, "", n)
		sub(/.*:/, "", n)
		return n / 100
	}
	/^File / {
		file = $0
		gsub(/^File .|.$/, "", file)
		next
	}
	file ~ /^\// { next }
	/^Lines executed/ {
		all = $NF
		got = part($0) * all
		if (got >= line_got[file]) {
			line_all[file] = all
			line_got[file] = got
		}
	}
	/^Taken at least once/ {
		all = $NF
		got = part($0) * all
		if (got >= branch_got[file]) {
			branch_all[file] = all
			branch_got[file] = got
		}
	}
	function cut(x) { return int(1000 * x + 0.0001) / 10 }
	function percent(got, all) {
		return all ? sprintf("%5.1f %%", cut(got / all)) : "      -"
	}
	function row(kind, name, la, lg, ba, bg) {
		printf "%s\t%-34s %6d lines %s  %6d branches %s\n", kind,
		    name, la, percent(lg, la), ba, percent(bg, ba)
	}
	END {
		for (file in line_all) {
			module = file
			sub(/\/[^\/]*$/, "", module)
			row("file", file, line_all[file], line_got[file],
			    branch_all[file], branch_got[file])
			la[module] += line_all[file]
			lg[module] += line_got[file]
			ba[module] += branch_all[file]
			bg[module] += branch_got[file]
			la["~"] += line_all[file]
			lg["~"] += line_got[file]
			ba["~"] += branch_all[file]
			bg["~"] += branch_got[file]
		}
		for (module in la)
			if (module != "~")
				row("module", module, la[module], lg[module],
				    ba[module], bg[module])
		row("total", "all", la["~"], lg["~"], ba["~"], bg["~"])
	}' | sort | cut -f 2-)
printf '%s\n' "$sum"
[ -n "$module" ] || exit 0
printf '%s\n' "$sum" | awk -v module="$module" -v least="$least" '
	$1 == module { all = $6; got = $8 }
	END {
		if (!all) {
			print module ": nothing of it was measured"
			exit 1
		}
		printf "%s: %s %% of %d branches, at least %s %% are asked\n",
		    module, got, all, least
		exit got + 0 < least + 0
	}'
