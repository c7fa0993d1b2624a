#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""A host on the other end of QEMU's stream network: asks for addresses, pings, and
sends datagrams to libOSes, each answer looked at byte by byte.

usage: client.py SOCKET ROUNDS [attacked]; then attackers at 10.0.2.66 are told to begin
and to end, and what they send is not minded
"""

import os
import socket
import struct
import sys
import time

ME = bytes.fromhex("020000000001")
FOE = bytes([10, 0, 2, 66])
MY_IP = bytes([10, 0, 2, 1])
ALL = b"\xff" * 6
n = 0
bad = 0


def ok(good, name):
    global n, bad
    n += 1
    bad += not good
    print(("ok" if good else "not ok"), n, "-", name, flush=True)


def checksum(b):
    if len(b) % 2:
        b += b"\0"
    s = sum(struct.unpack(">%dH" % (len(b) // 2), b))
    while s >> 16:
        s = (s & 0xFFFF) + (s >> 16)
    return ~s & 0xFFFF


class Wire:
    def __init__(self, path):
        server = socket.socket(socket.AF_UNIX)
        server.bind(path)
        server.listen(1)
        server.settimeout(60)
        print("listening", flush=True)
        self.s, _ = server.accept()
        self.buf = b""
        self.foes = 0  # frames of attackers

    def send(self, frame):
        self.s.sendall(struct.pack(">I", len(frame)) + frame)

    def answer(self):
        """The next frame that is no answer of ARP's to what was asked before."""
        f = self.recv()
        while f is not None and f[12:14] == b"\x08\x06":
            f = self.recv()
        return f

    def recv(self, seconds=10.0):
        end = time.monotonic() + seconds
        while True:
            if len(self.buf) >= 4:
                size = struct.unpack(">I", self.buf[:4])[0]
                if len(self.buf) >= 4 + size:
                    frame = self.buf[4 : 4 + size]
                    self.buf = self.buf[4 + size :]
                    if frame[26:30] != FOE:
                        return frame
                    self.foes += 1
                    continue
            left = end - time.monotonic()
            if left <= 0:
                return None
            self.s.settimeout(left)
            try:
                more = self.s.recv(65536)
            except socket.timeout:
                return None
            if not more:
                return None
            self.buf += more


def ip(proto, to, payload, src=MY_IP):
    h = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), 7, 0, 64, proto, 0,
                    src, to)
    return h[:10] + struct.pack(">H", checksum(h)) + h[12:] + payload


def udp(sport, dport, to, data, src=MY_IP):
    p = struct.pack(">HHHH", sport, dport, 8 + len(data), 0) + data
    pseudo = src + to + struct.pack(">BBH", 0, 17, len(p))
    c = checksum(pseudo + p) or 0xFFFF
    return ip(17, to, p[:6] + struct.pack(">H", c) + p[8:], src)


def well(f):
    """A datagram whose sums are right."""
    q = f[34 : 14 + struct.unpack(">H", f[16:18])[0]]
    pseudo = f[26:34] + struct.pack(">BBH", 0, 17, len(q))
    return checksum(f[14:34]) == 0 and checksum(pseudo + q) == 0


def arp(wire, to, seconds=10.0):
    wire.send(ALL + ME + b"\x08\x06" + struct.pack(
        ">HHBBH6s4s6s4s", 1, 0x800, 6, 4, 1, ME, MY_IP, b"\0" * 6, to) + b"\0" * 18)
    f = wire.recv(seconds)
    good = f is not None and f[12:14] == b"\x08\x06" and f[20:22] == b"\0\x02" \
        and f[28:32] == to and f[:6] == ME
    return f[22:28] if good else None


def ping(wire, mac, to, size, seq):
    body = bytes((i * 7 + seq) & 255 for i in range(size))
    p = struct.pack(">BBHHH", 8, 0, 0, 0x1234, seq) + body
    p = p[:2] + struct.pack(">H", checksum(p)) + p[4:]
    wire.send(mac + ME + b"\x08\0" + ip(1, to, p))
    f = wire.answer()
    if f is None:
        return False
    total = struct.unpack(">H", f[16:18])[0]
    q = f[34 : 14 + total]
    return (f[26:30] == to and f[23] == 1 and q[0] == 0 and q[8:] == body
            and q[4:8] == p[4:8] and checksum(f[14:34]) == 0 and checksum(q) == 0)


def echo(wire, mac, to, data, port=7, sport=4000):
    wire.send(mac + ME + b"\x08\0" + udp(sport, port, to, data))
    f = wire.answer()
    if f is None:
        return False
    total = struct.unpack(">H", f[16:18])[0]
    q = f[34 : 14 + total]
    pseudo = f[26:34] + struct.pack(">BBH", 0, 17, len(q))
    return (f[26:30] == to and q[:4] == struct.pack(">HH", port, sport)
            and q[8:] == data and checksum(pseudo + q) == 0)


def noise(wire, mac, to):
    """What no answer comes to, but one that is garbled as well: a handler in the
    kernel does not read what it returns, nor whom a frame is for."""
    whole = mac + ME + b"\x08\0" + udp(1, 7, to, b"x" * 40)
    for cut in range(14, len(whole) - 1, 3):
        wire.send(whole[:cut])
    for i in range(14, len(whole)):
        if i in (15, 18, 19):  # service, identification: nobody minds
            continue
        b = bytearray(whole)
        b[i] ^= 0x10
        wire.send(bytes(b))
    wire.send(mac + ME + b"\x08\0" + udp(1, 9, to, b"no port"))
    wire.send(mac + ME + b"\x08\0" + ip(6, to, b"\0" * 20))


def burst(wire, macs, hosts, first):
    """Eight datagrams at once: how many come back right."""
    want = set()
    for i in range(first, first + 8):
        data = struct.pack(">I", i) * 8
        wire.send(macs[i % 2] + ME + b"\x08\0" + udp(4000 + i % 2, 7, hosts[i % 2],
                                                    data))
        want.add((hosts[i % 2], 4000 + i % 2, data))
    while want:
        f = wire.recv(60)
        if f is None:
            break
        total = struct.unpack(">H", f[16:18])[0]
        want.discard((f[26:30], struct.unpack(">H", f[36:38])[0], f[42 : 14 + total]))
    return 8 - len(want)


def tell_foes(wire, word):
    wire.send(ALL + ME + b"\x08\0" + udp(4000, 9, FOE, word))


def attacked(wire, macs, hosts, rounds):
    time.sleep(2)  # until they wait
    good = 0
    began = time.monotonic()
    for i in range(rounds):
        if i == 1:  # by now they are at it
            time.sleep(2)
            for _ in range(200):
                tell_foes(wire, b"go")
        tell_foes(wire, b"go")
        good += burst(wire, macs, hosts, i * 8)
    print("# %d datagrams in %.1f s, %d of attackers" %
          (good, time.monotonic() - began, wire.foes), flush=True)
    ok(good == 8 * rounds, "%d datagrams come back beside attackers" % (8 * rounds))
    for _ in range(10):  # who is in debt sees one of many
        for _ in range(100):
            tell_foes(wire, b"stop")
        time.sleep(0.2)
    while wire.recv(0.5):
        pass


def main():
    rounds = int(sys.argv[2])
    wire = Wire(sys.argv[1])
    hosts = [bytes([10, 0, 2, 15]), bytes([10, 0, 2, 16])]
    mac = None
    for _ in range(300):  # until they are up
        mac = arp(wire, hosts[0], 0.2)
        if mac:
            break
    while wire.recv(0.5):  # answers to those before
        pass
    macs = [mac, arp(wire, hosts[1])]
    ok(all(macs), "both answer ARP")
    if not all(macs):
        return 1
    for h, m in zip(hosts, macs):
        name = "10.0.2.%d" % h[3]
        ok(all(ping(wire, m, h, s, s) for s in (0, 1, 56, 1000, 1472)),
           "%s answers pings of all sizes" % name)
        ok(all(echo(wire, m, h, os.urandom(s)) for s in (0, 1, 2, 512, 1472)),
           "%s returns datagrams" % name)
        noise(wire, m, h)
        answers = list(iter(lambda: wire.recv(0.5), None))
        ok(not any(well(f) and f[:6] == ME for f in answers)
           and len(answers) <= (60 if h[3] == 16 else 0),
           "%s answers nothing that is malformed" % name)
    if len(sys.argv) > 3:
        attacked(wire, macs, hosts, rounds)
    good = 0
    for i in range(rounds):
        k = i % 2
        good += echo(wire, macs[k], hosts[k], struct.pack(">I", i) * 8)
    ok(good == rounds, "%d datagrams come back, to each its own" % rounds)
    ok(echo(wire, macs[0], hosts[0], b"end", 7000), "10.0.2.15 ends when told")
    ok(all(ping(wire, macs[1], hosts[1], 56, i) for i in range(5)),
       "10.0.2.16 goes on by itself")
    ok(echo(wire, macs[1], hosts[1], b"end", 7000), "10.0.2.16 ends when told")
    print("1..%d" % n)
    return bad != 0


if __name__ == "__main__":
    sys.exit(main())
