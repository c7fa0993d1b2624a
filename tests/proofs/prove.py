#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Proves the properties of the verifier's domain (props.tbl) with z3.

usage: prove.py [-b BUILD] [-j JOBS] [-t SECONDS] [-m LIST] [PATTERN]

For each property: clang compiles the C of the operation and of the property
to LLVM's assembly, symex.py makes a formula of it, z3 is asked for operands
for which a claim fails. Before that, formula and compiled C are compared on
random operands. See docs/proofs.md.

-m prove,random,exhaust,mutants  what to do; all of it without -m
-t the time for each question, 90 seconds without -t
Exit: 0 all is proven as the table says, 1 it is not, 2 it could not run.
"""

import argparse
import concurrent.futures
import os
import re
import subprocess
import sys
import time

import expr as e
import ll
import symex

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
MODULES = ("tnum", "range", "scalar")
WORDS = 24
CHECKS = "signed-integer-overflow,shift,integer-divide-by-zero"
# No function is static and none is inlined: each can be called, replaced by
# its contract, and keeps its parameters.
OPEN = ["-Dstatic=", "-Dinline=", "-std=c11", "-O1"]
TO_IR = OPEN + ["-S", "-emit-llvm", "-fno-discard-value-names",
                "-fno-vectorize", "-fno-slp-vectorize", "-fno-unroll-loops",
                "-fno-inline", "-fsanitize-trap=all",
                f"-fsanitize={CHECKS},builtin,unreachable"]
TO_CODE = OPEN + [f"-fsanitize={CHECKS}", "-fsanitize-undefined-trap-on-error",
                  "-rdynamic", "-Wl,-z,muldefs"]
PARTS = {
    "vf_range_sync": "range",
    "vf_scalar_sync": "scalar", "sync_once": "scalar",
    "ranges_from_tnum": "scalar", "half_from_word": "scalar",
    "word_from_half": "scalar", "tnum_from_ranges": "scalar",
}


def run(args, **more):
    """Run a program that must succeed; what it printed."""
    done = subprocess.run(args, cwd=ROOT, capture_output=True, text=True,
                          check=False, **more)
    if done.returncode != 0:
        sys.exit(f"prove.py: {' '.join(args)}\n{done.stderr}")
    return done.stdout


class Source:
    """The C under proof: the tree's, or with files of `patched` before it."""

    def __init__(self, build, patched=None):
        self.build = build
        self.patched = patched
        self.units = {}
        self.drivers = {}
        os.makedirs(build, exist_ok=True)

    def path(self, name):
        """A source file."""
        if self.patched and os.path.exists(f"{self.patched}/{name}"):
            return f"{self.patched}/{name}"
        return name

    def includes(self):
        """Where headers are."""
        return ([f"-I{self.patched}"] if self.patched else []) + ["-I."]

    def unit(self, name, width):
        """The Module of a source file."""
        key = (name, width)
        if key not in self.units:
            base = os.path.basename(name)
            out = f"{self.build}/{base}-{width}.ll"
            run(["clang-14", *TO_IR, *self.includes(), f"-DWIDTH={width}",
                 "-o", out, self.path(name)])
            with open(out, encoding="utf-8") as file:
                self.units[key] = ll.parse(file.read())
        return self.units[key]

    def modules(self, prop, width):
        """All that a property needs."""
        own = f"tests/proofs/prop_{prop.split('_')[0]}.c"
        return ([self.unit(f"verifier/{m}.c", 64) for m in MODULES] +
                [self.unit(own, width)])

    def driver(self, width):
        """The properties, compiled by another compiler than the formulas."""
        if width not in self.drivers:
            out = f"{self.build}/drive-{width}"
            run([os.environ.get("CC", "gcc"), *TO_CODE, *self.includes(),
                 f"-DWIDTH={width}", "-o", out] +
                [self.path(f"verifier/{m}.c") for m in MODULES] +
                [f"tests/proofs/prop_{m}.c" for m in MODULES] +
                ["tests/proofs/drive.c", "-ldl"])
            self.drivers[width] = out
        return self.drivers[width]


class Row:
    """A line of props.tbl."""

    def __init__(self, line):
        part = line.split()
        self.name, self.shape = part[:2]
        self.widths = [int(w) for w in part[2].split(",")]
        self.given = part[3].split(",") if len(part) > 3 else []

    def words(self):
        """Which inputs are the words x, y, z."""
        at, out = 0, []
        for letter in self.shape:
            if letter in "xyz":
                out.append(at)
            at += {"T": 2, "R": 4, "S": 10, "K": 3}.get(letter, 1)
        return out


def table(name):
    """The lines of a table."""
    with open(f"{HERE}/{name}", encoding="utf-8") as file:
        return [s for s in file.read().splitlines() if s and s[0] != "#"]


class Formula:
    """A property as formulas: its verdict, what it stored, what is assumed of
    the functions whose contract stands for them."""

    def __init__(self, source, row, width, given=()):
        self.machine = symex.Machine(source.modules(row.name, width),
                                     max(width, 8) + 2)
        self.width = width
        self.inputs = [e.var(f"in{i}", 64) for i in range(WORDS)]
        self.tracked = [self.inputs[i] for i in row.words()]
        self.assumed = []
        self.used = set()
        for name in given:
            self.machine.hooks["@" + name] = self.contract(name)
        mem = dict(self.machine.mem)
        for i in range(WORDS):
            mem["in", 8 * i] = (8, self.inputs[i])
            mem["out", 8 * i] = (8, e.const(0, 64))
        start = symex.State(frozenset(), {}, mem)
        args = [symex.Ptr("in", 0), symex.Ptr("out", 0)]
        fn = self.machine.functions[f"@p_{row.name}"]
        self.said, end = self.machine.call(fn, args, start)
        self.out = [end.mem["out", 8 * i][1] for i in range(WORDS)]
        unused = set(given) - self.used
        if unused:
            sys.exit(f"prove.py: {row.name} never calls {unused}")

    def ask(self, name, args, mem):
        """The value of a predicate of prop.h."""
        fn = self.machine.functions["@" + name]
        state = symex.State(frozenset(), {}, mem)
        return self.machine.call(fn, args, state)[0]

    def contract(self, name):
        """The contract of a function that keeps the set of what it is given a
        pointer to: it needs a well-formed argument; the set after it is the
        same, for the words of the property; false says that it is empty."""
        kind = PARTS[name]

        def keeps(machine, values, state):
            self.used.add(name)
            p, w = values
            cells = 10 if kind == "scalar" else 4
            word = e.const((1 << w.num) - 1, 64)
            words = [e.binary("bvand", x, word) for x in self.tracked]
            more = [w] if kind == "range" else []

            def ask(what, mem, *args):
                return self.ask(what, [p, *args, *more], mem)
            if kind == "scalar" and w.num != self.width:
                sys.exit(f"prove.py: {name} at another width")
            here = symex.condition(state.lits)
            is_ok = ask(f"is_{kind}", state.mem)
            machine.wrong.append(e.land(here, e.lnot(is_ok)))
            before = [ask(f"in_{kind}", state.mem, x) for x in words]
            mem = state.mem
            for i in range(cells):
                fresh = machine.unknown(("i", 64))
                mem = machine.store(mem, symex.shift(p, 8 * i), 8, fresh)
            has_any = machine.unknown(("i", 1))
            after = [ask(f"in_{kind}", mem, x) for x in words]
            said = [e.lor(e.lnot(has_any), ask(f"is_{kind}", mem))]
            said += [e.eq(b, e.land(has_any, a))
                     for a, b in zip(after, before)]
            self.assumed.append(e.lor(e.lnot(here), e.all_of(said)))
            return has_any, mem
        return keeps

    def questions(self):
        """Pairs of a claim's number and what must be impossible; 0 is that
        nothing goes wrong on the way."""
        asked = [(0, e.any_of(self.machine.wrong))]
        asked += [(k, e.bit(self.said, k)) for k in range(1, 8)]
        return [(k, q) for k, q in asked if q is not e.FALSE]

    def text(self, question):
        """The question for z3."""
        facts, todo = [], [question] + self.assumed
        while todo:
            fact = todo.pop()
            if fact.op == "and":
                todo += fact.args
            elif fact is not e.TRUE:
                facts.append(fact)
        used = " ".join(sorted({n.num for n in e.order(facts)
                                if n.op == "var"}))
        return ("(set-logic QF_BV)\n" + e.to_smt(facts) +
                f"(check-sat)\n(get-value ({used or 'true'}))\n")


def ask_z3(path, text, seconds):
    """What z3 answers: unsat, sat or timeout; its words; how long it took."""
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    began = time.monotonic()
    done = subprocess.run(["z3", f"-T:{seconds}", "-memory:3000", path],
                          capture_output=True, text=True, check=False)
    took = time.monotonic() - began
    answer = (done.stdout.split("\n", 1) + [""])[:2]
    if answer[0] not in ("sat", "unsat"):
        is_late = answer[0] in ("timeout", "unknown") or "memory" in done.stdout
        answer[0] = "timeout" if is_late else f"error {done.stdout[:200]}"
    words = [0] * WORDS
    for at, base, value in re.findall(r"\(in(\d+) #([xb])(\w+)\)", answer[1]):
        words[int(at)] = int(value, 16 if base == "x" else 2)
    return answer[0], words, took


def replay(source, name, width, words):
    """What the compiled C says of these words; None when it trapped."""
    text = " ".join(f"{x:x}" for x in words)
    done = subprocess.run([source.driver(width), "eval", name], input=text,
                          capture_output=True, text=True, check=False)
    if done.returncode != 0:
        return None
    return int(done.stdout.split()[0], 16)


def differs(source, row, width, count=1000, by_z3=20):
    """Compare formula and C on random operands, all of them by the formula as
    Python code, some by z3 itself. A complaint, or None."""
    full = Formula(source, row, width)
    roots = [full.said] + full.out
    evaluate = e.to_python(roots)
    lines = run([source.driver(width), "sample", row.name, row.shape,
                 str(count), "7"]).splitlines()
    script = []
    for i, line in enumerate(lines):
        given, got = line.split(" : ")
        given = [int(x, 16) for x in given.split()]
        got = [int(x, 16) for x in got.split()]
        inputs = {f"in{k}": x for k, x in enumerate(given)}
        if evaluate(inputs) != got:
            return f"formula and C differ on {line}"
        if i < by_z3:
            same = e.all_of(e.eq(n, e.const(v, n.width))
                            for n, v in zip(roots, got))
            script.append("(push)\n" + e.to_smt([e.lnot(same)], inputs) +
                          "(check-sat)\n(pop)\n")
    path = f"{source.build}/same-{row.name}-{width}.smt2"
    with open(path, "w", encoding="utf-8") as file:
        file.write("".join(script))
    said = run(["z3", path]).split()
    if said != ["unsat"] * min(count, by_z3):
        return f"z3's value of the formula and C differ: {said[:5]}"
    return None


def hammer(source, row, width, count=200000):
    """Run a property on random operands: a complaint, or None."""
    done = subprocess.run([source.driver(width), "hammer", row.name,
                           row.shape, str(count), "1"], capture_output=True,
                          text=True, check=False)
    if done.returncode != 0:
        return f"at {width} bits: {done.stdout.strip() or 'a trap'}"
    if int(done.stdout) < count // 50:
        return f"at {width} bits: only {done.stdout.strip()} runs had operands"
    return None


class Report:
    """The table at the end, and whether all is well."""

    def __init__(self):
        self.rows = []
        self.bad = 0
        self.late = 0

    def add(self, name, result, how, seconds):
        """A line of the table."""
        self.rows.append((name, result, how, seconds))
        print(f"{name:<28}{result:<34}{how:<28}{seconds:8.1f}", flush=True)

    def fail(self, name, why):
        """Something that must not be."""
        self.bad += 1
        self.add(name, "FAILED", why, 0)


def prove_all(source, rows, seconds, pool, report, seen):
    """Put every question to z3 and judge the answers, row by row."""
    slow = {tuple(line.split()[:2]) for line in table("slow.tbl")}
    asked = []
    for row in rows:
        for width in row.widths:
            whole = Formula(source, row, width, row.given)
            answers = []
            for k, question in whole.questions():
                path = f"{source.build}/{row.name}-{width}-{k}.smt2"
                answers.append((k, pool.submit(ask_z3, path,
                                               whole.text(question), seconds)))
            asked.append((row, width, answers))
    for row, width, answers in asked:
        took, late = 0, []
        found = None
        for k, future in answers:
            result, words, spent = future.result()
            took += spent
            if result == "timeout":
                late.append(k)
            elif result != "unsat":
                found = found or (k, result, words)
        how = "z3"
        if row.given:
            how += ", given " + ("1 contract" if len(row.given) == 1 else
                                 f"{len(row.given)} contracts")
        if found:
            said = replay(source, row.name, width, found[2])
            real = said is None or said > 1
            report.fail(f"{row.name} {width}", f"claim {found[0]}: "
                        f"{found[1]} {[hex(x) for x in found[2]]}, "
                        f"{'as in C' if real else 'not so in C'}")
        elif late and (row.name, str(width)) not in slow:
            report.fail(f"{row.name} {width}", f"claims {late} ran out of "
                        "time")
        elif late:
            report.late += 1
            report.add(row.name, f"not proven at {width} bits",
                       "ran out of time", took)
        else:
            seen.setdefault(row.name, []).append(width)
            report.add(row.name, f"proven at {width} bits", how, took)


def random_all(source, rows, pool, report):
    """Formula against C; and C on random operands."""
    work = []
    for row in rows:
        width = 64
        why = differs(source, row, width)
        if why:
            report.fail(row.name, why)
        for wide in (64, 32) if "swap" not in row.name else (64,):
            work.append((row, pool.submit(hammer, source, row, wide)))
    for row, future in work:
        why = future.result()
        if why:
            report.fail(row.name, why)


def summary(rows, seen, report):
    """Lines for what is proven nowhere at 64 bits."""
    for row in rows:
        widths = seen.get(row.name, [])
        if 64 not in widths:
            most = f"proven at {max(widths)} bits" if widths else "not proven"
            print(f"only tested at 64 bits: {row.name} ({most}, random at 64)")
    total = sum(len(v) for v in seen.values())
    wide = sum(64 in v for v in seen.values())
    print(f"summary: properties={len(rows)} proven_at_64={wide} "
          f"proofs={total} timeouts={report.late} failures={report.bad}")


def options():
    """The command line."""
    args = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    args.add_argument("-b", "--build", default=f"{ROOT}/build/proofs")
    args.add_argument("-j", "--jobs", type=int, default=os.cpu_count())
    args.add_argument("-t", "--seconds", type=int, default=90)
    args.add_argument("-m", "--modes", default="prove,random,exhaust,mutants")
    args.add_argument("pattern", nargs="?", default="")
    return args.parse_args()


def main():
    """Do what the command line says."""
    opt = options()
    modes = opt.modes.split(",")
    rows = [Row(line) for line in table("props.tbl")]
    rows = [r for r in rows if re.search(opt.pattern, r.name)]
    source = Source(opt.build)
    report = Report()
    seen = {}
    sys.setrecursionlimit(10000)
    with concurrent.futures.ThreadPoolExecutor(opt.jobs) as pool:
        if "random" in modes:
            for width in (64, 32):
                source.driver(width)
            random_all(source, rows, pool, report)
            print(f"{len(rows)} formulas against C at 64 bits: 1000 random "
                  "operands each, 20 of them by z3", flush=True)
        if "exhaust" in modes:
            import exhaust  # pylint: disable=import-outside-toplevel
            exhaust.run_all(source, pool, report)
        if "mutants" in modes:
            import mutants  # pylint: disable=import-outside-toplevel
            mutants.run_all(source, pool, report)
        if "prove" in modes:
            prove_all(source, rows, opt.seconds, pool, report, seen)
            summary(rows, seen, report)
    if report.bad:
        print(f"prove.py: {report.bad} failed", file=sys.stderr)
    return 1 if report.bad else 0


if __name__ == "__main__":
    sys.exit(main())
