#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""How long the answers of two libOSes take: 10.0.2.15 answers itself, 10.0.2.16 by a
handler in the kernel.

usage: latency.py SOCKET ROUNDS

Prints for each "NAME MEDIAN LEAST GREATEST", microseconds of a datagram's way there and
back, and ends; exit status 1: an answer was missing or wrong.
"""
import os
import sys
import time

import client

NAMES = ["libos", "handler"]


def main():
    rounds = int(sys.argv[2])
    wire = client.Wire(sys.argv[1])
    hosts = [bytes([10, 0, 2, 15]), bytes([10, 0, 2, 16])]
    macs = [None, None]
    for i, host in enumerate(hosts):
        for _ in range(300):  # until it is up
            macs[i] = client.arp(wire, host, 0.3)
            if macs[i]:
                break
    while wire.recv(1.0):  # answers to those before
        pass
    taken = [[], []]
    for n in range(rounds + 5):
        for i, host in enumerate(hosts):
            data = os.urandom(32)
            start = time.perf_counter()
            if macs[i] is None or not client.echo(wire, macs[i], host, data):
                print("no answer of", NAMES[i])
                return 1
            if n >= 5:
                taken[i].append(time.perf_counter() - start)
    for name, t in zip(NAMES, taken):
        t.sort()
        print(name, *(round(x * 1e6) for x in (t[len(t) // 2], t[0], t[-1])))
    return 0


sys.exit(main())
