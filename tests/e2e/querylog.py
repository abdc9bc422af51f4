# SPDX-License-Identifier: BSD-2-Clause
"""The query log of a real daemon: what is logged and how, turned on and off by
reloads, to stderr and to files that are rotated, full or cannot be opened; and
a stderr that nobody reads, which no query waits for."""
import calendar
import contextlib
import fcntl
import json
import os
import re
import shutil
import signal
import subprocess
import time

from hostlertest import (LIMIT_S, Daemon, case, dns, finish, folder, rcode,
                         same, until)

CONFIG = """
server: {listen: ["127.0.0.1@{port}"], threads: 2, user: '',%s log: {%s}}
control: {socket: {ctl}}
domain: lab.test
hosts: [vms.hosts]
forward: []
"""
HOSTS = "10.0.2.4 web\n10.0.2.12 localDB\n"
F_SETPIPE_SZ = 1031
LINE = re.compile(r"127\.0\.0\.1:\d+ - \d+ \"(?P<kind>\S+) IN (?P<name>\S+) "
                  r"(?P<proto>udp|tcp) \d+ (?P<do>true|false) (?P<room>\d+)\" "
                  r"(?P<rcode>[A-Z]+) (?P<flags>[a-z,]+) \d+ \d+\.\d{9}s$")


def config(log, more=""):
    return CONFIG % (more, log)


def fresh(where, log):
    (where / "vms.hosts").write_text(HOSTS)
    return Daemon(where, config(log))


def relog(daemon, log):
    daemon.configure(config(log))
    return case(f"a reload to {log}", daemon.hup(), daemon.log)


def stat(daemon, name):
    got = daemon.ctl_run("--json", "stats")
    return json.loads(got.stdout)[name]


def lines_of(path):
    return path.read_text().splitlines() if path.exists() else []


def wait_lines(what, path, count):
    """So many lines are in the file; they are returned."""
    same(what, until(lambda: len(lines_of(path)), count)[0], count)
    return lines_of(path)


# ---- to stderr ----

def check_stderr():
    with folder() as where, fresh(where, "queries: off") as daemon:
        daemon.ask("before.lab.test")
        relog(daemon, "queries: failures")
        daemon.ask("web.lab.test")
        daemon.ask("typo.lab.test")
        case("failures: an NXDOMAIN is logged",
             daemon.wait_log("typo.lab.test."), daemon.log)
        relog(daemon, "queries: all")
        daemon.ask("LocalDB.lab.test", "AAAA", tcp=True)
        case("all: a name that has nothing of the type",
             daemon.wait_log("localdb.lab.test."), daemon.log)
        relog(daemon, "queries: off")
        daemon.ask("after.lab.test")
        relog(daemon, "queries: all")
        daemon.ask("web.lab.test", do=True)
        case("all again", daemon.wait_log("web.lab.test."), daemon.log)
        lines = [line for line in daemon.log.splitlines() if "[INFO]" in line]
        found = [LINE.match(line.removeprefix("[INFO] ")) for line in lines]
        case("each line is in the common format", all(found), lines)
        same("and these are all",
             [(one["kind"], one["name"], one["proto"], one["rcode"])
              for one in found],
             [("A", "typo.lab.test.", "udp", "NXDOMAIN"),
              ("AAAA", "localdb.lab.test.", "tcp", "NOERROR"),
              ("A", "web.lab.test.", "udp", "NOERROR")])
        same("DO", [one["do"] for one in found], ["false", "false", "true"])
        case("the answer's flags", found[0]["flags"].startswith("qr,aa,rd"),
             found[0]["flags"])
        same("stats counts them", (stat(daemon, "log.written"),
                                   stat(daemon, "log.lost")), (3, 0))


# ---- files ----

def check_json():
    with folder() as where:
        path = where / "q.log"
        with fresh(where, "queries: all, format: json, file: q.log, "
                   "mask: 24") as daemon:
            before = time.time()
            daemon.ask("web.lab.test")
            daemon.ask(dns.name.from_wire(b"\4\n\"\\\x1b\3lab\4test\0", 0)[0])
            lines = wait_lines("two lines of JSON", path, 2)
            daemon.ask("nobody.example.com")
            lines = wait_lines("and one more", path, 3)
            after = time.time()
        # Workers' lines come in the order of reading, 50 ms apart at most.
        first, none, odd = sorted((json.loads(line) for line in lines),
                                  key=lambda line: line["name"][:2],
                                  reverse=True)
        same("the facts", [first[key] for key in (
            "client", "proto", "type", "class", "name", "rcode", "source",
            "server", "do")], ["127.0.0.0", "udp", "A", "IN", "web.lab.test.",
                               "NOERROR", "hosts", "127.0.0.1", False])
        case("sizes", first["size"] > 12 and first["rsize"] > first["size"],
             first)
        same("the flags", first["rflags"][:3], ["qr", "aa", "rd"])
        case("it took some time, but not long", 0 < first["duration"] < 10,
             first)
        said = calendar.timegm(time.strptime(first["time"][:19],
                                             "%Y-%m-%dT%H:%M:%S"))
        case("the time is that of the answer",
             int(before) <= said <= after, (before, first["time"], after))
        same("a hostile name", odd["name"], r"\010\034\\\027.lab.test.")
        same("no upstream, and why",
             (none["rcode"], none["source"], "ede" in none),
             ("NXDOMAIN", "special", True))
        same("the log is not for everybody",
             oct(path.stat().st_mode & 0o777), "0o640")


def check_rotation():
    with folder() as where:
        path, old = where / "q.log", where / "q.log.1"
        with fresh(where, "queries: all, file: q.log") as daemon:
            daemon.ask("web.lab.test")
            wait_lines("a line in the file", path, 1)
            path.rename(old)
            daemon.ask("localdb.lab.test")
            wait_lines("renamed, it is the same file", old, 2)
            case("HUP", daemon.hup(), daemon.log)
            case("makes a new one", path.exists())
            daemon.ask("typo.lab.test")
            lines = wait_lines("which has the lines from then on", path, 1)
            same("and the old one no more", len(lines_of(old)), 2)
            case("with the time ahead of them",
                 re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z \[INFO\] ",
                          lines[0]), lines)
            case("and the common format behind it",
                 LINE.match(lines[0].split("[INFO] ")[1]), lines)
            relog(daemon, "queries: off")
            case("turned off, the file is let go", str(path) not in [
                os.readlink(f"/proc/{daemon.process.pid}/fd/{one}") for one in
                os.listdir(f"/proc/{daemon.process.pid}/fd")
                if os.path.islink(f"/proc/{daemon.process.pid}/fd/{one}")])
            relog(daemon, "queries: all, file: q.log")
            daemon.ask("web.lab.test")
        # Ended: nothing that was answered is missing.
        same("nothing is missing at the end", len(lines_of(path)), 2)
        same("none of it is on stderr", daemon.log.count("[INFO]"), 0)


def check_cannot_open():
    with folder() as where:
        daemon = fresh(where, "queries: all, file: none/q.log")
        with daemon:
            line = daemon.conf.read_text().splitlines()[1]
            place = f"{daemon.conf}:2:{line.index('none/') + 1}: error:"
            case("a folder that is not there is told at its place",
                 place in daemon.log and "No such file" in daemon.log,
                 daemon.log)
            same("queries are answered", rcode(daemon.ask("web.lab.test")),
                 "NOERROR")
            (where / "none").mkdir()
            got = daemon.ctl_run("reload")
            same("there now, a reload opens it", got.returncode, 0)
            daemon.ask("web.lab.test")
            wait_lines("lines go there", where / "none" / "q.log", 1)
            daemon.configure(config("queries: all, file: none"))
            got = daemon.ctl_run("reload")
            same("a folder is no file: 1", got.returncode, 1)
            case("and told", "Is a directory" in got.stdout and
                 "go where they went before" in got.stdout, got.stdout)
            daemon.ask("localdb.lab.test")
            wait_lines("they do", where / "none" / "q.log", 2)
            os.mkfifo(where / "fifo")
            daemon.configure(config("queries: all, file: fifo"))
            got = daemon.ctl_run("reload")
            case("a pipe without a reader is no trap",
                 "nobody reads" in got.stdout, got.stdout)


def expect_clean(what, daemon):
    got = daemon.check()
    same(what, (got.returncode, got.stderr), (0, ""))


def expect_error(what, daemon, path, words):
    """At the place of the path, which ends its line."""
    got = daemon.check()
    lines = daemon.conf.read_text().splitlines()
    line = [one for one in lines if f" {path}" in one][0]
    place = f"{daemon.conf}:2:{line.index(' ' + path) + 2}: error: "
    case(what, got.returncode == 1 and place in got.stderr and
         words in got.stderr, got.stderr)


def check_tried():
    """-t says what the start would, and makes nothing."""
    with folder() as where:
        daemon = fresh(where, "queries: all, file: none/q.log")
        expect_error("-t: the folder is not there", daemon, "none/q.log",
                     f"there is no folder {where}/none")
        daemon.configure(config("queries: off, file: none/q.log"))
        expect_clean("-t: what is off is not tried", daemon)
        daemon.configure(config("queries: all, file: q.log"))
        expect_clean("-t: what can be made", daemon)
        same("and is not", (where / "q.log").exists(), False)
        (where / "q.log").write_text("as it was\n")
        expect_clean("-t: a file that is there", daemon)
        same("which stays as it is", (where / "q.log").read_text(),
             "as it was\n")
        (where / "loose").symlink_to("none/q.log")
        daemon.configure(config("queries: all, file: loose"))
        expect_error("-t: a link to nowhere", daemon, "loose",
                     f"there is no folder {where}/none")
        (where / "none").mkdir()
        expect_clean("-t: a link to what can be made", daemon)
        daemon.configure(config("queries: all, file: none"))
        expect_error("-t: a folder", daemon, "none", "is not a file")
        (where / "flat").write_text("")
        daemon.configure(config("queries: all, file: flat/q.log"))
        expect_error("-t: a file in a folder's place", daemon, "flat/q.log",
                     f"{where}/flat is not a folder")
        (where / "flat").chmod(0o755)
        expect_error("-t: be it a program", daemon, "flat/q.log",
                     f"{where}/flat is not a folder")
        os.mkfifo(where / "fifo")
        daemon.configure(config("queries: all, file: fifo"))
        expect_clean("-t: a pipe is not disturbed", daemon)


def make_fixed(path):
    """False: whose file system it is has no such mark, or we not the right."""
    return shutil.which("chattr") and subprocess.run(
        ["chattr", "+i", path], capture_output=True).returncode == 0


def check_tried_fixed():
    with folder() as where:
        daemon = fresh(where, "queries: all, file: q.log")
        (where / "q.log").write_text("")
        if not make_fixed(where / "q.log"):
            return
        try:
            expect_error("-t: an immutable file", daemon, "q.log",
                         f"chattr -i {where}/q.log")
        finally:
            subprocess.run(["chattr", "-i", where / "q.log"], check=True)
        expect_clean("-t: no longer", daemon)


def check_tried_as_user():
    if os.geteuid() != 0:
        return
    with folder() as where:
        (where / "ours").mkdir()
        daemon = fresh(where, "queries: all, file: ours/q.log")

        def name(path):
            daemon.configure(config(f"queries: all, file: {path}").replace(
                "user: ''", "user: nobody").replace("control: {socket: {ctl}}",
                                                    ""))

        name("ours/q.log")
        expect_error("-t as root: the user may not make it", daemon,
                     "ours/q.log", f"setfacl -m u:nobody:wx {where}/ours")
        (where / "ours" / "q.log").write_text("")
        expect_error("-t as root: the user may not write it", daemon,
                     "ours/q.log", f"setfacl -m u:nobody:w {where}/ours/q.log")
        os.chown(where / "ours" / "q.log", 65534, 65534)
        expect_clean("-t as root: the user's own", daemon)
        (where / "ours").chmod(0o700)
        expect_error("-t as root: in a folder that he may not enter", daemon,
                     "ours/q.log", f"setfacl -m u:nobody:x {where}/ours")
        without = daemon.conf.read_text()
        daemon.configure(without.replace("user: nobody",
                                         "read-all: yes, user: nobody"))
        expect_clean("-t as root: read-all enters it", daemon)
        daemon.configure(without)
        name("made/q.log")
        expect_clean("-t as root: a folder that the start makes", daemon)
        name("made/deep/q.log")
        expect_error("-t as root: two that it does not", daemon,
                     "made/deep/q.log", "there is no folder")
        (where / "loose").symlink_to("made/q.log")
        name("loose")
        expect_error("-t as root: a link's target is not made a folder for",
                     daemon, "loose", f"there is no folder {where}/made")
        (where / "late").symlink_to("made")
        name("late/q.log")
        expect_error("-t as root: nor is one under a link's name", daemon,
                     "late/q.log", f"there is no folder {where}/late")
        same("none is made", (where / "made").exists(), False)


def check_tried_control():
    """A socket that is given and cannot be made ends the start."""
    if os.geteuid() != 0:
        return
    with folder() as where:
        daemon = fresh(where, "queries: off")
        (where / "ours").mkdir()
        daemon.configure(daemon.conf.read_text().replace(
            "user: ''", "user: nobody").replace(daemon.ctl, "ours/ctl"))
        got = daemon.check()
        case("-t as root: the control socket", got.returncode == 1 and
             "hostler.yaml:3:" in got.stderr and "no control socket" in
             got.stderr and f"setfacl -m u:nobody:wx {where}/ours" in
             got.stderr, got.stderr)
        os.chown(where / "ours", 65534, 65534)
        expect_clean("-t as root: in the user's folder", daemon)
        daemon.configure(daemon.conf.read_text().replace("ours/", "made/"))
        expect_clean("-t as root: in one that the start makes", daemon)
        daemon.configure(daemon.conf.read_text().replace("user: nobody",
                                                         "user: ''"))
        expect_clean("-t as root: which needs no user", daemon)


def check_tried_by_another():
    """Who is neither root nor hostler's user cannot know what that one may."""
    who = {"user": 65534, "group": 65534,
           "extra_groups": []} if os.geteuid() == 0 else {}
    with folder() as where:
        daemon = fresh(where, "queries: all, file: none/q.log")
        program = shutil.copy(daemon.program, where / "program")

        def check(words):
            daemon.configure(daemon.conf.read_text().replace(*words))
            daemon.conf.chmod(0o644)
            return subprocess.run(
                [program, "-t", "-c", str(daemon.conf)], text=True,
                capture_output=True, timeout=LIMIT_S, **who)

        got = check(("user: ''", "user: somebody"))
        case("-t without rights: a note, and who may know",
             got.returncode == 0 and ": note: " in got.stderr and
             "hostler becomes 'somebody'" in got.stderr and
             "install" not in got.stderr, got)
        got = check(("none/q.log", "/proc/self"))
        case("-t without rights: what nobody may write", got.returncode == 1
             and "is not a file" in got.stderr, got)
        got = check(("user: somebody", "user: ''"))
        got = check(("/proc/self", "none/q.log"))
        case("-t without rights: what is never another user's",
             got.returncode == 1 and "install -d" in got.stderr, got)


def check_full_disk():
    with folder() as where, fresh(
            where, "queries: all, file: /dev/full") as daemon:
        for _ in range(20):
            daemon.ask("web.lab.test")
        same("a full disk: lines are lost, and counted",
             until(lambda: stat(daemon, "log.lost"), 20)[0], 20)
        case("and told", daemon.wait_log("of the query log are lost: No space"),
             daemon.log)
        same("none is counted as written", stat(daemon, "log.written"), 0)
        daemon.ask("web.lab.test")
        until(lambda: stat(daemon, "log.lost"), 21)
        same("once a minute", daemon.log.count("are lost"), 1)
        relog(daemon, "queries: all, file: q.log")
        daemon.ask("web.lab.test")
        wait_lines("in another file all is well", where / "q.log", 1)


def check_user():
    """Started as root: the folder is made for the user that it becomes, and
    what a reload opens is that user's, too."""
    if os.geteuid() != 0:
        return
    with folder() as where:
        os.chmod(where, 0o755)
        path = where / "log" / "q.log"
        daemon = fresh(where, "queries: all, file: log/q.log")
        daemon.configure(daemon.conf.read_text().replace(
            "user: ''", "user: nobody").replace(daemon.ctl,
                                                str(where / "run" / "ctl")))
        daemon.ctl = str(where / "run" / "ctl")
        with daemon:
            daemon.ask("web.lab.test")
            wait_lines("the folder is made, and the file", path, 1)
            same("both are the user's", (path.stat().st_uid,
                                         path.parent.stat().st_uid),
                 (65534, 65534))
            path.rename(where / "log" / "q.log.1")
            case("HUP", daemon.hup(), daemon.log)
            daemon.ask("web.lab.test")
            wait_lines("without root's rights a new one is made", path, 1)
            daemon.configure(daemon.conf.read_text().replace(
                "log/q.log", "elsewhere/q.log"))
            got = daemon.ctl_run("reload")
            case("a folder that the user may not make is told",
                 "elsewhere" in got.stdout or "needs-restart" in got.stdout,
                 got.stdout)
            daemon.ask("web.lab.test")
            wait_lines("the lines go on where they went", path, 2)


# ---- a stderr that nobody reads ----

@contextlib.contextmanager
def unread_daemon(where, daemon):
    """Its stderr is a small pipe, which is read until it is ready."""
    reader, writer = os.pipe()
    fcntl.fcntl(writer, F_SETPIPE_SZ, 4096)
    daemon.process = subprocess.Popen(
        [daemon.program, "-c", str(daemon.conf)], stderr=writer,
        stdin=subprocess.DEVNULL)
    os.close(writer)
    try:
        said = b""
        while b"ready" not in said:
            said += os.read(reader, 4096) or b"ready: it ended"
        yield reader
    finally:
        daemon.process.terminate()
        try:
            same("it ends when told", daemon.process.wait(LIMIT_S), 0)
        except subprocess.TimeoutExpired:
            daemon.process.kill()
            case("it ends when told", False)
        os.close(reader)


def read_now(reader):
    os.set_blocking(reader, False)
    try:
        return os.read(reader, 65536)
    except BlockingIOError:
        return b""


def check_unread_stderr():
    with folder() as where:
        daemon = fresh(where, "queries: all")
        with unread_daemon(where, daemon) as reader:
            slowest = 0.0
            for _ in range(600):
                start = time.monotonic()
                daemon.ask("web.lab.test", timeout=LIMIT_S)
                slowest = max(slowest, time.monotonic() - start)
            case("no query waits for a reader of stderr", slowest < 5, slowest)
            case("lines are lost", until(lambda: stat(daemon, "log.lost") > 0,
                                         True)[0])
            (where / "vms.hosts").write_text(HOSTS + "10.0.2.999 bad\n" * 200)
            start = time.monotonic()
            got = daemon.ctl_run("reload")
            case("a reload with much to say does not wait, either",
                 got.returncode == 1 and "10.0.2.999" in got.stdout and
                 time.monotonic() - start < 20, (got, time.monotonic() - start))
            got = b""

            def ask_and_read():
                nonlocal got
                daemon.ask("again.lab.test")
                got += read_now(reader)
                return b"again.lab.test." in got

            same("read again, it is written again", until(ask_and_read,
                                                          True)[0], True)
            case("in whole lines", all(
                LINE.match(line.removeprefix("[INFO] "))
                for line in got.decode().splitlines()[:-1]
                if line.startswith("[INFO] ")), got)
            total = until(lambda: stat(daemon, "log.lost") +
                          stat(daemon, "log.written") >= 601, True)[0]
            case("each line was written or counted as lost", total)


# ---- what is told once a minute ----

def check_refused():
    with folder() as where:
        (where / "vms.hosts").write_text(HOSTS)
        daemon = Daemon(where, config("queries: failures",
                                      " allow: [10.0.0.0/8],"))
        with daemon:
            for _ in range(3):
                same("a client outside allow is refused",
                     rcode(daemon.ask("web.lab.test")), "REFUSED")
            case("which the log has as failures",
                 daemon.wait_log(" REFUSED "), daemon.log)
            case("and a counted line that names the setting",
                 daemon.wait_log(" queries refused: their clients are in no "
                                 "network of server.allow"), daemon.log)
            told = re.findall(r"(\d+) queries refused", daemon.log)
            case("that counts no more than there were",
                 len(told) == 1 and 1 <= int(told[0]) <= 3, told)
            daemon.ask("web.lab.test")
            # Three of the looks at it, which are half a second apart.
            again, _ = until(lambda: daemon.read_log() and
                             daemon.log.count("queries refused") > 1, True,
                             limit_s=1.5)
            same("once a minute", again, False)
            daemon.process.send_signal(signal.SIGUSR1)
            case("the counters have them all",
                 daemon.wait_log("refused.client 4"), daemon.log)


check_stderr()
check_json()
check_rotation()
check_cannot_open()
check_tried()
check_tried_fixed()
check_tried_as_user()
check_tried_control()
check_tried_by_another()
check_full_disk()
check_user()
check_unread_stderr()
check_refused()
finish()
