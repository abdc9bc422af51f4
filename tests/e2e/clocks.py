# SPDX-License-Identifier: BSD-2-Clause
"""Somebody sets the clock, a day ahead and a day back: what is cached, leases,
TCP connections, queries that wait and cookies do not notice.

The daemon runs with jump.so preloaded (jump.c), which puts its wall clock
wrong; a cookie of a shared secret, which has the time in it, shows that it
does.  Where a sanitizer's runtime has to come first it is told that it is
not the first; a program whose clock cannot be put wrong so is left out."""
import os
import pathlib
import socket
import struct
import sys
import threading
import time

from hostlertest import (LIMIT_S, Daemon, case, dns, finish, folder,
                         preloaded, rcode, same, until)

DAY_S = 86400
JUMPS_S = (DAY_S, 0, -DAY_S, 0)
LEASE_S = 4 * DAY_S     # good by any of these clocks
SHORT_S = 3600
TTL_S = 300
IDLE_S = 3              # less than a query waits
LOOK_S = 0.5
CPU_S = 0.5             # in that time; seen: under 0.01
SECRET = "00112233445566778899aabbccddeeff"
COOKIE = 10

CONFIG = """
server:
  listen: ["127.0.0.1@{port}"]
  threads: 2
  user: ''
  tcp: {idle: %ds}
  %s
control: {socket: {ctl}}
domain: lab.test
hosts: []
leases: [dnsmasq.leases]
forward: [{zone: example, to: ["127.0.0.1@%d"]}]
"""


class Upstream(threading.Thread):
    """Answers A questions; names that begin with `silent` it passes over."""

    def __init__(self):
        super().__init__(daemon=True)
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.seen = 0

    def run(self):
        while True:
            data, peer = self.socket.recvfrom(4096)
            query = dns.message.from_wire(data)
            name = query.question[0].name
            self.seen += 1
            if name.labels[0].lower().startswith(b"silent"):
                continue
            reply = dns.message.make_response(query)
            reply.answer.append(dns.rrset.from_text(
                name, TTL_S, "IN", "A", "192.0.2.1"))
            self.socket.sendto(reply.to_wire(), peer)


class Clock:
    """The daemon's wall clock: seconds ahead of the true one."""

    def __init__(self, where):
        self.path = where / "jump"
        self.ahead_s = 0
        self.set(0)

    def set(self, ahead_s):
        self.ahead_s = ahead_s
        with open(self.path, "r+b" if self.path.exists() else "wb") as file:
            file.write(struct.pack("=q", ahead_s))

    def now(self):
        return int(time.time()) + self.ahead_s

    def preloaded(self):
        """What is started in here has this clock."""
        return preloaded("jump.so", JUMP_FILE=str(self.path))


def start(where, clock, upstream, more=""):
    daemon = Daemon(where, CONFIG % (IDLE_S, more, upstream.port))
    with clock.preloaded():
        return daemon.start()


def write_leases(where, clock, left_s=LEASE_S):
    """As the DHCP server writes them, by the clock that it sees, some time
    ago."""
    new = where / "dnsmasq.leases.new"
    new.write_text(f"{clock.now() + left_s} 52:54:00:00:00:07 10.0.0.7 box7 "
                   "*\n")
    os.utime(new, (time.time() - 600,) * 2)
    new.rename(where / "dnsmasq.leases")


def cookie(daemon, bring):
    query = dns.message.make_query("box7.lab.test", "A", use_edns=0, options=[
        dns.edns.GenericOption(COOKIE, bring)])
    reply = dns.query.udp(query, "127.0.0.1", port=daemon.port,
                          timeout=LIMIT_S)
    return reply.options[0].to_wire()


def cookie_time(full):
    return struct.unpack("!I", full[12:16])[0]


def cpu_s(daemon):
    words = pathlib.Path(f"/proc/{daemon.process.pid}/stat").read_text()
    words = words.rsplit(")", 1)[1].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def lease(daemon):
    reply = daemon.ask("box7.lab.test", timeout=LIMIT_S)
    return [str(item) for rrset in reply.answer for item in rrset]


def cached_ttl(daemon):
    answer = daemon.ask("kept.example", timeout=LIMIT_S).answer
    return answer[0].ttl if answer else None


def check_jump(daemon, clock, upstream, own):
    """What was known before the jump is known after it, and as old."""
    what = f"{clock.ahead_s / DAY_S:+.0f} d"
    before, seen = cpu_s(daemon), upstream.seen
    end = time.monotonic() + LOOK_S
    lost = 0
    while time.monotonic() < end:
        ttl = cached_ttl(daemon)
        lost += ttl is None or not TTL_S - 120 < ttl <= TTL_S
        lost += lease(daemon) != ["10.0.0.7"]
    spent = cpu_s(daemon) - before
    same(f"{what}: the cache and the lease are as they were", lost, 0)
    same(f"{what}: nothing was fetched anew", upstream.seen, seen)
    same(f"{what}: a cookie stays good", cookie(daemon, own), own)
    case(f"{what}: nothing spins", spent < CPU_S + LOOK_S * 0.5, spent)


def check_leases(daemon, clock, where):
    what = f"{clock.ahead_s / DAY_S:+.0f} d"
    write_leases(where, clock)
    case(f"{what}: it reads the file again", daemon.hup())
    same(f"{what}: a lease is what the file says by now", lease(daemon),
         ["10.0.0.7"])


def check_stale_file(daemon, clock, where):
    """A file that was not written anew has ended by a clock that is a day
    ahead: at the next reading, and until the clock is right again."""
    clock.set(0)
    write_leases(where, clock, SHORT_S)
    daemon.hup()
    clock.set(DAY_S)
    same("ahead: a lease stays until the file is read", lease(daemon),
         ["10.0.0.7"])
    (where / "dnsmasq.leases").touch()
    same("which then says that it has ended",
         until(lambda: lease(daemon), [])[0], [])
    clock.set(0)
    (where / "dnsmasq.leases").touch()
    same("and with the clock set right it is back",
         until(lambda: lease(daemon), ["10.0.0.7"])[0], ["10.0.0.7"])


def check_times(daemon, clock, ahead_s):
    """An idle connection and a query that waits go by their own time."""
    what = f"{ahead_s / DAY_S:+.0f} d"
    query = dns.message.make_query("box7.lab.test", "A").to_wire()
    message = struct.pack("!H", len(query)) + query
    silent = dns.message.make_query(f"silent{ahead_s}.example", "A").to_wire()
    clock.set(0)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp, \
            socket.create_connection(("127.0.0.1", daemon.port)) as tcp:
        udp.connect(("127.0.0.1", daemon.port))
        udp.settimeout(LIMIT_S)
        tcp.settimeout(LIMIT_S)
        tcp.sendall(message)
        first = tcp.recv(4096)
        asked_s = time.monotonic()
        udp.send(silent)
        case("before: both are there", len(first) > 12 and
             until(lambda: daemon.ctl_run("stats").returncode, 0)[0] == 0)
        clock.set(ahead_s)
        tcp.sendall(message)
        case(f"{what}: a connection lives on", len(tcp.recv(4096)) > 12)
        idle_s = time.monotonic()
        same("and ends", tcp.recv(4096), b"")
        took_s = time.monotonic() - idle_s
        case("when it was idle for so long", IDLE_S - 1 < took_s < 30, took_s)
        reply = dns.message.from_wire(udp.recv(4096))
        took_s = time.monotonic() - asked_s
        same(f"{what}: a query that waits", rcode(reply), "SERVFAIL")
        case("is answered in its time", 1 < took_s < 20, took_s)
    clock.set(0)


def check_shim(where, clock, upstream):
    """With a secret that others have, cookies go by the wall clock."""
    daemon = start(where, clock, upstream, f"cookie-secret: '{SECRET}'")
    first = cookie(daemon, b"abcdefgh")
    clock.set(DAY_S)
    moved = until(lambda: cookie_time(cookie(daemon, first)) >
                  cookie_time(first) + DAY_S - 60, True, 20)[0]
    clock.set(0)
    daemon.stop()
    if not moved:
        print("SKIP: this program's clock cannot be put wrong")
        sys.exit(77)
    case("with a shared secret cookies go by the wall clock", moved)


def main():
    upstream = Upstream()
    upstream.start()
    with folder() as where:
        clock = Clock(where)
        write_leases(where, clock)
        check_shim(where, clock, upstream)
        daemon = start(where, clock, upstream)
        try:
            cached_ttl(daemon)
            own = cookie(daemon, b"abcdefgh")
            for ahead_s in JUMPS_S:
                clock.set(ahead_s)
                check_jump(daemon, clock, upstream, own)
                check_leases(daemon, clock, where)
            check_stale_file(daemon, clock, where)
            for ahead_s in (DAY_S, -DAY_S):
                check_times(daemon, clock, ahead_s)
            same("nothing died", daemon.process.poll(), None)
        finally:
            code = daemon.stop()
        same("and it ends well", code, 0)
    finish()


main()
