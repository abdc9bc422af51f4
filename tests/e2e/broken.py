# SPDX-License-Identifier: BSD-2-Clause
"""A file that cannot be read for a while keeps its last good content, is told,
and is read again when that is over: small, and so large that it is read a piece
at a time.  A large file that is cut and written anew while it is read comes out
as it is in the end.

The daemon runs with broken.so preloaded (broken.c)."""
import os
import signal
import threading

from hostlertest import (Daemon, case, finish, folder, look, preloaded, same,
                         until)

CONFIG = """
server: {listen: ["127.0.0.1@{port}"], threads: 1, user: '', sandbox: no}
control: {socket: {ctl}}
domain: lab.test
hosts: [vms.hosts]
forward: []
"""
LARGE = "".join(f"10.{i >> 16}.{i >> 8 & 255}.{i & 255} vm{i}.lab.test\n"
                for i in range(60000))


def replace(path, text):
    (path.parent / "new~").write_text(text)
    os.rename(path.parent / "new~", path)


def state(daemon):
    source = daemon.source("vms.hosts")
    return source["state"], source["last-success"]


def check_reload(daemon, hosts, sign, rest):
    """Before hostler reads it by itself, which it does soon: where this takes
    long, once more."""
    for turn in range(10):
        before, now = f"10.0.0.{1 + turn}", f"10.0.0.{2 + turn}"
        sign.unlink()
        said = daemon.ctl_run("reload")
        good = f"- web A {before}\n+ web A {now}\n" in said.stdout
        if good:
            break
        sign.touch()
        replace(hosts, f"10.0.0.{3 + turn} web\n" + rest)
        until(lambda: state(daemon)[0], "kept")
    case("a reload reads it again", good and said.returncode == 0, said.stdout)
    same("and it counts", (look(daemon, "web.lab.test"), state(daemon)[0]),
         (now, "good"))


def breaks(where, rest):
    """Whatever the file's size, the same happens."""
    hosts, sign = where / "vms.hosts", where / "sign"
    hosts.write_text("10.0.0.1 web\n" + rest)
    daemon = Daemon(where, CONFIG)
    with preloaded("broken.so", BROKEN_SIGN=str(sign),
                   BROKEN_FILE="vms.hosts"):
        daemon.start()
    try:
        good = state(daemon)
        same("it is read", (look(daemon, "web.lab.test"), good[0]),
             ("10.0.0.1", "good"))
        sign.touch()
        replace(hosts, "10.0.0.2 web\n" + rest)
        case("it is seen", daemon.wait_log("stays in use"), daemon.log)
        same("and known", until(lambda: state(daemon)[0], "kept")[0], "kept")
        case("that it is broken is told, and what happens", daemon.log.count(
            "its last good content stays in use") == 1, daemon.log)
        same("it is kept, and that is no success", state(daemon),
             ("kept", good[1]))
        same("its last good content counts", look(daemon, "web.lab.test"),
             "10.0.0.1")
        check_reload(daemon, hosts, sign, rest)
        sign.touch()
        replace(hosts, "10.0.0.3 web\n" + rest)
        same("again", until(lambda: state(daemon)[0], "kept")[0], "kept")
        sign.unlink()
        same("nobody has to ask", until(lambda: look(
            daemon, "web.lab.test"), "10.0.0.3")[0], "10.0.0.3")
    finally:
        same("it ends well", daemon.stop(), 0)


def write_anew(path, rounds):
    """In place, cut first, in two writes."""
    for i in range(rounds):
        with open(path, "r+", encoding="ascii") as out:
            out.truncate(i * 50021 % len(LARGE))
            out.seek(0)
            out.write(f"10.0.0.{i + 1} web\n")
            out.flush()
            out.write(LARGE)
            out.truncate()


def changes(where):
    hosts = where / "vms.hosts"
    hosts.write_text(LARGE)
    daemon = Daemon(where, CONFIG)
    daemon.start()
    try:
        writer = threading.Thread(target=write_anew, args=(hosts, 100))
        writer.start()
        while writer.is_alive():
            os.kill(daemon.process.pid, signal.SIGHUP)
            writer.join(0.02)
        same("what is written at last counts", until(
            lambda: look(daemon, "web.lab.test"), "10.0.0.100")[0],
            "10.0.0.100")
        same("every line of it", until(
            lambda: look(daemon, "vm59999.lab.test"), "10.0.234.95")[0],
            "10.0.234.95")
        same("good", until(lambda: state(daemon)[0], "good")[0], "good")
        held = os.listdir(f"/proc/{daemon.process.pid}/fd")
        case("nothing is held open", not any(os.path.realpath(
            f"/proc/{daemon.process.pid}/fd/{fd}") == str(hosts)
            for fd in held), held)
    finally:
        same("it ends well", daemon.stop(), 0)


with folder() as small:
    breaks(small, "10.0.0.9 other\n")
with folder() as large:
    breaks(large, LARGE)
with folder() as moving:
    changes(moving)
finish()
