#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Writes programs that the kernel has to refuse, each made of a good one.

usage: badelf.py GOOD FOLDER; prints the names of what it wrote
"""
import os
import struct
import sys


def put(form, at, value):
    return lambda b: struct.pack_into("<" + form, b, at, value)


PHDR = 64  # the first segment's header
BAD = {
    "empty": lambda b: b.__delitem__(slice(0, len(b))),
    "cut": lambda b: b.__delitem__(slice(100, len(b))),
    "script": lambda b: b.__setitem__(slice(0, 4), b"#!/b"),
    "elf32": put("B", 4, 1),
    "other_machine": put("H", 18, 183),
    "shared_object": put("H", 16, 3),
    "entry_in_kernel": put("Q", 24, 0xFFFFFFFF80200000),
    "entry_null": put("Q", 24, 0),
    "many_segments": put("H", 56, 0xFFFF),
    "segments_outside": put("Q", 32, 0xFFFFFFFFFFFFFFF0),
    "write_execute": put("I", PHDR + 4, 7),
    "data_outside": put("Q", PHDR + 8, 0x7FFFFFFFFFFFFFFF),
    "in_kernel": put("Q", PHDR + 16, 0xFFFFFFFF80200000),
    "on_null": put("Q", PHDR + 16, 0),
    "on_stack": put("Q", PHDR + 16, 0x00007FFFFDFFF000),
    "on_ring": put("Q", PHDR + 16, 0x00007F0000000000),
    "larger_in_file": put("Q", PHDR + 40, 1),
    "huge": put("Q", PHDR + 40, 1 << 62),
    "too_large": put("Q", PHDR + 40, (64 << 20) + 1),
}

with open(sys.argv[1], "rb") as f:
    good = f.read()
at, n = struct.unpack_from("<Q", good, 32)[0], struct.unpack_from("<H", good, 56)[0]
assert at == PHDR and n >= 2
BAD["shared_page"] = put("Q", PHDR + 56 + 16, struct.unpack_from("<Q", good, PHDR + 16)[0])
for name, spoil in BAD.items():
    b = bytearray(good)
    spoil(b)
    with open(os.path.join(sys.argv[2], name + ".bad"), "wb") as f:
        f.write(b)
    print(os.path.join(sys.argv[2], name + ".bad"))
