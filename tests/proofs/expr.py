# SPDX-License-Identifier: BSD-2-Clause
"""Formulas of booleans and bit vectors, each term stored once.

A term is a Node: an operator, its arguments, its width (0 for a boolean) and
a number for constants and extracts. The builders below fold constants and a
few identities, so that a run on constants is an evaluation. Two printers make
SMT-LIB text and Python code of the same terms; the semantics are those of
SMT-LIB, division by 0 included.
"""

BOOL = 0


class Node:
    """One term; compare by identity."""

    __slots__ = ("op", "args", "width", "num", "id", "bits", "leaves")

    def __init__(self, op, args, width, num, ident):
        self.op = op
        self.args = args
        self.width = width
        self.num = num
        self.id = ident
        self.bits = active_bits(self)
        self.leaves = args[1].leaves + args[2].leaves if op == "ite" else 1

    def __repr__(self):
        return f"<{self.op} {self.width} {self.num}>"


TABLE = {}


def make(op, args, width, num=None):
    """The one node with these parts."""
    key = (op, width, num) + tuple(a.id for a in args)
    node = TABLE.get(key)
    if node is None:
        node = Node(op, args, width, num, len(TABLE))
        TABLE[key] = node
    return node


def active_bits(n):
    """How many low bits of a vector may be other than 0."""
    w = n.width
    if w == BOOL:
        return 0
    if n.op == "const":
        return n.num.bit_length()
    a = n.args
    if n.op == "zext":
        return a[0].bits
    if n.op == "ite":
        return max(a[1].bits, a[2].bits)
    if n.op == "bvand":
        return min(a[0].bits, a[1].bits)
    if n.op in ("bvor", "bvxor"):
        return max(a[0].bits, a[1].bits)
    if n.op == "bvlshr":
        by = a[1].num if a[1].op == "const" else 0
        return max(0, a[0].bits - by)
    if n.op == "bvadd":
        return min(w, max(a[0].bits, a[1].bits) + 1)
    if n.op == "bvmul":
        return min(w, a[0].bits + a[1].bits)
    if n.op in ("bvudiv", "bvurem") and a[1].op == "const" and a[1].num:
        return a[0].bits
    if n.op == "bvshl" and a[1].op == "const":
        return min(w, a[0].bits + a[1].num)
    return w


def sign_bits(n, depth=12):
    """In how many bits the number fits as two's complement."""
    w = n.width
    if n.op == "const":
        s = signed(n.num, w)
        return (s if s >= 0 else ~s).bit_length() + 1
    if n.op == "sext":
        return n.args[0].width
    best = n.bits + 1 if n.bits < w else w
    if depth == 0:
        return best
    if n.op == "ite":
        best = min(best, max(sign_bits(n.args[1], depth - 1),
                             sign_bits(n.args[2], depth - 1)))
    elif n.op == "bvashr" and n.args[1].op == "const":
        by = min(n.args[1].num, w - 1)
        best = min(best, max(1, sign_bits(n.args[0], depth - 1) - by))
    elif n.op in ("bvadd", "bvsub"):
        best = min(best, 1 + max(sign_bits(a, depth - 1) for a in n.args))
    return best


def signed(x, w):
    """x of w bits as two's complement."""
    return x - (1 << w) if x >> (w - 1) else x


def const(x, w):
    """The vector x of w bits."""
    return make("const", (), w, x & ((1 << w) - 1))


TRUE = make("true", (), BOOL)
FALSE = make("false", (), BOOL)


def forget():
    """Forget all terms: the same steps then make the same names again."""
    for key in [k for k, n in TABLE.items() if n not in (TRUE, FALSE)]:
        del TABLE[key]


def boolean(x):
    """A constant boolean."""
    return TRUE if x else FALSE


def var(name, w):
    """A free variable."""
    return make("var", (), w, name)


# The values of the operators on numbers of w bits.

def _udiv(x, y, w):
    return x // y if y else (1 << w) - 1


def _urem(x, y, _w):
    return x % y if y else x


def _sdiv(x, y, w):
    s, t = signed(x, w), signed(y, w)
    if t == 0:
        return 1 if s < 0 else -1
    q = abs(s) // abs(t)
    return q if (s < 0) == (t < 0) else -q


def _srem(x, y, w):
    s, t = signed(x, w), signed(y, w)
    if t == 0:
        return s
    r = abs(s) % abs(t)
    return -r if s < 0 else r


VALUE = {
    "bvadd": lambda x, y, w: x + y,
    "bvsub": lambda x, y, w: x - y,
    "bvmul": lambda x, y, w: x * y,
    "bvand": lambda x, y, w: x & y,
    "bvor": lambda x, y, w: x | y,
    "bvxor": lambda x, y, w: x ^ y,
    "bvshl": lambda x, y, w: x << y if y < w else 0,
    "bvlshr": lambda x, y, w: x >> y if y < w else 0,
    "bvashr": lambda x, y, w: signed(x, w) >> min(y, w - 1),
    "bvudiv": _udiv,
    "bvurem": _urem,
    "bvsdiv": _sdiv,
    "bvsrem": _srem,
}
COMPARE = {
    "=": lambda x, y, w: x == y,
    "bvult": lambda x, y, w: x < y,
    "bvule": lambda x, y, w: x <= y,
    "bvslt": lambda x, y, w: signed(x, w) < signed(y, w),
    "bvsle": lambda x, y, w: signed(x, w) <= signed(y, w),
}


def _is(n, x):
    return n.op == "const" and n.num == x & ((1 << n.width) - 1)


def _narrow(op, a, b):
    """A product or quotient in as few bits as its operands need."""
    w = a.width
    if op == "bvmul":
        need = a.bits + b.bits
    elif op in ("bvudiv", "bvurem"):
        need = max(a.bits, b.bits)
    else:
        need = max(sign_bits(a), sign_bits(b)) + 1
    need = max(need, 1)
    if op == "bvmul" and need >= w:
        need = sign_bits(a) + sign_bits(b)
        if need < w:
            return sext(make(op, (extract(a, need - 1, 0),
                                  extract(b, need - 1, 0)), need), w)
    if need >= w:
        return None
    low = make(op, (extract(a, need - 1, 0), extract(b, need - 1, 0)), need)
    # An unsigned quotient by 0 is all ones in the full width only.
    if op == "bvudiv":
        return ite(eq(b, const(0, w)), const(-1, w), zext(low, w))
    return zext(low, w) if op in ("bvmul", "bvurem") else sext(low, w)


def binary(op, a, b):
    """An operation on two vectors of one width."""
    w = a.width
    if a.op == "const" and b.op == "const":
        return const(VALUE[op](a.num, b.num, w), w)
    short = _identity(op, a, b, w)
    if short is not None:
        return short
    if op in ("bvmul", "bvudiv", "bvurem", "bvsdiv", "bvsrem"):
        low = _narrow(op, a, b)
        if low is not None:
            return low
    if op in ("bvadd", "bvmul", "bvand", "bvor", "bvxor") and a.id > b.id:
        a, b = b, a
    return make(op, (a, b), w)


def _identity(op, a, b, w):
    if op in ("bvadd", "bvor", "bvxor") and _is(a, 0):
        return b
    if op in ("bvadd", "bvsub", "bvor", "bvxor", "bvshl", "bvlshr",
              "bvashr") and _is(b, 0):
        return a
    if op in ("bvand", "bvmul"):
        if _is(a, 0) or _is(b, 0):
            return const(0, w)
    if op == "bvand":
        if _is(a, -1):
            return b
        if _is(b, -1):
            return a
    if a is b and op in ("bvand", "bvor"):
        return a
    if a is b and op in ("bvsub", "bvxor"):
        return const(0, w)
    if op == "bvashr" and a.op == "bvshl" and a.args[1] is b and \
            b.op == "const":
        return sext(extract(a.args[0], w - b.num - 1, 0), w)
    if op in ("bvlshr", "bvshl") and b.op == "const":
        if b.num >= (a.bits if op == "bvlshr" else w):
            return const(0, w)
        if a.op == op and a.args[1].op == "const":
            return binary(op, a.args[0], const(a.args[1].num + b.num, w))
    return None


def compare(op, a, b):
    """A comparison of two vectors (or, for "=", two booleans)."""
    if a is b:
        return boolean(op in ("=", "bvule", "bvsle"))
    if a.width == BOOL:
        return lnot(lxor(a, b))
    if a.op == "const" and b.op == "const":
        return boolean(COMPARE[op](a.num, b.num, a.width))
    if b.op == "const" and op in ("bvult", "bvule") and a.bits < a.width:
        if (1 << a.bits) - 1 < b.num + (op == "bvule"):
            return TRUE
    if a.op == "const" and op in ("bvult", "bvule") and b.bits < b.width:
        if (1 << b.bits) - 1 < a.num + (op == "bvult"):
            return FALSE
    if op in ("=", "bvslt", "bvsle") and "sext" in (a.op, b.op):
        need = max(sign_bits(a, 0), sign_bits(b, 0))
        if need < a.width:
            return compare(op, extract(a, need - 1, 0), extract(b, need - 1, 0))
    # A bound is often one of several words, as in min(x, y) <= z: solvers see
    # through a choice between comparisons, not through one of choices.
    if a.leaves * b.leaves <= 16:
        if a.op == "ite":
            c, x, y = a.args
            return ite(c, compare(op, x, b), compare(op, y, b))
        if b.op == "ite":
            c, x, y = b.args
            return ite(c, compare(op, a, x), compare(op, a, y))
    return make(op, (a, b), BOOL)


def eq(a, b):
    """a == b"""
    return compare("=", a, b)


def lnot(a):
    """Not a."""
    if a is TRUE:
        return FALSE
    if a is FALSE:
        return TRUE
    return a.args[0] if a.op == "not" else make("not", (a,), BOOL)


def land(a, b):
    """a and b"""
    if a is FALSE or b is FALSE or lnot(a) is b:
        return FALSE
    if a is TRUE or a is b:
        return b
    if b is TRUE:
        return a
    return make("and", (a, b) if a.id < b.id else (b, a), BOOL)


def lor(a, b):
    """a or b"""
    return lnot(land(lnot(a), lnot(b)))


def lxor(a, b):
    """a or b, not both"""
    if a is b:
        return FALSE
    if a in (TRUE, FALSE):
        return lnot(b) if a is TRUE else b
    if b in (TRUE, FALSE):
        return lnot(a) if b is TRUE else a
    if lnot(a) is b:
        return TRUE
    return make("xor", (a, b) if a.id < b.id else (b, a), BOOL)


def all_of(terms):
    """The conjunction."""
    out = TRUE
    for t in terms:
        out = land(out, t)
    return out


def any_of(terms):
    """The disjunction."""
    out = FALSE
    for t in terms:
        out = lor(out, t)
    return out


def ite(c, a, b):
    """a where c holds, else b."""
    if c is TRUE or a is b:
        return a
    if c is FALSE:
        return b
    if c.op == "not":
        c, a, b = c.args[0], b, a
    if a.width == BOOL:
        if a is TRUE:
            return lor(c, b)
        if a is FALSE:
            return land(lnot(c), b)
        if b is TRUE:
            return lor(lnot(c), a)
        if b is FALSE:
            return land(c, a)
    wide = _sign_extension(c, a, b)
    if wide is not None:
        return wide
    if b.op == "ite" and b.args[0] is c:
        b = b.args[2]
    if a.op == "ite" and a.args[0] is c:
        a = a.args[1]
    return a if a is b else make("ite", (c, a, b), a.width)


def _sign_extension(c, a, b):
    """x where its sign bit, the highest that may be set, is 0, else x with all
    bits above it."""
    if c.op != "=" or b.op != "bvor" or a.bits == a.width:
        return None
    sign = binary("bvand", a, const(1 << max(a.bits - 1, 0), a.width))
    more = const(-1 << a.bits, a.width)
    if c is eq(sign, const(0, a.width)) and b is binary("bvor", a, more):
        return sext(extract(a, a.bits - 1, 0), a.width)
    return None


def extract(a, hi, lo):
    """Bits hi..lo."""
    w = hi - lo + 1
    if w == a.width:
        return a
    if a.op == "const":
        return const(a.num >> lo, w)
    if a.op == "extract":
        return extract(a.args[0], hi + a.num, lo + a.num)
    if a.op in ("zext", "sext") and lo == 0:
        inner = a.args[0]
        if w <= inner.width:
            return extract(inner, hi, 0)
        return zext(inner, w) if a.op == "zext" else sext(inner, w)
    if a.bits <= lo:
        return const(0, w)
    if a.op in ("bvand", "bvor") and "const" in (a.args[0].op, a.args[1].op):
        return binary(a.op, extract(a.args[0], hi, lo),
                      extract(a.args[1], hi, lo))
    return make("extract", (a,), w, lo)


def bit(a, k):
    """Bit k as a boolean, looked for below the operators that move it."""
    if k >= a.bits:
        return FALSE
    x = a.args
    if a.op == "const":
        return boolean(a.num >> k & 1)
    if a.op == "ite":
        return ite(x[0], bit(x[1], k), bit(x[2], k))
    if a.op in ("bvor", "bvand"):
        both = lor if a.op == "bvor" else land
        return both(bit(x[0], k), bit(x[1], k))
    if a.op == "bvshl" and x[1].op == "const":
        return bit(x[0], k - x[1].num) if k >= x[1].num else FALSE
    if a.op == "zext":
        return bit(x[0], k)
    if a.op == "extract":
        return bit(x[0], k + a.num)
    return eq(extract(a, k, k), const(1, 1))


def zext(a, w):
    """Widen with zeros."""
    if w == a.width:
        return a
    if a.op == "const":
        return const(a.num, w)
    return make("zext", (a.args[0] if a.op == "zext" else a,), w)


def sext(a, w):
    """Widen with copies of the sign."""
    if w == a.width:
        return a
    if a.op == "const":
        return const(signed(a.num, a.width), w)
    if a.bits < a.width:
        return zext(a, w)
    return make("sext", (a.args[0] if a.op == "sext" else a,), w)


def concat(a, b):
    """a above b."""
    if a.op == "const" and b.op == "const":
        return const(a.num << b.width | b.num, a.width + b.width)
    return make("concat", (a, b), a.width + b.width)


def from_bool(c, w=1):
    """1 where c holds, else 0."""
    return ite(c, const(1, w), const(0, w))


# Printers

def order(roots):
    """Every node below the roots, arguments first."""
    seen, out, todo = set(), [], [(r, False) for r in roots]
    while todo:
        node, is_ready = todo.pop()
        if is_ready:
            out.append(node)
        elif node.id not in seen:
            seen.add(node.id)
            todo.append((node, True))
            todo.extend((a, False) for a in node.args)
    return out


def _smt_word(n):
    if n.op == "const":
        return f"(_ bv{n.num} {n.width})"
    if n.op == "var":
        return n.num
    return n.op if n.op in ("true", "false") else f"n{n.id}"


def _smt_term(n):
    args = " ".join(_smt_word(a) for a in n.args)
    if n.op == "extract":
        return f"((_ extract {n.num + n.width - 1} {n.num}) {args})"
    if n.op in ("zext", "sext"):
        word = "zero" if n.op == "zext" else "sign"
        more = n.width - n.args[0].width
        return f"((_ {word}_extend {more}) {args})"
    return f"({n.op} {args})"


def to_smt(facts, inputs=None):
    """SMT-LIB text that asserts all facts. With `inputs`, a table of numbers,
    the variables have those values. Terms are named by `let`: z3 4.8 takes
    exponential time for as many definitions."""
    head, lets, names = [], [], [_smt_word(f) for f in facts]
    for n in order(facts):
        sort = "Bool" if n.width == BOOL else f"(_ BitVec {n.width})"
        if n.op == "var" and inputs is None:
            head.append(f"(declare-const {n.num} {sort})")
        elif n.op == "var":
            value = inputs.get(n.num, 0)
            word = const(value, n.width) if n.width else boolean(value)
            lets.append(f"(let (({n.num} {_smt_word(word)}))")
        elif n.args:
            lets.append(f"(let ((n{n.id} {_smt_term(n)}))")
    return "\n".join(head + ["(assert"] + lets) + \
        f"\n(and true {' '.join(names)})" + ")" * len(lets) + ")\n"


def _py_word(n):
    if n.op == "const":
        return str(n.num)
    if n.op in ("true", "false"):
        return str(n.op == "true")
    return f"n{n.id}"


def _py_term(n):
    a = [_py_word(x) for x in n.args]
    top = (1 << n.width) - 1
    if n.op in VALUE:
        return f"VALUE['{n.op}']({a[0]}, {a[1]}, {n.width}) & {top}"
    if n.op in COMPARE:
        return f"COMPARE['{n.op}']({a[0]}, {a[1]}, {n.args[0].width})"
    if n.op == "extract":
        return f"{a[0]} >> {n.num} & {top}"
    if n.op == "sext":
        return f"signed({a[0]}, {n.args[0].width}) & {top}"
    return {
        "var": lambda: f"INPUT.get('{n.num}', 0)",
        "zext": lambda: a[0],
        "concat": lambda: f"{a[0]} << {n.args[1].width} | {a[1]}",
        "ite": lambda: f"{a[1]} if {a[0]} else {a[2]}",
        "not": lambda: f"not {a[0]}",
        "and": lambda: f"{a[0]} and {a[1]}",
        "xor": lambda: f"{a[0]} != {a[1]}",
    }[n.op]()


def to_python(roots):
    """A function from a table of inputs to the list of the roots' values."""
    lines = ["def evaluate(INPUT):"]
    for n in order(roots):
        if n.args or n.op == "var":
            lines.append(f" n{n.id} = {_py_term(n)}")
    lines.append(f" return [{', '.join(_py_word(r) for r in roots)}]")
    scope = {"VALUE": VALUE, "COMPARE": COMPARE, "signed": signed}
    exec("\n".join(lines), scope)  # pylint: disable=exec-used
    return scope["evaluate"]
