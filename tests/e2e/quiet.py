# SPDX-License-Identifier: BSD-2-Clause
"""What runs beside the answers gives way to them: the priority of each thread,
in the sandbox too; and answers come while many names are read again."""
import ctypes
import os
import signal
import struct
import time

from hostlertest import Daemon, LIMIT_S, case, finish, folder, records, same

NAMES = 60000
LOWEST = 19
SHORT_NS = 100000
CONFIG = """
server: {listen: ["127.0.0.1@{port}"], threads: 2, user: ''}
control: {socket: {ctl}}
domain: quiet.test
hosts: [vms.hosts]
forward: []
"""
# struct sched_attr: size policy flags nice priority runtime deadline period
ATTRIBUTES = struct.Struct("=IIQiIQQQ")
CALLS = {"x86_64": 315, "aarch64": 275, "riscv64": 275}


def write(where, turn, names=NAMES):
    new = where / "vms.hosts.new"
    new.write_text("".join(f"10.{i >> 16}.{i >> 8 & 255}.{i & 255} h{i} "
                           f"t{turn}n{i}\n" for i in range(names)))
    new.rename(where / "vms.hosts")


def slice_ns(thread):
    """0 where the kernel has no slices of threads' own (before Linux 6.12)."""
    room = ctypes.create_string_buffer(ATTRIBUTES.size)
    libc = ctypes.CDLL(None, use_errno=True)
    wrong = libc.syscall(CALLS[os.uname().machine], thread, room,
                         ATTRIBUTES.size, 0)
    return 0 if wrong else ATTRIBUTES.unpack(room.raw)[5]


def threads(daemon):
    """Name, number and nice value of each that there is just now."""
    top = f"/proc/{daemon.process.pid}/task"
    for number in os.listdir(top):
        try:
            with open(f"{top}/{number}/stat", encoding="ascii") as stat:
                text = stat.read()
        except OSError:
            continue
        name, rest = text[text.index("(") + 1:].rsplit(") ", 1)
        yield name, int(number), int(rest.split()[16])


def lowest_seen(daemon, where, wanted):
    """Read again until threads of these names were seen as low as wanted."""
    seen, turn, end = {}, 0, time.monotonic() + LIMIT_S
    answered = True
    while time.monotonic() < end and any(
            seen.get(name) != nice for name, nice in wanted.items()):
        turn += 1
        write(where, turn)
        start = len(daemon.log)
        daemon.process.send_signal(signal.SIGHUP)
        while "reloaded" not in daemon.log[start:] and time.monotonic() < end:
            daemon.read_log()
            for name, _, nice in threads(daemon):
                seen[name] = max(nice, seen.get(name, nice))
        answer = records(daemon.ask(f"t{turn}n7.quiet.test").answer)
        answered &= answer == [f"t{turn}n7.quiet.test. A 10.0.0.7"]
    case("each reading was live when it was said to be over", answered)
    return seen


def lowest_as_it_grows(daemon, where, wanted):
    """Few names become many, by the watcher, until who reads them then was seen
    as low as wanted."""
    seen, turn, end = None, 0, time.monotonic() + LIMIT_S
    while time.monotonic() < end and seen != wanted:
        turn += 1
        for names in 8, NAMES:
            write(where, turn, names)
            known = f"t{turn}n{names - 1}.quiet.test"
            while not daemon.ask(known).answer and time.monotonic() < end:
                for name, _, nice in threads(daemon):
                    if name == "reader" and names == NAMES:
                        seen = nice if seen is None else max(nice, seen)
    return seen


with folder() as where:
    write(where, 0, 8)
    with Daemon(where, CONFIG) as daemon:
        low = min(os.getpriority(os.PRIO_PROCESS, 0) + 5, LOWEST)
        same("who reads a file that has grown large gives way",
             lowest_as_it_grows(daemon, where, low), low)

with folder() as where:
    write(where, 0)
    with Daemon(where, CONFIG) as daemon:
        own = os.getpriority(os.PRIO_PROCESS, 0)
        here_ns = slice_ns(0)
        wanted = {"reader": min(own + 5, LOWEST), "linter": LOWEST}
        seen = lowest_seen(daemon, where, wanted)
        same("who reads gives way", seen.get("reader"), wanted["reader"])
        same("who looks for mistakes comes last", seen.get("linter"), LOWEST)
        workers = [one for one in threads(daemon)
                   if one[0].startswith("worker")]
        same("workers", len(workers), 2)
        same("they have the priority that the daemon has",
             [one[2] for one in workers], [own, own])
        same("and short slices, where there are any",
             [slice_ns(one[1]) for one in workers],
             2 * [SHORT_NS if here_ns else 0])
finish()
