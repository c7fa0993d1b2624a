#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Make programs short that we and Linux's verifier disagree on.

usage: shrink.py BUILD SET MODE LINE...

SET and LINE as run.sh BUILD has left them (BUILD/guest/SET.jsonl, lines from
1), MODE all, leaks or none. A guest stays up and is asked about each shorter
program; what must stay is our verdict with its code, and Linux's with its
words, numbers left out. Prints each result as assembler text, and as a line
of JSON.
"""
import json
import os
import re
import struct
import subprocess
import sys
import tempfile

MAGIC = 0x676F7270
TYPES = {"socket_filter": 1, "sched_cls": 3, "sched_act": 4, "xdp": 6}
MODES = ["all", "leaks", "none"]


class Guest:
    """A kernel that answers what it thinks of a program."""

    def __init__(self, build, kernel):
        self.dir = tempfile.mkdtemp()
        root = os.path.join(self.dir, "root")
        os.mkdir(root)
        init = os.path.join(root, "init")
        subprocess.check_call(["cp", os.path.join(build, "guest_init"), init])
        initrd = os.path.join(self.dir, "initrd")
        subprocess.check_call(
            f"cd {root} && echo init | cpio -o -H newc --quiet >{initrd}",
            shell=True)
        fifo = os.path.join(self.dir, "answers")
        os.mkfifo(fifo)
        self.qemu = subprocess.Popen(
            ["qemu-system-x86_64", "-accel", "tcg", "-machine", "q35",
             "-cpu", "qemu64", "-m", "512", "-nodefaults", "-display", "none",
             "-no-reboot", "-kernel", kernel, "-initrd", initrd, "-append",
             "console=ttyS0 quiet panic=-1 oops=panic mitigations=off wire=1 "
             "patience=1000",
             "-serial", "file:" + os.path.join(self.dir, "console"),
             "-serial", "stdio", "-debugcon", "file:" + fifo],
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
        self.answers = open(fifo, encoding="latin-1")
        self.line = 0
        while self.answers.readline().strip() != "ready":
            pass

    def ask(self, prog, mode):
        """(errno, text) of one program."""
        self.line += 1
        insns = [list(i) for i in prog["code"]]
        maps = b"".join(struct.pack("<5I", *m) for m in prog["shapes"])
        body = b"".join(struct.pack("<BBhi", *i) for i in insns)
        head = struct.pack("<5I", MAGIC, self.line, TYPES[prog["type"]],
                           len(prog["shapes"]), len(insns))
        self.qemu.stdin.write(head + maps + body)
        self.qemu.stdin.flush()
        want = 2 if mode == 2 or TYPES[prog["type"]] == 1 else 1
        found = None
        while True:
            answer = self.answers.readline().rstrip("\n")
            if answer == "":
                raise SystemExit("the guest has ended: program above")
            field = answer.split(" ", 5)
            if field[0] == "r" and int(field[2]) == mode:
                found = int(field[3]), field[5]
            if field[0] == "r" and int(field[2]) == want:
                return found

    def close(self):
        self.qemu.kill()
        self.qemu.wait()


def read_prog(line):
    """A line of JSON as lists: code, shapes of maps by index."""
    obj = json.loads(line)
    raw = bytes.fromhex(obj["insns"])
    code = [list(struct.unpack_from("<BBhi", raw, at))
            for at in range(0, len(raw), 8)]
    names = list(obj.get("map_defs", {}))
    shapes = [[d["type_nr"], d["key"], d["value"], d["max"], d["flags"]]
              for d in obj.get("map_defs", {}).values()]
    refs = {m["insn"]: names.index(m["map"]) for m in obj.get("maps", [])}
    at = 0
    while at < len(code):
        if code[at][0] == 0x18:
            if code[at][1] >> 4 in (1, 2):
                code[at][3] = refs.get(at, 0x7FFFFFFF)
            at += 1
        at += 1
    return {"type": obj["type"], "code": code, "shapes": shapes,
            "id": obj.get("id")}


def write_prog(prog, unprivileged):
    """The line of JSON again."""
    refs, code = [], [list(i) for i in prog["code"]]
    at = 0
    while at < len(code):
        if code[at][0] == 0x18:
            if (code[at][1] >> 4 in (1, 2)
                    and 0 <= code[at][3] < len(prog["shapes"])):
                refs.append({"insn": at, "map": str(code[at][3])})
                code[at][3] = 0
            at += 1
        at += 1
    keys = ["type_nr", "key", "value", "max", "flags"]
    used = {r["map"] for r in refs}
    return json.dumps({
        "id": prog["id"], "type": prog["type"], "unprivileged": unprivileged,
        "map_defs": {str(n): dict(zip(keys, s))
                     for n, s in enumerate(prog["shapes"]) if str(n) in used},
        "maps": refs,
        "insns": b"".join(struct.pack("<BBhi", *i) for i in code).hex()})


def ours(exopf, progs, unprivileged):
    """(verdict, code) of each."""
    text = "".join(write_prog(p, unprivileged) + "\n" for p in progs)
    out = subprocess.run([exopf, "verify", "--batch", "-"], input=text,
                         capture_output=True, text=True, check=False).stdout
    rows = [json.loads(row) for row in out.splitlines()]
    return [(r["verdict"], r["code"]) for r in rows]


def target(code, at):
    """Where an instruction leads besides the next one, and the field."""
    op = code[at][0]
    if op == 0x18 and code[at][1] >> 4 == 4:
        return at + 1 + code[at][3], 3
    if op == 0x85:
        if code[at][1] >> 4 == 1:
            return at + 1 + code[at][3], 3
        return None, 0
    if op & 7 in (5, 6) and op != 0x95:
        return at + 1 + code[at][2], 2
    return None, 0


def drop(prog, first, count):
    """The program without some instructions, jumps linked again."""
    code = prog["code"]
    gone = set(range(first, min(first + count, len(code))))
    starts, at = [], 0
    while at < len(code):
        size = 2 if code[at][0] == 0x18 else 1
        span = set(range(at, at + size))
        if span & gone:
            gone |= span
        else:
            starts.append(at)
        at += size
    if at != len(code):
        return None
    new, n = {}, 0
    for old in range(len(code) + 1):
        new[old] = n
        n += old not in gone
    out = []
    for at in starts:
        size = 2 if code[at][0] == 0x18 else 1
        insn = list(code[at])
        to, field = target(code, at)
        if to is not None:
            if not 0 <= to <= len(code):
                return None
            insn[field] = new[to] - new[at] - 1
        out.append(insn)
        out += [list(i) for i in code[at + 1:at + size]]
    return dict(prog, code=out)


def candidates(prog):
    """Shorter and simpler programs, the shortest first."""
    n = len(prog["code"])
    size = n // 2
    while size > 0:
        for first in range(n - size, -1, -size):
            yield drop(prog, first, size)
        size //= 2
    for at, insn in enumerate(prog["code"]):
        if at > 0 and prog["code"][at - 1][0] == 0x18:
            continue
        other = []
        if insn[0] & 7 in (5, 6) and insn[0] not in (5, 0x85, 0x95):
            other.append([5, 0, insn[2], 0])
        if insn[0] & 7 in (4, 7) and insn[0] & 8:
            other.append([insn[0] & ~8, insn[1] & 15, insn[2], 1])
        if insn[0] & 7 in (4, 7) and insn[0] & 0xF8 != 0xB0:
            other.append([0xB7, insn[1] & 15, 0, 1])
        if insn[0] & 7 == 1 or insn[0] == 0x85 and insn[1] == 0:
            other.append([0xB7, insn[1] & 15 if insn[0] != 0x85 else 0, 0, 1])
        for new in other:
            if new != insn:
                yield dict(prog, code=prog["code"][:at] + [new] +
                           prog["code"][at + 1:])


def shrink(guest, exopf, prog, mode):
    """The shortest that still has both verdicts."""
    def linux(p):
        errno, text = guest.ask(p, mode)
        return errno, re.sub(r"0x[0-9a-f]+|-?\d+", "N", text)

    want = ours(exopf, [prog], mode > 0)[0], linux(prog)
    print(f"# {prog['id']}: ours {want[0]}, Linux {want[1]}")
    seen, again = set(), True
    while again:
        again = False
        todo = []
        for p in candidates(prog):
            key = p and write_prog(p, False)
            if p and p["code"] and key not in seen:
                seen.add(key)
                todo.append(p)
        while todo and not again:
            some, todo = todo[:24], todo[24:]
            for p, verdict in zip(some, ours(exopf, some, mode > 0)):
                if verdict == want[0] and linux(p) == want[1]:
                    prog, again = p, True
                    break
    print("# " + guest_text(guest, prog, mode))
    return prog


def guest_text(guest, prog, mode):
    """What Linux says, numbers included."""
    return "%d %s" % guest.ask(prog, mode)


def main():
    build, name, mode = sys.argv[1], sys.argv[2], MODES.index(sys.argv[3])
    boot = os.path.join(build, "guest", "kernel", "boot")
    kernel = [k for k in os.listdir(boot) if k.startswith("vmlinuz")][0]
    exopf = os.path.join(build, "exopf")
    with open(os.path.join(build, "guest", name + ".jsonl"),
              encoding="utf-8") as f:
        lines = f.readlines()
    guest = Guest(build, os.path.join(boot, kernel))
    for number in sys.argv[4:]:
        prog = shrink(guest, exopf, read_prog(lines[int(number) - 1]), mode)
        raw = b"".join(struct.pack("<BBhi", *i) for i in prog["code"]).hex()
        sys.stdout.flush()
        subprocess.call([exopf, "dump", "--raw", raw])
        print(write_prog(prog, mode > 0) + "\n", flush=True)
    guest.close()


main()
