#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""million.py - hostler with a hosts file of a million lines: from the start to
the first right answer, memory, and from an edit to the answer.

    tests/bench/million.py BUILD [LINES [JSON [PORT]]]

BUILD is the folder that hostler was built in; JSON a file for the figures, too.
Works in a folder of its own below $TMPDIR, on 127.0.0.1@5398 or that port.
"""
import json
import os
import random
import re
import signal
import socket
import statistics
import struct
import subprocess
import sys
import tempfile
import time

PORT = int(sys.argv[4]) if len(sys.argv) > 4 else 5398
CONFIGURATION = f"""server: {{listen: [127.0.0.1@{PORT}], user: '', threads: 1}}
control: {{socket: c.sock}}
domain: lab.test
hosts: [hosts]
leases: [leases]
managed-hosts: managed
forward: []
"""
client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
client.settimeout(0.02)
figures = {}


def address(number):
    return f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"


def ask(name):
    packet = struct.pack(">HHHHHH", random.randrange(65536), 0x100, 1, 0, 0, 0)
    for label in name.split("."):
        packet += bytes([len(label)]) + label.encode()
    packet += b"\0\0\1\0\1"
    client.sendto(packet, ("127.0.0.1", PORT))
    try:
        answer = client.recv(2000)
        while answer[:2] != packet[:2]:
            answer = client.recv(2000)
    except (socket.timeout, ConnectionRefusedError):
        return None
    found = struct.unpack(">H", answer[6:8])[0]
    return socket.inet_ntoa(answer[-4:]) if found else None


def until(name, wanted, since):
    """Milliseconds since then until the name has this address."""
    while ask(name) != wanted:
        if time.time() > since + 30:
            sys.exit(f"{name} never became {wanted}")
    return 1000 * (time.time() - since)


def memory(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        text = status.read()
    return [int(re.search(key + r":\s+(\d+)", text)[1]) // 1024
            for key in ("VmRSS", "VmHWM")]


def keep(key, took):
    figures.setdefault(key, []).append(round(took, 1))


def replace(path, text):
    """As editors do it; returns the moment."""
    with open(path + ".new~", "w", encoding="ascii") as out:
        out.write(text)
    moment = time.time()
    os.rename(path + ".new~", path)
    return moment


def settle():
    """Let the linter finish, so that one figure is not in the other."""
    time.sleep(2)


def edit_lines(lines):
    for place in (len(lines) // 2, 10, len(lines) - 10):
        lines[place] = f"10.255.0.1\tvm{place}\n"
        moment = replace("hosts", "".join(lines))
        took = until(f"vm{place}.lab.test", "10.255.0.1", moment)
        keep("line_ms", took)
        print(f"line {place} edited: answers after {took:.0f} ms, of which "
              "200 ms are the quiet time")
        settle()


def set_names(build):
    for number in range(3):
        moment = time.time()
        with subprocess.Popen([build + "/src/hostlerctl", "-s", "c.sock",
                               "set", f"new{number}", f"10.255.1.{number}"],
                              stdout=subprocess.DEVNULL):
            took = until(f"new{number}.lab.test", f"10.255.1.{number}", moment)
        keep("set_ms", took)
        print(f"set: answers after {took:.1f} ms, hostlerctl's own start "
              "included")
        settle()


def give_leases():
    rows = ""
    for number in range(3):
        rows += (f"{int(time.time()) + 3600} 52:54:00:00:00:{number:02x} "
                 f"10.255.2.{number} lease{number} *\n")
        moment = replace("leases", rows)
        took = until(f"lease{number}.lab.test", f"10.255.2.{number}", moment)
        keep("lease_ms", took)
        print(f"a lease: answers after {took:.0f} ms, of which 200 ms are "
              "the quiet time")
        settle()


def write_figures(path):
    found = {key: statistics.median(took) for key, took in figures.items()}
    found.update({key + "_all": took for key, took in figures.items()})
    with open(path, "w", encoding="ascii") as out:
        json.dump(found, out)


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))
    build = os.path.abspath(sys.argv[1])
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 1000000
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        lines = [f"{address(i)}\tvm{i}\n" for i in range(count)]
        replace("hosts", "".join(lines))
        replace("hostler.yaml", CONFIGURATION)
        moment = time.time()
        with open("log", "w", encoding="utf-8") as log:
            daemon = subprocess.Popen(
                [build + "/src/hostler", "-c", "hostler.yaml"], stderr=log)
        try:
            took = until(f"vm{count - 1}.lab.test", address(count - 1), moment)
            print(f"{count} lines: first right answer after {took:.0f} ms")
            settle()
            print("memory: %d MB, at its peak %d MB" % tuple(
                memory(daemon.pid)))
            edit_lines(lines)
            set_names(build)
            give_leases()
            print("memory: %d MB, at its peak %d MB" % tuple(
                memory(daemon.pid)))
        finally:
            daemon.terminate()
            daemon.wait()
        with open("log", encoding="utf-8") as log:
            for line in log:
                if "changes read in" in line:
                    print(line.strip())
    if len(sys.argv) > 3:
        write_figures(sys.argv[3])


main()
