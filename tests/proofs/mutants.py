# SPDX-License-Identifier: BSD-2-Clause
"""Wrong variants of the domain: a proof of each must fail.

Each is one change of the C. The question that the tree's own C answers with
"impossible" must have an answer, and the compiled variant must fail on it:
so that neither formula, contract nor claim is empty.
"""

import os
import shutil

import prove

# name, file, what stands there, what is put there, property, width
MUTANTS = [
    ("add forgets a carry", "tnum.c",
     "m = (low ^ high) | a.m | b.m", "m = a.m | b.m", "tnum_add", 64),
    ("sub takes one end twice", "tnum.c",
     "(base + a.m) ^ (base - b.m)", "(base + a.m) ^ (base + b.m)",
     "tnum_sub", 64),
    ("and forgets may bits", "tnum.c",
     "(struct vf_tnum){ must, may & ~must }",
     "(struct vf_tnum){ must, a.m & b.m }", "tnum_and", 64),
    ("mul forgets the unknown of y", "tnum.c",
     "vf_tnum_add(acc, (struct vf_tnum){ 0, b.v | b.m })",
     "vf_tnum_add(acc, (struct vf_tnum){ 0, b.v })", "tnum_mul", 8),
    ("range is one bit short", "tnum.c",
     "m = UINT64_MAX >> __builtin_clzll(diff)",
     "m = (UINT64_MAX >> 1) >> __builtin_clzll(diff)", "tnum_range", 64),
    ("range of equal ends", "tnum.c", "if (diff == 0)", "if (diff == 1)",
     "tnum_range", 64),
    ("arsh copies no sign", "tnum.c", "vf_tnum_sext(a, w, 64)", "a",
     "tnum_arsh", 32),
    ("add keeps an interval that wrapped", "range.c",
     "if (add_u(a->umin, b->umin, &ulo, w) ==", "if (1 |", "range_add", 64),
    ("sub swaps the ends", "range.c",
     "r.umin = (a->umin - b->umax) & vf_umax(w)",
     "r.umin = (a->umin - b->umin) & vf_umax(w)", "range_sub", 64),
    ("udiv forgets 0", "range.c",
     "r.umin = b->umin == 0 ? 0 : a->umin / b->umax",
     "r.umin = a->umin / b->umax", "range_udiv", 16),
    ("sdiv forgets the quotient that wraps", "range.c",
     "a->smin == vf_smin(w) && b->smin <= -1", "a->smin == 7 && b->smin <= -1",
     "range_sdiv", 8),
    ("smod is too near", "range.c",
     "vf_max_s(r.smin, -near)", "vf_max_s(r.smin, 1 - near)", "range_smod",
     8),
    ("lsh looks at the smaller shift", "range.c",
     "a->umax <= vf_umax(w) >> hi", "a->umax <= vf_umax(w) >> lo",
     "range_lsh", 64),
    ("lsh shifts a 1 into the sign", "range.c",
     "hi < 63 && a->smin", "a->smin", "range_lsh", 64),
    ("ult is off by one", "range.c",
     "vf_max_u(b->umin, a->umin + 1)", "vf_max_u(b->umin, a->umin + 2)",
     "range_ult", 64),
    ("sle is slt", "range.c",
     "a->smax = vf_min_s(a->smax, b->smax);",
     "a->smax = vf_min_s(a->smax, b->smax - 1);", "range_sle", 64),
    ("ne cuts a word inside", "range.c",
     "if (a->umax == x)\n\t\ta->umax--;",
     "if (a->umax >= x)\n\t\ta->umax--;", "range_ne", 64),
    ("sync mixes the halves", "range.c",
     "r->umax = in1 ? h.hi1 : h.hi0", "r->umax = in0 ? h.hi0 : h.hi1",
     "range_sync", 64),
    ("half crosses the seam", "scalar.c", "if (ulo <= uhi) {",
     "if (ulo <= uhi || lo == 5) {", "scalar_sync_half", 32),
    ("the next word keeps its upper half", "scalar.c",
     "high = (high + mask + 1) & vf_umax(w)", "high = high & vf_umax(w)",
     "scalar_sync_word", 32),
    ("a known bit of the wrong half", "scalar.c",
     "half.m |= vf_umax(w) & ~vf_umax(w / 2)", "half.m |= vf_umax(w / 2)",
     "scalar_sync_tnum", 64),
    ("bits_common takes the highest of two", "scalar.c",
     "if ((may & (may - 1)) == 0) {", "if (may != 0) {", "scalar_jset", 32),
    ("a 32-bit result keeps its upper half", "scalar.c",
     "a.r.umin = z->r.umin;", "a.r.umin = z->r.umin + 1;",
     "scalar_add_half", 32),
    ("not less is not equal either", "scalar.c",
     "vf_range_ult(x, y, w) : vf_range_ule(y, x, w)",
     "vf_range_ult(x, y, w) : vf_range_ult(y, x, w)", "scalar_jlt_not", 32),
]


def _patched(source, number, file, old, new):
    """A folder with the one file changed."""
    place = f"{source.build}/mutant-{number}"
    shutil.rmtree(place, ignore_errors=True)
    os.makedirs(f"{place}/verifier")
    with open(f"{prove.ROOT}/verifier/{file}", encoding="utf-8") as text:
        before = text.read()
    # The house format breaks lines; what is sought may stand on several.
    if before.count(old) != 1:
        return None
    with open(f"{place}/verifier/{file}", "w", encoding="utf-8") as text:
        text.write(before.replace(old, new))
    return place


def _find(source, row, width, pool):
    """Operands on which a claim fails by the formula, and in C."""
    whole = prove.Formula(source, row, width, row.given)
    work = []
    for k, question in whole.questions():
        path = f"{source.build}/{row.name}-{width}-{k}.smt2"
        work.append(pool.submit(prove.ask_z3, path, whole.text(question), 60))
    answers = [future.result() for future in work]
    for result, words, _ in answers:
        if result == "sat":
            said = prove.replay(source, row.name, width, words)
            if said is None or said > 1:
                return sum(a[2] for a in answers)
    return None


def run_all(source, pool, report):
    """Every mutant; one that passes for proven is a failure of ours."""
    rows = {r.name: r for r in map(prove.Row, prove.table("props.tbl"))}
    for i, (name, file, old, new, prop, width) in enumerate(MUTANTS):
        place = _patched(source, i, file, old, new)
        if place is None:
            report.fail(f"mutant {i}", f"{file} has not once: {old}")
            continue
        wrong = prove.Source(place, place)
        row = rows[prop]
        row.given = []
        took = _find(wrong, row, width, pool)
        if took is None:
            report.fail(f"mutant {i}: {name}", f"{prop} still holds")
        else:
            report.add(f"mutant {i}: {prop}", "refuted, replayed in C", name,
                       took)
        shutil.rmtree(place, ignore_errors=True)
