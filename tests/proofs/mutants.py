# SPDX-License-Identifier: BSD-2-Clause
"""Wrong variants of the domain: a proof of each must fail.

Each is one change of the C. The question that the tree's own C answers with
"impossible" must have an answer, and the compiled variant must fail on it:
so that neither formula, contract nor claim is empty.
"""

import os
import shutil

from formula import Formula
from source import ROOT, Source

AT_MOST = 30  # CPU seconds for a question, before contracts are used

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
     "r.umin = a->umin / b->umax", "range_udiv", 8),
    ("sdiv forgets the quotient that wraps", "range.c",
     "a->smin == vf_smin(w) && b->smin <= -1", "a->smin == 7 && b->smin <= -1",
     "range_sdiv", 64),
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
     "a->smax = vf_min_s(a->smax, b->smax);\n\tb->smin",
     "a->smax = vf_min_s(a->smax, b->smax - 1);\n\tb->smin", "range_sle", 64),
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
    ("xor knows too much", "tnum.c",
     "uint64_t m = a.m | b.m;\n\n\treturn (struct vf_tnum){ (a.v ^ b.v)",
     "uint64_t m = a.m & b.m;\n\n\treturn (struct vf_tnum){ (a.v ^ b.v)",
     "tnum_xor", 64),
    ("swap leaves bytes too high", "tnum.c",
     "a.v = __builtin_bswap64(a.v) >> k", "a.v = __builtin_bswap64(a.v)",
     "tnum_swap2", 64),
    ("sext knows the copies of an unknown sign", "tnum.c",
     "a.m = (uint64_t)((int64_t)(a.m << k) >> k)", "a.m = a.m << k >> k",
     "tnum_sext", 64),
    ("eq takes the larger end", "range.c",
     "a->umax = vf_min_u(a->umax, b->umax);\n\ta->smin",
     "a->umax = vf_max_u(a->umax, b->umax);\n\ta->smin", "range_eq", 64),
    ("umod looks at the smallest divisor", "range.c",
     "vf_min_u(r.umax, b->umax - 1)", "vf_min_u(r.umax, b->umin - 1)",
     "range_umod", 8),
    ("arsh mixes the shifts", "range.c",
     "a->smin >> (a->smin < 0 ? lo : hi)", "a->smin >> (a->smin < 0 ? hi : lo)",
     "range_arsh", 64),
    ("the word before keeps its upper half", "scalar.c",
     "high = (high - mask - 1) & vf_umax(w)", "high = high & vf_umax(w)",
     "scalar_sync_word", 32),
    ("sext takes the half unsigned", "scalar.c",
     "c.r.smin = a->h.smin;", "c.r.smin = (int64_t)a->h.umin;",
     "scalar_sext", 16),
    ("rsh of the half is that of the word", "scalar.c",
     "op == EXO_AND || op == EXO_OR || op == EXO_XOR;",
     "op == EXO_AND || op == EXO_OR || op == EXO_RSH;", "scalar_rsh", 16),
    ("a modulus leaves one bit", "scalar.c",
     "vf_tnum_const(b->t.v - 1)", "vf_tnum_const(b->t.v >> 1)",
     "scalar_umod", 8),
    ("covers forgets the half", "scalar.c",
     "&&\n\t       vf_range_covers(&a->h, &b->h)", "", "scalar_covers", 32),
    ("a step forgets those before it", "scalar.c",
     "z->t = z->any ? vf_tnum_join(z->t, t) : t;", "z->t = t;",
     "scalar_rsh_step", 64),
    ("the last amount is left out", "scalar.c",
     "for (k = lo; k <= hi; k++)\n\t\tshift_step",
     "for (k = lo; k < hi; k++)\n\t\tshift_step", "scalar_lsh_bits", 16),
    ("the word before is in the wrong half", "scalar.c",
     "low = in1 ? s->hi1 : s->hi0;", "low = in1 ? s->hi0 : s->hi1;",
     "scalar_prev", 64),
    ("a set that has words is empty", "scalar.c",
     "\t}\n\treturn true;\n}\n\n/*\n * Operations",
     "\t}\n\treturn false;\n}\n\n/*\n * Operations", "scalar_sync", 16),
]


def _patch(place, file, old, new):
    """A folder with the one file changed. Nothing, or a complaint."""
    shutil.rmtree(place, ignore_errors=True)
    os.makedirs(f"{place}/verifier")
    with open(f"{ROOT}/verifier/{file}", encoding="utf-8") as text:
        before = text.read()
    if before.count(old) != 1:
        return f"{file} has not once: {old}"
    with open(f"{place}/verifier/{file}", "w", encoding="utf-8") as text:
        text.write(before.replace(old, new))
    return ""


def refute(base, solver, rows, number, mutant):
    """Find operands on which a claim fails, by the formula and in C; with
    contracts where none are found without. Nothing, or a complaint."""
    _, file, old, new, prop, width = mutant
    place = f"{base.build}/mutant-{number}"
    why = _patch(place, file, old, new)
    if why:
        return why
    wrong = Source(place, place, base)
    row = rows[prop]
    why = f"{prop} still holds"
    for given in [[], row.given] if row.given else [[]]:
        whole = Formula(wrong, row, width, given)
        for k, question in whole.questions():
            answer = solver.ask(whole.text(question), AT_MOST)
            if answer.what == "sat":
                said = wrong.says(prop, width, answer.words)
                if said is None or said > 1:
                    shutil.rmtree(place)
                    return ""
                why = f"claim {k}: not in C"
            elif answer.what != "unsat":
                why = f"claim {k}: {answer.solver} is {answer.what}"
    shutil.rmtree(place)
    return why
