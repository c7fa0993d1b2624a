# SPDX-License-Identifier: BSD-2-Clause
"""The C under proof: compiled to LLVM's assembly, and to a program that runs
properties on words (drive.c)."""

import os
import subprocess
import sys

import ll

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
MODULES = ("tnum", "range", "scalar")
WORDS = 24  # that a property reads, and that it writes, at most
CHECKS = "signed-integer-overflow,shift,integer-divide-by-zero,builtin"
# No function is static and none is inlined: each can be called, replaced by
# its contract, and keeps its parameters.
OPEN = ["-Dstatic=", "-Dinline=", "-std=c11", "-O1"]
TO_IR = OPEN + ["-S", "-emit-llvm", "-fno-discard-value-names",
                "-fno-vectorize", "-fno-slp-vectorize", "-fno-unroll-loops",
                "-fno-inline", "-fsanitize-trap=all",
                f"-fsanitize={CHECKS},unreachable"]
TO_CODE = OPEN + [f"-fsanitize={CHECKS}", "-fsanitize-undefined-trap-on-error",
                  "-rdynamic", "-Wl,-z,muldefs"]


def run(args):
    """Run a program that must succeed; what it printed."""
    done = subprocess.run(args, cwd=ROOT, capture_output=True, text=True,
                          check=False)
    if done.returncode != 0:
        sys.exit(f"proofs: {' '.join(args)}\n{done.stderr}")
    return done.stdout


class Source:
    """The tree's C; `patched`: a folder with files that take the place of the
    tree's, and `base`, a Source that has read the others."""

    def __init__(self, build, patched=None, base=None):
        self.build = build
        self.patched = patched
        self.units = {}
        self.drivers = {}
        os.makedirs(build, exist_ok=True)
        if base:
            self.units = {key: unit for key, unit in base.units.items()
                          if self.path(key[0]) == key[0]}

    def path(self, name):
        """A source file."""
        other = f"{self.patched}/{name}"
        return other if self.patched and os.path.exists(other) else name

    def unit(self, name, width):
        """The Module of a source file."""
        key = (name, width)
        if key not in self.units:
            out = f"{self.build}/{os.path.basename(name)}-{width}.ll"
            run(["clang-14", *TO_IR, "-I.", f"-DWIDTH={width}", "-o", out,
                 self.path(name)])
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
            run([os.environ.get("CC", "gcc"), *TO_CODE, "-I.",
                 f"-DWIDTH={width}", "-o", out] +
                [self.path(f"verifier/{m}.c") for m in MODULES] +
                [f"tests/proofs/prop_{m}.c" for m in MODULES] +
                ["tests/proofs/drive.c", "-ldl"])
            self.drivers[width] = out
        return self.drivers[width]

    def drive(self, width, args, text=""):
        """Exit status and output of the driver."""
        done = subprocess.run([self.driver(width), *args], input=text,
                              capture_output=True, text=True, check=False)
        return done.returncode, done.stdout

    def says(self, name, width, words):
        """The verdict of compiled C on these words; None when it trapped."""
        text = " ".join(f"{x:x}" for x in words)
        status, out = self.drive(width, ["eval", name], text)
        return int(out.split()[0], 16) if status == 0 else None


class Row:
    """A line of props.tbl."""

    def __init__(self, line):
        part = line.split()
        self.name, self.shape = part[:2]
        self.widths = [int(w) for w in part[2].split(",")]
        self.given = part[3].split(",") if len(part) > 3 else []


def rows():
    """The rows of props.tbl."""
    with open(f"{HERE}/props.tbl", encoding="utf-8") as file:
        return [Row(s) for s in file.read().splitlines() if s and s[0] != "#"]
