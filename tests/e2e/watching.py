# SPDX-License-Identifier: BSD-2-Clause
"""Before the kernel watches a folder it walks all that it knows of in there,
which takes long where that is much.  hostler answers and is ready all the same,
and what is written meanwhile is not missed.

The daemon runs with hold.so preloaded (hold.c): the first watch stands when the
test says so."""
import os

from hostlertest import (Daemon, case, finish, folder, look, preloaded, same,
                         until)

CONFIG = """
server: {listen: ["127.0.0.1@{port}"], threads: 2, user: '', sandbox: no}
control: {socket: {ctl}}
domain: lab.test
hosts: [vms.hosts]
forward: []
"""


def hold(pipe):
    """Whom the daemon waits for while it is held; None: it does not yet."""
    try:
        return os.open(pipe, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None


def is_held(held, pipe):
    if held[0] is None:
        held[0] = hold(pipe)
    return held[0] is not None


with folder() as where:
    pipe = where / "pipe"
    os.mkfifo(pipe)
    (where / "vms.hosts").write_text("10.0.0.1 web\n")
    held = [None]
    daemon = Daemon(where, CONFIG)
    try:
        with preloaded("hold.so", HOLD_PIPE=str(pipe)):
            daemon.start()
        case("ready", "ready" in daemon.log, daemon.log)
        same("and only then it watches", until(
            lambda: is_held(held, pipe), True)[0], True)
        same("it answers already", look(daemon, "web.lab.test"), "10.0.0.1")
        (where / "vms.hosts").write_text("10.0.0.2 web\n")
        os.close(held[0])
        same("what was written before the watch stood is seen", until(
            lambda: look(daemon, "web.lab.test"), "10.0.0.2")[0], "10.0.0.2")
        (where / "vms.hosts").write_text("10.0.0.3 web\n")
        same("and what was after it", until(
            lambda: look(daemon, "web.lab.test"), "10.0.0.3")[0], "10.0.0.3")
    finally:
        same("it ends well", daemon.stop(), 0)
finish()
