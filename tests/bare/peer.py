#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The other end of the wire in tests of the bare kernel's network device.

usage: peer.py SOCKET

Listens on a unix socket for QEMU's "-netdev stream": 4 bytes of length, big-endian,
before each frame. What frames mean is in exo/bare/test_net.c. It ends when QEMU
does; the exit status is 0 if all that it was asked for was done, and right.
"""
import os
import socket
import struct
import sys
import threading
import time

DATA, WORD = 0x88B5, 0x88B6
LEAST, MOST = 14, 1514
PAUSE = 0.03  # seconds between frames that come now and then
HEAD = b"\xff" * 6 + b"\x02\0\0\0\0\x01"


def content(i):
    """The i-th frame of ours."""
    n = LEAST + i % (MOST - LEAST + 1)
    x = (i + 1) * 7
    body = bytearray()
    for _ in range(n - LEAST):
        x = (x * 1664525 + 1013904223) & 0xFFFFFFFF
        body.append(x >> 24)
    return HEAD + struct.pack(">H", DATA) + bytes(body)


class Peer:
    def __init__(self, link):
        self.link = link
        self.lock = threading.Lock()
        self.flood = []  # frames that are to come back
        self.back = self.wrong = 0
        self.asked = set()

    def send(self, frame):
        with self.lock:
            self.link.sendall(struct.pack(">I", len(frame)) + frame)

    def word(self, letter, n):
        self.send(HEAD + struct.pack(">HcI", WORD, letter, n))

    def now_and_then(self, n):
        for i in range(n):
            time.sleep(PAUSE)
            self.word(b"T", i)

    def send_flood(self):
        for frame in self.flood:
            self.send(frame)

    def on_word(self, letter, n):
        self.asked.add(letter)
        if letter == b"G":
            self.flood = [content(i) for i in range(n)]
            threading.Thread(target=self.send_flood, daemon=True).start()
        elif letter == b"T":
            threading.Thread(
                target=self.now_and_then, args=(n,), daemon=True
            ).start()

    def on_frame(self, frame):
        kind = struct.unpack_from(">H", frame, 12)[0]
        if kind == WORD:
            self.on_word(*struct.unpack_from(">cI", frame, 14))
        elif not self.flood:
            self.send(frame)
        else:
            self.wrong += frame != self.flood[self.back]
            self.back += 1
            if self.back == len(self.flood):
                self.flood = []
                self.word(b"R", self.wrong)

    def run(self):
        stream = self.link.makefile("rb")
        while True:
            head = stream.read(4)
            if len(head) < 4:
                break
            self.on_frame(stream.read(struct.unpack(">I", head)[0]))
        return self.asked == {b"G", b"T"} and self.wrong == 0


def main():
    path = sys.argv[1]
    server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    server.bind(path + ".new")
    server.listen(1)
    os.rename(path + ".new", path)  # there means ready
    server.settimeout(60)
    link, _ = server.accept()
    try:
        good = Peer(link).run()
    except ConnectionError:
        good = False
    sys.exit(0 if good else 1)


main()
