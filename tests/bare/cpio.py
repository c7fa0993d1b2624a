#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Writes files as a cpio archive in the newc format, without their folders.

usage: cpio.py ARCHIVE FILE... ; FILE may be NAME=FILE
"""
import os
import sys


def entry(name, data):
    name = name.encode() + b"\0"
    numbers = (1, 0o100644, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(name), 0)
    head = b"070701" + b"".join(b"%08X" % v for v in numbers) + name
    head += b"\0" * (-len(head) % 4)
    return head + data + b"\0" * (-len(data) % 4)


with open(sys.argv[1], "wb") as out:
    for arg in sys.argv[2:]:
        name, _, path = arg.rpartition("=")
        with open(path, "rb") as f:
            out.write(entry(name or os.path.basename(path), f.read()))
    out.write(entry("TRAILER!!!", b""))
