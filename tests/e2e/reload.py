# SPDX-License-Identifier: BSD-2-Clause
"""200 SIGHUPs during a steady load of 20,000 questions a second: nothing lost,
nothing wrong, and every change live when the daemon says so."""
import os
import re
import subprocess
import time

from hostlertest import BUILD, Daemon, case, finish, folder, records, same

NAMES = 1000
EVERY_S = 0.05
HUPS = int(os.environ.get("RELOADS", "200"))
RATE = os.environ.get("RATE", "20000")
CONFIG = """
server: {listen: ["127.0.0.1@{port}"], threads: 2, user: ''}
control: {socket: {ctl}}
domain: load.test
hosts: [vms.hosts]
forward: []
"""


def write(where, turn):
    lines = [f"10.{turn % 200}.{i >> 8}.{i & 255} h{i:04d}\n"
             for i in range(NAMES)]
    new = where / "vms.hosts.new"
    new.write_text("".join(lines))
    new.rename(where / "vms.hosts")


with folder() as where:
    write(where, 0)
    with Daemon(where, CONFIG) as daemon:
        load = subprocess.Popen([BUILD / "tests/e2e/load", "127.0.0.1",
                                 str(daemon.port), RATE, "300", str(NAMES)],
                                stdout=subprocess.PIPE, text=True)
        live = True
        start = time.monotonic()
        for turn in range(1, HUPS + 1):
            # A steady load is one that lasts: one reload every so often.
            time.sleep(max(0, start + turn * EVERY_S - time.monotonic()))
            write(where, turn)
            live &= daemon.hup()
            answer = records(daemon.ask("h0007.load.test").answer)
            live &= answer == [f"h0007.load.test. A 10.{turn % 200}.0.7"]
        load.terminate()
        said, _ = load.communicate(timeout=60)
        case(f"{HUPS} reloads, each live when it was said to be over", live)
        print(said.strip())
        numbers = dict(re.findall(r"(\w+) (\d+)", said))
        case("questions were asked all the while",
             int(numbers["sent"]) > HUPS * EVERY_S * int(RATE) / 2, said)
        same("none lost", numbers["lost"], "0")
        same("none wrong", numbers["wrong"], "0")
        rss = [int(line.split()[1]) for line in
               open(f"/proc/{daemon.process.pid}/status")
               if line.startswith("VmRSS")][0]
        print(f"resident at the end: {rss} kB")
finish()
