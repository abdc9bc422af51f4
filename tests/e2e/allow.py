# SPDX-License-Identifier: BSD-2-Clause
"""Who may ask: machines on networks that are private, attached, or neither, and
what the log says of those that are refused.  And who can ask at all: without a
`listen` this machine alone."""
import os

from hostlertest import case, finish, folder, same
from netlab import Machine, ServerOn, bridge, enter

CONFIG = """
server: {listen: [198.51.100.1, 10.1.2.1, 127.0.0.1, "fd00:1::1"],
         threads: 1, user: ''%s}
control: {socket: {ctl}}
domain: lab.test
hosts: [vms.hosts]
forward: []
"""


def build(where):
    """The server is on two networks; one of them leads to a third."""
    for name in ("public", "private"):
        bridge(name)
    server = Machine("server", where).card("public", "198.51.100.1/24").card(
        "private", "10.1.2.1/24", "fd00:1::1/64")
    near = Machine("near", where).card("public", "198.51.100.20/24")
    far = Machine("far", where).card("public", "198.51.100.30/24",
                                     "203.0.113.9/32")
    inside = Machine("inside", where).card("private", "10.1.2.20/24",
                                           "fd00:1::20/64")
    router = Machine("router", where).card("private", "10.1.2.30/24",
                                           "172.16.5.5/32")
    server.route("203.0.113.0/24", "via", "198.51.100.30")
    server.route("172.16.5.0/24", "via", "10.1.2.30")
    return server, near, far, inside, router


def ask(machine, to, source=None, tcp=False):
    """The address, or the status."""
    words = ["web.lab.test", f"@{to}"] + ([f"-b{source}"] if source else [])
    text = machine.full(*words, *(["+tcp"] if tcp else []))
    for line in text.splitlines():
        if line.startswith("web.lab.test.") and "\tA\t" in line:
            return line.split("\t")[-1]
    if "EDE: 18" in text:
        return "REFUSED 18" if "status: REFUSED" in text else text
    return "REFUSED" if "status: REFUSED" in text else text


def look_at(server, machines, wanted):
    near, far, inside, router = machines
    same("this machine itself", ask(server, "127.0.0.1"), wanted["loopback"])
    same("an attached network", ask(near, "198.51.100.1"), wanted["attached"])
    same("one that is neither", ask(far, "198.51.100.1", "203.0.113.9"),
         wanted["far"])
    same("by TCP too", ask(far, "198.51.100.1", "203.0.113.9", True),
         wanted["far"])
    same("a private network", ask(inside, "10.1.2.1"), wanted["private"])
    same("IPv6", ask(inside, "fd00:1::1"), wanted["private"])
    same("a private one behind a router", ask(router, "10.1.2.1",
                                              "172.16.5.5"),
         wanted["private"])


def check_allow(where, server, machines):
    yes, no = "10.1.2.99", "REFUSED 18"
    cases = (
        ("", {"loopback": yes, "attached": yes, "far": no, "private": yes}),
        (", allow: private", {"loopback": yes, "attached": no, "far": no,
                              "private": yes}),
        (", allow: [203.0.113.0/24]", {"loopback": no, "attached": no,
                                       "far": yes, "private": no}),
        (", allow: any", {"loopback": yes, "attached": yes, "far": yes,
                          "private": yes}),
        (", allow: []", {"loopback": no, "attached": no, "far": no,
                         "private": no}),
    )
    daemon = ServerOn(server, where, CONFIG % "")
    with daemon:
        for allow, wanted in cases:
            print(allow or "the default", flush=True)
            daemon.configure(CONFIG % allow)
            same("read", daemon.ctl_run("reload").returncode, 0)
            look_at(server, machines, wanted)
            if not allow:
                case("the log names the setting", daemon.wait_log("allow"),
                     daemon.log)
        # Once a minute, however many there are.
        lines = [line for line in daemon.log.splitlines() if "allow" in line]
        case("and not each time", len(lines) <= 2, str(lines))


def check_loopback_alone(where, server, near):
    config = "server: {user: ''}\ncontrol: {socket: {ctl}}\n" \
        "domain: lab.test\nhosts: [vms.hosts]\nforward: []\n"
    daemon = ServerOn(server, where, config)
    with daemon:
        same("without listen: loopback", ask(server, "127.0.0.1"),
             "10.1.2.99")
        same("and IPv6 loopback", ask(server, "::1"), "10.1.2.99")
        for tcp in (False, True):
            text = near.full("web.lab.test", "@198.51.100.1", "+time=1",
                             "+tries=1", *(["+tcp"] if tcp else []))
            case("others find nobody there", "refused" in text and
                 "status:" not in text, text)
        case("which is told", "only this machine can ask" in daemon.log,
             daemon.log)


enter()
with folder() as top:
    os.chmod(top, 0o755)
    (top / "vms.hosts").write_text("10.1.2.99 web\n")
    first, *others = build(top)
    check_allow(top, first, others)
    check_loopback_alone(top, first, others[0])
finish()
