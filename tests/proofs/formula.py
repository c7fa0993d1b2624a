# SPDX-License-Identifier: BSD-2-Clause
"""From a property to formulas: what must be impossible if it holds."""

import re
import sys

import expr as e
import symex
from source import WORDS

# Functions whose contract may stand for them, and the property that is their
# contract: a row of its own, which must be proven at each width of use.
CONTRACTS = {
    "vf_range_sync": "range_sync",
    "vf_scalar_sync": "scalar_sync",
    "sync_once": "scalar_sync_once",
    "sync_known": "scalar_sync_known",
    "ranges_from_tnum": "scalar_sync_ranges",
    "half_from_word": "scalar_sync_half",
    "word_from_half": "scalar_sync_word",
    "tnum_from_ranges": "scalar_sync_tnum",
    "next_word": "scalar_next",
    "prev_word": "scalar_prev",
    "shift_step": "scalar_SHIFT_step",  # lsh, rsh, arsh
    "shift_bits": "scalar_SHIFT_bits",
    "vf_tnum_join": "tnum_join",
    "vf_tnum_lsh": "tnum_lsh",
    "vf_tnum_rsh": "tnum_rsh",
    "vf_tnum_arsh": "tnum_arsh",
    "vf_range_mul": "range_mul",
    "vf_range_lsh": "range_lsh",
    "vf_range_rsh": "range_rsh",
    "vf_range_arsh": "range_arsh",
}
SHIFTS = {0x60: "lsh", 0x70: "rsh", 0xc0: "arsh"}
CELLS = {"range": 4, "scalar": 10}  # words of a structure


class Formula:
    """A property as formulas: its verdict, what it stored, what is assumed of
    the functions whose contract stands for them."""

    def __init__(self, source, row, width, given=()):
        e.forget()
        self.machine = symex.Machine(source.modules(row.name, width),
                                     max(width, 8) + 2)
        self.width = width
        half = row.name.endswith("_half")
        self.op_width = e.const(width // 2 if half else width, 32)
        self.inputs = [e.var(f"in{i}", 64) for i in range(WORDS)]
        self.watched = []
        self.assumed = []
        self.used = set()  # contracts: (property, width)
        self.machine.hooks["@watch"] = self.watch
        for name in given:
            kind = (self.shifts if name.endswith("sh") else
                    self.joins if name.endswith("join") else
                    self.nexts if name.endswith("_word") and
                    name[:4] in ("next", "prev") else
                    self.agrees if name == "shift_bits" else
                    self.steps if name == "shift_step" else
                    self.products if name == "vf_range_mul" else self.keeps)
            self.machine.hooks["@" + name] = kind(name)
        mem = dict(self.machine.mem)
        for i in range(WORDS):
            mem["in", 8 * i] = (8, self.inputs[i])
            mem["out", 8 * i] = (8, e.const(0, 64))
        start = symex.State(frozenset(), {}, mem)
        args = [symex.Ptr("in", 0), symex.Ptr("out", 0)]
        fn = self.machine.functions[f"@p_{row.name}"]
        self.said, end = self.machine.call(fn, args, start)
        self.out = [end.mem["out", 8 * i][1] for i in range(WORDS)]
        names = "".join(re.sub("[a-z]*sh_", "SHIFT_", name) + " "
                        for name, _ in self.used)
        unused = {g for g in given if CONTRACTS[g] + " " not in names}
        if unused:
            sys.exit(f"proofs: {row.name} never uses {unused}")

    def c(self, name, *args, mem=None):
        """The value of a function of prop.h."""
        fn = self.machine.functions["@" + name]
        state = symex.State(frozenset(), {}, mem or {})
        return self.machine.call(fn, args, state)[0]

    def watch(self, _machine, values, state):
        """A property names a word for which contracts hold."""
        self.watched += values
        return None, state.mem

    def words(self, w):
        """The words that are watched, cut to w bits."""
        top = e.const((1 << w) - 1, 64)
        return [e.binary("bvand", x, top) for x in self.watched]

    def need(self, state, cond):
        """The caller of a contract must fulfil this."""
        here = symex.condition(state.lits)
        self.machine.wrong.append(e.land(here, e.lnot(cond)))

    def assume(self, state, facts):
        """The contract promises this."""
        here = symex.condition(state.lits)
        self.assumed.append(e.lor(e.lnot(here), e.all_of(facts)))

    def scramble(self, mem, p, cells):
        """Memory with any words at p."""
        for i in range(cells):
            fresh = self.machine.unknown(("i", 64))
            mem = self.machine.store(mem, symex.shift(p, 8 * i), 8, fresh)
        return mem

    def keeps(self, name):
        """The contract of a function that keeps the set of what it is given a
        pointer to: it needs a well-formed argument; the set after it is the
        same, for the words that are watched; false says that it is empty."""
        kind = CONTRACTS[name].split("_")[0]

        def hook(machine, values, state):
            p, w = values
            more = [w] if kind == "range" else []
            if kind == "scalar" and w.num != self.width:
                sys.exit(f"proofs: {name} at another width")
            self.used.add((CONTRACTS[name], w.num))

            def ask(what, mem, *args):
                return self.c(what, p, *args, *more, mem=mem)
            well = "fits_range" if kind == "range" else "is_scalar"
            self.need(state, ask(well, state.mem))
            mem = self.scramble(state.mem, p, CELLS[kind])
            has_any = machine.unknown(("i", 1))
            facts = [e.lor(e.lnot(has_any), ask(f"is_{kind}", mem))]
            for x in self.words(w.num):
                before = ask(f"in_{kind}", state.mem, x)
                after = ask(f"in_{kind}", mem, x)
                facts.append(e.eq(before, e.land(has_any, after)))
            self.assume(state, facts)
            return has_any, mem
        return hook

    def shifts(self, name):
        """The contract of a shift of a tnum or range by k, lo <= k <= hi: what
        x becomes when it is shifted by y modulo w is in the result, if x is in
        the operand and y modulo w is such a k."""
        kind, op = CONTRACTS[name].split("_")

        def hook(machine, values, state):
            mem = state.mem
            if kind == "range":
                out, old, lo, hi, w = values
                mem = self.scramble(mem, out, CELLS[kind])
                old, new, more, done = [old], [out], [w], None
            else:
                old, lo = values[:2], values[2]
                new = [machine.unknown(("i", 64)) for _ in "vm"]
                # vf_tnum_rsh() is not told the width: any one will do
                w = values[3] if len(values) == 4 else self.op_width
                hi, more, done = lo, [], tuple(new)
            self.used.add((CONTRACTS[name], w.num))
            x, y = self.words(w.num)[:2]
            k = e.binary("bvand", e.extract(y, 31, 0), e.const(w.num - 1, 32))
            self.need(state, self.c(f"is_{kind}", *old, w, mem=mem))
            self.need(state, e.land(e.compare("bvule", lo, hi),
                                    e.compare("bvult", hi, w)))
            fits = e.all_of([self.c(f"in_{kind}", *old, x, *more, mem=mem),
                             e.compare("bvule", lo, k),
                             e.compare("bvule", k, hi)])
            z = self.c(f"word_{op}", x, k, w)
            self.assume(state, [
                self.c(f"is_{kind}", *new, w, mem=mem),
                e.lor(e.lnot(fits),
                      self.c(f"in_{kind}", *new, z, *more, mem=mem))])
            return done, mem
        return hook

    def products(self, name):
        """The contract of vf_range_mul(): the product of two words is in the
        result, if each is in its operand."""
        def hook(machine, values, state):
            out, a, b, w = values
            self.used.add((CONTRACTS[name], w.num))
            old = state.mem
            for operand in a, b:
                self.need(state, self.c("is_range", operand, w, mem=old))
            mem = self.scramble(old, out, CELLS["range"])
            x, y = self.words(w.num)[:2]
            z = e.binary("bvand", e.binary("bvmul", x, y),
                         e.const((1 << w.num) - 1, 64))
            fits = e.land(self.c("in_range", a, x, w, mem=old),
                          self.c("in_range", b, y, w, mem=old))
            self.assume(state, [
                self.c("is_range", out, w, mem=mem),
                e.lor(e.lnot(fits), self.c("in_range", out, z, w, mem=mem))])
            return None, mem
        return hook

    def joins(self, name):
        """The contract of vf_tnum_join(): the result has what either has."""
        def hook(machine, values, state):
            a, b, w = values[:2], values[2:], self.op_width
            self.used.add((CONTRACTS[name], w.num))
            for old in a, b:
                self.need(state, self.c("is_tnum", *old, w))
            new = [machine.unknown(("i", 64)) for _ in "vm"]
            facts = [self.c("is_tnum", *new, w)]
            for x in self.words(w.num):
                has = e.lor(self.c("in_tnum", *a, x), self.c("in_tnum", *b, x))
                facts.append(e.lor(e.lnot(has), self.c("in_tnum", *new, x)))
            self.assume(state, facts)
            return tuple(new), state.mem
        return hook

    def nexts(self, name):
        """The contract of next_word() and prev_word(): on the way from x to
        what they give, upwards or downwards and round the end, there is no
        word that is watched and whose lower half fits."""
        def hook(machine, values, state):
            x, halves, w = values
            top = e.const((1 << w.num) - 1, 64)
            half = e.const(w.num // 2, 32)
            low = e.const((1 << w.num // 2) - 1, 64)
            self.used.add((CONTRACTS[name], w.num))
            self.need(state, e.compare("bvule", x, top))
            self.need(state, self.c("is_halves", halves, half, mem=state.mem))
            y = machine.unknown(("i", 64))

            def way(z):
                ends = (x, z) if name == "prev_word" else (z, x)
                return e.binary("bvand", e.binary("bvsub", *ends), top)
            facts = [e.compare("bvule", y, top)]
            for z in self.words(w.num):
                fits = self.c("in_halves", halves, e.binary("bvand", z, low),
                              mem=state.mem)
                facts.append(e.lor(e.lnot(fits),
                                   e.compare("bvule", way(y), way(z))))
            self.assume(state, facts)
            return y, state.mem
        return hook

    @staticmethod
    def contract(name, values):
        """The row for the operation that the first argument is."""
        return CONTRACTS[name].replace("SHIFT", SHIFTS[values[0].num])

    def agreed(self, values, state):
        """What the contracts of shift_bits() and shift_step() share: operand,
        amounts and result must be well-formed. New memory with any result;
        that the first watched word, shifted by the second one modulo w, is in
        a result; that the amounts have this one; the amount itself."""
        op, a, kt, w, out = (values[0], values[1:3], values[3:5], *values[-2:])
        x, y = self.words(w.num)[:2]
        k = e.binary("bvand", e.extract(y, 31, 0), e.const(w.num - 1, 32))
        z = self.c(f"word_{SHIFTS[op.num]}", x, k, w)
        for t in a, kt:
            self.need(state, self.c("is_tnum", *t, w))
        mem = self.scramble(state.mem, out, 2)
        is_any = self.machine.unknown(("i", 1))
        mem = self.machine.store(mem, symex.shift(out, 16), 1,
                                 e.from_bool(is_any, 8))

        def has_z(at):
            return e.land(self.c("is_any", out, mem=at),
                          self.c("in_agreed", out, z, mem=at))
        has_k = e.land(self.c("in_tnum", *a, x),
                       self.c("in_tnum", *kt, e.zext(k, 64)))
        self.assume(state, [self.c("is_agreed", out, w, mem=mem)])
        return mem, has_z, has_k, k

    def agrees(self, name):
        """The contract of shift_bits(): what x becomes when it is shifted by y
        modulo w is in what it gives, if x is in the operand and y modulo w is
        one of the amounts."""
        def hook(_machine, values, state):
            lo, hi, w = values[5:8]
            self.used.add((self.contract(name, values), w.num))
            mem, has_z, has_k, k = self.agreed(values, state)
            self.need(state, e.compare("bvult", hi, w))
            fits = e.all_of([has_k, e.compare("bvule", lo, k),
                             e.compare("bvule", k, hi)])
            self.assume(state, [e.lor(e.lnot(fits), has_z(mem))])
            return None, mem
        return hook

    def steps(self, name):
        """The contract of shift_step(): what was there stays, and what x
        becomes comes in if this is its amount."""
        def hook(_machine, values, state):
            now, w, out = values[5:8]
            self.used.add((self.contract(name, values), w.num))
            mem, has_z, has_k, k = self.agreed(values, state)
            self.need(state, e.compare("bvult", now, w))
            self.need(state, self.c("is_agreed", out, w, mem=state.mem))
            self.assume(state, [
                e.lor(e.lnot(has_z(state.mem)), has_z(mem)),
                e.lor(e.lnot(e.land(has_k, e.eq(now, k))), has_z(mem))])
            return None, mem
        return hook

    def questions(self):
        """Pairs of a claim's number and what must be impossible; 0 is that
        nothing goes wrong on the way."""
        asked = [(0, e.any_of(self.machine.wrong))]
        asked += [(k, e.bit(self.said, k)) for k in range(1, 16)]
        return [(k, q) for k, q in asked if q is not e.FALSE]

    def example(self):
        """What must be possible: operands, for which nothing goes wrong."""
        wrong = e.any_of(self.machine.wrong)
        return e.land(e.bit(self.said, 0), e.lnot(wrong))

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
