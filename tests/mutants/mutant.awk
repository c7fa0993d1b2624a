# SPDX-License-Identifier: BSD-2-Clause
# Reads tables of faults, tests/mutants/*.mut and jit/*.mut: run.sh describes them.
#
# usage: awk -f mutant.awk FILE.mut...
#	prints name, file, kind and a number made of the text, parted by tabs
#   awk -v want=NAME -v field=F -f mutant.awk FILE.mut...
#	prints file, kind, what, or text: the lines of the fault itself
#   awk -v want=NAME -v tree=DIR -f mutant.awk FILE.mut...
#	prints the mutant's file of DIR with the fault in it
#
# Exit: 2 a table is wrong, 3 the fault is stale: its old text does not stand
# in the file, or more than once.

function bad(message) {
	print FILENAME ":" FNR ": " message >"/dev/stderr"
	failed = 2
	exit
}

# A number that another text hardly has.
function number_of(text,    i, n) {
	n = 7
	for (i = 1; i <= length(text); i++)
		n = (n * 31 + index(letters, substr(text, i, 1))) % 1000000007
	return n
}

BEGIN {
	letters = " \t\n!\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTU" \
	    "VWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~"
}

/^#/ || /^$/ {
	next
}
/^== / {
	name = substr($0, 4)
	if (name in seen)
		bad("two faults of one name")
	if (name !~ /^[a-z0-9-]+$/)
		bad("a name has small letters, digits and dashes")
	seen[name] = 1
	names[++n] = name
	next
}
name == "" {
	bad("a fault begins by == and its name")
}
/^file: / {
	file[name] = $2
	next
}
/^kind: (unsound|weak)$/ {
	kind[name] = $2
	next
}
/^what: / {
	what[name] = substr($0, 7)
	next
}
/^@@$/ { # another place of the same file
	hunks[name]++
	next
}
/^[ +-]/ {
	line = substr($0, 2) "\n"
	if ($0 !~ /^\+/)
		old[name, hunks[name] + 0] = old[name, hunks[name] + 0] line
	if ($0 !~ /^-/)
		new[name, hunks[name] + 0] = new[name, hunks[name] + 0] line
	text[name] = text[name] $0 "\n"
	next
}
{
	bad("not a line of a fault")
}

# The text all, which begins with an empty line, with hunk k in it.
function apply(all, k,    at) {
	at = index(all, "\n" old[want, k])
	if (at == 0 ||
	    index(substr(all, at + 1), "\n" old[want, k]) != 0) {
		print "stale mutant " want ": its old text stands " \
		    (at == 0 ? "nowhere" : "more than once") " in " file[want] \
		    >"/dev/stderr"
		failed = 3
	}
	return substr(all, 1, at) new[want, k] \
	    substr(all, at + 1 + length(old[want, k]))
}

function write_out(    path, all, line, k) {
	path = tree "/" file[want]
	all = "\n"
	while ((getline line <path) > 0)
		all = all line "\n"
	for (k = 0; k <= hunks[want] + 0 && !failed; k++)
		all = apply(all, k)
	if (!failed)
		printf "%s", substr(all, 2)
}

function is_whole(name,    k) {
	for (k = 0; k <= hunks[name] + 0; k++)
		if (old[name, k] == "" || old[name, k] == new[name, k])
			return 0
	return file[name] != "" && kind[name] != "" && what[name] != ""
}

END {
	for (i = 1; i <= n && !failed; i++) {
		name = names[i]
		if (!is_whole(name)) {
			print "fault " name " is not whole" >"/dev/stderr"
			failed = 2
		} else if (want == "") {
			printf "%s\t%s\t%s\t%d\n", name, file[name],
			    kind[name], number_of(text[name])
		}
	}
	if (!failed && want != "" && !(want in seen)) {
		print "there is no fault " want >"/dev/stderr"
		failed = 2
	}
	if (failed || want == "")
		exit failed
	if (tree != "")
		write_out()
	else
		printf "%s", field == "text" ? text[want] : field == "file" ? \
		    file[want] "\n" : field == "kind" ? kind[want] "\n" : \
		    what[want] "\n"
	exit failed
}
