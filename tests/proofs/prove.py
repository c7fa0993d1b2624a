#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Proves the properties of the verifier's domain (props.tbl) with solvers.

usage: prove.py [-q] [-b BUILD] [-j JOBS] [-t SECONDS] [-m MODES] [PATTERN]

For each property: clang compiles the C of the operation and of the property
to LLVM's assembly, symex.py makes a formula of it, z3 is asked for operands
for which a claim fails, and cvc5 where z3 takes long. Formula and compiled C
are compared on random operands, and wrong variants of the C must be refuted.
See docs/proofs.md.

PATTERN  properties that match it only
-m  what to do: same,prove,exhaust,mutants; all of it without -m
-t  CPU seconds for a question, 150 without -t
-q  the quick form: fewer operands
Exit: 0 all is as it should be, 1 it is not.
"""

import argparse
import os
import re
import subprocess
import sys

sys.dont_write_bytecode = True  # nothing is made outside BUILD
# pylint: disable=wrong-import-position
import expr as e
import mutants
import source
from formula import Formula
from solver import Solver, spread

TOGETHER = 4  # CPU seconds for all claims of a property in one question


class Report:
    """The table, and what it comes to."""

    def __init__(self):
        self.proven = {}  # widths by property
        self.tested = set()
        self.uses = {}  # contracts, "property@width", and who needs them
        self.rests = {}  # properties, and those whose contracts they use
        self.bad = 0
        print(f"{'property':<22}{'width':>6}  {'result':<50}{'seconds':>8}")

    def line(self, name, width, result, seconds):
        """A line of the table."""
        print(f"{name:<22}{width:>6}  {result:<50}{float(seconds):8.1f}",
              flush=True)

    def fail(self, name, width, why):
        """Something that must not be."""
        self.bad += 1
        print(f"{name:<22}{width:>6}  FAILED: {why}", flush=True)

    def is_circular(self, name):
        """Does a proof use what rests on it?"""
        below, todo = set(), [name]
        while todo:
            new = self.rests.get(todo.pop(), set()) - below
            below |= new
            todo += new
        return name in below

    def summary(self):
        """The last line."""
        wide = sum(64 in v for v in self.proven.values())
        print(f"proofs: {wide} proven at 64 bits, "
              f"{len(self.proven) - wide} at smaller widths, "
              f"{len(self.tested - set(self.proven))} only tested, "
              f"{self.bad} failed")


class Proofs:
    """All that is done to rows of props.tbl."""

    def __init__(self, opt):
        self.opt = opt
        self.source = source.Source(opt.build)
        self.solver = Solver(f"{opt.build}/answers", opt.seconds)
        self.rows = [r for r in source.rows() if re.search(opt.pattern, r.name)]
        self.report = Report()

    def compile(self):
        """What several processes need, once."""
        self.source.driver(64)
        if self.opt.modes == "exhaust":
            return
        for row in self.rows:
            for width in {64, *row.widths}:
                self.source.driver(width)
                self.source.modules(row.name, width)

    # Formula against C

    def differs(self, task):
        """Compare formula and C on random operands, all of them by the formula
        as Python code, some by z3 itself. A complaint, or nothing."""
        row, width = task
        count, by_z3 = (100, 4) if self.opt.quick else (1000, 20)
        full = Formula(self.source, row, width)
        roots = [full.said] + full.out
        evaluate = e.to_python(roots)
        status, out = self.source.drive(width, ["sample", row.name, row.shape,
                                                str(count), "7"])
        script, held = [], 0
        for line in out.splitlines():
            given, got = ([int(x, 16) for x in part.split()]
                          for part in line.split(" : "))
            inputs = {f"in{k}": x for k, x in enumerate(given)}
            if evaluate(inputs) != got:
                return f"formula and C differ on {line}"
            held += got[0] == 1
            if len(script) < by_z3:
                same = e.all_of(e.eq(n, e.const(v, n.width))
                                for n, v in zip(roots, got))
                script.append("(push)\n" + e.to_smt([e.lnot(same)], inputs) +
                              "(check-sat)\n(pop)\n")
        if status != 0 or held < count // 50:
            return f"C holds for {held} of {count} operands, status {status}"
        path = f"{self.source.build}/same-{row.name}-{width}.smt2"
        with open(path, "w", encoding="utf-8") as file:
            file.write("".join(script))
        said = source.run(["z3", path]).split()
        os.remove(path)
        if said != ["unsat"] * by_z3:
            return f"z3's value of the formula and C differ: {said[:5]}"
        return ""

    def same(self):
        """Are the formulas what the compiled C computes?"""
        tasks = [(row, w) for row in self.rows
                 for w in sorted({64, row.widths[-1]})
                 if w == 64 or not self.opt.quick]
        for (row, width), why in spread(self.differs, tasks, self.opt.jobs):
            if why != "":
                self.report.fail(row.name, width, why)
        print(f"{len(tasks)} formulas give what compiled C gives",
              flush=True)

    # Proofs

    def claims(self, row, width, whole):
        """Nothing, or a complaint; CPU seconds; the solvers that decided."""
        asked, by, k = whole.questions(), set(), "all"
        if not asked:
            return "claims nothing", 0, by
        any_one = e.any_of(q for _, q in asked)
        answer = self.solver.ask(whole.text(any_one), TOGETHER)
        took = answer.seconds
        by.add(answer.solver)
        if answer.what not in ("sat", "unsat"):
            by.clear()
            for k, question in asked:
                answer = self.solver.ask(whole.text(question))
                took += answer.seconds
                by.add(answer.solver)
                if answer.what != "unsat":
                    break
        if answer.what == "unsat":
            return "", took, by
        if answer.what != "sat":
            return f"claim {k}: {answer.solver} is {answer.what}", took, by
        words = " ".join(f"{x:x}" for x in answer.words)
        said = self.source.says(row.name, width, answer.words)
        if said is None or said > 1:
            return f"in C, verdict {said}: {words}", took, by
        return f"formula only, not in C: {words}", took, by

    def prove(self, task):
        """Complaint, CPU seconds, solvers, contracts that were used: lines."""
        row, width = task
        whole = Formula(self.source, row, width, row.given)
        why, took, by = self.claims(row, width, whole)
        if not why:
            # not vacuous: an example of operands, and C says that it is one
            answer = self.solver.ask(whole.text(whole.example()))
            took += answer.seconds
            if (answer.what != "sat" or
                    self.source.says(row.name, width, answer.words) != 1):
                why = (f"its operands do not exist: {answer.solver} is "
                       f"{answer.what}")
        used = " ".join(f"{name}@{w}" for name, w in sorted(whole.used))
        return f"{why}\n{took:.1f}\n{'+'.join(sorted(by))}\n{used}"

    def prove_all(self):
        """Every property at every width of its row."""
        tasks = [(row, w) for row in self.rows for w in row.widths]
        for (row, width), text in spread(self.prove, tasks, self.opt.jobs):
            why, took, by, used = (text or "it died\n0\n\n").split("\n")
            if why:
                self.report.fail(row.name, width, why)
                continue
            self.report.proven.setdefault(row.name, []).append(width)
            for contract in used.split():
                self.report.uses[contract] = row.name
                self.report.rests.setdefault(row.name, set()).add(
                    contract.split("@")[0])
            what = "proven, given contracts" if row.given else "proven"
            self.report.line(row.name, width, f"{what} ({by})", took)
        for name in self.report.rests:
            if self.report.is_circular(name):
                self.report.fail(name, 0, "its contracts rest on itself")
        if self.opt.pattern:
            return
        for contract, user in self.report.uses.items():
            name, width = contract.split("@")
            if int(width) not in self.report.proven.get(name, []):
                self.report.fail(name, width, f"not proven, needed by {user}")

    # Tests

    def hammer(self, row):
        """C on many random operands at 64 bits: a complaint, or nothing."""
        count = 20000 if self.opt.quick else 1000000
        status, out = self.source.drive(64, ["hammer", row.name, row.shape,
                                             str(count), "1"])
        if status != 0:
            return out.strip() or "a trap"
        return "" if int(out) > count // 50 else f"only {out.strip()} operands"

    def test_all(self):
        """What is not proven at 64 bits is tried there; intervals of 6 bits
        are all tried."""
        rows = [r for r in self.rows if 64 not in r.widths]
        for row, why in spread(self.hammer, rows, self.opt.jobs):
            if why != "":
                self.report.fail(row.name, 64, why)
                continue
            self.report.tested.add(row.name)
            self.report.line(row.name, 64, "tested on random operands", 0)
        program = f"{self.source.build}/exhaust"
        source.run([os.environ.get("CC", "gcc"), "-std=c11", "-O2", "-I.",
                    "-o", program, "tests/proofs/exhaust.c",
                    "verifier/range.c"])
        before = os.times()
        done = subprocess.run([program], capture_output=True, text=True,
                              check=False)
        for line in done.stdout.splitlines():
            name, cases = line.split(" ", 1)
            if cases.isdigit():
                self.report.line(f"range_{name}", 6,
                                 f"tested on all pairs: {cases}",
                                 os.times()[2] - before[2])
            else:
                self.report.fail(f"range_{name}", 6, cases)
        if done.returncode not in (0, 1):
            self.report.fail("exhaust", 6, f"status {done.returncode}")

    def refute_all(self):
        """Wrong variants must be refuted."""
        tasks = [(at, m) for at, m in enumerate(mutants.MUTANTS)
                 if re.search(self.opt.pattern, m[4])]
        before = self.report.bad
        rows = {r.name: r for r in source.rows()}

        def work(task):
            return mutants.refute(self.source, self.solver, rows, *task)
        for (at, mutant), why in spread(work, tasks, self.opt.jobs):
            if why != "":
                self.report.fail(mutant[4], mutant[5],
                                 f"mutant {at} ({mutant[0]}): {why}")
        print(f"{len(tasks) + before - self.report.bad} of {len(tasks)} wrong "
              "variants of the C refuted, each with operands on which it fails",
              flush=True)


def main():
    """Do what the command line says."""
    args = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    args.add_argument("-b", "--build", default=f"{source.ROOT}/build/proofs")
    args.add_argument("-j", "--jobs", type=int, default=os.cpu_count())
    args.add_argument("-t", "--seconds", type=int, default=150)
    args.add_argument("-m", "--modes", default="same,prove,exhaust,mutants")
    args.add_argument("-q", "--quick", action="store_true")
    args.add_argument("pattern", nargs="?", default="")
    opt = args.parse_args()
    sys.setrecursionlimit(10000)
    proofs = Proofs(opt)
    proofs.compile()
    steps = {"same": proofs.same, "prove": proofs.prove_all,
             "exhaust": proofs.test_all, "mutants": proofs.refute_all}
    for name in opt.modes.split(","):
        steps[name]()
    proofs.report.summary()
    return 1 if proofs.report.bad else 0


if __name__ == "__main__":
    sys.exit(main())
