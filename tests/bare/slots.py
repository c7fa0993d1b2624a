# SPDX-License-Identifier: BSD-2-Clause
"""Who runs in which slot, by the rule of docs/boot.md and by what the programs of
slots.c do: the lines that a kernel with trace=slots must write.

usage: slots.py CONF SLOTS [SUMMARY]. Time is counted in tenths of a slot. SUMMARY: a
line for each environment, "label slots-it-ran-in slots-it-lost" of its own."""

import re
import sys

SLOT, GRACE, LIMIT = 10, 1, 4


class Env:
    def __init__(self, place, label, arg):
        kind, *numbers = arg.split(":")
        self.place, self.label, self.kind = place, label, kind
        self.most = int(numbers[0]) if numbers else None
        self.late = int(numbers[1]) if len(numbers) > 1 else 0
        self.maker = None
        self.ends = self.debt = self.ran = self.lost = 0
        self.stopped = None  # when it ran last
        self.alive = self.fresh = True

    def owes(self):
        return self.debt >= SLOT

    def one_more(self):
        """One of those that it counts; whether it ends with it."""
        self.ends += 1
        self.alive = self.ends != self.most
        return not self.alive


def read(path, n):
    """The environments of a boot.conf, and whose each slot is."""
    envs, vector = [], [None] * n
    for line in open(path, encoding="ascii"):
        if not line.startswith("env "):
            continue
        words = line.split()
        options = dict(w.split("=", 1) for w in words[3:])
        env = Env(len(envs), words[1], options["arg"])
        envs.append(env)
        if "slots" in options:
            first, step, count = re.fullmatch(
                r"(\d+)(?:/(\d+))?(?:\*(\d+))?", options["slots"]).groups()
            for i in range(int(count or 1)):
                vector[int(first) + i * int(step or 1)] = env
    return envs, vector


class Machine:
    def __init__(self, path, n):
        self.envs, self.vector = read(path, n)
        self.at, self.last, self.time = -1, -1, 0
        self.trace = []

    def spare(self, loser):
        """The next in the round of all who can run."""
        n = len(self.envs)
        for i in range(1, n + 1):
            env = self.envs[(self.last + i) % n]
            if not env.alive or env is loser:
                continue
            if not env.owes():
                self.last = env.place
                return env
            if env not in self.vector:
                env.debt -= SLOT
        return None

    def slot(self):
        """Go on to the next slot: who runs in it."""
        self.at = (self.at + 1) % len(self.vector)
        owner = self.vector[self.at]
        if owner is not None and owner.owes():
            owner.debt -= SLOT
            owner.lost += 1
        elif owner is not None:
            owner.ran += 1
            return owner
        return self.spare(owner)

    def make(self, maker):
        """A child behind all others, which never yields."""
        child = Env(len(self.envs), maker.label, "forever")
        child.maker = maker
        self.envs.append(child)

    def ended(self, env):
        """What a child owes its maker does."""
        if env.maker is not None:
            env.maker.debt += env.debt
        env.debt = 0
        self.vector = [None if o is env else o for o in self.vector]

    def turn(self, env):
        """What one does with a slot, or with what is left of it."""
        if env.kind == "spin" and env.stopped is not None and \
                self.time - env.stopped >= SLOT // 2 and env.one_more():
            return
        if env.kind == "polite":
            if not env.fresh:
                env.one_more()
            env.fresh = False
            return
        if env.kind == "give":
            if env.fresh or not env.one_more():
                env.fresh = False
                to = self.envs[env.place + 1]
                self.trace.append(f"slot {self.at} {to.label} given")
                self.turn(to)
                if not to.alive:
                    self.ended(to)
            return
        if env.kind == "takes" and env.fresh:
            self.vector[11] = self.vector[15] = env
        if env.kind == "burns" and env.fresh:
            for _ in range(env.late):
                self.make(env)
            env.late = 0
        env.fresh = False
        self.time += SLOT
        if env.kind == "forever":
            self.time += LIMIT * SLOT
            env.debt += LIMIT * SLOT
            env.alive = False
        elif env.kind != "spin" and not env.one_more():
            self.time += env.late
            if env.late > GRACE:
                env.debt += env.late
        env.stopped = self.time

    def run(self):
        while any(e.alive for e in self.envs):
            env = self.slot()
            if env is None:
                continue
            self.trace.append(f"slot {self.at} {env.label}")
            self.turn(env)
            if not env.alive:
                self.ended(env)


machine = Machine(sys.argv[1], int(sys.argv[2]))
machine.run()
if len(sys.argv) > 3:
    print("\n".join(f"{e.label} {e.ran} {e.lost}" for e in machine.envs
                    if e.maker is None))
else:
    print("\n".join(machine.trace))
