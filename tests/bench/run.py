#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""run.py - hostler beside the floor and whichever other servers are installed.

    tests/bench/run.py --build BUILD [options]      (make bench calls it)

Every work is done by every server in turn, and that several times, so that what
else the machine does meets all of them alike.  The server has one core, the
load generator (ask) and the upstream (floor -n) the other.  Every answer is
checked.  Everything stays on 127.0.0.0/8.  What is measured and what it means
is told in tests/bench/README.
"""
import argparse
import contextlib
import datetime
import json
import os
import pathlib
import platform
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

import picture
import servers

HERE = pathlib.Path(__file__).resolve().parent
DISTINCT_CACHED = 20000
RELOAD_RATE = 20000
STEADY_RATE = 5000
SETTLE_LIMIT_S = 20
QUIET_LOAD = 1.0
STOLEN_MOST = 0.05                      # of the time of the cores
TRIES = 4


class Work:
    def __init__(self, name, title, names, **more):
        self.name, self.title, self.names = name, title, names
        self.forwards = more.get("forwards", False)
        self.transport = more.get("transport", "udp")
        self.kind = more.get("kind", "load")
        self.unit = more.get("unit", "cpu_us")
        self.clients = more.get("clients", 4)


def list_works(small, middle, big):
    """The works of a run; big 0: not with a million names."""
    works = [
        Work("W1", f"{small:,} names", small),
        Work("W1C", f"{small:,} names, 64 clients", small, clients=64),
        Work("W2", f"{middle:,} names", middle),
    ]
    if big:
        works.append(Work("W2M", f"{big:,} names", big))
    return works + [
        Work("W3", "forwarded, cached", small, forwards=True),
        Work("W4", "forwarded, every name new", small, forwards=True,
             kind="new"),
        Work("W5", f"TCP, {small:,} names", small, transport="tcp"),
        Work("P99", f"{STEADY_RATE:,} questions a second, {small:,} names",
             small, kind="steady", unit="net_p99_us"),
        Work("RELOAD", f"{big or middle:,} names loaded, and loaded again "
             f"under {RELOAD_RATE:,} questions a second", big or middle,
             kind="reload", unit="reload_ms"),
        Work("CHANGE", f"one change among {big or middle:,} names",
             big or middle, kind="change", unit="change_ms"),
    ]


def may_watch():
    """Whether ask may have threads of realtime priority (witness.h)."""
    most = os.sched_get_priority_max(os.SCHED_FIFO)
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(most))
    except PermissionError:
        print("no right to realtime priority: what the host of this machine "
              "held up is not taken off")
        return False
    os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
    return True


def stolen_s():
    """How long the host has had the cores that somebody here wanted."""
    with open("/proc/stat", encoding="ascii") as stat:
        return int(stat.readline().split()[8]) * servers.TICK_S


class Bench:
    """What all runs have in common: folder, tools, data."""

    def __init__(self, options, folder):
        self.options = options
        self.folder = pathlib.Path(folder)
        self.tools = pathlib.Path(options.build).resolve() / "tests" / "bench"
        cores = sorted(os.sched_getaffinity(0))
        self.cores = cores
        self.core, self.other = cores[0], cores[-1]
        os.sched_setaffinity(0, {self.other})
        self.runs = []
        self.may_watch = may_watch()

    def make(self, *arguments):
        subprocess.run([self.tools / "makedata", *map(str, arguments)],
                       check=True)

    def questions(self, work):
        """The list of a work with so many names; made once."""
        kind = "cached" if work.forwards else "questions"
        path = self.folder / f"{kind}-{work.names}"
        count = self.options.questions
        if not path.exists() and work.forwards:
            self.make("questions", path, work.names * 20,
                      min(DISTINCT_CACHED, count))
        elif not path.exists():
            self.make("questions", path, work.names, count)
        return path

    def new_names(self):
        path = self.folder / "new"
        if not path.exists():
            self.make("new", path, 100000 * (1 + int(2 * self.options.dur)))
        return path

    def prepare(self, place, kind, work, version):
        """The data beside their place, so that putting them there is quick."""
        if not kind.data:
            return
        made = self.folder / f"{kind.data}-{work.names}-{version}"
        if not made.exists():
            self.make(kind.data, made, work.names, version)
        shutil.copy(made, place.folder / "new~")

    @staticmethod
    def put(place, kind):
        """What was prepared in its place, at once, as an editor does it."""
        if kind.data:
            (place.folder / "new~").rename(place.folder / kind.data)

    def ask(self, place, *arguments):
        return [str(self.tools / "ask"), *map(str, arguments)][:-1] + [
            place.address, str(place.port), str(arguments[-1])]

    def watch(self, server):
        """Options with which ask takes off what the host held up."""
        if not self.may_watch:
            return []
        cores = [["-W", core] for core in (self.core, self.other)]
        return sum(cores + [["-P", pid] for pid in server.pids()[:16]], [])


def told(process):
    """ask's line; what it complained of is in the result."""
    out, err = process.communicate()
    if process.returncode != 0:
        raise RuntimeError("ask: " + err)
    result = json.loads(out)
    for key in ("p50_us", "p99_us", "max_us"):
        result.setdefault("net_" + key, result[key])
    if err:
        result["first_wrong"] = err.strip()
    return result


def run_ask(command):
    with subprocess.Popen(command, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True) as process:
        try:
            return told(process)
        finally:
            process.terminate()


def ask_options(bench, work, server):
    dur = bench.options.dur
    lenient = ["-a"] if server.kind.name == "floor" else []
    if work.kind == "new":
        return ["-t", dur, "-w", 100, "-1", bench.new_names()]
    if work.kind == "steady":
        return lenient + bench.watch(server) + [
            "-t", max(dur, 0.3), "-r", STEADY_RATE, bench.questions(work)]
    if work.forwards:
        return lenient + ["-t", dur, "-c", work.clients, bench.questions(work)]
    if work.transport == "tcp":
        return lenient + ["-t", dur, "-m", "tcp", "-c", 10, "-w", 130,
                          bench.questions(work)]
    return lenient + ["-t", dur, "-c", work.clients, bench.questions(work)]


def settle(server):
    """Until it does nothing: what it does after its start is not a query's."""
    limit = time.monotonic() + SETTLE_LIMIT_S
    before_s, now_s = -1, server.cpu_s()
    while now_s > before_s and time.monotonic() < limit:
        time.sleep(0.2)
        before_s, now_s = now_s, server.cpu_s()


def do_load(bench, work, server):
    if work.forwards and work.kind == "load" and server.kind.name != "floor":
        run_ask(bench.ask(server.place, "-1", "-w", 20, "-t", 30,
                          bench.questions(work)))
    settle(server)
    memory_mb = server.memory_mb()[0]
    stolen_before_s, before = stolen_s(), server.cpu()
    result = run_ask(bench.ask(server.place, *ask_options(
        bench, work, server)))
    cpu_s = servers.cpu_between_s(before, server.cpu())
    answered = result["right"] + result["wrong"]
    result["cpu_us"] = round(1e6 * cpu_s / answered, 3) if answered else None
    result["busy"] = round(cpu_s / result["seconds"], 3)
    result["stolen"] = round((stolen_s() - stolen_before_s) /
                             result["seconds"] / len(bench.cores), 3)
    result["memory_mb"] = round(memory_mb, 1)
    return result


def do_reload(bench, work, server):
    """From the signal until the changed record answers, under load."""
    bench.prepare(server.place, server.kind, work, 2)
    settle(server)
    memory_mb = server.memory_mb()[0]
    command = bench.ask(server.place, *bench.watch(server), "-t", 600, "-r",
                        RELOAD_RATE, "-T", 5000, "-c", 8,
                        bench.questions(work))
    with subprocess.Popen(command, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True) as load:
        try:
            time.sleep(1)
            bench.put(server.place, server.kind)
            start = time.monotonic()
            teller = threading.Thread(target=server.kind.reload,
                                      args=(server,))
            teller.start()
            server.await_answer("10.99.0.2", start + 60)
            reload_ms = 1000 * (time.monotonic() - start)
            teller.join()
            time.sleep(1)
        finally:
            load.terminate()
        result = told(load)
    result["reload_ms"] = round(reload_ms, 1)
    result["memory_mb"] = round(memory_mb, 1)
    result["peak_mb"] = round(server.memory_mb()[1], 1)
    return result


def do_change(bench, work):
    """A line, a set and a lease: hostler alone can.  On every core: who asks
    all the time whether it answers yet is not to be on the server's."""
    out = bench.folder / "change.json"
    with subprocess.Popen(
            [sys.executable, HERE / "million.py",
             os.path.abspath(bench.options.build), str(work.names), str(out),
             str(bench.options.port)], stdout=subprocess.DEVNULL,
            preexec_fn=lambda: os.sched_setaffinity(0, bench.cores)
            ) as process:
        try:
            if process.wait() != 0:
                raise RuntimeError("million.py failed")
        finally:
            process.terminate()
            process.wait()
    return json.loads(out.read_text(encoding="ascii"))


@contextlib.contextmanager
def upstream(bench, work, place):
    if not work.forwards:
        yield
        return
    with subprocess.Popen([bench.tools / "floor", "-n", place.upstream,
                           str(place.upstream_port)]) as process:
        try:
            yield
        finally:
            process.terminate()


def run_one(bench, work, kind):
    if work.kind == "change":
        return do_change(bench, work)
    with tempfile.TemporaryDirectory(dir=bench.folder) as folder:
        place = servers.Place(folder, bench.options)
        bench.prepare(place, kind, work, 1)
        bench.put(place, kind)
        with upstream(bench, work, place), servers.Server(
                kind, place, work, bench.core) as server:
            do = do_reload if work.kind == "reload" else do_load
            result = do(bench, work, server)
            result["load_ms"] = round(server.load_ms, 1)
            return result


def run_undisturbed(bench, work, kind):
    """Again where the host took much of a closed loop's time, which makes
    batches small, and then the least disturbed."""
    tries = []
    while len(tries) < TRIES and not (
            tries and tries[-1].get("stolen", 0) <= STOLEN_MOST):
        tries.append(run_one(bench, work, kind))
        if work.kind == "steady":
            break
    return min(tries, key=lambda run: run.get("stolen", 0))


def can(kind, work):
    if work.kind == "change":
        return kind.name == "hostler"
    if work.kind == "new" and kind.name == "floor":
        return False
    if work.kind == "reload" and not kind.reload:
        return False
    need = "forward" if work.forwards else (
        "tcp" if work.transport == "tcp" else "local")
    return need in kind.modes and work.names <= kind.most_names


def rounds(work, reps):
    """A run of CHANGE has three of each change."""
    return 1 if work.kind == "change" else reps


def plan_runs(works, kinds, reps):
    """(work, round, server); who is first changes with the round."""
    return [(work, turn, kind) for work in works
            for turn in range(rounds(work, reps))
            for kind in kinds[turn % len(kinds):] + kinds[:turn % len(kinds)]
            if can(kind, work)]


class Progress:
    """One line that counts; a line each where it is no terminal."""

    def __init__(self, total):
        self.total, self.done = total, 0
        self.is_terminal = sys.stderr.isatty()
        self.started = time.monotonic()

    def step(self, text):
        self.done += 1
        line = f"[{self.done:3}/{self.total}] {text}"
        if self.done > 3:
            left = (time.monotonic() - self.started) / (self.done - 1) * (
                self.total - self.done + 1)
            line += f", {left / 60:.0f} min left" if left > 90 else (
                f", {left:.0f} s left")
        if self.is_terminal:
            line = f"\r\033[K\033[36m{line}\033[0m"
        else:
            line += "\n"
        sys.stderr.write(line)
        sys.stderr.flush()

    def end(self):
        if self.is_terminal:
            sys.stderr.write("\r\033[K")


def run_all(bench, works, kinds):
    plan = plan_runs(works, kinds, bench.options.reps)
    progress = Progress(len(plan))
    for work, turn, kind in plan:
        progress.step(f"{work.name} {work.title}: {kind.title}, round "
                      f"{turn + 1} of {rounds(work, bench.options.reps)}")
        run = {"work": work.name, "server": kind.name, "round": turn + 1}
        try:
            run.update(run_undisturbed(bench, work, kind))
        except (RuntimeError, OSError, subprocess.SubprocessError) as problem:
            run["problem"] = str(problem)
            sys.stderr.write(f"\n{kind.title}, {work.title}: {problem}\n")
        bench.runs.append(run)
    progress.end()


# ---- what it was measured on ----

def processor():
    with open("/proc/cpuinfo", encoding="utf-8") as info:
        found = re.search(r"model name\s*:\s*(.*)", info.read())
    return found[1] if found else platform.machine()


def compiler(build):
    """As configure found it, with its flags."""
    makefile = (pathlib.Path(build) / "Makefile").read_text(encoding="utf-8")
    program = re.search(r"^CC = (\S+)", makefile, re.M)[1]
    flags = re.search(r"^CFLAGS = (.*)", makefile, re.M)[1]
    first = subprocess.run([program, "--version"], capture_output=True,
                           text=True, check=False).stdout.split("\n")[0]
    found = re.findall(r"[0-9]+[.][0-9.]+", first)
    return f"{program} {found[-1] if found else '?'} {flags}"


def system():
    with open("/etc/os-release", encoding="utf-8") as release:
        return re.search(r'^PRETTY_NAME="?([^"\n]*)', release.read(), re.M)[1]


def about(bench, works, kinds):
    options = bench.options
    return {
        "date": datetime.date.today().isoformat(),
        "processor": processor(),
        "cores": os.cpu_count(),
        "kernel": re.match(r"[0-9.]*", platform.release())[0],
        "system": system(),
        "compiler": compiler(options.build),
        "seconds": options.dur, "rounds": options.reps,
        "load_at_start": options.load,
        "watched": bench.may_watch,
        "versions": {kind.name: kind.version() for kind in kinds},
        "titles": {kind.name: kind.title for kind in kinds},
        "works": [{"name": work.name, "title": work.title, "unit": work.unit,
                   "rounds": {kind.name: rounds(work, options.reps)
                              for kind in kinds if can(kind, work)}}
                  for work in works],
    }


def find_kinds(options):
    chosen = options.servers.split() if options.servers else None
    found, missing = [], []
    for kind in servers.KINDS:
        if chosen and kind.name not in chosen:
            continue
        if kind.find(options.build) and os.path.exists(kind.program):
            found.append(kind)
        else:
            missing.append(kind)
    if missing:
        print("not installed, and left out: " + ", ".join(
            kind.title for kind in missing))
        packages = [kind.package for kind in missing if kind.package]
        if packages:
            print("    apt-get install --no-install-recommends " +
                  " ".join(packages) +
                  "\n    (and stop the services that these start)")
    return found


def read_options():
    parser = argparse.ArgumentParser(description="hostler beside others")
    parser.add_argument("--build", required=True)
    parser.add_argument("--reps", type=int, default=3)
    parser.add_argument("--dur", type=float, default=1.5, help="seconds a run")
    parser.add_argument("--works", help="W1 W2 ...; all if left out")
    parser.add_argument("--servers", help="floor hostler ...; all installed "
                        "ones if left out")
    parser.add_argument("--small", type=int, default=1000)
    parser.add_argument("--middle", type=int, default=100000)
    parser.add_argument("--big", type=int, default=0)
    parser.add_argument("--questions", type=int, default=200000,
                        help="as many different ones in a list")
    parser.add_argument("--port", type=int, default=5901, help="the servers'")
    parser.add_argument("--upstream-port", type=int, default=5902)
    parser.add_argument("--web-port", type=int, default=5903,
                        help="hostler's, for /metrics")
    parser.add_argument("--json", help="where the results go")
    parser.add_argument("--svg", help="where the picture goes")
    parser.add_argument("--record", help="where they go, too, if the machine "
                        "was quiet and every run went well")
    parser.add_argument("--busy-machine", action="store_true",
                        help="record even though it is not quiet")
    return parser.parse_args()


def refuse_busy(options):
    """A record is of a machine that does nothing else."""
    if options.record and options.load > QUIET_LOAD and \
            not options.busy_machine:
        raise SystemExit(
            f"the load average is {options.load}, above {QUIET_LOAD}: figures "
            "of a busy machine are not recorded.\nWait until it is idle, or "
            "go on all the same: --busy-machine, make bench-record BUSY=1")


def keep(results, options):
    """The files that were asked for; whether all of them were written."""
    text = json.dumps(results, indent=1) + "\n"
    if options.json:
        pathlib.Path(options.json).write_text(text, encoding="utf-8")
    if options.svg:
        pathlib.Path(options.svg).write_text(picture.draw(results),
                                             encoding="utf-8")
    if not options.record:
        return True
    missing = picture.incomplete(results)
    if missing:
        print("\nnot recorded, since runs failed: " + "; ".join(missing))
        return False
    pathlib.Path(options.record).write_text(text, encoding="utf-8")
    return True


def stop(*_):
    """As Ctrl-C does it: what runs is ended on the way out."""
    raise KeyboardInterrupt


def main():
    options = read_options()
    options.load = round(os.getloadavg()[0], 2)
    refuse_busy(options)
    signal.signal(signal.SIGTERM, stop)
    works = list_works(options.small, options.middle, options.big)
    if options.works:
        works = [work for work in works if work.name in options.works.split()]
    kinds = find_kinds(options)
    with tempfile.TemporaryDirectory(prefix="hostler-bench-") as folder:
        bench = Bench(options, folder)
        results = about(bench, works, kinds)
        try:
            run_all(bench, works, kinds)
            whole = True
        except KeyboardInterrupt:
            print("\nstopped, nothing is kept; what was measured so far:")
            whole = False
    results["runs"] = bench.runs
    print(picture.text_tables(results))
    if not whole or not keep(results, options):
        return 1
    return 1 if any("problem" in run for run in bench.runs
                    if run["server"] in ("floor", "hostler")) else 0


if __name__ == "__main__":
    sys.exit(main())
