# SPDX-License-Identifier: BSD-2-Clause
"""Every interval of words of 6 bits: runs exhaust.c."""

import os
import subprocess

import prove


def run_all(source, pool, report):
    """Compile and run it; a line of the table for each operation."""
    del pool
    out = f"{source.build}/exhaust"
    prove.run([os.environ.get("CC", "gcc"), "-std=c11", "-O2",
               *source.includes(), "-o", out, "tests/proofs/exhaust.c",
               source.path("verifier/range.c")])
    done = subprocess.run([out], capture_output=True, text=True, check=False)
    for line in done.stdout.splitlines():
        name, cases = line.split(" ", 1)
        if cases.isdigit():
            report.add(f"range_{name}", "exhaustive at 6 bits",
                       f"C, {cases} cases", 0)
        else:
            report.fail(f"range_{name}", cases)
    if done.returncode not in (0, 1):
        report.fail("exhaust", f"ended by {done.returncode}")
