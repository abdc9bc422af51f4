#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""instructions.py - how many instructions hostler needs for a query, and for a
line of a hosts file: counted by callgrind, the same on a busy machine.

    tests/bench/instructions.py BUILD            compare with what is kept
    tests/bench/instructions.py BUILD --write    keep what is counted
    tests/bench/instructions.py BUILD --stages   and where they are spent

The daemon runs under callgrind and is asked one question at a time, so that its
batches have one packet each.  A question for the server's own name (CHAOS)
makes callgrind write down what the worker's thread did and count anew, by its
--dump-before, so that neither the start nor the warming up is in it.  Hash keys
and the worker's clock are the same each time (steady.c).  Lines: two runs of
hostler -t, of a small and a larger file, the difference divided.

What is kept is in tests/bench/instructions, all and those of hostler's own
source.  More than 5 % above either is a failure; 25 % above all where the C
library is another one, above both where another compiler or other flags made
the program.  So are own ones that fell by over 30 %: then the kept ones hide
what grows."""
import argparse
import collections
import os
import pathlib
import random
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time

import picture
import run

KEPT = pathlib.Path(__file__).resolve().parent / "instructions"
MARGIN, MARGIN_OTHER, FALL = 0.05, 0.25, 0.3
NAMES, CACHED = 2000, 200
WARM, COUNTED = 200, 1000
LINES = 1000, 21000
LIMIT_S = 60
A, PTR, TXT, AAAA = 1, 12, 16, 28
CHAOS = 3


# ---- callgrind's files ----

def costs_by_file(path):
    """Instructions by source file, calls left to what is called."""
    costs, files, current, skip = {}, {}, "?", False
    with open(path, encoding="utf-8", errors="replace") as lines:
        for line in lines:
            named = re.match(r"(fl|fi|fe|cfi|cfl)=\((\d+)\)(?: (.*))?", line)
            if named:
                if named[3]:
                    files[named[2]] = named[3]
                if not named[1].startswith("c"):
                    current = files.get(named[2], "?")
            elif line.startswith("calls="):
                skip = True
            elif re.match(r"[+\-*\d]", line):
                cost = line.split()
                if not skip and len(cost) > 1:
                    costs[current] = costs.get(current, 0) + int(cost[1])
                skip = False
    return costs


def total(path):
    text = path.read_text(encoding="utf-8", errors="replace")
    return int(re.search(r"^(?:totals|summary): (\d+)", text, re.M)[1])


# ---- the daemon under callgrind ----

def free_port(address):
    """One for UDP and TCP that nobody has at this moment, and that is given to
    nobody who names none: callgrind takes its time until it is bound."""
    with open("/proc/sys/net/ipv4/ip_local_port_range",
              encoding="ascii") as limits:
        least = int(limits.read().split()[0])
    while True:
        port = random.randrange(10000, least) if least > 11000 else 0
        with socket.socket() as stream, \
                socket.socket(type=socket.SOCK_DGRAM) as datagrams:
            try:
                stream.bind((address, port))
                port = stream.getsockname()[1]
                datagrams.bind((address, port))
            except OSError:
                continue
            return port


class Counted:
    """hostler with NAMES names and an upstream that knows every name; to be
    used by `with`."""

    def __init__(self, build, folder):
        self.build, self.folder = build, folder
        self.dumps, self.started = 0, []
        self.process = None
        self.port = free_port("127.0.0.1")
        self.upstream_port = free_port("127.0.0.2")

    def configure(self):
        subprocess.run([self.build / "tests/bench/makedata", "hosts",
                        self.folder / "names.hosts", str(NAMES), "1"],
                       check=True)
        path = self.folder / "hostler.yaml"
        path.write_text(
            f"server: {{listen: ['127.0.0.1@{self.port}'], threads: 1, "
            "user: '', sandbox: no}\n"
            f"control: {{socket: {self.folder}/control}}\n"
            "domain: cluster.test\n"
            f"hosts: [{{path: {self.folder}/names.hosts, ttl: 3600}}]\n"
            "forward: [{zone: new.test, to: "
            f"['127.0.0.2@{self.upstream_port}']}}]\n", encoding="ascii")
        return path

    def start(self, command, **more):
        process = subprocess.Popen(command, **more)
        self.started.append(process)
        return process

    def __enter__(self):
        configuration = self.configure()
        try:
            self.start([self.build / "tests/bench/floor", "-n", "127.0.0.2",
                        str(self.upstream_port)])
            with open(self.folder / "log", "w", encoding="utf-8") as log:
                self.process = self.start(
                    ["env", f"LD_PRELOAD={self.build}/tests/bench/steady.so",
                     "valgrind", "--tool=callgrind", "--separate-threads=yes",
                     "--dump-before=chaos_answer", "--vgdb=no",
                     f"--callgrind-out-file={self.folder}/out",
                     self.build / "src/hostler", "-c", configuration],
                    stderr=log)
            self.until(lambda: "ready: " in self.said())
        except BaseException:
            self.__exit__()
            raise
        return self

    def said(self):
        return (self.folder / "log").read_text(encoding="utf-8")

    def until(self, what):
        limit = time.monotonic() + LIMIT_S
        while not what():
            if self.process.poll() is not None or time.monotonic() > limit:
                raise SystemExit("hostler under callgrind: " + self.said())
            time.sleep(0.01)

    def dump(self):
        """What the worker's thread did since the last time."""
        self.dumps += 1
        Udp(self.port).ask(packet(0, "version.bind", TXT, CHAOS))
        files = list(self.folder.glob(f"out.{self.dumps}-*"))
        if len(files) != 1:
            raise SystemExit("callgrind wrote nothing: is there a function "
                             "chaos_answer?\n" + self.said())
        return files[0]

    def __exit__(self, *_):
        for process in self.started:
            process.kill()
            process.wait()


# ---- questions ----

def packet(number, name, kind, what=1):
    out = struct.pack(">HHHHHH", number & 65535, 0x100, 1, 0, 0, 0)
    for label in name.split("."):
        out += bytes([len(label)]) + label.encode()
    return out + struct.pack(">BHH", 0, kind, what)


class Udp:
    def __init__(self, port):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.settimeout(LIMIT_S)
        self.socket.connect(("127.0.0.1", port))

    def ask(self, question):
        self.socket.send(question)
        return self.socket.recv(4096)


class Tcp:
    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), LIMIT_S)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.stream = self.socket.makefile("rb")

    def ask(self, question):
        self.socket.sendall(struct.pack(">H", len(question)) + question)
        return self.stream.read(struct.unpack(">H", self.stream.read(2))[0])


def vm(number):
    return f"vm{number:07}.cluster.test"


# title: name and type by a running number, the rcode, whether there is an
# answer
WORKS = {
    "an A": (vm, A, 0, 1),
    "an AAAA": (vm, AAAA, 0, 1),
    "a type that the name lacks": (vm, TXT, 0, 0),
    "a name that does not exist":
        (lambda i: f"nx{i}.cluster.test", A, 3, 0),
    "a reverse name":
        (lambda i: f"{i & 255}.{i >> 8}.0.10.in-addr.arpa", PTR, 0, 1),
    "forwarded, cached": (lambda i: f"vm{i % CACHED}.new.test", A, 0, 1),
    "forwarded, new": (lambda i: f"vm{i + 1000}.new.test", A, 0, 1),
    "an A over TCP": (vm, A, 0, 1),
}


def ask(line, work, number):
    name, kind, rcode, answers = work
    question = packet(number, name(number), kind)
    answer = line.ask(question)
    if (answer[:2], answer[3] & 15, answer[7]) != (question[:2], rcode,
                                                   answers):
        raise SystemExit(f"{name(number)}: a wrong answer, {answer.hex()}")


def count_queries(build, folder):
    """Work: (instructions a query, by file)."""
    found = {}
    with Counted(build, folder) as daemon:
        for title, work in WORKS.items():
            line = (Tcp if "TCP" in title else Udp)(daemon.port)
            for number in range(1, WARM + 1):
                ask(line, work, number)
            daemon.dump()
            for number in range(WARM + 1, WARM + 1 + COUNTED):
                ask(line, work, number)
            path = daemon.dump()
            found[title] = (total(path) / COUNTED, {
                name: cost / COUNTED
                for name, cost in costs_by_file(path).items()})
    return found


def count_lines(build, folder):
    """Of hostler -t, all threads: (instructions a line, by file)."""
    totals, files = [], []
    for lines in LINES:
        subprocess.run([build / "tests/bench/makedata", "hosts",
                        folder / "lines.hosts", str(lines // 2), "1"],
                       check=True)
        out = folder / f"lines.{lines}"
        told = subprocess.run(
            ["env", f"LD_PRELOAD={build}/tests/bench/steady.so",
             "valgrind", "--tool=callgrind", "--vgdb=no",
             f"--callgrind-out-file={out}", build / "src/hostler", "-t",
             "-D", "cluster.test", "-H", folder / "lines.hosts",
             "-c", folder / "empty.yaml"],
            capture_output=True, text=True, check=False, timeout=300)
        if told.returncode != 0:
            raise SystemExit(f"hostler -t: {told.stderr}")
        totals.append(total(out))
        files.append(costs_by_file(out))
    more = LINES[1] - LINES[0]
    return ((totals[1] - totals[0]) / more, {
        name: (cost - files[0].get(name, 0)) / more
        for name, cost in files[1].items()})


def count(build):
    with tempfile.TemporaryDirectory(prefix="hostler-count-") as folder:
        folder = pathlib.Path(folder)
        (folder / "empty.yaml").write_text(
            "server: {user: '', sandbox: no}\nhosts: []\nforward: []\n",
            encoding="ascii")
        found = count_queries(build, folder)
        found["a line of a hosts file"] = count_lines(build, folder)
    return found


# ---- what is kept ----

# compiler: its version, flags and the processor; libc: the C library's version
Maker = collections.namedtuple("Maker", "compiler libc")


def maker_of(build):
    return Maker(f"{run.compiler(build)}, {os.uname().machine}",
                 os.confstr("CS_GNU_LIBC_VERSION"))


def own(files):
    """Without the libraries', which are others' and other ones elsewhere."""
    return sum(cost for path, cost in files.items()
               if place(path) != "libraries")


def read_kept():
    """Title: (all, own); what they were counted of."""
    kept, told = {}, {"made by": "?", "with": "?"}
    for line in KEPT.read_text(encoding="ascii").splitlines():
        said = re.match("# (made by|with) (.*)", line)
        if said:
            told[said[1]] = said[2]
        elif line and not line.startswith("#"):
            every, ours, title = line.split(None, 2)
            kept[title] = int(every), int(ours)
    return kept, Maker(told["made by"], told["with"])


def write_kept(found, maker):
    text = ("# Instructions a query, or a line, by callgrind: all, and "
            "hostler's own.\n# make bench-instructions writes this file.\n"
            f"# made by {maker.compiler}\n# with {maker.libc}\n")
    for title, (every, files) in found.items():
        text += f"{every:8.0f}{own(files):8.0f}  {title}\n"
    KEPT.write_text(text, encoding="ascii")


def judge(title, now, before, margins):
    """Whether one of the two grew too much, or own ones fell so far that those
    kept say nothing, or none were counted; says it."""
    changes = [new / old - 1 for new, old in zip(now, before)]
    grew = any(change > most for change, most in zip(changes, margins))
    fell = now[1] <= 0 or changes[1] < -FALL
    print(f"{'FAIL' if grew or fell else 'ok  '} {title}: {now[0]:.0f}, was "
          f"{before[0]} ({changes[0]:+.1%}); own {now[1]:.0f}, was "
          f"{before[1]} ({changes[1]:+.1%})" +
          (", rewrite the file: make bench-instructions" if fell else ""))
    return grew or fell


def margins_of(before, maker):
    """How much more passes, of all and of own; says it where it is not 5 %."""
    if before.compiler != maker.compiler:
        margins = MARGIN_OTHER, MARGIN_OTHER
    elif before.libc != maker.libc:
        margins = MARGIN_OTHER, MARGIN
    else:
        return MARGIN, MARGIN
    print(f"kept for {', '.join(before)}; this is {', '.join(maker)}: up to "
          f"{margins[0]:.0%} more of all passes, {margins[1]:.0%} of own")
    return margins


def compare(found, maker):
    """How many are not as they should be."""
    kept, before = read_kept()
    margins = margins_of(before, maker)
    if kept.keys() != found.keys():
        print("FAIL not the works that are kept: "
              f"{sorted(kept.keys() ^ found.keys())}")
        return 1
    bad = sum(judge(title, (every, own(files)), kept[title], margins)
              for title, (every, files) in found.items())
    if bad:
        print("where that is meant: make bench-instructions")
    return bad


def place(path):
    """Of a source file, from src/ on; what is not ours, together."""
    inside = re.search(r"src/((?:\w+/)?\w+\.[ch])$", path)
    return inside[1] if inside else "libraries"


STAGES = [
    ("receiving and sending, batches", r"net/(udp|tcp|tcpbatch|connection|"
     r"acceptor|turns|leftovers|segments|listen|late|pipeline|crowd|worker|"
     r"loop|serving)\.|base/links"),
    ("reading the question", r"dns/(question|message|wire|cookie)\."),
    ("names: cutting, comparing", r"dns/dname\."),
    ("hashing", r"base/hash"),
    ("who asks: view, rate, rights", r"query/(policy|rate|networks|rebind)\.|"
     r"base/addr"),
    ("deciding, chains", r"query/(step|chain|special|chaos|referral)\."),
    ("local names", r"names/|query/local"),
    ("writing the answer", r"dns/|query/(give|negative|additional)\."),
    ("cache", r"query/(cache|answer)\."),
    ("asking upstreams", r"query/(forward|flight|health|servers)|"
     r"net/(upstream|outgoing|streams|waiting|mailbox)"),
    ("counting, sighting", r"query/tally|base/(stats|clock|ring|epoch)|"
     r"net/(sighting|troubles)"),
    ("libc, libevent", r"libraries"),
    ("the rest", r""),
]
SHOWN = {"an A": "A", "a name that does not exist": "NXDOMAIN",
         "forwarded, cached": "cached", "forwarded, new": "forwarded",
         "an A over TCP": "TCP"}


def stage_of(path):
    return next(title for title, what in STAGES
                if re.match(what, place(path)))


def stage_table(found):
    """Instructions a query by stage, for the works that are SHOWN."""
    table = [["instructions"] + list(SHOWN.values())]
    for stage, _ in STAGES:
        row = [sum(cost for path, cost in found[work][1].items()
                   if stage_of(path) == stage) for work in SHOWN]
        if max(row) >= 1:
            table.append([stage] + [f"{cost:,.0f}" for cost in row])
    table.append(["all"] + [f"{found[work][0]:,.0f}" for work in SHOWN])
    return "\n".join(picture.columns(table))


def tell_files(found):
    for title, (cost, files) in found.items():
        places = {}
        for path, part in files.items():
            places[place(path)] = places.get(place(path), 0) + part
        print(f"\n{title}: {cost:.0f}")
        for name, part in sorted(places.items(), key=lambda one: -one[1]):
            if part >= 0.015 * cost:
                print(f"  {part:7.0f}  {name}")


STAGES_SECTION = "What a query costs by stage"
STAGES_TEXT = """\
Instructions in hostler's own process, the kernel's not counted, by callgrind,
one question at a time, so that what a batch shares is counted in full.  "make
bench-instructions" writes this section, "make bench-stages" shows every source
file.  {made_by}.

{table}"""


def write_stages(found, maker):
    picture.replace_section(KEPT.with_name("README"), STAGES_SECTION,
                            STAGES_TEXT.format(made_by=", ".join(maker),
                                               table=stage_table(found)))


def main():
    parser = argparse.ArgumentParser(description="instructions a query")
    parser.add_argument("build")
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--stages", action="store_true")
    options = parser.parse_args()
    if not shutil.which("valgrind"):
        raise SystemExit("valgrind is not installed: contrib/packages check")
    signal.signal(signal.SIGTERM, run.stop)
    build = pathlib.Path(options.build).resolve()
    try:
        found = count(build)
    except KeyboardInterrupt:
        raise SystemExit("stopped") from None
    maker = maker_of(build)
    if options.stages:
        tell_files(found)
        print("\n" + stage_table(found))
    if options.write:
        write_kept(found, maker)
        write_stages(found, maker)
        print(KEPT.read_text(encoding="ascii"), end="")
        return 0
    return 1 if compare(found, maker) else 0


if __name__ == "__main__":
    sys.exit(main())
