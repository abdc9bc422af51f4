# SPDX-License-Identifier: BSD-2-Clause
"""Who has nothing to do sleeps: how often the daemon's threads wake while nobody
asks, and that what comes then is seen at once."""
import collections
import os
import time
import urllib.request

from hostlertest import (Daemon, case, finish, folder, free_port, same, until)

CONFIG = """
server: {listen: ["127.0.0.1@{port}"], threads: 2, user: '', log: {%s}}
control: {socket: {ctl}}
http: {listen: 127.0.0.1@%d}
domain: lab.test
hosts: [vms.hosts]
forward: []
"""
IDLE_S = 1.5
# The observer's own rounds would be 30 (OBSERVER_ROUND_MS); of who sleeps until
# OBSERVER_IDLE_MS are over there are two at most, and what came before.
OBSERVER_MOST = {"": 1, "queries: all, file: q.log": 5}
ALL_MOST = 60


def wakes(daemon):
    """Of each thread by name and number: how often it has waited."""
    top, found = f"/proc/{daemon.process.pid}/task", {}
    for number in os.listdir(top):
        with open(f"{top}/{number}/status", encoding="ascii") as lines:
            told = dict(line.split(":", 1) for line in lines)
        found[told["Name"].strip(), number] = int(
            told["voluntary_ctxt_switches"])
    return found


def wakes_idle(daemon):
    before, found = wakes(daemon), collections.Counter()
    time.sleep(IDLE_S)
    for thread, count in wakes(daemon).items():
        found[thread[0]] += count - before.get(thread, 0)
    return found


def least_idle(daemon, most):
    """A machine under load may stall what came before: it has a few tries."""
    seen = []
    until(lambda: seen.append(wakes_idle(daemon)) or
          seen[-1]["observer"] <= most and sum(seen[-1].values()) <= ALL_MOST,
          True)
    return seen[-1]


def top_names(port):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/tops",
                                timeout=10) as page:
        return page.read().decode()


for log, most in OBSERVER_MOST.items():
    port = free_port()
    with folder() as where:
        (where / "vms.hosts").write_text("10.0.2.4 web\n")
        with Daemon(where, CONFIG % (log, port)) as daemon:
            daemon.ask("web.lab.test")
            seen = least_idle(daemon, most)
            case(f"log: {{{log}}}: the observer sleeps where nothing is asked",
                 seen["observer"] <= most, seen)
            case("so does the daemon", sum(seen.values()) <= ALL_MOST, seen)
            daemon.ask("db.lab.test")
            same("what is asked then is seen", until(
                lambda: "db.lab.test" in top_names(port), True)[0], True)
            if log:
                same("and logged", until(
                    lambda: "db.lab.test" in (where / "q.log").read_text(),
                    True)[0], True)
finish()
