#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""restart.py - hostler replaced by another (-R) under load, with many names.

    tests/bench/restart.py BUILD [LINES [RATE [TIMES]]]

BUILD is the folder that hostler and tests/e2e/load were built in.  Works in a
folder of its own below $TMPDIR, on 127.0.0.1@5397.  Each restart: how long the
new one took to be ready, how long the old one went on after that, the memory of
both together; at the end, what became of the questions.
"""
import os
import re
import subprocess
import sys
import tempfile
import time

PORT = 5397
CONFIGURATION = f"""server: {{listen: [127.0.0.1@{PORT}], user: ''}}
control: {{socket: c.sock}}
domain: load.test
hosts: [hosts]
forward: []
"""
ASKED = 10000                           # names h0000 to h9999


def write_names(count):
    with open("hosts", "w", encoding="ascii") as out:
        for i in range(count):
            name = f"h{i:04d}" if i < ASKED else f"vm{i}"
            out.write(f"10.{i >> 16 & 255}.{i >> 8 & 255}.{i & 255}\t{name}\n")


def memory_mb(process):
    with open(f"/proc/{process.pid}/status", encoding="ascii") as status:
        return int(re.search(r"VmRSS:\s+(\d+)", status.read())[1]) // 1024


class Daemon:
    def __init__(self, build, number, *options):
        self.log = f"log{number}"
        self.started = time.monotonic()
        with open(self.log, "w", encoding="utf-8") as log:
            self.process = subprocess.Popen(
                [build + "/src/hostler", *options, "-c", "hostler.yaml"],
                stderr=log)
        while "ready: " not in self.said():
            if self.process.poll() is not None:
                sys.exit(self.said())
            time.sleep(0.005)
        self.ready = time.monotonic()

    def said(self):
        with open(self.log, encoding="utf-8") as log:
            return log.read()


def restart(build, old, number):
    new = Daemon(build, number, "-R")
    both = memory_mb(new.process)
    if old.process.poll() is None:
        both += memory_mb(old.process)
    code = old.process.wait()
    ended = time.monotonic()
    print(f"restart {number}: ready after {new.ready - new.started:.2f} s, the "
          f"old one ended {1000 * (ended - new.ready):.0f} ms later with "
          f"{code}; memory at the change {both} MB", flush=True)
    return new


def main():
    build = os.path.abspath(sys.argv[1])
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 1000000
    rate = sys.argv[3] if len(sys.argv) > 3 else "20000"
    times = int(sys.argv[4]) if len(sys.argv) > 4 else 5
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        write_names(count)
        with open("hostler.yaml", "w", encoding="ascii") as out:
            out.write(CONFIGURATION)
        daemon = Daemon(build, 0)
        try:
            with subprocess.Popen(
                    [build + "/tests/e2e/load", "127.0.0.1", str(PORT), rate,
                     "600", str(ASKED)], stdout=subprocess.PIPE,
                    text=True) as load:
                for number in range(1, times + 1):
                    time.sleep(1)
                    daemon = restart(build, daemon, number)
                time.sleep(1)
                load.terminate()
                print(f"{count} lines, {rate} questions a second, {times} "
                      f"restarts: {load.stdout.readlines()[-1].strip()}")
        finally:
            daemon.process.terminate()
            daemon.process.wait()


main()
