# SPDX-License-Identifier: BSD-2-Clause
"""Server cookies (RFC 7873, RFC 9018), as dig and kdig see them and to the
byte: on local, cached and forwarded answers, errors too; two servers that share
a secret, a secret that is rolled over, and clients that send none."""
import re
import socket
import subprocess
import threading

from hostlertest import (LIMIT_S, Daemon, ask_udp, case, dns, finish, folder,
                         rcode, same)

FIRST = "00112233445566778899aabbccddeeff"
SECOND = "ffeeddccbbaa99887766554433221100"
COOKIE = 10
CLIENT = b"abcdefgh"

CONFIG = """
server: {listen: ["127.0.0.1@{port}"], threads: 2, user: '', %s}
control: {socket: {ctl}}
domain: lab.test
hosts: [vms.hosts]
forward: [{zone: example, to: ["127.0.0.1@%d"]}]
"""


class Upstream(threading.Thread):
    """Answers every A question with 192.0.2.1."""

    def __init__(self):
        super().__init__(daemon=True)
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]

    def run(self):
        while True:
            data, peer = self.socket.recvfrom(4096)
            if not data:
                return
            query = dns.message.from_wire(data)
            reply = dns.message.make_response(query)
            reply.answer.append(dns.rrset.from_text(
                query.question[0].name, 300, "IN", "A", "192.0.2.1"))
            self.socket.sendto(reply.to_wire(), peer)

    def end(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
            one.sendto(b"", ("127.0.0.1", self.port))
        self.join(LIMIT_S)
        self.socket.close()


def ask(daemon, name, cookie, kind="A", tcp=False, payload=1232):
    """Ask with these bytes as the COOKIE option; None: without one."""
    options = [] if cookie is None else \
        [dns.edns.GenericOption(COOKIE, cookie)]
    query = dns.message.make_query(name, kind, use_edns=0, payload=payload,
                                   options=options)
    send = dns.query.tcp if tcp else ask_udp
    return send(query, "127.0.0.1", port=daemon.port, timeout=10)


def cookie_of(reply):
    found = [option for option in reply.options if int(option.otype) == COOKIE]
    if not found:
        return None
    return found[0].to_wire()


def is_full(cookie):
    return (cookie is not None and len(cookie) == 24 and
            cookie[:8] == CLIENT and cookie[8:12] == b"\1\0\0\0")


def stats(daemon):
    counters = {}
    for line in daemon.ctl_run("stats").stdout.splitlines():
        name, value = line.split()[:2]
        counters[name.rstrip(":")] = int(value)
    return counters


def check_answers(daemon):
    for what, name, kind, code in (
            ("a local name", "web.lab.test", "A", "NOERROR"),
            ("a type that it lacks", "web.lab.test", "MX", "NOERROR"),
            ("a name that is none", "no.lab.test", "A", "NXDOMAIN"),
            ("a forwarded name", "a.example", "A", "NOERROR"),
            ("a cached name", "a.example", "A", "NOERROR"),
            ("a refused type", "web.lab.test", "AXFR", "REFUSED")):
        for tcp in (False, True) if kind != "AXFR" else (False,):
            reply = ask(daemon, name, CLIENT, kind, tcp)
            by = "TCP" if tcp else "UDP"
            same(f"{what} by {by}: the rcode", rcode(reply), code)
            cookie = cookie_of(reply)
            case(f"{what} by {by}: a cookie", is_full(cookie), cookie)
            reply = ask(daemon, name, cookie, kind, tcp)
            same(f"{what} by {by}: the cookie is good", cookie_of(reply),
                 cookie)
    same("no cookie where none was sent", cookie_of(
        ask(daemon, "web.lab.test", None)), None)


def check_bad(daemon):
    good = cookie_of(ask(daemon, "web.lab.test", CLIENT))
    forged = good[:-1] + bytes([good[-1] ^ 1])
    reply = ask(daemon, "web.lab.test", forged)
    same("a forged cookie: answered", rcode(reply), "NOERROR")
    given = cookie_of(reply)
    case("and given another", is_full(given) and given != forged and
         given[:12] == good[:12], given)
    same("which is good", cookie_of(ask(daemon, "web.lab.test", given)), given)
    for length in (0, 1, 7, 9, 15, 41, 200):
        reply = ask(daemon, "web.lab.test", b"x" * length)
        same(f"a cookie of {length} bytes", rcode(reply), "FORMERR")
    for length in (16, 23, 32, 40):
        reply = ask(daemon, "web.lab.test", CLIENT + b"x" * (length - 8))
        case(f"another server's of {length} bytes", is_full(cookie_of(reply)),
             cookie_of(reply))
    counted = stats(daemon)
    case("counted", all(counted[f"cookies.{kind}"] > 0
                        for kind in ("new", "good", "bad")), counted)


def check_sizes(daemon):
    """The option has its place: what is left is truncated sooner."""
    for payload in range(512, 1233, 16):
        for cookie in (None, CLIENT):
            reply = ask(daemon, "many.lab.test", cookie, payload=payload)
            size = len(reply.to_wire())
            if size > payload or (cookie and not is_full(cookie_of(reply))):
                case("answers keep to their size", False,
                     f"{size} bytes for {payload}")
                return
    case("answers keep to their size", True)


def check_programs(daemon):
    """dig and kdig keep no cookie from one run to the next; within one, dig
    sends what it got with the next question."""
    out = subprocess.run(
        ["dig", "+cookie", "@127.0.0.1", "-p", str(daemon.port),
         "web.lab.test"], capture_output=True, text=True,
        timeout=LIMIT_S).stdout
    found = re.search(r"COOKIE: ([0-9a-f]{48}) \(good\)", out)
    case("dig: a good cookie", found is not None, out)
    if found:
        again = subprocess.run(
            ["dig", f"+cookie={found[1]}", "@127.0.0.1", "-p",
             str(daemon.port), "a.example"], capture_output=True, text=True,
            timeout=LIMIT_S).stdout
        case("dig: which it may keep", f"COOKIE: {found[1]}" in again, again)
    out = subprocess.run(
        ["kdig", "+cookie", "@127.0.0.1", "-p", str(daemon.port),
         "web.lab.test"], capture_output=True, text=True,
        timeout=LIMIT_S).stdout
    case("kdig: a cookie", "COOKIE: " in out and "10.0.0.1" in out, out)


def check_shared(where, upstream):
    """Two servers behind one address, and the change to a new secret."""
    folders = [where / "one", where / "two"]
    for each in folders:
        each.mkdir()
        write_hosts(each)
    one = Daemon(folders[0], CONFIG % (f"cookie-secret: '{FIRST}'", upstream))
    two = Daemon(folders[1], CONFIG % (
        f"cookie-secret: ['{SECOND}', '{FIRST}']", upstream))
    three = CONFIG % (f"cookie-secret: '{SECOND}'", upstream)
    with one, two:
        cookie = cookie_of(ask(one, "web.lab.test", CLIENT))
        renewed = cookie_of(ask(two, "web.lab.test", cookie))
        same("the secret before is good", stats(two)["cookies.good"], 1)
        case("and replaced", renewed != cookie and is_full(renewed), renewed)
        one.configure(three)
        one.hup()
        same("a reload brings the new one", cookie_of(
            ask(one, "web.lab.test", renewed)), renewed)
        ask(one, "web.lab.test", cookie)
        same("which ends the old one", stats(one)["cookies.bad"], 1)


def write_hosts(where):
    lines = [f"10.1.{i // 250}.{1 + i % 250} many" for i in range(70)]
    (where / "vms.hosts").write_text("10.0.0.1 web\n" + "\n".join(lines) +
                                     "\n")


def main():
    upstream = Upstream()
    upstream.start()
    with folder() as where:
        write_hosts(where)
        with Daemon(where, CONFIG % ("allow: any", upstream.port)) as daemon:
            check_answers(daemon)
            check_bad(daemon)
            check_sizes(daemon)
            check_programs(daemon)
        check_shared(where, upstream.port)
    upstream.end()
    finish()


main()
