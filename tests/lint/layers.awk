# SPDX-License-Identifier: BSD-2-Clause
# Judge every #include by layers.tbl.
#
# usage: awk -f layers.awk layers.tbl FILE...; findings go to stdout.

function module_of(path,    m, best) {
	best = ""
	for (m in kind)
		if (index(path, m "/") == 1 && length(m) > length(best))
			best = m
	return best
}

function exists(path,    line, r) {
	r = (getline line < path)
	close(path)
	return r >= 0
}

function complain(what) {
	print FILENAME ":" FNR ": " what
}

# The module that an installed header is included from has its own folder.
function resolve(path) {
	return path ~ /^exopf\// ? "include/" path : path
}

function project_header(path,    to, n, i, list) {
	path = resolve(path)
	if (!exists(path)) {
		complain("there is no " path "; write the path from the root")
		return
	}
	to = module_of(path)
	if (to == me)
		return
	n = split(may[me], list, " ")
	for (i = 1; i <= n; i++)
		if (list[i] == to) {
			if (path ~ /_int\.h$/)
				complain(path " is private to " to \
				    "; use its public header")
			return
		}
	complain(me " may not include " (to ? to : path) " (" path \
	    "); see tests/lint/layers.tbl")
}

function system_header(path,    i) {
	if (kind[me] == "bpf") {
		if (path !~ /^(linux|bpf)\//)
			complain("<" path "> is not for BPF; its programs " \
			    "have the headers of linux/ and bpf/ only")
		return
	}
	for (i = 1; i <= ndoors; i++)
		if (path ~ door[i]) {
			if (FILENAME != keeper[i])
				complain("only " keeper[i] " may include <" \
				    path ">")
			return
		}
	if (kind[me] == "free" && path !~ /^std(int|def|bool)\.h$/)
		complain("<" path "> needs a C library; freestanding code " \
		    "has stdint.h, stddef.h and stdbool.h only")
}

FILENAME == ARGV[1] {
	sub(/^#.*/, "")
	if ($1 == "module") {
		kind[$2] = $3
		rest = $0
		sub(/^[^:]*:/, "", rest)
		may[$2] = rest
	} else if ($1 == "only") {
		keeper[++ndoors] = $2
		door[ndoors] = $3
	}
	next
}

FNR == 1 {
	me = module_of(FILENAME)
	includes = 0
	own = FILENAME
	sub(/\.c$/, ".h", own)
	if (!me)
		complain("this folder has no row in tests/lint/layers.tbl")
}

/^[ \t]*#[ \t]*include/ && me {
	includes++
	if (match($0, /"[^"]*"/)) {
		path = substr($0, RSTART + 1, RLENGTH - 2)
		if (FILENAME ~ /\.c$/ && includes == 1 && path != own &&
		    path !~ /_int\.h$/ && exists(own))
			complain("its own header comes first: " own)
		project_header(path)
	} else if (match($0, /<[^>]*>/)) {
		path = substr($0, RSTART + 1, RLENGTH - 2)
		if (FILENAME ~ /\.c$/ && includes == 1 && exists(own))
			complain("its own header comes first: " own)
		if (path ~ /^exopf\//)
			project_header(path)
		else
			system_header(path)
	} else {
		complain("an include that cannot be checked; name the file")
	}
}
