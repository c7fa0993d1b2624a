#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""A host on the other end of QEMU's stream network that does not read for a while:
meanwhile the queue of the card is full for those who flood (full.conf).

usage: deaf.py SOCKET
"""

import struct
import sys
import time

import client

FEW = bytes([10, 0, 2, 15])
HANDLER = bytes([10, 0, 2, 16])
MOST = 8  # packets that FEW sends


def tell(wire, to, word, port=9):
    wire.send(client.ALL + client.ME + b"\x08\0" + client.udp(4000, port, to, word))


def main():
    wire = client.Wire(sys.argv[1])
    mac = None
    for _ in range(300):  # until it is up
        mac = client.arp(wire, HANDLER, 0.2)
        if mac:
            break
    client.ok(mac, "the handler's owner answers ARP")
    if not mac:
        return 1
    time.sleep(2)  # until the others wait
    for _ in range(600):
        wire.send(mac + client.ME + b"\x08\0" +
                  client.udp(4000, 7, HANDLER, b"x" * 1400))
    for _ in range(200):  # who is in debt sees one of many
        tell(wire, client.FOE, b"go")
    time.sleep(3)
    tell(wire, FEW, b"go")
    time.sleep(3)
    tell(wire, FEW, b"stop")
    for _ in range(200):
        tell(wire, client.FOE, b"stop")
    tell(wire, HANDLER, b"end", 7000)
    few, handler, frame = set(), 0, wire.recv(20)
    while frame is not None:
        if frame[26:30] == FEW and frame[36:38] == b"\0\x4d":
            few.add(frame[34:36])
        handler += frame[26:30] == HANDLER
        frame = wire.recv(20)
    print("# %d answers of the handler, %d frames of others" % (handler, wire.foes))
    client.ok(0 < handler < 600 and wire.foes > 0, "the others' queue was full")
    client.ok(len(few) == MOST, "each of the few went out: %d" % len(few))
    print("1..%d" % client.n)
    return client.bad != 0


if __name__ == "__main__":
    sys.exit(main())
