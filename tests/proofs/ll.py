# SPDX-License-Identifier: BSD-2-Clause
"""Reads the subset of LLVM's assembly (version 14) that clang makes of
freestanding integer code: no floats, no vectors, no exceptions.

What is not known is an error, never skipped: a proof must not rest on
an instruction that was overlooked.

Types are tuples: ("i", bits), ("p",), ("a", count, type), ("s", types),
("v",). Values: ("int", n), ("local", name), ("global", name), ("undef",),
("zero",), ("agg", [(type, value)...]), ("bytes", data), ("null",),
("gep", type, base, indices) and ("cast", value).
"""

import re

TOKEN = re.compile(
    r'\s*(c"[^"]*"|"[^"]*"|[%@]"[^"]*"|[%@][-\w$.]+|![\w.]*|-?\d+|\.\.\.|'
    r'[A-Za-z_][\w.]*|#\d+|[\[\]{}()<>*=,:])')
# Words before a type that do not change what an integer instruction means
# here: clang's checks for undefined behaviour stand as branches of their own.
FLAGS = {"nsw", "nuw", "exact", "inbounds", "volatile", "tail", "musttail",
         "notail", "fastcc", "noundef", "nonnull", "signext", "zeroext",
         "noalias", "nocapture", "readonly", "writeonly", "readnone",
         "returned", "immarg", "dso_local", "internal", "private",
         "unnamed_addr", "local_unnamed_addr", "constant", "hidden"}
ARGUMENTS = {"align", "dereferenceable", "sret", "byval"}
BINARY = {"add", "sub", "mul", "udiv", "sdiv", "urem", "srem", "shl", "lshr",
          "ashr", "and", "or", "xor"}
CASTS = {"zext", "sext", "trunc", "bitcast", "ptrtoint", "inttoptr"}


class Unknown(Exception):
    """The text holds what this reader does not know."""


class Instr:
    """One instruction: `op`, the name of its result, its type and parts."""

    __slots__ = ("op", "dest", "type", "parts", "text")

    def __init__(self, op, dest, type_, parts, text):
        self.op = op
        self.dest = dest
        self.type = type_
        self.parts = parts
        self.text = text


class Function:
    """Parameters and blocks; `unit` is the Module it belongs to."""

    def __init__(self, name, params, unit):
        self.name = name
        self.params = params
        self.unit = unit
        self.blocks = {}
        self.first = None


class Module:
    """What one .ll file says."""

    def __init__(self):
        self.types = {}
        self.globals = {}
        self.functions = {}


class Reader:
    """A line of tokens."""

    def __init__(self, text, types):
        self.text = text
        self.types = types
        self.at = 0
        self.tok = []
        pos = 0
        text = text.rstrip()
        while pos < len(text):
            m = TOKEN.match(text, pos)
            if not m:
                raise Unknown(f"cannot read: {text}")
            self.tok.append(m.group(1))
            pos = m.end()

    def peek(self):
        """The next token, or None."""
        return self.tok[self.at] if self.at < len(self.tok) else None

    def take(self, want=None):
        """Go past the next token."""
        tok = self.peek()
        if tok is None or want is not None and tok != want:
            raise Unknown(f"{want or 'more'} expected: {self.text}")
        self.at += 1
        return tok

    def maybe(self, want):
        """Go past the next token if it is that one."""
        if self.peek() == want:
            self.at += 1
            return True
        return False

    def flags(self):
        """Go past attributes."""
        while True:
            tok = self.peek()
            if tok in FLAGS:
                self.at += 1
            elif tok in ARGUMENTS:
                self.at += 1
                if self.maybe("("):
                    while not self.maybe(")"):
                        self.at += 1
                else:
                    self.take()
            else:
                return

    def list_until(self, end, one):
        """Items of a list with commas."""
        out = []
        while not self.maybe(end):
            out.append(one())
            self.maybe(",")
        return out

    def type(self):
        """A type."""
        tok = self.take()
        if tok == "{":
            out = ("s", tuple(self.list_until("}", self.type)))
        elif tok == "[":
            count = int(self.take())
            self.take("x")
            out = ("a", count, self.type())
            self.take("]")
        elif tok == "void":
            out = ("v",)
        elif tok[0] == "%":
            out = self.types.get(tok, ("s", ()))
        elif re.fullmatch(r"i\d+", tok):
            out = ("i", int(tok[1:]))
        else:
            raise Unknown(f"type {tok}: {self.text}")
        while True:
            if self.peek() == "*":
                self.at += 1
                out = ("p",)
            elif self.peek() == "(" and out != ("p",):
                self.take("(")
                self.list_until(")", self.parameter)
                out = ("f",)
            else:
                return out

    def parameter(self):
        """A type in a list of parameters."""
        if self.maybe("..."):
            return None
        out = self.type()
        self.flags()
        return out

    def typed(self):
        """A type and a value."""
        kind = self.type()
        self.flags()
        return kind, self.value()

    def value(self):
        """A value without its type."""
        tok = self.take()
        if re.fullmatch(r"-?\d+", tok):
            return ("int", int(tok))
        if tok in ("true", "false"):
            return ("int", int(tok == "true"))
        if tok in ("undef", "poison"):
            return ("undef",)
        if tok == "null":
            return ("null",)
        if tok == "zeroinitializer":
            return ("zero",)
        if tok[0] == "%":
            return ("local", tok)
        if tok[0] == "@":
            return ("global", tok)
        if tok.startswith('c"'):
            data = re.sub(r"\\([0-9A-F]{2})",
                          lambda m: chr(int(m.group(1), 16)), tok[2:-1])
            return ("bytes", data.encode("latin-1"))
        if tok in ("{", "["):
            return ("agg", self.list_until("}" if tok == "{" else "]",
                                           self.typed))
        return self.expression(tok)

    def expression(self, tok):
        """A constant expression."""
        self.flags()
        if tok == "bitcast":
            self.take("(")
            _, value = self.typed()
            self.take("to")
            self.type()
            self.take(")")
            return ("cast", value)
        if tok == "getelementptr":
            self.take("(")
            kind = self.type()
            self.take(",")
            rest = self.list_until(")", self.typed)
            return ("gep", kind, rest[0][1], rest[1:])
        raise Unknown(f"value {tok}: {self.text}")


def _call(r):
    r.flags()
    kind = r.type()
    if kind == ("f",):
        raise Unknown(f"a call by type: {r.text}")
    name = r.value()
    if name[0] != "global":
        raise Unknown(f"a call through a pointer: {r.text}")
    r.take("(")

    def argument():
        if r.peek() == "metadata":
            while r.peek() not in (",", ")"):
                r.take()
            return None
        return r.typed()
    return kind, (name[1], r.list_until(")", argument))


def _switch(r):
    kind, value = r.typed()
    r.take(",")
    r.take("label")
    default = r.take()
    r.take("[")
    cases = []
    while not r.maybe("]"):
        _, what = r.typed()
        r.take(",")
        r.take("label")
        cases.append((what, r.take()))
    return kind, (value, default, cases)


def _branch(r):
    if r.maybe("label"):
        return ("v",), (None, r.take(), None)
    _, cond = r.typed()
    r.take(",")
    r.take("label")
    then = r.take()
    r.take(",")
    r.take("label")
    return ("v",), (cond, then, r.take())


def _phi(r):
    kind = r.type()
    pairs = []
    while r.maybe("["):
        value = r.value()
        r.take(",")
        pairs.append((value, r.take()))
        r.take("]")
        r.maybe(",")
    return kind, pairs


def _two(r):
    kind, first = r.typed()
    r.take(",")
    return kind, (first, r.value())


def _icmp(r):
    pred = r.take()
    kind, first = r.typed()
    r.take(",")
    return kind, (pred, first, r.value())


def _cast(r):
    kind, value = r.typed()
    r.take("to")
    return r.type(), (kind, value)


def _select(r):
    _, cond = r.typed()
    r.take(",")
    kind, then = r.typed()
    r.take(",")
    return kind, (cond, then, r.typed()[1])


def _gep(r):
    kind = r.type()
    r.take(",")
    base = r.typed()[1]
    index = []
    while r.maybe(","):
        index.append(r.typed())
    return kind, (base, index)


def _load(r):
    kind = r.type()
    r.take(",")
    return kind, r.typed()[1]


def _store(r):
    kind, value = r.typed()
    r.take(",")
    return kind, (value, r.typed()[1])


def _extract(r):
    kind, value = r.typed()
    index = []
    while r.maybe(","):
        index.append(int(r.take()))
    return kind, (value, index)


def _insert(r):
    kind, value = r.typed()
    r.take(",")
    what = r.typed()
    r.take(",")
    return kind, (value, what, int(r.take()))


def _ret(r):
    kind = r.type()
    return kind, None if kind == ("v",) else r.value()


FORMS = {
    "call": _call, "switch": _switch, "br": _branch, "phi": _phi,
    "icmp": _icmp, "select": _select, "getelementptr": _gep, "load": _load,
    "store": _store, "extractvalue": _extract, "insertvalue": _insert,
    "ret": _ret, "alloca": lambda r: (r.type(), None),
    "freeze": lambda r: r.typed(),
    "unreachable": lambda r: (("v",), None),
}


def instruction(line, types):
    """One instruction of a body."""
    r = Reader(line, types)
    dest = None
    if len(r.tok) > 1 and r.tok[1] == "=":
        dest = r.take()
        r.take("=")
    r.flags()
    op = r.take()
    r.flags()
    if op in BINARY:
        kind, parts = _two(r)
    elif op in CASTS:
        kind, parts = _cast(r)
    elif op in FORMS:
        kind, parts = FORMS[op](r)
    else:
        raise Unknown(f"instruction {op}: {line}")
    return Instr(op, dest, kind, parts, line)


def _clean(line):
    line = re.sub(r";.*", "", line)
    line = re.sub(r",? ![\w.]+( !\d+)?", "", line)
    return re.sub(r", align \d+", "", line).strip()


def _header(line, unit):
    m = re.match(r"define .*?(@[\w.]+)\(", line)
    r = Reader(line[m.end():line.rindex(")") + 1], unit.types)
    params = []
    while not r.maybe(")"):
        r.type()
        r.flags()
        params.append(r.take())
        r.maybe(",")
    return Function(m.group(1), params, unit)


def _body(lines, fn, types):
    block = None
    while True:
        line = _clean(next(lines))
        if line == "}":
            return
        if not line:
            continue
        m = re.fullmatch(r'("[^"]*"|[-\w$.]+):', line)
        if m:
            block = fn.blocks["%" + m.group(1)] = []
            fn.first = fn.first or "%" + m.group(1)
            continue
        if line.startswith("switch"):
            while "]" not in line:
                line += " " + _clean(next(lines))
        if "@llvm.dbg." in line:
            raise Unknown("debug information: compile without -g")
        block.append(instruction(line, types))


def _struct(name, lines, types):
    """Named types may stand in any order."""
    if name in types or name not in lines:
        return
    for other in re.findall(r"%[\w.]+", lines[name]):
        _struct(other, lines, types)
    types[name] = Reader(lines[name], types).type()


def parse(text):
    """A Module from the text of an .ll file."""
    unit = Module()
    named = dict(re.findall(r"^(%[\w.]+) = type (.*)$", text, re.M))
    for name in named:
        _struct(name, named, unit.types)
    lines = iter(text.splitlines())
    for line in lines:
        if line.startswith("define"):
            line = re.sub(r" (#\d+|personality.*) *\{$", " {", line)
            fn = _header(line, unit)
            _body(lines, fn, unit.types)
            unit.functions[fn.name] = fn
        elif re.match(r"@[\w.]+ = .*\bconstant\b", line):
            name, rest = line.split(" = ", 1)
            r = Reader(_clean(rest), unit.types)
            r.flags()
            unit.globals[name] = r.typed()
        elif re.match(r"@[\w.]+ = ", line):
            raise Unknown(f"a global that may change: {line}")
    return unit
