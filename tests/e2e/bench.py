#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""The benchmark's own tools: what they call wrong, lost and right, and that a
run of it gives results, tables and a picture.  No time is judged."""
import argparse
import contextlib
import io
import json
import os
import subprocess
import sys
import xml.etree.ElementTree

from hostlertest import (BUILD, SRC, Daemon, case, finish, folder, free_port,
                         same, until)

sys.path.insert(0, str(SRC / "tests" / "bench"))
sys.dont_write_bytecode = True
import instructions                     # noqa: E402
import picture                          # noqa: E402
import run as runner                    # noqa: E402
import servers                          # noqa: E402

TOOLS = BUILD / "tests" / "bench"
NAMES = 200
QUESTIONS = 2000
FEW = 500                               # in an open loop, 500 a second
RUN_LIMIT_S = 300
HOG_S = 0.03                            # little enough for tests beside it
HOG = f"""
import os, time
os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(99))
for _ in range(200):
    end = time.monotonic() + {HOG_S}
    while time.monotonic() < end:
        pass
    time.sleep({4 * HOG_S})
"""
CONFIG = """server: {listen: [127.0.0.1@{port}], user: '', threads: 1}
control: {socket: {ctl}}
domain: cluster.test
hosts: [names.hosts]
forward: []
"""


def make(*arguments):
    subprocess.run([TOOLS / "makedata", *map(str, arguments)], check=True)


def ask(port, questions, *options, under=()):
    """The whole list once; what came of it."""
    told = subprocess.run(
        [*under, TOOLS / "ask", "-1", "-t", "60", "-w", "16", "-T", "5000", *options,
         "127.0.0.1", str(port), questions], capture_output=True, text=True,
        timeout=120, check=True)
    return json.loads(told.stdout), told.stderr


@contextlib.contextmanager
def floor(*options):
    """The floor with these options; its port, once it answers."""
    port = free_port()
    with subprocess.Popen([TOOLS / "floor", *options, "127.0.0.1",
                           str(port)]) as process:
        try:
            until(lambda: is_served(port, "tcp" in options), True)
            yield port
        finally:
            process.terminate()


def is_served(port, over_tcp):
    """The port is taken."""
    table = "/proc/net/tcp" if over_tcp else "/proc/net/udp"
    with open(table, encoding="ascii") as lines:
        return f"0100007F:{port:04X} " in lines.read()


def counts(result):
    return {key: result[key] for key in ("sent", "right", "wrong", "lost")}


def all_of(key, count=QUESTIONS):
    return {"sent": count, "right": 0, "wrong": 0, "lost": 0, key: count}


def floor_is_judged(questions, missing):
    with floor() as port:
        result, told = ask(port, questions)
        same("one fixed answer is wrong for all", counts(result),
             all_of("wrong"))
        case("and what was wrong first is said", "another" in told, told)
        same("but answers the question", counts(ask(port, questions, "-a")[0]),
             all_of("right"))
    with floor("-n") as port:
        same("an upstream that knows every name is right",
             counts(ask(port, questions)[0]), all_of("right"))
        same("names that it should not have are wrong",
             counts(ask(port, missing)[0]), all_of("wrong", 3))
    with floor("-n", "-d", "100") as port:
        result = ask(port, questions, "-T", "3000", "-w", "32")[0]
        same("what is not answered is lost", result["lost"], QUESTIONS // 100)
        same("and nothing else", result["right"],
             QUESTIONS - QUESTIONS // 100)


def streams_are_judged(questions):
    with floor("-n", "-m", "tcp") as port:
        same("over TCP", counts(ask(port, questions, "-m", "tcp")[0]),
             all_of("right"))
    with floor("-n", "-m", "tcp", "-d", "500") as port:
        result = ask(port, questions, "-m", "tcp")[0]
        case("a connection that is closed loses its questions",
             result["lost"] > 0 and result["closed"] > 0 and
             result["wrong"] == 0, result)
        same("all of them are counted", result["lost"] + result["right"],
             QUESTIONS)


def standstills_are_taken_off(questions):
    """A core is held 30 ms of each 150 by what nothing overrules, as a host
    does it; and by the same as though it were what is asked."""
    core = str(max(os.sched_getaffinity(0)))
    with floor("-n") as port:
        options = ["-r", "1000", "-t", "2", "-W", core]
        there = ["taskset", "-c", core]
        if not runner.may_watch():
            with contextlib.suppress(subprocess.CalledProcessError):
                ask(port, questions, *options)
                case("ask -W without the right to it ends", False)
            return
        with subprocess.Popen([*there, sys.executable, "-c", HOG]) as hog:
            try:
                held, _ = ask(port, questions, *options, under=there)
                owed, _ = ask(port, questions, *options, "-P", str(hog.pid),
                              under=there)
            finally:
                hog.kill()
    case("a core that is held is seen", held["standstills"] >= 5 and
         held["stood_ms"] > 5 * 900 * HOG_S, held)
    case("and taken off", held["net_p99_us"] < held["p99_us"] and
         held["p99_us"] > 500000 * HOG_S, held)
    case("unless the server held it", owed["net_max_us"] > 800000 * HOG_S,
         (owed, held))
    case("nothing is added", 0 <= owed["net_p50_us"] <= owed["p50_us"] and
         owed["net_max_us"] <= owed["max_us"], owed)


def hostler_is_right(where, questions):
    few = where / "few"
    make("questions", few, NAMES, FEW)
    with Daemon(where, CONFIG) as daemon:
        for path, count, *options in ((questions, QUESTIONS),
                                      (questions, QUESTIONS, "-m", "tcp"),
                                      (few, FEW, "-r", "500")):
            result, told = ask(daemon.port, path, *options)
            same(f"hostler, {' '.join(options) or 'udp'}", counts(result),
                 all_of("right", count))
            case("nothing is complained of", told == "", told)


def run_bench(*options):
    """run.py's status, and what it said; it ends its servers by SIGTERM."""
    ports = [str(free_port()) for _ in range(3)]
    with subprocess.Popen(
            [sys.executable, "-B", SRC / "tests/bench/run.py", "--build",
             BUILD, "--port", ports[0], "--upstream-port", ports[1],
             "--web-port", ports[2], *options], stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True) as process:
        try:
            out, err = process.communicate(timeout=RUN_LIMIT_S)
        except subprocess.TimeoutExpired:
            process.terminate()
            raise
    return process.returncode, out, err


def run_is_whole(where):
    """A tiny run of everything that needs no other server."""
    out, svg = where / "results.json", where / "bench.svg"
    status, said, err = run_bench(
        "--servers", "floor hostler", "--works", "W1 W3 W5", "--small", "50",
        "--middle", "50", "--questions", str(QUESTIONS), "--dur", "0.3",
        "--reps", "1", "--json", out, "--svg", svg, "--record",
        where / "record.json", "--busy-machine")
    same("run.py ends well", (status, err.count("problem")), (0, 0))
    case("and prints tables", "of floor" in said, said)
    same("what is recorded is what was measured",
         (where / "record.json").read_text(encoding="utf-8"),
         out.read_text(encoding="utf-8"))
    results = json.loads(out.read_text(encoding="utf-8"))
    runs = {(run["work"], run["server"]): run for run in results["runs"]}
    same("each work by each server", len(runs), 6)
    case("with figures", all(run.get("right", 0) > 0 for run in
                             runs.values()), err)
    same("nothing wrong", [run["wrong"] for run in runs.values()], [0] * 6)
    root = xml.etree.ElementTree.fromstring(svg.read_text(encoding="utf-8"))
    same("the picture is one", root.tag, "{http://www.w3.org/2000/svg}svg")
    case("and small", svg.stat().st_size < 40000, svg.stat().st_size)
    return out


def cpu_is_told():
    """By thread where that agrees with the ticks: those that ended are only in
    the ticks."""
    before = 1.0, {"1": 1000000000}
    same("finer than ticks", servers.cpu_between_s(
        before, (1.5, {"1": 1493000000, "2": 2000000})), 0.495)
    same("a thread that ended", servers.cpu_between_s(
        before, (1.5, {"2": 2000000})), 0.5)
    same("a child that came and went", servers.cpu_between_s(
        before, (1.5, {"1": 1200000000})), 0.5)


def records_are_judged(where, path):
    """Which records are refused, and what is said of one that lacks runs."""
    results = json.loads(path.read_text(encoding="utf-8"))
    same("a whole one lacks nothing", picture.incomplete(results), [])
    case("and is not called incomplete",
         "Incomplete" not in picture.condition(results) and
         f"load {results['load_at_start']:.2f} at the start" in
         picture.condition(results), picture.condition(results))
    results["runs"][0]["problem"] = "it did not answer"
    same("a run with a problem is missed", picture.incomplete(results),
         ["W1 floor 0 of 1"])
    case("and the tables say so", "Incomplete: W1 floor 0 of 1" in
         picture.condition(results), picture.condition(results))
    options = argparse.Namespace(json=None, svg=None, load=1.01,
                                 record=str(where / "none"),
                                 busy_machine=False)
    with contextlib.redirect_stdout(io.StringIO()):
        kept = runner.keep(results, options)
    same("nor is it recorded", (kept, (where / "none").exists()),
         (False, False))
    case("nor is a busy machine", is_refused(options))
    options.busy_machine = True
    case("unless that is meant", not is_refused(options))
    options.load, options.busy_machine = 1.0, False
    case("nor an idle one", not is_refused(options))


def is_refused(options):
    try:
        runner.refuse_busy(options)
    except SystemExit:
        return True
    return False


def sections_are_replaced(where, results):
    readme = where / "README"
    readme.write_text("Title\n=====\n\nHow fast\n--------\n\nold\n\n\n"
                      "After\n-----\n\nkept\n", encoding="utf-8")
    for turn in ("first", "second"):
        subprocess.run([sys.executable, "-B", SRC / "tests/bench/picture.py",
                        results, "--readme", readme], check=True,
                       stdout=subprocess.DEVNULL)
        text = readme.read_text(encoding="utf-8")
        case(f"the {turn} time the section is new and the rest as it was",
             "\nold\n" not in text and text.startswith("Title\n=====\n") and
             text.endswith("\n\n\nAfter\n-----\n\nkept\n") and
             text.count("CPU us a query") == 3, text)


def growth_fails():
    """The judgement of instructions.py, on counts made up from those kept."""
    kept, maker = instructions.read_kept()

    def bad(own, every=None, made=maker):
        """How many fail when so many times the kept ones were counted."""
        with contextlib.redirect_stdout(io.StringIO()) as said:
            count = instructions.compare(
                {title: (old[0] * (own if every is None else every),
                         {"src/query/step.c": old[1] * own})
                 for title, old in kept.items()}, made)
        return count, "rewrite the file" in said.getvalue()

    compiler = maker._replace(compiler="another")
    libc = maker._replace(libc="another")
    everyone = len(kept), False
    same("4 % more instructions pass", bad(1.04), (0, False))
    same("6 % more do not", bad(1.06), everyone)
    same("nor 6 % more of all", bad(1, 1.06), everyone)
    same("of another compiler they do", bad(1.06, made=compiler), (0, False))
    same("but not 30 %", bad(1.3, made=compiler), everyone)
    same("of all with another C library, too", bad(1, 1.06, libc), (0, False))
    same("not of own", bad(1.06, made=libc), everyone)
    same("25 % fewer pass", bad(0.75), (0, False))
    same("31 % fewer are to be kept first", bad(0.69), (len(kept), True))
    same("none are none", bad(0), (len(kept), True))
    same("nor are none of hostler's own", bad(0, 1), (len(kept), True))
    del kept["an A"]
    same("nor does one work less pass", bad(1), (1, False))


def main():
    with folder() as where:
        questions, missing = where / "questions", where / "missing"
        make("hosts", where / "names.hosts", NAMES, 1)
        make("questions", questions, NAMES, QUESTIONS)
        missing.write_text("vm1.cluster.test A NXDOMAIN\n"
                           "vm2.cluster.test A 10.0.0.3\n"
                           "nx3.cluster.test AAAA fd00::3\n", encoding="ascii")
        floor_is_judged(questions, missing)
        streams_are_judged(questions)
        standstills_are_taken_off(questions)
        hostler_is_right(where, questions)
        results = run_is_whole(where)
        records_are_judged(where, results)
        sections_are_replaced(where, results)
    cpu_is_told()
    growth_fails()
    finish()


main()
