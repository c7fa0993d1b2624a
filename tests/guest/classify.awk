# SPDX-License-Identifier: BSD-2-Clause
# Disagreements with Linux's verifier, by class.
#
# usage: awk -v table=classes.tbl -f classify.awk PRIV UNPRIV ANSWERS
#   PRIV, UNPRIV: line, id, verdict, code, instruction of `verify --batch`,
#   parted by tabs, privileged and with leaks refused
#   ANSWERS: lines of tests/guest/init.c, and "f LINE TEXT" of run.sh
#
# Exit status 1: a disagreement without a class, a program without an answer,
# or a kernel that fell or found a fault in itself.

BEGIN {
	FS = "\t"
	split("p l n", letter, " ")
	name["p"] = "all"
	name["l"] = "leaks"
	name["n"] = "none"
	while ((getline row < table) > 0) {
		if (row ~ /^[ \t]*(#|$)/)
			continue
		fields = split(row, c, /[ \t]+/)
		sub(/^[^ \t]+[ \t]+[^ \t]+[ \t]+[^ \t]+[ \t]+/, "", row)
		who[++rows] = c[1]
		modes[rows] = c[2]
		class[rows] = c[3]
		pattern[rows] = row
		if (c[1] !~ /^(linux|ours)$/ || c[2] !~ /^[pln]+[PLN]*$/ &&
		    c[2] !~ /^[PLN]+$/ ||
		    fields < 4) {
			print "classes: row " rows " is none: " c[3]
			bad = 1
		}
	}
	if (rows == 0) {
		print "classes: " table " has no row"
		bad = 1
	}
}

# What was said, without the numbers and registers of one program: N; large
# ones, which are no offset in any object, are B.
function normal(text) {
	gsub(/0x[0-9a-f]+/, "N", text)
	gsub(/-?[0-9][0-9][0-9][0-9][0-9]+/, "B", text)
	gsub(/-?[0-9]+/, "N", text)
	return text
}

# A capital is for programs that were not fitted.
function find(side, mode, program, text,    i, fitted) {
	fitted = program ~ /f$/
	for (i = 1; i <= rows; i++)
		if (who[i] == side && (text ~ pattern[i] ||
		    (text " #" program) ~ pattern[i]) &&
		    (index(modes[i], mode) ||
		    !fitted && index(modes[i], toupper(mode))))
			return i
	return 0
}

function example(key, id) {
	if (++count[key] <= 5)
		examples[key] = examples[key] " " id
}

function disagree(line, mode, side, text,    i, key) {
	i = find(side, mode, id[line], text)
	if (i) {
		key = side " " class[i]
		if (!(key in seen)) {
			seen[key] = 1
			keys[++nkeys] = key
		}
		by[key, mode]++
		example(key, id[line])
		return
	}
	key = side " " name[mode] ": " text
	if (!(key in unseen)) {
		unseen[key] = 1
		unkeys[++nunkeys] = key
	}
	example(key, id[line])
}

FILENAME == ARGV[1] || FILENAME == ARGV[2] {
	if (FILENAME == ARGV[1]) {
		programs++
		id[$1] = $2
	}
	m = FILENAME == ARGV[1] ? "p" : "l"
	verdict[$1, m] = $3
	code[$1, m] = $4
	if ($3 == "error") {
		print "no verdict of ours: " $2
		bad = 1
	}
	next
}

{
	split($0, f, " ")
	line = f[2]
}

f[1] == "f" {
	print "THE KERNEL FELL: " id[line] ": " substr($0, length(line) + 4)
	bad = 1
	fallen[line] = 1
	next
}

f[1] == "t" {
	print "THE KERNEL FOUND A FAULT IN ITSELF: " id[line] ", mode " \
	    name[letter[f[3] + 1]] ", taint " f[4]
	bad = 1
	next
}

f[1] == "r" {
	mode = letter[f[3] + 1]
	m = mode == "p" ? "p" : "l"
	text = $0
	sub(/^r [0-9]+ [0-9]+ [0-9]+ [0-9]+ /, "", text)
	text = f[4] " " normal(text)
	if (mode == "p")
		fully[line] = f[4] == 0
	else if (fully[line])
		text = text " [all]"
	we = verdict[line, m] == "accepted"
	they = f[4] == 0
	total[mode, we, they]++
	answered[line] = 1
	answers++
	if (we && !they)
		disagree(line, mode, "linux", text)
	else if (!we && they)
		disagree(line, mode, "ours", code[line, m])
}

function table_of_modes(    i, m) {
	printf "%-6s %8s %8s %14s %13s\n", "mode", "both yes", "both no",
	    "Linux alone no", "exopf alone no"
	for (i = 1; i <= 3; i++) {
		m = letter[i]
		printf "%-6s %8d %8d %14d %13d\n", name[m], total[m, 1, 1],
		    total[m, 0, 0], total[m, 1, 0], total[m, 0, 1]
	}
}

END {
	for (line in id)
		if (!(line in answered) && !(line in fallen))
			unanswered++
	if (unanswered || answers == 0) {
		print "no answer of Linux: " unanswered + 0 " programs"
		bad = 1
	}
	table_of_modes()
	printf "%-5s %-20s %6s %6s %6s  %s\n", "no by", "class", "all",
	    "leaks", "none", "examples"
	for (i = 1; i <= nkeys; i++) {
		split(keys[i], c, " ")
		printf "%-5s %-20s %6d %6d %6d %s\n", c[1], c[2],
		    by[keys[i], "p"], by[keys[i], "l"], by[keys[i], "n"],
		    examples[keys[i]]
	}
	for (i = 1; i <= nunkeys; i++)
		printf "NO CLASS: %s (%d:%s)\n", unkeys[i], count[unkeys[i]],
		    examples[unkeys[i]]
	printf "%s - %d programs, %d answers, %d disagreements without a " \
	    "class\n", bad || nunkeys ? "not ok" : "ok", programs, answers,
	    nunkeys
	exit bad || nunkeys ? 1 : 0
}
