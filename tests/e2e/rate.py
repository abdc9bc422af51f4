# SPDX-License-Identifier: BSD-2-Clause
"""Response rate limiting, with real floods: who is limited and who is not, by
what answers are counted, what is sent in the place of the others, and the ways
out of it: TCP and cookies.

The clients are addresses of a namespace of its own, public ones too.  How many
get through is told by the rate and the time that it took, so that a slow
machine does not matter."""
import socket
import time

import netlab

netlab.enter()

from hostlertest import Daemon, case, dns, finish, folder, rcode, same, until

PUBLIC = "198.51.100.7"
NEIGHBOUR = "198.51.100.200"
OTHER = "203.0.113.7"
PUBLIC6 = "2001:db8:1::7"
RATE = 50
ALL = 300           # of all kinds
FLOOD = 800
MOST = 720          # of a flood
LAST_S = 0.2        # a reply may be under way for so long, the first longer

CONFIG = """
server:
  listen: ["0.0.0.0@{port}", "::1@{port}"]
  threads: 1
  user: ''
  allow: any
  rate-limit: {rate}
control: {socket: {ctl}}
domain: lab.test
hosts: [vms.hosts]
zones: [wild.zone]
forward: []
"""
HOSTS = "10.0.0.1 web\n"
ZONE = "$ORIGIN wild.test.\n@ SOA ns.wild.test. h.wild.test. 1 1 1 1 60\n" \
       "@ NS ns\nns A 10.0.0.9\n*.any A 10.0.0.3\n"


def make(where, rate):
    where.joinpath("vms.hosts").write_text(HOSTS)
    where.joinpath("wild.zone").write_text(ZONE)
    return Daemon(where, CONFIG.replace("{rate}", rate))


def question(name, kind="A", cookie=None):
    options = [dns.edns.GenericOption(10, cookie)] if cookie else []
    return dns.message.make_query(name, kind, use_edns=0, options=options)


class Client:
    """Asks from one address, as fast as it can, and counts what comes."""

    def __init__(self, daemon, address):
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self.socket = socket.socket(family, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        self.socket.bind((address, 0))
        self.socket.connect(("::1" if ":" in address else "127.0.0.1",
                             daemon.port))

    def flood(self, messages, least=RATE):
        """What came by kind, and how many the rate lets through at most.  So
        many at least are waited for."""
        start = time.monotonic()
        came = {"whole": 0, "truncated": 0, "badcookie": 0, "none": 0}
        for at in range(0, len(messages), 100):
            part = messages[at:at + 100]
            for message in part:
                self.socket.send(message)
            self.read(came, 0)
        until(lambda: self.read(came, LAST_S) >= least, True)
        took = time.monotonic() - start
        came["none"] = len(messages) - sum(came.values())
        return came, RATE * (1 + took) + 2

    def read(self, came, wait_s):
        while True:
            self.socket.settimeout(wait_s or 0.0001)
            try:
                reply = self.socket.recv(4096)
            except (socket.timeout, BlockingIOError):
                return sum(came.values())
            if reply[2] & 2:
                came["truncated"] += 1
            elif reply[3] & 15 == dns.rcode.BADCOOKIE & 15:
                came["badcookie"] += 1
            else:
                came["whole"] += 1

    def close(self):
        self.socket.close()


def flood(daemon, address, names, kind="A", least=RATE):
    client = Client(daemon, address)
    messages = [question(names.replace("#", str(i)), kind).to_wire()
                for i in range(FLOOD)]
    came, most = client.flood(messages, least)
    client.close()
    return came, most


def check_limited(what, came, most):
    case(f"{what}: some go through", came["whole"] >= RATE, came)
    case(f"{what}: but no more than the rate", came["whole"] <= most,
         f"{came}, not {most}")
    case(f"{what}: some are truncated", came["truncated"] > 0, came)
    over = FLOOD - came["whole"]
    case(f"{what}: half of the rest", came["truncated"] <= over / 2 + 1, came)


def check_free(what, came):
    case(f"{what} has no limit", came["whole"] >= MOST, came)


def stats(daemon):
    lines = daemon.ctl_run("stats").stdout.splitlines()
    return {line.split()[0].rstrip(":"): int(line.split()[1])
            for line in lines}


def check_kinds(daemon):
    for what, names, kind in (
            ("one name", "web.lab.test", "A"),
            ("names that are none", "no#.lab.test", "A"),
            ("types that a name lacks", "ns.wild.test", "TXT"),
            ("refused questions", "web.lab.test", "AXFR")):
        check_limited(what, *flood(daemon, PUBLIC, names, kind))
    came, most = flood(daemon, PUBLIC, "a#.any.wild.test")
    case("names below a wildcard: as many as of all kinds",
         came["whole"] <= most * (ALL / RATE) and came["none"] > 0, came)


def check_who(daemon):
    start = time.monotonic()
    came, most = flood(daemon, PUBLIC, "web.lab.test")
    check_limited("a public client", came, most)
    whole = came["whole"] + flood(daemon, NEIGHBOUR, "web.lab.test")[0]["whole"]
    most = RATE * (1 + time.monotonic() - start) + 2
    case("its neighbour shares that", whole <= most, f"{whole}, not {most}")
    check_limited("one elsewhere has its own",
                  *flood(daemon, OTHER, "web.lab.test"))
    check_limited("one with IPv6", *flood(daemon, PUBLIC6, "web.lab.test"))
    check_free("a private client", flood(daemon, "127.0.0.1",
                                         "web.lab.test", least=MOST)[0])


def check_ways_out(daemon):
    flood(daemon, PUBLIC, "web.lab.test")
    for _ in range(20):
        reply = dns.query.tcp(question("web.lab.test"), "127.0.0.1",
                              port=daemon.port, source=PUBLIC, timeout=10)
        if rcode(reply) != "NOERROR" or not reply.answer:
            break
    case("TCP has no limit", bool(reply.answer), reply)
    client = Client(daemon, PUBLIC)
    first = [question("web.lab.test", cookie=b"abcdefgh").to_wire()] * FLOOD
    came, most = client.flood(first)
    case("a client's cookie alone does not help", came["whole"] <= most, came)
    case("but leads to a whole one", came["badcookie"] > 0 and
         came["truncated"] == 0, came)
    reply = dns.query.tcp(question("web.lab.test", cookie=b"abcdefgh"),
                          "127.0.0.1", port=daemon.port, source=PUBLIC,
                          timeout=10)
    good = reply.options[0].to_wire()
    came, _ = client.flood([question("web.lab.test", cookie=good).to_wire()] *
                           FLOOD, MOST)
    check_free("who brings it back", came)
    client.close()
    counted = stats(daemon)
    case("counted", all(counted[f"rate-limit.{kind}"] > 0 for kind in
                        ("dropped", "truncated", "badcookie")), counted)


def main():
    for address in (PUBLIC, NEIGHBOUR, OTHER):
        netlab.ip("addr", "add", address + "/32", "dev", "lo")
    netlab.ip("addr", "add", PUBLIC6 + "/128", "dev", "lo", "nodad")
    rate = "{per-second: %d, all-per-second: %d, exempt: private}" % (
        RATE, ALL)
    with folder() as where, make(where, rate) as daemon:
        check_who(daemon)
        check_kinds(daemon)
        check_ways_out(daemon)
        daemon.configure(daemon.conf.read_text().replace("private", "[]"))
        daemon.hup()
        check_limited("after a reload a private one, too",
                      *flood(daemon, "127.0.0.1", "web.lab.test"))
        daemon.configure(daemon.conf.read_text().replace(
            f"per-second: {RATE}, all-per-second: {ALL}",
            "per-second: 0, all-per-second: 0"))
        daemon.hup()
        check_free("after another nobody", flood(daemon, PUBLIC,
                                                 "web.lab.test", least=MOST)[0])
    with folder() as where, make(where, "{per-second: 20}") as daemon:
        check_free("by default an attached network",
                   flood(daemon, PUBLIC, "web.lab.test", least=MOST)[0])
    finish()


main()
