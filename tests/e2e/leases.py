# SPDX-License-Identifier: BSD-2-Clause
"""Leases while hostler runs: they end by timer, half-written files are waited
for, empty ones believed, and machines do not get the names that are not
theirs."""
import json
import os
import socket
import time

from hostlertest import (Daemon, case, ede, finish, folder, look, rcode,
                         records, same, until)

LIVE_S = float(os.environ.get("LIVE_S", "5"))
SHORT_S = 6             # of a lease; what is asked meanwhile takes under one
HEAD = """
server: {listen: ["127.0.0.1@{port}"], threads: 2, user: ''}
control: {socket: {ctl}}
domain: vms.test
forward: []
"""


def row(name, address, left_s, mac="52:54:00:00:00:01"):
    """A line as dnsmasq writes it."""
    return f"{int(time.time()) + left_s} {mac} {address} {name} *\n"


def live(daemon, what, name, wanted, limit_s=LIVE_S, kind="A"):
    got, took_s = until(lambda: look(daemon, name, kind), wanted,
                        limit_s + LIVE_S)
    return case(f"{what}: {name} {kind} is {wanted}",
                got == wanted and took_s <= limit_s,
                f"{got} after {took_s:.2f} s")


def ttl(daemon, name):
    answer = daemon.ask(name).answer
    return answer[0].ttl if answer else None


def says(daemon, what, *words, limit_s=30):
    got, _ = until(lambda: all(word in daemon.ctl_run("status").stdout
                               for word in words), True, limit_s)
    case(what, got, daemon.ctl_run("status").stdout)


# ---- time ----

def check_ends(where):
    path = where / "dnsmasq.leases"
    path.write_text(row("short", "10.0.0.1", SHORT_S) +
                    row("long", "10.0.0.2", 900))
    config = HEAD + "hosts: []\nleases: [{path: dnsmasq.leases, ttl: 60}]\n"
    with Daemon(where, config) as daemon:
        same("a lease", look(daemon, "short.vms.test"), "10.0.0.1")
        left = ttl(daemon, "short.vms.test")
        case("its TTL is not longer than what is left", left <= SHORT_S, left)
        same("one with much left has the TTL that was set",
             ttl(daemon, "long.vms.test"), 60)
        same("the bare form", look(daemon, "short"), "10.0.0.1")
        case("and its TTL", ttl(daemon, "short") <= SHORT_S)
        same("the reverse name", look(daemon, "1.0.0.10.in-addr.arpa", "PTR"),
             "short.vms.test.")
        text = daemon.ctl_run("explain", "short.vms.test").stdout
        case("explain shows what is left", "the lease ends in" in text, text)
        text = daemon.ctl_run("names", "short").stdout
        case("names shows it", "s left" in text, text)
        live(daemon, "ended by timer", "short.vms.test", "NXDOMAIN",
             SHORT_S + LIVE_S)
        same("its bare form too", look(daemon, "short"), "NXDOMAIN")
        same("and its reverse name",
             look(daemon, "1.0.0.10.in-addr.arpa", "PTR"), "NXDOMAIN")
        same("the other stays", look(daemon, "long.vms.test"), "10.0.0.2")
        check_renewed(daemon, path)


def check_renewed(daemon, path):
    """Renewed before it ends: nobody notices."""
    start, gone = time.time(), set()
    path.write_text(row("box7", "10.0.0.3", 4))
    live(daemon, "a new lease", "box7.vms.test", "10.0.0.3")
    path.write_text(row("box7", "10.0.0.3", 9))
    until(lambda: (ttl(daemon, "box7.vms.test") or 0) > 4, True, LIVE_S)
    while time.time() < start + 5:
        gone.add(look(daemon, "box7.vms.test"))
    same("renewed: it answers all the time", gone, {"10.0.0.3"})
    live(daemon, "it ends later", "box7.vms.test", "NXDOMAIN", 5 + LIVE_S)
    path.write_text(row("box7", "10.0.0.4", 900))
    live(daemon, "a new address", "box7.vms.test", "10.0.0.4")
    path.write_text("")
    live(daemon, "an empty lease file is believed", "box7.vms.test",
         "NXDOMAIN")
    same("and good", daemon.source("dnsmasq.leases")["state"], "good")
    path.write_text(row("box7", "10.0.0.5", 900))
    live(daemon, "a lease again", "box7.vms.test", "10.0.0.5")
    path.unlink()
    says(daemon, "a vanished file is told", "no such file",
         "last good content stays")
    same("and keeps", look(daemon, "box7.vms.test"), "10.0.0.5")
    path.write_text(row("box7", "10.0.0.6", 900))
    live(daemon, "it is back", "box7.vms.test", "10.0.0.6")


# ---- half-written ----

def networkd(name, address, left_s=900):
    usec = int((time.time() + left_s) * 1e6)
    return json.dumps({"BootID": "x", "Address": [10, 0, 0, 1], "Leases": [{
        "ClientId": [1, 82, 84, 0, 0, 0, 1],
        "Address": [int(part) for part in address.split(".")],
        "Hostname": name, "ExpirationRealtimeUSec": usec}]}, indent=1)


def libvirt(name, address, left_s=900):
    return json.dumps([{
        "ip-address": address, "mac-address": "52:54:00:00:00:01",
        "hostname": name, "expiry-time": int(time.time()) + left_s}], indent=2)


def check_half(where):
    path = where / "virbr0.status"
    path.write_text(libvirt("box7", "10.0.0.1"))
    config = HEAD + "hosts: []\nleases: [virbr0.status]\n"
    with Daemon(where, config) as daemon:
        same("a lease", look(daemon, "box7.vms.test"), "10.0.0.1")
        whole = libvirt("box7", "10.0.0.2")
        path.write_text(whole[:len(whole) // 2])
        got, _ = until(lambda: daemon.source(".status")["state"], "kept")
        same("half of a file is not believed", got, "kept")
        same("what was there stays", look(daemon, "box7.vms.test"), "10.0.0.1")
        case("that is no error yet", not daemon.source(".status")["errors"])
        case("in words", "half-written, waiting for the rest" in
             daemon.ctl_run("status").stdout)
        path.write_text(whole)
        live(daemon, "the rest is there", "box7.vms.test", "10.0.0.2")
        path.write_text(whole[:-20])
        says(daemon, "half of a file for long is told", "half-written for")
        same("what was there still stays", look(daemon, "box7.vms.test"),
             "10.0.0.2")
        case("the log tells it once", daemon.wait_log("half-written"))
        path.write_text(libvirt("box7", "10.0.0.3"))
        live(daemon, "mended", "box7.vms.test", "10.0.0.3")
        got, _ = until(lambda: daemon.status()["diagnostics"], "")
        same("nothing is left of it", got, "")
        while daemon.read_log():
            pass
        times = daemon.log.count("half-written")
        case("not every second", times <= 2, daemon.log)


def check_macs(where):
    """A guest that sends no name has its domain's, by MAC."""
    status, macs = where / "virbr0.status", where / "virbr0.macs"
    status.write_text(json.dumps([{
        "ip-address": "10.0.0.1", "mac-address": "52:54:00:00:00:01",
        "expiry-time": int(time.time()) + 900}]))
    macs.write_text(json.dumps([{"domain": "guest",
                                 "macs": ["52:54:00:00:00:01"]}]))
    config = HEAD + "hosts: []\nleases: [virbr0.status]\n"
    with Daemon(where, config) as daemon:
        same("a name by MAC", look(daemon, "guest.vms.test"), "10.0.0.1")
        macs.write_text(json.dumps([{"domain": "renamed",
                                     "macs": ["52:54:00:00:00:01"]}]))
        live(daemon, "the machines' file changed", "renamed.vms.test",
             "10.0.0.1")
        same("the old name is gone", look(daemon, "guest.vms.test"),
             "NXDOMAIN")


def check_late(where):
    """Not there yet: nothing to say, and nothing wrong."""
    config = HEAD + "hosts: []\nleases: [dir/late.leases, " \
        "{path: dir/named, domain: own.test}]\n"
    with Daemon(where, config) as daemon:
        same("no leases yet", look(daemon, "box7.vms.test"), "NXDOMAIN")
        same("none in a domain of its own", look(daemon, "box7.own.test"),
             "NXDOMAIN")
        same("all is well", daemon.status()["degraded"], False)
        (where / "dir").mkdir()
        (where / "dir" / "late.leases").write_text(
            row("box7", "10.0.0.1", 900))
        live(daemon, "the first lease", "box7.vms.test", "10.0.0.1")
        (where / "dir" / "named").write_text(row("box7", "10.0.0.2", 900))
        live(daemon, "the first of the other", "box7.own.test", "10.0.0.2")


# ---- names ----

def check_names(where):
    own = socket.gethostname().split(".")[0]
    (where / "vms.hosts").write_text("10.1.0.1 db\n")
    (where / "z.test.zone").write_text("web A 10.2.0.1\n")
    path = where / "dnsmasq.leases"
    bad = ["wpad", "isatap", "localhost", own]
    rows = "".join(row(name, f"10.0.1.{i}", 900, f"52:54:00:00:01:{i:02x}")
                   for i, name in enumerate(bad))
    rows += row("db", "10.0.0.1", 900, "52:54:00:00:00:01")
    rows += row("web.z.test", "10.0.0.2", 900, "52:54:00:00:00:02")
    rows += row("Has_Odd", "10.0.0.3", 900, "52:54:00:00:00:03")
    path.write_text(rows)
    config = HEAD + "hosts: [vms.hosts]\nzones: [z.test.zone]\n" \
        "leases: [dnsmasq.leases]\n"
    with Daemon(where, config) as daemon:
        for name in bad:
            got = records(daemon.ask(f"{name}.vms.test").answer)
            case(f"{name} is refused", not any("10.0.1." in one for one in
                                               got), got)
            got = records(daemon.ask(name).answer)
            case(f"{name} alone is refused", not any("10.0.1." in one for one
                                                     in got), got)
        text = daemon.ctl_run("status").stdout
        case("and that is told", text.count("[refused-name]") >= 3, text)
        same("a hosts file counts more", look(daemon, "db.vms.test"),
             "10.1.0.1")
        same("bare, too", look(daemon, "db"), "10.1.0.1")
        same("of a longer name the first label counts",
             look(daemon, "web.vms.test"), "10.0.0.2")
        same("it is no name in the zone", look(daemon, "web.z.test"),
             "10.2.0.1")
        (where / "vms.hosts").write_text("# none\n")
        live(daemon, "the hosts file is out of the way", "db.vms.test",
             "10.0.0.1")
        same("the bare form too", look(daemon, "db"), "10.0.0.1")
        (where / "vms.hosts").write_text("10.1.0.2 db\n")
        live(daemon, "and back", "db", "10.1.0.2")
        daemon.configure(config + "warnings: {off: [refused-name]}\n")
        daemon.ctl_run("reload")
        text = daemon.ctl_run("status").stdout
        case("switched off", "refused-name" not in text, text)
        got = records(daemon.ask("wpad.vms.test").answer)
        same("still refused", got, [])
    check_shared(where, config)


def check_shared(where, config):
    """One name of two machines in one file: the newest; in two files both."""
    path = where / "dnsmasq.leases"
    path.write_text(row("box7", "10.0.0.1", 600, "52:54:00:00:00:01") +
                    row("box7", "10.0.0.2", 900, "52:54:00:00:00:02"))
    (where / "other.leases").write_text(
        row("box7", "10.0.5.2", 900, "52:54:00:00:05:02"))
    with Daemon(where, config) as daemon:
        same("the newest of one file", look(daemon, "box7.vms.test"),
             "10.0.0.2")
        says(daemon, "with a warning", "[shared-name]")
        daemon.configure(config.replace(
            "[dnsmasq.leases]", "[dnsmasq.leases, other.leases]"))
        daemon.ctl_run("reload")
        same("of two files both", look(daemon, "box7.vms.test"),
             "10.0.0.2 10.0.5.2")


def check_servfail(where):
    """A lease file that makes no sense, from the start."""
    (where / "x").write_text("<html>not leases</html>\n")
    config = HEAD + "hosts: []\nleases: [{path: x, domain: own.test, " \
        "format: dnsmasq}]\n"
    with Daemon(where, config) as daemon:
        same("told", daemon.source("/x")["errors"] > 0, True)
        answer = daemon.ask("box7.own.test")
        case("not said to be unknown, or known to have none",
             rcode(answer) in ("SERVFAIL", "NXDOMAIN"), rcode(answer))
        if rcode(answer) == "SERVFAIL":
            same("EDE", ede(answer), [14])
        (where / "x").write_text(row("box7", "10.0.0.1", 900))
        live(daemon, "mended", "box7.own.test", "10.0.0.1")


if __name__ == "__main__":
    for check in (check_ends, check_half, check_macs, check_late, check_names,
                  check_servfail):
        with folder() as place:
            check(place)
    finish()
