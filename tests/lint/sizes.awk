# SPDX-License-Identifier: BSD-2-Clause
# Measure files and functions; findings go to stdout.
#
# A function is what stands between a `{` and the next `}` in column 0: the
# house format puts no other brace there. Its length is the lines between.
# -v licence="FILE:COUNT ..." allows COUNT longer functions in a file.

function finish_file(    limit) {
	if (!file)
		return
	limit = file ~ /\.h$/ ? 350 : 800
	if (lines > limit)
		print file ":" limit ": " lines " lines, the limit is " limit \
		    "; divide it by jobs"
}

BEGIN {
	n = split(licence, list, " ")
	for (i = 1; i <= n; i++) {
		split(list[i], pair, ":")
		allowed[pair[1]] = pair[2]
	}
}

FNR == 1 {
	finish_file()
	file = FILENAME
	name = ""
	start = 0
}

{
	lines = FNR
	is_c = FILENAME ~ /\.[ch]$/
}

# The last line in column 0 with a parenthesis names the function.
is_c && /^[A-Za-z_].*\(/ && !/;[ \t]*$/ {
	name = $0
	if (/^START_TEST/)
		sub(/^START_TEST\(/, "", name)
	else if (match(name, /[A-Za-z_0-9]+\(/))
		name = substr(name, RSTART)
	sub(/[(),].*/, "", name)
}

is_c && /^{/ { start = FNR }

is_c && /^}/ && start {
	length_of = FNR - start - 1
	if (length_of > 60 && ++long[FILENAME] > allowed[FILENAME] + 0)
		print FILENAME ":" start ": " name "() has " length_of \
		    " lines, the limit is 60; divide it"
	start = 0
}

END { finish_file() }
