# SPDX-License-Identifier: BSD-2-Clause
"""Runs functions of LLVM's assembly on formulas instead of numbers.

All paths run at once: where two meet, each value becomes `ite(condition, one,
other)`. Calls are followed, loops are unrolled. The result is a formula of
what the function returns and stores, and one of when it goes wrong: a trap of
clang's checks for undefined behaviour, a panic, or a loop that goes on beyond
the bound. A proof shows that the second is never true.

A value is a Node, a pointer (Ptr, or PtrIte for either of two), or a tuple
for a structure. Memory is a table from (object, offset) to (size, value).
Reading what was never written, like `undef`, gives a fresh variable: any
value at all.
"""

import expr as e
from ll import Unknown

IGNORED = ("@llvm.lifetime.", "@llvm.experimental.noalias", "@llvm.assume")
WRONG = ("@llvm.ubsantrap", "@llvm.trap", "@plat_panic")


class Ptr:
    """A byte of an object."""

    __slots__ = ("base", "off")

    def __init__(self, base, off):
        self.base = base
        self.off = off


class PtrIte:
    """One of two pointers."""

    __slots__ = ("cond", "then", "other")

    def __init__(self, cond, then, other):
        self.cond = cond
        self.then = then
        self.other = other


class State:
    """A set of paths: the conditions that all fulfil, and what they hold."""

    __slots__ = ("lits", "env", "mem")

    def __init__(self, lits, env, mem):
        self.lits = lits
        self.env = env
        self.mem = mem


def size_of(kind):
    """Bytes of a type; clang lays our structures out without surprises."""
    if kind[0] == "i":
        return max(1, kind[1] // 8)
    if kind[0] == "p":
        return 8
    if kind[0] == "a":
        return kind[1] * size_of(kind[2])
    if kind[0] == "s":
        return _round(offset_of(kind, len(kind[1])), align_of(kind))
    raise Unknown(f"the size of {kind}")


def align_of(kind):
    """Alignment of a type."""
    if kind[0] == "a":
        return align_of(kind[2])
    if kind[0] == "s":
        return max((align_of(k) for k in kind[1]), default=1)
    return size_of(kind)


def _round(n, to):
    return (n + to - 1) // to * to


def offset_of(kind, index):
    """Where field `index` of a structure begins."""
    off = 0
    for i, field in enumerate(kind[1]):
        off = _round(off, align_of(field))
        if i == index:
            return off
        off += size_of(field)
    return off


def pick(c, a, b):
    """The value a where c holds, else b; None where that is unknown."""
    if a is b:
        return a
    if a is None or b is None:
        return None
    if isinstance(a, tuple):
        return tuple(pick(c, x, y) for x, y in zip(a, b))
    if isinstance(a, e.Node) and isinstance(b, e.Node):
        return e.ite(c, a, b) if a.width == b.width else None
    if isinstance(a, e.Node) or isinstance(b, e.Node):
        return None
    if isinstance(a, Ptr) and isinstance(b, Ptr):
        if (a.base, a.off) == (b.base, b.off):
            return a
    return PtrIte(c, a, b)


def pick_mem(c, a, b):
    """Memory a where c holds, else b."""
    out = {}
    for key, (size, value) in a.items():
        other = b.get(key)
        if other is not None and other[0] == size:
            both = pick(c, value, other[1])
            if both is not None:
                out[key] = (size, both)
    return out


def meet(a, b):
    """Both sets of paths as one State, and whether it was a clean diamond."""
    common = a.lits & b.lits
    mine = a.lits - common
    its = b.lits - common
    c = e.all_of(sorted(mine, key=lambda n: n.id))
    d = e.all_of(sorted(its, key=lambda n: n.id))
    whole = e.lor(c, d)
    lits = common if whole is e.TRUE else common | {whole}
    env = {}
    for name, value in a.env.items():
        other = b.env.get(name)
        if other is not None:
            both = pick(c, value, other)
            if both is not None:
                env[name] = both
    return State(lits, env, pick_mem(c, a.mem, b.mem))


def is_diamond(a, b):
    """Do two sets of conditions differ in one that one negates?"""
    mine, its = a.lits - b.lits, b.lits - a.lits
    return (len(mine) == 1 and len(its) == 1 and
            e.lnot(next(iter(mine))) is next(iter(its)))


def meet_all(states):
    """Join any number of states, diamonds first: they leave no condition."""
    states = list(states)
    while len(states) > 1:
        best = (len(states) - 2, len(states) - 1)
        for i, one in enumerate(states):
            for k in range(i + 1, len(states)):
                if is_diamond(one, states[k]):
                    best = (i, k)
        k = states.pop(best[1])
        states[best[0]] = meet(states[best[0]], k)
    return states[0]


def successors(block):
    """Labels that the last instruction may go to."""
    last = block[-1]
    if last.op == "br":
        return [x for x in last.parts[1:] if x]
    if last.op == "switch":
        return [last.parts[1]] + [label for _, label in last.parts[2]]
    return []


def _components(nodes, edges):
    """Strongly connected components, the first reached first (Tarjan)."""
    index, low, stack, out = {}, {}, [], []

    def visit(v):
        index[v] = low[v] = len(index)
        stack.append(v)
        for w in edges[v]:
            if w not in nodes:
                continue
            if w not in index:
                visit(w)
                low[v] = min(low[v], low[w])
            elif w in stack:
                low[v] = min(low[v], index[w])
        if low[v] == index[v]:
            at = stack.index(v)
            out.append(stack[at:])
            del stack[at:]
    for v in nodes:
        if v not in index:
            visit(v)
    return out[::-1]


def loop_order(nodes, edges):
    """An order in which a loop's blocks stand together, before what follows
    the loop: the pending block that comes first may run."""
    out = []
    for part in _components(nodes, edges):
        if len(part) == 1:
            out += part
        else:
            head = part[0]
            inner = {v: [w for w in edges[v] if w != head] for v in part}
            rest = [v for v in part if v != head]
            out += [head] + loop_order(rest, inner)
    return out


class Machine:
    """Functions of several modules, and what went wrong while they ran."""

    def __init__(self, modules, bound):
        self.functions = {}
        self.bound = bound
        self.wrong = []
        self.hooks = {}
        self.objects = 0
        self.fresh = 0
        self.mem = {}
        self.orders = {}
        for unit in modules:
            self.functions.update(unit.functions)
            for name, (kind, value) in unit.globals.items():
                self.fill(self.mem, (unit, name), 0, kind, value)

    def fill(self, mem, base, off, kind, value):
        """Put a constant into memory."""
        if value[0] == "agg":
            at = 0
            for part, (inner, item) in enumerate(value[1]):
                at = (offset_of(kind, part) if kind[0] == "s"
                      else part * size_of(inner))
                self.fill(mem, base, off + at, inner, item)
        elif value[0] == "bytes":
            for i, byte in enumerate(value[1]):
                mem[base, off + i] = (1, e.const(byte, 8))
        elif value[0] == "int":
            mem[base, off] = (size_of(kind), e.const(value[1], kind[1]))
        elif value[0] == "zero":
            for i in range(size_of(kind)):
                mem[base, off + i] = (1, e.const(0, 8))
        else:
            raise Unknown(f"a constant {value}")

    def unknown(self, kind):
        """Any value of a type."""
        if kind[0] == "s":
            return tuple(self.unknown(k) for k in kind[1])
        if kind[0] != "i":
            raise Unknown(f"an unknown {kind}")
        self.fresh += 1
        return e.var(f"any{self.fresh}", 0 if kind[1] == 1 else kind[1])

    def new_object(self):
        """A pointer to memory of its own."""
        self.objects += 1
        return Ptr(self.objects, 0)

    # Memory

    def load(self, mem, p, kind):
        """Read a value."""
        if isinstance(p, PtrIte):
            return pick(p.cond, self.load(mem, p.then, kind),
                        self.load(mem, p.other, kind))
        size = size_of(kind)
        cell = mem.get((p.base, p.off))
        if cell is not None and cell[0] == size:
            if isinstance(cell[1], e.Node) == (kind[0] == "i"):
                return cell[1]
        if kind[0] != "i":
            raise Unknown(f"a load of {kind} that nothing stored")
        out = None
        for i in range(size):
            byte = self.byte(mem, p.base, p.off + i)
            out = byte if out is None else e.concat(byte, out)
        return out

    def byte(self, mem, base, off):
        """One byte, of whatever stands there."""
        for back in range(8):
            cell = mem.get((base, off - back))
            if cell is not None and cell[0] > back:
                if not isinstance(cell[1], e.Node):
                    raise Unknown("a byte of a pointer")
                return e.extract(cell[1], 8 * back + 7, 8 * back)
        return self.unknown(("i", 8))

    def store(self, mem, p, size, value):
        """Memory after a value was written."""
        if isinstance(p, PtrIte):
            return pick_mem(p.cond, self.store(mem, p.then, size, value),
                            self.store(mem, p.other, size, value))
        mem = self.clear(mem, p, size)
        mem[p.base, p.off] = (size, value)
        return mem

    def clear(self, mem, p, size):
        """A copy of memory without `size` bytes at p."""
        mem = dict(mem)
        for back in range(1, 8):
            cell = mem.get((p.base, p.off - back))
            if cell is not None and cell[0] > back:
                raise Unknown("a store into the middle of a value")
        for i in range(size):
            cell = mem.pop((p.base, p.off + i), None)
            if cell is not None and i + cell[0] > size:
                raise Unknown("a store over the front of a value")
        return mem

    def copy(self, mem, to, source, size):
        """Memory after memcpy()."""
        if isinstance(source, PtrIte):
            return pick_mem(source.cond,
                            self.copy(mem, to, source.then, size),
                            self.copy(mem, to, source.other, size))
        if isinstance(to, PtrIte):
            return pick_mem(to.cond, self.copy(mem, to.then, source, size),
                            self.copy(mem, to.other, source, size))
        cells = []
        for i in range(size):
            cell = mem.get((source.base, source.off + i))
            if cell is not None:
                if i + cell[0] > size:
                    raise Unknown("a copy of a part of a value")
                cells.append((i, cell))
        out = self.clear(mem, to, size)
        for i, cell in cells:
            out[to.base, to.off + i] = cell
        return out

    # Operands

    def operand(self, kind, value, fn, env):
        """What an operand stands for."""
        what = value[0]
        if what == "local":
            got = env.get(value[1])
            return self.unknown(kind) if got is None else got
        if what == "int":
            return number(value[1], kind)
        if what == "undef":
            return self.unknown(kind)
        if what == "zero" and kind[0] == "s":
            return tuple(number(0, k) for k in kind[1])
        if what == "agg":
            return tuple(self.operand(k, v, fn, env) for k, v in value[1])
        if what == "global":
            return Ptr((fn.unit, value[1]), 0)
        if what == "cast":
            return self.operand(kind, value[1], fn, env)
        if what == "gep":
            base = self.operand(("p",), value[2], fn, env)
            return self.address(value[1], base, value[3], fn, env)
        if what == "null":
            return Ptr("null", 0)
        raise Unknown(f"operand {value}")

    def address(self, kind, base, index, fn, env):
        """What getelementptr gives; indices must be constants by now."""
        off = 0
        for i, (ikind, ivalue) in enumerate(index):
            n = self.operand(ikind, ivalue, fn, env)
            if n.op != "const":
                raise Unknown("an index that is not constant")
            n = e.signed(n.num, n.width)
            if i == 0:
                off += n * size_of(kind)
            elif kind[0] == "s":
                off += offset_of(kind, n)
                kind = kind[1][n]
            else:
                kind = kind[2]
                off += n * size_of(kind)
        return shift(base, off)

    # Functions

    def call(self, fn, args, state):
        """Run a function; its value and the State after it, or None when no
        path returns."""
        env = dict(zip(fn.params, args))
        mark = self.objects
        if fn.name not in self.orders:
            edges = {b: successors(code) for b, code in fn.blocks.items()}
            order = loop_order(list(fn.blocks), edges)
            self.orders[fn.name] = {b: i for i, b in enumerate(order)}
        rank = self.orders[fn.name]
        pending = {fn.first: [State(state.lits, env, state.mem)]}
        visits, returns = {}, []
        while pending:
            block = min(pending, key=lambda b: rank[b])
            now = meet_all(pending.pop(block))
            visits[block] = visits.get(block, 0) + 1
            if visits[block] > self.bound:
                self.wrong.append(condition(now.lits))
                continue
            for label, after in self.block(fn, block, now):
                if label is None:
                    returns.append(after)
                else:
                    pending.setdefault(label, []).append(after)
        if not returns:
            return None
        out = meet_all(returns)
        mem = {k: v for k, v in out.mem.items()
               if not isinstance(k[0], int) or k[0] <= mark}
        return out.env.get("return"), State(out.lits, {}, mem)

    def block(self, fn, name, state):
        """Run a block; the pairs (label, State) that it leads to, with None
        for a return."""
        for ins in fn.blocks[name]:
            if ins.op in ("br", "switch"):
                return self.leave(fn, name, ins, state)
            if ins.op == "unreachable":
                self.wrong.append(condition(state.lits))
                return []
            if ins.op == "ret":
                value = None
                if ins.parts is not None:
                    value = self.operand(ins.type, ins.parts, fn, state.env)
                return [(None, State(state.lits, {"return": value},
                                     state.mem))]
            if ins.op == "call":
                state = self.called(fn, ins, state)
                if state is None:
                    return []
            elif ins.op != "phi":
                self.step(fn, ins, state)
        raise Unknown(f"{fn.name} {name} has no end")

    def leave(self, fn, name, ins, state):
        """Where a branch goes, and on which condition."""
        ways = []
        if ins.op == "br" and ins.parts[0] is None:
            ways.append((ins.parts[1], e.TRUE))
        elif ins.op == "br":
            c = self.operand(("i", 1), ins.parts[0], fn, state.env)
            ways += [(ins.parts[1], c), (ins.parts[2], e.lnot(c))]
        else:
            x = self.operand(ins.type, ins.parts[0], fn, state.env)
            rest = e.TRUE
            for value, label in ins.parts[2]:
                c = e.eq(x, number(value[1], ins.type))
                ways.append((label, e.land(rest, c)))
                rest = e.land(rest, e.lnot(c))
            ways.append((ins.parts[1], rest))
        out = []
        for label, c in ways:
            if c is e.FALSE or e.lnot(c) in state.lits:
                continue
            lits = state.lits if c is e.TRUE else state.lits | {c}
            env = self.enter(fn, name, label, state.env)
            out.append((label, State(lits, env, state.mem)))
        return out

    def enter(self, fn, name, label, env):
        """Variables at the start of a block that is reached from `name`."""
        out = dict(env)
        for ins in fn.blocks[label]:
            if ins.op != "phi":
                break
            value = next(v for v, b in ins.parts if b == name)
            out[ins.dest] = self.operand(ins.type, value, fn, env)
        return out

    def called(self, fn, ins, state):
        """The State after a call, or None when it does not return."""
        name, args = ins.parts
        if name.startswith(IGNORED):
            return state
        if name.startswith(WRONG):
            self.wrong.append(condition(state.lits))
            return None
        values = [self.operand(a[0], a[1], fn, state.env) for a in args if a]
        if name.startswith(("@llvm.memcpy.", "@llvm.memmove.")):
            mem = self.copy(state.mem, values[0], values[1], values[2].num)
            return State(state.lits, state.env, mem)
        if name.startswith("@llvm.memset."):
            mem = self.clear(state.mem, values[0], values[2].num)
            fill(mem, values[0], values[1], values[2].num)
            return State(state.lits, state.env, mem)
        if name.startswith("@llvm."):
            state.env[ins.dest] = intrinsic(name, values)
            return state
        if name in self.hooks:
            done = self.hooks[name](self, values, state)
            state.env[ins.dest] = done[0]
            return State(state.lits, state.env, done[1])
        if name not in self.functions:
            raise Unknown(f"a call of {name}")
        done = self.call(self.functions[name], values, state)
        if done is None:
            return None
        if ins.dest is not None:
            state.env[ins.dest] = done[0]
        return State(done[1].lits, state.env, done[1].mem)

    def step(self, fn, ins, state):
        """Run an instruction that neither branches nor calls."""
        env, kind, parts = state.env, ins.type, ins.parts

        def get(value, what=kind):
            return self.operand(what, value, fn, env)
        if ins.op == "alloca":
            env[ins.dest] = self.new_object()
        elif ins.op == "load":
            env[ins.dest] = self.load(state.mem, get(parts, ("p",)), kind)
        elif ins.op == "store":
            state.mem = self.store(state.mem, get(parts[1], ("p",)),
                                   size_of(kind), get(parts[0]))
        elif ins.op == "getelementptr":
            env[ins.dest] = self.address(kind, get(parts[0], ("p",)),
                                         parts[1], fn, env)
        elif ins.op == "select":
            env[ins.dest] = pick(get(parts[0], ("i", 1)), get(parts[1]),
                                 get(parts[2]))
        elif ins.op == "icmp":
            env[ins.dest] = icmp(parts[0], get(parts[1]), get(parts[2]))
        elif ins.op == "freeze":
            env[ins.dest] = get(parts)
        elif ins.op == "extractvalue":
            value = get(parts[0])
            for i in parts[1]:
                value = value[i]
            env[ins.dest] = value
        elif ins.op == "insertvalue":
            value = list(get(parts[0]))
            value[parts[2]] = get(parts[1][1], parts[1][0])
            env[ins.dest] = tuple(value)
        elif ins.op in ("zext", "sext", "trunc", "bitcast"):
            env[ins.dest] = cast(ins.op, get(parts[1], parts[0]), kind)
        else:
            env[ins.dest] = arith(ins.op, get(parts[0]), get(parts[1]))


def fill(mem, to, byte, size):
    """memset(): words where they fit, so that they join with stored ones."""
    step = 8 if size % 8 == 0 else 1
    for i in range(0, size, step):
        value = byte
        for _ in range(step - 1):
            value = e.concat(value, byte)
        mem[to.base, to.off + i] = (step, value)


def condition(lits):
    """The conjunction of a set of conditions."""
    return e.all_of(sorted(lits, key=lambda n: n.id))


def number(n, kind):
    """A constant of an integer type."""
    return e.boolean(n & 1) if kind[1] == 1 else e.const(n, kind[1])


def shift(p, off):
    """p + off"""
    if isinstance(p, PtrIte):
        return PtrIte(p.cond, shift(p.then, off), shift(p.other, off))
    return Ptr(p.base, p.off + off)


def cast(op, a, kind):
    """zext, sext, trunc; bitcast changes no value that we know."""
    if op == "bitcast":
        return a
    if kind[0] != "i":
        raise Unknown(f"{op} to {kind}")
    w = kind[1]
    if op == "trunc":
        return truth(a) if w == 1 else e.extract(a, w - 1, 0)
    if a.width == e.BOOL:
        return e.ite(a, e.const(1 if op == "zext" else -1, w), e.const(0, w))
    return e.zext(a, w) if op == "zext" else e.sext(a, w)


def truth(a):
    """The lowest bit as a boolean."""
    if a.op == "ite":
        return e.ite(a.args[0], truth(a.args[1]), truth(a.args[2]))
    return e.eq(e.extract(a, 0, 0), e.const(1, 1))


def arith(op, a, b):
    """An operation on two integers."""
    if a.width == e.BOOL:
        logic = {"and": e.land, "or": e.lor, "xor": e.lxor, "add": e.lxor,
                 "sub": e.lxor}
        if op not in logic:
            raise Unknown(f"{op} of booleans")
        return logic[op](a, b)
    return e.binary("bv" + op, a, b)


def icmp(pred, a, b):
    """A comparison."""
    if not isinstance(a, e.Node):
        if isinstance(a, Ptr) and isinstance(b, Ptr):
            is_same = (a.base, a.off) == (b.base, b.off)
            if pred in ("eq", "ne"):
                return e.boolean(is_same == (pred == "eq"))
        raise Unknown("a comparison of pointers")
    if pred == "eq":
        return e.eq(a, b)
    if pred == "ne":
        return e.lnot(e.eq(a, b))
    op = f"bv{pred[0]}l{pred[2]}"
    if a.width == e.BOOL:
        a, b = e.from_bool(a), e.from_bool(b)
    return e.compare(op, a, b) if pred[1] == "l" else e.compare(op, b, a)


def intrinsic(name, v):
    """LLVM's own functions, by their definitions in its language reference."""
    word = name.split(".")[1]
    a = v[0]
    w = a.width
    if ".with.overflow." in name:
        return overflow(word, a, v[1])
    if word in ("umin", "umax", "smin", "smax"):
        less = e.compare(f"bv{word[0]}lt", a, v[1])
        return e.ite(less, a, v[1]) if word[1:] == "min" else \
            e.ite(less, v[1], a)
    if word == "abs":
        neg = e.compare("bvslt", a, e.const(0, w))
        return e.ite(neg, e.binary("bvsub", e.const(0, w), a), a)
    if word == "expect":
        return a
    if word == "bswap":
        out = e.extract(a, 7, 0)
        for i in range(8, w, 8):
            out = e.concat(out, e.extract(a, i + 7, i))
        return out
    if word in ("ctlz", "cttz"):
        out = e.const(w, w)
        for i in range(w) if word == "ctlz" else range(w - 1, -1, -1):
            at = e.const(w - 1 - i if word == "ctlz" else i, w)
            out = e.ite(truth(e.extract(a, i, i)), at, out)
        return out
    if word == "ctpop":
        out = e.const(0, 8)
        for i in range(w):
            out = e.binary("bvadd", out, e.zext(e.extract(a, i, i), 8))
        return e.zext(out, w) if w >= 8 else e.extract(out, w - 1, 0)
    if word in ("fshl", "fshr") and v[2].op == "const":
        by = v[2].num % w if word == "fshl" else (w - v[2].num) % w
        if by == 0:
            return a if word == "fshl" else v[1]
        return e.binary("bvor", e.binary("bvshl", a, e.const(by, w)),
                        e.binary("bvlshr", v[1], e.const(w - by, w)))
    raise Unknown(f"a call of {name}")


def _by_power(a, b):
    """The same for a * b where b is 1 << k, or one of two such words: solvers
    are slow with products."""
    w = a.width
    if b.op == "ite":
        one, two = _by_power(a, b.args[1]), _by_power(a, b.args[2])
        return one and two and pick(b.args[0], one, two)
    if b.op != "bvshl" or b.args[0] is not e.const(1, w):
        return None
    k = b.args[1]
    out = e.binary("bvshl", a, k)
    lost = e.lnot(e.eq(e.binary("bvashr", out, k), a))
    # 1 << (w - 1) is the smallest number, which 0 and 1 may be times
    top = e.land(e.eq(k, e.const(w - 1, w)),
                 e.compare("bvult", e.const(1, w), a))
    return out, e.ite(e.compare("bvult", k, e.const(w - 1, w)), lost, top)


def overflow(word, a, b):
    """The result modulo 2^w, and whether it differs from the true one."""
    w = a.width
    if word == "smul":
        short = _by_power(a, b) or _by_power(b, a)
        if short:
            return short
    if word[1:] == "mul":
        wide = e.zext if word[0] == "u" else e.sext
        whole = e.binary("bvmul", wide(a, 2 * w), wide(b, 2 * w))
        out = e.extract(whole, w - 1, 0)
        return out, e.lnot(e.eq(wide(out, 2 * w), whole))
    out = e.binary("bv" + word[1:], a, b)
    if word == "uadd":
        return out, e.compare("bvult", out, a)
    if word == "usub":
        return out, e.compare("bvult", a, b)
    other = e.binary("bvxor", b, out if word == "sadd" else a)
    flips = e.binary("bvand", e.binary("bvxor", a, out), other)
    return out, e.compare("bvslt", flips, e.const(0, w))
