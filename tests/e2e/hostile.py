# SPDX-License-Identifier: BSD-2-Clause
"""An attacker from outside: an upstream that lies in every way a case below
names, strangers who send anything over UDP and TCP, floods, and loops.

What an upstream does to a question is told by the first label of its name.
Whatever it does, the client has the right answer or SERVFAIL within five
seconds, other names do not notice, and nothing forged is kept.  HOSTILE_SCALE
multiplies what the strangers send."""
import json
import os
import random
import resource
import select
import socket
import struct
import threading
import time

os.environ["ASAN_OPTIONS"] = ":".join(
    filter(None, [os.environ.get("ASAN_OPTIONS"), "quarantine_size_mb=8"]))

from hostlertest import (Daemon, at_once, case, dns, finish, folder, free_port,
                         rcode, records, same)

SCALE = int(os.environ.get("HOSTILE_SCALE", "1"))
UPSTREAM = "127.0.0.2"
GOOD = "192.0.2.1"
FORGED = "203.0.113.66"
WAIT_S = 5.0                            # hostler's promise
FOUND_OUT_S = 3.0                       # what is not given up, after 4.5
LIMIT_S = 30                            # a busy machine's
WATCH_LEAST = 10                        # questions of a Watch
WATCH_LATE = 2                          # of them that may come late, or 5 %
A, NS, CNAME, SOA, MX, TXT, DNAME, OPT = 1, 2, 5, 6, 15, 16, 39, 41

CONFIG = """
server: {listen: ["127.0.0.1@{port}"], threads: 2, user: ''}
control: {socket: {ctl}}
domain: lab.test
hosts: [vms.hosts]
forward: [{zone: ".", to: ["%s"]}]
"""


def wire(name):
    labels = [label.encode() for label in name.split(".") if label]
    return b"".join(bytes([len(x)]) + x for x in labels) + b"\0"


def rr(owner, kind, rdata, ttl=300, length=None, rclass=1):
    if isinstance(owner, str):
        owner = wire(owner)
    return owner + struct.pack("!HHIH", kind, rclass, ttl,
                               len(rdata) if length is None else length) + rdata


def address(text):
    return socket.inet_aton(text)


HERE = b"\xc0\x0c"
OPT_RR = rr(b"\0", OPT, b"", 0, rclass=1232)


class Asked:
    """A question as the upstream got it."""

    def __init__(self, data):
        self.data = data
        self.id = struct.unpack("!H", data[:2])[0]
        at, labels = 12, []
        while data[at]:
            labels.append(data[at + 1:at + 1 + data[at]].lower())
            at += 1 + data[at]
        self.labels = labels
        self.mode = labels[0].decode("latin-1") if labels else ""
        self.question = data[12:at + 5]

    def reply(self, an=(), ns=(), ar=(), flags=0x8180, ident=None,
              question=None, counts=None, qd=1):
        if question is None:
            question = self.question
        if counts is None:
            counts = (len(an), len(ns), len(ar))
        ident = self.id if ident is None else ident
        return struct.pack("!6H", ident, flags, qd, *counts) + question + \
            b"".join(an) + b"".join(ns) + b"".join(ar)

    def good(self):
        return self.reply([rr(HERE, A, address(GOOD))])

    def forged(self, **more):
        return self.reply([rr(HERE, A, address(FORGED))], **more)


def other_question(q, name=None, kind=A, rclass=1):
    name = wire(name) if name else q.question[:-4]
    return q.forged(question=name + struct.pack("!HH", kind, rclass))


def long_name(q):
    """Four labels of 63 bytes before a pointer to the question: over 255."""
    owner = (b"\x3f" + b"a" * 63) * 4 + HERE
    return q.reply([rr(owner, A, address(FORGED)),
                    rr(HERE, A, address(FORGED))])


def broken(*answers, **more):
    return lambda q: q.reply([rr(HERE, A, address(FORGED)), *answers], **more)


def to_itself(q):
    at = len(q.reply())
    return q.reply([rr(struct.pack("!H", 0xc000 | at), A, address(FORGED))])


def to_each_other(q):
    at = len(q.reply())
    return q.reply([rr(struct.pack("!HH", 0xc000 | at + 2, 0xc000 | at), A,
                       address(FORGED))])


def cname_loop(q):
    at = len(q.reply()) + 12
    return q.reply([rr(HERE, CNAME, struct.pack("!H", 0xc000 | at))])


# Packets that are no answer: each is sent ahead of the good one (NAME.good)
# and, without a good one ever, by UDP and TCP alike (NAME.only).
PASSED_OVER = {
    "wrong-id": lambda q: q.forged(ident=q.id ^ 1),
    "other-name": lambda q: other_question(q, "elsewhere.example"),
    "other-case": lambda q: q.forged(question=q.question.swapcase()),
    "other-type": lambda q: other_question(q, kind=28),
    "other-class": lambda q: other_question(q, rclass=3),
    "other-opcode": lambda q: q.forged(flags=0x8180 | 2 << 11),
    "no-qr": lambda q: q.forged(flags=0x0180),
    "short": lambda q: q.forged()[:7],
    "header-only": lambda q: q.forged()[:12],
    "empty": lambda q: b"",
    "garbage": lambda q: random.randbytes(300),
    "formerr-bare": lambda q: q.reply(flags=0x8181, question=b"", qd=0),
    "servfail-bare": lambda q: q.reply(flags=0x8182, question=b"", qd=0),
    "no-question": lambda q: q.forged(question=b"", qd=0),
    "two-questions": lambda q: q.forged(question=q.question * 2, qd=2),
    "pointer-to-itself": to_itself,
    "pointers-in-a-ring": to_each_other,
    "rdata-ring": cname_loop,
    "pointer-ahead": broken(rr(b"\xff\xff", A, address(FORGED))),
    "pointer-to-header": broken(rr(b"\xc0\x01", A, address(FORGED))),
    "bad-label": broken(rr(b"\x41a\0", A, address(FORGED))),
    "long-name": long_name,
    "long-a": broken(rr(HERE, A, b"\xcb\0\x71\x42\x01")),
    "short-a": broken(rr(HERE, A, b"\xcb\0\x71")),
    "empty-a": broken(rr(HERE, A, b"")),
    "short-soa": broken(rr(HERE, SOA, b"\0\0" + bytes(19))),
    "cname-and-more": broken(rr(HERE, CNAME, b"\xc0\x0c\x00")),
    "mx-without-name": broken(rr(HERE, MX, b"\0\1")),
    "txt-past-end": broken(rr(HERE, TXT, b"\x09four")),
    "rdata-past-end": broken(rr(HERE, A, address(FORGED), length=4000)),
    "count-too-high": broken(counts=(2, 0, 0)),
    "count-65535": broken(counts=(65535, 65535, 65535)),
    "count-too-low": broken(counts=(0, 0, 0)),
    "junk-behind": lambda q: q.forged() + b"junk",
    "two-opt": broken(counts=(1, 0, 2), ar=[OPT_RR, OPT_RR]),
    "opt-in-answer": broken(OPT_RR),
    "opt-with-owner": broken(ar=[rr("x", OPT, b"", 0)]),
}

# Answers that fit the question and bring more than was asked.
VICTIM = "victim.example"
BYSTANDER = "bystander.victim.example"
POISON = {
    "cname-poison": lambda q: q.reply([
        rr(HERE, CNAME, wire(VICTIM)), rr(VICTIM, A, address(FORGED))]),
    "cname-to-local": lambda q: q.reply([
        rr(HERE, CNAME, wire("web.lab.test")),
        rr("web.lab.test", A, address(FORGED))]),
    "more-additional": lambda q: q.reply(
        [rr(HERE, A, address(GOOD))],
        ar=[rr(VICTIM, A, address(FORGED)),
            rr("web.lab.test", A, address(FORGED))]),
    "more-authority": lambda q: q.reply(
        [rr(HERE, A, address(GOOD))],
        ns=[rr("example", NS, wire("ns.example")),
            rr(VICTIM, A, address(FORGED))],
        ar=[rr("ns.example", A, address(FORGED))]),
    "more-answer": lambda q: q.reply(
        [rr(VICTIM, A, address(FORGED)), rr(HERE, A, address(GOOD)),
         rr("web.lab.test", A, address(FORGED))]),
    "dname": lambda q: q.reply(
        [rr("victim.example", DNAME, wire("forged.example")),
         rr(HERE, A, address(GOOD)),
         rr("bystander.victim.example", CNAME,
            wire("bystander.forged.example")),
         rr("bystander.forged.example", A, address(FORGED))]),
    "dname-alone": lambda q: q.reply(
        [rr("victim.example", DNAME, wire("forged.example")),
         rr("bystander.victim.example", A, address(FORGED))]),
    "soa-of-others": lambda q: q.reply(
        ns=[rr(VICTIM, SOA, wire("a") * 2 + bytes(20))], flags=0x8183),
    "cname-to-itself": lambda q: q.reply([rr(HERE, CNAME, HERE)]),
    "cname-ring": lambda q: q.reply(
        [rr(HERE, CNAME, wire("ring.example")),
         rr("ring.example", CNAME, HERE)]),
    "nxdomain-with-data": lambda q: q.forged(flags=0x8183),
    "ttl-top-bit": lambda q: q.reply([rr(HERE, A, address(GOOD),
                                         0x80000001)]),
    "ttl-highest": lambda q: q.reply([rr(HERE, A, address(GOOD),
                                         0x7fffffff)]),
    "rcode-11": lambda q: q.forged(flags=0x818b),
    "refused": lambda q: q.forged(flags=0x8185),
    "servfail": lambda q: q.forged(flags=0x8182),
    "formerr": lambda q: q.reply(flags=0x8181),
    "badvers": lambda q: q.reply(ar=[rr(b"\0", OPT, b"", 1 << 24)]),
}

# What the upstream does to a TCP connection after a truncated UDP answer:
# pieces to send, None for "and waits", numbers for pauses, else it closes.
TRUNCATED = {
    "tc-silent": lambda q: [None],
    "tc-closes": lambda q: [],
    "tc-drips": lambda q: sum(([bytes([b]), 0.25] for b in framed(q.good())),
                              []),
    "tc-half": lambda q: [framed(q.good())[:20]],
    "tc-half-waits": lambda q: [framed(q.good())[:20], None],
    "tc-length-0": lambda q: [b"\0\0" + framed(q.good()), None],
    "tc-length-lies": lambda q: [b"\xff\xff" + q.forged(), None],
    "tc-again": lambda q: [framed(q.forged(flags=0x8380)), None],
    "tc-flood": lambda q: [framed(q.forged(ident=q.id ^ 1)) * 2000, None],
    "tc-wrong-first": lambda q: [framed(q.forged(ident=q.id ^ 1)) +
                                 framed(q.good()), None],
    "tc-huge": lambda q: [framed(q.reply(
        [rr(HERE, A, struct.pack("!I", 0xc0000200 + i))
         for i in range(500)])), None],
    "tc-deep": lambda q: [framed(chain_backwards(q)), None],
    "tc-good": lambda q: [framed(q.good()), None],
}


def chain_backwards(q):
    """Every step of the chain stands before the one that leads to it."""
    steps = [rr(f"n{i}.example", CNAME, wire(f"n{i + 1}.example"))
             for i in range(1200)]
    return q.reply([*reversed(steps), rr(HERE, CNAME, wire("n0.example"))])


def framed(message):
    return struct.pack("!H", len(message)) + message


LATE = {"late-2": 2.0, "late-4": 4.0, "late-6": 6.0}


class Upstream:
    """Plays every case at once; one thread, nothing blocks."""

    def __init__(self):
        self.port = free_port(UPSTREAM)
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        self.udp.bind((UPSTREAM, self.port))
        self.tcp = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self.tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.tcp.bind((UPSTREAM, self.port))
        self.tcp.listen(512)
        self.strangers = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
                          for _ in range(2)]
        self.strangers[0].bind((UPSTREAM, 0))
        self.strangers[1].bind(("127.0.0.3", 0))
        self.seen = {}
        self.sources = set()
        self.ids = set()
        self.late = []
        self.open = {}
        self.stop_now = False
        self.thread = threading.Thread(target=self.run, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stop_now = True
        self.thread.join()
        for s in [self.udp, self.tcp, *self.strangers, *self.open]:
            s.close()

    def run(self):
        poll = select.poll()
        poll.register(self.udp, select.POLLIN)
        poll.register(self.tcp, select.POLLIN)
        self.poll = poll
        while not self.stop_now:
            for fd, _ in poll.poll(20):
                if fd == self.udp.fileno():
                    self.read_udp()
                elif fd == self.tcp.fileno():
                    self.accept()
                else:
                    self.read_tcp(fd)
            now = time.monotonic()
            due = [x for x in self.late if x[0] <= now]
            self.late = [x for x in self.late if x[0] > now]
            for _, act in due:
                act()

    def later(self, delay_s, act):
        self.late.append((time.monotonic() + delay_s, act))

    def read_udp(self):
        for _ in range(200):
            try:
                data, peer = self.udp.recvfrom(4096, socket.MSG_DONTWAIT)
            except OSError:
                return
            q = Asked(data)
            key = b".".join(q.labels).decode("latin-1")
            self.seen[key] = self.seen.get(key, 0) + 1
            self.sources.add(peer[1])
            self.ids.add(q.id)
            self.answer_udp(q, peer)

    def send(self, data, peer):
        try:
            self.udp.sendto(data, peer)
        except OSError:
            pass

    def answer_udp(self, q, peer):
        mode = q.mode
        kind = q.labels[1].decode("latin-1") if len(q.labels) > 1 else ""
        if mode in PASSED_OVER:
            self.send(PASSED_OVER[mode](q), peer)
            if kind == "good":
                self.send(q.good(), peer)
        elif mode in POISON:
            self.send(POISON[mode](q), peer)
        elif mode in TRUNCATED:
            self.send(q.reply(flags=0x8380), peer)
        elif mode == "off-path":
            for stranger in self.strangers:
                stranger.sendto(q.forged(), peer)
            self.later(0.1, lambda: self.send(q.good(), peer))
        elif mode == "off-path-only":
            for stranger in self.strangers:
                stranger.sendto(q.forged(), peer)
        elif mode == "guesses":
            for i in range(1, 200):
                self.send(q.forged(ident=q.id ^ i), peer)
        elif mode in LATE:
            self.later(LATE[mode], lambda: self.send(q.forged()
                       if mode == "late-6" else q.good(), peer))
        elif not mode.startswith("silent"):
            self.send(q.good(), peer)

    def accept(self):
        conn, _ = self.tcp.accept()
        conn.setblocking(False)
        self.open[conn] = b""
        self.poll.register(conn, select.POLLIN)

    def read_tcp(self, fd):
        conn = next((c for c in self.open if c.fileno() == fd), None)
        if conn is None:
            return
        try:
            data = conn.recv(4096)
        except OSError:
            data = b""
        if not data:
            self.close(conn)
            return
        data = self.open[conn] + data
        while conn in self.open and len(data) >= 2:
            length = 2 + struct.unpack("!H", data[:2])[0]
            if len(data) < length:
                break
            message, data = data[2:length], data[length:]
            self.answer_tcp(conn, Asked(message))
        if conn in self.open:
            self.open[conn] = data

    def close(self, conn):
        if conn in self.open:
            self.poll.unregister(conn)
            del self.open[conn]
            conn.close()

    def answer_tcp(self, conn, q):
        if q.mode in TRUNCATED:
            self.play(conn, TRUNCATED[q.mode](q))
        elif q.mode in PASSED_OVER and q.labels[1] == b"only":
            self.play(conn, [framed(PASSED_OVER[q.mode](q)), None])
        elif q.mode.startswith("silent") or q.mode == "off-path-only":
            return
        else:
            self.play(conn, [framed(q.good()), None])

    def play(self, conn, pieces):
        for i, piece in enumerate(pieces):
            if conn not in self.open or piece is None:
                return
            if isinstance(piece, float):
                self.later(piece, lambda: self.play(conn, pieces[i + 1:]))
                return
            try:
                conn.send(piece)
            except OSError:
                break
        self.close(conn)


def cookie_of(q):
    """The cookie option of a query, b"" where there is none: (ours, theirs)."""
    at = 12 + len(q.question)
    if q.data[at:at + 3] != b"\0\0\x29":
        return b"", b""
    options, at = q.data[at + 11:], 0
    while at + 4 <= len(options):
        code, length = struct.unpack("!HH", options[at:at + 4])
        data = options[at + 4:at + 4 + length]
        if code == 10:
            return data[:8], data[8:]
        at += 4 + length
    return b"", b""


def opt_with(cookie, upper=0):
    option = struct.pack("!HH", 10, len(cookie)) + cookie if cookie else b""
    return rr(b"\0", OPT, option, upper << 24, rclass=1232)


class CookieUpstream(Upstream):
    """Gives cookies (RFC 7873), and lies about them as the name says.  Its own
    change all the time; by TCP there are none."""

    def __init__(self):
        super().__init__()
        self.without = 0
        self.with_theirs = set()        # modes whose question had ours back
        self.given = b"\1" * 8

    def say(self, q, where, data, cookie, **more):
        self.send(q.reply([rr(HERE, A, address(data))] if data else [],
                          ar=[opt_with(cookie, more.get("upper", 0))],
                          flags=0x8180 | more.get("rcode", 0)), where)

    def answer_udp(self, q, peer):
        ours, theirs = cookie_of(q)
        if len(ours) != 8:
            self.without += 1
            return
        if theirs:
            self.with_theirs.add(q.mode)
        good = ours + self.given
        if q.mode == "cookie-other":
            self.say(q, peer, FORGED, bytes([ours[0] ^ 1]) + good[1:])
        elif q.mode == "cookie-short":
            self.say(q, peer, FORGED, ours[:7])
        elif q.mode == "cookie-long":
            self.say(q, peer, FORGED, ours + b"x" * 33)
        elif q.mode in ("cookie-lacks", "cookie-never"):
            self.say(q, peer, FORGED, b"")
        elif q.mode == "cookie-echoed":
            self.say(q, peer, FORGED, ours)
        elif q.mode == "cookie-bad" and theirs != b"\2" * 16:
            self.say(q, peer, None, ours + b"\2" * 16, rcode=7, upper=1)
            return
        if q.mode != "cookie-never":
            self.say(q, peer, GOOD, good)

    def answer_tcp(self, conn, q):
        self.play(conn, [framed(q.good()), None])


def teach_cookies(daemon, mode):
    """So many questions that both workers ask."""
    names = [f"learn-{i}.{mode}.example" for i in range(30)]
    found = ask_all(daemon, names)
    same(f"{mode}: every worker was given a cookie before",
         [said(found[name][0]) for name in names], [RIGHT] * 30)


def check_cookies():
    """What comes without a cookie is found out by TCP.  There are none by TCP
    here: what it says first makes the worker forget that they are due.  So
    each case begins with a lesson."""
    modes = ["cookie-other", "cookie-short", "cookie-long", "cookie-lacks",
             "cookie-echoed", "cookie-bad", "cookie-never"]
    with folder() as where, CookieUpstream() as upstream, \
            daemon_in(where, f"{UPSTREAM}@{upstream.port}") as daemon:
        for mode in modes:
            teach_cookies(daemon, mode)
            found = ask_all(daemon, [f"{mode}.example"])
            judge(found, f"{mode}.example", [RIGHT])
        same("every query had a cookie", upstream.without, 0)
        same("and each of these the server's own", sorted(
            upstream.with_theirs & set(modes)), sorted(modes))


class Watch:
    """Asks for names that must not notice anything, all the time, and a few
    times at least.  A machine that is busy with other things keeps answers
    waiting, and whoever sleeps as well: so much later they may come."""

    def __init__(self, daemon, names):
        self.daemon = daemon
        self.names = names
        self.times = {name: [] for name in names}
        self.wrong = []
        self.overslept_s = 0
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stop.set()
        self.thread.join()

    def run(self):
        n = 0
        while not self.stop.is_set() or n < WATCH_LEAST:
            n += 1
            start = time.monotonic()
            time.sleep(0.02)
            self.overslept_s = max(self.overslept_s,
                                   time.monotonic() - start - 0.02)
            for name, wanted in self.names.items():
                asked = name.replace("NNN", str(n))
                start = time.monotonic()
                try:
                    got = self.daemon.ask(asked, timeout=2 * WAIT_S)
                    if records(got.answer) != [f"{asked}. A {wanted}"]:
                        self.wrong.append(str(got))
                except Exception as error:
                    self.wrong.append(f"{asked}: {error!r}")
                self.times[name].append(time.monotonic() - start)

    def judge(self, what):
        case(f"{what}: other names are answered right", not self.wrong,
             f"{len(self.wrong)}: {self.wrong[:1]}")
        for name, times in self.times.items():
            times.sort()
            late = sum(took > 0.25 + self.overslept_s for took in times)
            case(f"{what}: {name} within 250 ms ({len(times)} times, {late} "
                 f"late, usually {times[len(times) // 2] * 1000:.1f} ms, "
                 f"{times[-1] * 1000:.1f} at worst; who sleeps here wakes "
                 f"{self.overslept_s * 1000:.1f} late)",
                 late <= max(WATCH_LATE, len(times) // 20) and
                 times[-1] < 2.0 + 4 * self.overslept_s)

    def slack_s(self):
        """How long a busy machine keeps what asks nobody else."""
        return 2 * max(self.times["web.lab.test"])


def ask_all(daemon, names):
    """Ask all at once; {name: (reply or text or None, seconds)}."""
    waiting, found = {}, {}
    poll = select.poll()
    for name in names:
        query = dns.message.make_query(name, "A", use_edns=0)
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        s.connect((daemon.address, daemon.port))
        s.send(query.to_wire())
        waiting[s.fileno()] = (s, name, query, time.monotonic())
        poll.register(s, select.POLLIN)
    end = time.monotonic() + LIMIT_S
    while waiting and time.monotonic() < end:
        for fd, _ in poll.poll(100):
            s, name, query, start = waiting.pop(fd)
            took = time.monotonic() - start
            poll.unregister(s)
            try:
                got = dns.message.from_wire(s.recv(65535))
                if not query.is_response(got):
                    got = "not a response to the question"
            except Exception as error:
                got = f"malformed: {error!r}"
            s.close()
            found[name] = (got, took)
    for s, name, _, start in waiting.values():
        s.close()
        found[name] = (None, time.monotonic() - start)
    return found


def said(got):
    if got is None or isinstance(got, str):
        return got
    return rcode(got) + " " + " ".join(
        f"{dns.rdatatype.to_text(r.rdtype)} {x}"
        for r in got.answer for x in r)


def judge(found, name, wanted, slack_s=0.0):
    """In time is in five seconds, and what the machine keeps beyond it."""
    got, took = found[name]
    case(f"{name}: {said(got)} after {took:.2f} s",
         said(got) in wanted and took < min(WAIT_S + slack_s, 3 * WAIT_S),
         f"not {wanted}, within {WAIT_S + slack_s:.2f} s")


RIGHT = f"NOERROR A {GOOD}"
FAILED = "SERVFAIL "
POISON_WANTED = {
    "cname-poison": [f"NOERROR CNAME {VICTIM}. A {FORGED}",
                     f"NOERROR CNAME {VICTIM}. A {GOOD}"],
    "cname-to-local": [f"NOERROR CNAME web.lab.test. A {FORGED}",
                       "NOERROR CNAME web.lab.test. A 10.0.2.20", FAILED],
    "dname-alone": ["NOERROR "],
    "soa-of-others": ["NXDOMAIN "],
    "cname-to-itself": [FAILED],
    "cname-ring": [FAILED],
    "nxdomain-with-data": [FAILED],
    "rcode-11": [FAILED],
    "refused": [FAILED],
    "servfail": [FAILED],
    "formerr": [FAILED],
    "badvers": [FAILED],
}


def check_lies(daemon, upstream):
    names = [f"{mode}.{kind}.lies.example" for mode in PASSED_OVER
             for kind in ("good", "only")]
    names += [f"{mode}.example" for mode in
              [*POISON, *TRUNCATED, *LATE, "off-path", "off-path-only",
               "guesses", "silent"]]
    with Watch(daemon, {"web.lab.test": "10.0.2.20",
                        "kept.example": GOOD, "new-NNN.example": GOOD}) as w:
        found = ask_all(daemon, names)
    w.judge("a lying upstream")

    def look(name, wanted):
        judge(found, name, wanted, w.slack_s())

    for mode in PASSED_OVER:
        look(f"{mode}.good.lies.example", [RIGHT])
        look(f"{mode}.only.lies.example", [FAILED])
    for mode in POISON:
        look(f"{mode}.example", POISON_WANTED.get(mode, [RIGHT]))
    for mode in TRUNCATED:
        right = mode in ("tc-wrong-first", "tc-good")
        if mode == "tc-huge":
            look("tc-huge.example", ["NOERROR "])
        else:
            look(f"{mode}.example", [RIGHT] if right else [FAILED])
    look("off-path.example", [RIGHT])
    look("off-path-only.example", [FAILED])
    look("guesses.example", [RIGHT])
    look("silent.example", [FAILED])
    look("late-2.example", [RIGHT])
    look("late-4.example", [RIGHT, FAILED])
    look("late-6.example", [FAILED])
    check_packets(upstream, names)
    check_contents(found)


def check_packets(upstream, names):
    worst = max(names, key=lambda name: upstream.seen.get(name, 0))
    case("no question made a storm",
         upstream.seen.get(worst, 0) <= 16,
         f"{worst}: {upstream.seen.get(worst)}")
    case(f"{len(upstream.sources)} ports and {len(upstream.ids)} ids",
         len(upstream.sources) > 150 and len(upstream.ids) > 150 and
         max(upstream.sources) - min(upstream.sources) > 25000)


def check_contents(found):
    for mode in ("more-additional", "more-authority", "more-answer", "dname"):
        got = found[f"{mode}.example"][0]
        case(f"{mode}: the rest is not passed on",
             not got.authority and not got.additional and
             FORGED not in str(got), str(got))
    for mode, least, most in (("ttl-top-bit", 0, 0),
                              ("ttl-highest", 86000, 86400)):
        ttl = found[f"{mode}.example"][0].answer[0].ttl
        case(f"{mode} gives {ttl}", least <= ttl <= most)
    got = found["soa-of-others.example"][0]
    case("a SOA of others is not passed on", not got.authority, str(got))


def check_cache(daemon):
    found = ask_all(daemon, [VICTIM, BYSTANDER, "ns.example", "late-6b.example",
                             "web.lab.test", "forged.example"])
    for name in (VICTIM, BYSTANDER, "ns.example", "forged.example"):
        judge(found, name, [RIGHT])
    judge(found, "web.lab.test", ["NOERROR A 10.0.2.20"])


def check_figures(daemon, upstream):
    """What status and stats say of an upstream that did all of this."""
    address = f"{UPSTREAM}@{upstream.port}"
    found = [one for one in daemon.status()["upstreams"]
             if one["address"] == address]
    same("status shows the upstream once", len(found), 1)
    one = found[0]
    text = daemon.ctl_run("status").stdout
    stats = json.loads(daemon.ctl_run("--json", "stats").stdout)
    seen = sum(upstream.seen.values())
    case("it was asked as often as status says", one["sent"] >= seen > 100,
         f"{one} {seen}")
    case("and answered less often", 100 < one["answered"] < one["sent"], one)
    case("its failures are told apart", all(
        one["failures"][kind] > 0 for kind in
        ("silent", "refused", "servfail", "formerr", "unusable")), one)
    case("and how long it takes", 0 < one["rtt-ms"] < 5000, one)
    case("in words too", f"    {address}: " in text and " lost, " in text,
         text)
    case("and as counters", stats[f"upstream.{address}.sent"] >= one["sent"]
         and stats[f"upstream.{address}.failed.refused"] > 0, stats)


def mutated(rng):
    query = bytearray(dns.message.make_query(
        rng.choice(["web.lab.test", "kept.example", "x.lab.test", "."]),
        rng.choice(["A", "ANY", "SOA", "AXFR", "TXT"]),
        use_edns=rng.choice([0, False]), want_dnssec=False).to_wire())
    what = rng.randrange(6)
    if what == 0:
        del query[rng.randrange(len(query)):]
    elif what == 1:
        query += rng.randbytes(rng.randrange(600))
    for _ in range(rng.randrange(6)):
        if query:
            query[rng.randrange(len(query))] = rng.randrange(256)
    return bytes(query)


def send_mutated(daemon, count):
    rng = random.Random(4)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.connect((daemon.address, daemon.port))
        for i in range(count):
            try:
                s.send(mutated(rng))
            except OSError:
                pass
            if i % 50 == 0:
                while select.select([s], [], [], 0.001)[0]:
                    try:
                        s.recv(65535)
                    except OSError:
                        break


def connect(daemon):
    s = socket.create_connection((daemon.address, daemon.port), LIMIT_S)
    s.setblocking(False)
    return s


def send_quietly(s, data):
    try:
        s.send(data)
    except OSError:
        pass


def send_mutated_tcp(daemon, count):
    rng = random.Random(5)
    for _ in range(count):
        s = connect(daemon)
        data = b"".join(framed(mutated(rng)) for _ in range(20))
        if rng.randrange(3) == 0:
            data = rng.randbytes(400)
        send_quietly(s, data)
        if rng.randrange(2):
            s.shutdown(socket.SHUT_WR)
        if rng.randrange(4) == 0:       # a reset in the midst of it
            s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                         struct.pack("ii", 1, 0))
        s.close()


def check_half_close(daemon):
    """The peer sends FIN behind its question: it gets its answer."""
    with socket.create_connection((daemon.address, daemon.port),
                                  LIMIT_S) as s:
        for name in ("web.lab.test", "half.example"):
            s.sendall(framed(dns.message.make_query(name, "A").to_wire()))
        s.shutdown(socket.SHUT_WR)
        data = b""
        while True:
            piece = s.recv(4096)
            if not piece:
                break
            data += piece
    sizes = 0
    while data:
        data = data[2 + struct.unpack("!H", data[:2])[0]:]
        sizes += 1
    same("half closed: both answers came, then the end", sizes, 2)


def check_crowd(daemon):
    """Connections that do nothing, drip, or take no replies."""
    ask = framed(dns.message.make_query("web.lab.test", "A").to_wire())
    wait = framed(dns.message.make_query("silent-tcp.example", "A").to_wire())
    room = resource.getrlimit(resource.RLIMIT_NOFILE)[0] - 200
    crowd = [connect(daemon) for _ in range(min(1500 * SCALE, room, 8000))]
    for i, s in enumerate(crowd):
        if i % 4 == 1:
            send_quietly(s, ask[:i % len(ask)])
        elif i % 4 == 2:
            send_quietly(s, ask * 400)
        elif i % 8 == 3:
            send_quietly(s, wait)
    for s in crowd[1::4]:
        send_quietly(s, b"\0")
    got = daemon.ask("web.lab.test", tcp=True, timeout=5)
    same(f"a newcomer beside {len(crowd)} connections", records(got.answer),
         ["web.lab.test. A 10.0.2.20"])
    for s in crowd:
        s.close()


def check_strangers(daemon):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 16384), hard))
    with Watch(daemon, {"web.lab.test": "10.0.2.20"}) as w:
        send_mutated(daemon, 5000 * SCALE)
        send_mutated_tcp(daemon, 200 * SCALE)
        case("a reload in the midst of it", daemon.hup())
        check_crowd(daemon)
        check_half_close(daemon)
    w.judge("strangers")


def rss_kb(daemon):
    with open(f"/proc/{daemon.process.pid}/status", encoding="ascii") as f:
        return next(int(line.split()[1]) for line in f
                    if line.startswith("VmRSS"))


def flood(daemon, start, count):
    """From many sockets: the answers come all at once, and none is to be lost
    in a full buffer of ours."""
    sockets = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
               for _ in range(count // 100)]
    for s in sockets:
        s.connect((daemon.address, daemon.port))
    query = dns.message.make_query("silent-000000.flood.example", "A")
    wire_form = query.to_wire()
    at = wire_form.index(b"000000")
    for i in range(start, start + count):
        sockets[(i - start) // 100].send(
            wire_form[:at] + b"%06d" % i + wire_form[at + 6:])
        if i % 20 == 0:
            select.select([], [], [], 0.002)
    return sockets


def count_replies(sockets, wanted):
    found, end = 0, time.monotonic() + LIMIT_S
    poll = select.poll()
    by_fd = {s.fileno(): s for s in sockets}
    for fd in by_fd:
        poll.register(fd, select.POLLIN)
    while time.monotonic() < end and found < wanted:
        for fd, _ in poll.poll(200):
            by_fd[fd].recv(4096)
            found += 1
    for s in sockets:
        s.close()
    return found


def check_flood(daemon):
    """Names that nobody answers: bounded, and the local ones at once."""
    count = 4000 * SCALE
    count_replies(flood(daemon, 0, count), count)
    before = rss_kb(daemon)
    with Watch(daemon, {"web.lab.test": "10.0.2.20",
                        "kept.example": GOOD}) as w:
        sockets = flood(daemon, count, count)
        case("a reload in the midst of the flood", daemon.hup())
        replies = count_replies(sockets, count)
    w.judge("a flood")
    grown = rss_kb(daemon) - before
    case(f"{replies} of {count} questions to a silent upstream were answered",
         replies == count)
    case(f"a second flood of {count} took {grown} kB more", grown < 65536)


class Relay:
    """Counts what a server sends to `to`, and passes it on, both ways."""

    def __init__(self):
        self.port = free_port(UPSTREAM)
        self.front = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.front.bind((UPSTREAM, self.port))
        self.to = None
        self.count = 0
        self.stop_now = False
        self.thread = threading.Thread(target=self.run, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stop_now = True
        self.thread.join()
        self.front.close()

    def run(self):
        backs = {}
        while not self.stop_now:
            ready, _, _ = select.select([self.front, *backs], [], [], 0.05)
            for s in ready:
                try:
                    data, peer = s.recvfrom(4096)
                    if s is not self.front:
                        self.front.sendto(data, backs[s])
                        continue
                    self.count += 1
                    back = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
                    back.connect(self.to)
                    back.send(data)
                    backs[back] = peer
                except OSError:
                    continue
        for back in backs:
            back.close()


def judge_loop(what, daemon, relays, others=()):
    with Watch(daemon, {"web.lab.test": "10.0.2.20"}) as w:
        start = time.monotonic()
        found = ask_all(daemon, ["loop.example"])
        took = time.monotonic() - start
        all_of_them = (daemon, *others)
        while not any("a loop" in one.log for one in all_of_them) and \
                time.monotonic() < start + LIMIT_S:
            for one in all_of_them:
                one.read_log(0.05)
    judge(found, "loop.example", [FAILED], w.slack_s())
    w.judge(what)
    packets = sum(relay.count for relay in relays)
    case(f"{what}: {packets} packets", 0 < packets <= 10)
    case(f"{what}: found out after {took:.2f} s", took < FOUND_OUT_S)
    case(f"{what}: one line tells of it", sum(
        one.log.count("a loop") for one in (daemon, *others)) == 1,
         daemon.log)
    for other in others:
        same(f"{what}: the other goes on",
             records(other.ask("web.lab.test").answer),
             ["web.lab.test. A 10.0.2.20"])


def daemon_in(where, upstream):
    where.mkdir(exist_ok=True)
    (where / "vms.hosts").write_text("10.0.2.20 web.lab.test\n")
    return Daemon(where, CONFIG % upstream)


def check_loop_alone():
    with folder() as where, Relay() as relay:
        daemon = daemon_in(where, f"{UPSTREAM}@{relay.port}")
        relay.to = (daemon.address, daemon.port)
        with daemon:
            judge_loop("to oneself", daemon, [relay])


def check_loop_of_two():
    with folder() as where, Relay() as there, Relay() as back:
        one = daemon_in(where / "one", f"{UPSTREAM}@{there.port}")
        two = daemon_in(where / "two", f"{UPSTREAM}@{back.port}")
        there.to = (two.address, two.port)
        back.to = (one.address, one.port)
        with one, two:
            judge_loop("two to each other", one, [there, back], [two])


def check_own_address():
    with folder() as where:
        with daemon_in(where, "127.0.0.1@{port}") as daemon:
            start = time.monotonic()
            got = daemon.ask("loop.example", timeout=LIMIT_S)
            took = time.monotonic() - start
            case(f"its own address as upstream: {said(got)}after {took:.2f} s",
                 rcode(got) == "SERVFAIL" and took < FOUND_OUT_S)
            case("and is told", "own address" in daemon.log, daemon.log)


def check_few_descriptors():
    """A flood and a crowd leave what a reload and hostlerctl need."""
    with folder() as where, Upstream() as upstream:
        daemon = daemon_in(where, f"{UPSTREAM}@{upstream.port}")
        program = where / "program"
        program.write_text("#!/bin/sh\nulimit -n 256\n"
                           f'exec "{daemon.program}" "$@"\n')
        program.chmod(0o755)
        daemon.program = str(program)
        with daemon:
            sockets = flood(daemon, 0, 1000)
            crowd = [connect(daemon) for _ in range(300)]
            case("few descriptors: a reload succeeds", daemon.hup() and
                 "too many files" not in daemon.log, daemon.log)
            got = daemon.ctl_run("status")
            same("few descriptors: hostlerctl is answered", got.returncode, 0)
            start = time.monotonic()
            got = daemon.ask("web.lab.test", tcp=True, timeout=LIMIT_S)
            took = time.monotonic() - start
            case(f"few descriptors: a newcomer by TCP after {took:.2f} s",
                 records(got.answer) == ["web.lab.test. A 10.0.2.20"] and
                 took < FOUND_OUT_S)
            for s in [*sockets, *crowd]:
                s.close()


def check_loops():
    """At one time: each lasts until the question is given up."""
    at_once(check_loop_alone, check_loop_of_two, check_own_address,
            check_cookies, check_few_descriptors)


def main():
    with folder() as where, Upstream() as upstream, \
            daemon_in(where, f"{UPSTREAM}@{upstream.port}") as daemon:
        check_lies(daemon, upstream)
        check_figures(daemon, upstream)
        check_cache(daemon)
        check_strangers(daemon)
        check_flood(daemon)
        check_cache(daemon)
    check_loops()
    finish()


main()
