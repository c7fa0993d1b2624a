# SPDX-License-Identifier: BSD-2-Clause
"""Drop what a pcapng file says of the machine that wrote it.

The section header's hardware and operating system, and the operating system
of each interface, go; every other block and option stays as it is.

usage: anonymise.py FILE (rewritten in place)
"""
import struct
import sys

SECTION, INTERFACE = 0x0A0D0D0A, 1
DROP = {SECTION: (2, 3), INTERFACE: (12,)}
FIXED = {SECTION: 16, INTERFACE: 8}


def options(body, drop, order):
    kept = b''
    at = 0
    while at + 4 <= len(body):
        code, length = struct.unpack_from(order + 'HH', body, at)
        size = 4 + (length + 3) // 4 * 4
        if code not in drop:
            kept += body[at:at + size]
        at += size
    return kept


def rewrite(data):
    out = []
    at = 0
    order = '<'
    while at < len(data):
        if data[at:at + 4] == b'\n\r\r\n':
            order = '<' if data[at + 8:at + 12] == b'\x4d\x3c\x2b\x1a' else '>'
        kind, size = struct.unpack_from(order + 'II', data, at)
        body = data[at + 8:at + size - 4]
        at += size
        if kind in DROP:
            fixed = FIXED[kind]
            body = body[:fixed] + options(body[fixed:], DROP[kind], order)
        total = len(body) + 12
        out.append(struct.pack(order + 'II', kind, total) + body +
                   struct.pack(order + 'I', total))
    return b''.join(out)


with open(sys.argv[1], 'rb') as file:
    content = file.read()
with open(sys.argv[1], 'wb') as file:
    file.write(rewrite(content))
