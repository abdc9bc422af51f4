# SPDX-License-Identifier: BSD-2-Clause
"""What is kept of upstreams' answers, and given of them: with a daemon and an
upstream of the test's own, which counts what it is asked."""
import socket
import threading
import time

from hostlertest import (Daemon, case, dns, ede, finish, folder, look, rcode,
                         records, same, until)
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
        for name in ("www.example", "gone.example", "other.example"):
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
        case("after 1.8 s", 1.7 < last[3] < 3, last)
        last = ask(daemon, "www.example")
        case("then at once", last[0] == [3] and last[3] < 0.5, last)
        last = ask(daemon, "gone.example")
        same("a name that does not exist, too", last[:2], ([19], "NXDOMAIN"))
        same("what is not in the cache fails", ask(daemon, "new.example")[1],
             "SERVFAIL")
        last = ask(daemon, "other.example")
        case("known dead: what has expired is given at once",
             last[0] == [3] and last[3] < 1, last)
        mode.update(silent=False, address="192.0.2.2")
        (_, took_s) = until(lambda: look(daemon, "www.example"), "192.0.2.2")
        case("the upstream is back: so is its answer", took_s < 10, took_s)
        mode["failing"] = True
        until(lambda: ask(daemon, "www.example")[0], [3])
        last = ask(daemon, "www.example")
        case("a failing upstream: at once", last[:2] == ([3], "192.0.2.2") and
             last[3] < 1, last)
        mode.update(failing=False, address="192.0.2.3")
        (_, took_s) = until(lambda: look(daemon, "www.example"), "192.0.2.3")
        case("the upstream is well again", took_s < 10, took_s)
        upstream.close()
        until(lambda: ask(daemon, "www.example")[0], [3])
        last = ask(daemon, "www.example")
        case("a port that nobody is at: at once",
             last[:2] == ([3], "192.0.2.3") and last[3] < 1, last)
        mode["address"] = "192.0.2.4"
        upstream.open()
        (_, took_s) = until(lambda: look(daemon, "www.example"), "192.0.2.4")
        case("somebody is there again", took_s < 10, took_s)
        case("stats counts stale answers", stats(daemon, "cache.stale") > 5)
        daemon.configure(CONFIG + upstream.forward + "cache: {stale: 0s}\n")
        daemon.hup()
        upstream.close()
        same("switched off, it fails",
             until(lambda: ask(daemon, "www.example")[1], "SERVFAIL")[0],
             "SERVFAIL")


# ---- popular names ----

def check_prefetch(where):
    upstream = Upstream(lambda q, reply: give(reply, q, 10, "A", "192.0.2.1"))
    with Daemon(where, CONFIG + upstream.forward) as daemon:
        slowest = []

        def popular():
            slowest.append(ask(daemon, "www.example")[3])
            return upstream.count("www.example")

        daemon.ask("lone.example")
        (count, took_s) = until(popular, 2, 20)
        same("a popular name is asked for again", count, 2)
        case("before its end", 8.5 < took_s < 10, took_s)
        case("and nobody waits for it", max(slowest[1:]) < 1, max(slowest))
        same("stats counts it", stats(daemon, "cache.prefetched"), 1)
        same("others are not", upstream.count("lone.example"), 1)


with folder() as where:
    check_prefetch(where)
with folder() as where:
    check_rebind(where)
with folder() as where:
    check_stale(where)
finish()
