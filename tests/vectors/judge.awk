# SPDX-License-Identifier: BSD-2-Clause
# Verdicts against expectations; check.sh says what the columns are.
#
# Input: set, id, expect, expect_unprivileged, unprivileged, name, then line,
# verdict, code, reason of the run as privileged and of that without.
# Licences: "SET ID MODE VERDICT CLASS reason", MODE priv or unpriv.

BEGIN {
	while ((getline text < licensed) > 0) {
		split(text, c, " ")
		key = c[1] " " c[2] " " c[3] " " c[4]
		if (key in class)
			twice[++ntwice] = key
		class[key] = c[5]
		sub(/^[^ ]* [^ ]* [^ ]* [^ ]* [^ ]* */, "", text)
		if (text == "")
			twice[++ntwice] = key " (without a reason)"
		why[key] = text
		order[++nlicences] = key
	}
	bad = 0
}

# Say it. A deviation that nothing licenses is a fault if it is bad.
function deviation(mode, verdict, code, reason, fault,    key, say) {
	key = $1 " " $2 " " mode " " verdict
	seen[key] = 1
	if (key in class) {
		used[key] = 1
		say = "licensed, " class[key]
		nlicensed[$1, mode, verdict]++
	} else if (fault) {
		say = "NOT LICENSED"
		unlicensed[$1, mode]++
	} else
		say = code " " reason
	listed[mode] = listed[mode] sprintf("  %s: %s (%s)\n", key, $6, say)
}

# One verdict: expect is accept or refuse.
function judge(mode, expect, verdict, code, reason) {
	n[$1, mode, expect, verdict]++
	total[$1, mode, expect]++
	present[$1] = 1
	# The same answer to the same question: said once, as privileged.
	if (mode == "unpriv" && expect == $3 && verdict == $8)
		return
	if (verdict == "error") {
		deviation(mode, verdict, code, reason, 1)
	} else if (expect == "refuse" && verdict == "accepted") {
		deviation(mode, verdict, code, reason, 1)
	} else if (expect == "accept" && verdict == "refused") {
		if (mode == "priv")
			causes[$1, code " " reason]++
		deviation(mode, verdict, code, reason,
		    mode == "unpriv" && $8 == "accepted")
	}
}

{
	judge("priv", $3, $8, $9, $10)
	if ($4 != "-")
		judge("unpriv", $4, $12, $13, $14)
}

function row(set, mode, expect) {
	if (!((set, mode, expect) in total))
		return
	printf "%-8s %-7s %-7s %6d %9d %8d %6d\n", set, mode, expect,
	    total[set, mode, expect], n[set, mode, expect, "accepted"],
	    n[set, mode, expect, "refused"], n[set, mode, expect, "error"]
}

function result(good, text) {
	print (good ? "ok - " : "not ok - ") text
	if (!good)
		bad = 1
}

function percent(part, all) {
	return all == 0 ? 100 : 100 * part / all
}

# What a set must keep.
function demand(set, least,    a, all) {
	a = n[set, "priv", "accept", "accepted"]
	all = total[set, "priv", "accept"]
	result(percent(a, all) >= least, sprintf("%s: %d of %d accepted " \
	    "(%.1f %%), at least %d %%", set, a, all, percent(a, all), least))
	result(!unlicensed[set, "priv"], sprintf("%s: accepted against the " \
	    "expectation: %d, errors: %d, without a licence: %d", set,
	    n[set, "priv", "refuse", "accepted"],
	    n[set, "priv", "refuse", "error"] + \
	    n[set, "priv", "accept", "error"], unlicensed[set, "priv"]))
	if ((set, "unpriv", "accept") in total)
		result(!unlicensed[set, "unpriv"], sprintf("%s, " \
		    "unprivileged: deviations without a licence: %d", set,
		    unlicensed[set, "unpriv"]))
}

function stale(    i, key, c, count) {
	for (i = 1; i <= nlicences; i++) {
		key = order[i]
		split(key, c, " ")
		if (!(c[1] in present) || key in used)
			continue
		print "  stale: " key
		count++
	}
	for (i = 1; i <= ntwice; i++)
		print "  twice: " twice[i]
	result(count + ntwice == 0, "every licence is in use")
}

END {
	if (NR == 0) {
		print "not ok - there is no vector"
		exit 1
	}
	print "set      mode    expect   total  accepted  refused  error"
	nsets = split("linux attacks", sets, " ")
	for (s = 1; s <= nsets; s++) {
		row(sets[s], "priv", "accept")
		row(sets[s], "priv", "refuse")
		row(sets[s], "unpriv", "accept")
		row(sets[s], "unpriv", "refuse")
	}
	print "\nrefused, expected to be accepted, by cause:"
	sort = "sort -k1,1 -k2,2nr"
	for (k in causes) {
		split(k, c, SUBSEP)
		printf "  %-8s %4d  %s\n", c[1], causes[k], c[2] | sort
	}
	close(sort)
	print "\ndeviations, privileged:"
	printf "%s", listed["priv"]
	print "\ndeviations, unprivileged:"
	printf "%s", listed["unpriv"]
	print ""
	if ("linux" in present)
		demand("linux", 95)
	if ("attacks" in present)
		demand("attacks", 100)
	stale()
	printf "accept: %d of %d (%.1f %%), refuse: %d of %d (%d licensed)",
	    n["linux", "priv", "accept", "accepted"],
	    total["linux", "priv", "accept"],
	    percent(n["linux", "priv", "accept", "accepted"],
	    total["linux", "priv", "accept"]),
	    n["linux", "priv", "refuse", "refused"],
	    total["linux", "priv", "refuse"],
	    nlicensed["linux", "priv", "accepted"]
	if ("attacks" in present)
		printf ", attacks: %d of %d refused, %d of %d twins accepted",
		    n["attacks", "priv", "refuse", "refused"],
		    total["attacks", "priv", "refuse"],
		    n["attacks", "priv", "accept", "accepted"],
		    total["attacks", "priv", "accept"]
	print ""
	exit bad
}
