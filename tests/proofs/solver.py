# SPDX-License-Identifier: BSD-2-Clause
"""Solvers with a memory: an answer is kept by the hash of its question, so that
a run which was interrupted goes on. And work spread over processes."""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import traceback

from source import WORDS, run

FIRST = 4  # CPU seconds for z3 before cvc5 is asked
MEMORY = 4000000  # KiB


class Answer:
    """`what`: sat, unsat, late or an error; who gave it; CPU seconds of all who
    were asked; the words in0, in1 and so on of an example."""

    def __init__(self, what, solver, seconds, words):
        self.what = what
        self.solver = solver
        self.seconds = seconds
        self.words = words


class Solver:
    """Asks z3, where that is late cvc5, then z3 again: they get so many CPU
    seconds for a question."""

    def __init__(self, folder, seconds):
        self.folder = folder
        self.seconds = seconds
        self.version = {name: _version(name) for name in ("z3", "cvc5")
                        if shutil.which(name)}
        os.makedirs(folder, exist_ok=True)

    def ask(self, text, most=None):
        """An Answer to a question in SMT-LIB."""
        most = min(most or self.seconds, self.seconds)
        took = 0
        for name, limit in (("z3", min(FIRST, most)), ("cvc5", most),
                            ("z3", most)):
            if name not in self.version:
                continue
            answer = self.ask_one(name, text, limit)
            took += answer.seconds
            answer.seconds = took
            if answer.what in ("sat", "unsat"):
                break
        return answer

    def ask_one(self, name, text, most):
        """An Answer of one of them."""
        text = f"; {self.version[name]}\n{text}"
        path = f"{self.folder}/{hashlib.sha256(text.encode()).hexdigest()}"
        try:
            with open(path, encoding="utf-8") as file:
                what, seconds, limit, *words = file.read().split()
            if what != "late" or int(limit) >= most:
                return Answer(what, name, float(seconds),
                              [int(x) for x in words])
        except (FileNotFoundError, ValueError):
            pass
        answer = _run(name, f"{path}.{os.getpid()}.smt2", text, most)
        if not answer.what.startswith("error"):
            words = " ".join(map(str, answer.words))
            with open(f"{path}.new", "w", encoding="utf-8") as file:
                file.write(f"{answer.what} {answer.seconds:.2f} {most} {words}")
            os.replace(f"{path}.new", path)
        return answer


def _version(name):
    return run([name, "--version"]).split("\n", 1)[0].strip()


def _run(name, path, text, most):
    """Ask a solver itself. cvc5 is much faster when it need not give an
    example: it is asked for one only when there is one."""
    if name == "cvc5":
        answer = _run_once(name, "--no-produce-models", path,
                           re.sub(r"\(get-value.*", "", text), most)
        if answer.what != "sat":
            return answer
    return _run_once(name, "--produce-models" if name == "cvc5" else "-smt2",
                     path, text, most)


def _run_once(name, option, path, text, most):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    before = os.times()
    done = subprocess.run(
        ["sh", "-c", 'ulimit -t "$1" && ulimit -v "$2" && exec "$3" "$4" "$5"',
         "sh", str(most), str(MEMORY), name, option, path], capture_output=True,
        text=True, check=False)
    after = os.times()
    os.remove(path)
    seconds = sum(after[2:4]) - sum(before[2:4])
    what, _, rest = done.stdout.partition("\n")
    if what not in ("sat", "unsat"):
        said = done.stdout + done.stderr
        is_late = done.returncode < 0 or "memory" in said or "bad_alloc" in said
        what = "late" if is_late else f"error {' '.join(said.split())[:200]}"
    words = [0] * WORDS
    for at, base, value in re.findall(r"\(in(\d+) #([xb])(\w+)\)", rest):
        words[int(at)] = int(value, 16 if base == "x" else 2)
    return Answer(what, name, seconds, words)


def spread(work, tasks, jobs):
    """Pairs of a task and the text that work(task) gave, in order; each runs
    in a process of its own. Where it died the text is None."""
    pipes, done, started, given = {}, {}, 0, 0
    while given < len(tasks):
        while started < len(tasks) and len(pipes) < jobs:
            pipes.update([_start(work, tasks, started)])
            started += 1
        pid, status = os.wait()
        at, end = pipes.pop(pid)
        with os.fdopen(end, encoding="utf-8") as file:
            done[at] = file.read() if status == 0 else None
        while given in done:
            yield tasks[given], done.pop(given)
            given += 1


def _start(work, tasks, at):
    """The child's number; which task it has, and where its text comes."""
    end, into = os.pipe()
    sys.stdout.flush()
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            os.write(into, work(tasks[at]).encode())
            status = 0
        except BaseException:  # pylint: disable=broad-except
            traceback.print_exc()
        finally:
            os._exit(status)
    os.close(into)
    return pid, (at, end)
