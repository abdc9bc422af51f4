# SPDX-License-Identifier: BSD-2-Clause
"""What is kept of upstreams' answers, and given of them: with a daemon and an
upstream of the test's own, which counts what it is asked."""
import os
import random
import socket
import struct
import threading
import time

os.environ["ASAN_OPTIONS"] = ":".join(
    filter(None, [os.environ.get("ASAN_OPTIONS"), "quarantine_size_mb=8"]))

from hostlertest import (HOSTLER, Daemon, case, dns, ede, finish, folder, look,
                         rcode, records, same, until)
import dns.rrset

CONFIG = """
server: {listen: ["127.0.0.1@{port}"], threads: 2, user: ''}
control: {socket: {ctl}}
domain: lab.test
hosts: []
"""


class Upstream:
    """Answers as `say` tells; a name is asked for as often as `asked` has."""

    def __init__(self, say):
        self.say = say
        self.asked = []
        self.port = 0
        self.open()
        self.forward = f'forward: [{{zone: ".", to: ["127.0.0.1@{self.port}"]}}]\n'

    def open(self):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", self.port))
        self.port = self.socket.getsockname()[1]
        self.thread = threading.Thread(target=self.serve, daemon=True,
                                       args=[self.socket])
        self.thread.start()

    def close(self):
        """Nobody is at its port: whoever asks is told so."""
        self.socket.sendto(b"", self.socket.getsockname())
        self.thread.join()
        self.socket.close()

    def serve(self, at):
        while True:
            data, peer = at.recvfrom(4096)
            if not data:
                return
            query = dns.message.from_wire(data)
            self.asked.append(query.question[0].name.to_text(True).lower())
            reply = dns.message.make_response(query)
            reply.flags |= dns.flags.RA
            if self.say(query.question[0], reply) is not False:
                at.sendto(reply.to_wire(), peer)

    def count(self, name):
        return self.asked.count(name)


def give(reply, question, ttl, kind, data):
    reply.answer.append(dns.rrset.from_text(question.name, ttl, "IN", kind,
                                            data))


def stats(daemon, name):
    for line in daemon.ctl_run("stats").stdout.splitlines():
        words = line.replace(":", " ").split()
        if words and words[0] == name:
            return int(words[-1])
    return None


# ---- rebind-protection ----

def check_rebind(where):
    upstream = Upstream(lambda q, reply: give(reply, q, 300, "A", "10.1.2.3"))
    plain = CONFIG + upstream.forward
    guarded = (plain + "rebind-protection: {enabled: yes, "
               "allow: [corp.example]}\n")
    with Daemon(where, plain) as daemon:
        same("a private address passes by default",
             look(daemon, "evil.example"), "10.1.2.3")
        daemon.configure(guarded)
        case("a reload switches the protection on", daemon.hup(), daemon.log)
        answer = daemon.ask("evil.example")
        same("what the cache has is withheld", records(answer.answer), [])
        same("and why", ede(answer), [17])
        case("with a SOA", answer.authority and
             "SOA" in str(answer.authority[0]), str(answer))
        same("no upstream is asked for that", upstream.count("evil.example"), 1)
        same("an allowed name has its address",
             look(daemon, "db.corp.example"), "10.1.2.3")
        same("stats counts it", stats(daemon, "rebind.withheld"), 1)
        text = daemon.ctl_run("explain", "evil.example").stdout
        case("explain says so", "rebind-protection" in text, text)
        daemon.configure(plain)
        case("and off", daemon.hup(), daemon.log)
        same("it is given again", look(daemon, "evil.example"), "10.1.2.3")
        same("from the cache", upstream.count("evil.example"), 1)


# ---- stale answers ----

def ask(daemon, name):
    """The EDE codes, the rcode or the address, and how long it took."""
    start = time.monotonic()
    answer = daemon.ask(name)
    took_s = time.monotonic() - start
    said = answer.answer[0][0].to_text() if answer.answer else rcode(answer)
    ttl = answer.answer[0].ttl if answer.answer else None
    return ede(answer), said, ttl, took_s


def check_stale(where):
    names = ["www.example", "gone.example"] + [f"other{i}.example"
                                               for i in range(6)]
    mode = {"address": "192.0.2.1", "silent": False, "failing": False}

    def say(question, reply):
        if mode["silent"]:
            return False
        if mode["failing"]:
            reply.set_rcode(dns.rcode.SERVFAIL)
        elif question.name.labels[0].lower() == b"gone":
            reply.set_rcode(dns.rcode.NXDOMAIN)
            reply.authority.append(dns.rrset.from_text(
                "example.", 1, "IN", "SOA", "ns.example. a.example. 1 2 3 4 1"))
        else:
            give(reply, question, 1, "A", mode["address"])
        return True

    upstream = Upstream(say)
    with Daemon(where, CONFIG + upstream.forward) as daemon:
        for name in names:
            daemon.ask(name)
        mode["silent"] = True
        last = []

        def silent():
            last[:] = ask(daemon, "www.example")
            return last[0]

        same("a silent upstream: what has expired is given",
             until(silent, [3])[0], [3])
        same("the old address", last[1], "192.0.2.1")
        same("with a TTL of 30", last[2], 30)
        case("after 1.8 s, and not when it is given up", 1.7 < last[3] < 4.4,
             last)
        last = ask(daemon, "www.example")
        case("then at once", last[0] == [3] and last[3] < 1.7, last)
        last = ask(daemon, "gone.example")
        same("a name that does not exist, too", last[:2], ([19], "NXDOMAIN"))
        same("what is not in the cache fails", ask(daemon, "new.example")[1],
             "SERVFAIL")
        # Each of the two workers finds it out for itself.
        others = [ask(daemon, name) for name in names[2:]]
        same("known dead: what has expired is given",
             [one[0] for one in others], [[3]] * len(others))
        case("at once", sum(one[3] > 1.7 for one in others) <= 1, others)
        mode.update(silent=False, address="192.0.2.2")
        (_, took_s) = until(lambda: look(daemon, "www.example"), "192.0.2.2")
        case("the upstream is back: so is its answer", took_s < 30, took_s)
        mode["failing"] = True
        until(lambda: ask(daemon, "www.example")[0], [3])
        last = ask(daemon, "www.example")
        case("a failing upstream: at once", last[:2] == ([3], "192.0.2.2") and
             last[3] < 1.7, last)
        mode.update(failing=False, address="192.0.2.3")
        (_, took_s) = until(lambda: look(daemon, "www.example"), "192.0.2.3")
        case("the upstream is well again", took_s < 30, took_s)
        upstream.close()
        until(lambda: ask(daemon, "www.example")[0], [3])
        last = ask(daemon, "www.example")
        case("a port that nobody is at: at once",
             last[:2] == ([3], "192.0.2.3") and last[3] < 1.7, last)
        mode["address"] = "192.0.2.4"
        upstream.open()
        (_, took_s) = until(lambda: look(daemon, "www.example"), "192.0.2.4")
        case("somebody is there again", took_s < 30, took_s)
        case("stats counts stale answers", stats(daemon, "cache.stale") > 5)
        daemon.configure(CONFIG + upstream.forward + "cache: {stale: 0s}\n")
        daemon.hup()
        upstream.close()
        same("switched off, it fails",
             until(lambda: ask(daemon, "www.example")[1], "SERVFAIL")[0],
             "SERVFAIL")


# ---- popular names ----

def be_popular(daemon, upstream, name):
    """Ask until the upstream was asked twice: when, and the TTLs."""
    asked, ttls = [], []

    def popular():
        ttls.append(ask(daemon, name)[2])
        asked.append(time.monotonic())
        return upstream.count(name)

    until(popular, 2, 20)
    return asked, ttls


def check_prefetch(where):
    upstream = Upstream(lambda q, reply: give(reply, q, 10, "A", "192.0.2.1"))
    with Daemon(where, CONFIG + upstream.forward) as daemon:
        daemon.ask("lone.example")
        for turn in range(4):
            asked, ttls = be_popular(daemon, upstream, f"www{turn}.example")
            # Who did not ask in the last second has nothing to see.
            if max(b - a for a, b in zip(asked, asked[1:])) < 0.5:
                break
        same("a popular name is asked for again",
             upstream.count(f"www{turn}.example"), 2)
        case("before its end", 8.5 < asked[-1] - asked[0] < 10,
             asked[-1] - asked[0])
        case("nobody waits for it, and nothing has expired",
             min(ttls) > 0 and len(asked) > 20, (min(ttls), len(asked)))
        case("stats counts it", 1 <= stats(daemon, "cache.prefetched") <=
             turn + 1, stats(daemon, "cache.prefetched"))
        same("others are not", upstream.count("lone.example"), 1)


# ---- the budget ----

SIZE_MB = 8
OTHER_MB = 2            # the forwarder's, with so many questions out:
OUT_MAX = 100
# With sanitizers most of the process's memory is theirs and grows as they like:
# what the cache says of itself is all that can be held there.
OWN_MEMORY = not any(mark in open(HOSTLER, "rb").read()
                     for mark in (b"__asan_init", b"__tsan_init"))
SETTLED = 2000          # after so many all that is no cache is there


def wide_answer(query, count):
    """Bytes alone: this has to be quick."""
    end = query.index(b"\0", 12) + 5
    record = b"\xc0\x0c\0\1\0\1\0\0\x0e\x10\0\4"
    return (query[:2] + b"\x81\x80\0\1" + struct.pack("!HHH", count, 0, 0) +
            query[12:end] + b"".join(record + bytes([192, 0, 2, i])
                                     for i in range(count)))


class Flood(threading.Thread):
    """An upstream whose answers are of any size."""

    def __init__(self):
        super().__init__(daemon=True)
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.random = random.Random(1)
        self.start()

    def run(self):
        while True:
            query, peer = self.socket.recvfrom(4096)
            self.socket.sendto(wide_answer(query, self.random.randint(1, 60)),
                               peer)


def ask_for_all(daemon, names):
    """A window of questions; what is not answered in a while is passed over."""
    client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    client.connect((daemon.address, daemon.port))
    client.settimeout(5)
    out = answered = 0
    for i, name in enumerate(names):
        label = name.encode()
        client.send(struct.pack("!HHHHHH", i & 0xffff, 0x100, 1, 0, 0, 0) +
                    bytes([len(label)]) + label + b"\7example\0\0\1\0\1")
        out += 1
        if out < OUT_MAX:
            continue
        client.recv(4096)
        out -= 1
        answered += 1
    while out:
        client.recv(4096)
        out -= 1
        answered += 1
    return answered


def memory_mb(daemon):
    for line in open(f"/proc/{daemon.process.pid}/status"):
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return None


def check_budget(where):
    upstream = Flood()
    config = (CONFIG + f"cache: {{size: {SIZE_MB}M}}\n"
              f'forward: [{{zone: ".", to: ["127.0.0.1@{upstream.port}"]}}]\n')
    with Daemon(where, config) as daemon:
        ask_for_all(daemon, ["same"] * SETTLED)
        before = memory_mb(daemon)
        samples = []
        for part in range(6):
            names = [f"n{part}-{i}" for i in range(8000)]
            same("all are answered", ask_for_all(daemon, names), len(names))
            samples.append(memory_mb(daemon) - before)
            used = daemon.status()["cache"]
            case("the cache keeps its budget",
                 used["bytes"] <= used["budget"] == SIZE_MB << 20, used)
        if OWN_MEMORY:
            said = f"{before:.1f} MB, then {samples} more"
            case("the process grows by it, and no more",
                 max(samples) < SIZE_MB + OTHER_MB, said)
            case("and no further once it is full",
                 samples[-1] - samples[-3] < 0.5, said)
        case("it is full", used["bytes"] > used["budget"] * 0.8, used)
        case("and so much has gone", stats(daemon, "cache.evicted") > 5000)


with folder() as where:
    check_budget(where)
with folder() as where:
    check_prefetch(where)
with folder() as where:
    check_rebind(where)
with folder() as where:
    check_stale(where)
finish()
